"""One game of the real StarCraft II in a process of its own, which is asked by name and started again when it dies."""

import contextlib
import multiprocessing
import warnings
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from numpy import ndarray

from na2q.config import SMACOptions
from na2q.envs.base import Observation
from na2q.envs.smac.game import Launcher, Outcome, serve

T = TypeVar("T")


class GameCrashedError(RuntimeError):
    """A game process has crashed too many times in a row."""


class Copy:
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
        self._process = context.Process(target=serve, args=arguments, daemon=True)
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
        """The first observation of the episode that `begin` asked for; a crash begins it again."""
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
        """The answer to `step`; the last observation again once the episode is over."""
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
        """Ask the game to end, without waiting."""
        if self._pipe is not None:
            self._ask("close")

    def closed(self) -> None:
        """Wait until the process has ended, and end it if it does not."""
        self._stop()


def all_of(calls: Iterable[Callable[[], T]]) -> list[T]:
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
