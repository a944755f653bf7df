"""Memory that an update frees serves the next one."""

import os
import resource

import pytest
import torch

from na2q.config import configure
from na2q.spec import EnvSpec
from na2q.training import memory
from na2q.training.memory import ShortMemoryError, keep_freed_memory
from na2q.training.replay import Replay
from na2q.training.run import train
from na2q.training.trainer import Trainer


def test_an_array_as_large_as_an_updates_asks_for_no_new_pages() -> None:
    if not keep_freed_memory():
        pytest.skip("only glibc can be told to keep memory")

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            torch.ones(1 << 20)  # 4 MB, 1,024 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert faults() < 1024


@pytest.mark.parametrize("free", [10**9, 10**10])
def test_more_than_there_is_is_refused_before_it_is_asked_for(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: free)
    memory.check_memory(free, "x", "lower y")
    with pytest.raises(
        ShortMemoryError, match=rf"short of memory for x: .* GB are needed, {free / 1e9} GB are free; low"
    ):
        memory.check_memory(free + 10**8, "x", "lower y")


def test_episodes_at_once_and_a_replay_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("vdn", "lbf-3p-3f", "smoke", n_envs=3, **{"env_options.time_limit": 10**9})
    with pytest.raises(ShortMemoryError, match=r"short of memory for 4 episodes at once: .* play fewer at once"):
        train(config)
    spec = EnvSpec(n_agents=9, n_actions=9, obs_dim=10**6, state_dim=9, episode_limit=10**6)
    with pytest.raises(ShortMemoryError, match=r"short of memory for the replay: .* lower replay.capacity, which is 7"):
        Replay(spec, 7).new_block()


@pytest.mark.parametrize("capacity", [1, 40, 5_000])
def test_a_replay_that_will_never_fit_is_refused_before_the_run(capacity: int, monkeypatch: pytest.MonkeyPatch) -> None:
    replay = {"replay.capacity": capacity, "replay.batch": 1, "replay.warmup": 1}
    config = configure("vdn", "lbf-3p-3f", "smoke", total_steps=10**9, **replay)
    trainer = Trainer(config)
    full = capacity * (trainer.env.spec.episode_limit + 1) * trainer.replay.slot_bytes
    assert trainer.replay.slot_bytes == sum(x[0].nbytes for x in trainer.replay.new_block())
    monkeypatch.setattr(memory, "available_memory", lambda: 10**12)
    monkeypatch.setattr(memory, "total_memory", lambda: full)
    trainer.replay.foresee(10**9)
    monkeypatch.setattr(memory, "total_memory", lambda: full - 1)
    with pytest.raises(
        ShortMemoryError, match=rf"replay of {capacity:,} whole .* lower replay.capacity, which is {capacity}"
    ):
        train(config)
    trainer.replay.foresee(2)  # so short a run fills two slots and two more


def test_a_replay_that_does_not_fit_now_is_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    replay = Replay(EnvSpec(n_agents=9, n_actions=9, obs_dim=10**4, state_dim=9, episode_limit=100), 100)
    monkeypatch.setattr(memory, "total_memory", lambda: 10**12)
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * 10**8)
    with pytest.warns(UserWarning, match=r"will need up to 3.6 GB, of which 0.2 GB are free now; .* lower replay.capa"):
        replay.foresee(10**9)


def test_memory_that_is_free_is_known_and_less_than_there_is() -> None:
    free = memory.available_memory()
    total = memory.total_memory()
    if free is not None and total is not None:
        assert free < total
        assert 0 < free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_threads_are_bounded_by_the_machine() -> None:
    most = 4 * (os.cpu_count() or 1)
    with pytest.raises(ValueError, match=f"threads is {most + 1}, must be at most {most} here"):
        train(configure("vdn", "lbf-3p-3f", "smoke", threads=most + 1))
