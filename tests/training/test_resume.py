"""A run that is stopped, killed or starved loses little and ends with the numbers of one that was not."""

import errno
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import interrupted_after
from safetensors.torch import load_file, save_file

from na2q.config import TrainConfig, configure
from na2q.training import checkpoint, tensors
from na2q.training.records import RunError, read_record
from na2q.training.run import absolute, train
from na2q.training.runlog import RunFolder
from na2q.training.trainer import DivergedError, Trainer, evaluate
from na2q.training.weights import read_weights

CONFIG = configure("na2q", preset="smoke")
COMMAND = [sys.executable, "-m", "na2q.cli", "train", "--method", "na2q", "--preset", "smoke"]


def start(run_dir: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [*COMMAND, "--run-dir", str(run_dir), "--checkpoint-minutes", "0", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def assert_same_run(a: Path, b: Path) -> None:
    for name in ("weights.safetensors", "best.safetensors"):
        first, second = load_file(a / name), load_file(b / name)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    first, second = (pd.read_csv(folder / "metrics.csv").drop(columns="seconds") for folder in (a, b))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert read_record(a)["absolute"] == read_record(b)["absolute"]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["vdn", "na2q"])
def test_resumed_run_is_bit_identical(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure(method, preset="smoke")
    train(config, tmp_path / "whole")
    for updates in (1, 4, 6):
        interrupted_after(updates, config, tmp_path / "cut", monkeypatch)
    train(config, tmp_path / "cut")
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.slow
def test_killed_at_random_moments_a_run_completes_with_the_same_numbers(tmp_path: Path) -> None:
    train(CONFIG, tmp_path / "whole")
    rng, run = np.random.default_rng(0), tmp_path / "killed"
    kills = 0
    while kills < 10:
        process = start(run)
        deadline = time.monotonic() + 60
        while not (run / "run.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.6 if kills else 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        if json.loads((run / "run.json").read_text())["status"] == "complete":
            break
    train(CONFIG, run)
    assert_same_run(tmp_path / "whole", run)


@pytest.mark.slow
def test_sigterm_saves_and_exits_with_success(tmp_path: Path) -> None:
    process = start(tmp_path, "--total-steps", "100000", "--checkpoint-minutes", "60")
    metrics = tmp_path / "metrics.csv"
    while not (metrics.exists() and len(metrics.read_text().splitlines()) > 2):  # past the first episodes
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert b"the same command goes on" in output
    trainer = Trainer(configure("na2q", preset="smoke", total_steps=100_000))
    assert checkpoint.restore(trainer, tmp_path)
    assert trainer.step > 0


def test_second_process_is_kept_out(tmp_path: Path) -> None:
    with RunFolder(tmp_path, CONFIG), pytest.raises(RunError, match="another process is training in"):
        train(CONFIG, tmp_path)


def test_complete_run_is_returned_and_not_trained_again(tmp_path: Path) -> None:
    metrics = train(CONFIG, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != ".lock"}
    again = train(CONFIG, tmp_path)
    pd.testing.assert_frame_equal(metrics, again, rtol=1e-4, check_dtype=False)
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != ".lock"}


@pytest.mark.slow
def test_other_settings_are_refused_by_name_and_nothing_is_lost(tmp_path: Path) -> None:
    train(CONFIG, tmp_path)
    weights = (tmp_path / "weights.safetensors").read_bytes()
    other = configure("na2q", preset="smoke", seed=2, **{"options.beta": 0.5})
    with pytest.raises(RunError, match=r"options\.beta is 0\.1 there and 0\.5 here; seed is 1 there and 2 here"):
        train(other, tmp_path)
    assert (tmp_path / "weights.safetensors").read_bytes() == weights


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty"])
def test_damaged_checkpoint_is_named(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(2, CONFIG, tmp_path, monkeypatch)
    path = tmp_path / checkpoint.NAME
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[: len(whole) // 2], "garbage": b"x" * 99, "empty": b""}[damage])
    with pytest.raises(checkpoint.CheckpointError, match=r"checkpoint\.safetensors is damaged .* remove it"):
        train(CONFIG, tmp_path)


@pytest.mark.slow
def test_a_flipped_bit_is_found_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(2, CONFIG, tmp_path, monkeypatch)
    path, rng = tmp_path / checkpoint.NAME, np.random.default_rng(0)
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for place in [*range(0, 8), *rng.integers(8, header + 8, 60), *rng.integers(header + 8, len(whole), 60)]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        with pytest.raises(checkpoint.CheckpointError, match="remove it to start the run again"):
            checkpoint.restore(Trainer(CONFIG), tmp_path)
    path.write_bytes(whole)
    assert checkpoint.restore(Trainer(CONFIG), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weights.safetensors", "best.safetensors"])
def test_a_flipped_bit_of_weights_is_found(name: str, tmp_path: Path) -> None:
    train(CONFIG, tmp_path)
    path, rng = tmp_path / name, np.random.default_rng(1)
    whole = path.read_bytes()
    for place in rng.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        with pytest.raises(RunError, match=f"{name} (cannot be read|belongs to another run)"):
            read_weights(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (configure("na2q", preset="smoke", seed=2), "seed is 2 there and 1 here"),
        (configure("qmix", preset="smoke"), "method is 'qmix' there and 'na2q' here"),
        (configure("na2q", "lbf-3p-3f", "smoke"), "env is 'lbf-3p-3f' there and 'lbf-4p-2f' here"),
        (configure("na2q", preset="smoke", **{"optim.lr": 1e-3}), "optim.lr is 0.001 there and 0.0005 here"),
    ],
)
def test_files_of_another_run_are_refused(
    other: TrainConfig, difference: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    interrupted_after(2, CONFIG, mine, monkeypatch)
    train(other, theirs)
    (mine / checkpoint.NAME).write_bytes((theirs / checkpoint.NAME).read_bytes())
    with pytest.raises(checkpoint.CheckpointError, match=f"belongs to another run: .*{difference}"):
        train(CONFIG, mine)
    for name in ("weights.safetensors", "best.safetensors"):
        (mine / name).write_bytes((theirs / name).read_bytes())
        with pytest.raises(RunError, match=f"{name} belongs to another run: .*{difference}"):
            read_weights(mine / name)
        moved = tmp_path / "by itself.safetensors"
        moved.write_bytes((theirs / name).read_bytes())
        assert read_weights(moved).config == other


def test_a_checkpoint_without_a_checksum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(2, CONFIG, tmp_path, monkeypatch)
    path = tmp_path / checkpoint.NAME
    found, about = tensors.load_tensors(path)
    save_file({name: x.clone() for name, x in found.items()}, path, metadata=about)
    with pytest.raises(checkpoint.CheckpointError, match="no checksum, as files of older versions have none"):
        train(CONFIG, tmp_path)


def test_full_disk_leaves_the_older_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_after(2, CONFIG, tmp_path, monkeypatch)
    older = (tmp_path / checkpoint.NAME).read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tensors, "save_file", full)
        with pytest.raises(checkpoint.CheckpointError, match="No space left"):
            train(CONFIG, tmp_path, checkpoint_minutes=0)
    assert (tmp_path / checkpoint.NAME).read_bytes() == older
    train(CONFIG, tmp_path)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RunError, match=r"cannot write into .*run"):
        train(CONFIG, tmp_path / "file" / "run")


def test_non_finite_loss_stops_with_term_step_and_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Trainer.collect

    def poison(self: Trainer) -> None:
        sample(self)
        if self.updates == 3:
            for block in self.replay.blocks.values():
                block.reward.fill_(float("nan"))

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "collect", poison)
        with pytest.raises(DivergedError, match=r"loss_td is nan.* in update 4, at step \d+; the last good checkpoint"):
            train(CONFIG, tmp_path, checkpoint_minutes=0)
    train(CONFIG, tmp_path)
    assert np.isfinite(pd.read_csv(tmp_path / "metrics.csv")["loss"].iloc[-1])


@pytest.mark.slow
def test_absolute_metric_tests_the_best_weights_on_ten_times_the_episodes(tmp_path: Path) -> None:
    train(CONFIG, tmp_path)
    stored = read_record(tmp_path)["absolute"]
    assert stored["episodes"] == 10 * CONFIG.test_episodes
    fresh = Trainer(CONFIG)
    assert absolute(fresh, tmp_path) == stored  # whatever the trainer held before
    assert all(
        torch.equal(value, read_weights(tmp_path / "best.safetensors").weights[name])
        for name, value in fresh.learner.online.state_dict().items()
    )
    rng = np.random.default_rng(np.random.SeedSequence(CONFIG.seed).spawn(5)[4])
    tests = [evaluate(fresh.test_env, fresh.learner.online.agent, rng)["test_return_mean"] for _ in range(10)]
    assert stored["test_return_mean"] == pytest.approx(np.mean(tests))
