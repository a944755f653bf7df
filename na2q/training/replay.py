"""Replay of whole episodes (Table 1): the newest ones, sampled uniformly without replacement."""

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from na2q.spec import EnvSpec
from na2q.training.blocks import Blocks, Place, Stored
from na2q.training.memory import foresee_memory
from na2q.types import NO_ACTION, EpisodeBatch


class Replay(Blocks):
    """Queue of episodes on the learner's device; the memory below it takes and gives back blocks of slots."""

    def __init__(self, spec: EnvSpec, capacity: int, device: torch.device | str = "cpu") -> None:
        super().__init__(spec, device)
        self.capacity = capacity
        self.places: list[Place] = []  # the episode added as number e lies at places[e % capacity]
        self.added = 0

    def __len__(self) -> int:
        """Number of episodes stored."""
        return len(self.places)

    @property
    def remedy(self) -> str:
        """What to change where memory runs short."""
        return f"lower replay.capacity, which is {self.capacity}; {len(self)} episodes are stored"

    @property
    def oldest(self) -> Place:
        """Place of the episode that was added first."""
        return self.places[self.added % len(self.places)]

    def add(self, episodes: EpisodeBatch) -> None:
        """Store each episode of a batch, in place of the oldest where full.

        Raises ShortMemoryError, with all stored episodes intact, where there is no memory for another block.
        """
        for e, length in enumerate(episodes.valid.sum(1).tolist()):
            place = self.write(EpisodeBatch(*(x[e] for x in episodes)), length)
            if len(self.places) < self.capacity:
                self.places.append(place)
            else:
                self.places[self.added % self.capacity] = place
            self.added += 1
            self.drop_before(self.oldest)

    def sample(self, episodes: int, rng: np.random.Generator) -> EpisodeBatch:
        """Draw different episodes, padded to the longest of them; raise ValueError for more than are stored.

        Padding holds NO_ACTION and otherwise zeros, as in the released code, whose one-hot actions are zero there.
        """
        if episodes > len(self):
            raise ValueError(f"cannot draw {episodes} different episodes from {len(self)}")
        chosen = [self.places[i] for i in rng.choice(len(self), episodes, replace=False)]
        slots = [self.at(place) for place in chosen]
        lengths = torch.tensor([place.length for place in chosen], device=self.device)
        steps = torch.arange(max(place.length for place in chosen), device=self.device)
        padded = {
            name: pad_sequence(list(parts), True, NO_ACTION if name == "actions" else 0)
            for name, parts in zip(Stored._fields, zip(*slots, strict=True), strict=True)
        }
        padded |= {name: padded[name][:, :-1] for name in ("reward", "terminated")}
        return EpisodeBatch(**padded, valid=steps < lengths[:, None])

    def foresee(self, steps: int) -> None:
        """Say ahead whether so many environment steps fit: ShortMemoryError where they never will, else a warning."""
        episodes = min(self.capacity, steps)  # each has a step or more
        slots = min(episodes * (self.spec.episode_limit + 1), steps + episodes)
        if self.device.type == "cpu":
            remedy = f"lower replay.capacity, which is {self.capacity}"
            foresee_memory(slots * self.slot_bytes, f"the replay of {episodes:,} whole episodes", remedy)
