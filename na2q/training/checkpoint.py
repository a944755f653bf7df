"""Everything a run needs to go on as if it had never stopped, in one file and without pickle.

Tensors lie in a safetensors file with a checksum; counters, metrics, the states of the random generators and the
run's configuration are JSON in its header. The file is written beside the old one and renamed, so that a crash at
any moment leaves one whole checkpoint.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from na2q.config import as_texts, from_texts
from na2q.files import parse_json, replacing
from na2q.training.blocks import Place
from na2q.training.records import differences
from na2q.training.replay import Replay
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
    tensors = {f"objective.{name}": value for name, value in learner.networks.state_dict().items()}
    for i, optimizer in enumerate(learner.optimizers):
        for parameter, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{parameter}.{name}": torch.as_tensor(x) for name, x in state.items()}
    tensors |= {f"replay.{name}": x for name, x in stored_episodes(replay).items()}
    return tensors | {"generator": learner.generator.get_state()}


def _load(trainer: Trainer, tensors: dict[str, Tensor], added: int) -> None:
    learner, replay = trainer.learner, trainer.replay

    def below(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}

    learner.networks.load_state_dict(below("objective."))
    for i, optimizer in enumerate(learner.optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, x in below(f"optimizer.{i}.").items():
            parameter, _, key = name.partition(".")
            state.setdefault(int(parameter), {})[key] = x.clone()
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    fill(replay, below("replay."), added)
    learner.generator.set_state(tensors["generator"].clone())


def stored_episodes(replay: Replay) -> dict[str, Tensor]:
    """Return all that a replay holds, without padding and without a copy: `fill` takes it back."""
    ends: dict[int, int] = {}
    for place in replay.places:
        ends[place.block] = max(place.start + place.length + 1, ends.get(place.block, 0))
    live = {number: slots.cut(_start(replay, number), ends[number]) for number, slots in replay.blocks.items()}
    stored = {f"{number}.{name}": x for number, slots in live.items() for name, x in slots._asdict().items()}
    return {"places": torch.tensor(replay.places, dtype=torch.int64).view(-1, len(Place._fields))} | stored


def fill(replay: Replay, tensors: Mapping[str, Tensor], added: int) -> None:
    """Give a replay the contents of another one to which `added` episodes had been added, block by block.

    Arrays have shapes (slots, ...) of `na2q.training.blocks.Stored`, and (episodes, 3) for the places.
    """
    replay.places = [Place(*row) for row in tensors["places"].tolist()]
    replay.added, replay.blocks = added, {}
    for number in sorted({place.block for place in replay.places}):
        replay.blocks[number] = replay.new_block()
        start = _start(replay, number)
        for name, kept in replay.blocks[number]._asdict().items():
            stored = tensors[f"{number}.{name}"]
            replay.used = start + len(stored)
            kept[start : replay.used] = stored


def _start(replay: Replay, number: int) -> int:
    """Return the first slot of a block that is still needed."""
    return replay.oldest.start if number == replay.oldest.block else 0
