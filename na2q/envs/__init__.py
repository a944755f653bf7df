"""Environments behind one interface, found by name."""

from collections.abc import Callable
from typing import Any

from na2q.envs.base import Observation, Transition, VectorEnv
from na2q.envs.lbf import LBF
from na2q.envs.matrix import MatrixGame

ENVS: dict[str, Callable[[str, Any, int], VectorEnv]] = {"lbf": LBF, "matrix": MatrixGame}
"""Constructors by family, called with the full name, the family's options and the number of copies."""


def make(name: str, options: Any, n_envs: int = 1) -> VectorEnv:
    """Build `n_envs` copies of an environment; the family is the name up to its first dash."""
    family = name.partition("-")[0]
    if family not in ENVS:
        raise ValueError(f"unknown environment {name!r}; families are {', '.join(ENVS)}")
    if n_envs < 1:
        raise ValueError(f"n_envs is {n_envs}, must be at least 1")
    return ENVS[family](name, options, n_envs)


__all__ = ["ENVS", "Observation", "Transition", "VectorEnv", "make"]
