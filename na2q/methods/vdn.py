"""VDN (Sunehag et al., AAMAS 2018): Q_tot is the plain sum of utilities (App. A)."""

import torch
from jaxtyping import Float
from torch import Tensor

from na2q.config import NoOptions
from na2q.methods.base import QLearning
from na2q.types import MixContext, MixerOutput


class VDN(QLearning[NoOptions, None, None]):
    """Every agent has credit 1; no state, no parameters of its own."""

    context_reads = ()

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Q_tot = sum_i Q_i."""
        return MixerOutput(q.sum(-1), torch.ones_like(q), q, torch.zeros_like(q[..., 0]))
