"""QMIX (Rashid et al., ICML 2018): a monotonic mixing network whose weights depend on the state."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import elu

from na2q.config import AgentConfig, QMIXOptions
from na2q.methods.base import Coalition, QLearning
from na2q.nets.blocks import mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput


class QMixer(nn.Module):
    """Two mixing layers with non-negative weights from hypernetworks.

    Its Eq. (10) view (App. A): credit k is the second layer's weight, contribution k the k-th
    hidden unit, which belongs to no single coalition of agents.
    """

    def __init__(self, spec: EnvSpec, options: QMIXOptions) -> None:
        super().__init__()
        n, s, embed, hyper = spec.n_agents, spec.state_dim, options.embed, options.hyper
        self.w1 = mlp(s, hyper, n * embed)
        self.b1 = nn.Linear(s, embed)
        self.w2 = mlp(s, hyper, embed)
        self.v = mlp(s, embed, 1)
        self.shape = (n, embed)

    def forward(self, q: Float[Tensor, "... n"], state: Float[Tensor, "... s"]) -> MixerOutput:
        """Q_tot = w_2 . ELU(q W_1 + b_1) + V(s) with W_1, w_2 >= 0."""
        w1 = self.w1(state).abs().unflatten(-1, self.shape)
        hidden = elu(torch.einsum("...n,...nk->...k", q, w1) + self.b1(state))
        w2, bias = self.w2(state).abs(), self.v(state).squeeze(-1)
        return MixerOutput((w2 * hidden).sum(-1) + bias, w2, hidden, bias)


class QMIX(QLearning[QMIXOptions, None, None]):
    """Q_tot = QMixer(q, s)."""

    context_reads = ("state",)

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: QMIXOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = QMixer(spec, options)

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """Hidden units mix all agents, so none stands for a coalition."""
        return (None,) * self.options.embed

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix with weights made from the state."""
        return self.mixer(q, ctx.state)
