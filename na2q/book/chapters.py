"""What the chapters on results do first: take stored runs, or train what is missing of them."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from na2q.campaign import execute, sweeps
from na2q.evaluation import preset_choice, results
from na2q.paths import repo_root


class Shown(NamedTuple):
    """Runs of a chapter, with curves named, and the folder of sweeps that they are from."""

    runs: pd.DataFrame
    root: Path


def shown(
    names: Sequence[str], data: str = "", retrain: bool = False, total_steps: int = 0, **only: Collection[Any]
) -> Shown:
    """Load the runs of some sweeps, as far as they are stored.

    Args:
        names: sweeps, folders below `data`.
        data: folder of sweeps; where empty, data/runs of the checkout, or a folder below _build with `retrain`.
        retrain: first train what is missing of the first sweep's definition, as far as `only` selects it.
        total_steps: length of the runs that are trained; 0 is the sweep's own.
        only: values to select by the name of a column: env, method, preset, seed; all where empty.

    Raises:
        FileNotFoundError: no run of these sweeps is stored.
        ValueError: none of them is in the selection.
        RunError: training fails.
    """
    root = Path(data) if data else repo_root() / "data" / "runs"
    if retrain:
        root = Path(data) if data else repo_root() / "_build" / "retrained" / str(total_steps or "full")
        execute.complete(sweeps.selection(names[0], total_steps or None, **only), root)
    return Shown(results.select(results.load_sweeps(root, names), **only), root)


def lacking(names: Sequence[str], root: Path, tasks: Collection[str] = (), most: int = 8) -> str:
    """Say what the sweeps of a chapter lack, one sentence each; names that are no sweep's are passed over.

    Args:
        names: sweeps.
        root: folder of sweeps.
        tasks: environments that count; all where empty.
        most: curves up to which each is named with its seeds.
    """
    known = [name for name in names if name in sweeps.SWEEPS]
    return " ".join(f"Sweep {results.missing_in_words(name, root, tasks, most)}." for name in known)


def preset_decision(runs: pd.DataFrame, names: Sequence[str]) -> tuple[str, preset_choice.PresetDecision] | None:
    """Decide between NA2Q's presets by the first of some sweeps in which both have enough seeds; None without one."""
    for name in names:
        table = runs[runs["sweep"] == name]
        try:
            return name, preset_choice.choose_preset(table)
        except ValueError:
            continue
    return None
