"""Any PettingZoo ParallelEnv with discrete actions and one reward for the team, as an environment of this package."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from gymnasium import spaces
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.envs.base import Observation, Transition, check_seeds, stack
from na2q.spec import EnvSpec

MASK = "action_mask"  # PettingZoo's name for what is available, in observations or infos
Agents = Mapping[str, Any]  # PettingZoo answers with one entry for each agent that is still there


class Played(NamedTuple):
    """What one joint action led to in one copy."""

    observation: Observation  # without the axis e
    reward: float
    terminated: bool
    truncated: bool


class Team:
    """One ParallelEnv: its agents in fixed order, their observations in one size, their rewards as one.

    Observations are flattened as gymnasium does and filled with zeros up to the longest. An agent that has left sees
    zeros, and is offered action 0 alone, which is not sent on. Fewer actions than the others have, and what
    `action_mask` forbids in an agent's observation or info, is unavailable. The state is that of `state()` where the
    environment has it, else all observations.
    """

    def __init__(self, env: Any, reward: str) -> None:  # Any: PettingZoo is an extra
        if hasattr(env, "agent_iter"):
            raise ValueError(f"{env} takes turns: give pettingzoo.utils.conversions.aec_to_parallel(env)")
        if not hasattr(env, "possible_agents"):
            raise ValueError(f"{env!r} has no possible_agents: not a ParallelEnv of PettingZoo")
        self.env, self.reward = env, reward
        self.agents: list[str] = list(env.possible_agents)
        self.choices = {agent: _discrete(agent, env.action_space(agent)) for agent in self.agents}
        self.seen = {agent: _seen(agent, env.observation_space(agent)) for agent in self.agents}
        self.n_actions = max(int(space.n) for space in self.choices.values())
        self.obs_dim = max(spaces.flatdim(space) for space in self.seen.values())
        env.reset(seed=0)
        try:
            self.state_dim = np.size(env.state())
            self.has_state = True
        except NotImplementedError:
            self.state_dim = len(self.agents) * self.obs_dim
            self.has_state = False

    def reset(self, seed: int) -> Observation:
        """Begin a new episode."""
        observations, infos = self.env.reset(seed=seed)
        return self._observe(observations, infos, gone=set())

    def step(self, actions: Int[ndarray, " n"]) -> Played:
        """Send the actions of all agents that are still there."""
        there = set(self.env.agents)
        sent = {
            agent: int(action + self.choices[agent].start)
            for agent, action in zip(self.agents, actions, strict=True)
            if agent in there
        }
        observations, rewards, terminations, _, infos = self.env.step(sent)
        over = not self.env.agents
        terminated = over and all(terminations[agent] for agent in sent)
        # an agent that was cut off could still act, which the value of its last observation is about
        observation = self._observe(observations, infos, {agent for agent in sent if terminations[agent]})
        return Played(observation, self._reward(rewards), terminated, over and not terminated)

    def _observe(self, observations: Agents, infos: Agents, gone: set[str]) -> Observation:
        obs = np.zeros((len(self.agents), self.obs_dim), np.float32)
        avail = np.zeros((len(self.agents), self.n_actions), bool)
        for i, agent in enumerate(self.agents):
            if agent in observations:
                flat = np.asarray(spaces.flatten(self.seen[agent], observations[agent]), np.float32)
                obs[i, : flat.size] = flat
            if agent in observations and agent not in gone:
                avail[i, : self.choices[agent].n] = self._mask(agent, observations[agent], infos.get(agent, {}))
            else:
                avail[i, 0] = True
        return Observation(obs, self._state(obs), avail)

    def _mask(self, agent: str, observation: Any, info: Mapping[str, Any]) -> Bool[ndarray, " a"] | bool:
        masks = [place[MASK] for place in (observation, info) if isinstance(place, Mapping) and MASK in place]
        if not masks:
            return True
        mask = np.asarray(masks[0], bool)
        if mask.shape != (self.choices[agent].n,) or not mask.any():
            raise ValueError(
                f"{MASK} of {agent!r} is {masks[0]}, must hold {self.choices[agent].n} entries, one of them true"
            )
        return mask

    def _state(self, obs: Float[ndarray, "n o"]) -> Float[ndarray, " s"]:
        state = np.asarray(self.env.state(), np.float32).ravel() if self.has_state else obs.ravel()
        if state.size != self.state_dim:
            raise ValueError(f"state() has {state.size} numbers, but had {self.state_dim} at first")
        return state

    def _reward(self, rewards: Agents) -> float:
        values = [float(reward) for reward in rewards.values()]
        if self.reward == "shared" and values and not np.allclose(values, values[0]):
            raise ValueError(
                f"the agents' rewards differ: {dict(rewards)}; value decomposition needs one for the team: "
                "make the environment share its reward, or give reward='sum' to add them up"
            )
        return sum(values) if self.reward == "sum" else values[0] if values else 0.0


def _discrete(agent: str, space: Any) -> spaces.Discrete:
    if not isinstance(space, spaces.Discrete):
        raise ValueError(f"actions of {agent!r} are {space}, must be Discrete")
    return space


def _seen(agent: str, space: Any) -> spaces.Space:
    """Space of what an agent observes, without its action mask."""
    if isinstance(space, spaces.Dict) and MASK in space.spaces:
        space = spaces.Dict({name: part for name, part in space.spaces.items() if name != MASK})
    if not isinstance(space, spaces.Space) or not space.is_np_flattenable:
        raise ValueError(f"observations of {agent!r} are {space}, must be a space of gymnasium of fixed size")
    return space


class PettingZooEnv:
    """E copies of a ParallelEnv, stepped one after the other."""

    def __init__(self, teams: Sequence[Team], episode_limit: int) -> None:
        self.teams, self.n_envs = teams, len(teams)
        first = teams[0]
        self.spec = EnvSpec(
            n_agents=len(first.agents),
            n_actions=first.n_actions,
            obs_dim=first.obs_dim,
            state_dim=first.state_dim,
            episode_limit=episode_limit,
            unit_dim=0 if first.has_state else first.obs_dim,
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
        reward = np.zeros(self.n_envs, np.float32)
        terminated, truncated = (np.zeros(self.n_envs, bool) for _ in range(2))
        self.steps += 1
        for e in np.flatnonzero(self.running).tolist():
            self.last[e], reward[e], terminated[e], truncated[e] = self.teams[e].step(actions[e])
            truncated[e] |= self.steps == self.spec.episode_limit and not terminated[e]
        self.running &= ~(terminated | truncated)
        return Transition(stack(self.last), reward, terminated, truncated, {})

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


def from_pettingzoo(
    parallel_env: Callable[[], Any],
    n_envs: int = 1,
    *,
    episode_limit: int,
    reward: Literal["shared", "sum"] = "shared",
) -> PettingZooEnv:
    """Wrap a ParallelEnv of PettingZoo whose agents have discrete actions.

    Args:
        parallel_env: makes one copy when called, such as ``simple_spread_v3.parallel_env``.
        n_envs: how many copies.
        episode_limit: longest episode, in environment steps; a longer one is cut off there, and its value goes on.
        reward: shared: all agents get the same reward, which is the team's; sum: theirs are added up.

    Raises:
        ValueError: an argument or a space that this package cannot take; while playing, rewards that differ though
            they should be shared, a mask of the wrong length or without an action, a state that changes its size.
    """
    if not callable(parallel_env):
        raise ValueError(f"parallel_env is {parallel_env!r}, must be a function that makes one: lambda: ...")
    if n_envs < 1 or episode_limit < 1:
        raise ValueError(f"n_envs is {n_envs} and episode_limit {episode_limit}, both must be at least 1")
    if reward not in ("shared", "sum"):
        raise ValueError(f"reward is {reward!r}, must be 'shared' or 'sum'")
    return PettingZooEnv([Team(parallel_env(), reward) for _ in range(n_envs)], episode_limit)
