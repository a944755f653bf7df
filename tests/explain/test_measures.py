"""Explanations of models whose answers are known: GAMs built by hand, counted cases, axioms."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from untrained import save_untrained

from na2q.config import configure
from na2q.explain.measures import (
    around,
    by_deaths,
    by_phase,
    cooperating,
    curves,
    harmed,
    masks_by_kind,
    mean_available,
    mean_utilities,
    nearest_node,
    purified,
    purify,
    stability,
)
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.theory.shapley import shapley

SHORT = {"env_options.time_limit": 8}
MEMBER = np.array([[1, 0], [0, 1], [1, 1]], bool)


def gam(q: ndarray, credit: Any = 1.0, shift: float = 0.0, bias: float = 0.5) -> xr.Dataset:
    """Recording of one episode of f_0 = q_0 + 1, f_1 = 2 q_1, f_01 = q_0 q_1 + 3 q_0, each + shift."""
    shape = np.stack([q[:, 0] + 1, 2 * q[:, 1], q[:, 0] * q[:, 1] + 3 * q[:, 0]], -1)[None] + shift
    alpha = np.broadcast_to(credit, shape.shape)
    steps = ("episode", "step")
    return xr.Dataset(
        {
            "filled": (steps, np.ones((1, len(q)), bool)),
            "q_taken": ((*steps, "agent"), q[None]),
            "shape": ((*steps, "coalition"), shape),
            "credit": ((*steps, "coalition"), alpha),
            "contribution": ((*steps, "coalition"), alpha * shape),
            "bias": (steps, np.full((1, len(q)), bias)),
            "member": (("coalition", "agent"), MEMBER),
        },
        {"coalition": np.array(["0", "1", "0,1"], dtype=object)},
        {"method": "by hand", "env": "none"},
    )


def grid_of(q: ndarray, shift: float = 0.0) -> xr.Dataset:
    """Shape grid of `gam` with a node at every value of q."""
    nodes = np.stack([np.unique(q[:, 0]), np.unique(q[:, 1])])
    weight = np.zeros((nodes.shape[1],) * 2)
    np.add.at(weight, (nearest_node(q[:, 0], nodes[0]), nearest_node(q[:, 1], nodes[1])), 1 / len(q))
    first, second = nodes[0][:, None], nodes[1][None]
    axes = ("pair", "node", "node_2")
    return xr.Dataset(
        {"q": (("agent", "node"), nodes), "pairwise": (axes, (first * second + 3 * first + shift)[None])}
        | {"weight": (axes, weight[None])}
    )


# --- curves and stability ----------------------------------------------------------------------------


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


# --- purification ------------------------------------------------------------------------------------


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


# --- Shapley values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["vdn", "qmix", "na2q", "shaq", "qplex", "dvd"])
def test_shapley_values_of_networks_add_up_to_the_joint_value(method: str, tmp_path: Path) -> None:
    save_untrained(configure(method, **SHORT), tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.5)
    probe = Probe.load(tmp_path, found)
    for baseline in (mean_utilities(found), mean_available(found)):
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
    assert mean_available(recording).tolist() == [[1.5], [4]]


# --- probes ------------------------------------------------------------------------------------------


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


def test_purified_terms_of_a_network_add_up(tmp_path: Path) -> None:
    save_untrained(configure("na2q", **SHORT), tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.3)
    probe = Probe.load(tmp_path, found)
    nodes = np.linspace(probe.q.min(0), probe.q.max(0), 9, axis=-1)
    pure = purified(found, probe.shape_grid(nodes))
    total = (pure["contribution"].sum("coalition") + pure["bias"]).values[found["filled"].values]
    np.testing.assert_allclose(total, found["q_tot"].values[found["filled"].values], atol=1e-5)


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


# --- events ------------------------------------------------------------------------------------------


def test_windows_around_events_by_hand() -> None:
    values = np.array([[0.0, 1, 2, 3], [10, 20, np.nan, np.nan]])
    events = np.array([[0, 0, 1, 0], [1, 0, 0, 0]], bool)
    assert around(values, events, 1, 2) == pytest.approx([1, (2 + 10) / 2, (3 + 20) / 2, np.nan], nan_ok=True)
    two = np.stack([values, -values], -1)
    assert around(two, events, 0, 0) == pytest.approx(np.array([[6, -6]]))
    assert np.isnan(around(values, np.zeros((2, 4), bool), 0, 0)).all()
    with pytest.raises(ValueError, match="episodes and steps must agree"):
        around(values, events[:1])
    with pytest.raises(ValueError, match="before is -1"):
        around(values, events, -1)


def test_phases_split_every_episode_by_its_own_length() -> None:
    values = np.array([[1.0, 2, 3, 4], [10, 20, np.nan, np.nan]])
    filled = ~np.isnan(values)
    assert by_phase(values, filled, 2) == pytest.approx([(1 + 2 + 10) / 3, (3 + 4 + 20) / 3])
    assert np.isnan(by_phase(values[1:], filled[1:], 3)[2])
    with pytest.raises(ValueError, match="phases is 0"):
        by_phase(values, filled, 0)


def battle() -> xr.Dataset:
    """Two allies and one enemy over three steps; ally 1 is hurt at step 1 and dead at step 2."""
    unit, steps = ("episode", "step", "unit"), ("episode", "step")
    return xr.Dataset(
        {
            "filled": (steps, np.ones((1, 3), bool)),
            "unit_health": (unit, [[[1.0, 1, 1], [1, 0.5, 1], [1, 0, 1]]]),
            "unit_shield": (unit, [[[0.5, 0, 0], [0.5, 0, 0], [0.2, 0, 0]]]),
            "unit_alive": (unit, [[[True] * 3, [True] * 3, [True, False, True]]]),
            "member": (("coalition", "agent"), MEMBER),
            "action_taken": ((*steps, "agent"), [[[2, 2], [1, 3], [3, 0]]]),
        },
        {"action": np.array(["no-op", "stop", "target 0", "target 1"], dtype=object)},
        {"env": "by hand", "method": "by hand"},
    )


def test_harm_deaths_and_common_targets_by_hand() -> None:
    recording = battle()
    assert harmed(recording)[0].tolist() == [[False] * 3, [False, True, False], [True, True, False]]
    values = np.array([[[1.0, 2, 3], [3, 4, 5], [9, 9, 9]]])
    assert by_deaths(recording, values) == pytest.approx(np.array([[13 / 3, np.nan], [3, 9], [4, 9]]), nan_ok=True)
    assert cooperating(recording)[0, :, 0].tolist() == [True, False, False]


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


def test_what_a_recording_does_not_show_is_named() -> None:
    recording = gam(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="no units with health"):
        harmed(recording)
    with pytest.raises(ValueError, match="no units that die"):
        by_deaths(recording, recording["contribution"].values)
    plain = battle().assign_coords(action=np.array(["a", "b", "c", "d"], dtype=object))
    with pytest.raises(ValueError, match="neither food nor targets"):
        cooperating(plain)


def test_agents_that_eat_the_same_food_cooperate() -> None:
    """Agents 0 and 1 eat food 0; in the next step agent 1 eats food 1 alone while agent 0 only stands beside it."""
    steps = ("episode", "step")
    recording = xr.Dataset(
        {
            "loaded": ((*steps, "agent"), [[[True, True], [False, True]]]),
            "food_present": ((*steps, "food"), [[[True, True], [False, True]]]),
            "food_left": ((*steps, "food"), [[[False, True], [False, False]]]),
            "player_position": ((*steps, "agent", "yx"), [[[[0, 1], [1, 0]], [[2, 1], [1, 2]]]]),
            "food_position": (("episode", "food", "yx"), [[[1, 1], [2, 2]]]),
            "member": (("coalition", "agent"), MEMBER),
        }
    )
    assert cooperating(recording)[0, :, 0].tolist() == [True, False]
