"""Runs of two packages are compared where both have a test, with the interval of these tests."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic_runs import runs

from na2q.evaluation.matching import beside, over_seeds


def table(curves: dict[str, dict[int, list[float]]], deviation: float = 0.5) -> pd.DataFrame:
    return runs(curves).assign(test_return_std=deviation)


def test_the_last_test_of_both_is_compared() -> None:
    ours = table({"vdn": {1: [0.0, 0.5, 0.9], 2: [0.0, 0.1, 0.2]}})
    theirs = table({"vdn": {1: [0.0, 0.4, 0.7]}, "qmix": {1: [0.0, 0.0, 0.0]}})
    (row,) = beside(ours, theirs, episodes=100).to_dict("records")
    assert (row["method"], row["seed"], row["point"]) == ("vdn", 1, 20_000)
    assert row["difference"] == pytest.approx(0.2)
    assert row["high"] - row["difference"] == pytest.approx(1.96 * (0.5 / 10) * 2**0.5, rel=1e-3)
    assert row["low"] == pytest.approx(2 * row["difference"] - row["high"])


def test_a_run_that_was_stopped_is_compared_where_it_stopped() -> None:
    theirs = table({"vdn": {1: [0.0, 0.4, 0.7]}})
    (row,) = beside(table({"vdn": {1: [0.0, 0.5, 0.9]}}), theirs[theirs["point"] < 20_000], 100).to_dict("records")
    assert (row["point"], row["ours"], row["theirs"]) == (10_000, 0.5, 0.4)


def test_tables_without_a_common_run_are_refused() -> None:
    with pytest.raises(ValueError, match="no run has the task, method, seed"):
        beside(table({"vdn": {1: [0, 0, 0]}}), table({"vdn": {2: [0, 0, 0]}}), 100)


def test_several_seeds_are_compared_by_the_mean_over_their_tests() -> None:
    ours = table({"vdn": {1: [0.0, 0.5, 1.0], 2: [0.0, 0.1, 0.2], 3: [0.3, 0.3, 0.3]}, "iql": {1: [0.0, 0.0, 0.0]}})
    theirs = table({"vdn": {7: [0.0, 0.0, 0.3], 8: [0.0, 0.2, 0.4], 9: [0.0, 0.3, 0.3], 10: [0.4, 0.4, 0.4]}})
    (row,) = over_seeds(ours, theirs).to_dict("records")
    assert (row["method"], row["seeds"], row["seeds_theirs"]) == ("vdn", 3, 4)
    a, b = np.array([0.5, 0.1, 0.3]), np.array([0.1, 0.2, 0.2, 0.4])
    assert row["difference"] == pytest.approx(a.mean() - b.mean())
    parts = np.array([a.var(ddof=1) / 3, b.var(ddof=1) / 4])
    freedom = parts.sum() ** 2 / (parts**2 / [2, 3]).sum()  # Welch and Satterthwaite
    width = stats.t.ppf(0.975, freedom) * parts.sum() ** 0.5
    assert [row["low"], row["high"]] == pytest.approx([row["difference"] - width, row["difference"] + width])


def test_too_few_seeds_are_not_compared() -> None:
    ours = table({"vdn": {1: [0.0, 0.5, 1.0], 2: [0.0, 0.1, 0.2]}})
    assert over_seeds(ours, ours).empty
    assert len(over_seeds(ours, ours, at_least=2)) == 1
