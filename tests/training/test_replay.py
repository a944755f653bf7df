"""Replay keeps the newest episodes and returns them as they were played."""

import numpy as np
import pytest
import torch

from na2q.spec import EnvSpec
from na2q.training.replay import Replay
from na2q.types import NO_ACTION, EpisodeBatch

SPEC = EnvSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=6)


def episode(mark: float, length: int) -> EpisodeBatch:
    valid = torch.ones(1, length, dtype=torch.bool)
    return EpisodeBatch(
        obs=torch.full((1, length + 1, 2, 4), mark),
        state=torch.full((1, length + 1, 5), mark),
        avail=torch.ones(1, length + 1, 2, 3, dtype=torch.bool),
        actions=torch.cat([torch.zeros(1, length, 2), torch.full((1, 1, 2), NO_ACTION)], 1).long(),
        reward=torch.full((1, length), mark),
        terminated=torch.zeros(1, length),
        valid=valid,
    )


def marks(batch: EpisodeBatch) -> list[float]:
    return batch.reward[:, 0].tolist()


def test_oldest_episode_is_dropped_first() -> None:
    replay = Replay(SPEC, capacity=3)
    for mark in range(5):
        replay.add(episode(float(mark), 4))
    assert len(replay) == 3
    assert sorted(marks(replay.sample(3, np.random.default_rng(0)))) == [2.0, 3.0, 4.0]


def test_sample_is_cut_to_the_longest_episode_and_padded_with_zeros() -> None:
    replay = Replay(SPEC, capacity=4)
    for mark, length in ((1.0, 2), (2.0, 5)):
        replay.add(episode(mark, length))
    batch = replay.sample(2, np.random.default_rng(0)).validate()
    assert batch.valid.shape == (2, 5)
    short = marks(batch).index(1.0)
    assert batch.valid[short].tolist() == [True, True, False, False, False]
    assert not batch.obs[short, 3:].any()
    assert not batch.avail[short, 3:].any()


def test_shorter_episode_leaves_nothing_of_the_longer_one_it_replaces() -> None:
    replay = Replay(SPEC, capacity=2)
    for mark, length in ((1.0, 6), (2.0, 6), (3.0, 2)):
        replay.add(episode(mark, length))
    fresh = Replay(SPEC, capacity=2)
    for mark, length in ((3.0, 2), (2.0, 6)):
        fresh.add(episode(mark, length))
    for kept, expected in zip(replay.store, fresh.store, strict=True):
        assert torch.equal(kept, expected)


def test_episodes_of_one_sample_are_different_and_all_come_up() -> None:
    replay, rng = Replay(SPEC, capacity=8), np.random.default_rng(0)
    for mark in range(8):
        replay.add(episode(float(mark), 3))
    seen = [marks(replay.sample(4, rng)) for _ in range(50)]
    assert all(len(set(sample)) == 4 for sample in seen)
    assert {mark for sample in seen for mark in sample} == set(map(float, range(8)))


def test_asking_for_more_than_stored_is_refused() -> None:
    replay = Replay(SPEC, capacity=8)
    replay.add(episode(1.0, 3))
    with pytest.raises(ValueError, match="cannot draw 2 different episodes from 1"):
        replay.sample(2, np.random.default_rng(0))
