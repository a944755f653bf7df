"""Environments of this package as Envs of Gymnasium: its own checks, its own vectors, and the same task as before."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from na2q import envs
from na2q.config import LBFOptions, MatrixOptions, configure
from na2q.envs import to_gymnasium
from na2q.envs.matrix import MatrixGame

TASKS = ("battle-3m", "battle-2s3z", "lbf-4p-2f", "Foraging-8x8-2p-2f-coop-v3", "matrix-two_step")


def vector(name: str, copies: int, **settings: Any) -> SyncVectorEnv:
    return SyncVectorEnv([partial(to_gymnasium, name)] * copies, **settings)


@pytest.mark.filterwarnings(
    "ignore:.*A Box observation space (minimum|maximum) value is:UserWarning"
)  # reals have none
@pytest.mark.filterwarnings("ignore:.*not registered with `gym:UserWarning")
@pytest.mark.parametrize("name", TASKS)
@pytest.mark.filterwarnings("error")
def test_gymnasium_accepts_every_family(name: str) -> None:
    check_env(to_gymnasium(name, render_mode="rgb_array"), skip_render_check=True)


@pytest.mark.parametrize("name", TASKS)
def test_an_episode_is_that_of_the_package(name: str) -> None:
    plain, other = envs.make(name, configure("vdn", name).env_options), to_gymnasium(name)
    rng = np.random.default_rng(0)
    for seed in (7, 8):
        mine, (obs, info), over = plain.reset([seed]), other.reset(seed=seed), False
        while not over:
            np.testing.assert_array_equal(obs, mine.obs[0])
            np.testing.assert_array_equal(info["state"], mine.state[0])
            np.testing.assert_array_equal(info["action_mask"], mine.avail[0])
            actions = (mine.avail * rng.random(mine.avail.shape)).argmax(-1)
            mine, reward, terminated, truncated, news = plain.step(actions)
            obs, *outcome, info = other.step(actions[0])
            assert outcome == pytest.approx([float(reward[0]), terminated[0], truncated[0]])
            over = bool(terminated[0] or truncated[0])
        assert {key: info[key] for key in news} == {key: values[0] for key, values in news.items()}


@pytest.mark.parametrize("mode", AutoresetMode)
def test_a_vector_of_gymnasium_goes_on_after_the_end(mode: AutoresetMode) -> None:
    env = RecordEpisodeStatistics(vector("lbf-2p-1f", 3, autoreset_mode=mode))
    assert isinstance(env, VectorEnv)
    obs, info = env.reset(seed=5)
    for i in range(3):  # Gymnasium gives copy i the seed and i
        np.testing.assert_array_equal(obs[i], to_gymnasium("lbf-2p-1f").reset(seed=5 + i)[0])
    rng, ended = np.random.default_rng(0), 0
    for _ in range(130):
        assert env.observation_space.contains(obs)
        actions = (rng.random(info["action_mask"].shape) * info["action_mask"]).argmax(-1)
        obs, reward, terminated, truncated, info = env.step(actions)
        assert reward.shape == (3,)
        over = terminated | truncated
        ended += int(over.sum())
        if over.any() and mode is AutoresetMode.DISABLED:
            obs, info = env.reset(options={"reset_mask": over})
    assert ended >= 6
    env.close()


def test_copies_may_be_processes() -> None:
    one, many = vector("battle-3m", 2), AsyncVectorEnv([partial(to_gymnasium, "battle-3m")] * 2)
    for env in (one, many):
        env.reset(seed=1)
    for _ in range(5):
        for a, b in zip(one.step(np.ones((2, 3), int))[:4], many.step(np.ones((2, 3), int))[:4], strict=True):
            np.testing.assert_array_equal(a, b)
    many.close()


def test_rewards_of_each_agents_own_are_added_up() -> None:
    team, own = (
        to_gymnasium("lbf-2p-2f", field_size=5, reward=reward, step_penalty=0.5) for reward in ("team", "individual")
    )
    for env in (team, own):
        env.reset(seed=3)
    assert own.step(np.array([0, 0]))[1] == pytest.approx(team.step(np.array([0, 0]))[1])


def test_a_forbidden_action_is_played_as_doing_nothing() -> None:
    one, two = to_gymnasium("lbf-2p-1f"), to_gymnasium("lbf-2p-1f")
    _, info = one.reset(seed=1)
    two.reset(seed=1)
    forbidden = info["action_mask"].argmin(-1)
    assert not info["action_mask"][np.arange(2), forbidden].any()
    np.testing.assert_array_equal(one.step(forbidden)[0], two.step(np.zeros(2, int))[0])


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(ValueError, match="has 2 copies, but an Env of Gymnasium is one"):
        to_gymnasium(MatrixGame("matrix-qtran", MatrixOptions(), 2))
    with pytest.raises(ValueError, match="render_mode is 'human', must be None or 'rgb_array'"):
        to_gymnasium("matrix-qtran", render_mode="human")
    with pytest.raises(ValueError, match="settings \\['sight'\\] are for environments given by name"):
        to_gymnasium(envs.make("lbf-2p-1f", LBFOptions()), sight=1)
    env = to_gymnasium("matrix-qtran")
    with pytest.raises(RuntimeError, match="no episode is running: call reset"):
        env.step(np.array([0, 0]))
    env.reset(seed=1)
    with pytest.raises(ValueError, match="must be in MultiDiscrete"):
        env.step(np.array([0, 3]))
    env.step(np.array([0, 0]))
    with pytest.raises(RuntimeError, match="no episode is running: call reset"):
        env.step(np.array([0, 0]))


def test_it_shows_a_picture_where_one_is_asked_for() -> None:
    env = to_gymnasium("battle-3m", render_mode="rgb_array")
    env.reset(seed=1)
    picture = env.render()
    assert isinstance(picture, np.ndarray)
    assert picture.shape[2] == 3
    assert to_gymnasium("battle-3m").render() is None
