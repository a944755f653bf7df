"""Full disks and places that may not be written to: an error says so, and what was there before is intact."""

import ctypes
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from material import Material
from sandbox import Attempt, judge, run
from tally import Tally

from na2q import cli

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, VERSION_3 = 1, 2, 0x20080522  # of linux/capability.h


def full(tally: Tally, made: Material, place: Path) -> None:
    """Let no file grow beyond a size, and where that is allowed, write to a disk of a few kilobytes too."""
    place.mkdir()
    for size in (0, 1, 300, 4_000, 20_000, 60_000):

        def limit(size: int = size) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        _write_everything(tally, "disk full", made, place / f"limit-{size}", limit)
    for kilobytes in (8, 40, 120):
        disk = place / f"disk-{kilobytes}"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True).returncode:
            disk.rmdir()
            continue  # not allowed here
        try:
            _write_everything(tally, "disk full (tmpfs)", made, disk / "x", lambda: None)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=False)


def forbidden(tally: Tally, made: Material, place: Path) -> None:
    """Write to folders and over files that belong to others and that nobody may write to."""
    place.mkdir()
    place.chmod(0o755)

    _write_everything(tally, "read-only places", made, place / "x", _give_up_privileges, closed=True)


def _give_up_privileges() -> None:
    """Let modes of files hold for root too: without the capabilities to overrule them."""
    if os.getuid() == 0 and sys.platform == "linux":
        libc, header, data = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * 6)()
        libc.capget(header, data)
        for sets in (0, 1):  # effective and permitted
            data[sets] &= ~(1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
        if libc.capset(header, data):
            raise OSError("the kernel does not let us give up privileges")


def _write_everything(
    tally: Tally, kind: str, made: Material, place: Path, before: Callable[[], None], closed: bool = False
) -> None:
    try:
        place.mkdir()
        for name in ("old.gif", "old.html", "old.csv", "old.credits.csv", "old.nc", "old.json"):
            (place / name).write_text("older")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    if closed:
        for path in [*place.iterdir(), place]:
            path.chmod(0o555 if path.is_dir() else 0o444)

    def attempt(words: list[str]) -> Attempt:
        def work() -> None:
            before()
            cli.main(words)

        return Attempt(work, words)

    for done in run(map(attempt, _lines(made, place)), place.parent):
        words, outcome = done.about, judge(done)
        if outcome is None and done.status == 0:
            outcome = "recovered"  # small enough
        elif outcome is None:
            told = ("cannot write", "cannot make", "File too large", "No space left", "Permission denied", "Read-only")
            outcome = "clear error" if any(text in done.said for text in told) else "wrong"
        olds = [path for path in place.glob("old.*") if str(path) in words]
        if outcome != "recovered" and any(path.read_bytes() not in (b"older", b"") for path in olds):
            outcome = "wrong"
        tally.add(kind, outcome, f"{place.name}: {' '.join(words)}", f"status {done.status}\n{done.said}")
        for orphan in done.orphans:
            tally.add(kind, "orphans", " ".join(words), orphan)
    if left := [str(path) for path in place.rglob(".part*")]:
        tally.add(kind, "wrong", f"{place.name}: left behind", "\n".join(left))
    if closed:
        place.chmod(0o755)
    shutil.rmtree(place, ignore_errors=True)


def _lines(made: Material, place: Path) -> Iterator[list[str]]:
    """Every command that writes."""
    task = ["--method", "vdn", "--env", "lbf-3p-3f", "--preset", "smoke"]
    for name in ("old", "new"):
        yield ["evaluate", str(made.run), "--episodes", "2", "--out", str(place / f"{name}.csv")]
        yield ["watch", str(made.run), "--episodes", "1", "--out", str(place / f"{name}.gif")]
        yield ["record", str(made.run), "--episodes", "2", "--out", str(place / f"{name}.nc")]
        yield ["bench", *task, "--steps", "30", "--json", str(place / f"{name}.json")]
        yield ["explain", str(made.run), "--interactive", str(place / f"{name}.html")]
        yield ["export", str(made.root / "runs"), "--out", str(place / f"{name}.json")]
        measure = ["--episodes", "1", "--horizon", "1", "--streams", "1", "--every", "9"]
        yield ["credits", str(made.run), *measure, "--out", str(place / f"{name}.credits.csv")]
    yield ["watch", str(made.run), "--episodes", "1", "--out", str(place / "new.html")]
    yield ["train", *task, "--run-dir", str(place / "run")]
    yield ["train", *task, "--run-dir", str(place / "run-2"), "--checkpoint-minutes", "0"]
    yield ["tune", *task, "--search", "optim.lr=1e-4,1e-3", "--trials", "1", "--out", str(place / "search")]
    yield ["merge", str(made.root / "runs"), str(place / "merged")]
    yield ["explain", str(made.recording), "--out", str(place / "album")]
