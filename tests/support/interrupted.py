"""A run that an exception strikes in the middle of an episode's work, as a power cut would."""

from pathlib import Path
from typing import Any

import pytest

from na2q.config import TrainConfig
from na2q.training.run import train
from na2q.training.trainer import Trainer


def interrupted_after(
    updates: int, config: TrainConfig, run_dir: Path, monkeypatch: pytest.MonkeyPatch, **arguments: Any
) -> None:
    """Train into a folder up to so many updates, with a checkpoint after every episode."""
    learn = Trainer.learn

    def strike(self: Trainer) -> None:
        if self.updates >= updates:
            raise ConnectionError("power cut")
        learn(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "learn", strike)
        with pytest.raises(ConnectionError):
            train(config, run_dir, checkpoint_minutes=0, **arguments)
