"""The workers' end of `benchmarks/peers.py`: wait for a turn, measure, tell. Standard library only."""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable
from typing import Any

ANSWER = "answer "


class Turns:
    """Takes turns with workers of other packages: a line of standard input is a turn, and a line of output answers it.

    An answer begins with `ANSWER`, since packages print lines of their own.
    """

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []

    def wait(self) -> None:
        """Return when it is this worker's turn; exit when no more turns come."""
        if not sys.stdin.readline():
            sys.exit(0)

    def tell(self, answer: Any = None) -> None:
        """End the turn with an answer, by default with the times measured in it."""
        print(ANSWER + json.dumps(self.spans if answer is None else answer), flush=True)
        self.spans = []

    def measure(self, part: str, work: Callable[[], Any], repeats: int = 1) -> None:
        """Time calls of `work`, one by one; a number that it returns counts environment steps."""
        for _ in range(repeats):
            begun = now()
            steps = work()
            self.note(part, begun, steps if isinstance(steps, int) else 0)

    def note(self, part: str, begun: tuple[float, float], steps: int = 0) -> None:
        """Keep the wall and processor time since `begun`, in seconds, under the name of a part."""
        wall, cpu = (after - before for before, after in zip(begun, now(), strict=True))
        self.spans.append({"part": part, "wall": wall, "cpu": cpu, "steps": steps})


def now() -> tuple[float, float]:
    """Return wall time and this process's processor time, of all its threads, in seconds."""
    return time.perf_counter(), time.process_time()


def facts(package: str, backend: str, lacks: dict[str, str]) -> dict[str, Any]:
    """Say which version is measured, on what it computes, and which measures it has no part for, with the reason."""
    version = importlib.metadata.version
    return {"version": version(package), "backend": f"{backend} {version(backend)}", "lacks": lacks}
