"""Memory for whole episodes: where the slots of the replay lie."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from na2q.spec import EnvSpec
from na2q.training.memory import check_memory, memory_for
from na2q.types import EpisodeBatch

BLOCK = 4_096  # slots that memory is taken for at a time


class Stored(NamedTuple):
    """Slots of episodes, one after the other; L + 1 for an episode of L transitions, whose last slot has no reward."""

    obs: Float[Tensor, "l n o"]
    state: Float[Tensor, "l s"]
    avail: Bool[Tensor, "l n a"]
    actions: Int[Tensor, "l n"]
    reward: Float[Tensor, " l"] | Float[Tensor, "l n"]
    terminated: Float[Tensor, " l"]

    def cut(self, start: int, stop: int) -> "Stored":
        """Return a part, without copying it."""
        return Stored(*(x[start:stop] for x in self))


def _type_of(name: str) -> torch.dtype:
    return {"avail": torch.bool, "actions": torch.int64}.get(name, torch.float32)


class Place(NamedTuple):
    """Where an episode lies: in slots start to start + length of a block."""

    block: int
    start: int
    length: int  # transitions


class Blocks:
    """Memory on one device that is taken as episodes come, and given back when they have gone.

    Episodes lie one after the other, without padding, in blocks of equal size.
    """

    def __init__(self, spec: EnvSpec, device: torch.device | str = "cpu") -> None:
        self.spec, self.device = spec, torch.device(device)
        self.block_slots = max(BLOCK, spec.episode_limit + 1)
        self.blocks: dict[int, Stored] = {}  # by number, oldest first
        self.used = 0  # slots of the newest block

    @property
    def remedy(self) -> str:
        """What to change where memory runs short, for error messages."""
        return "keep fewer episodes"

    @property
    def newest(self) -> int:
        """Number of the block that is being filled, -1 before the first."""
        return max(self.blocks, default=-1)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of `Stored` in one slot."""
        n, spec = self.spec.n_agents, self.spec
        seen = {"obs": (n, spec.obs_dim), "state": (spec.state_dim,), "avail": (n, spec.n_actions), "actions": (n,)}
        return seen | {"reward": spec.reward_shape, "terminated": ()}

    @property
    def slot_bytes(self) -> int:
        """Memory of one slot."""
        return sum(_type_of(name).itemsize * math.prod(shape) for name, shape in self.shapes.items())

    def new_block(self) -> Stored:
        """Take memory for more slots; raise ShortMemoryError where there is none."""
        if self.device.type == "cpu":
            check_memory(self.block_slots * self.slot_bytes, "the replay", self.remedy)
        with memory_for("the replay", self.remedy):
            return Stored(
                **{
                    name: torch.empty(self.block_slots, *shape, dtype=_type_of(name), device=self.device)
                    for name, shape in self.shapes.items()
                }
            )

    def write(self, episode: EpisodeBatch, length: int) -> Place:
        """Store an episode of so many transitions, arrays without the axis b, behind the newest."""
        if not self.blocks or self.used + length + 1 > self.block_slots:
            self.blocks[self.newest + 1] = self.new_block()
            self.used = 0
        place = Place(self.newest, self.used, length)
        for name, kept in self.at(place)._asdict().items():
            if name in ("reward", "terminated"):
                kept[:-1], kept[-1] = getattr(episode, name)[:length], 0
            else:
                kept[:] = getattr(episode, name)[: length + 1]
        self.used += length + 1
        return place

    def at(self, place: Place) -> Stored:
        """Slots of the episode that lies in a place, without copying them."""
        return self.blocks[place.block].cut(place.start, place.start + place.length + 1)

    def drop_before(self, oldest: Place) -> None:
        """Give back the blocks in which no episode lies any more."""
        for number in [number for number in self.blocks if number < oldest.block]:
            del self.blocks[number]
