"""Where the time of training goes: environment, acting, replay and update, in milliseconds and in floors.

A floor is the median time of the bare agent's forward and backward pass at the same sizes, measured
in the same process between the other measurements. Machines drift; ratios to the floor drift less.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from na2q.arguments import checks_arguments
from na2q.config import TrainConfig
from na2q.config.checks import Repeats
from na2q.envs.base import MAX_SEED
from na2q.training.memory import keep_freed_memory
from na2q.training.rollout import play
from na2q.training.trainer import Trainer, epsilon_at


class Floor(nn.Module):
    """Linear, ReLU, fused GRU, linear: one pass over a full batch of full-length episodes."""

    def __init__(self, inputs: int, hidden: int, actions: int, rows: int, slots: int) -> None:
        super().__init__()
        self.fc_in, self.gru, self.head = nn.Linear(inputs, hidden), nn.GRU(hidden, hidden), nn.Linear(hidden, actions)
        self.x = torch.randn(slots, rows, inputs)

    def run(self) -> None:
        """Forward and backward."""
        self.head(self.gru(self.fc_in(self.x).relu())[0]).sum().backward()


class Timing(NamedTuple):
    """Median and quartiles of one part, in milliseconds for each episode."""

    median: float
    low: float
    high: float


def timing(seconds: list[float]) -> Timing:
    """Summarise repeated measurements."""
    if len(seconds) == 1:
        return Timing(*[1e3 * seconds[0]] * 3)
    low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return Timing(1e3 * median, 1e3 * low, 1e3 * high)


class Clock:
    """Collects the seconds of named parts; on a GPU it waits for the device at each border."""

    def __init__(self, device: str) -> None:
        self.parts: dict[str, list[float]] = {}
        self.cuda = torch.device(device).type == "cuda"

    def __call__(self, part: str, work: Callable[[], Any]) -> Any:
        """Run `work` and file its time under `part`."""
        begin = self._now()
        result = work()
        self.parts.setdefault(part, []).append(self._now() - begin)
        return result

    def _now(self) -> float:
        if self.cuda:
            torch.cuda.synchronize()
        return time.perf_counter()


@checks_arguments
def bench(config: TrainConfig, steps: Repeats = 2_000) -> dict[str, Any]:
    """Measure training episodes with their updates over `steps` environment steps, after training has begun.

    Returns `steps_per_second`, `floor_ms`, `episode_floors` (one collected episode and its update),
    `update_floors`, `acting_floors` (acting, environment and replay), `peak_rss_mb`, `mean_length` in steps, and
    `parts`: milliseconds as median and quartiles, for `n_envs` episodes where these are played at once.
    """
    keep_freed_memory()
    trainer = Trainer(config)
    _begin(trainer)
    clock, spec = Clock(config.device), trainer.env.spec
    rows, slots = config.replay.batch * spec.n_agents, spec.episode_limit + 1
    inputs = trainer.learner.online.agent.fc_in.weight.shape[-1]
    floor = Floor(inputs, config.agent.hidden, spec.n_actions, rows, slots).to(config.device)
    floor.x = floor.x.to(config.device)
    begin, episodes = trainer.step, 0
    while trainer.step < begin + steps:
        clock("floor", floor.run)
        _episode(trainer, clock)
        episodes += 1
    median = {name: statistics.median(values) for name, values in clock.parts.items()}
    update = sum(median[name] for name in ("forward", "backward", "optimiser"))
    acting = median["play"] / config.n_envs + median["replay"]
    unit, length = median["floor"], (trainer.step - begin) / episodes / config.n_envs
    return {
        "method": config.method,
        "env": config.env,
        "steps_per_second": length / (update + acting),
        "floor_ms": 1e3 * unit,
        "episode_floors": (update + acting) / unit,
        "update_floors": update / unit,
        "acting_floors": acting / unit,
        "mean_length": length,
        "peak_rss_mb": _peak_rss_mb(),
        "parts": {name: timing(values)._asdict() for name, values in clock.parts.items()},
    }


def table(numbers: dict[str, Any]) -> str:
    """Lay out the numbers for a terminal."""
    lines = [
        f"{numbers['method']} on {numbers['env']}: {numbers['steps_per_second']:.0f} environment steps a second",
        f"one episode of {numbers['mean_length']:.0f} steps and its update: {numbers['episode_floors']:.2f} floors",
        f"  update {numbers['update_floors']:.2f}, acting, environment and replay {numbers['acting_floors']:.2f}",
        f"  a floor is {numbers['floor_ms']:.1f} ms; peak memory {numbers['peak_rss_mb']:.0f} MB",
        f"{'part':12} {'median ms':>10} {'quartiles':>16}",
    ]
    for name, part in numbers["parts"].items():
        lines.append(f"{name:12} {part['median']:10.2f} {part['low']:8.2f}-{part['high']:.2f}")
    return "\n".join(lines)


def as_json(numbers: dict[str, Any]) -> str:
    """Serialise the numbers."""
    return json.dumps(numbers, indent=1) + "\n"


def _begin(trainer: Trainer) -> None:
    """Fill the replay to its warm-up and take the first updates, which allocate."""
    while trainer.updates < 3:
        trainer.collect()
        trainer.learn()


def _episode(trainer: Trainer, clock: Clock) -> None:
    """Do what `Trainer.advance` does for one episode, part by part; the environment is timed once more alone."""
    config, learner = trainer.config, trainer.learner
    epsilon = epsilon_at(trainer.step, config.explore)
    seeds = trainer.act_rng.integers(MAX_SEED, size=trainer.env.n_envs).tolist()
    agent = learner.online.agent
    episodes = clock("play", lambda: play(trainer.env, agent, epsilon, trainer.act_rng, seeds))
    actions = episodes.batch.actions.numpy()
    clock("environment", lambda: _replay_actions(trainer, seeds, actions))
    trainer.step += int(episodes.lengths.sum())

    def exchange() -> Any:
        trainer.replay.add(episodes.batch)
        return trainer.replay.sample(config.replay.batch, trainer.replay_rng)

    batch = clock("replay", exchange)

    def forward() -> Any:
        step = learner.step(batch)
        return step, learner.losses(step)

    step, losses = clock("forward", forward)
    clock("backward", lambda: learner.backward(losses))

    def optimise() -> None:
        learner.clip()
        learner.advance()
        learner.after_step(step)

    clock("optimiser", optimise)


def _replay_actions(trainer: Trainer, seeds: list[int], actions: np.ndarray) -> None:
    """Step the environment through an episode that was just played."""
    trainer.env.reset(seeds)
    for t in range(actions.shape[1] - 1):
        trainer.env.step(np.maximum(actions[:, t], 0))


def _peak_rss_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
