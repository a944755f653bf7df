"""What happens in a game's own process: the game is made, asked and closed there."""

import contextlib
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy import ndarray

from na2q.config import SMACOptions
from na2q.envs.base import Observation


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


def serve(pipe: Connection, launcher: Launcher, name: str, options: SMACOptions, seed: int) -> None:
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
