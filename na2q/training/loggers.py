"""The metrics of a run in the formats of other programs, beside metrics.csv, which stays the truth."""

import importlib
import os
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

from na2q.config import flat
from na2q.training.records import RunError
from na2q.training.runlog import RunFolder
from na2q.training.trainer import Metrics, run_name


@runtime_checkable
class Log(Protocol):
    """Takes the metrics of each test as they come."""

    def add(self, row: Metrics) -> None:
        """Write the metrics of one test."""
        ...

    def close(self) -> None:
        """Write what is left and release all."""
        ...


class TensorBoard:
    """Events for TensorBoard, in the folder of the run."""

    def __init__(self, folder: RunFolder, rows: list[Metrics]) -> None:
        """Begin behind the rows of a run that goes on; what was written of later steps is hidden."""
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder.path), purge_step=int(rows[-1]["step"]) + 1 if rows else 0)

    def add(self, row: Metrics) -> None:
        """Write the metrics of one test."""
        for name, value in row.items():
            self.writer.add_scalar(name, value, int(row["step"]))
        self.writer.flush()

    def close(self) -> None:
        """Close the file."""
        self.writer.close()


class WeightsAndBiases:
    """A run of Weights & Biases, with the settings of this run and its name.

    It lies in project `na2q` unless WANDB_PROJECT says otherwise, and its files in the folder of the run. All other
    choices are those of W&B's own variables, such as WANDB_MODE=offline. A run that goes on keeps its id, which
    run.json holds as `wandb`, and sends again only rows of steps that W&B does not have.
    """

    def __init__(self, folder: RunFolder, rows: list[Metrics]) -> None:
        """Begin or go on with the run; raise RunError where W&B refuses it, as without a login."""
        wandb: Any = importlib.import_module("wandb")  # an extra

        if "wandb" not in folder.record:
            folder.note(wandb=uuid.uuid4().hex)
        try:
            self.run: Any = wandb.init(
                project=os.environ.get("WANDB_PROJECT", "na2q"),
                id=folder.record["wandb"],
                name=run_name(folder.config),
                group=f"{folder.config.method}_{folder.config.env}_{folder.config.preset}",
                dir=str(folder.path),
                config=flat(folder.config),
                resume="allow",
                settings=wandb.Settings(silent=True, console="off", disable_code=True, disable_git=True),
            )
        except wandb.Error as error:
            message = "W&B cannot begin a run; `wandb login`, or WANDB_MODE=offline to keep all in the folder"
            raise RunError(f"{message} ({error})") from error
        for row in rows:
            self.add(row)

    def add(self, row: Metrics) -> None:
        """Send the metrics of one test."""
        if row["step"] >= self.run.step:
            self.run.log(dict(row), step=int(row["step"]), commit=True)

    def close(self) -> None:
        """Send what is left."""
        self.run.finish()


class Logger(NamedTuple):
    """A format of others: what makes it, and the package that it needs."""

    begin: Callable[[RunFolder, list[Metrics]], Log]
    package: str


LOGGERS = {"tensorboard": Logger(TensorBoard, "tensorboard"), "wandb": Logger(WeightsAndBiases, "wandb")}
"""Formats by the name of the argument of `train` that switches them on, which is that of an extra too."""


def check_loggers(names: list[str]) -> None:
    """Raise ImportError, with what to install, where the package behind one of `LOGGERS` cannot be imported."""
    for name in names:
        package = LOGGERS[name].package
        try:
            importlib.import_module(package)
        except ImportError as error:
            message = f"--{name} needs the package {package}: pip install 'na2q[{name}]' ({error})"
            raise ImportError(message) from error
