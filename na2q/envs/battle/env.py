"""Battles as a VectorEnv; results on them are those of an embedded engine, not of StarCraft II."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import BattleOptions
from na2q.config.checks import Copies
from na2q.envs.base import Observation, Transition, check_seeds
from na2q.envs.battle import engine, records, spawn
from na2q.envs.battle.frame import Frame
from na2q.envs.battle.layout import ACTION_NAMES, smac_layout
from na2q.envs.battle.maps import FIRST_TARGET, battle_map
from na2q.envs.compiled import warn_where_slow
from na2q.envs.offers import Snapshot, check_sources

TEMPLATE_SEED = 0  # of the battle shown before the first reset


class BattleEnv:
    """E battles on one map, stepped together (VectorEnv).

    Every copy has its own random numbers, so a battle depends on its seed and its actions only, not
    on the number of copies. The time limit is part of the task, as in SMAC: it is reported as
    terminated, never as truncated.

    A step draws random numbers, for the time between two shots.

    Transition.info holds arrays of shape (E,): bool "won", "draw" (nobody left) and "timeout",
    and int "dead_allies" and "dead_enemies".
    """

    chance = True

    @checks_arguments
    def __init__(self, name: str, options: BattleOptions | None = None, n_envs: Copies = 1) -> None:
        """Prepare E battles on the map of that SMAC name, such as "3s5z".

        Raises:
            ValueError: for an unknown map, an unknown option, another version of the engine or n_envs below 1.
        """
        warn_where_slow()
        self.map = battle_map(name)
        self.options = options or BattleOptions()
        if self.options.engine != BattleOptions.engine:
            raise ValueError(
                f"engine is {self.options.engine}, but this package plays engine {BattleOptions.engine} only"
            )
        self.n_envs = n_envs
        self._layout = smac_layout(self.map, self.options.shield_bits)
        self._world = records.world(name, self.options.shield_bits)
        self._fresh = records.new_units(self.map, 1)[0]
        self._points, self._offsets = spawn.spawn_points(self.map), spawn.lattice()
        self.units = records.new_units(self.map, n_envs)
        """UNIT records of shape (E, units), the whole situation, read by pictures and scripted players."""
        self.battles = np.zeros(n_envs, records.BATTLE)
        """(E,) BATTLE records."""
        self._scratch = np.zeros(1, records.SCRATCH)
        self.spec = self._layout.spec()
        self.reset([TEMPLATE_SEED] * n_envs)

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Begin a new battle in every copy; equal seeds give equal battles for equal actions.

        Raises:
            ValueError: unless there is one seed of 0 or more for each copy.
        """
        check_seeds(seeds, self.n_envs)
        if min(seeds) < 0:
            raise ValueError(f"seeds are {list(seeds)}, must all be 0 or more")
        self.battles[:] = 0
        self.units[:] = self._fresh
        for units, battle, seed in zip(self.units, self.battles, seeds, strict=True):
            battle["rng"] = spawn.seeded(seed)
            spawn.place(self._world[0], units, battle, self._points, self._offsets)
            spawn.number_agents(units, self.spec.n_agents)
        observation = self._empty()
        engine.observe(self._world, self.units, *observation)
        return observation

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action (half a second of game time) in every copy that has not ended.

        Raises:
            ValueError: for a wrong shape, or an action that is unavailable in a running battle.
        """
        return self._play(actions, checked=True)

    def command(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action as `step` does, letting units attack and heal at any distance.

        The game takes such orders; SMAC's own scripted player gives them, its agents cannot.

        Raises:
            ValueError: for a wrong shape, or a number that is no action.
        """
        if not (np.min(actions) >= 0 and np.max(actions) < self.spec.n_actions):
            raise ValueError(f"actions are {np.asarray(actions)}, must be 0 to {self.spec.n_actions - 1}")
        return self._play(actions, checked=False)

    def _play(self, actions: ndarray, checked: bool) -> Transition:
        actions = np.ascontiguousarray(actions, dtype=np.int64)
        if actions.shape != (self.n_envs, self.spec.n_agents):
            raise ValueError(f"actions have shape {actions.shape}, must be {(self.n_envs, self.spec.n_agents)}")
        observation = self._empty()
        illegal = engine.play(self._world, self.units, self.battles, self._scratch, actions, *observation, checked)
        if illegal != engine.LEGAL:
            raise ValueError(self._complaint(actions, observation.avail, *divmod(int(illegal), self.spec.n_agents)))
        battles = np.frombuffer(bytearray(self.battles.tobytes()), records.BATTLE)  # copy() goes field by field
        info = {name: battles[name] for name in ("won", "draw", "timeout", "dead_allies", "dead_enemies")}
        return Transition(observation, battles["reward"], battles["over"], np.zeros(self.n_envs, np.bool_), info)

    def clone(self, sources: Sequence[int], seeds: Sequence[int] | None = None) -> "BattleEnv":
        """Copy battles as they stand; see `na2q.envs.offers.Clonable`."""
        chosen = check_sources(sources, seeds, self.n_envs)
        other = copy.copy(self)
        other.n_envs = len(chosen)
        other.units, other.battles = _picked(self.units, chosen), _picked(self.battles, chosen)
        other._scratch = np.zeros(1, records.SCRATCH)
        if seeds is not None:
            other.battles["rng"] = [spawn.seeded(seed) for seed in seeds]
        return other

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Draw one battle as it stands into matplotlib axes."""
        from na2q.envs.battle.picture import draw_battle  # matplotlib is loaded by who draws

        draw_battle(self.frame(copy), axes)

    def close(self) -> None:
        """Nothing is held."""

    def _empty(self) -> Observation:
        spec, e = self.spec, self.n_envs
        return Observation(
            np.empty((e, spec.n_agents, spec.obs_dim), np.float32),
            np.empty((e, spec.state_dim), np.float32),
            np.empty((e, spec.n_agents, spec.n_actions), np.bool_),
        )

    def _complaint(self, actions: ndarray, avail: ndarray, e: int, agent: int) -> str:
        available = ", ".join(self.action_name(int(a), agent) for a in np.flatnonzero(avail[e, agent]))
        return f"copy {e}: agent {agent} cannot perform action {actions[e, agent]}; available are {available}"

    def action_name(self, action: int, agent: int) -> str:
        """Return what an action of an agent means, such as "2 (north)" or "7 (attack enemy 1)"."""
        if action < FIRST_TARGET:
            return f"{action} ({ACTION_NAMES[action]})"
        what = "heal agent" if self.map.allies[agent] == "medivac" else "attack enemy"
        return f"{action} ({what} {action - FIRST_TARGET})"

    def frame(self, e: int = 0) -> Frame:
        """Return a copy of what a picture of battle `e` shows."""
        units, battle = self.units[e].copy(), self.battles[e]
        fights = np.isin(units["order"], (records.ATTACK, records.HEAL, records.ATTACK_MOVE)) & (units["alive"] == 1)
        return Frame(
            map_name=self.map.name,
            step=int(battle["step"]),
            types=self.map.allies + self.map.enemies,
            enemy=units["enemy"] == 1,
            alive=units["alive"] == 1,
            position=np.stack([units["x"], units["y"]], axis=-1),
            health=units["hp"] / units["hp_max"],
            shield=units["shield"] / np.maximum(units["shield_max"], 1.0),
            radius=units["radius"],
            target=np.where(fights, units["target"], records.NOBODY),
            action=units["last_action"][: self.spec.n_agents],
            outcome=self._outcome(battle),
        )

    def labels(self) -> dict[str, list[str]]:
        """Name features and actions; see `Layout.labels`."""
        return self._layout.labels()

    def snapshot(self, copy: int) -> Snapshot:
        """Return where units are and how they fare; see `Frame`."""
        frame = self.frame(copy)
        now = {"health": frame.health, "shield": frame.shield, "alive": frame.alive, "target": frame.target}
        task = {"radius": frame.radius, "enemy": frame.enemy, "type": np.array(frame.types)}
        return Snapshot(
            now={"unit_position": (("unit", "xy"), frame.position)}
            | {f"unit_{name}": (("unit",), values) for name, values in now.items()},
            happened={},
            episode={},
            task={f"unit_{name}": (("unit",), values) for name, values in task.items()},
        )

    @staticmethod
    def _outcome(battle: records.Record) -> str:
        if not battle["over"]:
            return "running"
        flags = {"won": battle["won"], "draw": battle["draw"], "time limit": battle["timeout"]}
        return next((name for name, flag in flags.items() if flag), "lost")


def _picked(rows: records.Records, chosen: Int[ndarray, " k"]) -> records.Records:
    """Copy chosen rows byte by byte, as NumPy copies records field by field."""
    row = rows.dtype.itemsize * int(np.prod(rows.shape[1:]))
    picked = rows.view(np.uint8).reshape(len(rows), row)[chosen]
    return picked.view(rows.dtype).reshape(len(chosen), *rows.shape[1:])
