"""Attempts in processes of their own, which may crash, hang or leave others behind without harm.

Each is forked from this process, so that nothing is imported anew, and leads a session of its own, by which what it
leaves behind is found (on Linux).
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

UNCAUGHT = 99  # exit status of an attempt that an exception ended
ASKING = (signal.SIGINT, signal.SIGTERM)  # the signals that ask an attempt to stop
GRACE = 35.0  # seconds that helpers of an attempt have to end after it: a worker may take 30 to save its state


@dataclass
class Attempt:
    """One process that tries something."""

    work: Callable[[], Any]
    about: Any = None
    """Whatever the caller wants to know of it later."""
    seconds: float = 120.0
    """After which it counts as hanging; a busy machine is slow."""
    signals: list[tuple[float, int]] = field(default_factory=list)
    """Signals to send, each after so many seconds from the start."""
    status: int = 0
    """Exit status, negative for the signal that ended it."""
    said: str = ""
    hung: bool = False
    orphans: list[str] = field(default_factory=list)
    took: float = 0.0

    def start(self, cwd: Path) -> None:
        """Fork."""
        self.output, theirs = os.pipe()  # no file, whose size may be limited
        os.set_blocking(self.output, False)
        self.begun = time.monotonic()
        sys.stdout.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)  # a busy machine may take longer to fork than to signal
        self.pid = os.fork()
        if self.pid == 0:
            self._run(cwd, theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
        os.close(theirs)

    def _run(self, cwd: Path, output: int) -> None:
        status = UNCAUGHT
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for stream in (1, 2):
                os.dup2(output, stream)
            os.chdir(cwd)
            try:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
            except KeyboardInterrupt:  # came before there was anything to stop
                os._exit(130)
            self.work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def poll(self) -> bool:
        """Send what is due; True once it has ended."""
        age = time.monotonic() - self.begun
        self._listen()
        while self.signals and age >= self.signals[0][0]:
            os.kill(self.pid, self.signals.pop(0)[1])
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid and age > self.seconds:
            self.hung = True
            os.kill(self.pid, signal.SIGKILL)
            pid, status = os.waitpid(self.pid, 0)
        if not pid:
            return False
        self.status, self.took = os.waitstatus_to_exitcode(status), age
        self.orphans = self._end_orphans()
        self._listen()
        os.close(self.output)
        return True

    def _listen(self) -> None:
        """Read what was said meanwhile."""
        with contextlib.suppress(BlockingIOError):
            while heard := os.read(self.output, 1 << 16):
                self.said += heard.decode(errors="replace")

    def _end_orphans(self) -> list[str]:
        """End what is left of the session; return what did not end by itself."""
        deadline = time.monotonic() + GRACE
        while (left := in_session(self.pid)) and not self.hung and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return [] if self.hung else list(left.values())


def in_session(session: int) -> dict[int, str]:
    """Processes of a session that live, with their command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found[int(place.name)] = (place / "cmdline").read_text().replace("\0", " ")
        except (OSError, IndexError):
            continue
    return found


def run(attempts: Iterable[Attempt], cwd: Path, lanes: int = 2) -> Iterator[Attempt]:
    """Run attempts, some side by side, and yield each once it has ended."""
    waiting, active = iter(attempts), []
    exhausted = False
    while active or not exhausted:
        while len(active) < lanes and not exhausted:
            following = next(waiting, None)
            if following is None:
                exhausted = True
            else:
                following.start(cwd)
                active.append(following)
        ended = [attempt for attempt in active if attempt.poll()]
        active = [attempt for attempt in active if attempt not in ended]
        yield from ended
        if not ended:
            time.sleep(0.005)


def judge(attempt: Attempt) -> str | None:
    """Outcome of what must never happen; None where the caller has to judge by what was said and done."""
    if attempt.hung:
        return "hangs"
    if attempt.status == UNCAUGHT or "Traceback (most recent call last)" in attempt.said:
        return "tracebacks"
    if attempt.status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
        return "wrong"
    return None
