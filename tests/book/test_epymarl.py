"""Runs of EPyMARL are collected beside those that are stored, in whatever state, and our sweep has them all."""

import json
from pathlib import Path

import pandas as pd
import pytest
from benchmark_scripts import benchmark

from na2q.campaign.sweeps import runs_of
from na2q.paths import repo_root


def write_run(folder: Path, seed: int, tests: int, status: str = "COMPLETED") -> Path:
    """Write what sacred keeps of a run of VDN with a test every 1,000 steps."""
    collector = benchmark("epymarl")
    folder.mkdir(parents=True)
    config = dict.fromkeys(collector.SETTINGS, 1) | {
        "name": "vdn",
        "seed": seed,
        "test_interval": 1000,
        "env_args": {"key": "lbforaging:Foraging-8x8-2p-1f-v3"},
    }
    experiment = {
        "repositories": [{"commit": "abc", "dirty": False}],
        "dependencies": ["torch==2.13.0", "numpy==2.4.6"],
    }
    run = {"experiment": experiment, "host": {"python_version": "3.11.7"}, "status": status}
    times = [f"2026-11-28T08:00:{i:02}" for i in range(tests)]
    mean = {
        "steps": [1000 * i + 7 for i in range(tests)],
        "timestamps": times,
        "values": [0.1 * seed + i for i in range(tests)],
    }
    metrics = {"test_return_mean": mean, "test_return_std": {**mean, "values": [0.5] * tests}}
    for name, content in (("config", config), ("run", run), ("metrics", metrics)):
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_a_later_call_adds_runs_and_keeps_those_that_are_stored(tmp_path: Path) -> None:
    collector, out = benchmark("epymarl"), tmp_path / "runs.json"
    first = collector.Collected.stored(out)
    assert first.add(write_run(tmp_path / "a", seed=1, tests=3)) == "taken"
    out.write_text(json.dumps(first.written))
    first.table().to_csv(out.with_suffix(".csv"), index=False)

    second = collector.Collected.stored(out)
    assert second.add(write_run(tmp_path / "b", seed=2, tests=3, status="RUNNING")) == "taken"
    assert second.table()["seed"].astype(int).tolist() == [1, 2]
    assert second.table()["status"].tolist() == ["complete", "stopped"]
    assert second.table()["torch"].tolist() == ["2.13.0"] * 2
    kept = second.written["lbf"]["Foraging-8x8-2p-1f-v3"]["vdn"]
    assert [test["step_count"] for test in kept["seed_1"].values()] == [0, 1000, 2000]
    assert kept["seed_2"]["step_1"]["return"] == [1.2]


@pytest.mark.parametrize(("tests", "taken"), [(2, False), (3, True), (4, True)])
def test_a_shorter_run_does_not_replace_a_longer_one(tests: int, taken: bool, tmp_path: Path) -> None:
    runs = benchmark("epymarl").Collected()
    runs.add(write_run(tmp_path / "a", seed=1, tests=3))
    assert (runs.add(write_run(tmp_path / "b", seed=1, tests=tests)) == "taken") == taken
    assert len(runs.table()) == 1
    assert runs.table()["steps"].tolist() == [1000 * max(tests - 1, 2) + 7]


@pytest.mark.parametrize("name", ["config", "run", "metrics"])
@pytest.mark.parametrize("content", [None, "", '{"a": 1'])
def test_a_run_that_was_killed_is_left_out(name: str, content: str | None, tmp_path: Path) -> None:
    runs, folder = benchmark("epymarl").Collected(), write_run(tmp_path / "a", seed=1, tests=3)
    path = folder / f"{name}.json"
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    assert "left out, since it was killed" in runs.add(folder)
    assert runs.table().empty


def test_every_run_of_epymarl_has_a_counterpart_in_the_sweep() -> None:
    made = pd.read_csv(repo_root() / "data" / "epymarl.csv")
    asked = {(config.env, config.method, config.seed) for _, config in runs_of("epymarl")}
    assert set(zip(made["task"], made["method"], made["seed"], strict=True)) <= asked
