"""The run folder: run.json says what was run, where and how; metrics.csv grows with every test."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout
from torch import Tensor

from na2q.config import TrainConfig, facts
from na2q.files import remove_leftovers, replacing
from na2q.spec import EnvSpec
from na2q.training.origin import git_commit, origin
from na2q.training.records import (
    CHECKSUM,
    LOCK,
    METRICS,
    RECORD,
    BusyError,
    RunError,
    checksum,
    config_in,
    differences,
    finish_merge,
    read_record,
)
from na2q.training.trainer import Metrics
from na2q.training.weights import write_weights


class RunFolder:
    """Reads and writes the files of one run; use as a context manager to keep other processes out."""

    def __init__(self, path: Path, config: TrainConfig) -> None:
        self.path, self.config = path, config
        self.record: dict[str, Any] = {}

    def __enter__(self) -> "RunFolder":
        """Create and lock the folder; raise BusyError if another process trains in it, RunError if it cannot be."""
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
        """Take up the run that the folder holds, if it is this one; nobody else writes here from now on."""
        remove_leftovers(self.path)
        finish_merge(self.path)
        if not (self.path / RECORD).exists():
            return
        self.record = read_record(self.path)
        stored = config_in(self.path, self.record)
        if stored != self.config:
            raise RunError(f"{self.path} holds a run with other settings: {differences(stored, self.config)}")

    @property
    def complete(self) -> bool:
        """Whether the run reached its last step."""
        return self.record.get("status") == "complete"

    def begin(self, init_from: dict[str, Any] | None = None) -> None:
        """Write down what is run, before the first step; later commits of a resumed run are added."""
        if not self.record:
            self.record = facts(self.config) | origin(self.config, self.path)
            self.record |= {"init_from": init_from} if init_from else {}
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

    def weights(self, name: str, state: dict[str, Tensor], spec: EnvSpec) -> None:
        """Save the weights of a network as WEIGHTS (last) or BEST (highest test return)."""
        write_weights(self.path / name, self.config, spec, state)
