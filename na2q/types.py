"""The containers that travel between rollout, replay, learner and methods.

Axis letters, the same everywhere in the package::

    b  episodes of a batch          n  agents
    t  time                         a  actions of one agent
    p  computed slots (see Slots)   k  coalitions, the terms of a mixer
    r  transitions (see Slots)      o, s, h, z  observation, state, hidden and semantic features

An episode of L transitions fills the L + 1 slots 0..L; a slot holds what agents see before they act.
"""

from types import SimpleNamespace
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor

NO_ACTION = -1  # stored where no action was taken: padding and the slot after the last transition


class EpisodeBatch(NamedTuple):
    """Whole episodes, padded with zeros to the longest one, T transitions and T + 1 slots."""

    obs: Float[Tensor, "b t+1 n o"]
    state: Float[Tensor, "b t+1 s"]
    avail: Bool[Tensor, "b t+1 n a"]
    actions: Int[Tensor, "b t+1 n"]  # NO_ACTION where none was taken
    reward: Float[Tensor, "b t"] | Float[Tensor, "b t n"]  # the team's, or each agent's own
    terminated: Float[Tensor, "b t"]  # 1.0 where the value of the next slot must not be used
    valid: Bool[Tensor, "b t"]  # transitions that happened

    @property
    def team_reward(self) -> Float[Tensor, "b t"]:
        """Reward of the team, the sum of the agents' where each has its own."""
        return self.reward if self.reward.dim() == 2 else self.reward.sum(-1)

    def validate(self) -> "EpisodeBatch":
        """Return the batch if its shapes agree; raise ValueError naming the first that does not."""
        b, t1, n, a = self.avail.shape
        expected = {
            "obs": (b, t1, n, self.obs.shape[-1]),
            "state": (b, t1, self.state.shape[-1]),
            "actions": (b, t1, n),
            "reward": (b, t1 - 1) if self.reward.dim() == 2 else (b, t1 - 1, n),
            "terminated": (b, t1 - 1),
            "valid": (b, t1 - 1),
        }
        for name, shape in expected.items():
            found = tuple(getattr(self, name).shape)
            if found != shape:
                raise ValueError(f"{name} has shape {found}, but avail {(b, t1, n, a)} asks for {shape}")
        return self


class MixContext(SimpleNamespace):
    """What a mixer may look at besides the utilities; leading axes `...` are transitions.

    A plain record that holds what it was given and nothing else. An update gives the fields that the method's
    `context_reads` names, and reading another one is an AttributeError.
    """

    state: Float[Tensor, "... s"]
    obs: Float[Tensor, "... n o"]
    hidden: Float[Tensor, "... n h"]
    actions: Int[Tensor, "... n"]  # the joint action whose value is mixed
    q_max: Float[Tensor, "... n"]  # each agent's best available utility
    greedy: Bool[Tensor, "... n"]  # whether the action is that best one
    semantics: Float[Tensor, "... n z"] | None = None  # identity semantics z_i, where a method has them
    orders: Int[Tensor, "... m n"] | None = None  # places of the agents in sampled orders, where a method has them

    def __init__(self, **fields: Tensor | None) -> None:
        unknown = fields.keys() - MixContext.__annotations__.keys()
        if unknown:
            raise TypeError(f"a mixer's context has no {sorted(unknown)}; it has {sorted(MixContext.__annotations__)}")
        super().__init__(**fields)

    def replace(self, **fields: Tensor | None) -> "MixContext":
        """Copy the context with some fields changed."""
        return MixContext(**vars(self) | fields)


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
