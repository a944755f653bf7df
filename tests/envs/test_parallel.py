"""Environments of this package as ParallelEnvs: PettingZoo's own tests, and the same task before and after."""

import sys
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from pettingzoo import ParallelEnv
from pettingzoo.test import parallel_api_test, parallel_seed_test

from na2q import envs
from na2q.config import LBFOptions, MatrixOptions, configure
from na2q.envs import from_pettingzoo, to_pettingzoo
from na2q.training.run import train

TASKS = ("battle-3m", "battle-2s3z", "battle-MMM2", "lbf-4p-2f", "matrix-two_step", "matrix-climbing")


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("name", TASKS)
def test_pettingzoo_accepts_every_family(name: str) -> None:
    parallel_api_test(to_pettingzoo(name), num_cycles=100)
    parallel_seed_test(lambda: to_pettingzoo(name))


@pytest.mark.parametrize("name", TASKS)
def test_the_way_there_and_back_changes_nothing(name: str) -> None:
    plain = envs.make(name, configure("vdn", name).env_options)
    back = from_pettingzoo(lambda: to_pettingzoo(name), episode_limit=plain.spec.episode_limit)
    sizes = ("n_agents", "n_actions", "obs_dim", "state_dim", "episode_limit")
    assert [getattr(back.spec, size) for size in sizes] == [getattr(plain.spec, size) for size in sizes]
    rng = np.random.default_rng(0)
    for seed in (7, 8):
        mine, theirs = plain.reset([seed]), back.reset([seed])
        over = False
        while not over:
            for a, b in zip(mine, theirs, strict=True):
                np.testing.assert_array_equal(a, b)
            actions = (mine.avail * rng.random(mine.avail.shape)).argmax(-1)
            mine, reward, terminated, truncated, _ = plain.step(actions)
            theirs, *outcome, _ = back.step(actions)
            for a, b in zip((reward, terminated, truncated), outcome, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6)
            over = bool(terminated[0] or truncated[0])


def test_observations_and_states_are_in_their_spaces() -> None:
    env = to_pettingzoo("battle-3m")
    assert isinstance(env, ParallelEnv)
    seen, _ = env.reset(seed=1)
    assert all(env.observation_space(agent).contains(seen[agent]) for agent in env.agents)
    assert env.state_space.contains(env.state())


def begin(env: Any, seed: int | None) -> list[float]:
    """The whole board with which an episode begins."""
    env.reset(seed=seed)
    return env.state().tolist()


def test_resets_without_a_seed_follow_from_the_last_one() -> None:
    one, two, three, four = (to_pettingzoo("lbf-4p-2f", state="full") for _ in range(4))
    series = [begin(one, seed) for seed in (3, None, None)]
    assert series == [begin(two, seed) for seed in (3, None, None)]
    assert series[1] != series[2]
    assert begin(three, None) != begin(four, None)


def test_an_action_that_the_mask_forbids_does_nothing() -> None:
    forbidden, stop = to_pettingzoo("battle-3m"), to_pettingzoo("battle-3m")
    for env in (forbidden, stop):
        seen, _ = env.reset(seed=1)
    assert seen["agent_0"]["action_mask"][8] == 0  # enemy 2 is out of range at the start
    after, *_ = forbidden.step(dict.fromkeys(forbidden.agents, 8))
    expected, *_ = stop.step(dict.fromkeys(stop.agents, 1))
    np.testing.assert_array_equal(after["agent_0"]["observation"], expected["agent_0"]["observation"])


def test_the_end_names_the_outcome_and_empties_the_list_of_agents() -> None:
    env = to_pettingzoo("battle-3m")
    env.reset(seed=1)
    while env.agents:
        acted = list(env.agents)
        _, rewards, terminations, truncations, infos = env.step(dict.fromkeys(env.agents, 1))
    assert set(rewards) == set(acted)
    assert all(terminations.values())
    assert not any(truncations.values())
    assert infos["agent_2"]["won"] is False
    with pytest.raises(RuntimeError, match="call reset"):
        env.step({})


def test_a_time_limit_that_lets_the_value_go_on_truncates() -> None:
    env = to_pettingzoo("lbf-4p-2f", timeout="bootstrap", time_limit=2)
    env.reset(seed=1)
    for _ in range(2):
        _, _, terminations, truncations, _ = env.step(dict.fromkeys(env.agents, 0))
    assert all(truncations.values())
    assert not any(terminations.values())


def test_settings_reach_the_environment() -> None:
    assert to_pettingzoo("lbf-3p-2f", field_size=6).env.options == LBFOptions(field_size=6)


def test_pictures_are_pixels() -> None:
    env = to_pettingzoo("lbf-4p-2f", render_mode="rgb_array")
    env.reset(seed=1)
    pixels = env.render()
    assert pixels is not None
    assert pixels.shape[2] == 3
    assert len(np.unique(pixels)) > 10
    silent = to_pettingzoo("lbf-4p-2f")
    silent.reset(seed=1)
    with pytest.warns(UserWarning, match="render_mode='rgb_array'"):
        assert silent.render() is None
    env.close()


def test_what_cannot_be_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="no 'sigt'; it has"):
        to_pettingzoo("lbf-4p-2f", sigt=3)
    with pytest.raises(ValueError, match="sight is 0, must be a whole number, at least 1"):
        to_pettingzoo("lbf-4p-2f", sight=0)
    with pytest.raises(ValueError, match="unknown environment family 'chess'"):
        to_pettingzoo("chess")
    with pytest.raises(ValueError, match="2 copies"):
        to_pettingzoo(envs.make("matrix-qtran", MatrixOptions(), 2))
    with pytest.raises(ValueError, match=r"\['sight'\] are for environments given by name"):
        to_pettingzoo(envs.make("matrix-qtran", MatrixOptions()), sight=3)
    with pytest.raises(ValueError, match="render_mode is 'human'"):
        to_pettingzoo("matrix-qtran", render_mode="human")
    env = to_pettingzoo("matrix-qtran")
    with pytest.raises(RuntimeError, match="call reset"):
        env.state()
    for seed in (-7, 0.5, "seven", False):
        with pytest.raises(ValueError, match=f"seed is {seed!r}, must be a whole number, at least 0"):
            env.reset(seed=seed)
    env.reset(seed=np.int64(0))
    for actions in (None, 0, [0, 1], "up"):
        with pytest.raises(ValueError, match="must be a mapping"):
            env.step(actions)
    with pytest.raises(ValueError, match=r"actions are those of \['agent_0'\]"):
        env.step({"agent_0": 1})
    with pytest.raises(ValueError, match="must be 0 to 2"):
        env.step({"agent_0": 1, "agent_1": 3})


def test_without_pettingzoo_the_extra_is_named() -> None:
    with patch.dict(sys.modules, {"na2q.envs.parallel": None}), pytest.raises(ImportError, match=r"na2q\[pettingzoo\]"):
        to_pettingzoo("matrix-qtran")


@pytest.mark.usefixtures("registry")
def test_a_method_trains_on_what_came_back() -> None:
    envs.register("again", lambda name, options, n: from_pettingzoo(
        lambda: to_pettingzoo("matrix-two_step"), n, episode_limit=2
    ))  # fmt: skip
    assert len(train(configure("qmix", "again", "smoke", total_steps=100))) == 2
