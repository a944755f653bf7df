"""Tests on several models at once are those on each of them, sorted for tables."""

from pathlib import Path

import numpy as np
import pytest
from untrained import save_untrained

from na2q.config import configure
from na2q.explain import comparison, findings, interventions, masks

ENV = "lbf-3p-3f"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], findings.Model]:
    root: Path = tmp_path_factory.mktemp("models")
    for method, seed in (("na2q", 1), ("na2q", 2), ("vdn", 1)):
        save_untrained(configure(method, ENV, seed=seed), root / f"{method}_paper" / f"seed-{seed}")
    return findings.load_all(root, ["na2q_paper", "vdn_paper"], episodes=2)


@pytest.mark.slow
def test_worth_is_that_of_each_model_with_what_most_models_have_first(models: dict) -> None:
    found = comparison.worth(models, 2)
    run = ("na2q_paper", "seed-2")
    lost = interventions.interventions(models[run].path, models[run].recording, 2)
    assert np.array_equal(found.losses[run], lost["loss"].values)
    said = interventions.scores(models[run].probe)
    for name, score in said.items():
        one = interventions.agreement(score, lost)
        assert found.overall[name][run] == pytest.approx(one["all"], nan_ok=True)
        assert found.apart[name][run] == pytest.approx(one["between agents"], nan_ok=True)
    counts = [len(row) for row in found.overall.values()]
    assert counts == sorted(counts, reverse=True)
    assert ("vdn_paper", "seed-1") not in found.overall["contribution"]


def test_deletions_name_their_models(models: dict) -> None:
    ours = {run: model for run, model in models.items() if run[0] == "na2q_paper"}
    ranked = {run: masks.rankings(model.probe, masks.typical(model.recording)) for run, model in ours.items()}
    found = comparison.deleted(ours, ranked, (1, 2))
    assert {tuple(row) for row in found[["kind", "run"]].to_numpy()} == set(ours)
    assert len(found) == sum(2 * len(scores) for scores in ranked.values())


def test_models_are_compared_within_their_kind_only(models: dict) -> None:
    found = comparison.between_models({run: model.recording for run, model in models.items()})
    assert list(found) == ["na2q_paper"]
    assert found.loc["models", "na2q_paper"] == 2


def test_pair_effects_are_sorted_by_what_was_taken_away(models: dict) -> None:
    effects = {run: findings.pair_effects(model.probe) for run, model in models.items() if "na2q" in run[0]}
    found = comparison.pair_panels(effects, ["credit"])
    run = ("na2q_paper", "seed-1")
    assert found["centred"]["credit"][run] == pytest.approx(effects[run]["credit"].centred, nan_ok=True)
    assert found["raw"]["credit"][run] == pytest.approx(effects[run]["credit"].raw, nan_ok=True)
