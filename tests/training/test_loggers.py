"""TensorBoard and Weights & Biases get what metrics.csv holds, which stays as it is without them."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from interrupted import interrupted_after

from na2q.config import configure, flat
from na2q.training.records import RunError, read_record
from na2q.training.run import train
from na2q.training.trainer import Trainer

CONFIG = configure("vdn", "matrix-two_step", "smoke", total_steps=60, test_interval=20)
SAME = ["step", "updates", "test_return_mean", "loss"]


class StandIn(ModuleType):
    """W&B as far as this package uses it: it keeps what it is told, and, as W&B does, the step that comes next."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.Settings, self.Error = SimpleNamespace, LookupError
        self.runs: list[Any] = []

    def init(self, **about: Any) -> Any:
        run = SimpleNamespace(about=about, rows=[], step=0, finished=False)
        for before in self.runs:  # a service that holds what an earlier process sent
            run.step = before.step if before.about["id"] == about["id"] else run.step

        def log(row: dict[str, Any], step: int, commit: bool) -> None:
            assert commit
            assert step >= run.step
            run.rows.append(row)
            run.step = step + 1

        run.log, run.finish = log, lambda: setattr(run, "finished", True)
        self.runs.append(run)
        return run


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    module = StandIn()
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return module


def stop_after(updates: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(updates, CONFIG, folder, monkeypatch, wandb=True)


def test_wandb_gets_settings_name_and_every_row(wandb: StandIn, tmp_path: Path) -> None:
    metrics = train(CONFIG, tmp_path, wandb=True)
    (run,) = wandb.runs
    assert run.about["project"] == "na2q"
    assert run.about["config"] == flat(CONFIG)
    assert run.about["name"] == "vdn_matrix-two_step_smoke_seed1"
    assert run.about["id"] == read_record(tmp_path)["wandb"]
    assert Path(run.about["dir"]) == tmp_path
    pd.testing.assert_frame_equal(pd.DataFrame(run.rows), metrics)
    assert run.finished


def test_a_run_that_goes_on_keeps_its_id_and_sends_no_row_twice(
    wandb: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(CONFIG, tmp_path / "whole")
    stop_after(12, tmp_path / "stopped", monkeypatch)
    train(CONFIG, tmp_path / "stopped", wandb=True)
    first, second = wandb.runs
    assert first.finished
    assert first.about["id"] == second.about["id"]
    assert second.about["resume"] == "allow"
    sent = pd.DataFrame(first.rows + second.rows)
    pd.testing.assert_frame_equal(sent[SAME], whole[SAME])
    for name in ("run.json", "metrics.csv"):
        assert (tmp_path / "stopped" / name).exists()


def test_rows_from_before_it_was_switched_on_are_sent_too(
    wandb: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "learn", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            train(CONFIG, tmp_path, checkpoint_minutes=0)
    metrics = train(CONFIG, tmp_path, wandb=True)
    pd.testing.assert_frame_equal(pd.DataFrame(wandb.runs[0].rows)[SAME], metrics[SAME])


def test_wandbs_own_variable_names_the_project(wandb: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    train(CONFIG, tmp_path, wandb=True)
    assert wandb.runs[0].about["project"] == "mine"


def test_what_wandb_refuses_is_said_with_the_way_out(
    wandb: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**about: Any) -> Any:
        raise wandb.Error("no API key")

    monkeypatch.setattr(wandb, "init", refuse)
    with pytest.raises(RunError, match=r"`wandb login`, or WANDB_MODE=offline .*no API key"):
        train(CONFIG, tmp_path, wandb=True)
    assert train(CONFIG, tmp_path)["step"].iloc[-1] >= CONFIG.total_steps  # without it the run goes on


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is an extra")
def test_the_real_package_takes_it_without_a_network(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; import na2q\n"
        f"config = na2q.configure('vdn', 'matrix-two_step', 'smoke', total_steps=60, test_interval=20)\n"
        f"na2q.train(config, Path({str(tmp_path)!r}), wandb=True)\n"
    )
    environment = {
        "WANDB_MODE": "offline",
        "TQDM_DISABLE": "1",
        "PYTHONPATH": ":".join(sys.path),
        "HOME": str(tmp_path),
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    assert read_record(tmp_path)["wandb"] in written.name
    assert b"test_return_mean" in written.read_bytes()


def test_tensorboard_gets_every_row(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    metrics = train(CONFIG, tmp_path, tensorboard=True)
    events = EventAccumulator(str(tmp_path)).Reload()
    found = [(event.step, event.value) for event in events.Scalars("test_return_mean")]
    assert [step for step, _ in found] == metrics["step"].tolist()
    assert [value for _, value in found] == pytest.approx(metrics["test_return_mean"].tolist())


def test_metrics_and_record_are_the_same_without_a_logger(wandb: StandIn, tmp_path: Path) -> None:
    one, two = train(CONFIG, tmp_path / "one"), train(CONFIG, tmp_path / "two", wandb=True, tensorboard=True)
    pd.testing.assert_frame_equal(one[SAME], two[SAME], check_exact=True)
    records = [read_record(tmp_path / name) for name in ("one", "two")]
    assert records[0]["config"] == records[1]["config"]
    assert json.loads((tmp_path / "one" / "run.json").read_text()).keys() == records[1].keys() - {"wandb"}


@pytest.mark.parametrize("name", ["wandb", "tensorboard"])
def test_a_missing_package_is_named_before_the_run_begins(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"--{name} needs the package {name}: pip install 'na2q\[{name}\]'"):
        train(CONFIG, tmp_path / "run", **{name: True})  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_there_is_nothing_to_log_beside_without_a_folder(wandb: StandIn) -> None:
    with pytest.raises(ValueError, match="wandb log beside the files of a run: give run_dir"):
        train(CONFIG, wandb=True)
