"""Environments of this package for others: one copy of a VectorEnv as an Env of Gymnasium, the team one agent."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from na2q.envs.base import MAX_SEED, Observation, VectorEnv, allowed
from na2q.envs.picture import picture


class TeamEnv(gymnasium.Env[ndarray, ndarray]):
    """One copy of a task as an environment of Gymnasium, in which one agent moves the whole team.

    An action is one number for each agent, an observation has one row for each, (n, o), and the reward is the team's.
    The infos hold `action_mask`, (n, a), the global `state`, (s,), and at the end of an episode the task's own figures,
    such as `won`. An action that the mask forbids is played as the first that it allows, which is to do nothing.

    ``reset(seed=7)`` begins the episode that `VectorEnv.reset` begins with seed 7; later calls without a seed follow
    from it.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012  # as Gymnasium has it

    def __init__(self, env: VectorEnv, name: str, render_mode: str | None = None) -> None:
        """Take a VectorEnv of one copy; raise ValueError for several copies, or an unknown `render_mode`."""
        if env.n_envs != 1:
            raise ValueError(f"{name} has {env.n_envs} copies, but an Env of Gymnasium is one: make it with n_envs=1")
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}, must be None or 'rgb_array'")
        self.env, self.name, self.render_mode, sizes = env, name, render_mode, env.spec
        self.action_space = spaces.MultiDiscrete([sizes.n_actions] * sizes.n_agents)
        self.observation_space = spaces.Box(-np.inf, np.inf, (sizes.n_agents, sizes.obs_dim), np.float32)
        self.now: Observation | None = None
        self.over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float[ndarray, "n o"], dict[str, Any]]:
        """Begin an episode; there are no options."""
        super().reset(seed=seed)
        self.now = self.env.reset([int(self.np_random.integers(MAX_SEED)) if seed is None else int(seed)])
        self.over = False
        return self._seen(self.now)

    def step(self, action: Int[ndarray, " n"]) -> tuple[Float[ndarray, "n o"], float, bool, bool, dict[str, Any]]:
        """Play one joint action.

        Raises:
            RuntimeError: no episode is running.
            ValueError: the action is not in `action_space`.
        """
        if self.now is None or self.over:
            raise RuntimeError("no episode is running: call reset")
        if not self.action_space.contains(np.asarray(action)):
            raise ValueError(f"action is {action!r}, must be in {self.action_space}")
        outcome = self.env.step(allowed(np.asarray(action), self.now.avail[0])[None])
        self.now, terminated = outcome.observation, bool(outcome.terminated[0])
        truncated = bool(outcome.truncated[0]) and not terminated
        self.over = terminated or truncated
        obs, info = self._seen(self.now)
        if self.over:
            info |= {name: values[0].item() for name, values in outcome.info.items()}
        return obs, float(outcome.team_reward[0]), terminated, truncated, info

    def _seen(self, now: Observation) -> tuple[Float[ndarray, "n o"], dict[str, Any]]:
        info = {"action_mask": now.avail[0].astype(np.int8), "state": now.state[0].astype(np.float32)}
        return now.obs[0].astype(np.float32), info

    def render(self) -> UInt8[ndarray, "h w 3"] | None:  # type: ignore[override]  # a picture, or nothing asked for
        """Return a picture of the task as it stands; None without a `render_mode`."""
        return None if self.render_mode is None else picture(self.env)

    def close(self) -> None:
        """Close the task."""
        self.env.close()
