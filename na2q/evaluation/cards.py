"""Cards of stored models: how they were trained, and what they earn, with an interval.

``python -m na2q.evaluation.cards data/models`` writes ``card.json`` beside every weights file below a folder.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from na2q.arguments import checks_arguments
from na2q.config import as_dict
from na2q.config.checks import Copies, Whole
from na2q.files import as_path, parse_json, replacing
from na2q.stats import Estimate, mean_over
from na2q.training import policy
from na2q.training.addresses import sha256_of
from na2q.training.records import RunError, read_record
from na2q.training.weights import WEIGHTS

CARD = "card.json"
EPISODES = 320
"""Greedy episodes that a card's return is the mean of."""
SEED = 1
"""Decides these episodes."""


@checks_arguments
def earned(model: Path | str, episodes: Copies = EPISODES, seed: Whole = SEED) -> dict[str, Estimate]:
    """Mean return of greedy episodes and the shares of what they can be, with 95 % intervals over episodes.

    Args:
        model: folder of a run, or a weights file.
        episodes: how many to play.
        seed: decides the episodes.
    """
    table = policy.evaluate(model, episodes, seed)
    shares = [name for name in ("won", "cleared") if name in table]
    numbers = {name: table[name].to_numpy(float) for name in ("return", *shares)}
    return {name: mean_over(values, np.arange(len(values))) for name, values in numbers.items()}


@checks_arguments
def card(model: Path | str, episodes: Copies = EPISODES, seed: Whole = SEED) -> dict[str, Any]:
    """Say of a stored run how it was trained, which file it is, and what it earns.

    Raises:
        RunError: the folder holds no run, or its weights cannot be read.
    """
    folder = as_path(model)
    record, trained = read_record(folder), policy.load(folder)
    config = trained.config
    played = config.env_options.playable()
    return {
        "file": WEIGHTS,
        "sha256": sha256_of(folder / WEIGHTS),
        "task": config.env,
        "method": config.method,
        "training": {
            "preset": config.preset,
            "seed": config.seed,
            "steps": record.get("steps"),
            "command": record.get("command"),
            "commit": record.get("commit"),
            "versions": record.get("versions"),
        },
        "played": {"env_options": as_dict(config)["env_options"] | _differing(config.env_options, played)},
        "expected": {"episodes": episodes, "seed": seed}
        | {
            name: {"mean": round(value.value, 4), "low": round(value.low, 4), "high": round(value.high, 4)}
            for name, value in earned(folder, episodes, seed).items()
        },
    }


def _differing(trained: Any, played: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(played).items() if value != getattr(trained, name)}


@checks_arguments
def write(model: Path | str) -> Path:
    """Write the card of a stored run into its folder and return its path."""
    path = as_path(model) / CARD
    text = json.dumps(card(model), indent=1) + "\n"
    with replacing(path) as part:
        part.write_text(text)
    return path


@checks_arguments
def read(model: Path | str) -> dict[str, Any]:
    """Read the card of a stored run.

    Raises:
        RunError: there is no card, it cannot be read, or the weights beside it are not those that it speaks of.
    """
    folder = as_path(model)
    path = folder / CARD
    try:
        found = parse_json(path.read_text())
        expected, digest = found["expected"], found["sha256"]
        fits = isinstance(expected["return"]["mean"], float)
    except OSError as error:
        raise RunError(f"{folder} has no card: python -m na2q.evaluation.cards {folder} writes it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is not a card: {error!r}") from error
    if not fits:
        raise RunError(f"{path} is not a card: its return is {expected['return']!r}")
    if (own := sha256_of(folder / WEIGHTS)) != digest:
        raise RunError(f"{path} speaks of weights with the checksum {digest}, but {WEIGHTS} has {own}")
    return found


@checks_arguments
def models(root: Path | str) -> Iterator[Path]:
    """Find all folders below `root` that hold the weights of a run, in order."""
    return (path.parent for path in sorted(as_path(root).rglob(WEIGHTS)))


def main() -> None:
    """Write the cards of all models below a folder."""
    parser = argparse.ArgumentParser(description="Write a card beside every weights file below a folder.")
    parser.add_argument("root", type=Path)
    for model in models(parser.parse_args().root):
        print(write(model))


if __name__ == "__main__":
    main()
