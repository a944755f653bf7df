"""What was found, in sentences: each question that a researcher has, answered from the longest runs that can answer it.

Every relation in a sentence is chosen by an interval, so that a new run changes the text of the page and never
contradicts it.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.stats import t

from na2q.book.prose import by_side, series
from na2q.campaign.sweeps import PAPER
from na2q.config import SUBJECT
from na2q.evaluation import protocol, results
from na2q.evaluation.claims.case import FINAL_SEEDS
from na2q.stats import LEVEL, Estimate
from na2q.style import look

Score = Callable[[pd.DataFrame], pd.DataFrame]  # of runs: one number for each, as `protocol.scores` has it
FINAL: tuple[Score, str] = (protocol.scores, "in final return")
ON_THE_WAY: tuple[Score, str] = (partial(protocol.areas, until=np.inf), "in mean return along the way")
"""Two ways of scoring a run, with the words for them: where it ends, and how soon it gets there."""

NONE_TWICE = "No method has two seeds of one length yet."
SIDES = ("is above", "is below", "cannot be told apart from")


def longest(runs: pd.DataFrame, *curves: str) -> pd.DataFrame:
    """Keep some curves of the longest sweep that has all of them, on the tasks that have all of them.

    Tasks with two seeds of each go before others, also those of a longer sweep, since single runs have no interval. The
    table is empty where no sweep has all curves on one task.
    """
    table = runs[runs["curve"].isin(curves)]
    table = table[table.groupby(["sweep", "env"])["curve"].transform("nunique") == len(set(curves))]
    seeds = table.groupby(["sweep", "env", "curve"])["seed"].transform("nunique")
    repeated = table[seeds.groupby([table["sweep"], table["env"]]).transform("min") > 1]
    return _of_longest(repeated if len(repeated) else table)


def _of_longest(table: pd.DataFrame) -> pd.DataFrame:
    """Runs of the longest sweep, and among equally long ones of that with most curves, then with most tasks."""
    if table.empty:
        return table
    size = table.groupby("sweep").agg({"point": "max", "curve": "nunique", "env": "nunique"})
    return table[table["sweep"] == size.sort_values(["point", "curve", "env"]).index[-1]]


def gap(table: pd.DataFrame, first: str, score: Score = protocol.scores) -> Estimate:
    """Difference of the interquartile means of one curve and the other of a table that `longest` made of two."""
    found = protocol.differences(score(table), of=first).iloc[-1]  # over all tasks where there are several
    return Estimate(found["difference"], found["low"], found["high"])


def compare(runs: pd.DataFrame, first: str, seconds: Sequence[str], how: tuple[Score, str] = FINAL) -> str:
    """Say which others a curve is above, below, or not to be told apart from, with differences and intervals."""
    score, words = how
    told: dict[str, dict[str, list[str]]] = {}
    absent = []
    for second in seconds:
        table, label = longest(runs, first, second), look(second).label
        if table.empty:
            absent.append(label)
            continue
        found = gap(table, first, score)
        sides = told.setdefault(basis(table), {side: [] for side in SIDES})
        sides[by_side(found, *SIDES)].append(f"{label} ({found})")
    sentences = [f"{place}, {look(first).label} {_told(sides)} {words}." for place, sides in told.items()]
    if absent:
        sentences.append(f"No runs compare {look(first).label} with {series(absent)}.")
    return " ".join(sentences)


def rivals(runs: pd.DataFrame, first: str = SUBJECT) -> list[str]:
    """Name the paper's methods that have two seeds or more beside a curve's, in the longest sweep with several such."""
    table = _repeated(runs)
    return [name for name in PAPER if name != first and name in set(table["curve"])]


def _told(sides: dict[str, list[str]]) -> str:
    """Join the sides that have names, as in "is above VDN and is below QMIX"."""
    return series(f"{side} {series(names)}" for side, names in sides.items() if names)


def basis(table: pd.DataFrame) -> str:
    """Name the tasks, steps and seeds that a sentence rests on."""
    seeds = table.groupby(["sweep", "env", "curve"])["seed"].nunique()
    steps = results.span(table.groupby("sweep")["point"].max())
    tasks = series(sorted(table["env"].unique()))
    return f"On {tasks} after {steps} steps (n = {results.span(seeds)})"


def clear_of_zero(effects: pd.DataFrame, of: str) -> str:
    """Say how many differences have an interval that leaves zero out, how many chance would bring, and the largest.

    Args:
        effects: differences of one curve and others, as `protocol.differences` has them.
        of: words for the curve that all others are taken from.
    """
    beyond = effects[(effects["low"] > 0) | (effects["high"] < 0)]
    told = f"Of {len(effects)} differences between {of} and the same with other settings, {len(beyond) or 'none'} have"
    told += f" an interval that leaves 0 out, where chance alone would bring about {(1 - LEVEL) * len(effects):.0f}."
    if beyond.empty:
        return told.replace("none have", "none has")
    top = max(beyond.to_dict("records"), key=lambda row: abs(row["difference"]))
    higher = f"In {(beyond['difference'] < 0).sum()} of them the other settings end higher."
    found = Estimate(top["difference"], top["low"], top["high"])
    return f"{told} {higher} The largest is that of {look(top['curve']).label} on {top['env']}, {found}."


def spread(runs: pd.DataFrame) -> str:
    """Say how far the seeds of one method lie apart, in the longest sweep with several seeds of several methods."""
    table = _repeated(runs)
    if table.empty:
        return NONE_TWICE
    each = _deviations(table)
    wide, narrow = (look(str(name)).label for name in (each.idxmax(), each.idxmin()))
    own = f"NA²Q's is {each[SUBJECT]:.2f}. " if SUBJECT in each else ""
    return (
        f"{basis(table)}, the standard deviation over seeds of a method's final return is {each.median():.2f} at the "
        f"median of {len(each)} methods. {own}The largest is {wide}'s with {each.max():.2f}, the smallest {narrow}'s "
        f"with {each.min():.2f}."
    )


def with_more_seeds(runs: pd.DataFrame, more: int = FINAL_SEEDS) -> str:
    """Say how much narrower an interval of the mean would be with more seeds, at the spread that was seen.

    The half width of Student's interval with n seeds is t(n - 1) s / sqrt(n).
    """
    table = _repeated(runs)
    if table.empty:
        return NONE_TWICE
    now, s = int(table.groupby(["env", "curve"])["seed"].nunique().min()), float(_deviations(table).median())
    half = {n: t.ppf((1 + LEVEL) / 2, n - 1) * s / np.sqrt(n) for n in (now, more)}
    if now >= more:
        return f"With {now} seeds the mean of a method is known to ± {half[now]:.2f}."
    return (
        f"At the median spread of {s:.2f}, {now} seeds leave the mean of a method uncertain by ± {half[now]:.2f}, and "
        f"{more} seeds would leave ± {half[more]:.2f}. Differences below that size stay open even then."
    )


def _repeated(runs: pd.DataFrame) -> pd.DataFrame:
    """The paper's methods in the longest sweep in which several of them have two or more seeds."""
    table = runs[runs["curve"].isin(PAPER)]
    table = table[table.groupby(["sweep", "env", "curve"])["seed"].transform("nunique") > 1]
    table = table[table.groupby("sweep")["curve"].transform("nunique") > 1]
    return _of_longest(table)


def _deviations(table: pd.DataFrame) -> pd.Series:
    """Standard deviation over seeds of each curve's final score, averaged over tasks."""
    by_task = protocol.scores(table).groupby(["curve", "env"])["score"].std()
    return by_task.groupby("curve").mean()
