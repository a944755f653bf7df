"""Replay of whole episodes (Table 1): a ring of the newest, sampled uniformly without replacement."""

import numpy as np
import torch
from torch import Tensor

from na2q.spec import EnvSpec
from na2q.types import EpisodeBatch


class Replay:
    """Ring buffer that keeps episodes in the layout of training batches, on the learner's device.

    Memory is reserved for the episode limit, but the operating system commits only what is
    written, so short episodes cost little on a CPU.
    """

    def __init__(self, spec: EnvSpec, capacity: int, device: torch.device | str = "cpu") -> None:
        t, n = spec.episode_limit, spec.n_agents

        def empty(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(capacity, *shape, dtype=dtype, device=device)

        self.store = EpisodeBatch(
            obs=empty(t + 1, n, spec.obs_dim),
            state=empty(t + 1, spec.state_dim),
            avail=empty(t + 1, n, spec.n_actions, dtype=torch.bool),
            actions=empty(t + 1, n, dtype=torch.int64),
            reward=empty(t),
            terminated=empty(t),
            valid=empty(t, dtype=torch.bool),
        )
        self.capacity = capacity
        self.lengths = np.zeros(capacity, np.int64)
        self.added = 0

    def __len__(self) -> int:
        """Number of episodes stored."""
        return min(self.added, self.capacity)

    def add(self, episodes: EpisodeBatch) -> None:
        """Store each episode of a batch, in place of the oldest where full."""
        steps = episodes.valid.shape[1]
        for e, length in enumerate(episodes.valid.sum(1).tolist()):
            place = self.added % self.capacity
            for kept, new in zip(self.store, episodes, strict=True):
                extra = new.shape[1] - steps  # 1 where the array has a slot more than transitions
                kept[place, : length + extra] = new[e, : length + extra]
            old = int(self.lengths[place])
            self._clear(place, length, old)
            self.lengths[place] = length
            self.added += 1

    def _clear(self, place: int, length: int, old: int) -> None:
        """Zero what a longer predecessor left behind."""
        if old > length:
            for kept in self.store:
                extra = kept.shape[1] - self.store.valid.shape[1]
                kept[place, length + extra : old + extra] = 0

    def sample(self, episodes: int, rng: np.random.Generator) -> EpisodeBatch:
        """Draw different episodes, cut to the longest of them; raise ValueError for more than are stored."""
        if episodes > len(self):
            raise ValueError(f"cannot draw {episodes} different episodes from {len(self)}")
        chosen = rng.choice(len(self), episodes, replace=False)
        steps = int(self.lengths[chosen].max())
        index = torch.as_tensor(chosen, device=self.store.valid.device)
        limit = self.store.valid.shape[1]
        return EpisodeBatch(*(kept[:, : steps + kept.shape[1] - limit][index] for kept in self.store))
