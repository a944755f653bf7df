"""The real StarCraft Multi-Agent Challenge (SMAC 1.0) as a VectorEnv, one game process for each copy.

This adapter has not been run against StarCraft II itself: the game cannot be installed where it was
written. Its tests replace the game by a stand-in with the methods of `smac.env.StarCraft2Env`.

Needed are SMAC (from its repository; the package called `smac` on PyPI is an unrelated optimiser),
PySC2, a protobuf below 3.21, StarCraft II 4.10 and SMAC's maps: `requirements-smac.txt` has the recipe,
`missing` says what a machine lacks. Build environments with ``make(name, options, n_envs)``.
"""

import contextlib
import importlib
import importlib.util
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from na2q.config import SMACOptions
from na2q.envs.base import Observation, Snapshot, Transition, check_seeds, stack
from na2q.envs.battle.layout import smac_layout
from na2q.envs.battle.maps import battle_map

T = TypeVar("T")
DEFAULT_SC2PATH = "~/StarCraftII"
RECIPE = "see requirements-smac.txt"


class SMACMissingError(ImportError):
    """Something that the real game needs is not installed; the message says what and how to get it."""


class GameCrashedError(RuntimeError):
    """A game process has crashed too many times in a row."""


@runtime_checkable
class Game(Protocol):
    """The part of `smac.env.StarCraft2Env` that is used."""

    replay_prefix: str

    def reset(self) -> Any:
        """Begin an episode."""
        ...

    def step(self, actions: Sequence[int]) -> tuple[float, bool, dict[str, Any]]:
        """Return reward, whether the episode is over, and info, which is empty after a crash."""
        ...

    def get_obs(self) -> list[ndarray]:
        """Return one vector for each agent."""
        ...

    def get_state(self) -> ndarray:
        """Return the state vector."""
        ...

    def get_avail_actions(self) -> list[list[int]]:
        """Return 0 or 1 for each agent and action."""
        ...

    def save_replay(self) -> None:
        """Write the replay of the episode so far."""
        ...

    def close(self) -> None:
        """End the game."""
        ...


# --- what is installed -----------------------------------------------------------------------------


def _missing_smac() -> str | None:
    if importlib.util.find_spec("smac") is None:
        return f"SMAC is not installed: install it from its repository, github.com/oxwhirl/smac ({RECIPE})"
    if importlib.util.find_spec("smac.env") is None:
        return (
            "the installed package `smac` is not the StarCraft Multi-Agent Challenge but a hyper-parameter optimiser "
            f"of the same name (PyPI's `smac`): uninstall it, then install github.com/oxwhirl/smac ({RECIPE})"
        )
    return None


def _missing_pysc2() -> str | None:
    if importlib.util.find_spec("pysc2") is None:
        return f'PySC2 is not installed: pip install "pysc2==4.0.0" ({RECIPE})'
    return None


def _missing_protobuf() -> str | None:
    try:
        importlib.import_module("smac.env")
    except TypeError as error:
        if "Descriptors cannot" not in str(error):
            raise
        return (
            'protobuf is too new for the game\'s protocol: pip install "protobuf<3.21", '
            "or set PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python (slower)"
        )
    except ImportError as error:
        return f"smac.env cannot be imported: {error} ({RECIPE})"
    return None


def _sc2path() -> Path:
    return Path(os.environ.get("SC2PATH", DEFAULT_SC2PATH)).expanduser()


def _missing_game() -> str | None:
    binaries = _sc2path().glob("Versions/Base*/SC2_x64")
    if any(os.access(binary, os.X_OK) for binary in binaries):
        return None
    value = os.environ.get("SC2PATH", "not set")
    return (
        f"StarCraft II was not found at {_sc2path()} (SC2PATH={value}). Real SMAC needs SC2 4.10: unpack it, set "
        "SC2PATH to the folder that holds Versions/, copy smac's SMAC_Maps into $SC2PATH/Maps/. To run without "
        "StarCraft II use the embedded engine (its results are not SC2 results)."
    )


def _missing_map(name: str) -> str | None:
    path = _sc2path() / "Maps" / "SMAC_Maps" / f"{name}.SC2Map"
    if path.exists():
        return None
    return (
        f"the map {path} does not exist: copy smac/env/starcraft2/maps/SMAC_Maps of SMAC's repository to {path.parent}"
    )


def missing(name: str) -> str | None:
    """Return the first thing that this machine lacks for a map, with its remedy, or None.

    Checked in this order: SMAC itself, PySC2, protobuf, the game, the map.
    """
    checks: tuple[Callable[[], str | None], ...] = (_missing_smac, _missing_pysc2, _missing_protobuf, _missing_game)
    for check in checks:
        found = check()
        if found is not None:
            return found
    return _missing_map(name)


# --- one game in a process of its own --------------------------------------------------------------


class Outcome(NamedTuple):
    """What one copy reports of a step."""

    observation: Observation
    reward: float
    terminated: bool
    won: bool
    crashed: bool


def launch(name: str, options: SMACOptions, seed: int) -> Game:
    """Return the real environment: SMAC's defaults apart from the difficulty (Table 3)."""
    module = importlib.import_module("smac.env")
    return module.StarCraft2Env(map_name=name, difficulty=options.difficulty, seed=seed, replay_dir=options.replay_dir)


Launcher = Callable[[str, SMACOptions, int], Game]


def _observe(game: Game) -> Observation:
    return Observation(
        np.asarray(game.get_obs(), np.float32),
        np.asarray(game.get_state(), np.float32),
        np.asarray(game.get_avail_actions(), np.bool_),
    )


def _units(game: Any) -> dict[str, ndarray]:
    """Read all units as they stand, allies first, and the game's loop counter, which replays show too."""
    sides = (game.agents, game.enemies)
    units = [side[i] for side in sides for i in range(len(side))]
    place = {unit.tag: i for i, unit in enumerate(units)}
    return {
        "game_loop": np.array(game._obs.observation.game_loop),
        "unit_position": np.array([(unit.pos.x, unit.pos.y) for unit in units]),
        "unit_health": np.array([unit.health / unit.health_max for unit in units]),
        "unit_shield": np.array([unit.shield / max(unit.shield_max, 1) for unit in units]),
        "unit_alive": np.array([unit.health > 0 for unit in units]),
        "unit_target": np.array([place.get(unit.engaged_target_tag, -1) for unit in units]),
        "unit_radius": np.array([unit.radius for unit in units]),
    }


def _play(game: Game, actions: list[int], last: Observation) -> Outcome:
    """Step a game; SMAC answers a crash of the game's process by restarting it and empty info."""
    reward, terminated, info = game.step(actions)
    if not info:
        return Outcome(last, 0.0, False, False, crashed=True)
    return Outcome(_observe(game), float(reward), bool(terminated), bool(info["battle_won"]), crashed=False)


def _serve(pipe: Connection, launcher: Launcher, name: str, options: SMACOptions, seed: int) -> None:
    """Answer a copy's requests until told to close; a request that fails is answered by its traceback.

    The game ends with this process, and this process with its parent: then the pipe is closed.
    """
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the parent, which ends its episode first
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    game = launcher(name, options, seed)
    try:
        with contextlib.suppress(EOFError, OSError):
            _answer(pipe, game)
    finally:
        game.close()


def _answer(pipe: Connection, game: Game) -> None:
    last: Observation | None = None
    while True:
        request, argument = pipe.recv()
        answer: Any = None
        try:
            if request == "close":
                return
            if request == "reset":
                game.reset()
                answer = last = _observe(game)
            elif request == "step":
                assert last is not None, "step before reset"
                answer = _play(game, argument, last)
                last = answer.observation
            elif request == "units":
                answer = _units(game)
            else:
                game.replay_prefix = argument
                game.save_replay()
        except Exception:  # whatever it is belongs into the parent's message
            answer = RuntimeError(traceback.format_exc())
        pipe.send(answer)


class _Copy:
    """One game process, started again when it dies; counts crashes in a row."""

    def __init__(self, launcher: Launcher, name: str, options: SMACOptions) -> None:
        self._launcher, self._name, self._options = launcher, name, options
        self._process: Any = None
        self._pipe: Connection | None = None
        self._last: Observation | None = None
        self._units: dict[str, ndarray] | None = None
        self._seed = 0
        self.replay = ""
        self.crashes_in_a_row = 0
        self.restarts = 0
        self.over = True

    def _start(self, seed: int) -> None:
        context = multiprocessing.get_context("spawn")  # a forked game would share its parent's sockets
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, self._launcher, self._name, self._options, seed)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def _ask(self, request: str, argument: Any = None) -> None:
        """Send a request without waiting, so that all copies work at the same time."""
        assert self._pipe is not None
        with contextlib.suppress(OSError):  # a game that is gone is noticed when it does not answer
            self._pipe.send((request, argument))

    def _answer(self) -> Any:
        """Wait for the answer; raise EOFError or OSError where the game is gone or silent for too long."""
        assert self._pipe is not None
        if not self._pipe.poll(self._options.timeout):
            self._kill()
            raise TimeoutError(f"the game of {self._name} did not answer in {self._options.timeout} s")
        answer = self._pipe.recv()
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    def begin(self, seed: int) -> None:
        """Ask for a new episode; `begun` waits for it."""
        self._seed = seed
        if self._process is None:
            self._start(seed)
        self._ask("reset")

    def begun(self) -> Observation:
        while True:
            try:
                observation: Observation = self._answer()
            except (EOFError, OSError):
                self._crashed()
                self.begin(self._seed)
                continue
            self._last, self.over, self.replay = observation, False, ""
            return observation

    def step(self, actions: list[int]) -> None:
        """Ask for a step of an episode that goes on; `stepped` waits for it."""
        if not self.over:
            self._ask("step", actions)

    def stepped(self) -> Outcome:
        assert self._last is not None
        if self.over:
            return Outcome(self._last, 0.0, True, False, crashed=False)
        try:
            outcome = self._answer()
        except (EOFError, OSError):
            self._crashed()
            outcome = Outcome(self._last, 0.0, False, False, crashed=True)
        else:
            if outcome.crashed:  # SMAC has started the game again by itself
                self._count_crash()
            elif outcome.terminated:
                self.crashes_in_a_row = 0
        self._last, self.over = outcome.observation, outcome.terminated or outcome.crashed
        return outcome

    def units(self) -> dict[str, ndarray]:
        """Ask for the units; where the game is gone, return what it told last."""
        if self._process is not None:
            self._ask("units")
            try:
                self._units = self._answer()
            except (EOFError, OSError):
                self._crashed()
        if self._units is None:
            raise GameCrashedError(f"the game of {self._name} ended before it could tell of its units")
        return self._units

    def save_replay(self, prefix: str) -> None:
        """Write the replay of an episode that has ended; a replay that cannot be written costs no more than itself."""
        self._ask("replay", prefix)
        try:
            self._answer()
        except (EOFError, OSError):
            self._crashed()
        except RuntimeError as error:
            warnings.warn(f"the replay {prefix} could not be written: {error}", stacklevel=3)
        else:
            self.replay = prefix

    def _crashed(self) -> None:
        """Forget a dead process; the next reset starts another."""
        self._stop()
        self._count_crash()

    def _count_crash(self) -> None:
        self.restarts += 1
        self.crashes_in_a_row += 1
        if self.crashes_in_a_row >= self._options.max_crashes:
            raise GameCrashedError(
                f"the game of {self._name} crashed {self.crashes_in_a_row} times in a row "
                f"(max_crashes is {self._options.max_crashes}); the game's own log says why"
            )

    def _kill(self) -> None:
        """End a process that may hang; the first signal lets it close its game."""
        for end in (self._process.terminate, self._process.kill):
            end()
            self._process.join(timeout=5)
            if not self._process.is_alive():
                return

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join(timeout=5)
            if self._process.is_alive():
                self._kill()
        self._process, self._pipe, self.over = None, None, True

    def ask_to_close(self) -> None:
        if self._pipe is not None:
            self._ask("close")

    def closed(self) -> None:
        self._stop()


def _all(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Call all, then raise the first error: no answer may be left behind for the next question."""
    results, errors = [], []
    for call in calls:
        try:
            results.append(call())
        except RuntimeError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return results


# --- the environment -------------------------------------------------------------------------------


class SMACEnv:
    """E games of real SMAC, each in a process of its own (VectorEnv).

    The time limit is reported as terminated, as SMAC does. Transition.info holds arrays of shape
    (E,): bool "won" and "crashed" (the episode was cut off by a crash of the game, or because the game did not
    answer in time: it counts nowhere), and int "restarts" (so far).
    """

    def __init__(
        self,
        name: str,
        options: SMACOptions | None = None,
        n_envs: int = 1,
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
        if n_envs < 1:
            raise ValueError(f"n_envs is {n_envs}, must be at least 1")
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
        self._copies = [_Copy(launcher, name, self.options) for _ in range(n_envs)]

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
        return stack(_all(copy.begun for copy in self._copies))

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
        outcomes = _all(copy.stepped for copy in self._copies)
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
        """Name features and actions; see `na2q.envs.battle.layout.Layout.labels`."""
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


def make(name: str, options: SMACOptions | None = None, n_envs: int = 1) -> SMACEnv:
    """Return E games of real SMAC; `name` as in `SMACEnv`, optionally with "smac-" in front."""
    return SMACEnv(name.removeprefix("smac-"), options, n_envs)
