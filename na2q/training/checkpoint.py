"""Everything a run needs to go on as if it had never stopped, in one file and without pickle.

Tensors lie in a safetensors file; counters, metrics and the states of the random generators are JSON in
its header. The file is written beside the old one and renamed, so that a crash at any moment leaves
one whole checkpoint.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from na2q.training.runlog import replacing
from na2q.training.trainer import Trainer

NAME = "checkpoint.safetensors"
COUNTERS = ("step", "episode", "updates", "last_sync", "seconds", "returns", "logged", "rows")
GENERATORS = ("act_rng", "test_rng", "replay_rng")


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be written, read, or used for this run."""


def save(trainer: Trainer, run_dir: Path) -> None:
    """Write the state of a run; raise CheckpointError, with the old file intact, if it cannot."""
    plain = {name: getattr(trainer, name) for name in COUNTERS}
    plain |= {name: getattr(trainer, name).bit_generator.state for name in GENERATORS}
    plain["added"] = trainer.replay.added
    try:
        with replacing(run_dir / NAME) as part:
            save_file(_tensors(trainer), part, metadata={"state": json.dumps(plain)})
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot write a checkpoint into {run_dir}: {error}; an older one is intact") from error


def restore(trainer: Trainer, run_dir: Path) -> bool:
    """Bring a new trainer to the state of the checkpoint; False where there is none.

    Raises CheckpointError for a damaged file.
    """
    path = run_dir / NAME
    if not path.exists():
        return False
    try:
        with safe_open(path, "pt") as file:
            plain = json.loads(file.metadata()["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); remove it to start the run again") from error
    for name in COUNTERS:
        setattr(trainer, name, plain[name])
    for name in GENERATORS:
        getattr(trainer, name).bit_generator.state = plain[name]
    _load(trainer, tensors, plain["added"])
    return True


def _tensors(trainer: Trainer) -> dict[str, Tensor]:
    learner, replay = trainer.learner, trainer.replay
    tensors = {f"objective.{name}": value for name, value in learner.objective.state_dict().items()}
    for i, optimizer in enumerate(learner.optimizers):
        for parameter, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{parameter}.{name}": torch.as_tensor(x) for name, x in state.items()}
    tensors |= {f"replay.{name}": x[: len(replay)] for name, x in replay.store._asdict().items()}
    tensors["replay_lengths"] = torch.from_numpy(replay.lengths[: len(replay)])
    tensors["generator"] = learner.generator.get_state()
    return {name: x.detach().contiguous() for name, x in tensors.items()}


def _load(trainer: Trainer, tensors: dict[str, Tensor], added: int) -> None:
    learner, replay = trainer.learner, trainer.replay

    def below(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}

    learner.objective.load_state_dict(below("objective."))
    for i, optimizer in enumerate(learner.optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, x in below(f"optimizer.{i}.").items():
            parameter, _, key = name.partition(".")
            state.setdefault(int(parameter), {})[key] = x
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    replay.added = added
    for name, x in below("replay.").items():
        getattr(replay.store, name)[: len(replay)] = x.to(replay.store.valid.device)
    replay.lengths[: len(replay)] = np.asarray(tensors["replay_lengths"])
    learner.generator.set_state(tensors["generator"])
