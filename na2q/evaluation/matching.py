"""Runs of this package beside those of another one on the same tasks: the last tests of both, and how far apart."""

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


def _normal(level: float) -> float:
    """Half the width, in standard deviations, of the interval that holds a share `level` of a normal distribution."""
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))
