"""Tests of masks find what must be found where the answer is known."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from untrained import BLIND, SHORT, save_untrained

from na2q.config import configure
from na2q.explain.masks import choosing, delete, deletion, masks_by_kind, occlusion, rankings, typical, within_rows
from na2q.explain.probe import Probe
from na2q.explain.recording import record


def test_feature_that_the_network_does_not_see_has_no_effect(probe: Probe) -> None:
    fill = typical(probe.recording)
    effect = occlusion(probe, fill)
    assert effect.shape == (len(probe.q), 4, 18)
    assert effect[..., BLIND].max() == 0
    varies = probe.recording["obs"].std(["episode", "step", "agent"]).values > 0
    varies[BLIND] = False
    np.testing.assert_array_equal(effect.max((0, 1)) > 0, varies)
    only_blind = np.zeros(effect.shape)
    only_blind[..., BLIND] = 1
    table = deletion(probe, {"blind": only_blind, "seen": effect}, (1, 18), fill).set_index(["ranking", "count"])
    assert table.loc[("blind", 1), "q_change"] == 0
    assert table.loc[("blind", 1), "changed"] == 0
    assert table.loc[("seen", 1), "q_change"] == pytest.approx(effect.max(-1)[choosing(probe)].mean(), abs=1e-7)
    assert table.loc[("blind", 18), "q_change"] == table.loc[("seen", 18), "q_change"]  # all are gone


def test_rankings_are_what_their_names_say(probe: Probe, tmp_path: Path) -> None:
    fill = typical(probe.recording)
    found = rankings(probe, fill)
    assert set(found) == {"occlusion", "size", "chance", "highest mask", "mean mask", "lowest mask"}
    mask = probe.recording["mask"].values[probe.filled]
    np.testing.assert_allclose(found["highest mask"], mask)
    np.testing.assert_allclose(found["mean mask"][3, 2], mask.mean((0, 1)), rtol=1e-6)
    assert found["size"].min() == 0
    again = Probe(probe.method, probe.recording, samples=3)
    sampled = Probe(
        probe.method,
        probe.recording.assign(
            mask_sampled=probe.recording["mask"].copy(data=again.spread(again.shown["mask_sampled"].numpy()))
        ),
    )
    scores = rankings(sampled, fill)
    assert set(scores) - set(found) == {"highest sampled mask", "mean sampled mask", "lowest sampled mask"}
    assert not np.allclose(scores["highest sampled mask"], mask)
    save_untrained(configure("vdn", **SHORT), tmp_path)
    plain = Probe.load(tmp_path, record(tmp_path, episodes=1))
    assert set(rankings(plain, fill)) == {"occlusion", "size", "chance"}


def test_deleted_features_become_the_mean() -> None:
    steps = ("episode", "step", "agent", "obs_feature")
    recording = xr.Dataset({"obs": (steps, [[[[1.0, 0]], [[3.0, 0]], [[np.nan, np.nan]]]])})
    assert typical(recording).tolist() == [2, 0]


def test_counts_out_of_range_are_named(probe: Probe) -> None:
    score = np.zeros((*probe.q.shape, 18))
    for count in (0, 19):
        with pytest.raises(ValueError, match=f"count is {count}, must lie between 1 and the number of features, 18"):
            delete(probe, score, count, typical(probe.recording))


def test_agents_without_a_choice_are_left_out(tmp_path: Path) -> None:
    save_untrained(configure("vdn", "battle-3m"), tmp_path)
    found = record(tmp_path, episodes=4, epsilon=1.0)
    probe = Probe.load(tmp_path, found)
    changed = delete(probe, np.zeros((*probe.q.shape, found.sizes["obs_feature"])), 1, typical(found)).changed
    dead = ~found["unit_alive"].values[found["filled"].values][:, :3]
    assert dead.any()
    np.testing.assert_array_equal(np.isnan(changed), dead)


def test_correlation_within_rows_by_hand() -> None:
    x = np.array([[[1.0, 2, 3]], [[1, 1, 1]]])
    y = np.array([[[3.0, 2, 1]], [[1, 2, 3]]])
    assert within_rows(x, y)[0, 0] == pytest.approx(-1)
    assert np.isnan(within_rows(x, y)[1, 0])


def test_masks_by_kind_by_hand() -> None:
    """Food 0 is seen by both agents, food 1 by none; at (0, 0) its level still shows that it is there."""
    axes = ("episode", "step", "agent", "obs_feature")
    seen, unseen = [[0.0, 0, 2], [3, 1, 2]], [-1.0, -1, 0]
    recording = xr.Dataset(
        {
            "filled": (axes[:2], [[True]]),
            "obs": (axes, [[[[*seen[0], *unseen, 1], [*seen[1], *unseen, 2]]]]),
            "mask": (axes, [[[[0.1, 0.2, 0.6, 0, 0, 0.3, 1], [0.3, 0.3, 0.3, 0, 0, 0.9, 0.5]]]]),
        },
        {"obs_feature": ["food 0 y", "food 0 x", "food 0 level", "food 1 y", "food 1 x", "food 1 level", "self level"]},
    )
    found = masks_by_kind(recording)
    assert found.loc["food"].tolist() == pytest.approx([0.3, 0.2, 0.5])
    assert found.loc["self"].tolist() == pytest.approx([0.75, np.nan, 1], nan_ok=True)
