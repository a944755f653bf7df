"""Runs of this package beside those of another one on the same tasks: how far apart, run by run and over seeds."""

import numpy as np
import pandas as pd

from na2q.arguments import checks_arguments
from na2q.config.checks import Count
from na2q.stats import LEVEL

KEY = ["env", "method", "seed"]


@checks_arguments
def beside(ours: pd.DataFrame, theirs: pd.DataFrame, episodes: Count) -> pd.DataFrame:
    """Compare the returns of runs with the same task, method and seed at the last test that both have.

    The interval of a difference is that of the means of the episodes of these two tests. It says how sure the
    difference of these two teams is, and nothing of other seeds.

    Args:
        ours: table of runs with columns env, method, seed, point, test_return_mean and test_return_std.
        theirs: the same of the other package.
        episodes: greedy episodes of one test, in both.

    Raises:
        ValueError: no run of one has a counterpart in the other.
    """
    columns = [*KEY, "point", "test_return_mean", "test_return_std"]
    both = ours[columns].merge(theirs[columns], on=[*KEY, "point"], suffixes=("", "_theirs"))
    if both.empty:
        raise ValueError("no run has the task, method, seed and a test of a run of the other table")
    last = both.sort_values("point").groupby(KEY, as_index=False, sort=False).tail(1)
    width = _normal(LEVEL) * np.sqrt((last["test_return_std"] ** 2 + last["test_return_std_theirs"] ** 2) / episodes)
    difference = last["test_return_mean"] - last["test_return_mean_theirs"]
    table = last[[*KEY, "point"]].assign(
        theirs=last["test_return_mean_theirs"],
        ours=last["test_return_mean"],
        difference=difference,
        low=difference - width,
        high=difference + width,
    )
    return table.sort_values(KEY, ignore_index=True)


@checks_arguments
def over_seeds(ours: pd.DataFrame, theirs: pd.DataFrame, at_least: Count = 3) -> pd.DataFrame:
    """Compare the mean return over all tests of several seeds of one method on one task, in both packages.

    Equal seeds are no equal runs, so that the seeds of one package are not paired with those of the other: the interval
    of the difference of the means is Welch's (1947), as SciPy computes it.

    Args:
        ours: table of runs with columns env, method, seed, point and test_return_mean.
        theirs: the same of the other package.
        at_least: seeds that both must have; what has fewer is left out.

    Returns:
        A row for each task and method, with columns env, method, seeds (of ours), seeds_theirs, theirs, ours,
        difference, low and high.
    """
    from scipy.stats import ttest_ind

    rows = []
    for (env, method), mine in ours.groupby(["env", "method"]):
        other = theirs[(theirs["env"] == env) & (theirs["method"] == method)]
        points = set(mine["point"]) & set(other["point"])
        means = [runs[runs["point"].isin(points)].groupby("seed")["test_return_mean"].mean() for runs in (mine, other)]
        if min(map(len, means)) < max(at_least, 2):
            continue
        a, b = (mean.to_numpy() for mean in means)
        interval = ttest_ind(a, b, equal_var=False).confidence_interval(LEVEL)
        rows.append((env, method, len(a), len(b), b.mean(), a.mean(), a.mean() - b.mean(), interval.low, interval.high))
    columns = ["env", "method", "seeds", "seeds_theirs", "theirs", "ours", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _normal(level: float) -> float:
    """Half the width, in standard deviations, of the interval that holds a share `level` of a normal distribution."""
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))
