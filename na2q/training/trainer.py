"""The training loop of Table 1: one episode, one update, a greedy test every 10,000 steps."""

import math
import time
from collections.abc import Callable

import numpy as np
import torch

from na2q import envs
from na2q.config import ExploreConfig, TrainConfig
from na2q.envs.base import MAX_SEED, VectorEnv
from na2q.envs.offers import KeepsReplays
from na2q.methods import METHODS
from na2q.nets.agents import RecurrentAgent
from na2q.training.learner import Learner
from na2q.training.machine import check_device, check_threads
from na2q.training.memory import memory_for
from na2q.training.replay import Replay
from na2q.training.rollout import play

STREAMS = 4  # of random numbers in training: weights, actions, tests, replay
Metrics = dict[str, int | float]


class DivergedError(RuntimeError):
    """A loss, value or gradient that is no longer finite."""


def run_name(config: TrainConfig) -> str:
    """Name a run by what tells it from others of a study, for files outside its folder."""
    return f"{config.method}_{config.env}_{config.preset}_seed{config.seed}"


def epsilon_at(step: int, explore: ExploreConfig) -> float:
    """Exploration probability after `step` environment steps."""
    share = min(1.0, step / explore.anneal_steps)
    return explore.start + share * (explore.finish - explore.start)


class Trainer:
    """State of one run: networks, replay, environments, counters and random generators."""

    def __init__(self, config: TrainConfig) -> None:
        self.config = config
        check_device(config.device)
        check_threads(config.threads)
        torch.set_num_threads(config.threads)
        self.env = envs.make(config.env, config.env_options, config.n_envs)
        self.test_env = envs.make(config.env, config.env_options, config.test_episodes)
        streams = np.random.SeedSequence(config.seed).spawn(STREAMS)
        weights, *rest = (np.random.default_rng(stream) for stream in streams)
        self.act_rng, self.test_rng, self.replay_rng = rest
        method = METHODS[config.method]
        self.learner = Learner(
            lambda: method(self.env.spec, config.agent, config.options),
            config.optim,
            config.gamma,
            seed=int(weights.integers(MAX_SEED)),
            device=config.device,
        )
        self.replay = Replay(self.env.spec, config.replay.capacity, config.device)
        self.replay.foresee(config.total_steps)
        self.fresh = 0  # episodes just collected
        self.step = self.episode = self.updates = self.last_sync = 0
        self.seconds = 0.0
        self.returns: list[float] = []  # of training episodes since the last test
        self.logged: dict[str, float] = {}  # by the last update
        self.rows: list[Metrics] = []  # metrics, one row for each test

    def close(self) -> None:
        """End the environments."""
        self.env.close()
        self.test_env.close()

    def collect(self) -> None:
        """Play one training episode in each copy and store those that no failure of the environment cut off."""
        epsilon = epsilon_at(self.step, self.config.explore)
        seeds = self.act_rng.integers(MAX_SEED, size=self.env.n_envs).tolist()
        episodes = play(self.env, self.learner.online.agent, epsilon, self.act_rng, seeds).whole()
        self.fresh = len(episodes.batch.valid)
        self.replay.add(episodes.batch)
        self.returns.extend(episodes.returns.tolist())
        self.step += int(episodes.lengths.sum())

    def learn(self) -> None:
        """Take one update for each episode just collected, once the replay is warm."""
        replay = self.config.replay
        for _ in range(self.fresh):
            if len(self.replay) >= max(replay.warmup, replay.batch):
                with memory_for("an update", f"lower replay.batch, which is {replay.batch}"):
                    self.logged = self.learner.update(self.replay.sample(replay.batch, self.replay_rng))
                self._check_finite()
                self.updates += 1
                blends = self.config.optim.target_share > 0
                if not blends and self.episode - self.last_sync >= self.config.target_interval:
                    self.learner.sync_target()
                    self.last_sync = self.episode
            self.episode += 1

    def _check_finite(self) -> None:
        broken = [f"{name} is {value}" for name, value in self.logged.items() if not math.isfinite(value)]
        if broken:
            raise DivergedError(f"{', '.join(broken)} in update {self.updates + 1}, at step {self.step}")

    def test(self) -> None:
        """Play greedy episodes on environments of their own and add a row of metrics."""
        if isinstance(self.test_env, KeepsReplays):
            self.test_env.keep_replays(f"{run_name(self.config)}_step{self.step}")
        tested = evaluate(self.test_env, self.learner.online.agent, self.test_rng)
        counters = {"step": self.step, "episode": self.episode, "updates": self.updates}
        self.rows.append(
            counters
            | tested
            | {
                "train_return_mean": float(np.mean(self.returns)) if self.returns else float("nan"),
                "epsilon": epsilon_at(self.step, self.config.explore),
                "seconds": self.seconds,
            }
            | self.logged
        )
        self.returns.clear()

    def run(self, tested: Callable[[], None] = lambda: None, interrupt: Callable[[], bool] = lambda: False) -> None:
        """Train to the last step, with a test before the first, every `test_interval` steps and after the last.

        Args:
            tested: called after each test.
            interrupt: asked before each episode whether to end there.
        """
        if not self.rows:
            self.test()
            tested()
        while self.step < self.config.total_steps and not interrupt():
            rows = len(self.rows)
            self.advance()
            if len(self.rows) > rows:
                tested()
        if self.config.total_steps <= self.step != self.rows[-1]["step"]:  # the interval does not end with the run
            self.test()
            tested()

    def advance(self) -> None:
        """Collect, learn, and test where a test is due."""
        began = time.perf_counter()
        due = self.step // self.config.test_interval + 1
        self.collect()
        self.learn()
        if self.step // self.config.test_interval >= due:
            self.test()
        self.seconds += time.perf_counter() - began


def evaluate(env: VectorEnv, agent: RecurrentAgent, rng: np.random.Generator) -> dict[str, float]:
    """Mean metrics of one greedy episode in each copy of `env`, but for those that a failure of `env` cut off."""
    episodes = None
    while episodes is None or not len(episodes.batch.valid):  # an environment that always fails says so itself
        episodes = play(env, agent, 0.0, rng, rng.integers(MAX_SEED, size=env.n_envs).tolist()).whole()
    metrics = {
        "test_return_mean": float(episodes.returns.mean()),
        "test_return_std": float(episodes.returns.std()),
        "test_length_mean": float(episodes.lengths.mean()),
    }
    return metrics | {f"test_{name}_mean": float(values.mean()) for name, values in episodes.info.items()}
