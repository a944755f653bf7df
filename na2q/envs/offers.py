"""What an environment may offer beside `na2q.envs.base.VectorEnv`; training needs none of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from na2q.envs.base import VectorEnv

# arrays by name, each with the names of its axes, such as {"unit_health": (("unit",), array)}
Labelled = Mapping[str, tuple[tuple[str, ...], ndarray]]


class Snapshot(NamedTuple):
    """What one copy can show of itself, for recordings and pictures."""

    now: Labelled  # the situation as it stands
    happened: Labelled  # what the last step did; without meaning right after `reset`
    episode: Labelled  # what holds for the whole episode, or is known at its end
    task: Labelled  # what holds for all episodes


@runtime_checkable
class Recordable(Protocol):
    """What an environment may offer so that recordings can name and show what is in it."""

    def labels(self) -> dict[str, list[str]]:
        """Return a name for each `obs_feature`, `state_feature` and `action`."""
        ...

    def snapshot(self, copy: int) -> Snapshot:
        """Describe one copy; valid from `reset` on, also after the end of an episode."""
        ...


@runtime_checkable
class Clonable(Protocol):
    """What an environment may offer beside VectorEnv, so that an episode can be played on in several ways.

    A simulator can; the real game cannot, since its state cannot be copied.
    """

    chance: bool
    """Whether a step draws random numbers. Without them, equal actions lead to equal continuations."""

    def clone(self, sources: Sequence[int], seeds: Sequence[int] | None = None) -> "VectorEnv":
        """Return an environment of which copy k stands where copy sources[k] of this one stands.

        Neither environment notices what happens in the other. Every copy goes on with the random numbers of its
        source, or from a seed of its own.

        Args:
            sources: numbers of copies of this environment; a number may occur several times.
            seeds: one for each of `sources`, of the random numbers from here on.

        Raises:
            ValueError: no sources, a number that no copy has, or another number of seeds than of sources.
        """
        ...


@runtime_checkable
class KeepsReplays(Protocol):
    """What an environment may offer beside VectorEnv, so that the replays of tests bear their names."""

    def keep_replays(self, name: str) -> None:
        """Begin the names of replays with `name`; before the first call none is written."""
        ...


def check_sources(sources: Sequence[int], seeds: Sequence[int] | None, n_envs: int) -> Int[ndarray, " k"]:
    """Return the sources of a clone as an array; raise ValueError where `Clonable.clone` says so."""
    if not len(sources):
        raise ValueError("clone got no sources: give one or more numbers of copies")
    if min(sources) < 0 or max(sources) >= n_envs:
        raise ValueError(f"sources are {list(sources)}, must be numbers of copies, 0 to {n_envs - 1}")
    if seeds is not None and len(seeds) != len(sources):
        raise ValueError(f"clone got {len(seeds)} seeds for {len(sources)} sources: give one each, or none")
    return np.array(sources)
