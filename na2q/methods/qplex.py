"""QPLEX (Wang et al., ICLR 2021): duplex dueling, a sum of values plus advantages of positive importance."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import one_hot

from na2q.config import AgentConfig, QPLEXOptions
from na2q.methods.base import Coalition, QLearning
from na2q.nets.blocks import MLPBank, mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput

POSITIVE = 1e-10  # released code: added to absolute values that must not be zero


class Importance(nn.Module):
    """lambda_i(s, u) > 0: a sum over kernels of |key(s)| sigmoid(agent(s))_i sigmoid(action(s, u))_i."""

    def __init__(self, spec: EnvSpec, options: QPLEXOptions) -> None:
        super().__init__()
        n, s, hyper, kernels = spec.n_agents, spec.state_dim, options.hyper, options.kernels
        self.n_actions = spec.n_actions
        self.key = MLPBank(kernels, s, hyper, hyper, 1)
        self.agent = MLPBank(kernels, s, hyper, hyper, n)
        self.action = MLPBank(kernels, s + n * spec.n_actions, hyper, hyper, n)

    def forward(self, state: Float[Tensor, "... s"], actions: Int[Tensor, "... n"]) -> Float[Tensor, "... n"]:
        """Importance of each agent's advantage under a joint action."""
        chosen = one_hot(actions, self.n_actions).flatten(-2).to(state.dtype)
        action = self.action(torch.cat([state, chosen], -1)).sigmoid()
        return ((self.key(state).abs() + POSITIVE) * self.agent(state).sigmoid() * action).sum(-2)


class QPLEXMixer(nn.Module):
    """Q_tot = sum_i (w_i Q_i + v_i) + sum_i (lambda_i - 1) w_i (Q_i - max Q_i), second sum's advantages detached.

    Credits are w_1 ... w_n for the utilities and 1 for the second sum, which stands for all agents together.
    The -1 is there because the first sum holds each advantage once already.
    """

    def __init__(self, spec: EnvSpec, options: QPLEXOptions) -> None:
        super().__init__()
        self.w = mlp(spec.state_dim, options.hyper, spec.n_agents)
        self.v = mlp(spec.state_dim, options.hyper, spec.n_agents)
        self.importance = Importance(spec, options)
        agents = tuple(range(spec.n_agents))
        self.coalitions: tuple[Coalition, ...] = (*((i,) for i in agents), agents)

    def forward(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix, given state, joint action and the agents' best utilities in `ctx`."""
        w = self.w(ctx.state).abs() + POSITIVE
        bias = self.v(ctx.state).sum(-1)
        # w learns from the utilities only, importance from the advantages only
        advantage = (w * (q - ctx.q_max)).detach()
        joint = (advantage * (self.importance(ctx.state, ctx.actions) - 1)).sum(-1, keepdim=True)
        credits = torch.cat([w, torch.ones_like(joint)], -1)
        contributions = torch.cat([q, joint], -1)
        return MixerOutput((credits * contributions).sum(-1) + bias, credits, contributions, bias)


class QPLEX(QLearning[QPLEXOptions, None, None]):
    """Q_tot = QPLEXMixer(q, s, u)."""

    context_reads = ("state", "actions", "q_max")

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: QPLEXOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = QPLEXMixer(spec, options)

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """Each agent, then all of them."""
        return self.mixer.coalitions

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix values and advantages."""
        return self.mixer(q, ctx)
