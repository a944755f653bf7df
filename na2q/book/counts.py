"""Results of several models in the words of a sentence. Models are told apart by METHOD_PRESET and seed-N."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from na2q.book.prose import counted, series
from na2q.config import family_of
from na2q.evaluation.claims.on_explanations import FULL
from na2q.evaluation.results import span
from na2q.stats import Estimate
from na2q.style import look
from na2q.training.records import read_record

T = TypeVar("T")
Run = tuple[str, str]


def by_kind(holds: Mapping[Run, Any]) -> str:
    """Say in how many models something holds, by preset where there are several: "all 3 released and 1 of 3 paper"."""
    kinds: dict[str, list[bool]] = {}
    for (kind, _), held in holds.items():
        kinds.setdefault(kind.partition("_")[2], []).append(bool(held))
    told = (counted(held, preset if len(kinds) > 1 else "").strip() for preset, held in kinds.items())
    return series(told, "no model")


def by_model(values: Mapping[Run, Any], write: str | Callable[[Any], str] = "{:.2f}") -> str:
    """List one value for each model, in their order, by a format or a function that writes one."""
    written = write.format if isinstance(write, str) else write
    return series(map(written, values.values()), "no model")


def spans(values: Mapping[Run, float], write: str = "{:.2f}") -> str:
    """Say from where to where values of the models of each preset reach, as in "0.70 to 0.72 (released)"."""
    kinds: dict[str, list[float]] = {}
    for (kind, _), value in values.items():
        kinds.setdefault(kind.partition("_")[2], []).append(float(value))
    told = []
    for preset, found in kinds.items():
        reach = span(pd.Series(found), write)
        told.append(f"{reach} ({preset})" if len(kinds) > 1 else reach)
    return series(told, "no model")


def above(row: Mapping[Run, Estimate]) -> str:
    """Say in how many models of each preset an interval lies above 0."""
    return by_kind({run: found.low > 0 for run, found in row.items()})


def below(row: Mapping[Run, Estimate]) -> str:
    """Say in how many models of each preset an interval lies below 0."""
    return by_kind({run: found.high < 0 for run, found in row.items()})


def of_kind(kind: str, row: Mapping[Run, T]) -> dict[Run, T]:
    """Take the models of one METHOD_PRESET."""
    return {run: value for run, value in row.items() if run[0] == kind}


def of_kinds(table: pd.DataFrame, row: str, write: str = "{:.3f}") -> str:
    """List one row of `comparison.between_models`: "0.036", or by preset "0.036 (released) and 0.031 (paper)"."""
    columns = {str(kind): column for kind, column in table.items()}
    names = {kind: f" ({kind.partition('_')[2]})" if len(columns) > 1 else "" for kind in columns}
    told = [f"{write.format(one[row])}{names[kind]}" for kind, one in columns.items()]
    return series(told, "") or "not known, for there is one model of each variant"


def length(env: str, steps: int) -> str:
    """Say how long one model was trained, in parts of the paper's length on that task."""
    part = steps / FULL[family_of(env)]
    return "the paper's length" if part >= 1 else f"{100 * part:.0f} % of the paper's length"


def lengths(models: pd.DataFrame) -> str:
    """Say on which tasks models were trained for the paper's length, on which for less, and on which for either.

    Args:
        models: rows with the columns env and steps.
    """
    tasks = models.groupby("env")["steps"].agg(["min", "max"])
    needed = tasks.index.map(family_of).map(FULL)
    whole, less = tasks["min"] >= needed, tasks["max"] < needed
    groups = {"the paper's length": whole, "less": less, "the paper's length or less": ~whole & ~less}
    sentences = []
    for words, inside in groups.items():
        if len(rows := tasks[inside]):
            steps = span(pd.Series(rows.to_numpy().ravel()))
            sentences.append(f"The models on {series(rows.index)} were trained for {words}: {steps} steps.")
    return " ".join(sentences)


def introduced(models: Mapping[Run, Path], env: str, episodes: int) -> dict[str, str]:
    """Say what a page that tests models tells of them first.

    Args:
        models: their run folders, of one task.
        env: that task.
        episodes: greedy episodes recorded of each model.

    Returns:
        hold_about for captions, hold_models for the text before the first test, and hold_seeds.
    """
    steps = pd.Series([read_record(path)["config"]["total_steps"] for path in models.values()])
    kinds = [kind.partition("_") for kind, _ in models]
    methods = series(dict.fromkeys(look(method).label for method, _, _ in kinds))
    presets = list(dict.fromkeys(preset for _, _, preset in kinds))
    trained = f"preset{'s' * (len(presets) > 1)} {series(presets)}"
    about = f"n = {len(models)} models of {methods} on {env}, {span(steps)} environment steps"
    return {
        "hold_about": f"{about}, {episodes} greedy episodes each",
        "hold_models": f"{lengths(steps.to_frame('steps').assign(env=env))} They were trained with the {trained}, and "
        "have the weights of their last step.",
        "hold_seeds": f"n = {len({seed for _, seed in models})}",
    }
