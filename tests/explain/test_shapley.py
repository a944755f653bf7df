"""Shapley values of networks add up to the joint value, and equal enumeration."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from numpy import ndarray
from untrained import SHORT, save_untrained

from na2q.config import configure
from na2q.explain.baselines import mean_utilities
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.theory.shapley import shapley


@pytest.mark.parametrize("method", ["vdn", "qmix", "na2q", "shaq", "qplex", "dvd"])
def test_shapley_values_of_networks_add_up_to_the_joint_value(method: str, tmp_path: Path) -> None:
    save_untrained(configure(method, **SHORT), tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.5)
    probe = Probe.load(tmp_path, found)
    baseline = mean_utilities(found)
    values = probe.shapley(baseline)
    np.testing.assert_allclose(values.sum(1), probe.q_tot(probe.q) - probe.q_tot(baseline), atol=1e-9)
    np.testing.assert_allclose(values, shapley_by_enumeration(probe, baseline), atol=1e-9)


def shapley_by_enumeration(probe: Probe, baseline: ndarray) -> ndarray:
    return shapley(probe.q_tot, probe.q, baseline)


def test_vdn_gives_every_agent_its_utility_above_the_baseline(tmp_path: Path) -> None:
    save_untrained(configure("vdn", **SHORT), tmp_path)
    found = record(tmp_path, episodes=2)
    probe = Probe.load(tmp_path, found)
    np.testing.assert_allclose(probe.shapley(mean_utilities(found)), probe.q - probe.q.mean(0), atol=1e-9)


def test_baselines_by_hand() -> None:
    steps = ("episode", "step")
    recording = xr.Dataset(
        {
            "filled": (steps, [[True, True, False]]),
            "q_taken": ((*steps, "agent"), [[[1.0], [3.0], [np.nan]]]),
            "q": ((*steps, "agent", "action"), [[[[1.0, 2, 9]], [[3.0, 4, 5]], [[np.nan] * 3]]]),
            "avail": ((*steps, "agent", "action"), [[[[1, 1, 0]], [[1, 1, 1]], [[0, 0, 0]]]]),
        }
    )
    assert mean_utilities(recording).tolist() == [[2], [2]]
