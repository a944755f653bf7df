"""Any PettingZoo ParallelEnv with discrete actions and one reward for the team, as an environment of this package."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from gymnasium.utils import EzPickle
from jaxtyping import Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Count
from na2q.envs.base import Observation, Transition, check_seeds, stack
from na2q.envs.offers import check_sources
from na2q.envs.team import Team
from na2q.spec import EnvSpec


class PettingZooEnv:
    """E copies of a ParallelEnv, stepped one after the other."""

    chance = False  # a clone holds its source's random numbers, so that equal actions lead to equal continuations

    def __init__(self, teams: Sequence[Team], episode_limit: int) -> None:
        self.teams, self.n_envs = teams, len(teams)
        first = teams[0]
        if len({id(getattr(team.env, "unwrapped", team.env)) for team in teams}) < len(teams):
            raise ValueError("parallel_env gives one object for several copies: it must make a new one at each call")
        if others := {team.sizes for team in teams} - {first.sizes}:
            raise ValueError(
                f"copies differ in numbers of agents, actions, observation and state: {first.sizes} and {others.pop()}"
            )
        self.spec = EnvSpec(
            n_agents=len(first.agents),
            n_actions=first.n_actions,
            obs_dim=first.obs_dim,
            state_dim=first.state_dim,
            episode_limit=episode_limit,
            unit_dim=0 if first.has_state else first.obs_dim,
            individual_rewards=first.reward == "individual",
        )

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Begin a new episode in every copy."""
        check_seeds(seeds, self.n_envs)
        self.last = [team.reset(int(seed)) for team, seed in zip(self.teams, seeds, strict=True)]
        self.running = np.ones(self.n_envs, bool)
        self.steps = 0
        return stack(self.last)

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action in every copy that has not ended."""
        reward = np.zeros((self.n_envs, *self.spec.reward_shape), np.float32)
        terminated, truncated = (np.zeros(self.n_envs, bool) for _ in range(2))
        self.steps += 1
        for e in np.flatnonzero(self.running).tolist():
            self.last[e], reward[e], terminated[e], truncated[e] = self.teams[e].step(actions[e])
            truncated[e] |= self.steps == self.spec.episode_limit and not terminated[e]
        self.running &= ~(terminated | truncated)
        return Transition(stack(self.last), reward, terminated, truncated, {})

    def clone(self, sources: Sequence[int], seeds: Sequence[int] | None = None) -> "PettingZooEnv":
        """Copy environments as they stand, by `copy.deepcopy`; see `na2q.envs.offers.Clonable`.

        Seeds change nothing, since an environment takes one at a reset only. Raises ValueError too where an
        environment cannot be copied.
        """
        chosen = check_sources(sources, seeds, self.n_envs)
        other = copy.copy(self)
        try:
            with _copied_as_it_stands():
                other.teams = [copy.deepcopy(self.teams[k]) for k in chosen]
        except (TypeError, copy.Error) as error:
            raise ValueError(f"{self.teams[0].env} cannot be played on from a step: {error}") from error
        other.n_envs, other.running = len(chosen), self.running[chosen]
        other.last = [self.last[k] for k in chosen]
        return other

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Show the environment's own picture; raise ValueError unless it was made with ``render_mode="rgb_array"``."""
        picture = self.teams[copy].env.render()
        if not isinstance(picture, ndarray):
            raise ValueError(
                f"render() gives {type(picture).__name__}: make the environment with render_mode='rgb_array'"
            )
        axes.imshow(picture)
        axes.set_axis_off()

    def close(self) -> None:
        """Close every copy."""
        for team in self.teams:
            team.env.close()


@contextmanager
def _copied_as_it_stands() -> Iterator[None]:
    """Let EzPickle, which many environments inherit, be copied by its attributes: else it is built anew, not begun.

    Attributes of pygame, which serve to draw and cannot be copied, are shared.
    """

    def by_attributes(self: Any, memo: dict[int, Any]) -> Any:
        other = memo[id(self)] = object.__new__(type(self))
        for name, value in vars(self).items():
            drawn = type(value).__module__.startswith("pygame")
            vars(other)[name] = value if drawn else copy.deepcopy(value, memo)
        return other

    patched: Any = EzPickle
    patched.__deepcopy__ = by_attributes
    try:
        yield
    finally:
        del patched.__deepcopy__


@checks_arguments
def from_pettingzoo(
    parallel_env: Callable[[], Any],
    n_envs: Copies = 1,
    *,
    episode_limit: Count,
    reward: Literal["shared", "sum", "individual"] = "shared",
) -> PettingZooEnv:
    """Wrap a ParallelEnv of PettingZoo whose agents have discrete actions.

    Args:
        parallel_env: makes one copy when called, such as ``simple_spread_v3.parallel_env``.
        n_envs: how many copies.
        episode_limit: longest episode, in environment steps; a longer one is cut off there, and its value goes on.
        reward: shared: all agents get the same reward, which is the team's; sum: theirs are added up; individual: each
            agent learns from its own, which takes a method with a value for each agent, such as IQL.

    Raises:
        ValueError: an argument or a space that this package cannot take; while playing, rewards that differ though
            they should be shared, a mask of the wrong length or without an action, a state that changes its size.
    """
    return PettingZooEnv([Team(parallel_env(), reward) for _ in range(n_envs)], episode_limit)
