"""Compilation by numba where it is installed; without it the same functions run as plain Python."""

import inspect
import logging
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import numba
    import numba.extending
    from numba.core import config as numba_config
except ImportError:  # numba is optional: everything works without it, some hundred times slower
    numba = None
    numba_config = None

F = TypeVar("F", bound=Callable)

COMPILED: bool = numba_config is not None and not numba_config.DISABLE_JIT  # pyright: ignore[reportAttributeAccessIssue] set at run time
"""Whether environments are compiled in this process."""

# At DEBUG numba tells each step of its compiler. A program whose root logger is at that level, as EPyMARL's is, would
# write megabytes before the first battle. Who sets a level for numba keeps it.
if logging.getLogger("numba").level == logging.NOTSET:
    logging.getLogger("numba").setLevel(logging.INFO)


def warn_where_slow() -> None:
    """Say, once in a process, that battles run as plain Python: a sweep would take weeks where hours are enough."""
    if not COMPILED:
        remedy = 'pip install "na2q[battle]"' if numba is None else "unset NUMBA_DISABLE_JIT"
        warnings.warn(f"battles are not compiled and run some hundred times slower; {remedy} mends it", stacklevel=3)


def drop_stale(folder: Path, cache: Path) -> bool:
    """Delete numba's index files in `cache` that are older than a source file in `folder`; say whether that went well.

    numba notices a change of the file that holds a function, but not of the files that hold what it calls.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    try:
        for index in cache.glob("*.nbi"):
            with suppress(FileNotFoundError):  # another process is at it too
                if index.stat().st_mtime < newest:
                    index.unlink()
    except OSError:
        return False
    return True


@lru_cache
def _usable(folder: Path, cache: str) -> bool:
    return drop_stale(folder, Path(cache))


def _njit(function: F, **options: Any) -> F:
    """Compile, and keep the result on disk where a folder for it can be written and holds nothing stale."""
    assert numba is not None
    bare = _bare(function)
    try:
        kept: Any = numba.njit(cache=True, **options)(bare)
        if not COMPILED or _usable(Path(inspect.getfile(bare)).parent, kept._cache.cache_path):
            return cast(F, kept)
    except (RuntimeError, OSError):  # numba finds no folder: a read-only install and home
        pass
    return cast(F, numba.njit(**options)(bare))


def compiled(function: F) -> F:
    """Compile an entry point, which Python calls, for the types it is called with; keep the result on disk.

    It writes into arrays that it is given: a Ctrl-C while numba hands several arrays to Python crashes the process.
    """
    return function if numba is None else _njit(function)


def layer(function: F) -> F:
    """Like `compiled`, but compiled callers take the function in as if it were written there.

    For what is called from one place: compiled on its own, all that lies under it would be optimised once more.
    """
    return function if numba is None else _njit(function, inline="always")


def part(function: F) -> F:
    """Compile a function with those that call it, and for these alone: Python calls it as it is written."""
    return function if numba is None else numba.extending.register_jitable(_bare(function))


def inlined(function: F) -> F:
    """Like `part`, and copied into its callers' machine code: a call that passes arrays counts references."""
    return function if numba is None else numba.extending.register_jitable(forceinline=True)(_bare(function))


def _bare(function: F) -> F:
    """Return a function without the wrappers of an import hook (shape checks of the tests), which numba refuses."""
    return cast(F, inspect.unwrap(function))
