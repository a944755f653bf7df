"""Interventions cost what they must cost where the answer is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from untrained import SHORT, always, save_untrained

from na2q.config import configure
from na2q.envs import make
from na2q.explain.interventions import _Substitute, agreement, interventions, scores
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.training.rollout import Slot


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
