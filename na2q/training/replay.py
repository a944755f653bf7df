"""Replay of whole episodes (Table 1): the newest ones, sampled uniformly without replacement."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from na2q.spec import EnvSpec
from na2q.training.memory import check_memory, foresee_memory, memory_for
from na2q.types import NO_ACTION, EpisodeBatch

BLOCK = 4_096  # slots that memory is taken for at a time


class Slots(NamedTuple):
    """Slots of episodes, one after the other; L + 1 for an episode of L transitions, whose last slot has no reward."""

    obs: Float[Tensor, "l n o"]
    state: Float[Tensor, "l s"]
    avail: Bool[Tensor, "l n a"]
    actions: Int[Tensor, "l n"]
    reward: Float[Tensor, " l"] | Float[Tensor, "l n"]
    terminated: Float[Tensor, " l"]

    def cut(self, start: int, stop: int) -> "Slots":
        """Return a part, without copying it."""
        return Slots(*(x[start:stop] for x in self))


def _type_of(name: str) -> torch.dtype:
    return {"avail": torch.bool, "actions": torch.int64}.get(name, torch.float32)


class Place(NamedTuple):
    """Where an episode lies: in slots start to start + length of a block."""

    block: int
    start: int
    length: int  # transitions


class Replay:
    """Queue of episodes on the learner's device that takes memory as they come.

    Episodes lie one after the other, without padding, in blocks of equal size. When all episodes of the oldest
    block have been dropped, so is the block.
    """

    def __init__(self, spec: EnvSpec, capacity: int, device: torch.device | str = "cpu") -> None:
        self.spec, self.capacity, self.device = spec, capacity, torch.device(device)
        self.block_slots = max(BLOCK, spec.episode_limit + 1)
        self.blocks: dict[int, Slots] = {}  # by number, oldest first
        self.used = 0  # slots of the newest block
        self.places: list[Place] = []  # the episode added as number e lies at places[e % capacity]
        self.added = 0

    def __len__(self) -> int:
        """Number of episodes stored."""
        return len(self.places)

    @property
    def newest(self) -> int:
        """Number of the block that is being filled, -1 before the first."""
        return max(self.blocks, default=-1)

    def add(self, episodes: EpisodeBatch) -> None:
        """Store each episode of a batch, in place of the oldest where full.

        Raises ShortMemoryError, with all stored episodes intact, where there is no memory for another block.
        """
        for e, length in enumerate(episodes.valid.sum(1).tolist()):
            if not self.blocks or self.used + length + 1 > self.block_slots:
                self.blocks[self.newest + 1] = self.new_block()
                self.used = 0
            place = Place(self.newest, self.used, length)
            self._write(place, EpisodeBatch(*(x[e] for x in episodes)))
            self.used += length + 1
            self._remember(place)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of `Slots` in one slot."""
        n, spec = self.spec.n_agents, self.spec
        seen = {"obs": (n, spec.obs_dim), "state": (spec.state_dim,), "avail": (n, spec.n_actions), "actions": (n,)}
        return seen | {"reward": spec.reward_shape, "terminated": ()}

    @property
    def slot_bytes(self) -> int:
        """Memory of one slot."""
        return sum(_type_of(name).itemsize * math.prod(shape) for name, shape in self.shapes.items())

    def foresee(self, steps: int) -> None:
        """Say ahead whether so many environment steps fit: ShortMemoryError where they never will, else a warning."""
        episodes = min(self.capacity, steps)  # each has a step or more
        slots = min(episodes * (self.spec.episode_limit + 1), steps + episodes)
        if self.device.type == "cpu":
            remedy = f"lower replay.capacity, which is {self.capacity}"
            foresee_memory(slots * self.slot_bytes, f"the replay of {episodes:,} whole episodes", remedy)

    def new_block(self) -> Slots:
        """Take memory for more slots."""
        remedy = f"lower replay.capacity, which is {self.capacity}; {len(self)} episodes are stored"
        if self.device.type == "cpu":
            check_memory(self.block_slots * self.slot_bytes, "the replay", remedy)
        with memory_for("the replay", remedy):
            return Slots(
                **{
                    name: torch.empty(self.block_slots, *shape, dtype=_type_of(name), device=self.device)
                    for name, shape in self.shapes.items()
                }
            )

    def _write(self, place: Place, episode: EpisodeBatch) -> None:
        slots = self.blocks[place.block].cut(place.start, place.start + place.length + 1)
        for name, kept in slots._asdict().items():
            if name in ("reward", "terminated"):
                kept[:-1], kept[-1] = getattr(episode, name)[: place.length], 0
            else:
                kept[:] = getattr(episode, name)[: place.length + 1]

    def _remember(self, place: Place) -> None:
        """Put an episode in its place in the queue and drop the blocks that no episode lies in any more."""
        if len(self.places) < self.capacity:
            self.places.append(place)
        else:
            self.places[self.added % self.capacity] = place
        self.added += 1
        oldest = self.places[self.added % len(self.places)]
        for number in [number for number in self.blocks if number < oldest.block]:
            del self.blocks[number]

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is stored, without padding and without a copy: `load` takes it back."""
        ends: dict[int, int] = {}
        for place in self.places:
            ends[place.block] = max(place.start + place.length + 1, ends.get(place.block, 0))
        live = {number: slots.cut(self._start(number), ends[number]) for number, slots in self.blocks.items()}
        stored = {f"{number}.{name}": x for number, slots in live.items() for name, x in slots._asdict().items()}
        return {"places": torch.tensor(self.places, dtype=torch.int64).view(-1, len(Place._fields))} | stored

    def load(self, tensors: Mapping[str, Tensor], added: int) -> None:
        """Take the contents of `tensors`, block by block, of a replay to which `added` episodes had been added.

        Arrays have shapes (slots, ...) of `Slots`, and (episodes, 3) for the places.
        """
        self.places = [Place(*row) for row in tensors["places"].tolist()]
        self.added, self.blocks = added, {}
        for number in sorted({place.block for place in self.places}):
            self.blocks[number] = self.new_block()
            start = self._start(number)
            for name, kept in self.blocks[number]._asdict().items():
                stored = tensors[f"{number}.{name}"]
                self.used = start + len(stored)
                kept[start : self.used] = stored

    def _start(self, number: int) -> int:
        """Return the first slot of a block that is still needed."""
        oldest = self.places[self.added % len(self.places)]
        return oldest.start if number == oldest.block else 0

    def sample(self, episodes: int, rng: np.random.Generator) -> EpisodeBatch:
        """Draw different episodes, padded to the longest of them; raise ValueError for more than are stored.

        Padding holds NO_ACTION and otherwise zeros, as in the released code, whose one-hot actions are zero there.
        """
        if episodes > len(self):
            raise ValueError(f"cannot draw {episodes} different episodes from {len(self)}")
        chosen = [self.places[i] for i in rng.choice(len(self), episodes, replace=False)]
        slots = [self.blocks[p.block].cut(p.start, p.start + p.length + 1) for p in chosen]
        lengths = torch.tensor([place.length for place in chosen], device=self.device)
        steps = torch.arange(max(place.length for place in chosen), device=self.device)
        padded = {
            name: pad_sequence(list(parts), True, NO_ACTION if name == "actions" else 0)
            for name, parts in zip(Slots._fields, zip(*slots, strict=True), strict=True)
        }
        padded |= {name: padded[name][:, :-1] for name in ("reward", "terminated")}
        return EpisodeBatch(**padded, valid=steps < lengths[:, None])
