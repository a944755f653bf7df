"""Real SMAC as a VectorEnv, one game process for each copy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import SMACOptions
from na2q.config.checks import Copies
from na2q.envs.base import Observation, Transition, check_seeds, stack
from na2q.envs.battle.layout import smac_layout
from na2q.envs.battle.maps import battle_map
from na2q.envs.offers import Snapshot
from na2q.envs.smac.game import Launcher, launch
from na2q.envs.smac.installed import SMACMissingError, missing
from na2q.envs.smac.process import Copy, all_of


class SMACEnv:
    """E games of real SMAC, each in a process of its own (VectorEnv).

    The time limit is reported as terminated, as SMAC does. Transition.info holds arrays of shape
    (E,): bool "won" and "crashed" (the episode was cut off by a crash of the game, or because the game did not
    answer in time: it counts nowhere), and int "restarts" (so far).
    """

    @checks_arguments
    def __init__(
        self,
        name: str,
        options: SMACOptions | None = None,
        n_envs: Copies = 1,
        launcher: Launcher = launch,
    ) -> None:
        """Prepare E games on the map of that SMAC name; they start at the first reset.

        Args:
            name: one of the maps of `na2q.envs.battle.MAPS`.
            options: settings, None for the defaults.
            n_envs: number of copies E.
            launcher: makes one game; tests put a stand-in here. Must be importable by its name.

        Raises:
            SMACMissingError: if something is not installed (not checked with another launcher).
            ValueError: for an unknown map or n_envs below 1.
        """
        self.map = battle_map(name)
        self._layout = smac_layout(self.map)
        self.spec = self._layout.spec()
        self.n_envs = n_envs
        self.options = options or SMACOptions()
        self.replays = ""
        """How the names of replays begin; none is written while it is empty."""
        lack = missing(name) if launcher is launch else None
        if lack is not None:
            raise SMACMissingError(lack)
        self._copies = [Copy(launcher, name, self.options) for _ in range(n_envs)]

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Begin a new episode in every copy.

        The game takes a seed only when it starts: seeds of later resets have no effect, so episodes
        after the first cannot be repeated one by one.

        Raises:
            GameCrashedError: after `max_crashes` crashes in a row.
            ValueError: unless there is one seed for each copy.
        """
        check_seeds(seeds, self.n_envs)
        for copy, seed in zip(self._copies, seeds, strict=True):
            copy.begin(seed)
        return stack(all_of(copy.begun for copy in self._copies))

    def keep_replays(self, name: str) -> None:
        """Write replays from now on, if `save_replays` is set: ``<name>_copy<number>``, with the time by the game."""
        self.replays = name

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action in every copy that has not ended.

        Raises:
            GameCrashedError: after `max_crashes` crashes in a row.
            RuntimeError: what went wrong in a game process, such as an unavailable action.
        """
        running = [not copy.over for copy in self._copies]
        for copy, row in zip(self._copies, actions, strict=True):
            copy.step([int(action) for action in row])
        outcomes = all_of(copy.stepped for copy in self._copies)
        for index, (copy, was_running, outcome) in enumerate(zip(self._copies, running, outcomes, strict=True)):
            if self.options.save_replays and self.replays and was_running and outcome.terminated:
                copy.save_replay(f"{self.replays}_copy{index}")
        info = {
            "won": np.array([outcome.won for outcome in outcomes]),
            "crashed": np.array([outcome.crashed for outcome in outcomes]),
            "restarts": np.array([copy.restarts for copy in self._copies]),
        }
        return Transition(
            stack([outcome.observation for outcome in outcomes]),
            np.array([outcome.reward for outcome in outcomes]),
            np.array([outcome.terminated for outcome in outcomes]),
            info["crashed"],
            info,
        )

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Refuse: the game draws its battles itself, from replays (`env_options.save_replays`)."""
        raise ValueError("StarCraft II cannot be drawn here: set env_options.save_replays and open the replay in it")

    def labels(self) -> dict[str, list[str]]:
        """Name features and actions; see `Layout.labels`."""
        return self._layout.labels()

    def snapshot(self, copy: int) -> Snapshot:
        """Return units as the embedded engine does, the game's loop counter, and how the replay's name begins.

        `replay` is empty until the episode has ended, and where `save_replays` is off.
        """
        units = self._copies[copy].units()
        axes = {"game_loop": (), "unit_position": ("unit", "xy")}
        now = {name: (axes.get(name, ("unit",)), values) for name, values in units.items()}
        types = self.map.allies + self.map.enemies
        enemy = np.arange(len(types)) >= self.spec.n_agents
        return Snapshot(
            now={name: array for name, array in now.items() if name != "unit_radius"},
            happened={},
            episode={"replay": ((), np.array(self._copies[copy].replay))},
            task={
                "unit_radius": now["unit_radius"],
                "unit_enemy": (("unit",), enemy),
                "unit_type": (("unit",), np.array(types)),
            },
        )

    def close(self) -> None:
        """End all games."""
        for copy in self._copies:
            copy.ask_to_close()
        for copy in self._copies:
            copy.closed()


def make(name: str, options: SMACOptions | None = None, n_envs: Copies = 1) -> SMACEnv:
    """Return E games of real SMAC; `name` as in `SMACEnv`, optionally with "smac-" in front."""
    return SMACEnv(name.removeprefix("smac-"), options, n_envs)
