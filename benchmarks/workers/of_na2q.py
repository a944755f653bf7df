"""This package's worker for `benchmarks/peers.py`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from turns import Turns, facts

import na2q
from na2q import envs
from na2q.config import TrainConfig
from na2q.envs.base import MAX_SEED
from na2q.training.bench import Floor
from na2q.training.memory import keep_freed_memory
from na2q.training.rollout import play
from na2q.training.trainer import Trainer
from na2q.types import EpisodeBatch

TASK = "lbf-4p-2f"
AS_THEIRS = {  # what BenchMARL does by default: no last action or number in the input, Adam, targets that follow slowly
    "agent.last_action": False,
    "agent.agent_id": False,
    "optim.algorithm": "adam",
    "optim.target_share": 0.005,
}


def config_of(method: str) -> TrainConfig:
    """Return the settings of all measurements."""
    return na2q.configure(method, TASK, preset="released", test_interval=10**6, **AS_THEIRS)


def draw_batch(file: Path) -> None:
    """Store as many random episodes as a batch has, none of which ended before the limit."""
    config = config_of("vdn")
    trainer, kept, rng = Trainer(config), [], np.random.default_rng(1)
    while len(kept) < config.replay.batch:
        played = play(trainer.env, trainer.learner.online.agent, 1.0, rng, [int(rng.integers(MAX_SEED))])
        if played.lengths[0] == trainer.env.spec.episode_limit:
            kept.append(played.batch)
    fields: dict[str, Any] = {
        name: np.concatenate([getattr(one, name).numpy() for one in kept]) for name in EpisodeBatch._fields
    }
    np.savez(file, **fields)


def update(turns: Turns, method: str, file: Path, repeats: int = 3) -> None:
    """Take updates with the stored batch; beside them the floor of the speed chapter."""
    config = config_of(method)
    trainer = Trainer(config)
    batch = EpisodeBatch(**{name: torch.from_numpy(field) for name, field in np.load(file).items()})
    spec = trainer.env.spec
    rows, slots = config.replay.batch * spec.n_agents, spec.episode_limit + 1
    floor = Floor(spec.obs_dim, config.agent.hidden, spec.n_actions, rows, slots)
    while True:
        turns.wait()
        turns.measure("floor", floor.run, repeats)
        turns.measure("update", lambda: trainer.learner.update(batch), repeats)
        turns.tell()


def training(turns: Turns, method: str, repeats: int = 4) -> None:
    """Train, one update for each episode, once the replay holds a batch."""
    trainer = Trainer(config_of(method))
    while trainer.updates < 1:
        trainer.advance()

    def advance() -> int:
        before = trainer.step
        turns.measure("collecting", collect)
        trainer.learn()
        return trainer.step - before

    def collect() -> int:
        before = trainer.step
        trainer.collect()
        return trainer.step - before

    while True:
        turns.wait()
        turns.measure("training", advance, repeats)
        turns.tell()


def environment(turns: Turns, name: str, copies: int) -> None:
    """Play whole episodes with random available actions; steps of copies that have ended do not count."""
    env, rng = envs.make(name, na2q.configure(env=name).env_options, copies), np.random.default_rng(1)

    def episode() -> int:
        now = env.reset(rng.integers(MAX_SEED, size=copies).tolist())
        running, steps = np.ones(copies, bool), 0
        while running.any():
            chosen = np.where(now.avail, rng.random(now.avail.shape), -1).argmax(-1)
            now, _, terminated, truncated, _ = env.step(chosen)
            steps += int(running.sum())
            running &= ~(terminated | truncated)
        return steps

    while True:
        turns.wait()
        turns.measure("environment", episode, 4)
        turns.tell()


def main(measure: str, *of: str) -> None:
    """Do what `benchmarks/peers.py` asks for."""
    keep_freed_memory()
    torch.set_num_threads(1)
    turns = Turns()
    if measure == "facts":
        turns.tell(facts("na2q", "torch", {}))
    elif measure == "batch":
        draw_batch(Path(of[0]))
    elif measure == "update":
        update(turns, of[0], Path(of[2]))
    elif measure == "training":
        training(turns, of[0])
    else:
        environment(turns, of[0], int(of[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
