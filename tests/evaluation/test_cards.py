"""Cards say what stored models are and earn, and the models keep to them."""

import json
from pathlib import Path

import pytest

from na2q.config import configure
from na2q.evaluation.cards import CARD, card, earned, models, read, write
from na2q.paths import repo_root
from na2q.training.records import RunError
from na2q.training.run import train

STORED = list(models(repo_root() / "data" / "models"))
IDS = ["-".join(path.parts[-3:]) for path in STORED]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(configure("vdn", "lbf-3p-3f", "smoke", total_steps=100), folder)
    return folder


def test_a_card_says_training_and_what_is_earned(run_dir: Path) -> None:
    found = card(run_dir, episodes=16)
    assert found["task"] == "lbf-3p-3f"
    assert found["training"]["steps"] >= 100
    assert found["training"]["seed"] == 1
    assert found["expected"]["episodes"] == 16
    value = found["expected"]["return"]
    assert value["low"] <= value["mean"] <= value["high"]
    assert set(found["expected"]) == {"episodes", "seed", "return", "cleared"}


@pytest.mark.slow
def test_a_card_that_does_not_belong_is_refused(run_dir: Path) -> None:
    with pytest.raises(RunError, match=r"has no card: python -m na2q\.evaluation\.cards"):
        read(run_dir)
    path = write(run_dir)
    assert read(run_dir) == json.loads(path.read_text())
    other = json.loads(path.read_text()) | {"sha256": "0" * 64}
    path.write_text(json.dumps(other))
    with pytest.raises(RunError, match="speaks of weights with the checksum 000"):
        read(run_dir)
    for damaged in ("{", "[]", '{"sha256": "0", "expected": {"return": {"mean": "much"}}}'):
        path.write_text(damaged)
        with pytest.raises(RunError, match="is not a card"):
            read(run_dir)


@pytest.mark.parametrize("model", STORED, ids=IDS)
def test_every_stored_model_has_a_card_of_its_weights(model: Path) -> None:
    found = read(model)
    assert found["task"] == model.parts[-3]
    assert f"seed-{found['training']['seed']}" == model.name
    assert (model / CARD).read_text().endswith("}\n")


@pytest.mark.slow
@pytest.mark.parametrize("model", STORED, ids=IDS)
def test_a_stored_model_earns_what_its_card_says(model: Path) -> None:
    """On other episodes than the card's; the width of its interval is four standard errors, that of means apart.

    A share of none or all has an interval of no width: then that of the new episodes counts.
    """
    expected = read(model)["expected"]
    for name, value in earned(model, expected["episodes"], seed=expected["seed"] + 1).items():
        kept = expected[name]
        assert abs(value.value - kept["mean"]) <= (kept["high"] - kept["low"] or value.high - value.low), name
