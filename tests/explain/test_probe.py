"""A probe says what the network said at the recorded steps, and refuses the recording of another network."""

from pathlib import Path

import numpy as np
import pytest
from numpy import ndarray
from untrained import SHORT, save_untrained

from na2q.config import configure
from na2q.explain.probe import Probe
from na2q.explain.recording import record


def test_probe_repeats_the_recording_and_its_grid_holds_the_shape_functions(tmp_path: Path) -> None:
    save_untrained(configure("na2q", **SHORT), tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.3)
    probe, filled = Probe.load(tmp_path, found), found["filled"].values
    np.testing.assert_allclose(probe.utilities(lambda obs: obs), found["q"].values[filled], atol=1e-6)
    np.testing.assert_allclose(probe.q_tot(probe.q), found["q_tot"].values[filled], atol=1e-6)
    assert probe.spread(probe.q).shape == found["q_taken"].shape
    row = 5  # the grid's nodes are this row's utilities and one more
    nodes = np.stack([probe.q[row], probe.q[row] + 1], -1)
    grid = probe.shape_grid(nodes)
    shape = found["shape"].values[filled][row]
    np.testing.assert_allclose(grid["unary"].values[:, 0], shape[:4], atol=1e-6)
    np.testing.assert_allclose(grid["pairwise"].values[:, 0, 0], shape[4:], atol=1e-6)
    assert grid["weight"].sum(["node", "node_2"]).values == pytest.approx(np.ones(6))
    both = probe.q.copy()
    both[:, 1] += 1
    np.testing.assert_allclose(grid["pairwise"].sel(pair="0,1").values[0, 1], shapes_at(probe, both)[row, 4], atol=1e-9)


def shapes_at(probe: Probe, q: ndarray) -> ndarray:
    shapes = probe.mix(q).contributions
    assert shapes is not None
    return shapes.numpy()


def test_probe_of_another_network_is_refused(tmp_path: Path) -> None:
    for name, env in (("a", "lbf-4p-2f"), ("b", "lbf-3p-3f")):
        save_untrained(configure("vdn", env, **SHORT), tmp_path / name)
    found = record(tmp_path / "a", episodes=2)
    with pytest.raises(ValueError, match="4 on axis agent, but the network expects 3"):
        Probe.load(tmp_path / "b", found)
    save_untrained(configure("iql", **SHORT), tmp_path / "c")
    alone = Probe.load(tmp_path / "c", record(tmp_path / "c", episodes=2))
    with pytest.raises(ValueError, match="IQL has no joint value"):
        alone.q_tot(alone.q)
    with pytest.raises(ValueError, match="IQL has no decomposition"):
        alone.contributions(alone.q)
