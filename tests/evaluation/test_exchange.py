"""Results in marl-eval's format: ours out, others' in, and files that are not in it."""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from synthetic_runs import runs

from na2q.cli import main
from na2q.config import configure
from na2q.evaluation import protocol
from na2q.evaluation.exchange import ExchangeError, export, load
from na2q.evaluation.figures import learning_curves
from na2q.evaluation.results import load_runs, name_curves
from na2q.training.run import train

TWO = {"vdn": {1: [0.0, 0.2, 0.4], 2: [0.0, 0.4, 0.6]}, "na2q preset paper": {1: [0.1, 0.3, 0.9]}}


def test_what_is_written_has_the_fields_of_the_format(tmp_path: Path) -> None:
    written = export(runs(TWO), tmp_path / "results.json")
    assert written == json.loads((tmp_path / "results.json").read_text())
    algorithms = written["lbf"]["lbf-4p-2f"]
    assert set(algorithms) == set(TWO)
    assert list(algorithms["vdn"]) == ["seed_1", "seed_2"]
    step = algorithms["vdn"]["seed_2"]["step_1"]
    assert step == {"step_count": 10_000, "elapsed_time": 0.0, "return": [0.4]}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    table = runs(TWO)
    export(table, tmp_path / "results.json")
    again = load(tmp_path / "results.json")
    same = ["env", "label", "seed", "point", "test_return_mean"]
    order = ["label", "seed", "point"]
    pd.testing.assert_frame_equal(
        again[same].sort_values(order, ignore_index=True), table[same].sort_values(order, ignore_index=True)
    )


def test_stored_runs_keep_their_last_evaluation(tmp_path: Path) -> None:
    train(configure("vdn", "matrix-qtran", "smoke", total_steps=60), tmp_path / "runs" / "a")
    written = export(load_runs(tmp_path / "runs"), tmp_path / "results.json")
    run = written["matrix"]["matrix-qtran"]["vdn preset smoke"]["seed_1"]
    assert set(run["absolute_metrics"]) == {"return"}
    again = load(tmp_path / "results.json")
    assert again["absolute_test_return_mean"].notna().all()
    main(["export", str(tmp_path / "runs"), "--out", str(tmp_path / "by_command.json")])
    assert json.loads((tmp_path / "by_command.json").read_text()) == written


def other(**run: Any) -> dict[str, Any]:
    """A file as BenchMARL and Mava write it."""
    steps = {
        "step_0": {"step_count": 0, "elapsed_time": 1.5, "return": [0.0, 0.5]},
        "step_1": {"step_count": 20_000, "elapsed_time": 9, "return": [1.0, 2.0], "extra": [3]},
        "absolute_metrics": {"return": [1.0, 1.0, 4.0]},
    }
    return {"lbf": {"lbf-4p-2f": {"mappo": {"seed_0": steps, "seed_1": steps} | run}}}


def test_curves_of_others_are_drawn_and_compared_beside_ours(tmp_path: Path) -> None:
    (tmp_path / "mava.json").write_text(json.dumps(other()))
    theirs = load(tmp_path / "mava.json")
    assert theirs["test_return_mean"].tolist() == [0.25, 1.5] * 2
    assert theirs["absolute_test_return_mean"].tolist() == [2.0] * 4
    assert theirs["seed"].unique().tolist() == [0, 1]
    ours = runs({"vdn": TWO["vdn"]}, sweep="")
    both = pd.concat([name_curves(ours), theirs], ignore_index=True)
    table = protocol.curves(both, reps=2)
    assert set(table["curve"]) == {"vdn", "mappo"}
    figure = learning_curves(both)
    assert {"VDN", "mappo"} <= {text.get_text() for text in figure.findobj(Text)}
    plt.close(figure)


def test_seeds_that_count_steps_each_in_its_own_way_line_up(tmp_path: Path) -> None:
    later = {"step_0": {"step_count": 7, "return": [0]}, "step_1": {"step_count": 20_041, "return": [2.5]}}
    (tmp_path / "mava.json").write_text(json.dumps(other(seed_1=later)))
    table = protocol.curves(load(tmp_path / "mava.json"), reps=2)
    assert table["point"].tolist() == [0, 20_000]
    assert table["n"].tolist() == [2, 2]
    assert table["mean"].tolist() == [0.125, 2.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ("[]", r"the whole file is \[\], must be a table of environments"),
        ("{}", "holds no run"),
        (json.dumps({"lbf": {"task": 3}}), "lbf / task is 3, must be a table of algorithms"),
        (json.dumps(other(seed_2={})), r"mappo / seed_2 is \[\], must be a run with steps"),
        (json.dumps(other(last={"step_0": {}})), "must be a run with a number"),
        (json.dumps(other(seed_2={"step_0": {}})), "seed_2 / step_0 / step_count is None, must be a number from 0"),
        (json.dumps(other(seed_2={"step_0": {"step_count": 1, "return": ["a"]}})), "return is .*must be a list of num"),
        (json.dumps(other(seed_2={"step_0": {"step_count": 1, "return": []}})), "must be a list of numbers"),
        (json.dumps(other(seed_2={"step_0": {"step_count": 1, "elapsed_time": "2 h"}})), "must be a number of seconds"),
    ],
)
def test_other_files_are_refused_with_the_place(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(ExchangeError, match=message):
        load(tmp_path / "bad.json")


def test_runs_of_one_name_are_not_mixed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="vdn on lbf-4p-2f holds two runs of seed 1"):
        export(pd.concat([runs({"vdn": {1: [0, 0, 0]}})] * 2), tmp_path / "results.json")
    assert not (tmp_path / "results.json").exists()


def test_numbers_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    table = runs({"vdn": {1: [0.0, 0.0, 0.0]}}).assign(test_won_mean=np.nan)
    run = export(table, tmp_path / "results.json")["lbf"]["lbf-4p-2f"]["vdn"]["seed_1"]
    assert "win_rate" not in run["step_0"]
