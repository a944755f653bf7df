"""Environments behind one interface, found by name."""

import importlib
from typing import Any, NamedTuple

from na2q.envs.base import Observation, Transition, VectorEnv


class Family(NamedTuple):
    """Where the environments of one family are made, and how their names are written."""

    module: str
    constructor: str  # called with the full name, the family's options and the number of copies
    names: str


ENVS: dict[str, Family] = {
    "lbf": Family("na2q.envs.lbf", "LBF", "lbf-<players>p-<foods>f, for example lbf-4p-2f"),
    "matrix": Family("na2q.envs.matrix", "MatrixGame", "matrix-qtran, matrix-climbing, matrix-two_step"),
    "battle": Family("na2q.envs.battle", "make", "battle-<map>, for example battle-3m (embedded, not StarCraft II)"),
    "smac": Family("na2q.envs.smac", "make", "smac-<map>, for example smac-8m (needs StarCraft II)"),
}
"""Families by the name of an environment up to its first dash; modules are imported when first used."""


def make(name: str, options: Any, n_envs: int = 1) -> VectorEnv:
    """Build `n_envs` copies of an environment; raise ValueError for an unknown name."""
    family = name.partition("-")[0]
    if family not in ENVS:
        raise ValueError(f"unknown environment {name!r}; families are {', '.join(ENVS)}")
    if n_envs < 1:
        raise ValueError(f"n_envs is {n_envs}, must be at least 1")
    found = ENVS[family]
    return getattr(importlib.import_module(found.module), found.constructor)(name, options, n_envs)


__all__ = ["ENVS", "Family", "Observation", "Transition", "VectorEnv", "make"]
