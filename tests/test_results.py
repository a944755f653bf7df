"""Stored runs come back as one table, and runs that differ never share a curve."""

import json
from pathlib import Path

import pandas as pd
import pytest

from na2q.analysis.figures import learning_curves
from na2q.analysis.results import check_curves, describe, final_returns, load_runs
from na2q.config import TrainConfig, configure
from na2q.training.run import train
from na2q.training.runlog import RunFolder


def store(folder: Path, config: TrainConfig, returns: list[float]) -> None:
    """A finished run with these test returns, ten thousand steps apart."""
    with RunFolder(folder, config) as run:
        run.begin()
        run.metrics([{"step": 10_000 * i + 7, "test_return_mean": x} for i, x in enumerate(returns)])
        run.note(status="complete")


def test_table_has_a_row_for_each_test_with_what_the_run_was(tmp_path: Path) -> None:
    store(tmp_path / "a", configure("vdn", seed=1), [0.0, 0.5])
    store(tmp_path / "b", configure("vdn", seed=2), [0.0, 1.0])
    runs = load_runs(tmp_path)
    assert runs["point"].tolist() == [0, 10_000] * 2
    assert set(runs["variant"]) == {""}
    assert describe(runs) == "n = 2 seeds for each curve, 10,000 environment steps, preset released"
    finals = final_returns(runs, tests=1)
    assert finals[["seed 1", "seed 2", "mean", "std"]].to_numpy().ravel().tolist() == [0.5, 1.0, 0.75, 0.25]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "fair"}, "preset is fair and released"),
        ({"gamma": 0.9}, "variant is  and gamma=0.9"),
        ({"total_steps": 100_000}, "total_steps is 100000 and 1050000"),
    ],
)
def test_runs_that_differ_are_refused_in_one_curve(settings: dict, message: str, tmp_path: Path) -> None:
    store(tmp_path / "a", configure("vdn", seed=1), [0.0])
    store(tmp_path / "b", configure("vdn", seed=2, **settings), [0.0])
    with pytest.raises(ValueError, match=f"vdn on lbf-4p-2f mixes runs whose {message}: select one"):
        check_curves(load_runs(tmp_path))


def test_curves_show_mean_and_every_seed(tmp_path: Path) -> None:
    for seed, returns in ((1, [0.0, 0.4]), (2, [0.2, 0.8])):
        store(tmp_path / str(seed), configure("vdn", seed=seed), returns)
    lines = [line.get_ydata().tolist() for line in learning_curves(load_runs(tmp_path)).axes[0].lines]
    assert lines == [[0.0, 0.4], [0.2, 0.8], pytest.approx([0.1, 0.6])]


def test_unfinished_runs_are_left_out_and_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no finished run below"):
        load_runs(tmp_path)
    store(tmp_path / "a", configure("vdn"), [0.0])
    record = json.loads((tmp_path / "a" / "run.json").read_text()) | {"status": "running"}
    (tmp_path / "a" / "run.json").write_text(json.dumps(record))
    with pytest.raises(FileNotFoundError, match="no finished run below"):
        load_runs(tmp_path)


def test_what_training_writes_can_be_loaded(tmp_path: Path) -> None:
    metrics = train(configure("na2q", preset="smoke", **{"options.orders": (1,)}), tmp_path)
    runs = load_runs(tmp_path)
    assert set(runs["variant"]) == {"options.orders=(1,)"}
    pd.testing.assert_series_equal(runs["test_return_mean"], metrics["test_return_mean"], rtol=1e-4)
