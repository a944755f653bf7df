"""Environments of this package for others: one copy of a VectorEnv as a ParallelEnv of PettingZoo."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import logger, spaces
from jaxtyping import Float, UInt8
from numpy import ndarray
from pettingzoo import ParallelEnv

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.envs.base import MAX_SEED, Observation, VectorEnv, allowed
from na2q.envs.picture import picture
from na2q.envs.team import MASK

SEEN = "observation"  # PettingZoo's name for what is seen beside the mask


class ParallelTask(ParallelEnv):
    """One copy of a task as a ParallelEnv, with one reward for the team or, where the task has them, the agents' own.

    The agents are ``agent_0``, ``agent_1``, ... and stay until the episode is over, the dead of a battle too: a team's
    reward is theirs as well. Each observes ``{"observation": (o,), "action_mask": (a,)}``, and `state` returns the
    global state. An action that the mask forbids is played as the first that it allows, which is to do nothing.

    ``reset(seed=7)`` begins the episode that `VectorEnv.reset` begins with seed 7; later calls without a seed follow
    from it. At the end of an episode the infos hold the task's own figures, such as ``won``.
    """

    def __init__(self, env: VectorEnv, name: str, render_mode: str | None = None) -> None:
        """Take a VectorEnv of one copy; raise ValueError for several copies, or an unknown `render_mode`."""
        if env.n_envs != 1:
            raise ValueError(f"{name} has {env.n_envs} copies, but a ParallelEnv is one: make it with n_envs=1")
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}, must be None or 'rgb_array'")
        self.env, self.render_mode, spec = env, render_mode, env.spec
        self.metadata = {"name": name, "render_modes": ["rgb_array"], "render_fps": 4, "is_parallelizable": True}
        self.possible_agents: list[str] = [f"agent_{i}" for i in range(spec.n_agents)]
        self.agents: list[str] = []
        self.action_spaces = {agent: spaces.Discrete(spec.n_actions) for agent in self.possible_agents}
        self.observation_spaces = {
            agent: spaces.Dict({SEEN: _reals(spec.obs_dim), MASK: spaces.Box(0, 1, (spec.n_actions,), np.int8)})
            for agent in self.possible_agents
        }
        self.state_space = _reals(spec.state_dim)
        self.rng: np.random.Generator | None = None
        self.now: Observation | None = None

    def observation_space(self, agent: str) -> spaces.Space:
        """Return the space of what an agent observes."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space:
        """Return the space of an agent's actions."""
        return self.action_spaces[agent]

    @checks_arguments
    def reset(self, seed: Whole | None = None, options: dict[str, Any] | None = None) -> tuple[dict, dict]:
        """Begin an episode; there are no options. Raise ValueError for a seed that is no whole number, at least 0."""
        if seed is not None or self.rng is None:
            self.rng = np.random.default_rng(seed)
        self.now = self.env.reset([int(self.rng.integers(MAX_SEED)) if seed is None else int(seed)])
        self.agents = list(self.possible_agents)
        return self._seen(self.now), {agent: {} for agent in self.agents}

    def step(self, actions: Any) -> tuple[dict, dict, dict, dict, dict]:
        """Play one joint action, a mapping from each agent to its action.

        Raises:
            RuntimeError: no episode is running.
            ValueError: these are no actions, an agent has none, or there is no such agent or action.
        """
        if self.now is None or not self.agents:
            raise RuntimeError("no episode is running: call reset")
        joint = allowed(self._joint(actions), self.now.avail[0])
        self.now, reward, terminated, truncated, news = self.env.step(joint[None])
        acted, over = self.agents, bool(terminated[0] or truncated[0])
        info = {name: values[0].item() for name, values in news.items()} if over else {}
        self.agents = [] if over else acted
        return (
            self._seen(self.now),
            dict(zip(acted, np.broadcast_to(reward[0], len(acted)).tolist(), strict=True)),
            dict.fromkeys(acted, bool(terminated[0])),
            dict.fromkeys(acted, bool(truncated[0] and not terminated[0])),
            {agent: dict(info) for agent in acted},
        )

    def _joint(self, actions: Any) -> ndarray:
        """Return the actions as an array (agents,)."""
        if not isinstance(actions, Mapping):
            raise ValueError(f"actions is {actions!r}, must be a mapping from {self.agents} to their actions")
        if set(actions) != set(self.agents):
            raise ValueError(f"actions are those of {sorted(actions)}, must be those of {self.agents}")
        wrong = {agent: action for agent, action in actions.items() if not self.action_spaces[agent].contains(action)}
        if wrong:
            raise ValueError(f"actions are {wrong}, must be 0 to {self.env.spec.n_actions - 1}")
        return np.array([int(actions[agent]) for agent in self.agents])

    def _seen(self, now: Observation) -> dict[str, dict[str, ndarray]]:
        parts = zip(self.possible_agents, now.obs[0], now.avail[0], strict=True)
        return {agent: {SEEN: obs.astype(np.float32), MASK: avail.astype(np.int8)} for agent, obs, avail in parts}

    def state(self) -> Float[ndarray, " s"]:
        """Return the global state; raise RuntimeError before the first reset."""
        if self.now is None:
            raise RuntimeError("there is no state yet: call reset")
        return self.now.state[0].astype(np.float32)

    def render(self) -> UInt8[ndarray, "h w 3"] | None:
        """Return a picture of the task as it stands; None, with a warning, without a `render_mode`."""
        if self.render_mode is None:
            logger.warn("render() shows nothing: make the environment with render_mode='rgb_array'")
            return None
        return picture(self.env)

    def close(self) -> None:
        """Close the task."""
        self.env.close()


def _reals(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)
