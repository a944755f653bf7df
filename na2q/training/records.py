"""What a run's folder says of it: run.json and metrics.csv, read in one place that checks what it reads.

Nothing here needs torch, so that lists of runs and tables of results are quick.
"""

import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout

from na2q.arguments import checks_arguments
from na2q.config import TrainConfig, config_of, flat
from na2q.files import parse_json

RECORD, METRICS, LOCK = "run.json", "metrics.csv", ".lock"
MERGED = ".merged"  # folder of a newer run.json and metrics.csv that have not yet been moved to their place
STATES = ("running", "complete", "diverged")
STAGED = ".merging"  # the same folder before it is whole
CHECKSUM, METRICS_CHECKSUM = "checksum", "metrics_checksum"  # in run.json, of itself and of a complete metrics.csv
COLUMNS = ("step", "test_return_mean")  # that every metrics.csv has


class RunError(RuntimeError):
    """A run folder that cannot be used as asked."""


class BusyError(RunError):
    """A run that another process trains at this moment."""


class DamagedError(RunError):
    """A file of a run that does not hold what it must."""


class DamagedRunWarning(UserWarning):
    """A run that is left out of a table because one of its files is damaged."""


@checks_arguments
def run_folders(root: Path) -> Iterator[Path]:
    """Find all folders below `root` that hold a run.json, in order; hidden folders and links are not entered."""
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if RECORD in files:
            yield Path(place)


@checks_arguments
def read_record(run_dir: Path) -> dict[str, Any]:
    """Contents of run.json; raise RunError where there is none, DamagedError where it is damaged."""
    path = where(run_dir, RECORD)
    try:
        return parse_record(path.read_bytes(), path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunError(f"{run_dir} holds no {RECORD}: not the folder of a run") from error
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror or error}") from error


@checks_arguments
def read_metrics(run_dir: Path, record: dict[str, Any] | None = None) -> pd.DataFrame:
    """Contents of metrics.csv; raise DamagedError where it is missing, damaged, or ends before its run did.

    Args:
        run_dir: folder of the run.
        record: its run.json, where that has been read.
    """
    path = where(run_dir, METRICS)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror or error}") from error
    return parse_metrics(content, path, read_record(run_dir) if record is None else record)


def where(run_dir: Path, name: str) -> Path:
    """Place of a run's file, which a merge that was cut off may have left in a folder of its own."""
    waiting = run_dir / MERGED / name
    return waiting if os.path.exists(waiting) else run_dir / name  # False where it may not be looked at


def finish_merge(run_dir: Path) -> None:
    """Move what a merge left in a folder of its own to its place; only for who holds the run's lock."""
    for name in (METRICS, RECORD):
        if (run_dir / MERGED / name).exists():
            (run_dir / MERGED / name).replace(run_dir / name)
    for folder in (MERGED, STAGED):
        shutil.rmtree(run_dir / folder, ignore_errors=True)


def parse_record(content: bytes, path: Path) -> dict[str, Any]:
    """Check the contents of a run.json; raise DamagedError where something is missing or of another kind."""
    try:
        record = parse_json(content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise DamagedError(f"{path} cannot be read: it holds {_short(record)}, must hold the table of a run")
    config = record.get("config")
    if not isinstance(config, dict):
        raise DamagedError(f"{path} cannot be read: config is {_short(config)}, must be a table of settings")
    _demand(path, "status", record.get("status"), record.get("status") in STATES, f"one of {', '.join(STATES)}")
    for name in ("method", "env", "preset"):
        _demand(path, f"config.{name}", config.get(name), isinstance(config.get(name), str), "a text")
    for name, low in (("total_steps", 1), ("test_interval", 1), ("seed", 0)):
        value = config.get(name)
        _demand(path, f"config.{name}", value, _whole(value, low), f"a whole number from {low}")
    _demand(path, "steps", record.get("steps"), _whole(record.get("steps", 0), 0), "a whole number from 0")
    _demand(path, "command", record.get("command", ""), isinstance(record.get("command", ""), str), "a text")
    curve = record.get("curve", {"method": "", "preset": "", "settings": {}})
    names = curve if isinstance(curve, dict) else {}
    fits = all(isinstance(names.get(n), str) for n in ("method", "preset")) and isinstance(names.get("settings"), dict)
    _demand(path, "curve", curve, fits, "a table of method, preset and settings")
    _demand(path, "version", record.get("version"), _whole(record.get("version", 1), 1), "a whole number from 1")
    absolute = record.get("absolute", {})
    fits = isinstance(absolute, dict) and all(_number(value) for value in absolute.values())
    _demand(path, "absolute", absolute, fits, "a table of numbers")
    if record.get(CHECKSUM, checksum(record)) != checksum(record):
        raise DamagedError(f"{path} cannot be read: its contents do not fit its checksum")
    return record


def checksum(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record's contents; files of older versions hold none."""
    contents = {name: value for name, value in record.items() if name != CHECKSUM}
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def checksum_of_metrics(content: bytes) -> str:
    """Return the SHA-256 of a metrics.csv, whatever ends its lines."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def parse_metrics(content: bytes, path: Path, record: dict[str, Any]) -> pd.DataFrame:
    """Check the contents of a metrics.csv against its run.json; raise DamagedError where they do not fit."""
    try:
        table = pd.read_csv(io.BytesIO(content))
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error
    if lacking := [name for name in COLUMNS if name not in table]:
        raise DamagedError(f"{path} lacks the column {' and '.join(lacking)}")
    if words := [name for name, kind in table.dtypes.items() if kind.kind not in "iufb"]:
        raise DamagedError(f"{path} has text where numbers belong, in column {' and '.join(map(str, words))}")
    complete = record["status"] == "complete"
    steps, returns = (table[name].to_numpy(float) for name in COLUMNS)
    whole = len(table) and not np.isnan([steps[-1], returns[-1]]).any()
    if not whole or (complete and steps[-1] != record.get("steps", steps[-1])):
        reached = f"{steps[-1]:g}" if whole else "none"
        raise DamagedError(f"{path} is cut off at step {reached} of {record.get('steps', 'some')}: copy the run again")
    if np.isnan(steps).any() or (steps < 0).any() or (np.diff(steps) <= 0).any():
        raise DamagedError(f"{path} has steps that do not increase from 0")
    if complete and record.get(METRICS_CHECKSUM, known := checksum_of_metrics(content)) != known:
        raise DamagedError(f"{path} does not fit its checksum in {RECORD}: copy the run again")
    return table


@checks_arguments
def held(run_dir: Path) -> bool:
    """Whether another process trains in a folder at this moment."""
    if not (run_dir / LOCK).exists():
        return False
    try:
        with FileLock(run_dir / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # a place that nobody may write to


def config_in(run_dir: Path, record: dict[str, Any]) -> TrainConfig:
    """Settings of a run from its run.json; raise RunError, with the name of the file, where they cannot be read."""
    try:
        return config_of(record)
    except ValueError as error:
        raise RunError(f"{run_dir / RECORD} cannot be read: {error}") from error


@checks_arguments
def differences(stored: TrainConfig, given: TrainConfig) -> str:
    """Name the settings in which two runs differ, with both values."""
    old, new = flat(stored), flat(given)
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return "; ".join(f"{name} is {old.get(name)!r} there and {new.get(name)!r} here" for name in names)


def _demand(path: Path, name: str, value: Any, fits: bool, allowed: str) -> None:
    if not fits:
        raise DamagedError(f"{path} cannot be read: {name} is {_short(value)}, must be {allowed}")


def _whole(value: Any, low: float = -math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def _number(value: Any) -> bool:
    return _whole(value) or (isinstance(value, float) and math.isfinite(value))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
