"""Play whole episodes with an agent, for training and for tests."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from na2q.envs.base import Observation, VectorEnv
from na2q.nets.actor import step_function
from na2q.nets.agents import UNAVAILABLE, RecurrentAgent
from na2q.training.memory import check_memory
from na2q.types import NO_ACTION, EpisodeBatch


class Episodes(NamedTuple):
    """Episodes that were played, one from each copy of the environment."""

    batch: EpisodeBatch
    info: dict[str, Any]  # per-copy arrays from the step that ended each episode

    def whole(self) -> "Episodes":
        """Return the episodes without those that a failure of the environment cut off."""
        crashed = self.info.get("crashed")
        if crashed is None or not crashed.any():
            return self
        kept = torch.from_numpy(~crashed)
        info = {name: values[~crashed] for name, values in self.info.items()}
        return Episodes(EpisodeBatch(*(x[kept] for x in self.batch)), info)

    @property
    def returns(self) -> np.ndarray:
        """Undiscounted return of the team in each episode."""
        return self.batch.team_reward.sum(1).cpu().numpy()

    @property
    def lengths(self) -> np.ndarray:
        """Transitions of each episode, in environment steps."""
        return self.batch.valid.sum(1).cpu().numpy()


class _Tape:
    """Arrays that one episode of each copy is written into, step by step."""

    def __init__(self, env: VectorEnv) -> None:
        spec, e = env.spec, env.n_envs
        t, n = spec.episode_limit, spec.n_agents
        slot = n * (4 * spec.obs_dim + spec.n_actions + 8) + 4 * spec.state_dim
        check_memory(e * (t + 1) * slot, f"{e} episodes at once", "play fewer at once")
        self.obs = np.zeros((e, t + 1, n, spec.obs_dim), np.float32)
        self.state = np.zeros((e, t + 1, spec.state_dim), np.float32)
        self.avail = np.zeros((e, t + 1, n, spec.n_actions), bool)
        self.actions = np.full((e, t + 1, n), NO_ACTION, np.int64)
        self.reward, self.terminated = (np.zeros((e, t, *s), np.float32) for s in (spec.reward_shape, ()))
        self.valid = np.zeros((e, t), bool)

    def see(self, t: int, who: np.ndarray, observation: Observation) -> None:
        self.obs[who, t], self.state[who, t], self.avail[who, t] = (x[who] for x in observation)

    def batch(self) -> EpisodeBatch:
        steps = int(self.valid.sum(1).max())
        return EpisodeBatch(
            *(torch.from_numpy(x[:, : steps + 1]) for x in (self.obs, self.state, self.avail, self.actions)),
            *(torch.from_numpy(x[:, :steps]) for x in (self.reward, self.terminated, self.valid)),
        )


class Slot(NamedTuple):
    """What is known in a slot when the actions have been chosen and not yet played."""

    t: int
    running: Bool[ndarray, " e"]  # copies whose episode goes on; the rest of the arrays means nothing elsewhere
    observation: Observation
    q: Float[Tensor, "e n a"]
    hidden: Float[Tensor, "e n h"]
    chosen: Int[ndarray, "e n"]


# sees every slot of the episodes and returns the actions to play, as a rule `slot.chosen`
Director = Callable[[Slot], Int[ndarray, "e n"]]


@torch.inference_mode()
def play(
    env: VectorEnv,
    agent: RecurrentAgent,
    epsilon: float,
    rng: np.random.Generator,
    seeds: Sequence[int],
    director: Director | None = None,
) -> Episodes:
    """Play one episode in each copy of `env`, epsilon-greedy with a fixed epsilon (0 to 1).

    The slot after the last transition holds NO_ACTION. The released code has one there that nobody plays (C7).
    """
    tape, device = _Tape(env), agent.fc_in.weight.device
    running = np.ones(env.n_envs, bool)
    info: dict[str, Any] = {}
    step, hidden = step_function(agent, env.n_envs), agent.initial_hidden(env.n_envs)
    last = np.full((env.n_envs, env.spec.n_agents), NO_ACTION)
    observation = env.reset(seeds)
    tape.see(0, running, observation)
    for t in range(env.spec.episode_limit):
        q, hidden = step(torch.as_tensor(observation.obs, device=device), torch.as_tensor(last, device=device), hidden)
        last = epsilon_greedy(q.cpu().numpy(), observation.avail, epsilon, rng)
        if director is not None:
            last = director(Slot(t, running, observation, q, hidden, last))
        observation, reward, terminated, truncated, news = env.step(last)
        tape.actions[running, t], tape.reward[running, t] = last[running], reward[running]
        tape.terminated[running, t], tape.valid[running, t] = terminated[running], True
        tape.see(t + 1, running, observation)
        ended = running & (terminated | truncated)
        for name, values in news.items():
            info.setdefault(name, np.zeros_like(values))[ended] = values[ended]
        running = running & ~ended
        if not running.any():
            break
    return Episodes(tape.batch(), info)


def epsilon_greedy(
    q: Float[ndarray, "e n a"], avail: Bool[ndarray, "e n a"], epsilon: float, rng: np.random.Generator
) -> Int[ndarray, "e n"]:
    """Choose the best available action, or with probability epsilon any available one, per agent."""
    greedy = np.where(avail, q, UNAVAILABLE).argmax(-1)
    if epsilon == 0:
        return greedy
    anything = (rng.random(avail.shape) * avail).argmax(-1)
    return np.where(rng.random(greedy.shape) < epsilon, anything, greedy)
