"""The run directory: run.json says what was run, where and how; metrics.csv grows with every test."""

import dataclasses
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import na2q
from na2q.config import TrainConfig, from_dict
from na2q.training.trainer import Metrics

RECORD, METRICS, WEIGHTS, BEST, LOCK = "run.json", "metrics.csv", "weights.safetensors", "best.safetensors", ".lock"
PACKAGES = ("torch", "numpy", "lbforaging")


class RunError(RuntimeError):
    """A run directory that cannot be used as asked."""


class RunFolder:
    """Reads and writes the files of one run; use as a context manager to keep other processes out."""

    def __init__(self, path: Path, config: TrainConfig) -> None:
        self.path, self.config = path, config
        self.record: dict[str, Any] = {}

    def __enter__(self) -> "RunFolder":
        """Create and lock the directory; raise RunError if another process trains in it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / LOCK, timeout=0)
            self._lock.acquire()
        except Timeout as error:
            raise RunError(f"another process is training in {self.path}") from error
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
        """Take up the run that the directory holds, if it is this one."""
        if not (self.path / RECORD).exists():
            return
        self.record = read_record(self.path)
        stored, given = self.record["config"], _jsonable(self.config)
        if stored != given:
            raise RunError(f"{self.path} holds a run with other settings: {differences(stored, given)}")

    @property
    def complete(self) -> bool:
        """Whether the run reached its last step."""
        return self.record.get("status") == "complete"

    def begin(self) -> None:
        """Write down what is run, before the first step; later commits of a resumed run are added."""
        if not self.record:
            self.record = {
                "command": command(self.config, self.path),
                "config": _jsonable(self.config),
                "versions": {"na2q": na2q.__version__, "python": platform.python_version()}
                | {name: importlib.metadata.version(name) for name in PACKAGES},
                "machine": {"processor": platform.machine(), "system": platform.system(), "cores": os.cpu_count()},
                "commit": git_commit(),
            }
        elif (commit := git_commit()) not in (self.record["commit"], *self.record.get("resumed_on", [])):
            self.record["resumed_on"] = [*self.record.get("resumed_on", []), commit]
        self.note(status="running")

    def note(self, **facts: Any) -> None:
        """Add facts to run.json, whole or not at all."""
        self.record |= facts
        part = self.path / f"{RECORD}.part"
        part.write_text(json.dumps(self.record, indent=1) + "\n")
        part.replace(self.path / RECORD)

    def metrics(self, rows: list[Metrics]) -> None:
        """Write metrics.csv anew, whole or not at all."""
        part = self.path / f"{METRICS}.part"
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.6g")
        part.replace(self.path / METRICS)

    def weights(self, name: str, state: dict[str, torch.Tensor]) -> None:
        """Save the weights of a network as WEIGHTS (last) or BEST (highest test return)."""
        part = self.path / f"{name}.part"
        save_file({key: value.cpu().contiguous() for key, value in state.items()}, part)
        part.replace(self.path / name)


def read_record(run_dir: Path) -> dict[str, Any]:
    """Contents of run.json; raise RunError where it is missing or damaged."""
    try:
        return json.loads((run_dir / RECORD).read_text())
    except FileNotFoundError as error:
        raise RunError(f"{run_dir} holds no {RECORD}: not the folder of a run") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{run_dir / RECORD} cannot be read: {error}") from error


def read_run(run_dir: Path, weights: str = WEIGHTS) -> tuple[TrainConfig, dict[str, torch.Tensor]]:
    """Configuration and weights of a run; raise RunError where either is missing or damaged."""
    config = from_dict(read_record(run_dir)["config"])
    try:
        return config, load_file(run_dir / weights)
    except (OSError, SafetensorError) as error:
        raise RunError(f"{run_dir / weights} cannot be read: {error}; is the run finished?") from error


def differences(stored: dict[str, Any], given: dict[str, Any]) -> str:
    """Name the settings in which two configurations differ, with both values."""
    found = []
    for name in sorted(stored.keys() | given.keys()):
        old, new = stored.get(name), given.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += [f"{name}.{line}" for line in differences(old, new).split("; ") if line]
        elif old != new:
            found.append(f"{name} is {old!r} there and {new!r} here")
    return "; ".join(found)


def _jsonable(config: TrainConfig) -> dict[str, Any]:
    return json.loads(json.dumps(dataclasses.asdict(config)))


def command(config: TrainConfig, run_dir: Path) -> str:
    """Command line that repeats a run, as far as its settings differ from the defaults."""
    plain = TrainConfig(method=config.method, env=config.env, preset=config.preset)
    flags = {"method": config.method, "env": config.env, "seed": config.seed, "preset": config.preset}
    flags |= {k: v for k, v in _flat(config).items() if v != _flat(plain)[k] and k not in flags}
    where = f"{run_dir.name}" if run_dir.is_absolute() else run_dir.as_posix()
    words = [f"--{name.replace('_', '-')} {_words(value)}" for name, value in flags.items()]
    return " ".join(["na2q train", *words, f"--run-dir {where}"])


def _flat(config: TrainConfig) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in dataclasses.asdict(config).items():
        flat |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def git_commit() -> str | None:
    """Commit of the package's checkout, marked where files differ from it; None outside one."""
    here = Path(__file__).parents[1]
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "."], cwd=here, capture_output=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit + "-changed" * bool(changed)
