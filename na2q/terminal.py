"""The terminal that a command or notebook runs in: signals that ask to stop, and bars that show how far it is."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

STOPPING = ("SIGTERM", "SIGINT", "SIGHUP")  # Ctrl-C is SIGINT, a closed terminal SIGHUP


def _heeded() -> dict[int, Any]:
    """Return the signals that ask to stop and are not ignored, with what they do; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    does = {number: signal.getsignal(number) for number in numbers}
    return {number: handler for number, handler in does.items() if handler not in (signal.SIG_IGN, None)}


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collect the signals that ask to stop, so that work can end where it may be resumed.

    The first one is put into the list; from then on signals do what they did before, so that a second one ends at
    once. Signals that are ignored stay so. After SIGINT, leaving raises KeyboardInterrupt. Only the main thread may
    handle signals; in others the list stays empty.
    """
    caught: list[int] = []
    before = _heeded()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def catch(number: int, _: Any) -> None:
        caught.append(number)
        restore()

    for number in before:
        signal.signal(number, catch)
    try:
        yield caught
    finally:
        restore()
    if signal.SIGINT in caught:
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put signals that ask to stop off to the end of a short piece of work, where they do what they would have done.

    PyTorch makes other errors of an interrupt, as if a file that it reads were damaged.
    """
    before = _heeded()
    late: list[int] = []
    for number in before:
        signal.signal(number, lambda number, _: late.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(late):
            signal.raise_signal(number)


def progress(**settings: Any) -> "tqdm[Any]":
    """Show a bar, where there is anything to show it on."""
    if sys.stderr is None or sys.stderr.closed:
        settings["disable"] = True
    return tqdm(mininterval=1, **settings)
