"""The command `na2q`: train, evaluate, explain, compare, and list what there is."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors of the user's making end with a message, not a traceback."""
    args = list(sys.argv[1:] if args is None else args)
    if sys.stderr is None:  # closed by the caller: the next file to be opened would take its place
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    try:
        from na2q.cli import words  # here, where an interrupt of what takes a second is no traceback

        words.run(args)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _end("stopped; the same command goes on", 130)
    except BrokenPipeError:  # whoever reads our output has seen enough
        _end("", 141)
    except MemoryError as error:
        _end(f"short of memory: {error or 'ask for less at once'}", 2)
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        _end(str(error), 2)


def _end(message: str, status: int) -> NoReturn:
    """Say why and exit; what could not be printed is dropped, lest the interpreter tries again and fails."""
    if message:
        print(f"na2q: {message}", file=sys.stderr)
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
