"""Memory: what is kept between updates, and how a shortage is told."""

import ctypes
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # parameters of glibc's mallopt, from its malloc.h
GB = 1e9
SMALL = 100_000_000  # bytes; less is not worth a look
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


def available_memory() -> int | None:
    """Bytes that this process can still have: of the machine, its container and its own limit; None where unknown."""
    known = [_meminfo("MemAvailable"), _within_container()]
    if resource is not None:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        known.append(None if limit == resource.RLIM_INFINITY else limit - _own_size())
    return min((number for number in known if number is not None), default=None)


def check_memory(needed: int, what: str, remedy: str) -> None:
    """Raise ShortMemoryError where some bytes are more than there are, before they are asked for.

    Systems promise more than they have, and later end the process that takes them at their word.
    """
    if needed < SMALL:
        return
    available = available_memory()
    if available is not None and needed > available:
        numbers = f"{needed / GB:.1f} GB are needed, {max(available, 0) / GB:.1f} GB are free"
        raise ShortMemoryError(f"short of memory for {what}: {numbers}; {remedy}")


def foresee_memory(needed: int, what: str, remedy: str) -> None:
    """Look ahead to bytes that will be asked for little by little.

    More than the machine has can never be had and raises ShortMemoryError; more than is free now is worth a warning.
    """
    total, available = total_memory(), available_memory()
    if total is not None and needed > total:
        numbers = f"up to {needed / GB:.1f} GB will be needed, this machine has {total / GB:.1f} GB"
        raise ShortMemoryError(f"short of memory for {what}: {numbers}; {remedy}")
    if available is not None and needed > max(available, SMALL):
        numbers = f"up to {needed / GB:.1f} GB, of which {max(available, 0) / GB:.1f} GB are free now"
        warnings.warn(f"{what} will need {numbers}; should they not be free in time, {remedy}", stacklevel=3)


def total_memory() -> int | None:
    """Bytes that the machine, its container and this process's own limit allow at most; None where unknown."""
    known = [_meminfo("MemTotal"), _group("max")]
    if resource is not None:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        known.append(None if limit == resource.RLIM_INFINITY else limit)
    return min((number for number in known if number is not None), default=None)


def _meminfo(name: str) -> int | None:
    """Bytes by their name in Linux's /proc/meminfo."""
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    return None


def _within_container() -> int | None:
    """Bytes that Linux leaves to the group of processes that we belong to."""
    most, used = _group("max"), _group("current")
    return None if most is None or used is None else most - used


def _group(name: str) -> int | None:
    """A number of bytes that Linux keeps of the group of processes that we belong to; None where it has no limit."""
    text = _read(f"/sys/fs/cgroup/memory.{name}").strip()
    return int(text) if text.isdigit() else None


def _own_size() -> int:
    """Bytes of address space that this process has taken."""
    pages = _read("/proc/self/statm").split()
    return int(pages[0]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # of another system
        return ""


@contextmanager
def memory_for(what: str, remedy: str) -> Iterator[None]:
    """Turn an allocation that fails into a ShortMemoryError that says what it was for and what to change."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch has no class of its own for a processor's memory
        if isinstance(error, MemoryError) or "allocate memory" in str(error) or "out of memory" in str(error):
            raise ShortMemoryError(f"short of memory for {what}: {remedy}") from error
        raise
