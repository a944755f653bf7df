"""What tests of explanations find for stored models: rows can be measured again, and say what they claim to."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from untrained import save_untrained

from na2q.config import configure
from na2q.explain import findings
from na2q.paths import repo_root


@pytest.mark.slow
def test_stored_findings_can_be_measured_again() -> None:
    stored = pd.read_csv(repo_root() / "data" / "explanations.csv")
    kind, model = "na2q_released", "seed-3"
    rows = stored[(stored["env"] == "lbf-3p-3f") & (stored["kind"] == kind) & (stored["model"] == model)]
    found = findings.of_model(findings.load(repo_root() / "data" / "models" / "lbf-3p-3f" / kind / model))
    again = {name: one.value for name, one in found.items()}
    assert again == pytest.approx(dict(zip(rows["test"], rows["value"], strict=True)), abs=0.02)


def test_every_stored_model_was_tested() -> None:
    stored = pd.read_csv(repo_root() / "data" / "explanations.csv")
    root = repo_root() / "data" / "models"
    folders = {path.parent.relative_to(root).as_posix() for path in root.rglob("weights.safetensors")}
    assert {"/".join(row) for row in stored[["env", "kind", "model"]].to_numpy() if "models" not in row[2]} == folders


def test_battles_are_asked_about_plans_deaths_and_hits(tmp_path: Path) -> None:
    save_untrained(configure("na2q", "battle-3m"), tmp_path)
    model = findings.load(tmp_path, episodes=4)
    found = findings.of_model(model)
    assert {"off plan", "pairs apart", "pair alive", "mask when hit"} < set(found)
    assert found["lowest slope"].value >= 0
    assert found["return"].value == pytest.approx(float(model.recording["return"].mean()))
    assert {"sampled mask over chance", "mask over occlusion"} < set(found)


@pytest.mark.slow
def test_models_of_one_kind_are_compared(tmp_path: Path) -> None:
    for seed in (1, 2):
        save_untrained(
            configure("na2q", "lbf-3p-3f", seed=seed), tmp_path / "lbf-3p-3f" / "na2q_paper" / f"seed-{seed}"
        )
    found = findings.table(tmp_path, episodes=2)
    assert found["model"].tolist()[-1] == "2 models"
    assert found["test"].tolist()[-1] == "shapes apart"


def test_a_level_elsewhere_is_taken_away_agent_by_agent() -> None:
    values = np.array([[[1.0, 10.0], [3.0, 14.0]]])
    here = np.array([[[False, False], [True, True]]])
    assert findings._shifted(values, here, ~here).value == 3.0
