"""The containers that travel between rollout, replay, learner and methods.

Axis letters, the same everywhere in the package:

    b  episodes of a batch          n  agents
    t  time                         a  actions of one agent
    p  computed slots (see Slots)   k  coalitions, the terms of a mixer
    r  transitions (see Slots)      o, s, h, z  observation, state, hidden and semantic features

An episode of L transitions fills the L + 1 slots 0..L; a slot holds what agents see before they act.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

NO_ACTION = -1  # stored where no action was taken: padding and the slot after the last transition


class EpisodeBatch(NamedTuple):
    """Whole episodes, padded with zeros to the longest one, T transitions and T + 1 slots."""

    obs: Float[Tensor, "b t+1 n o"]
    state: Float[Tensor, "b t+1 s"]
    avail: Bool[Tensor, "b t+1 n a"]
    actions: Int[Tensor, "b t+1 n"]  # NO_ACTION where none was taken
    reward: Float[Tensor, "b t"]
    terminated: Float[Tensor, "b t"]  # 1.0 where the value of the next slot must not be used
    valid: Bool[Tensor, "b t"]  # transitions that happened

    def validate(self) -> "EpisodeBatch":
        """Return the batch if its shapes agree; raise ValueError naming the first that does not."""
        b, t1, n, a = self.avail.shape
        expected = {
            "obs": (b, t1, n, self.obs.shape[-1]),
            "state": (b, t1, self.state.shape[-1]),
            "actions": (b, t1, n),
            "reward": (b, t1 - 1),
            "terminated": (b, t1 - 1),
            "valid": (b, t1 - 1),
        }
        for name, shape in expected.items():
            found = tuple(getattr(self, name).shape)
            if found != shape:
                raise ValueError(f"{name} has shape {found}, but avail {(b, t1, n, a)} asks for {shape}")
        return self


class Chunk(NamedTuple):
    """Time slots start <= t < stop of the `episodes` longest episodes of a batch."""

    start: int
    stop: int
    episodes: int


class Slots(NamedTuple):
    """Which slots of a padded batch are computed, and in which flat order.

    Episodes are sorted by length and time is cut into chunks; a chunk holds only the episodes that
    reach it, so that padding costs nothing while the recurrent net still sees dense blocks.
    """

    chunks: tuple[Chunk, ...]
    index: Int[Tensor, " p"]  # slot p is entry index[p] of a batch array flattened over (b, t+1)
    now: Int[Tensor, " r"]  # position in p of the slot where transition r starts
    next: Int[Tensor, " r"]  # position in p of the slot where it ends
    transition: Int[Tensor, " r"]  # transition r is entry transition[r] of an array flattened over (b, t)


class Unroll(NamedTuple):
    """What a recurrent agent says about every computed slot."""

    q: Float[Tensor, "p n a"]
    hidden: Float[Tensor, "p n h"]  # GRU output at the slot: it has seen o_t and u_{t-1}


class MixContext:
    """What a mixer may look at besides the utilities; leading axes `...` are transitions.

    Fields are given as tensors or as functions that gather them: each is gathered when a mixer first reads it,
    since most mixers read little and gathering all costs a sixth of an update of VDN.
    """

    state: Float[Tensor, "... s"]
    obs: Float[Tensor, "... n o"]
    hidden: Float[Tensor, "... n h"]
    actions: Int[Tensor, "... n"]  # the joint action whose value is mixed
    q_max: Float[Tensor, "... n"]  # each agent's best available utility
    greedy: Bool[Tensor, "... n"]  # whether the action is that best one
    semantics: Float[Tensor, "... n z"] | None  # identity semantics z_i (NA2Q)
    noise: Any  # random numbers of this pass (SHAQ's coalitions)

    def __init__(self, **fields: Any) -> None:
        unknown = fields.keys() - type(self).__annotations__.keys()
        if unknown:
            raise TypeError(f"a mixer's context has no {sorted(unknown)}; it has {sorted(type(self).__annotations__)}")
        self._fields: dict[str, Any] = {"semantics": None, "noise": None} | fields

    def __getattr__(self, name: str) -> Any:
        """Gather a field and keep it."""
        if name.startswith("_") or name not in self._fields:
            raise AttributeError(f"this context was made without {name!r}")
        value = self._fields[name]
        if callable(value):
            with torch.enable_grad():  # whoever reads first may not need the gradient, but a later one may
                value = value()
        setattr(self, name, value)
        return value

    def replace(self, **fields: Any) -> "MixContext":
        """Copy the context with some fields changed."""
        return MixContext(**self._fields | fields)


class MixerOutput(NamedTuple):
    """Eq. (10) with a bias: q_tot = sum_k credits_k * contributions_k + bias.

    The last three are None where a method has no such decomposition.
    """

    q_tot: Float[Tensor, " ..."]
    credits: Float[Tensor, "... k"] | None = None
    contributions: Float[Tensor, "... k"] | None = None
    bias: Float[Tensor, " ..."] | None = None


class Loss(NamedTuple):
    """One term of the minimised sum, logged without its weight."""

    value: Float[Tensor, ""]
    weight: float = 1.0


def masked_mean(x: Float[Tensor, "r ..."], weight: Float[Tensor, " r"]) -> Float[Tensor, ""]:
    """Mean of `x` over the rows with weight 1; every axis after the first counts fully."""
    rows = x if x.dim() == 1 else x.flatten(1).mean(1)
    return (rows * weight).sum() / weight.sum()
