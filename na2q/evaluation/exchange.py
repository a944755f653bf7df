"""Results in the format of marl-eval (Gorsane et al., 2022): ours for others, and theirs as a table for our figures.

The format is one JSON file: environment, task, algorithm, run; a run holds ``step_0``, ``step_1``, ... with the fields
``step_count``, ``elapsed_time`` and lists of values by the names of metrics, and ``absolute_metrics``.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.config import family_of
from na2q.config.checks import checked
from na2q.evaluation.results import ABSOLUTE
from na2q.files import as_path, parse_json, replacing

METRICS = {"test_return_mean": "return", "test_won_mean": "win_rate", "test_cleared_mean": "cleared"}
"""Columns of a table of runs with the metric's name in files."""
FACTS = ("step_count", "elapsed_time")  # fields of a step that are no metrics
STEP, ABSOLUTES = re.compile(r"step_\d+"), "absolute_metrics"


class ExchangeError(ValueError):
    """A file that is not in the format of marl-eval; the message says where."""


@checks_arguments
def export(runs: pd.DataFrame, out: Path | str) -> dict[str, Any]:
    """Write a table of `na2q.evaluation.results.load_runs` in the format of marl-eval, and return what is written.

    The environment is the family, such as lbf, the algorithm the run's label. Each test is a step, counted as `point`
    counts it so that seeds line up, whose metrics are the means over its episodes: lists of one value.

    Raises:
        ValueError: two runs of one algorithm and task have the same seed.
        WriteError: the file cannot be written.
    """
    written: dict[str, Any] = {}
    for (env, label, seed), run in runs.groupby(["env", "label", "seed"], sort=False):
        if run["step"].duplicated().any():
            raise ValueError(f"{label} on {env} holds two runs of seed {seed}: export one folder at a time")
        task = written.setdefault(family_of(str(env)), {}).setdefault(env, {})
        task.setdefault(label, {})[f"seed_{seed}"] = _run(run.sort_values("step"))
    with replacing(as_path(out, "out")) as part:
        part.write_text(json.dumps(written, indent=1, allow_nan=False) + "\n")
    return written


def _run(run: pd.DataFrame) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for i, row in enumerate(run.to_dict("records")):
        steps[f"step_{i}"] = {
            "step_count": int(row["point"]),
            "elapsed_time": float(row.get("seconds", 0.0)),
            **_values(row, ""),
        }
    best = _values(run.iloc[-1].to_dict(), ABSOLUTE)
    return steps | ({ABSOLUTES: best} if best else {})


def _values(row: Mapping[Any, Any], prefix: str) -> dict[str, list[float]]:
    found = {name: row.get(prefix + column) for column, name in METRICS.items()}
    return {name: [float(value)] for name, value in found.items() if value is not None and not math.isnan(value)}


@checks_arguments
def load(path: Path | str) -> pd.DataFrame:
    """Read a file in the format of marl-eval as a table like that of `na2q.evaluation.results.load_runs`.

    The return and the win rate become ``test_return_mean`` and ``test_won_mean``, other metrics keep their names; each
    is the mean of its list. Figures and comparisons take the table, alone or joined to ours by `pandas.concat`.

    Raises:
        ExchangeError: the file is no JSON, or not in the format; the message names the place in it.
        OSError: there is no such file.
    """
    path = as_path(path)
    try:
        content = parse_json(path.read_text())
    except ValueError as error:
        raise ExchangeError(f"{path} is no JSON: {error}") from error
    rows = [row for place, run in _runs(path, content) for row in _rows(path, place, run)]
    if not rows:
        raise ExchangeError(f"{path} holds no run")
    table = pd.DataFrame(rows)
    curve = ["env", "curve"]
    # runs that count their steps each in its own way are lined up test by test
    table["point"] = table.groupby([*curve, "test"])["step"].transform("min")
    table["total_steps"] = table.groupby(curve)["step"].transform("max")
    return table.drop(columns="test")


def _runs(path: Path, content: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All runs with their places: environment, task, algorithm, run."""
    level: list[tuple[tuple[str, ...], Any]] = [((), content)]
    for what in ("environments", "tasks", "algorithms", "runs"):
        for place, table in level:
            _demand(path, place, isinstance(table, dict), f"a table of {what}", table)
        level = [((*place, name), inner) for place, table in level for name, inner in table.items()]
    yield from level


def _rows(path: Path, place: tuple[str, ...], run: Any) -> Iterator[dict[str, Any]]:
    _demand(path, place, isinstance(run, dict), "a table of steps", run)
    _, task, algorithm, name = place
    digits = re.findall(r"\d+", name)
    _demand(path, place, bool(digits), "a run with a number, such as seed_1 or run_1", name)
    steps = [(key, step) for key, step in run.items() if STEP.fullmatch(key)]
    _demand(path, place, bool(steps), "a run with steps, such as step_0", list(run))
    facts = {"sweep": "", "env": task, "curve": algorithm, "method": algorithm, "preset": "", "variant": ""}
    facts |= {"earlier": "", "label": algorithm, "seed": int(digits[-1])}
    absolute = {
        ABSOLUTE + key: value for key, value in _means(path, (*place, ABSOLUTES), run.get(ABSOLUTES, {})).items()
    }
    table = []
    for key, step in steps:
        here = (*place, key)
        _demand(path, here, isinstance(step, dict), "a table", step)
        count, elapsed = step.get("step_count"), step.get("elapsed_time", 0)
        _demand(path, (*here, "step_count"), _number(count) and count >= 0, "a number from 0", count)
        _demand(path, (*here, "elapsed_time"), _number(elapsed), "a number of seconds", elapsed)
        table.append({"step": int(count), "seconds": float(elapsed)} | _means(path, here, step))
    table.sort(key=lambda row: row["step"])
    for test, row in enumerate(table):
        yield facts | {"test": test} | row | absolute


def _means(path: Path, place: tuple[str, ...], step: Any) -> dict[str, float]:
    """Mean of each list of values, under the names of our columns."""
    _demand(path, place, isinstance(step, dict), "a table of metrics", step)
    columns = {name: column for column, name in METRICS.items()} | {"mean_episode_return": "test_return_mean"}
    means = {}
    for name, values in step.items():
        if name in FACTS:
            continue
        values = values if isinstance(values, list) else [values]
        fits = bool(values) and all(_number(value) for value in values)
        _demand(path, (*place, name), fits, "a list of numbers", values)
        means[columns.get(name, name)] = sum(values) / len(values)
    return means


def _number(value: Any) -> bool:
    try:
        checked("value", value, float)
    except ValueError:
        return False
    return True


def _demand(path: Path, place: tuple[str, ...], fits: bool, allowed: str, value: Any) -> None:
    if not fits:
        text = repr(value)
        where = " / ".join(place) or "the whole file"
        raise ExchangeError(f"{path}: {where} is {text[:60]}{'...' * (len(text) > 60)}, must be {allowed}")
