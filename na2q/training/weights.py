"""Weights files: a network as it was saved, with what rebuilds it."""

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError

from na2q.arguments import checks_arguments
from na2q.config import TrainConfig, as_texts, from_texts
from na2q.files import as_path, parse_json, replacing
from na2q.spec import EnvSpec
from na2q.training.records import RECORD, RunError, config_in, differences, read_record
from na2q.training.tensors import load_tensors, save_tensors

WEIGHTS, BEST = "weights.safetensors", "best.safetensors"


class Trained(NamedTuple):
    """A network as it was saved."""

    config: TrainConfig
    spec: EnvSpec
    weights: dict[str, torch.Tensor]


@checks_arguments
def read_weights(path: Path) -> Trained:
    """Read a weights file, or the last weights in a run folder.

    Raises RunError where the file is missing, is damaged, or lies in the folder of another run.
    """
    path = as_path(path)
    path = path / WEIGHTS if path.is_dir() else path
    if not path.exists():
        raise RunError(f"{path} does not exist: give a weights file or the folder of a finished run")
    try:
        weights, about = load_tensors(path, unsigned=("config", "spec"))
        config, spec = from_texts(about), EnvSpec(**parse_json(about["spec"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    in_run = path.name in (WEIGHTS, BEST) and (path.parent / RECORD).exists()
    if in_run and (other := differences(config, config_in(path.parent, read_record(path.parent)))):
        raise RunError(f"{path} belongs to another run: {other}")
    return Trained(config, spec, weights)


def write_weights(path: Path, config: TrainConfig, spec: EnvSpec, state: dict[str, torch.Tensor]) -> None:
    """Write a weights file, whole or not at all; arrays by name, in the shapes that the network has them."""
    about = as_texts(config) | {"spec": json.dumps(dataclasses.asdict(spec))}
    with replacing(path) as part:
        save_tensors(part, state, about)
