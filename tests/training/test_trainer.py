"""The training protocol of Table 1: when updates, tests and target copies happen, and that seeds decide all."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

import na2q
from na2q.config import ReplayConfig, configure, from_dict
from na2q.training.run import train
from na2q.training.trainer import Trainer
from na2q.training.weights import read_weights

TIMES = ["seconds"]  # the only column that may differ between equal runs


@pytest.mark.slow
def test_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    first, second, other = (
        train(configure("na2q", preset="smoke", seed=seed)).drop(columns=TIMES) for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)


def test_global_generator_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(configure("na2q", preset="smoke", total_steps=200))
    assert torch.equal(torch.rand(3), expected)


def test_one_update_for_each_episode_once_the_replay_is_warm() -> None:
    trainer = Trainer(configure("vdn", preset="smoke", replay=ReplayConfig(capacity=16, batch=3, warmup=6)))
    for episode in range(1, 10):
        trainer.advance()
        assert (trainer.episode, trainer.updates) == (episode, max(0, episode - 5))


def test_parallel_environments_keep_one_update_for_each_episode() -> None:
    trainer = Trainer(configure("vdn", preset="smoke", n_envs=4))
    for _ in range(3):
        trainer.advance()
    assert (trainer.episode, trainer.updates) == (12, 12)


def test_target_is_copied_every_target_interval_of_episodes() -> None:
    trainer = Trainer(configure("vdn", preset="smoke", target_interval=5))
    copied = []
    for episode in range(13):
        trainer.advance()
        online, target = trainer.learner.online.state_dict(), trainer.learner.target.state_dict()
        if trainer.updates and all(torch.equal(online[name], target[name]) for name in online):
            copied.append(episode)
    assert copied == [5, 10]


def test_tests_come_at_the_start_and_whenever_the_interval_is_crossed() -> None:
    metrics = train(configure("vdn", preset="smoke", total_steps=1000, test_interval=200))
    assert (metrics["step"] // 200).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_run_that_ends_between_two_tests_is_tested_at_its_end() -> None:
    metrics = train(configure("vdn", preset="smoke", total_steps=300, test_interval=1000))
    assert metrics["step"].iloc[0] == 0
    assert metrics["step"].iloc[-1] >= 300
    assert len(metrics) == 2


def test_run_folder_holds_metrics_settings_and_weights(tmp_path: Path) -> None:
    config = configure("na2q", preset="smoke", **{"options.orders": (1,)})
    metrics = train(config, tmp_path / "run")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert from_dict(record["config"]) == config
    assert record["status"] == "complete"
    assert "--options.orders 1" in record["command"]
    assert str(tmp_path) not in json.dumps(record)
    stored = pd.read_csv(tmp_path / "run" / "metrics.csv")
    pd.testing.assert_frame_equal(stored, metrics, rtol=1e-4, check_dtype=False)
    assert load_file(tmp_path / "run" / "weights.safetensors").keys() == read_weights(tmp_path / "run").weights.keys()


def test_python_entry_point_is_the_one_of_the_readme() -> None:
    metrics = na2q.train(na2q.configure("na2q", "lbf-4p-2f", seed=1, total_steps=60))
    assert isinstance(metrics, pd.DataFrame)
    assert metrics["step"].iloc[0] == 0
