"""Purified terms of GAMs built by hand and of networks."""

from pathlib import Path

import numpy as np
import pytest
from by_hand import gam, grid_of
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from untrained import SHORT, save_untrained

from na2q.config import configure
from na2q.explain.probe import Probe
from na2q.explain.purification import purified, purify
from na2q.explain.recording import record


def test_product_is_a_pure_interaction_after_centring() -> None:
    """(a + x)(b + y) with centred x, y: constant ab, main effects bx and ay, interaction xy."""
    x, y = np.array([-1.0, 0, 1]), np.array([-2.0, 2])
    split = purify(np.outer(3 + x, 5 + y), np.full((3, 2), 1 / 6))
    assert split.constant == pytest.approx(15)
    assert split.first == pytest.approx(5 * x)
    assert split.second == pytest.approx(3 * y)
    assert split.pure == pytest.approx(np.outer(x, y))


@given(st.integers(0, 10_000))
def test_pure_interaction_has_no_mean_along_either_axis(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weight = rng.normal(size=(5, 4)), rng.random((5, 4)) * (rng.random((5, 4)) < 0.7) + 1e-3
    weight[2] = 0
    split = purify(values, weight)
    together = split.pure + split.first[:, None] + split.second[None] + split.constant
    assert together == pytest.approx(values, abs=1e-9)
    assert (split.pure * weight).sum(0) == pytest.approx(np.zeros(4), abs=1e-8)
    assert (split.pure * weight).sum(1) == pytest.approx(np.zeros(5), abs=1e-8)
    assert weight.sum(1) @ split.first == pytest.approx(0, abs=1e-9)
    assert weight.sum(0) @ split.second == pytest.approx(0, abs=1e-9)


def test_sum_of_two_functions_has_no_interaction_whatever_the_weights() -> None:
    x, y, rng = np.arange(4.0), np.array([5.0, -1, 2]), np.random.default_rng(0)
    split = purify(x[:, None] + y[None], rng.random((4, 3)))
    assert split.pure == pytest.approx(np.zeros((4, 3)), abs=1e-9)


@pytest.mark.parametrize("weight", [np.zeros((2, 2)), -np.eye(2), np.ones((2, 3))])
def test_weights_that_are_none_are_refused(weight: ndarray) -> None:
    with pytest.raises(ValueError, match="weight must be"):
        purify(np.eye(2), weight)


def test_purified_terms_of_a_gam_by_hand() -> None:
    """q on the corners of {-1, 1} x {0, 2}, credits 1: q_0 q_1 + 3 q_0 = q_0 (q_1 - 1) + 4 q_0."""
    q = np.array([[-1.0, 0], [-1, 2], [1, 0], [1, 2]])
    found = purified(gam(q), grid_of(q))
    first, second, pair = found["contribution"].values[0].T
    assert first == pytest.approx(q[:, 0] + 4 * q[:, 0])
    assert second == pytest.approx(2 * (q[:, 1] - 1))
    assert pair == pytest.approx(q[:, 0] * (q[:, 1] - 1))
    assert found["bias"].values[0] == pytest.approx(np.full(4, 0.5 + 1 + 2))


def test_purified_terms_add_up_and_do_not_see_the_gauges() -> None:
    rng = np.random.default_rng(1)
    q = rng.integers(0, 4, (40, 2)).astype(float)
    alpha = rng.dirichlet(np.ones(3), 40)[None]
    raw = gam(q, alpha)
    found = purified(raw, grid_of(q))
    total = found["contribution"].sum("coalition") + found["bias"]
    np.testing.assert_allclose(total, raw["contribution"].sum("coalition") + raw["bias"])
    shifted = purified(gam(q, alpha, shift=2.0, bias=-1.5), grid_of(q, shift=2.0))  # credits sum to 1: g1
    np.testing.assert_allclose(shifted["contribution"], found["contribution"], atol=1e-9)
    np.testing.assert_allclose(shifted["bias"], found["bias"], atol=1e-9)


def test_purified_terms_of_a_network_add_up(tmp_path: Path) -> None:
    save_untrained(configure("na2q", **SHORT), tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.3)
    probe = Probe.load(tmp_path, found)
    nodes = np.linspace(probe.q.min(0), probe.q.max(0), 9, axis=-1)
    pure = purified(found, probe.shape_grid(nodes))
    total = (pure["contribution"].sum("coalition") + pure["bias"]).values[found["filled"].values]
    np.testing.assert_allclose(total, found["q_tot"].values[found["filled"].values], atol=1e-5)
