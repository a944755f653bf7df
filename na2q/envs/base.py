"""The interface of all environments: many copies of one cooperative task, stepped together."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.spec import EnvSpec

MAX_SEED = 2**31 - 1  # seeds of episodes are below, as far as every environment takes them


class Observation(NamedTuple):
    """What is known before acting, for each of E copies."""

    obs: Float[ndarray, "e n o"]
    state: Float[ndarray, "e s"]
    avail: Bool[ndarray, "e n a"]


class Transition(NamedTuple):
    """The outcome of one joint action in each copy.

    A copy that has ended (terminated or truncated) ignores later actions and repeats its last
    observation with reward 0 until `reset`.
    """

    observation: Observation
    reward: Float[ndarray, " e"] | Float[ndarray, "e n"]  # the team's, or each agent's where the spec says so
    terminated: Bool[ndarray, " e"]  # the episode is over: no value beyond this step
    truncated: Bool[ndarray, " e"]  # cut by a time limit that is not part of the task
    # per-copy arrays, e.g. "won", meaningful where an episode ends; a true "crashed" says that the episode was cut off
    # by a failure of the environment: it is neither learned from nor counted
    info: dict[str, Any]

    @property
    def team_reward(self) -> Float[ndarray, " e"]:
        """Reward of the team, the sum of the agents' where each has its own."""
        return self.reward if self.reward.ndim == 1 else self.reward.sum(-1)


@runtime_checkable
class VectorEnv(Protocol):
    """E copies of a task; numpy only, no global randomness."""

    spec: EnvSpec
    n_envs: int

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Begin a new episode in every copy; equal seeds give equal episodes for equal actions."""
        ...

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action in every copy."""
        ...

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Draw one copy as it stands into matplotlib axes."""
        ...

    def close(self) -> None:
        """Release what the copies hold."""
        ...


def stack(observations: Sequence[Observation]) -> Observation:
    """Join observations of single copies (shapes without the axis e) along a new first axis."""
    if len(observations) == 1:  # the usual case in training, where copying would cost a tenth of acting
        return Observation(*(field[None] for field in observations[0]))
    return Observation(*(np.stack(fields) for fields in zip(*observations, strict=True)))


def allowed(chosen: Int[ndarray, " n"], avail: Bool[ndarray, "n a"]) -> Int[ndarray, " n"]:
    """Return the chosen actions; in place of an unavailable one the first available, which is to do nothing."""
    return np.where(avail[np.arange(len(chosen)), chosen], chosen, avail.argmax(-1))


def check_seeds(seeds: Sequence[int], n_envs: int) -> None:
    """Raise ValueError unless there is one seed for each copy."""
    if len(seeds) != n_envs:
        raise ValueError(f"reset got {len(seeds)} seeds, but there are {n_envs} copies: give one seed each")
