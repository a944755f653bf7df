"""The terminal that a command or notebook runs in: signals that ask to stop, and bars that show how far it is."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

STOPPING = ("SIGTERM", "SIGINT", "SIGHUP")  # Ctrl-C is SIGINT, a closed terminal SIGHUP


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collect the signals that ask to stop, so that work can end where it may be resumed.

    The first one is put into the list; from then on signals do what they did before, so that a second one ends at
    once. Signals that are ignored stay so. After SIGINT, leaving raises KeyboardInterrupt. Only the main thread may
    handle signals; in others the list stays empty.
    """
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}

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


def progress(**settings: Any) -> "tqdm[Any]":
    """Show a bar, where there is anything to show it on."""
    if sys.stderr is None or sys.stderr.closed:
        settings["disable"] = True
    return tqdm(mininterval=1, **settings)
