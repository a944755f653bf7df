"""Runs, a recording and folders of them that everything else is tried on."""

from pathlib import Path
from typing import NamedTuple

from na2q.config import TrainConfig, configure
from na2q.training.run import train


class Material(NamedTuple):
    """What was made beforehand; nobody may change it."""

    root: Path
    run: Path  # complete
    other: Path  # complete, of another method, task and seed
    cut: Path  # stopped, with a checkpoint
    recording: Path
    config: TrainConfig  # of `run`
    cut_config: TrainConfig


def make(root: Path) -> Material:
    """Train two small runs and a part of a third, and record one."""
    import threading

    from na2q.explain.recording import record, save

    runs = root / "runs" / "s" / "lbf-3p-3f"
    config = configure("vdn", "lbf-3p-3f", "smoke")
    train(config, runs / "vdn" / "seed-1")
    train(configure("qmix", "lbf-2p-2f", "smoke", seed=2), root / "runs" / "s" / "lbf-2p-2f" / "qmix" / "seed-2")
    cut_config = configure("na2q", "lbf-3p-3f", "smoke")
    stop = threading.Event()
    threading.Timer(0.7, stop.set).start()
    train(cut_config, root / "cut", checkpoint_minutes=0, stop=stop)
    save(record(runs / "vdn" / "seed-1", 3), root / "recording.nc")
    return Material(
        root,
        runs / "vdn" / "seed-1",
        root / "runs/s/lbf-2p-2f/qmix/seed-2",
        root / "cut",
        root / "recording.nc",
        config,
        cut_config,
    )
