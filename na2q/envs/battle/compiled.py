"""Compilation by numba where it is installed; without it the same functions run as plain Python."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

try:
    import numba
    from numba.core import config as numba_config
except ImportError:  # numba is optional: everything works without it, some hundred times slower
    numba = None
    numba_config = None

F = TypeVar("F", bound=Callable)

COMPILED: bool = numba_config is not None and not numba_config.DISABLE_JIT  # pyright: ignore[reportAttributeAccessIssue] set at run time
"""Whether the engine is compiled in this process."""


def drop_stale(folder: Path) -> None:
    """Delete numba's index files in `folder`/__pycache__ that are older than a source file in `folder`.

    numba notices a change of the file that holds a function, but not of the files that hold what it calls.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        with suppress(FileNotFoundError):  # another process is at it too
            if index.stat().st_mtime < newest:
                index.unlink()


drop_stale(Path(__file__).parent)


def compiled(function: F) -> F:
    """Compile a function for the types it is called with, keeping the result on disk.

    Only the function itself is compiled, without wrappers that an import hook (the shape checks of
    the tests) may have put around it, because numba cannot see through those.
    """
    if numba is None:
        return function
    return cast(F, numba.njit(cache=True)(inspect.unwrap(function)))


def inlined(function: F) -> F:
    """Compile a small function into its callers: a call that passes arrays counts references, which costs more."""
    if numba is None:
        return function
    return cast(F, numba.njit(cache=True, forceinline=True)(inspect.unwrap(function)))
