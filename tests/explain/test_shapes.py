"""Curves of shape functions and their stability, on models whose answers are known."""

import numpy as np
import pytest
import xarray as xr
from by_hand import gam

from na2q.explain.shapes import curves, stability


def test_curves_are_means_in_common_bins() -> None:
    one = gam(np.array([[0.0, 0], [0.4, 0], [1.0, 4]]), credit=np.array([0.5, 1, 0]))
    two = gam(np.array([[2.0, 1], [2.0, 1], [2.0, 1]]))
    found = curves([one, two], bins=2)
    assert found["edges"].values.tolist() == [[0, 1, 2], [0, 2, 4]]
    assert found["q"].values.tolist() == [[0.5, 1.5], [1, 3]]
    assert found["shape"].values[0, 0] == pytest.approx([1.2, 2])  # an edge belongs to the bin above it
    assert found["contribution"].values[0, 0] == pytest.approx([0.6, 1])
    assert found["density"].values[0].tolist() == [[pytest.approx(2 / 3), pytest.approx(1 / 3)]] * 2
    assert np.isnan(found["shape"].values[1, 0, 0])
    assert found["shape"].values[1, 0, 1] == 3
    assert found["q_std"].values[1].tolist() == [0, 0]


def test_the_dead_have_no_part_in_curves() -> None:
    recording = gam(np.array([[0.0, 0], [1.0, 4], [50.0, 2]]))
    alive = np.array([[[True, True], [True, True], [False, True]]])
    found = curves([recording.assign(unit_alive=(("episode", "step", "unit"), alive))], bins=2)
    assert found["edges"].values[0].tolist() == [0, 0.5, 1]
    assert found["density"].values[0].tolist() == [[0.5, 0.5], [pytest.approx(1 / 3), pytest.approx(2 / 3)]]
    assert found["shape"].values[0, 0].tolist() == [1, 2]
    assert (float(found["q_mean"][0, 0]), float(found["q_std"][0, 0])) == (0.5, 0.5)


def test_stability_of_two_models_by_hand() -> None:
    """Agent 0 differs by 1 in both bins, agent 1 by 2 in its only shared bin: std is half the difference."""
    q = np.array([[0.0, 0], [0, 0], [0, 0], [1.0, 9]])
    one = gam(q)
    other = gam(np.where(q == 9, 0, q))
    other["contribution"] = other["contribution"] + xr.DataArray([1.0, 2, 0], dims="coalition")
    found = stability(curves([one, other], bins=2))
    assert found.unweighted == pytest.approx((0.5 + 1) / 2)
    assert found.weighted == pytest.approx((0.5 + 1) / 2)
    assert found.bins == 3
    assert found.q_between == pytest.approx((0 + 9 / 4 / 2) / 2)
    assert found.q_within == pytest.approx((q[:, 0].std() + (q[:, 1].std() + 0) / 2) / 2)


def test_weights_count_steps_and_centring_takes_constants_away() -> None:
    q = np.array([[0.0, 0], [0, 0], [0, 0], [1.0, 1]])
    one, other = gam(q), gam(q)
    other["contribution"] = other["contribution"] + xr.DataArray(
        4.0 * q[None, :, :1] * [1, 0, 0], dims=one["credit"].dims
    )
    found = stability(curves([one, other], bins=2))
    assert found.unweighted == pytest.approx((0 + 2) / 2 / 2)  # agent 0: bins 0 and 2; agent 1: none
    assert found.weighted == pytest.approx(0.25 * 2 / 2)
    shifted = stability(curves([one, gam(q, shift=7.0)], bins=2))
    assert shifted.unweighted == pytest.approx(3.5)
    assert shifted.centred == pytest.approx(0, abs=1e-12)


def test_stability_needs_models_that_meet() -> None:
    one = gam(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="at least two models, got 1"):
        stability(curves([one]))
    with pytest.raises(ValueError, match="same bin"):
        stability(curves([one, gam(np.full((3, 2), 9.0))]))
    with pytest.raises(ValueError, match="at least one recording"):
        curves([])
    with pytest.raises(ValueError, match="bins is 0"):
        curves([one], 0)
    with pytest.raises(ValueError, match="no term for each single agent"):
        curves([one.assign(member=one["member"] | True)])
