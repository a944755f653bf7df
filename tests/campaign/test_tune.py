"""Searching settings: any of them, resumed where it stopped, cut off at tests, and wrong searches are refused."""

import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from na2q.campaign.tune import JOURNAL, Axis, axis, tune
from na2q.cli import main
from na2q.config import TrainConfig, configure, departures
from na2q.training.trainer import DivergedError, Trainer

SMALL: dict[str, Any] = {"total_steps": 60, "test_interval": 20, "explore.anneal_steps": 10}


def small(method: str = "vdn") -> TrainConfig:
    return configure(method, "matrix-qtran", "smoke", **SMALL)


def test_what_is_searched_is_read_with_its_type() -> None:
    config = small()
    assert axis("optim.lr=1e-4..1e-2:log", config) == Axis("optim.lr", low=1e-4, high=1e-2, log=True)
    assert axis("agent.hidden=8..64", config) == Axis("agent.hidden", low=8, high=64)
    assert axis("agent.hidden=8,64", config) == Axis("agent.hidden", (8, 64))
    assert axis("optim.algorithm=own,adam", config) == Axis("optim.algorithm", ("own", "adam"))
    assert axis("agent.last_action=True,False", config) == Axis("agent.last_action", (True, False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim.lr", "write NAME=LOW..HIGH"),
        ("optim.rate=1..2", "a run has no setting 'optim.rate'; it has"),
        ("optim.lr=0.1..5", "optim.lr is 5, must be a number, at least 0 and at most 1"),
        ("optim.lr=0.2..0.1", "must go from a number to a larger one"),
        ("optim.lr=0..1:log", "must begin above 0"),
        ("agent.hidden=0,8", "agent.hidden is 0"),
        ("agent.kind=one,two", "agent.kind is 'one', must be one of 'one_head', 'two_head'"),
        ("agent.hidden=8,,16", "write NAME=LOW..HIGH"),
        ("gamma=0.9", "search is 'gamma=0.9', which leaves nothing to choose"),
        ("agent.hidden=8,8", "leaves nothing to choose"),
        ("gamma=0.5..2", "search is 'gamma=0.5..2', but gamma is 2"),
    ],
)
def test_what_cannot_be_searched_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        axis(text, small())


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8])
def test_a_search_whose_file_is_damaged_is_named_with_the_way_out(kept: float, tmp_path: Path) -> None:
    tune(small(), ("optim.lr=1e-4,1e-2",), tmp_path, trials=1)
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    cut = int(kept * len(whole))
    journal.write_bytes(whole[:cut] + bytes(len(whole) - cut) + b"\n")
    with pytest.raises(ValueError, match=r"cannot be read: .*; remove it to search anew"):
        tune(small(), ("optim.lr=1e-4,1e-2",), tmp_path, trials=2)


@pytest.mark.slow
def test_a_search_goes_on_where_it_stopped(tmp_path: Path) -> None:
    search = ("optim.lr=1e-4..1e-2:log", "agent.hidden=4,8")
    first = tune(small(), search, tmp_path, trials=2)
    assert len(first.trials) == 2
    second = tune(small(), search, tmp_path, trials=4)
    pd.testing.assert_frame_equal(second.trials.head(2), first.trials, check_dtype=False)
    assert len(second.trials) == 4
    assert len(tune(small(), search, tmp_path, trials=4).trials) == 4
    assert second.trials["optim.lr"].nunique() == 4
    assert second.best is not None
    assert {"optim.lr", "agent.hidden"} <= set(departures(second.best))
    best = second.trials.loc[second.trials["score"].idxmax()]
    assert second.best.optim.lr == best["optim.lr"]
    assert pd.read_csv(tmp_path / "trials.csv")["score"].notna().any()


def test_another_search_is_not_mixed_in(tmp_path: Path) -> None:
    tune(small(), ("optim.lr=1e-4..1e-2:log",), tmp_path, trials=1)
    for config, search in ((small("qmix"), "optim.lr=1e-4..1e-2:log"), (small(), "gamma=0.5..0.9")):
        with pytest.raises(ValueError, match="holds a search of other settings"):
            tune(config, (search,), tmp_path, trials=2)


@pytest.mark.slow
def test_trials_that_fall_behind_are_cut_off_and_those_that_diverge_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Returns that fall from trial to trial: after five whole trials the rest are behind the median."""
    made: list[Trainer] = []
    test = Trainer.test

    def falling(self: Trainer) -> None:
        test(self)
        if self not in made:
            made.append(self)
        self.rows[-1]["test_return_mean"] = -float(len(made))
        if len(made) == 3 and self.step:
            raise DivergedError("loss is nan")

    monkeypatch.setattr(Trainer, "test", falling)
    found = tune(small(), ("gamma=0.1..0.9",), tmp_path, trials=9)
    states = found.trials["state"].tolist()
    assert states[:2] == ["complete", "complete"]
    assert states[2] == "fail"
    assert "pruned" in states[5:]
    assert len(states) == 9


@pytest.mark.slow
def test_the_command_prints_what_repeats_the_best_trial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tune", "--method", "vdn", "--env", "matrix-qtran", "--preset", "smoke", "--total-steps", "40"]
    main([*words, "--search", "optim.lr=1e-3..1e-2", "gamma=0.5,0.9", "--trials", "3", "--out", str(tmp_path / "s")])
    assert "best so far: na2q train --method vdn --env matrix-qtran" in capsys.readouterr().out
    assert (tmp_path / "s" / "importance.png").stat().st_size > 1_000
    assert set(pd.read_csv(tmp_path / "s" / "importance.csv")["setting"]) == {"optim.lr", "gamma"}


def test_what_a_search_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trials is 0"):
        tune(small(), ("gamma=0.1..0.9",), tmp_path, trials=0)
    for search in ((), ("gamma=0.1..0.2", "gamma=0.3..0.4")):
        with pytest.raises(ValueError, match="must name one or more settings, each once"):
            tune(small(), search, tmp_path)
    with patch.dict(sys.modules, optuna=None), pytest.raises(ImportError, match=r"pip install 'na2q\[tune\]'"):
        tune(small(), ("gamma=0.1..0.9",), tmp_path)
