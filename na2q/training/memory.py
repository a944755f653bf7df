"""Memory: what is kept between updates, and how a shortage is told."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # parameters of glibc's mallopt, from its malloc.h
KEPT_BYTES = 32 << 20  # the largest threshold that glibc takes; larger arrays are those of the replay


def keep_freed_memory() -> bool:
    """Let this process keep what an update frees for the next one; return whether the C library can be told so.

    Otherwise glibc gives large arrays back to the operating system at once, and each update asks for the same pages
    again: 7,450 page faults in an update of QPLEX, a sixth of its time. No number changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, Windows, musl
        return False
    return bool(mallopt(MMAP_THRESHOLD, KEPT_BYTES) and mallopt(TRIM_THRESHOLD, 1 << 30))


class ShortMemoryError(RuntimeError):
    """Memory that the machine does not have; the message names the setting to change."""


@contextmanager
def memory_for(what: str, remedy: str) -> Iterator[None]:
    """Turn an allocation that fails into a ShortMemoryError that says what it was for and what to change."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch has no class of its own for a processor's memory
        if isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error):
            raise ShortMemoryError(f"short of memory for {what}: {remedy}") from error
        raise
