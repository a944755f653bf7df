"""What was trained can be used: loaded from one file, evaluated, filmed, started from."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import na2q
from na2q.cli import main
from na2q.config import configure
from na2q.envs.lbf import LBF
from na2q.explain.film import film
from na2q.training.policy import evaluate, make_env
from na2q.training.records import RunError
from na2q.training.rollout import play
from na2q.training.run import train
from na2q.training.weights import read_weights


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(configure("na2q", preset="smoke"), folder)
    return folder


def test_policy_plays_what_the_trainer_would_play(run_dir: Path) -> None:
    policy = na2q.load(run_dir)
    env = make_env(policy, 3)
    played = play(env, policy.agent, 0.0, np.random.default_rng(0), [5, 6, 7]).batch
    policy.reset(3)
    seen = env.reset([5, 6, 7])
    for t in range(played.valid.shape[1]):
        actions = policy.act(seen.obs, seen.avail)
        running = played.valid[:, t].numpy()
        np.testing.assert_array_equal(actions[running], played.actions[:, t].numpy()[running])
        seen = env.step(actions).observation


def test_weights_file_alone_is_enough(run_dir: Path, tmp_path: Path) -> None:
    moved = tmp_path / "alone.safetensors"
    moved.write_bytes((run_dir / "best.safetensors").read_bytes())
    policy = na2q.load(moved)
    assert policy.q_values(np.zeros((1, 4, 18), np.float32)).shape == (1, 4, 6)


def test_looking_at_q_values_remembers_nothing(run_dir: Path) -> None:
    policy, obs = na2q.load(run_dir), np.ones((2, 4, 18), np.float32)
    policy.reset(2)
    np.testing.assert_array_equal(policy.q_values(obs), policy.q_values(obs))


def test_observation_of_the_wrong_shape_is_named(run_dir: Path) -> None:
    policy = na2q.load(run_dir)
    with pytest.raises(ValueError, match=r"obs has shape \(2, 4, 18\), must be \(1, 4, 18\)"):
        policy.act(np.zeros((2, 4, 18)), np.ones((2, 4, 6), bool))


def test_evaluation_has_a_row_for_each_episode_and_repeats_with_its_seed(run_dir: Path, tmp_path: Path) -> None:
    first, second, other = (evaluate(run_dir, episodes=5, seed=seed) for seed in (2, 2, 3))
    pd.testing.assert_frame_equal(first, second)
    assert list(first.columns) == ["episode", "seed", "return", "length", "cleared"]
    assert first["seed"].tolist() != other["seed"].tolist()
    main(["evaluate", str(run_dir), "--episodes", "4", "--out", str(tmp_path / "e.csv")])
    assert len(pd.read_csv(tmp_path / "e.csv")) == 4


def test_other_environment_must_have_the_same_sizes(run_dir: Path) -> None:
    with pytest.raises(ValueError, match="lbf-3p-3f has n_agents 3, but the policy was trained with 4"):
        evaluate(run_dir, env="lbf-3p-3f")


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 9])
def test_missing_or_damaged_weights_are_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=r"weights\.safetensors (does not exist|cannot be read)"):
        na2q.load(path)


@pytest.mark.parametrize("suffix", ["gif", "html"])
def test_film_shows_every_step(suffix: str, run_dir: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    train(configure("vdn", preset="smoke", total_steps=60, **{"env_options.time_limit": 4}), short)
    film(short, [0, 1], tmp_path / f"episode.{suffix}")
    if suffix == "gif":
        from PIL import Image

        assert Image.open(tmp_path / "episode.gif").n_frames == 10  # type: ignore[attr-defined]  # 2 x (4 steps + end)
    else:
        assert (tmp_path / "episode.html").read_text().count("data:image/png") == 10


def test_film_of_another_kind_is_refused(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in '\.avi', must end in one of \.gif, \.mp4, \.html"):
        film(run_dir, [0], tmp_path / "x.avi")


@pytest.mark.parametrize("suffix", ["gif", "html"])
@pytest.mark.parametrize("where", ["step", "draw"])
def test_film_that_fails_says_why_and_keeps_the_older_one(
    where: str, suffix: str, run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the game is gone")

    monkeypatch.setattr(LBF, where, fail)
    out = tmp_path / f"film.{suffix}"
    out.write_text("older")
    with pytest.raises(RuntimeError, match="the game is gone"):
        film(run_dir, [0], out)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert out.read_text() == "older"


def test_film_of_no_episode_is_refused(run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seeds is empty, must hold"):
        film(run_dir, [], tmp_path / "x.gif")


@pytest.mark.parametrize("env", [None, "lbf-4p-2f"])
def test_the_options_of_the_run_hold_on_its_own_task_and_family(env: str | None, tmp_path: Path) -> None:
    config = configure("vdn", preset="smoke", total_steps=60, **{"env_options.time_limit": 4, "env_options.sight": 1})
    train(config, tmp_path)
    assert make_env(na2q.load(tmp_path), 1, env).spec.episode_limit == 4
    assert evaluate(tmp_path, 3, env=env)["length"].max() <= 4


def test_new_run_starts_from_the_weights_that_fit(run_dir: Path, tmp_path: Path) -> None:
    config = configure("qmix", preset="smoke", total_steps=60, **{"agent.agent_id": False})
    with pytest.warns(UserWarning, match="weights start afresh"):
        train(config, tmp_path, init_from=run_dir)
    source, start = read_weights(run_dir).weights, read_weights(tmp_path).weights
    assert torch.equal(source["agent.fc_in.weight"], start["agent.fc_in.weight"])  # 60 steps: no update yet
    assert '"init_from"' in (tmp_path / "run.json").read_text()


def test_weights_of_which_none_fits_are_refused(run_dir: Path, tmp_path: Path) -> None:
    config = configure("vdn", "matrix-qtran", "smoke", **{"agent.hidden": 8})
    with pytest.raises(RunError, match=r"no weight of .* fits vdn on matrix-qtran"):
        train(config, tmp_path, init_from=run_dir)
