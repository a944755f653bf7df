"""Which slots of a padded batch an update computes, and in which order."""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from na2q.types import EpisodeBatch


class Slots(NamedTuple):
    """Slots as a packed sequence: slot 0 of all episodes, the longest first, then slot 1 of those that reach it, ...

    Padding costs nothing in this order, while the recurrent net still sees dense blocks.
    """

    sizes: Int[Tensor, " t"]  # episodes that reach each slot; on the CPU, as torch wants it
    index: Int[Tensor, " p"]  # slot p is entry index[p] of a batch array flattened over (b, t+1)
    now: Int[Tensor, " r"]  # position in p of the slot where transition r starts
    next: Int[Tensor, " r"]  # position in p of the slot where it ends
    transition: Int[Tensor, " r"]  # transition r is entry transition[r] of an array flattened over (b, t)


def plan_slots(batch: EpisodeBatch, skip_padding: bool) -> Slots:
    """Choose the slots that happened, or all."""
    computed = batch.valid if skip_padding else torch.ones_like(batch.valid)
    episodes, steps = computed.shape
    lengths, order = computed.sum(1).sort(descending=True)
    time = torch.arange(steps + 1, device=order.device).unsqueeze(1)
    reached = time <= lengths
    index = (order * (steps + 1) + time)[reached]
    place = torch.empty(episodes * (steps + 1), dtype=torch.long, device=order.device)
    place[index] = torch.arange(len(index), device=order.device)
    place = place.view(episodes, steps + 1)
    sizes = reached.sum(1).cpu()
    return Slots(
        sizes[sizes > 0],
        index,
        now=place[:, :-1][computed],
        next=place[:, 1:][computed],
        transition=computed.flatten().nonzero().squeeze(1),
    )
