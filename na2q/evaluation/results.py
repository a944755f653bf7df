"""Run folders in, one table out: every test of every run, with what the run was."""

import warnings
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from na2q.arguments import checks_arguments
from na2q.campaign.sweeps import SHARED, runs_of, selection
from na2q.config import Curve, curve_of, meant_by
from na2q.config.checks import Count, Whole
from na2q.training.records import RECORD, DamagedRunWarning, RunError, read_metrics, read_record, run_folders

RUN_COLUMNS = ["sweep", "env", "curve", "method", "preset", "variant", "earlier", "label", "seed"]
CURVE = ["sweep", "env", "curve"]  # what one line of a figure is
CURVE_COLUMNS = ["preset", "variant", "earlier", "total_steps"]  # must be one value within a curve
ABSOLUTE = "absolute_"  # columns of the last evaluation, the same in every row of a run


@checks_arguments
def load_runs(folder: Path | str) -> pd.DataFrame:
    """Read all finished runs below `folder`, one row for each test.

    Columns: sweep, env, curve, method, preset, variant, earlier, label, seed, total_steps, point, then those of
    metrics.csv, then those of the run's last evaluation, which begin with `absolute_` and are missing in older runs.
    `sweep` is the folder that holds the environment's folder, empty in other layouts. `curve` is the method until
    `name_curves` tells settings apart by `label`, the name of the run's `na2q.config.Curve`. `preset` is `released`
    where a run's own preset set the same. `variant` names the settings that departed from the preset. `earlier` names
    settings that the run's file lacks, as they came later, where their meaning then is not today's default. `point` is
    the number of environment steps, rounded down to the interval of tests, so that seeds line up.

    Raises:
        FileNotFoundError: there is no finished run.

    Warns:
        DamagedRunWarning: a run is left out, since its run.json cannot be read or its metrics.csv ends too early.
    """
    tables, facts = [], []
    for place in run_folders(Path(folder)):
        try:
            record = read_record(place)
            if record["status"] == "complete":
                facts.append(_facts(place, record))
                tables.append(read_metrics(place, record))
        except (RunError, ValueError) as error:
            del facts[len(tables) :]
            warnings.warn(f"left out of the results: {error}", DamagedRunWarning, stacklevel=3)
    if not tables:
        raise FileNotFoundError(f"no finished run below {folder}")
    # all runs at once: columns that are put into each table by itself would take most of the time
    run = np.repeat(np.arange(len(tables)), list(map(len, tables)))
    about = pd.DataFrame(facts).iloc[run].reset_index(drop=True)
    table = pd.concat([pd.concat(tables, ignore_index=True), about], axis=1)
    interval = table.pop("test_interval")
    point = table["step"] // interval * interval
    twice = pd.DataFrame({"run": run, "point": point}).duplicated()  # a last test between two points
    table["point"] = point.where(~twice, table["step"])
    first = [*RUN_COLUMNS, "total_steps", "point"]
    return table[[*first, *(name for name in table if name not in first)]]


@checks_arguments
def load_sweeps(root: Path | str, sweeps: Iterable[str]) -> pd.DataFrame:
    """Read the finished runs of several sweeps below `root`, those without any left out.

    Runs that a sweep shares with another one (`na2q.campaign.sweeps.SHARED`) are read as its own too.

    Raises FileNotFoundError where none of them has a finished run.
    """
    tables = []
    for sweep in sweeps:
        for place in (sweep, *_shared(sweep)):
            with suppress(FileNotFoundError):
                tables.append(load_runs(Path(root) / place).assign(sweep=sweep))
    if not tables:
        raise FileNotFoundError(f"no finished run of {' or '.join(sweeps)} below {root}")
    return pd.concat(tables, ignore_index=True)


def _shared(sweep: str) -> list[str]:
    """Folders of the runs that a sweep shares with another one; none for a name that is no sweep's."""
    return [run.folder for run in runs_of(sweep) if not run.folder.startswith(f"{sweep}/")] if sweep in SHARED else []


def _facts(place: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for all tests of a run."""
    config, task = record["config"], place.parents[1]  # of SWEEP/TASK/CURVE/SEED
    facts = {name: config[name] for name in ("env", "method", "seed", "total_steps", "test_interval")}
    curve, earlier = curve_of(record), meant_by(record)
    facts |= {"curve": curve.method, "preset": curve.preset, "variant": curve.variant, "label": curve.name}
    facts |= {"earlier": Curve(curve.method, settings=tuple(earlier.items())).variant}
    facts |= {"sweep": task.parent.name if task.name == config["env"] else ""}
    return facts | {ABSOLUTE + name: value for name, value in record.get("absolute", {}).items()}


@checks_arguments
def name_curves(runs: pd.DataFrame) -> pd.DataFrame:
    """Give every combination of method, preset and settings a curve of its own."""
    return runs.assign(curve=runs["label"])


@checks_arguments
def select(runs: pd.DataFrame, **only: Collection[Any]) -> pd.DataFrame:
    """Keep the runs whose columns hold one of the given values, and name their curves; empty collections keep all.

    Raises ValueError where nothing is left, with what there is.
    """
    kept = runs
    for name, values in only.items():
        if values:
            kept = kept[kept[name].isin(list(values))]
            if kept.empty:
                there = ", ".join(map(str, sorted(runs[name].unique())))
                raise ValueError(
                    f"no stored run has {name} {' or '.join(map(str, values))} and the rest; there is {there}"
                )
    return name_curves(kept)


@checks_arguments
def check_curves(runs: pd.DataFrame) -> None:
    """Raise ValueError where runs of one curve differ in preset, settings or length, or share a seed."""
    for (_, env, curve), table in runs.groupby(CURVE):
        for name in CURVE_COLUMNS:
            values = sorted(map(str, table[name].unique()))
            if len(values) > 1:
                raise ValueError(f"{curve} on {env} mixes runs whose {name} is {' and '.join(values)}: select one")
        twice = table.loc[table.duplicated(["seed", "step"]), "seed"]
        if len(twice):
            raise ValueError(f"{curve} on {env} holds two runs of seed {twice.iloc[0]}: select one")


@checks_arguments
def describe(runs: pd.DataFrame, window: Count = 1) -> str:
    """Say in words, for captions, how many seeds and steps a table of runs holds, sweep by sweep.

    Args:
        runs: table of `load_runs`.
        window: number of tests that drawn points average over.
    """
    check_curves(runs)
    sweeps = runs["sweep"].unique()
    parts = []
    for sweep in sweeps:
        table = runs[runs["sweep"] == sweep]
        seeds = table.groupby(CURVE)["seed"].nunique()
        steps = table.groupby(RUN_COLUMNS)["point"].max()
        presets = sorted(table["preset"].unique(), reverse=True)
        prefix = f"sweep {sweep} with " if sweep and len(sweeps) > 1 else ""
        words = (
            f"n = {span(seeds)} seed{'s' if seeds.max() > 1 else ''} for each curve, {span(steps)} environment steps"
        )
        parts.append(f"{prefix}{words}, preset {' and '.join(presets)}")
    return "; ".join([*parts, smoothing(window)])


@checks_arguments
def smoothing(window: Count) -> str:
    """Say how much a curve was smoothed."""
    return "no smoothing" if window == 1 else f"moving average of {window} tests"


@checks_arguments
def smooth(runs: pd.DataFrame, metric: str, window: Count) -> pd.DataFrame:
    """Average a metric over each test and the `window` - 1 before it, run by run; say so with `smoothing`."""
    if window == 1:
        return runs
    ordered = runs.sort_values("step")
    moving = ordered.groupby(RUN_COLUMNS)[metric].transform(lambda x: x.rolling(window, min_periods=1).mean())
    return runs.assign(**{metric: moving})


@checks_arguments
def headline(runs: pd.DataFrame) -> pd.DataFrame:
    """Add what the paper plots as columns `result` and `absolute_result`: win rate of battles, else return."""
    added = {}
    for prefix in ("", ABSOLUTE):
        returns = runs.get(f"{prefix}test_return_mean", pd.Series(float("nan"), runs.index))
        won = runs.get(f"{prefix}test_won_mean", pd.Series(float("nan"), runs.index))
        added[f"{prefix}result"] = won.fillna(returns)
    return runs.assign(**added)


@checks_arguments
def around(runs: pd.DataFrame, curves: Collection[str], seeds: int = 1) -> pd.DataFrame:
    """Keep some curves where they ran longest on each task, and in the same sweeps and tasks the curves beside them.

    What a figure is about is then drawn once, not in a panel for each sweep that has a shorter run of it, and no panel
    is without it. Of the curves that are about something else a sweep keeps all, so that they can be compared.

    Args:
        runs: table of runs with columns sweep, env, seed, curve and point.
        curves: what the figure is about.
        seeds: how many a curve should have. Where it has so many on a task only in a shorter sweep, that one counts.
    """
    about = runs[runs["curve"].isin(curves)]
    enough = about.groupby(["sweep", "env", "curve"])["seed"].transform("nunique") >= seeds
    about = about[enough | ~enough.groupby([about["env"], about["curve"]]).transform("any")]
    length = about.groupby(["sweep", "env", "curve"])["point"].transform("max")
    kept = about[length == length.groupby([about["env"], about["curve"]]).transform("max")]
    place = pd.MultiIndex.from_frame(runs[["sweep", "env"]])
    beside = ~runs["curve"].isin(curves) & place.isin(pd.MultiIndex.from_frame(kept[["sweep", "env"]]))
    return runs[beside | runs.index.isin(kept.index)]


def span(values: pd.Series, write: str = "{:,.0f}") -> str:
    """Write the smallest and the largest of some numbers by a format, once where they are written alike."""
    return " to ".join(dict.fromkeys(map(write.format, (values.min(), values.max()))))


@checks_arguments
def missing(sweep: str, root: Path | str, tasks: Collection[str] = ()) -> pd.DataFrame:
    """List the runs that a sweep's definition asks for and that are not finished at full length below `root`.

    Columns: sweep, env, curve, seed, state (missing, running, diverged or shorter). Tasks other than those given are
    left out, none where `tasks` is empty. Raises ValueError for an unknown sweep.
    """
    rows = []
    for folder, config in selection(sweep, env=tasks):
        path = Path(root) / folder / RECORD
        try:
            found = read_record(path.parent) if path.exists() else {"status": "missing"}
        except RunError:
            found = {"status": "damaged"}
        record: dict[str, Any] = {"config": {"total_steps": 0}} | found
        shorter = record["status"] == "complete" and record["config"]["total_steps"] < config.total_steps
        state = "shorter" if shorter else record["status"]
        if state != "complete":
            facts = {"sweep": sweep, "env": config.env, "curve": Curve.of(config).name}
            rows.append(facts | {"seed": config.seed, "state": state})
    return pd.DataFrame(rows, columns=["sweep", "env", "curve", "seed", "state"])


@checks_arguments
def missing_in_words(sweep: str, root: Path | str, tasks: Collection[str] = (), most: Whole = 8) -> str:
    """Say which runs of a sweep are not finished: the seeds of each curve, or of more than `most` curves how many."""
    from na2q.style import look  # here, since drawing takes a while to import and most who read runs draw nothing

    asked, lacking = len(selection(sweep, env=tasks)), missing(sweep, root, tasks)
    if not asked:
        return f"{sweep} has no run on these tasks"
    if lacking.empty:
        return f"{sweep} is complete: {asked} runs"
    if len(lacking) == asked:
        return f"{sweep} has not begun: {asked} runs"
    curves = [
        f"{look(str(curve)).label} on {env} lacks seed{'s' * (len(table) > 1)} {', '.join(map(str, table['seed']))}"
        for (env, curve), table in lacking.groupby(["env", "curve"], sort=False)
    ]
    tasks = [f"{count} on {env}" for env, count in lacking["env"].value_counts(sort=False).items()]
    return f"{sweep} lacks {len(lacking)} of {asked} runs: {'; '.join(curves if len(curves) <= most else tasks)}"


@checks_arguments
def final_returns(runs: pd.DataFrame, tests: Count = 5) -> pd.DataFrame:
    """Mean test return over the last `tests` tests of each run, one row for each curve, one column a seed."""
    last = runs.sort_values("step").groupby(RUN_COLUMNS).tail(tests)
    by_seed = last.groupby(RUN_COLUMNS)["test_return_mean"].mean()
    wide = by_seed.unstack("seed").rename(columns=lambda seed: f"seed {seed}")
    return wide.assign(mean=wide.mean(axis=1), std=wide.std(axis=1, ddof=0))
