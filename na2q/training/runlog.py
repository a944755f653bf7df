"""The run directory: metrics.csv grows with every test, run.json says what was run, where and how."""

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
from safetensors.torch import load_file, save_file

import na2q
from na2q.config import TrainConfig, from_dict

Metrics = dict[str, int | float]
WEIGHTS = "weights.safetensors"
PACKAGES = ("torch", "numpy", "lbforaging")


class RunLog:
    """Writes one run's files; refuses a directory that already holds a run."""

    def __init__(self, run_dir: Path, config: TrainConfig) -> None:
        self.dir = run_dir
        if (run_dir / "run.json").exists():
            raise FileExistsError(f"{run_dir} already holds a run; choose another directory or remove it")
        run_dir.mkdir(parents=True, exist_ok=True)
        self.record: dict[str, Any] = {
            "command": command(config, run_dir),
            "config": dataclasses.asdict(config),
            "commit": git_commit(),
            "versions": {"na2q": na2q.__version__, "python": platform.python_version()}
            | {name: importlib.metadata.version(name) for name in PACKAGES},
            "machine": {"processor": platform.machine(), "system": platform.system(), "cores": os.cpu_count()},
            "status": "running",
        }
        self._write_record()

    def metrics(self, rows: list[Metrics]) -> None:
        """Write metrics.csv anew, whole or not at all."""
        part = self.dir / "metrics.csv.part"
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.6g")
        part.replace(self.dir / "metrics.csv")

    def finish(self, weights: dict[str, torch.Tensor], **facts: Any) -> None:
        """Save the weights and note that the run is complete."""
        save_file({name: value.cpu().contiguous() for name, value in weights.items()}, self.dir / WEIGHTS)
        self.record |= facts | {"status": "complete"}
        self._write_record()

    def _write_record(self) -> None:
        part = self.dir / "run.json.part"
        part.write_text(json.dumps(self.record, indent=1) + "\n")
        part.replace(self.dir / "run.json")


def read_run(run_dir: Path) -> tuple[TrainConfig, dict[str, torch.Tensor]]:
    """Configuration and weights of a finished run."""
    for name in ("run.json", WEIGHTS):
        if not (run_dir / name).exists():
            raise FileNotFoundError(f"{run_dir} holds no {name}: not the folder of a finished run")
    config = from_dict(json.loads((run_dir / "run.json").read_text())["config"])
    return config, load_file(run_dir / WEIGHTS)


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
