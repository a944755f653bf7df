"""Everything a run needs to go on as if it had never stopped, in one file and without pickle.

Tensors lie in a safetensors file with a checksum; counters, metrics, the states of the random generators and the
run's configuration are JSON in its header. The file is written beside the old one and renamed, so that a crash at
any moment leaves one whole checkpoint.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from na2q.config import as_texts, from_texts
from na2q.files import parse_json, replacing
from na2q.training.records import differences
from na2q.training.tensors import load_tensors, save_tensors
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
    about = as_texts(trainer.config) | {"state": json.dumps(plain)}
    try:
        with replacing(run_dir / NAME) as part:
            save_tensors(part, _tensors(trainer), about)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot write a checkpoint into {run_dir}: {error}") from error


def restore(trainer: Trainer, run_dir: Path) -> bool:
    """Bring a new trainer to the state of the checkpoint; False where there is none.

    Raises CheckpointError for a file that is damaged or belongs to another run.
    """
    path = run_dir / NAME
    if not path.exists():
        return False
    try:
        tensors, about = load_tensors(path)
        config = from_texts(about)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); remove it to start the run again") from error
    if other := differences(config, trainer.config):
        raise CheckpointError(f"{path} belongs to another run: {other}; remove it to start the run again")
    plain = parse_json(about["state"])
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
    tensors |= {f"replay.{name}": x for name, x in replay.tensors().items()}
    return tensors | {"generator": learner.generator.get_state()}


def _load(trainer: Trainer, tensors: dict[str, Tensor], added: int) -> None:
    learner, replay = trainer.learner, trainer.replay

    def below(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}

    learner.objective.load_state_dict(below("objective."))
    for i, optimizer in enumerate(learner.optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, x in below(f"optimizer.{i}.").items():
            parameter, _, key = name.partition(".")
            state.setdefault(int(parameter), {})[key] = x.clone()
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    replay.load(below("replay."), added)
    learner.generator.set_state(tensors["generator"].clone())
