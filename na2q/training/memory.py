"""Short memory, told in the words of the settings that ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager


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
