"""Estimates with bootstrap intervals, for the runs of an evaluation and for the episodes of a recording alike.

Intervals are percentile intervals of a bootstrap (Efron and Tibshirani, 1993), which the package `arch` draws. Runs are
resampled within each task, as Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical
precipice", recommend. The steps of one episode depend on each other, so that for recordings whole episodes are
resampled.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from arch.bootstrap import IndependentSamplesBootstrap
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.stats import rankdata

from na2q.arguments import checks_arguments
from na2q.config.checks import Repeats, Whole

REPS = 1_000
"""Resamples of a bootstrap. These are enough for the first two digits of an interval."""

LEVEL = 0.95
"""Probability that an interval is made for."""

# Of samples with b resamples of each along an axis in front, to (b, k). One call for all of them costs about as much as
# one call for each, since a statistic of few runs is mostly overhead.
Statistic = Callable[..., ndarray]


class Estimate(NamedTuple):
    """A number with the ends of its 95 % interval, which are NaN where a single run or episode gives none."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Write the number with its interval in brackets."""
        if np.isnan(self.low):
            return f"{self.value:.2f} [no interval]"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@checks_arguments
def bootstrap(statistic: Statistic, *samples: ndarray, reps: Repeats = REPS, seed: Whole = 0) -> Float[ndarray, "3 k"]:
    """Compute a statistic of independent samples with the ends of its percentile interval.

    Args:
        statistic: maps b resamples of every sample to (b, k); NaN in a resample does not count.
        samples: each is resampled along its first axis, independently of the others.
        reps: number of resamples.
        seed: of the resamples.

    Returns:
        The value, the low end and the high end of each number. The ends are NaN where every sample has one member
        only, since such a resample is always the sample itself.
    """
    value = statistic(*(sample[None] for sample in samples))[0]
    ends = np.full((2, len(value)), np.nan)
    if max(map(len, samples)) > 1:
        resamples = IndependentSamplesBootstrap(*samples, seed=np.random.default_rng(seed)).bootstrap(reps)
        drawn = statistic(*map(np.stack, zip(*(once for once, _ in resamples), strict=True)))
        known = ~np.isnan(drawn).all(0)
        tails = (50 * (1 - LEVEL), 50 * (1 + LEVEL))
        ends[:, known] = np.nanpercentile(drawn[:, known], tails, axis=0)
    return np.stack([value, *ends])


@checks_arguments
def stratified(statistic: Statistic, *tables: ndarray, reps: Repeats = REPS, seed: Whole = 0) -> Float[ndarray, "3 k"]:
    """Compute a statistic of tables of runs with its interval; runs are resampled within each task.

    Args:
        statistic: maps b resamples of every table, (b, runs, tasks) or (b, runs, tasks, points), to (b, k).
        tables: (runs, tasks) or (runs, tasks, points); tables may have different numbers of runs.
        reps: number of resamples.
        seed: of the resamples.

    Returns:
        The value, the low end and the high end; the ends are NaN where a table has one run only.
    """
    if min(map(len, tables)) < 2:
        value = statistic(*(table[None] for table in tables))[0]
        return np.stack([value, np.full_like(value, np.nan), np.full_like(value, np.nan)])
    bounds = np.cumsum([0, *(table.shape[1] for table in tables)])

    def of_columns(*columns: ndarray) -> ndarray:
        return statistic(*(np.stack(columns[a:b], 2) for a, b in pairwise(bounds)))

    columns = [table[:, task] for table in tables for task in range(table.shape[1])]
    return bootstrap(of_columns, *columns, reps=reps, seed=seed)


@checks_arguments
def mean_over(
    values: Float[ndarray, " r"], episode: Int[ndarray, " r"], seed: Whole = 0, model: Int[ndarray, " r"] | None = None
) -> Estimate:
    """Mean of the values that are not NaN; whole episodes are resampled.

    Args:
        values: one for each row.
        episode: number of the episode that each row belongs to.
        seed: of the resamples.
        model: number of the trained model that each row belongs to, where there are several; models are resampled
            first, then the episodes of each.
    """
    known = ~np.isnan(values)
    kept = values[known]
    of = None if model is None else model[known]
    return _over_episodes(lambda s: s[:, 1:] / s[:, :1], [np.ones_like(kept), kept], episode[known], seed, of)


@checks_arguments
def slope(
    x: Float[ndarray, " r"],
    y: Float[ndarray, " r"],
    episode: Int[ndarray, " r"],
    seed: Whole = 0,
    model: Int[ndarray, " r"] | None = None,
) -> Estimate:
    """Least-squares slope of y over x of the rows in which neither is NaN; resampled as by `mean_over`.

    The slope is NaN where x is constant.
    """
    known = ~(np.isnan(x) | np.isnan(y))
    a, b = x[known] - x[known].mean(), y[known]  # centred, lest squares of a large level lose the rest

    def fitted(sums: ndarray) -> ndarray:
        count, sa, sb, saa, sab = sums.T
        spread = saa - sa**2 / count
        return ((sab - sa * sb / count) / np.where(spread > 1e-12 * saa, spread, np.nan))[:, None]

    of = None if model is None else model[known]
    return _over_episodes(fitted, [np.ones_like(a), a, b, a * a, a * b], episode[known], seed, of)


@checks_arguments
def share(
    parts: Float[ndarray, "r k"], episode: Int[ndarray, " r"], seed: Whole = 0, model: Int[ndarray, " r"] | None = None
) -> list[Estimate]:
    """Share that each of k parts has of the sum of all, over all rows together; resampled as by `mean_over`."""
    known = ~np.isnan(parts).any(1)
    of = None if model is None else model[known]
    columns = list(parts[known].T)

    def of_all(sums: ndarray, k: int) -> ndarray:
        total = sums.sum(1)
        return (sums[:, k] / np.where(total == 0, np.nan, total))[:, None]

    return [_over_episodes(partial(of_all, k=k), columns, episode[known], seed, of) for k in range(len(columns))]


@checks_arguments
def rank_correlation(
    x: Float[ndarray, " r"], y: Float[ndarray, " r"], episode: Int[ndarray, " r"], seed: Whole = 0
) -> Estimate:
    """Spearman's rank correlation of the rows in which neither is NaN; whole episodes are resampled.

    The ranks are those among all rows and are not taken anew in a resample. The correlation is NaN where one of the
    two is constant.
    """
    known = ~(np.isnan(x) | np.isnan(y))
    a, b = (rankdata(v[known]) - (known.sum() + 1) / 2 for v in (x, y))

    def correlation(sums: ndarray) -> ndarray:
        count, sa, sb, saa, sbb, sab = sums.T
        spread = (saa - sa**2 / count) * (sbb - sb**2 / count)
        return ((sab - sa * sb / count) / np.sqrt(np.where(spread > 0, spread, np.nan)))[:, None]

    return _over_episodes(correlation, [np.ones_like(a), a, b, a * a, b * b, a * b], episode[known], seed)


def _over_episodes(
    statistic: Statistic,
    rows: list[ndarray],
    episode: Int[ndarray, " r"],
    seed: int,
    model: Int[ndarray, " r"] | None = None,
) -> Estimate:
    """Evaluate a function of sums over rows; to resample episodes it is enough to know their sums."""
    if not len(episode):
        return Estimate(np.nan, np.nan, np.nan)
    of = np.zeros_like(episode) if model is None else model
    blocks = []
    for one in np.unique(of):
        place = np.unique(episode[of == one], return_inverse=True)[1]
        blocks.append(np.stack([np.bincount(place, values[of == one]) for values in rows], -1))
    if model is None:
        return Estimate(*bootstrap(lambda drawn: statistic(drawn.sum(1)), *blocks, seed=seed)[:, 0].tolist())
    whole = statistic(np.sum([block.sum(0) for block in blocks], 0)[None]).item()
    if max(map(len, blocks)) == len(blocks) == 1:
        return Estimate(whole, np.nan, np.nan)
    found = statistic(_in_two_stages(blocks, np.random.default_rng(seed)))
    if np.isnan(found).all():
        return Estimate(whole, np.nan, np.nan)
    low, high = np.nanpercentile(found, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Estimate(whole, float(low), float(high))


def _in_two_stages(blocks: list[ndarray], rng: np.random.Generator) -> Float[ndarray, "b k"]:
    """Sums of b resamples of models, and of as many episodes of each as it has, which `arch` does not draw.

    Args:
        blocks: for each model, sums over the steps of its episodes, (episodes, k).
        rng: draws the resamples.
    """
    total = np.zeros((REPS, blocks[0].shape[1]))
    times = rng.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), REPS)  # how often each model is drawn
    for block, count in zip(blocks, times.T, strict=True):
        for again in range(count.max()):
            drawn = rng.multinomial(len(block), np.full(len(block), 1 / len(block)), REPS)
            total += (count > again)[:, None] * (drawn @ block)
    return total
