"""The embedded battle engine behind the interface of SMAC's `StarCraft2Env`, for programs that were written for SMAC.

It is not StarCraft II. A program runs on it with a changed import: ``from na2q.envs import StarCraft2Env`` in the place
of ``from smac.env import StarCraft2Env`` (Samvelyan et al., 2019).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from na2q.envs.base import MAX_SEED, Observation
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.layout import AGENT_STATE, ENEMY_STATE, MOVES, SEEN_ALLY, SEEN_ENEMY, smac_layout

FIXED: dict[str, Any] = {
    "step_mul": 8,
    "move_amount": 2,
    "difficulty": "7",
    "obs_all_health": True,
    "obs_own_health": True,
    "obs_last_action": False,
    "obs_pathing_grid": False,
    "obs_terrain_height": False,
    "obs_instead_of_state": False,
    "obs_timestep_number": False,
    "state_timestep_number": False,
    "reward_sparse": False,
    "reward_only_positive": True,
    "reward_death_value": 10,
    "reward_win": 200,
    "reward_defeat": 0,
    "reward_negative_scale": 0.5,
    "reward_scale": True,
    "reward_scale_rate": 20,
    "heuristic_ai": False,
    "heuristic_rest": False,
}
"""Arguments of SMAC's environment that the engine takes at SMAC's default only (`starcraft2.py` of SMAC 1.0)."""
UNUSED = ("game_version", "window_size_x", "window_size_y", "debug")
"""Arguments of SMAC's environment that concern the game's own process and mean nothing here."""


class StarCraft2Env:
    """One battle at a time, with SMAC's methods, types and order of calls."""

    def __init__(
        self,
        map_name: str = "8m",
        seed: int | None = None,
        continuing_episode: bool = False,
        state_last_action: bool = True,
        replay_dir: str = "",
        replay_prefix: str = "",
        **smac: Any,
    ) -> None:
        """Prepare battles on a map.

        Args:
            map_name: name of the map in SMAC, such as 8m.
            seed: decides all battles, in the order in which they are played; None takes one from the system.
            continuing_episode: mark the end by the time limit in the info, as ``episode_limit``.
            state_last_action: whether the state ends in the agents' last actions.
            replay_dir: folder that `save_replay` writes to; the current one where it is empty.
            replay_prefix: how names of replays begin; the map's name where it is empty.
            smac: further arguments of SMAC's environment, at SMAC's defaults.

        Raises:
            ValueError: an unknown map or argument, or an argument that the engine has at SMAC's default only.
        """
        if unknown := sorted(set(smac) - set(FIXED) - set(UNUSED)):
            raise ValueError(f"arguments {unknown} are not SMAC's; it has {sorted([*FIXED, *UNUSED])}")
        for name, value in smac.items():
            if name in FIXED and value != FIXED[name]:
                raise ValueError(f"{name} is {value!r}, but the embedded engine knows {FIXED[name]!r} only")
        self.map_name, self.continuing_episode, self.state_last_action = map_name, continuing_episode, state_last_action
        self.replay_dir, self.replay_prefix = replay_dir, replay_prefix
        self._env = BattleEnv(map_name)
        self._layout = smac_layout(self._env.map)
        spec = self._env.spec
        self.n_agents, self.n_actions, self.episode_limit = spec.n_agents, spec.n_actions, spec.episode_limit
        self.n_enemies = len(self._env.map.enemies)
        self.battles_won = self.battles_game = self.timeouts = 0
        self._replays = 0
        self._over = True
        self._now: Observation | None = None
        self.seed(int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed)

    # --- playing --------------------------------------------------------------------------------------

    def seed(self, seed: int | None = None) -> int:
        """Return the seed in use; a number begins the series of battles of that seed."""
        if seed is not None:
            self._seed, self._rng = int(seed), np.random.default_rng(int(seed))
        return self._seed

    def reset(self) -> tuple[list[Float[ndarray, " o"]], Float[ndarray, " s"]]:
        """Begin the next battle; return the agents' observations and the state."""
        self._battle_seed = int(self._rng.integers(MAX_SEED))
        self._now = self._env.reset([self._battle_seed])
        self._over, self._actions = False, []
        return self.get_obs(), self.get_state()

    def step(self, actions: Iterable[Any]) -> tuple[float, bool, dict[str, Any]]:
        """Play one joint action, n whole numbers of any kind; return reward, whether the battle is over, and info.

        The info holds ``battle_won``, ``dead_allies`` and ``dead_enemies``, as in SMAC.

        Raises:
            RuntimeError: no battle is running.
            ValueError: an unavailable action, or a wrong number of them.
        """
        if self._over:
            raise RuntimeError("no battle is running: call reset")
        joint = np.array([[int(action) for action in actions]])
        self._now, reward, terminated, _, news = self._env.step(joint)
        self._actions.append(joint)
        self._over = bool(terminated[0])
        info: dict[str, Any] = {"battle_won": bool(news["won"][0])}
        info |= {name: int(news[name][0]) for name in ("dead_allies", "dead_enemies")}
        if self._over:
            self.battles_game += 1
            self.battles_won += info["battle_won"]
            self.timeouts += bool(news["timeout"][0])
            if news["timeout"][0] and self.continuing_episode:
                info["episode_limit"] = True
        return float(reward[0]), self._over, info

    def close(self) -> None:
        """Nothing is held."""

    # --- what is known -------------------------------------------------------------------------------

    @property
    def _seen(self) -> Observation:
        if self._now is None:
            raise RuntimeError("there is nothing to observe yet: call reset")
        return self._now

    def get_obs(self) -> list[Float[ndarray, " o"]]:
        """Return the observation of every agent; zeros for the dead."""
        return list(self._seen.obs[0])

    def get_obs_agent(self, agent_id: int) -> Float[ndarray, " o"]:
        """Return the observation of one agent."""
        return self._seen.obs[0, agent_id]

    def get_state(self) -> Float[ndarray, " s"]:
        """Return the global state, which is for training only."""
        return self._seen.state[0, : self.get_state_size()]

    def get_avail_actions(self) -> list[list[int]]:
        """Return 0 or 1 for each agent and action."""
        return [self.get_avail_agent_actions(i) for i in range(self.n_agents)]

    def get_avail_agent_actions(self, agent_id: int) -> list[int]:
        """Return 0 or 1 for each action of one agent."""
        return self._seen.avail[0, agent_id].astype(int).tolist()

    # --- sizes ---------------------------------------------------------------------------------------

    def get_total_actions(self) -> int:
        """Return the number of actions that an agent has."""
        return self.n_actions

    def get_obs_size(self) -> int:
        """Return the length of an observation."""
        return self._env.spec.obs_dim

    def get_state_size(self) -> int:
        """Return the length of the state."""
        return self._env.spec.state_dim - (0 if self.state_last_action else self.n_agents * self.n_actions)

    def get_obs_move_feats_size(self) -> int:
        """Return how many numbers an observation says of moves, which come first."""
        return len(MOVES)

    def get_obs_enemy_feats_size(self) -> tuple[int, int]:
        """Return the number of enemies, and of numbers that an observation says of each."""
        return self.n_enemies, len(SEEN_ENEMY) + len(self._layout.enemy_unit)

    def get_obs_ally_feats_size(self) -> tuple[int, int]:
        """Return the number of other agents, and of numbers that an observation says of each."""
        return self.n_agents - 1, len(SEEN_ALLY) + len(self._layout.ally_unit)

    def get_obs_own_feats_size(self) -> int:
        """Return how many numbers an observation says of oneself, which come last."""
        return len(self._layout.ally_unit)

    def get_env_info(self) -> dict[str, Any]:
        """Return all sizes under SMAC's names, and the names of what the state says of a unit."""
        return {
            "state_shape": self.get_state_size(),
            "obs_shape": self.get_obs_size(),
            "n_actions": self.get_total_actions(),
            "n_agents": self.n_agents,
            "episode_limit": self.episode_limit,
            "agent_features": [*AGENT_STATE, *self._layout.ally_unit[1:]],
            "enemy_features": [*ENEMY_STATE, *self._layout.enemy_unit[1:]],
        }

    def get_stats(self) -> dict[str, float]:
        """Return counts of the battles played so far; as in SMAC, what it calls drawn are those that timed out."""
        return {
            "battles_won": self.battles_won,
            "battles_game": self.battles_game,
            "battles_draw": self.timeouts,
            "win_rate": self.battles_won / max(self.battles_game, 1),  # SMAC divides by 0 before the first end
            "timeouts": self.timeouts,
            "restarts": 0,
        }

    # --- pictures ------------------------------------------------------------------------------------

    def render(self, mode: str = "human") -> UInt8[ndarray, "h w 3"] | None:
        """Show the battle in a window, or return its pixels with mode ``rgb_array``; else raise ValueError."""
        if mode not in ("human", "rgb_array"):
            raise ValueError(f"mode is {mode!r}, must be 'human' or 'rgb_array'")
        if mode == "rgb_array":
            from na2q.envs.picture import picture

            return picture(self._env)
        from matplotlib import pyplot as plt

        axes = plt.figure("battle").gca()
        axes.clear()
        self._env.draw(axes)
        plt.pause(0.01)
        return None

    def save_replay(self) -> str:
        """Write a film of the battle so far, ``<prefix>_<number>.gif``, and return its path.

        Raises:
            RuntimeError: no battle has begun.
        """
        from matplotlib import pyplot as plt

        from na2q.envs.battle.film import animate_battle

        if self._now is None:
            raise RuntimeError("there is no battle to save yet: call reset")
        again = BattleEnv(self.map_name)
        again.reset([self._battle_seed])
        frames = [again.frame()]
        for joint in self._actions:
            again.step(joint)
            frames.append(again.frame())
        folder = Path(self.replay_dir)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.replay_prefix or self.map_name}_{self._replays}.gif"
        animate_battle(frames).save(path, writer="pillow")
        plt.close()  # the animation's figure, which is the current one
        self._replays += 1
        return str(path)


MultiAgentEnv = StarCraft2Env
"""The name by which PyMARL annotates environments of SMAC's interface."""
