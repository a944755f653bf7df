"""Estimates: intervals of known samples, of episodes, and those of rliable."""

import numpy as np
import pytest
from rliable import library, metrics
from scipy.stats import spearmanr

from na2q.evaluation.protocol import iqm, iqm_difference, iqm_of_points
from na2q.stats import bootstrap, mean_over, rank_correlation, share, slope, stratified


def test_mean_resamples_episodes_and_not_steps() -> None:
    values, episode = np.repeat([0.0, 1.0], 500), np.repeat([0, 1], 500)
    found = mean_over(values, episode)
    assert found == (0.5, 0, 1)
    same = mean_over(np.ones(9), np.arange(9))
    assert (same.low, same.high) == (1, 1)
    assert str(same) == "1.00 [1.00, 1.00]"


def test_interval_of_a_mean_is_about_two_standard_errors() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = mean_over(values, np.arange(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(4 * 1.96 * 0.05 / 2, rel=0.1)


def test_what_is_unknown_is_left_out_and_nothing_is_nan() -> None:
    one = mean_over(np.array([1.0, np.nan]), np.array([3, 4]))
    assert one.value == 1
    assert np.isnan(one.low)
    assert str(one) == "1.00 [no interval]"
    assert np.isnan(mean_over(np.zeros(0), np.zeros(0, int))).all()


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 6, 200).astype(float)
    y = x + rng.normal(size=200) * 3
    found = rank_correlation(x, y, np.arange(200) // 4)
    assert found.value == pytest.approx(spearmanr(x, y).statistic)
    assert found.low < found.value < found.high
    assert np.isnan(rank_correlation(x, x * 0, np.arange(200)).value)


def test_interval_of_two_runs_is_their_range_and_of_one_there_is_none() -> None:
    two = stratified(iqm, np.array([[0.2], [0.6]]))
    assert two[:, 0] == pytest.approx([0.4, 0.2, 0.6])
    one = stratified(iqm, np.array([[0.2]]))
    assert one[0, 0] == 0.2
    assert np.isnan(one[1:]).all()


@pytest.mark.slow
def test_interval_of_many_runs_is_as_wide_as_their_sampling_distribution() -> None:
    """400 uniform draws, against the spread of the interquartile mean over 2000 samples of that size."""
    sample = np.random.default_rng(0).random((400, 1))
    low, high = stratified(iqm, sample, reps=4_000)[1:, 0]
    means = [iqm(np.random.default_rng(i).random((1, 400, 1))).item() for i in range(1, 2_000)]
    assert high - low == pytest.approx(3.92 * np.std(means), rel=0.1)


def test_intervals_repeat_with_their_seed_and_leave_numpys_alone() -> None:
    sample = np.random.default_rng(0).random((7, 2))
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # what must not change
    first, again = (stratified(iqm, sample, seed=3) for _ in range(2))
    assert (first == again).all()
    assert (first[1:] != stratified(iqm, sample, seed=4)[1:]).any()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_runs_are_resampled_within_their_task() -> None:
    """Tasks without spread keep their mean, however different they are."""
    apart = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    assert stratified(lambda x: x.mean((1, 2))[:, None], apart)[:, 0].tolist() == [0.5] * 3


@pytest.mark.slow
def test_intervals_and_means_are_those_of_rliable() -> None:
    """Both draw the same bootstrap from streams of their own, so that ends agree within their spread over streams."""
    sample = np.random.default_rng(1).normal(size=(12, 5)) + np.arange(5)
    reps = 8_000
    theirs = library.get_interval_estimates(
        {"a": sample}, lambda x: np.array([metrics.aggregate_iqm(x), metrics.aggregate_mean(x)]), reps=reps
    )
    ours = stratified(lambda x: np.stack([iqm(x)[:, 0], x.mean((1, 2))], 1), sample, reps=reps)
    assert ours[0] == pytest.approx(theirs[0]["a"])
    width = ours[2] - ours[1]
    assert (np.abs(ours[1:] - theirs[1]["a"]) < 0.05 * width).all()


def test_tables_with_different_numbers_of_runs_are_resampled_by_themselves() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 1, (30, 2)), rng.normal(0, 1, (50, 2))
    value, low, high = stratified(iqm_difference, a, b)[:, 0]
    assert value == iqm_difference(a[None], b[None]).item()
    assert low < value < high
    assert np.isnan(stratified(iqm_difference, a, b[:1])[1:]).all()
    points = stratified(iqm_of_points, np.stack([a, a + 1], -1))
    assert points.shape == (3, 2)
    assert points[:, 1] == pytest.approx(points[:, 0] + 1), "all points of a run are drawn together"


def test_resamples_without_a_value_do_not_count() -> None:
    def varied(x: np.ndarray) -> np.ndarray:
        mean = np.where(np.ptp(x, 1) > 0, x.mean(1), np.nan)
        return np.stack([mean, np.full(len(x), np.nan)], 1)

    found = bootstrap(varied, np.array([0.0, 1.0]))
    assert found[:, 0].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(found[:, 1]).all()


def test_models_are_resampled_before_their_episodes() -> None:
    """The spread between models is in the interval; of one model it is that of its episodes."""
    rng = np.random.default_rng(0)
    episode, model = np.tile(np.arange(40), 3), np.repeat(np.arange(3), 40)
    values = rng.normal(size=120) + 5 * model
    found = mean_over(values, episode, 0, model)
    assert found.value == pytest.approx(values.mean())
    assert found.low < values[:40].mean() + 0.5
    assert found.high > values[80:].mean() - 0.5
    one = mean_over(values[:40], episode[:40], 0, model[:40])
    plain = mean_over(values[:40], episode[:40], 0)
    assert one.value == pytest.approx(plain.value)
    assert (one.low, one.high) == pytest.approx((plain.low, plain.high), abs=0.06)


def test_slope_and_shares_by_hand() -> None:
    x, episode = np.arange(20.0), np.arange(20) // 2
    assert slope(x, 3 * x + 7, episode).value == pytest.approx(3)
    assert np.isnan(slope(x * 0, x, episode).value)
    parts = np.stack([x, 3 * x, np.where(x == 4, np.nan, 0)], -1)
    assert [one.value for one in share(parts, episode)] == pytest.approx([0.25, 0.75, 0])
