"""Clones: what is played on from a copy is what the original would have played, and the original never notices."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from mpe2 import simple_spread_v3
from numpy import ndarray

from na2q.config import configure
from na2q.envs import from_pettingzoo, make
from na2q.envs.base import Observation, Transition
from na2q.envs.offers import Clonable

NAMES = ["matrix-two_step", "lbf-4p-2f", "lbf-3p-3f", "battle-3m", "battle-2s3z", "spread"]
SPREAD = partial(simple_spread_v3.parallel_env, N=3, local_ratio=0.0, max_cycles=25)


def build(name: str, n_envs: int) -> Any:
    if name == "spread":
        return from_pettingzoo(SPREAD, n_envs, episode_limit=25)
    env = make(name, configure("vdn", name).env_options, n_envs)
    assert isinstance(env, Clonable)
    return env


def acts(observation: Observation, rng: np.random.Generator) -> ndarray:
    return (rng.random(observation.avail.shape) * observation.avail).argmax(-1)


def same(one: Transition, other: Transition) -> None:
    for a, b in zip((*one.observation, *one[1:4]), (*other.observation, *other[1:4]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.info.keys() == other.info.keys()
    for name, values in one.info.items():
        np.testing.assert_array_equal(values, other.info[name])


def halfway(env: Any, seeds: list[int], steps: int, player: int = 0) -> Observation:
    """Play some random steps from the start."""
    observation, rng = env.reset(seeds), np.random.default_rng(player)
    for _ in range(steps):
        observation = env.step(acts(observation, rng)).observation
    return observation


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_a_clone_goes_on_bit_for_bit_as_its_source_does(name: str, steps: int) -> None:
    env, rng = build(name, 3), np.random.default_rng(1)
    observation = halfway(env, [4, 5, 6], steps)
    twin = env.clone([0, 1, 2])
    for _ in range(40):
        actions = acts(observation, rng)
        outcome = env.step(actions)
        same(twin.step(actions), outcome)
        observation = outcome.observation


@pytest.mark.parametrize("name", NAMES)
def test_the_original_never_notices_what_its_clones_play(name: str) -> None:
    env, control = build(name, 2), build(name, 2)
    observation = halfway(env, [8, 9], 3)
    halfway(control, [8, 9], 3)
    rng, other = np.random.default_rng(1), np.random.default_rng(2)
    for _ in range(40):
        for seeds in (None, [1, 2, 3]):
            clone = env.clone([0, 1, 1], seeds)
            seen = Observation(*(x[[0, 1, 1]] for x in observation))
            for _ in range(3):
                seen = clone.step(acts(seen, other)).observation
        clone.reset([3, 4, 5])
        actions = acts(observation, rng)
        outcome = env.step(actions)
        same(outcome, control.step(actions))
        observation = outcome.observation
    np.testing.assert_array_equal(halfway(env, [1, 2], 5).state, halfway(control, [1, 2], 5).state)


@pytest.mark.parametrize("name", NAMES)
def test_copies_of_one_source_are_independent_of_each_other(name: str) -> None:
    env = build(name, 2)
    observation = halfway(env, [3, 8], 1)
    many, rng = env.clone([1, 0, 1, 1]), np.random.default_rng(1)
    np.testing.assert_array_equal(many.n_envs, 4)
    actions = acts(Observation(*(x[[1, 0, 1, 1]] for x in observation)), rng)
    actions[2] = actions[0]
    together = many.step(actions)
    for k, source in enumerate([1, 0, 1, 1]):
        alone = env.clone([source]).step(actions[k : k + 1])
        np.testing.assert_array_equal(alone.observation.state[0], together.observation.state[k])
        assert alone.reward[0] == together.reward[k]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_decide_the_random_numbers_and_nothing_else(name: str) -> None:
    env = build(name, 1)
    observation = halfway(env, [3], 4)

    def played(seed: int) -> list[ndarray]:
        clone, seen, rng = env.clone([0], [seed]), observation, np.random.default_rng(7)
        states = []
        for _ in range(40):
            seen = clone.step(acts(seen, rng)).observation
            states.append(seen.state[0])
        return states

    first, again, other = played(1), played(1), played(2)
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) == (not env.chance)


@pytest.mark.parametrize("name", NAMES)
def test_an_episode_that_has_ended_stays_so_in_its_clone(name: str) -> None:
    env = build(name, 2)
    observation = halfway(env, [3, 4], env.spec.episode_limit)
    clone = env.clone([1, 0])
    outcome = clone.step(acts(Observation(*(x[[1, 0]] for x in observation)), np.random.default_rng(0)))
    assert not outcome.reward.any()
    np.testing.assert_array_equal(outcome.observation.state, observation.state[[1, 0]])


@pytest.mark.parametrize(
    ("sources", "seeds", "message"),
    [
        ([], None, "one or more numbers of copies"),
        ([2], None, r"sources are \[2\], must be numbers of copies, 0 to 1"),
        ([-1, 0], None, "0 to 1"),
        ([0, 1], [3], "1 seeds for 2 sources"),
    ],
)
@pytest.mark.parametrize("name", ["matrix-qtran", "lbf-3p-3f", "battle-3m", "spread"])
def test_impossible_clones_are_refused(name: str, sources: Any, seeds: Any, message: str) -> None:
    env = build(name, 2)
    env.reset([0, 1])
    with pytest.raises(ValueError, match=message):
        env.clone(sources, seeds)
