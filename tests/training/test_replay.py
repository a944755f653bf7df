"""Replay keeps the newest episodes, returns them as they were played and takes memory as they come."""

import subprocess
import sys
from collections import deque
from pathlib import Path

import numpy as np
import pytest
import torch
from random_task import random_batch
from reference_case import ReferenceCase

from na2q.spec import EnvSpec
from na2q.training import blocks
from na2q.training.checkpoint import fill, stored_episodes
from na2q.training.memory import ShortMemoryError, memory_for
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
    assert (batch.actions[short, 2:] == NO_ACTION).all()
    assert not batch.reward[short, 2:].any()


def everything(replay: Replay) -> EpisodeBatch:
    """All stored episodes in one batch, in an order that depends on the places alone."""
    return replay.sample(len(replay), np.random.default_rng(0))


def test_shorter_episode_leaves_nothing_of_the_longer_one_it_replaces() -> None:
    replay = Replay(SPEC, capacity=2)
    for mark, length in ((1.0, 6), (2.0, 6), (3.0, 2)):
        replay.add(episode(mark, length))
    fresh = Replay(SPEC, capacity=2)
    for mark, length in ((3.0, 2), (2.0, 6)):
        fresh.add(episode(mark, length))
    for kept, expected in zip(everything(replay), everything(fresh), strict=True):
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


class InOrder(np.random.Generator):
    """Draws the stored episodes as they lie."""

    def choice(self, stored: int, drawn: int, replace: bool) -> np.ndarray:  # type: ignore[override]
        return np.arange(drawn)


@pytest.mark.parametrize("name", ["cds", "na2q"])
def test_padding_is_what_the_released_code_fills_in(name: str) -> None:
    """Losses that count padding tell: in the released code the one-hot of an action is zero there."""
    case = ReferenceCase.open(Path(__file__).parents[1] / "methods" / "reference" / f"{name}.npz")
    batch, replay = case.batch(), Replay(case.learner().online.spec, capacity=9)
    replay.add(batch)
    drawn = replay.sample(len(batch.valid), InOrder(np.random.PCG64()))
    for field, expected, found in zip(batch._fields, batch, drawn, strict=True):
        assert torch.equal(expected, found), field
    if name == "cds":  # whose agents see their last action
        losses = []
        for tried in (drawn, drawn._replace(actions=drawn.actions.clamp(min=0))):
            learner = case.learner()
            step = learner.step(tried)
            losses.append(float(learner.losses(step)["local_l1"].value.detach()))
        expected = float(case.arrays["loss/local_l1"])
        assert losses[0] == pytest.approx(expected, rel=1e-6)
        assert losses[1] != pytest.approx(expected, rel=1e-3), "action 0 in padding would be another loss"


@pytest.mark.parametrize(("name", "term", "moved"), [("cds", "local_l1", 0.006), ("na2q", "kl", 0.002)])
def test_an_action_that_nobody_plays_matters_to_padding_alone_and_little(name: str, term: str, moved: float) -> None:
    """Row C7: the released code chooses one in the last state of an episode; given it, losses are the released ones."""
    case = ReferenceCase.open(Path(__file__).parents[1] / "methods" / "reference" / f"{name}.npz")
    batch, found = case.batch(), []
    unplayed = batch.actions.clone()
    for episode, length in enumerate(batch.valid.sum(1).tolist()):
        assert (unplayed[episode, length] != NO_ACTION).any()
        unplayed[episode, length] = NO_ACTION
    for tried in (batch, batch._replace(actions=unplayed)):
        learner = case.learner()
        step = learner.step(tried)
        found.append({key: float(loss.value.detach()) for key, loss in learner.losses(step).items()})
    with_it, without = found
    assert with_it[term] == pytest.approx(float(case.arrays[f"loss/{term}"]), rel=1e-6)
    assert abs(without[term] / with_it[term] - 1) == pytest.approx(moved, abs=0.0006)
    assert without["td"] == pytest.approx(with_it["td"], rel=1e-6)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_is_taken_as_episodes_come() -> None:
    long = EnvSpec(n_agents=6, n_actions=30, obs_dim=156, state_dim=282, episode_limit=400)
    before = resident()
    replay = Replay(long, capacity=5_000)  # 11 GB if every episode lasted to the limit
    assert resident() - before < 2**20
    batch = random_batch(long, (20,) * 8)
    before = resident()
    for _ in range(10):
        replay.add(batch)
    stored = sum(x.nbytes for x in stored_episodes(replay).values())
    assert 7e6 < stored < 9e6  # 80 episodes of 21 slots
    assert resident() - before < 2 * stored


@pytest.mark.parametrize("block", [7, 16, 4_096])
def test_dropped_episodes_give_their_memory_back(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", block)
    replay, rng = Replay(SPEC, capacity=5), np.random.default_rng(0)
    for mark in range(300):
        replay.add(episode(mark, int(rng.integers(1, 7))))
        assert len(replay.blocks) <= 5 * 7 // block + 2
    assert sorted(marks(everything(replay))) == [295, 296, 297, 298, 299]


@pytest.mark.parametrize("block", [7, 20, 4_096])
@pytest.mark.parametrize("added", [1, 6, 23])
def test_replay_stored_and_loaded_goes_on_as_if_it_had_not_been(
    block: int, added: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", block)
    spec, rng = EnvSpec(3, 4, 5, 15, 6, unit_dim=5), np.random.default_rng(added)
    replay, copy = (Replay(spec, capacity=6) for _ in range(2))
    newest: deque[EpisodeBatch] = deque(maxlen=6)

    def play(*replays: Replay) -> None:
        newest.append(random_batch(spec, (int(rng.integers(1, 7)),), seed=int(rng.integers(1e6))))
        for each in replays:
            each.add(newest[-1])

    for _ in range(added):
        play(replay)
    stored = stored_episodes(replay)
    slots = sum(batch.obs.shape[1] for batch in newest)
    assert sum(len(x) for name, x in stored.items() if name.endswith("obs")) == slots  # no padding, nothing dropped
    owned = {x.untyped_storage().data_ptr() for slots in replay.blocks.values() for x in slots}
    assert {x.untyped_storage().data_ptr() for name, x in stored.items() if name != "places"} <= owned  # no copy
    fill(copy, {name: x.clone() for name, x in stored.items()}, replay.added)
    for _ in range(9):
        play(replay, copy)
        for one, two in zip(everything(replay), everything(copy), strict=True):
            assert torch.equal(one, two)
        kept = everything(replay)
        for batch in newest:
            steps = batch.valid.shape[1]
            i = next(i for i in range(len(replay)) if torch.equal(kept.obs[i, : steps + 1], batch.obs[0]))
            assert kept.valid[i].sum() == steps
            assert torch.equal(kept.actions[i, : steps + 1], batch.actions[0])
            assert torch.equal(kept.terminated[i, :steps], batch.terminated[0])


SHORT = """
import resource
import numpy as np
from pathlib import Path
from na2q.spec import EnvSpec
from na2q.training.replay import Replay
from random_task import random_batch
from reference_case import ReferenceCase
spec = EnvSpec(6, 30, 156, 282, 400)
replay, batch = Replay(spec, 5_000), random_batch(spec, (400,) * 2)
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 2**27, size + 2**27))
try:
    while True:
        replay.add(batch)
except RuntimeError as error:
    print(type(error).__name__, error)
    print(len(replay), int(replay.sample(1, np.random.default_rng(0)).valid.sum()))
"""


@pytest.mark.slow
def test_short_memory_names_the_setting_and_loses_no_episode(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(SHORT)
    paths = {"PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run([sys.executable, tmp_path / "short.py"], env=paths, capture_output=True, text=True)
    assert told.stdout.startswith("ShortMemoryError short of memory for the replay: lower replay.capacity"), told
    stored, steps = told.stdout.splitlines()[1].split()
    assert f"which is 5000; {stored} episodes are stored" in told.stdout
    assert steps == "400"


def test_errors_that_are_not_about_memory_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape") as caught, memory_for("x", "y"):
        raise RuntimeError("shape")
    assert not isinstance(caught.value, ShortMemoryError)
