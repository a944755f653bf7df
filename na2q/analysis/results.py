"""Run folders in, one table out: every test of every run, with what the run was."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from na2q.config import departures, from_dict

RUN_COLUMNS = ["env", "method", "preset", "variant", "seed"]
CURVE_COLUMNS = ["preset", "variant", "total_steps"]  # must be one value within a curve


def load_runs(folder: Path | str) -> pd.DataFrame:
    """Read all finished runs below `folder`, one row for each test.

    Columns: env, method, preset, variant, seed, total_steps, point, then those of metrics.csv. `variant` names the
    settings that depart from the preset. `point` is the number of environment steps, rounded down to the interval
    of tests, so that seeds line up.
    Raises FileNotFoundError where there is no finished run.
    """
    tables = []
    for path in sorted(Path(folder).rglob("run.json")):
        record = json.loads(path.read_text())
        if record["status"] != "complete":
            continue
        config = record["config"]
        metrics = pd.read_csv(path.parent / "metrics.csv")
        interval = config["test_interval"]
        names = ("env", "method", "preset", "seed", "total_steps")
        facts = {name: config[name] for name in names} | {"variant": variant(config)}
        point = metrics["step"] // interval * interval
        point = point.where(~point.duplicated(), metrics["step"])  # a last test between two points
        tables.append(metrics.assign(**facts, point=point))
    if not tables:
        raise FileNotFoundError(f"no finished run below {folder}")
    table = pd.concat(tables, ignore_index=True)
    first = [*RUN_COLUMNS, "total_steps", "point"]
    return table[[*first, *(name for name in table if name not in first)]]


def variant(config: dict[str, Any]) -> str:
    """Name the settings in which a stored run departs from its preset, the number of steps aside."""
    settings = departures(from_dict(config))
    return ", ".join(f"{name}={value}" for name, value in settings.items() if name != "total_steps")


def check_curves(runs: pd.DataFrame) -> None:
    """Raise ValueError where runs of one environment and method differ in preset, settings or length."""
    for (env, method), curve in runs.groupby(["env", "method"]):
        for name in CURVE_COLUMNS:
            values = sorted(map(str, curve[name].unique()))
            if len(values) > 1:
                raise ValueError(f"{method} on {env} mixes runs whose {name} is {' and '.join(values)}: select one")


def describe(runs: pd.DataFrame) -> str:
    """Say in words how many seeds and steps a table of runs holds, for captions."""
    check_curves(runs)
    by_curve = runs.groupby(["env", "method"])
    seeds = by_curve["seed"].nunique()
    steps = runs.groupby(RUN_COLUMNS)["point"].max()
    presets = " and ".join(sorted(runs["preset"].unique()))

    def span(values: pd.Series) -> str:
        low, high = int(values.min()), int(values.max())
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"

    return f"n = {span(seeds)} seeds for each curve, {span(steps)} environment steps, preset {presets}"


def final_returns(runs: pd.DataFrame, tests: int = 5) -> pd.DataFrame:
    """Mean test return over the last `tests` tests of each run, one row for each env and method."""
    last = runs.sort_values("step").groupby(RUN_COLUMNS).tail(tests)
    by_seed = last.groupby(RUN_COLUMNS)["test_return_mean"].mean()
    wide = by_seed.unstack("seed").rename(columns=lambda seed: f"seed {seed}")
    return wide.assign(mean=wide.mean(axis=1), std=wide.std(axis=1, ddof=0))
