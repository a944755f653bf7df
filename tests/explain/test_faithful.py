"""Tests of explanations: what must be found where the answer is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import spearmanr
from untrained import save_untrained

from na2q.config import configure
from na2q.envs import make
from na2q.explain.faithful import (
    _Substitute,
    agreement,
    choosing,
    delete,
    deletion,
    interventions,
    mean_over,
    occlusion,
    pair_effect,
    rank_correlation,
    rankings,
    scores,
    typical,
    within_rows,
)
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.training.rollout import Slot

SHORT = {"env_options.time_limit": 8}
BLIND = 2  # feature that the networks below do not see


def blind(method: Any) -> None:
    method.agent.fc_in.weight[:, BLIND] = 0


def always(action: int) -> Any:
    """Make agents prefer one action, whatever they see."""

    def change(method: Any) -> None:
        method.agent.head.weight.zero_()
        method.agent.head.bias.zero_()
        method.agent.head.bias[action] = 1

    return change


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    folder = tmp_path_factory.mktemp("run")
    save_untrained(configure("na2q", **SHORT), folder, blind)
    return Probe.load(folder, record(folder, episodes=4, epsilon=0.3))


# --- estimates ---------------------------------------------------------------------------------------


def test_mean_resamples_episodes_and_not_steps() -> None:
    values, episode = np.repeat([0.0, 1.0], 500), np.repeat([0, 1], 500)
    found = mean_over(values, episode)
    assert (found.value, found.low, found.high, found.episodes) == (0.5, 0, 1, 2)
    same = mean_over(np.ones(9), np.arange(9))
    assert (same.low, same.high) == (1, 1)
    assert str(same) == "1.00 [1.00, 1.00]"


def test_interval_of_a_mean_is_about_two_standard_errors() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = mean_over(values, np.arange(400))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(4 * 1.96 * 0.05 / 2, rel=0.1)


def test_what_is_unknown_is_left_out_and_nothing_is_nan() -> None:
    assert mean_over(np.array([1.0, np.nan]), np.array([3, 4])).episodes == 1
    empty = mean_over(np.zeros(0), np.zeros(0, int))
    assert np.isnan(empty.value)
    assert empty.episodes == 0


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 6, 200).astype(float)
    y = x + rng.normal(size=200) * 3
    found = rank_correlation(x, y, np.arange(200) // 4)
    assert found.value == pytest.approx(spearmanr(x, y).statistic)
    assert found.low < found.value < found.high
    assert found.episodes == 50
    assert np.isnan(rank_correlation(x, x * 0, np.arange(200)).value)


def test_correlation_within_rows_by_hand() -> None:
    x = np.array([[[1.0, 2, 3]], [[1, 1, 1]]])
    y = np.array([[[3.0, 2, 1]], [[1, 2, 3]]])
    assert within_rows(x, y)[0, 0] == pytest.approx(-1)
    assert np.isnan(within_rows(x, y)[1, 0])


# --- masks -------------------------------------------------------------------------------------------


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


# --- contributions -----------------------------------------------------------------------------------


def test_who_idles_anyway_is_not_missed(tmp_path: Path) -> None:
    save_untrained(configure("vdn", **SHORT), tmp_path, always(0))
    trials = interventions(tmp_path, record(tmp_path, episodes=3), trials=2)
    assert (trials["loss"].values == 0).all()
    assert trials["loss"].dims == ("trial", "episode", "agent")
    assert trials["start"].values.max() < 8


def test_loss_in_a_payoff_game_by_hand(tmp_path: Path) -> None:
    """Both play action 2, which pays 0; with action 0 of either the pay is -12."""
    save_untrained(configure("vdn", "matrix-qtran"), tmp_path, always(2))
    greedy = record(tmp_path, episodes=64)
    assert (greedy["return"].values == 0).all()
    assert (interventions(tmp_path, greedy, steps=1)["loss"].values == 12).all()
    random = interventions(tmp_path, greedy, steps=1, kind="random", seed=1)["loss"].values
    assert set(np.unique(random)) == {0, 12}
    assert random.mean() == pytest.approx(12 / 3, abs=1.5)


def test_interventions_repeat_with_their_seed_and_begin_within_episodes(tmp_path: Path) -> None:
    save_untrained(configure("na2q", **SHORT), tmp_path)
    greedy = record(tmp_path, 3, seed=4)
    first, again, other = (interventions(tmp_path, greedy, trials=9, seed=s) for s in (4, 4, 5))
    assert (first["start"].values < greedy["length"].values).all()
    xr.testing.assert_identical(first, again)
    assert not first["start"].equals(other["start"])


def test_replacement_lasts_as_long_as_asked() -> None:
    substitute = _Substitute(1, np.array([3, 6]), 2, "idle", 0)
    vector = make("lbf-4p-2f", configure("vdn", **SHORT).env_options, 2)
    observed = vector.reset([0, 1])
    for t in range(8):
        chosen = np.full((2, 4), 9)
        slot = Slot(t, np.ones(2, bool), observed, torch.zeros(2, 4, 6), torch.zeros(2, 4, 3), chosen)
        expected = [0 if t in (3, 4) else 9, 0 if t in (6, 7) else 9]
        actions = substitute(slot)
        assert actions[:, 1].tolist() == expected
        assert (actions[:, [0, 2, 3]] == 9).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"steps": 0}, "steps is 0"), ({"trials": 0}, "trials is 0")],
)
def test_interventions_out_of_range_are_named(settings: dict[str, int], message: str, probe: Probe) -> None:
    with pytest.raises(ValueError, match=message):
        interventions("nowhere", probe.recording.assign_attrs(epsilon=0.0), **settings)
    with pytest.raises(ValueError, match=r"epsilon is 0\.3, must be 0"):
        interventions("nowhere", probe.recording)


def test_a_perfect_score_agrees_perfectly() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(size=(6, 10, 3))
    start = rng.integers(0, 8, (2, 6))
    loss = np.stack([[score[e, t : t + 3].mean(0) for e, t in enumerate(row)] for row in start])
    trials = xr.Dataset(
        {"start": (("trial", "episode"), start), "loss": (("trial", "episode", "agent"), loss**3)}, attrs={"steps": 3}
    )
    found = agreement(score, trials)
    assert found["all"].value == pytest.approx(1)
    assert found["all"].episodes == 6
    assert agreement(-score, trials)["all"].value == pytest.approx(-1)
    per_situation = score + rng.normal(size=(6, 10, 1)) * 100  # says nothing on who matters more
    assert agreement(per_situation, trials)["between agents"].value > 0.8
    assert abs(agreement(per_situation, trials)["all"].value) < 0.6


@pytest.mark.parametrize(
    ("method", "extra"),
    [
        ("iql", set()),
        ("qmix", {"slope x q", "shapley", "to idle"}),
        (
            "na2q",
            {"slope x q", "shapley", "to idle", "contribution", "contribution with pairs", "purified"}
            | {"purified with pairs"},
        ),
    ],
)
@pytest.mark.parametrize("env", ["lbf-4p-2f", "battle-3m"])
def test_every_method_is_asked_what_it_can_say(method: str, extra: set[str], env: str, tmp_path: Path) -> None:
    save_untrained(configure(method, env), tmp_path)
    found = record(tmp_path, episodes=2, epsilon=0.5)
    said = scores(Probe.load(tmp_path, found))
    assert set(said) == {"q"} | extra
    for values in said.values():
        assert values.shape == found["q_taken"].shape
        np.testing.assert_array_equal(np.isnan(values), np.isnan(found["q_taken"].values))


def test_half_of_every_pair_goes_to_each_member_so_that_shares_add_up(tmp_path: Path) -> None:
    save_untrained(configure("na2q", **SHORT), tmp_path)
    found = record(tmp_path, episodes=2, epsilon=0.5)
    said = scores(Probe.load(tmp_path, found))
    total = found["contribution"].sum("coalition", skipna=False)
    np.testing.assert_allclose(said["contribution with pairs"].sum(-1), total, atol=1e-5)


# --- pairs -------------------------------------------------------------------------------------------


def test_pair_effect_by_hand() -> None:
    """Three pairs, four steps, the last outside the episode; at step 2 nobody acts together."""
    values = np.array([[[3.0, 1, 1], [0, 2, 4], [5, 5, 5], [99, 99, 99]]])
    together = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 0, 0]]], bool)
    filled = np.array([[True, True, True, False]])
    found = pair_effect(values, together, filled)
    spread = values[filled].std()
    assert found.steps == 2
    assert found.raw.value == pytest.approx((2 + 3) / 2 / spread)
    assert found.higher.value == 1
    own = values[filled].mean(0)
    centred = values[filled] - own
    gaps = [centred[0, 0] - centred[0, 1:].mean(), centred[1, 1:].mean() - centred[1, 0]]
    assert found.centred.value == pytest.approx(np.mean(gaps) / centred.std())


def test_pairs_that_never_act_together_have_no_effect() -> None:
    found = pair_effect(np.ones((1, 2, 3)), np.zeros((1, 2, 3), bool), np.ones((1, 2), bool))
    assert found.steps == 0
    assert np.isnan(found.raw.value)
