"""Files that are whole or not there: written beside their place and moved onto it in one step."""

import errno
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError

PREFIX = ".part-"  # of the folders in which files lie while they are written
ADDRESS = re.compile(r"hf:|[a-z]+://")  # how what lies on another machine begins
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Located:
    """Marks a path that may be an address of another machine, in the place of a path of this one."""


Address = Annotated[str | Path, Located]


class WriteError(OSError):
    """A file that could not be written; the message says why, what is intact and what to change."""


def as_path(given: str | os.PathLike[str], what: str = "path") -> Path:
    """Return the path that a user means, with `~` as a home; raise ValueError for what names no place."""
    if not isinstance(given, str | os.PathLike) or not str(given) or "\0" in str(given):
        raise ValueError(f"{what} is {given!r}, must be a path")
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{what} is {str(given)!r}, but that user's home is not known") from error


def parse_json(text: str | bytes) -> Any:
    """Read JSON; raise ValueError for what is none, and for what is nested deeper than Python can follow."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_address(given: object) -> bool:
    """Whether a text is an address of another machine and no path."""
    return isinstance(given, str) and ADDRESS.match(given) is not None


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Offer a file to write that takes the place of `path` once it is whole; a failure leaves `path` alone.

    Folders above `path` are made. Where `path` is a link, what it points to is replaced. Several processes may
    write at once: the last one wins. What writers that were killed left in the folder is removed.

    Raises:
        WriteError: the disk is full, the place may not be written to, or `path` is no regular file.
    """
    target = Path(os.path.realpath(as_path(path)))
    check_target(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target.parent)
        with _room(target.parent) as room:
            part = room / f"new{target.suffix}"
            yield part
            part.chmod(_mode(target, room))
            _to_disk(part)
            part.replace(target)
    except WriteError:
        raise
    except (OSError, SafetensorError) as error:
        raise WriteError(unwritten(path, error)) from error


def check_target(path: str | os.PathLike[str]) -> None:
    """Raise WriteError where `replacing` would, as far as that can be told ahead of the work."""
    target = Path(os.path.realpath(as_path(path)))
    if os.path.exists(target) and not target.is_file():
        kind = "a folder" if target.is_dir() else "a device or pipe"
        raise WriteError(f"cannot write {path}: it is {kind}, not a file, and stays as it is")
    _check_place(path, target)


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise WriteError where `make_folder` would, as far as that can be told ahead of the work."""
    target = Path(os.path.realpath(as_path(path)))
    if os.path.exists(target) and not target.is_dir():
        raise WriteError(f"cannot write into {path}: it is no folder, and stays as it is")
    _check_place(path, target)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder with all above it, where it is not there; raise WriteError where that cannot be done."""
    folder = as_path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(unwritten(path, error)) from error
    return folder


def _check_place(path: str | os.PathLike[str], target: Path) -> None:
    """Look at the nearest place above a target that is there."""
    there = next(place for place in (target, *target.parents) if os.path.lexists(place))
    if there != target and not there.is_dir():
        raise WriteError(unwritten(path, NotADirectoryError(errno.ENOTDIR, "")))
    if not os.access(there, os.W_OK):
        raise WriteError(unwritten(path, PermissionError(errno.EACCES, "")))


def unwritten(path: str | os.PathLike[str], error: Exception) -> str:
    """Say what could not be written, that nothing was lost by it, and what to change."""
    code = _code(error)
    reason = os.strerror(code) if code else str(error)
    remedy = ""
    if code in FULL:
        remedy = "; free some space or choose another place"
    elif code in FORBIDDEN:
        remedy = "; choose a place that you may write to"
    return f"cannot write {os.fspath(path)}: {reason}; what was there before is intact{remedy}"


def remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed left in a folder; those that still write keep theirs."""
    with os.scandir(folder) as entries:
        found = [Path(entry.path) for entry in entries if entry.name.startswith(PREFIX) and entry.is_dir()]
    for room in found:
        try:
            with FileLock(room / "lock", timeout=0):
                shutil.rmtree(room, ignore_errors=True)
        except (OSError, Timeout, NotImplementedError):
            continue  # its writer lives, or another process has just removed it


@contextmanager
def _room(parent: Path) -> Iterator[Path]:
    """Make a folder of our own, locked for as long as we live."""
    while True:
        room = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        try:
            lock = FileLock(room / "lock")
            lock.acquire()
        except (FileNotFoundError, FileExistsError):  # taken for a leftover before it was locked
            continue
        if room.exists():
            break
        lock.release()
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        lock.release()


def _mode(target: Path, room: Path) -> int:
    """Mode of the file that is replaced, or that of new files."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    (room / "mode").touch()
    return stat.S_IMODE((room / "mode").stat().st_mode)


def _to_disk(part: Path) -> None:
    """Let the contents reach the disk before the name does, so that a power cut leaves no empty file."""
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _code(error: Exception) -> int | None:
    """Read the number of an error, which some libraries only spell out."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"(?:os error|errno =|Errno) (\d+)", str(error))
    return int(found[1]) if found else None
