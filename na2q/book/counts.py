"""Results of several models in the words of a sentence. Models are told apart by METHOD_PRESET and seed-N."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pandas as pd

from na2q.book.prose import series
from na2q.config import family_of
from na2q.evaluation.claims.on_explanations import FULL
from na2q.evaluation.results import span
from na2q.stats import Estimate

T = TypeVar("T")
Run = tuple[str, str]


def by_kind(holds: Mapping[Run, Any]) -> str:
    """Say in how many models of each preset something holds, as in "3 of 3 released, 1 of 3 paper"."""
    kinds: dict[str, list[bool]] = {}
    for (kind, _), held in holds.items():
        kinds.setdefault(kind.partition("_")[2], []).append(bool(held))
    return ", ".join(f"{sum(held)} of {len(held)} {preset}" for preset, held in kinds.items()) or "no model"


def by_model(values: Mapping[Run, Any], write: str | Callable[[Any], str] = "{:.2f}") -> str:
    """List one value for each model, in their order, by a format or a function that writes one."""
    written = write.format if isinstance(write, str) else write
    return ", ".join(written(value) for value in values.values()) or "no model"


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
    """List one row of `comparison.between_models` by kind, each with its number of models."""
    columns = {str(kind): column for kind, column in table.items()}
    told = [f"{write.format(one[row])} ({kind}, {int(one['models'])} models)" for kind, one in columns.items()]
    return ", ".join(told) or "not known, for there is one model of each variant"


def lengths(models: pd.DataFrame) -> str:
    """Say on which tasks models were trained for the paper's length, and on which for less.

    Args:
        models: rows with the columns env and steps.
    """
    tasks = models.groupby("env")["steps"].agg(["min", "max"])
    whole = tasks["min"] >= tasks.index.map(family_of).map(FULL)
    sentences = []
    for rows, words in ((tasks[whole], "the paper's length"), (tasks[~whole], "less")):
        if len(rows):
            steps = span(pd.Series(rows.to_numpy().ravel()))
            sentences.append(f"The models on {series(rows.index)} were trained for {words}: {steps} steps.")
    return " ".join(sentences)
