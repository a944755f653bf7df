"""The run directory: run.json says what was run, where and how; metrics.csv grows with every test."""

import dataclasses
import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError

import na2q
from na2q.arguments import checks_arguments
from na2q.config import TrainConfig, as_texts, config_of, departures, facts, flat, from_texts
from na2q.files import as_path, parse_json, remove_leftovers, replacing
from na2q.spec import EnvSpec
from na2q.training.records import (
    CHECKSUM,
    LOCK,
    METRICS,
    RECORD,
    BusyError,
    RunError,
    checksum,
    finish_merge,
    read_record,
)
from na2q.training.tensors import load_tensors, save_tensors
from na2q.training.trainer import Metrics

WEIGHTS, BEST = "weights.safetensors", "best.safetensors"
PACKAGE = Path(na2q.__file__).parent
PACKAGES = ("torch", "numpy", "lbforaging")


class RunFolder:
    """Reads and writes the files of one run; use as a context manager to keep other processes out."""

    def __init__(self, path: Path, config: TrainConfig) -> None:
        self.path, self.config = path, config
        self.record: dict[str, Any] = {}

    def __enter__(self) -> "RunFolder":
        """Create and lock the directory; raise BusyError if another process trains in it, RunError if it cannot be."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / LOCK, timeout=0)
            self._lock.acquire()
        except Timeout as error:
            raise BusyError(f"another process is training in {self.path}") from error
        except OSError as error:
            raise RunError(f"cannot write into {self.path}: {error.strerror}") from error
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let other processes in again."""
        self._lock.release()

    def _open(self) -> None:
        """Take up the run that the directory holds, if it is this one; nobody else writes here from now on."""
        remove_leftovers(self.path)
        finish_merge(self.path)
        if not (self.path / RECORD).exists():
            return
        self.record = read_record(self.path)
        stored = _config(self.path, self.record)
        if stored != self.config:
            raise RunError(f"{self.path} holds a run with other settings: {differences(stored, self.config)}")

    @property
    def complete(self) -> bool:
        """Whether the run reached its last step."""
        return self.record.get("status") == "complete"

    def begin(self, init_from: dict[str, Any] | None = None) -> None:
        """Write down what is run, before the first step; later commits of a resumed run are added."""
        if not self.record:
            self.record = (
                facts(self.config)
                | {
                    "command": command(self.config, self.path),
                    "versions": {"na2q": na2q.__version__, "python": platform.python_version()}
                    | {name: importlib.metadata.version(name) for name in PACKAGES},
                    "machine": {"processor": platform.machine(), "system": platform.system(), "cores": os.cpu_count()},
                    "commit": git_commit(),
                }
                | ({"init_from": init_from} if init_from else {})
            )
        elif (commit := git_commit()) not in (self.record.get("commit"), *self.record.get("resumed_on", [])):
            self.record["resumed_on"] = [*self.record.get("resumed_on", []), commit]
        self.note(status="running")

    def note(self, **facts: Any) -> None:
        """Add facts to run.json, whole or not at all."""
        self.record |= facts
        self.record[CHECKSUM] = checksum(self.record)
        with replacing(self.path / RECORD) as part:
            part.write_text(json.dumps(self.record, indent=1) + "\n")

    def metrics(self, rows: list[Metrics]) -> None:
        """Write metrics.csv anew, whole or not at all."""
        with replacing(self.path / METRICS) as part:
            pd.DataFrame(rows).to_csv(part, index=False, float_format="%.6g")

    def weights(self, name: str, state: dict[str, torch.Tensor], spec: EnvSpec) -> None:
        """Save the weights of a network as WEIGHTS (last) or BEST (highest test return), with what rebuilds it."""
        about = as_texts(self.config) | {"spec": json.dumps(dataclasses.asdict(spec))}
        with replacing(self.path / name) as part:
            save_tensors(part, state, about)


class Trained(NamedTuple):
    """A network as it was saved."""

    config: TrainConfig
    spec: EnvSpec
    weights: dict[str, torch.Tensor]


@checks_arguments
def read_weights(path: Path) -> Trained:
    """Read a weights file, or the last weights in a run directory.

    Raises RunError where the file is missing, is damaged, or lies in the directory of another run.
    """
    path = as_path(path)
    path = path / WEIGHTS if path.is_dir() else path
    if not path.exists():
        raise RunError(f"{path} does not exist: give a weights file or the directory of a finished run")
    try:
        weights, about = load_tensors(path, unsigned=("config", "spec"))
        config, spec = from_texts(about), EnvSpec(**parse_json(about["spec"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    in_run = path.name in (WEIGHTS, BEST) and (path.parent / RECORD).exists()
    if in_run and (other := differences(config, _config(path.parent, read_record(path.parent)))):
        raise RunError(f"{path} belongs to another run: {other}")
    return Trained(config, spec, weights)


def _config(run_dir: Path, record: dict[str, Any]) -> TrainConfig:
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


def command(config: TrainConfig, run_dir: Path) -> str:
    """Command line that repeats a run, as far as its settings differ from the defaults."""
    flags = {"method": config.method, "env": config.env, "seed": config.seed, "preset": config.preset}
    where = run_dir.name if run_dir.is_absolute() else run_dir.as_posix()
    words = [word for name, value in (flags | departures(config)).items() for word in _flag(name, value)]
    return shlex.join(["na2q", "train", *words, "--run-dir", where])


def _flag(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):  # --options.state-bias or --options.no-state-bias
        group, _, field = option.rpartition(".")
        return [f"--{group}.{'' if value else 'no-'}{field}"]
    return [f"--{option}", *map(str, value if isinstance(value, tuple) else (value,))]


def git_commit() -> str | None:
    """Commit of the package's checkout, marked where files differ from it; None where none tracks the package."""
    if not _git("ls-files", "--error-unmatch", "__init__.py"):
        return None  # outside a checkout, or installed into a folder within one of another project
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", ".")
    return commit and commit + "-changed" * bool(changed)


def _git(*words: str) -> str | None:
    """Ask git about the folder of the package; None where it has no answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *words], cwd=PACKAGE, env=environment, capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
