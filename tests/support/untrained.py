"""Weights files of networks that have learned nothing, in folders that look like runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from na2q.config import TrainConfig
from na2q.training.runlog import WEIGHTS, RunFolder
from na2q.training.trainer import Trainer


def save_untrained(config: TrainConfig, folder: Path, change: Callable[[Any], None] = lambda method: None) -> Any:
    """Write the first weights of a run, after a change to them, and return the method."""
    trainer = Trainer(config)
    with torch.no_grad():
        change(trainer.learner.online)
    with RunFolder(folder, config) as run:
        run.weights(WEIGHTS, trainer.learner.online.state_dict(), trainer.env.spec)
    return trainer.learner.online.eval()
