"""One ParallelEnv of PettingZoo as a team: agents in fixed order, observations in one size, one reward."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.envs.base import Observation

MASK = "action_mask"  # PettingZoo's name for what is available, in observations or infos
Agents = Mapping[str, Any]  # PettingZoo answers with one entry for each agent that is still there


class Played(NamedTuple):
    """What one joint action led to in one copy."""

    observation: Observation  # without the axis e
    reward: float | Float[ndarray, " n"]
    terminated: bool
    truncated: bool


class Team:
    """One ParallelEnv: its agents in fixed order, their observations in one size, their rewards as one or individual.

    Observations are flattened as gymnasium does and filled with zeros up to the longest. An agent takes part from when
    the environment lists it in `agents` until it is flagged as terminated or truncated, or no longer listed; the
    episode is over when no agent takes part. One that has left, or has not come yet, sees zeros and is offered
    action 0 alone, which is not sent on, whatever the environment still reports of it. Fewer actions than the others
    have, and what `action_mask` forbids in an agent's observation or info, is unavailable. The state is that of
    `state()` where the environment has it, else all observations.
    """

    def __init__(self, env: Any, reward: str) -> None:  # Any: PettingZoo is an extra
        if hasattr(env, "agent_iter"):
            raise ValueError(f"{env} takes turns: give pettingzoo.utils.conversions.aec_to_parallel(env)")
        if not getattr(env, "possible_agents", None):
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
        except (NotImplementedError, AttributeError):
            self.state_dim = len(self.agents) * self.obs_dim
            self.has_state = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """What all copies must have in common."""
        return len(self.agents), self.n_actions, self.obs_dim, self.state_dim

    def reset(self, seed: int) -> Observation:
        """Begin a new episode; raise ValueError where no agent takes part."""
        observations, infos = _answer("reset", self.env.reset(seed=seed), 2)
        self.left: set[str] = set()
        self.there = self._taking_part()
        if not self.there:
            raise ValueError(f"no agent takes part after reset(seed={seed})")
        return self._observe(observations, infos, self.there, self.there)

    def step(self, actions: Int[ndarray, " n"]) -> Played:
        """Send the actions of all agents that take part."""
        acting = self.there
        sent = {
            agent: int(action + self.choices[agent].start)
            for agent, action in zip(self.agents, actions, strict=True)
            if agent in acting
        }
        observations, rewards, terminations, truncations, infos = _answer("step", self.env.step(sent), 5)
        dead = {agent for agent in acting if terminations.get(agent)}
        cut_off = {agent for agent in acting if truncations.get(agent)}
        self.left |= dead | cut_off | acting.difference(self.env.agents)
        self.there = self._taking_part()
        over = not self.there
        terminated = over and acting == dead
        # an agent that leaves shows its last observation; where the episode is cut off, its value goes on, and so
        # do the actions of those that did not die
        choosing = acting - dead if over else self.there
        observation = self._observe(observations, infos, self.there | acting, choosing)
        return Played(observation, self._reward(rewards, acting), terminated, over and not terminated)

    def _taking_part(self) -> set[str]:
        listed = set(self.env.agents)
        if strangers := listed.difference(self.agents):
            raise ValueError(f"agents {sorted(strangers)} are not among possible_agents {self.agents}")
        return listed - self.left

    def _observe(self, observations: Agents, infos: Agents | None, seeing: set[str], choosing: set[str]) -> Observation:
        obs = np.zeros((len(self.agents), self.obs_dim), np.float32)
        avail = np.zeros((len(self.agents), self.n_actions), bool)
        for i, agent in enumerate(self.agents):
            seen = observations.get(agent) if agent in seeing else None
            if seen is None and agent in self.there:
                raise ValueError(f"{agent!r} takes part, but the environment gave it no observation")
            if seen is not None:
                flat = self._flat(agent, seen)
                obs[i, : flat.size] = flat
            if seen is not None and agent in choosing:
                info = (infos or {}).get(agent) or {}
                avail[i, : self.choices[agent].n] = self._mask(agent, seen, info)
            else:
                avail[i, 0] = True
        return Observation(obs, self._state(obs), avail)

    def _flat(self, agent: str, observation: Any) -> Float[ndarray, " o"]:
        space = self.seen[agent]
        try:
            flat = np.asarray(spaces.flatten(space, observation), np.float32)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{agent!r} observes {observation!r}, which is not in {space}: {error}") from error
        if flat.size != spaces.flatdim(space):
            raise ValueError(f"{agent!r} observes {flat.size} numbers, but {space} has {spaces.flatdim(space)}")
        return flat

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

    def _reward(self, rewards: Agents, acting: set[str]) -> float | Float[ndarray, " n"]:
        """Return the team's reward from those of the agents that acted, or theirs, 0 for those that did not act."""
        values = {agent: float(rewards[agent]) for agent in self.agents if agent in acting and agent in rewards}
        missing = sorted(acting.difference(values))
        if missing and (self.reward != "shared" or not values):
            raise ValueError(f"agents {missing} acted, but the environment gave them no reward")
        if self.reward == "individual":
            return np.array([values.get(agent, 0.0) for agent in self.agents])
        first = next(iter(values.values()))
        if self.reward == "shared" and not np.allclose(list(values.values()), first):
            raise ValueError(
                f"the agents' rewards differ: {values}; value decomposition needs one for the team: "
                "make the environment share its reward, or give reward='sum' to add them up, or 'individual' for "
                "methods that learn a value for each agent"
            )
        return sum(values.values()) if self.reward == "sum" else first


def _answer(call: str, answer: Any, parts: int) -> Any:
    if not isinstance(answer, tuple) or len(answer) != parts:
        raise ValueError(
            f"{call}() gave {len(answer) if isinstance(answer, tuple) else type(answer).__name__}, "
            f"must give a tuple of {parts}, as in PettingZoo 1.24 and later"
        )
    return answer


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
