"""Scores of answers: perfect, reversed and ignorant ones score what they must, and noise lowers the ceiling."""

import numpy as np
import pytest

from na2q.explain.credits.scoring import Rows, ranks, score, tops


def rows(r: int) -> Rows:
    return Rows(np.arange(r) // 10, np.zeros(r, int))


def test_the_truth_itself_scores_perfectly_in_any_unit() -> None:
    true = np.random.default_rng(0).normal(size=(1, 100, 4))
    found = score(3 * true[0] + 5, true, rows(100))
    assert found["rank"].estimate.value == found["top"].estimate.value == 1
    assert found["slope"].estimate.value == pytest.approx(1 / 3)
    assert found["rank"].ceiling == found["top"].ceiling == 1
    assert score(-true[0], true, rows(100))["rank"].estimate.value == -1


def test_who_says_the_same_of_all_scores_what_chance_does() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(3, size=(1, 4000, 3)).astype(float)
    same, luck = (score(x, true, rows(4000)) for x in (np.ones((4000, 3)), rng.random((4000, 3))))
    for name in ("rank", "top"):
        assert same[name].estimate.value == pytest.approx(same[name].chance)
        assert luck[name].estimate.value == pytest.approx(luck[name].chance, abs=0.03)
    assert same["rank"].chance == 0
    assert np.isnan(same["slope"].estimate.value)


def test_steps_in_which_nobody_is_ahead_are_left_out() -> None:
    true = np.zeros((1, 10, 3))
    true[0, 4] = 1, 2, 3
    said = np.tile([0.0, 5, 9], (10, 1))
    found = score(said, true, rows(10))
    assert found["rank"].rows == found["top"].rows == 1
    assert found["slope"].rows == 10
    assert found["rank"].estimate.value == 1
    silent = score(said, np.zeros((1, 10, 3)), rows(10))
    assert silent["rank"].rows == 0
    assert np.isnan(silent["rank"].estimate.value)


def test_the_ceiling_is_what_a_second_measurement_scores() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(3000, 4))
    measured = real + rng.normal(size=(2, 3000, 4))
    found = score(real, measured, rows(3000))["rank"]
    assert 0.3 < found.ceiling < found.estimate.value < 1  # what is meant is nearer to both than they are to each other


def test_ties_are_broken_at_random() -> None:
    assert tops(np.array([[1.0, 1, 0]]), np.array([[9.0, 2, 2]])).tolist() == [0.5]
    assert tops(np.array([[1.0, 0, 0]]), np.array([[9.0, 9, 2]])).tolist() == [1]
    assert ranks(np.array([[1.0, 1 + 1e-13, 0]]), np.array([[2.0, 2, 1]])) == pytest.approx([1])


def test_intervals_widen_when_models_differ() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(1, 300, 4))
    said = true[0].copy()
    said[200:] = rng.normal(size=(100, 4))  # the third model knows nothing
    model, episode = np.repeat(np.arange(3), 100), np.arange(300) // 10
    apart = score(said, true, Rows(episode, model))["rank"].estimate
    alike = score(said, true, Rows(episode, model * 0))["rank"].estimate
    assert apart.value == pytest.approx(alike.value)
    assert apart.high - apart.low > 1.5 * (alike.high - alike.low)


def test_rows_of_unknown_origin_are_refused() -> None:
    with pytest.raises(ValueError, match="with the origin of 4 rows"):
        score(np.zeros((5, 3)), np.zeros((1, 5, 3)), rows(4))
