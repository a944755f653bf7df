"""Weights files of networks that have learned nothing, in folders that look like runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from na2q.config import TrainConfig
from na2q.training.runlog import RunFolder
from na2q.training.trainer import Trainer
from na2q.training.weights import WEIGHTS


def save_untrained(config: TrainConfig, folder: Path, change: Callable[[Any], None] = lambda method: None) -> Any:
    """Write the first weights of a run, after a change to them, and return the method."""
    trainer = Trainer(config)
    with torch.no_grad():
        change(trainer.learner.online)
    with RunFolder(folder, config) as run:
        run.weights(WEIGHTS, trainer.learner.online.state_dict(), trainer.env.spec)
    return trainer.learner.online.eval()


SHORT = {"env_options.time_limit": 8}
"""Settings of foraging episodes that take little time."""

BLIND = 2
"""Feature that a network changed by `blind` does not see."""


def blind(method: Any) -> None:
    """Let agents not see one feature of their observations."""
    method.agent.fc_in.weight[:, BLIND] = 0


def always(action: int) -> Callable[[Any], None]:
    """Make agents prefer one action, whatever they see."""

    def change(method: Any) -> None:
        method.agent.head.weight.zero_()
        method.agent.head.bias.zero_()
        method.agent.head.bias[action] = 1

    return change
