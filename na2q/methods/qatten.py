"""Qatten (Yang et al., arXiv 2002.03939): credits from attention between state and agents' features."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from na2q.config import AgentConfig, QattenOptions
from na2q.methods.base import QLearning
from na2q.nets.blocks import LinearBank, MLPBank, mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput


class QattenMixer(nn.Module):
    """Q_tot = sum_i (sum_h w_h(s) lambda_hi(s)) Q_i + c(s) with w_h >= 0 and lambda_h a softmax over agents.

    The key of agent i sees entries [i unit_dim, (i + 1) unit_dim) of the state. A shift of all keys of a head
    cancels in the softmax, so that the gradient of the keys' bias is zero but for rounding.
    """

    def __init__(self, spec: EnvSpec, options: QattenOptions) -> None:
        super().__init__()
        n, s, heads, embed = spec.n_agents, spec.state_dim, options.heads, options.embed
        unit_dim = options.unit_dim or spec.unit_dim
        if not 1 <= unit_dim <= s // n:
            raise ValueError(
                f"unit_dim is {unit_dim} (option {options.unit_dim}, task {spec.unit_dim}): a state of {s} entries "
                f"holds between 1 and {s // n} features for each of {n} agents"
            )
        self.query = MLPBank(heads, s, options.hyper, embed)
        self.key = LinearBank(heads, unit_dim, embed)
        self.head_weight = mlp(s, options.hyper, heads)
        self.c = mlp(s, embed, 1)
        self.units, self.scale = (n, unit_dim), embed**-0.5

    def forward(self, q: Float[Tensor, "... n"], state: Float[Tensor, "... s"]) -> MixerOutput:
        """Mix with credits made from the state alone."""
        units = state[..., : self.units[0] * self.units[1]].unflatten(-1, self.units)
        query = self.query(state)
        # query (W unit + b) as (query W) unit + query b: a head's map is applied to its query, not to each agent's unit
        asked = torch.einsum("...ke,keu->...ku", query, self.key.weight)
        shift = (query * self.key.bias).sum(-1, keepdim=True)
        logits = (torch.einsum("...ku,...nu->...kn", asked, units) + shift) * self.scale
        weight = self.head_weight(state).abs().unsqueeze(-1)
        credits = (weight * torch.softmax(logits, -1)).sum(-2)
        bias = self.c(state).squeeze(-1)
        return MixerOutput((credits * q).sum(-1) + bias, credits, q, bias)


class Qatten(QLearning[QattenOptions, None, None]):
    """Q_tot = QattenMixer(q, s); the released code adds no regulariser, though Qatten's own does."""

    context_reads = ("state",)

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: QattenOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = QattenMixer(spec, options)

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix with credits made from the state."""
        return self.mixer(q, ctx.state)
