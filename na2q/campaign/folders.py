"""How far runs are, and how the results of several machines come together."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from filelock import FileLock, Timeout

from na2q.arguments import checks_arguments
from na2q.campaign.sweeps import runs_of
from na2q.config import config_of
from na2q.files import WriteError, replacing, unwritten
from na2q.training.records import (
    LOCK,
    MERGED,
    METRICS,
    RECORD,
    STAGED,
    DamagedError,
    RunError,
    finish_merge,
    parse_metrics,
    parse_record,
    read_metrics,
    read_record,
    run_folders,
    where,
)

KEPT = (METRICS, RECORD)  # what a stored result consists of
DAMAGED = "damaged"


@checks_arguments
def state_of(folder: Path) -> dict[str, Any]:
    """Say how far a run is: status, step, total steps, last test return, steps a second; for damaged ones the problem.

    The status is that of run.json, `missing` where there is none, `damaged` where a file cannot be read.
    """
    if not where(folder, RECORD).exists():
        return {"status": "missing", "step": 0}
    try:
        record = read_record(folder)
        state = {"status": record["status"], "step": 0, "total": record["config"]["total_steps"]}
        if record["status"] == "complete" or where(folder, METRICS).exists():
            last = read_metrics(folder, record).iloc[-1]
            state |= {"step": int(last["step"]), "return": float(last["test_return_mean"])}
            if last["step"] > 0 and last.get("seconds", 0) > 0:
                state["steps/s"] = float(last["step"] / last["seconds"])
    except RunError as error:
        return {"status": DAMAGED, "step": 0, "problem": str(error)}
    return state


@checks_arguments
def status(root: str | Path, sweep: str | None = None) -> pd.DataFrame:
    """Table of the runs below a folder, or of all that a sweep asks for; raise RunError where there are none."""
    root = Path(root)
    folders = [run.folder for run in runs_of(sweep)] if sweep is not None else _names(root)
    if not folders:
        raise RunError(f"no runs below {root}" if root.is_dir() else f"{root} is no folder")
    table = pd.DataFrame([{"run": folder} | state_of(root / folder) for folder in folders]).set_index("run")
    first = ("status", "step", "total", "return", "steps/s", "problem")
    return table[[name for name in first if name in table]]


def _names(root: Path) -> list[str]:
    return [folder.relative_to(root).as_posix() for folder in run_folders(root)]


class _Result(NamedTuple):
    """A stored result as it was read: the bytes of both files, and what decides which of two is kept."""

    metrics: bytes
    record: bytes
    about: dict[str, Any]  # the record's contents
    complete: bool
    steps: int

    @property
    def rank(self) -> tuple[bool, int]:
        """Complete before unfinished, then longer before shorter."""
        return self.complete, self.steps


@checks_arguments
def merge(source: str | Path, into: str | Path) -> dict[str, str]:
    """Copy the metrics and settings of all runs below `source`; a complete run is never replaced by an unfinished one,
    nor a longer one by a shorter one.

    Each run is replaced whole or not at all, under its lock.

    Returns:
        What happened to each run. It was copied, copied over a shorter, unfinished or damaged one, kept, had nothing
        to copy, or was refused, with the reason, where settings differ, the source is damaged or a link, or in use.

    Raises:
        RunError: `source` is no folder, holds no runs, or is the same as `into`.
        WriteError: a run cannot be written; those before it are merged.
    """
    source, into = Path(source), Path(into)
    if not source.is_dir():
        raise RunError(f"source {source} is no folder: nothing was merged")
    if source.resolve() == into.resolve():
        raise RunError(f"source and into are both {source}: nothing was merged")
    names = _names(source)
    if not names:
        raise RunError(f"no runs below {source}: nothing was merged")
    return {name: _merge_one(source / name, into, name) for name in names}


def _merge_one(new: Path, into: Path, name: str) -> str:
    old = into / name
    if linked := _link(new, [new / file for file in KEPT]) or _link(old, _below(into, old)):
        return f"refused: {linked} is a link"
    if not where(new, METRICS).exists():
        return "nothing to copy"
    try:
        result = _read(new)
    except RunError as error:
        return f"refused: {error}"
    try:
        old.mkdir(parents=True, exist_ok=True)
        with FileLock(old / LOCK, timeout=0):
            finish_merge(old)
            outcome, copies = _compare(result, old)
            if copies:
                _put(result, old)
            return outcome
    except Timeout:
        return f"refused: another process is training in {old}"
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(unwritten(old, error)) from error


def _link(folder: Path, more: list[Path]) -> Path | None:
    return next((path for path in (folder, *more) if path.is_symlink()), None)


def _below(root: Path, folder: Path) -> list[Path]:
    """Places within `root` that a copy would write to or through."""
    through = [path for path in folder.parents if path.is_relative_to(root) and path != root]
    return [*through, *(folder / file for file in KEPT)]


def _read(folder: Path) -> _Result:
    """Read both files once, so that what is checked is what is copied."""
    paths = [where(folder, name) for name in KEPT]
    try:
        metrics, record = (path.read_bytes() for path in paths)
    except OSError as error:
        raise DamagedError(f"{error.filename} cannot be read: {error.strerror}") from error
    about = parse_record(record, paths[1])
    table = parse_metrics(metrics, paths[0], about)
    return _Result(metrics, record, about, about["status"] == "complete", int(table["step"].iloc[-1]))


def _compare(result: _Result, old: Path) -> tuple[str, bool]:
    """Decide between a result and what is there: what to say, and whether to copy."""
    if not where(old, RECORD).exists():
        return "copied", True
    try:
        about = read_record(old)
    except RunError:
        return "copied over a damaged one", True
    if not _same_settings(about, result.about):
        return "refused: other settings", False
    if not where(old, METRICS).exists():
        return "copied over one without tests", True
    try:
        there = _read(old)
    except RunError:
        return "copied over a damaged one", True
    if there.rank >= result.rank:
        return "kept", False
    return ("copied over an unfinished one" if there.complete < result.complete else "copied over a shorter one"), True


def _same_settings(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two files mean the same settings, which files of different versions may write differently."""
    try:
        return config_of(one) == config_of(other)
    except ValueError:  # of a method or environment that is not registered here
        return one["config"] == other["config"]


def _put(result: _Result, folder: Path) -> None:
    """Write both files, whole or not at all: readers look into MERGED first, which appears in one step."""
    staged = folder / STAGED
    try:
        staged.mkdir()
        for name, content in ((METRICS, result.metrics), (RECORD, result.record)):
            with replacing(staged / name) as part:
                part.write_bytes(content)
        staged.rename(folder / MERGED)
    finally:
        finish_merge(folder)
