"""How runs are compared: interquartile means, intervals, profiles, and who needs fewer steps.

The statistics are those of Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical
precipice", and of Gorsane et al. (2022), "Towards a standardised performance evaluation protocol for cooperative MARL".
Intervals are those of `na2q.stats.stratified`, which resamples runs within each task. Fewer than four runs on one task
have their plain mean as interquartile mean. The interval of two or three runs is their range or little less, and holds
the truth far less often than it claims.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import trim_mean

from na2q.arguments import checks_arguments
from na2q.config import SUBJECT, family_of
from na2q.config.checks import Limit, Repeats, Share, Whole
from na2q.evaluation.results import ABSOLUTE, CURVE, check_curves, smooth
from na2q.stats import REPS, Statistic, stratified

LAST_TESTS = 10
RUN = [*CURVE, "seed"]
ALL_TASKS = "all tasks"


@checks_arguments
def iqm(scores: Float[ndarray, "b runs tasks"]) -> Float[ndarray, "b 1"]:
    """Interquartile mean over runs and tasks of each of b resamples."""
    return trim_mean(scores.reshape(len(scores), -1), 0.25, axis=1)[:, None]


@checks_arguments
def iqm_of_points(scores: Float[ndarray, "b runs tasks points"]) -> Float[ndarray, "b points"]:
    """Interquartile mean over runs and tasks at each point of a curve, for each of b resamples."""
    return trim_mean(scores.reshape(len(scores), -1, scores.shape[-1]), 0.25, axis=1)


def iqm_difference(a: Float[ndarray, "b m tasks"], b: Float[ndarray, "b n tasks"]) -> Float[ndarray, "b 1"]:
    """Interquartile mean of `a` minus that of `b`, for each of b resamples."""
    return iqm(a) - iqm(b)


def improvement(a: Float[ndarray, "b m tasks"], b: Float[ndarray, "b n tasks"]) -> Float[ndarray, "b 1"]:
    """Probability that a run of `a` beats one of `b` on the same task, ties counting half, mean over tasks.

    It is that of `rliable.metrics.probability_of_improvement`, for each of b resamples.
    """
    wins, ties = a[:, :, None] > b[:, None], a[:, :, None] == b[:, None]
    return (wins + ties / 2).mean((1, 2, 3))[:, None]


# --- scores: one number for each run ---------------------------------------------------------------


@checks_arguments
def scores(runs: pd.DataFrame, metric: str = "test_return_mean") -> pd.DataFrame:
    """Score every run by its last evaluation.

    The absolute metric of Gorsane et al. (2022), which is the best weights on ten times as many fresh episodes as
    one test has. Where a run of a sweep lacks it, all runs of that sweep are scored by the mean of their last ten
    tests, since the two do not compare: the column `source` says which it was.

    Returns:
        Columns sweep, env, curve, seed, score, source; one row for each run.
    """
    check_curves(runs)
    column = ABSOLUTE + metric
    tables = []
    for _, table in runs.groupby("sweep", sort=False):
        whole = column in table and table[column].notna().all()
        last = table.sort_values("step").groupby(RUN)[column if whole else metric]
        score = last.last() if whole else last.apply(lambda tests: tests.tail(LAST_TESTS).mean())
        source = "best weights on fresh episodes" if whole else f"mean of the last {LAST_TESTS} tests"
        tables.append(score.rename("score").reset_index().assign(source=source))
    return pd.concat(tables, ignore_index=True)


def sources(table: pd.DataFrame) -> str:
    """Say, for captions, how runs were scored."""
    named = table[["sweep", "source"]].drop_duplicates()
    if named["source"].nunique() == 1:
        return f"score: {named['source'].iloc[0]}"
    return "score: " + ", ".join(f"{source} ({sweep})" for sweep, source in named.itertuples(index=False))


@checks_arguments
def areas(runs: pd.DataFrame, until: Limit, metric: str = "test_return_mean") -> pd.DataFrame:
    """Score every run by the mean of its tests up to a number of steps: the area under its curve."""
    check_curves(runs)
    early = runs[runs["point"] <= until]
    return early.groupby(RUN)[metric].mean().rename("score").reset_index()


@checks_arguments
def steps_to(
    runs: pd.DataFrame, threshold: float | Mapping[str, float], metric: str = "test_return_mean"
) -> pd.DataFrame:
    """Environment steps of each run up to its first test at or above a threshold, inf where there is none.

    Args:
        runs: table of `results.load_runs`.
        threshold: one for all tasks, or by task.
        metric: column that must reach it; a single test is a noisy judge, so smooth it first and say so.

    Returns:
        Columns sweep, env, curve, seed, score. The score is minus the steps, so that more is better.
    """
    check_curves(runs)
    levels = runs["env"].map(threshold) if isinstance(threshold, Mapping) else threshold
    reached = runs["point"].astype(float).where(runs[metric] >= levels, np.inf)
    steps = reached.groupby([runs[name] for name in RUN]).min()
    return (-steps).rename("score").reset_index()


@checks_arguments
def good_return(table: pd.DataFrame, share: Share = 0.9) -> dict[str, float]:
    """Threshold for each task: a share of the way from 0 to the best interquartile mean of any curve."""
    best = summary(table, reps=2).groupby("env")["iqm"].max()
    return {str(task): share * float(score) for task, score in best.items()}


@checks_arguments
def steps_to_good(runs: pd.DataFrame, table: pd.DataFrame, window: Repeats = 3) -> pd.DataFrame:
    """Say how soon each curve is good: `efficiency` with the `good_return` of its own sweep as threshold.

    Args:
        runs: table of `results.load_runs`; the mean of so many neighbouring tests counts, as one is a noisy judge.
        table: scores of the same runs, from which the thresholds come.
        window: number of neighbouring tests.

    Returns:
        Columns of `efficiency` and threshold, by sweep, task and median.
    """
    smoothed, tables = smooth(runs, "test_return_mean", window), []
    for sweep, part in table.groupby("sweep"):
        good = good_return(part)
        found = efficiency(steps_to(smoothed[smoothed["sweep"] == sweep], good))
        tables.append(found.assign(threshold=found["env"].map(good)))
    return pd.concat(tables).sort_values(["sweep", "env", "median"])


# --- tables of estimates ---------------------------------------------------------------------------


@checks_arguments
def matrix(table: pd.DataFrame, curve: str, tasks: Sequence[str]) -> ndarray:
    """Scores of one curve, (runs, tasks), with the seeds that it has on all tasks.

    Raises ValueError where there is no such seed.
    """
    wide = table[table["curve"] == curve].pivot_table(index="seed", columns="env", values="score")
    whole = wide.reindex(columns=list(tasks)).dropna()
    if whole.empty:
        raise ValueError(f"{curve} has no seed that ran on all of {', '.join(tasks)}")
    return whole.to_numpy()


@checks_arguments
def summary(table: pd.DataFrame, reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Mean, standard deviation, interquartile mean and its interval, one row for each curve on each task."""
    rows = []
    for key, runs in table.groupby(CURVE):
        values = runs[["score"]].to_numpy()
        value, low, high = stratified(iqm, values, reps=reps, seed=seed)[:, 0]
        spread = {"n": len(values), "mean": values.mean(), "std": values.std()}
        rows.append(dict(zip(CURVE, key, strict=True)) | spread | {"iqm": value, "low": low, "high": high})
    return pd.DataFrame(rows)


@checks_arguments
def aggregate(table: pd.DataFrame, reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Interquartile mean over runs of all tasks with its interval, for the curves of each sweep that ran on all.

    Raises ValueError where the tasks of a sweep are of several families.
    """
    rows = []
    for sweep, runs in table.groupby("sweep"):
        tasks = _comparable(runs)
        for curve in _on_all(runs, tasks):
            values = matrix(runs, curve, tasks)
            value, low, high = stratified(iqm, values, reps=reps, seed=seed)[:, 0]
            rows.append({"sweep": sweep, "curve": curve, "n": len(values), "tasks": len(tasks)})
            rows[-1] |= {"iqm": value, "low": low, "high": high}
    return pd.DataFrame(rows)


@checks_arguments
def improvements(table: pd.DataFrame, of: str = SUBJECT, reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Probability that a run of `of` beats one of each other curve, with its interval, by task and over all tasks.

    Columns: sweep, env, curve (the other one), probability, low, high.
    """
    return _pairs(table, of, improvement, "probability", reps, seed)


@checks_arguments
def ordering(table: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Test an expected order of curves: the probability that a run of the first of each pair beats one of the second.

    Columns: sweep, env, first, curve (the second), probability, low, high.
    """
    tables = []
    for first, second in pairs:
        found = improvements(table, of=first)
        tables.append(found[found["curve"] == second].assign(first=first))
    return pd.concat(tables)[["sweep", "env", "first", "curve", "probability", "low", "high"]]


@checks_arguments
def differences(table: pd.DataFrame, of: str = SUBJECT, reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Interquartile mean of `of` minus that of each other curve, with its interval, by task and over all tasks.

    Columns: sweep, env, curve (the other one), difference, low, high.
    """
    return _pairs(table, of, iqm_difference, "difference", reps, seed)


def _pairs(table: pd.DataFrame, of: str, statistic: Statistic, name: str, reps: int, seed: int) -> pd.DataFrame:
    rows = []
    for sweep, runs in table.groupby("sweep"):
        tasks = _comparable(runs)
        groups = {task: [task] for task in tasks} | ({ALL_TASKS: tasks} if len(tasks) > 1 else {})
        for place, group in groups.items():
            curves = _on_all(runs, group)
            for other in [curve for curve in curves if curve != of and of in curves]:
                pair = (matrix(runs, curve, group) for curve in (of, other))
                value, low, high = stratified(statistic, *pair, reps=reps, seed=seed)[:, 0]
                rows.append({"sweep": sweep, "env": place, "curve": other, name: value, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["sweep", "env", "curve", name, "low", "high"])


@checks_arguments
def profiles(table: pd.DataFrame, thresholds: ndarray, reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Share of runs on all tasks whose score is above each threshold, with its interval.

    One row for each curve and threshold, thresholds (t,). Curves that did not run on all tasks of their sweep are left
    out.
    """

    def shares(values: ndarray) -> ndarray:
        return (values[..., None] > thresholds).mean((1, 2))

    rows = []
    for sweep, runs in table.groupby("sweep"):
        tasks = _comparable(runs)
        for curve in _on_all(runs, tasks):
            value, low, high = stratified(shares, matrix(runs, curve, tasks), reps=reps, seed=seed)
            columns = {"threshold": thresholds, "share": value, "low": low, "high": high}
            rows.append(pd.DataFrame({"sweep": sweep, "curve": curve} | columns))
    return pd.concat(rows, ignore_index=True)


@checks_arguments
def curves(runs: pd.DataFrame, metric: str = "test_return_mean", reps: Repeats = REPS, seed: Whole = 0) -> pd.DataFrame:
    """Mean, standard deviation, interquartile mean and its interval at every point of every curve.

    A point counts where all runs of its curve have it, so that seeds never come and go along a line.
    """
    check_curves(runs)
    tables = []
    for key, curve in runs.groupby(CURVE):
        wide = curve.pivot_table(index="point", columns="seed", values=metric).dropna()
        values = wide.to_numpy().T
        value, low, high = stratified(iqm_of_points, values[:, None], reps=reps, seed=seed)
        columns = {"n": len(values), "mean": values.mean(0), "std": values.std(0)}
        columns |= {"iqm": value, "low": low, "high": high}
        tables.append(pd.DataFrame(dict(zip(CURVE, key, strict=True)) | {"point": wide.index} | columns))
    return pd.concat(tables, ignore_index=True)


@checks_arguments
def efficiency(table: pd.DataFrame) -> pd.DataFrame:
    """Median steps to a threshold over runs and the share of runs that reached it, from `steps_to`."""
    rows = []
    for key, runs in table.groupby(CURVE):
        steps = -runs["score"].to_numpy()
        numbers = {"n": len(steps), "reached": np.isfinite(steps).mean(), "median": np.median(steps)}
        rows.append(dict(zip(CURVE, key, strict=True)) | numbers)
    return pd.DataFrame(rows)


def _comparable(table: pd.DataFrame) -> list[str]:
    """Tasks of a table; raise ValueError where they are of several families, whose scores have no common scale."""
    families = sorted(table["env"].map(family_of).unique())
    if len(families) > 1:
        raise ValueError(f"scores on {' and '.join(families)} have no common scale: select one family of tasks")
    return sorted(table["env"].unique())


def _on_all(table: pd.DataFrame, tasks: Sequence[str]) -> list[str]:
    """Curves that have at least one seed on all of `tasks`, in order of appearance."""
    seeds = table[table["env"].isin(tasks)].groupby(["curve", "seed"], sort=False)["env"].nunique()
    return list(dict.fromkeys(seeds[seeds == len(tasks)].index.get_level_values("curve")))
