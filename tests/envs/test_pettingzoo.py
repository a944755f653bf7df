"""PettingZoo's environments, wrapped: agents in one order and size, masks, one reward, and methods train on them."""

from functools import partial
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from gymnasium import spaces
from mpe2 import simple_speaker_listener_v4, simple_spread_v3
from relay import Relay, relay

import na2q
from na2q import envs, methods
from na2q.config import NoOptions, configure
from na2q.envs import VectorEnv, from_pettingzoo
from na2q.envs.pettingzoo import PettingZooEnv
from na2q.methods.vdn import VDN
from na2q.training.policy import load
from na2q.training.run import train

SPREAD = partial(simple_spread_v3.parallel_env, N=3, local_ratio=0.0, max_cycles=25)


def test_copies_follow_the_environment_protocol() -> None:
    env = from_pettingzoo(SPREAD, 2, episode_limit=25)
    assert isinstance(env, VectorEnv)
    assert (env.spec.n_agents, env.spec.n_actions, env.spec.obs_dim, env.spec.state_dim) == (3, 5, 18, 54)
    first = env.reset([1, 2])
    assert first.obs.shape == (2, 3, 18)
    assert first.avail.all()
    np.testing.assert_array_equal(first.state, first.obs.reshape(2, 54))  # what simple_spread's state() is
    for step in range(25):
        outcome = env.step(np.ones((2, 3), int))
        assert outcome.truncated.tolist() == [step == 24] * 2
        assert not outcome.terminated.any()
    last = env.step(np.ones((2, 3), int))
    np.testing.assert_array_equal(last.observation.obs, outcome.observation.obs)
    assert last.reward.tolist() == [0, 0]


def test_equal_seeds_give_equal_episodes_whatever_was_played_before() -> None:
    def episode(env: PettingZooEnv, seed: int) -> list[np.ndarray]:
        seen = [env.reset([seed]).obs]
        return seen + [env.step(np.array([[a, 1, 2]])).observation.obs for a in (0, 3, 4)]

    used = from_pettingzoo(SPREAD, episode_limit=25)
    episode(used, 7)
    for mine, fresh in zip(episode(used, 3), episode(from_pettingzoo(SPREAD, episode_limit=25), 3), strict=True):
        np.testing.assert_array_equal(mine, fresh)


def test_unlike_agents_are_padded_to_one_size_and_offered_their_own_actions() -> None:
    env = from_pettingzoo(relay(), episode_limit=9)
    assert env.spec == na2q.spec.EnvSpec(2, 4, 3, 6, 9, unit_dim=3)
    first = env.reset([0])
    assert first.obs[0].tolist() == [[0, 0, 0], [5, 5, 5]]
    assert first.avail[0].tolist() == [[True, True, False, False], [True] * 4]
    assert first.state[0].tolist() == [0, 0, 0, 5, 5, 5]


def test_an_agent_that_left_sees_zeros_and_its_only_action_is_not_sent() -> None:
    env = from_pettingzoo(relay(), episode_limit=9)
    env.reset([0])
    ends = []
    for _ in range(4):
        outcome = env.step(np.array([[0, 3]]))
        ends.append((bool(outcome.terminated[0]), bool(outcome.truncated[0])))
        avail = outcome.observation.avail[0]
    assert env.teams[0].env.log == [{"a": 0, "b": 4}, {"a": 0, "b": 4}, {"b": 4}, {"b": 4}]  # b counts from 1
    assert outcome.observation.obs[0].tolist() == [[0, 0, 0], [5, 5, 5]]
    assert avail.tolist() == [[True, False, False, False]] * 2
    assert ends == [(False, False)] * 3 + [(True, False)]


def test_an_episode_cut_off_keeps_its_value_and_its_actions() -> None:
    env = from_pettingzoo(relay(ends_by_limit=True), episode_limit=9)
    env.reset([0])
    for _ in range(4):
        outcome = env.step(np.array([[0, 0]]))
    assert (outcome.terminated.tolist(), outcome.truncated.tolist()) == ([False], [True])
    assert outcome.observation.avail[0, 1].all()
    shorter = from_pettingzoo(relay(), episode_limit=3)
    shorter.reset([0])
    assert [bool(shorter.step(np.array([[0, 0]])).truncated[0]) for _ in range(3)] == [False, False, True]


def test_masks_come_from_the_observation_or_the_info() -> None:
    told = from_pettingzoo(relay(masks={"b": [0, 1, 0, 1]}), episode_limit=9)
    assert told.reset([0]).avail[0].tolist() == [[True, True, False, False], [False, True, False, True]]

    class Seen(Relay):
        def observation_space(self, agent: str) -> spaces.Space:
            size = int(self.action_space(agent).n)
            return spaces.Dict({"observation": spaces.Discrete(3), "action_mask": spaces.MultiBinary(size)})

        def _seen(self) -> dict:
            masks = {"a": np.array([1, 0], np.int8), "b": np.array([0, 0, 0, 1], np.int8)}
            return {agent: {"observation": 2, "action_mask": masks[agent]} for agent in self.agents}

    seen = from_pettingzoo(Seen, episode_limit=9)
    first = seen.reset([0])
    assert first.avail[0].tolist() == [[True, False, False, False], [False, False, False, True]]
    assert first.obs[0].tolist() == [[0, 0, 1]] * 2  # one-hot, without the mask


def test_differing_rewards_are_refused_or_added_up() -> None:
    unequal = {"rewards": {"a": 1.0, "b": 2.5}}
    env = from_pettingzoo(relay(**unequal), episode_limit=9)
    env.reset([0])
    with pytest.raises(ValueError, match=r"rewards differ: \{'a': 1.0, 'b': 2.5\}.*reward='sum'"):
        env.step(np.array([[0, 0]]))
    summed = from_pettingzoo(relay(**unequal), episode_limit=9, reward="sum")
    summed.reset([0])
    assert summed.step(np.array([[0, 0]])).reward.tolist() == [3.5]


class TurnBased:
    """What is recognised of an environment in which agents act in turn."""

    agent_iter = None


def steer(self: Any, agent: str) -> spaces.Space:
    return spaces.Box(-1, 1, (2,))


def endless(self: Any, agent: str) -> spaces.Space:
    return spaces.Sequence(spaces.Discrete(2))


@pytest.mark.parametrize(
    ("env", "settings", "message"),
    [
        (relay()(), {}, "parallel_env is .*, must be a function"),
        (relay(), {"n_envs": 0}, "n_envs is 0"),
        (relay(), {"episode_limit": 0}, "episode_limit is 0, must be a whole number, at least 1"),
        (relay(), {"reward": "mean"}, "reward is 'mean', must be one of 'shared', 'sum'"),
        (TurnBased, {}, "takes turns"),
        (object, {}, "no possible_agents"),
        (relay(action_space=steer), {}, r"actions of 'a' are Box.*must be Discrete"),
        (relay(observation_space=endless), {}, r"observations of 'a' are Sequence"),
    ],
)
def test_what_cannot_be_wrapped_is_refused_by_name(env: Any, settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_pettingzoo(env, **{"episode_limit": 5} | settings)


@pytest.mark.parametrize("mask", [[1, 1, 1], [0, 0, 0, 0]])
def test_a_mask_that_cannot_be_is_refused_with_its_agent(mask: list[int]) -> None:
    env = from_pettingzoo(relay(masks={"b": mask}), episode_limit=9)
    with pytest.raises(ValueError, match=r"action_mask of 'b' is \["):
        env.reset([0])


def test_a_state_that_changes_its_size_is_refused() -> None:
    env = from_pettingzoo(relay(state=lambda self: np.zeros(1 + self.time)), episode_limit=9)
    env.reset([0])
    with pytest.raises(ValueError, match=r"state\(\) has 2 numbers, but had 1"):
        env.step(np.array([[0, 0]]))


@pytest.mark.filterwarnings("ignore:.*render")  # the environment's own
def test_pictures_are_those_of_the_environment() -> None:
    _, axes = plt.subplots()
    plain = from_pettingzoo(SPREAD, episode_limit=25)
    plain.reset([0])
    with pytest.raises(ValueError, match="render_mode='rgb_array'"):
        plain.draw(axes)
    env = from_pettingzoo(relay(render=lambda self: np.zeros((4, 4, 3), np.uint8)), episode_limit=25)
    env.draw(axes)
    env.close()
    assert len(axes.images) == 1
    plt.close()


def spread(name: str, options: Any, n_envs: int) -> VectorEnv:
    return from_pettingzoo(SPREAD, n_envs, episode_limit=25)


@pytest.mark.slow
@pytest.mark.usefixtures("registry")
def test_a_registered_environment_trains_saves_and_loads(tmp_path: Any) -> None:
    envs.register("my-spread", spread)
    config = configure("vdn", "my-spread", "smoke", total_steps=3_000, test_interval=1_500, test_episodes=8)
    metrics = train(config, tmp_path / "run")
    assert metrics["step"].tolist() == [0, 1500, 3000]
    assert metrics["loss_td"].notna().any()
    assert load(tmp_path / "run").config.env == "my-spread"


@pytest.mark.usefixtures("registry")
def test_speaker_and_listener_of_unlike_sizes_train() -> None:
    make = partial(simple_speaker_listener_v4.parallel_env, max_cycles=25)
    envs.register("speak", lambda name, options, n_envs: from_pettingzoo(make, n_envs, episode_limit=25))
    for method in ("qmix", "na2q"):
        assert len(train(configure(method, "speak", "smoke", total_steps=100))) == 2


@pytest.mark.usefixtures("registry")
def test_names_after_a_registered_family_reach_its_constructor() -> None:
    names = []

    def make(name: str, options: Any, n_envs: int) -> VectorEnv:
        names.append((name, options, n_envs))
        return spread(name, options, n_envs)

    envs.register("my-spread", make)
    envs.make("my-spread-5", configure("vdn", "my-spread-5").env_options, 2)
    assert names == [("my-spread-5", NoOptions(), 2)]
    with pytest.raises(ValueError, match="unknown environment family 'my'"):
        configure("vdn", "my-other")


@pytest.mark.usefixtures("registry")
def test_a_registered_method_trains() -> None:
    class Mean(VDN):
        """The mean of utilities."""

    methods.register("mean", Mean)
    assert len(train(configure("mean", "matrix-qtran", "smoke", total_steps=100))) == 2


def test_names_of_the_package_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="'lbf-mine' belongs to na2q"):
        envs.register("lbf-mine", spread)
    with pytest.raises(ValueError, match="method 'vdn' belongs to na2q"):
        methods.register("vdn", VDN)


def test_what_cannot_be_copied_is_not_played_on() -> None:
    env = from_pettingzoo(SPREAD, episode_limit=25)
    env.reset([1])
    env.teams[0].env.unwrapped.game = (step for step in range(3))  # no copy can be made of it
    with pytest.raises(ValueError, match=r"cannot be played on from a step: cannot pickle 'generator'"):
        env.clone([0, 0])
