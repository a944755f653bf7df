"""DVD (Li et al., ICML 2022): credits from a trajectory graph, meant to free them from confounding."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from na2q.config import AgentConfig, DVDOptions
from na2q.methods.base import QLearning
from na2q.nets.blocks import mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput

APART = -1e10  # released code: logit between agents of which one does not take part


class DVDMixer(nn.Module):
    """Q_tot = sum_i K_i Q_i + V(s), where K_i = mean over features of sum_j G_ij E_j(s) >= 0.

    G is an attention matrix over hidden states, E >= 0 an embedding of each agent made from the state.
    Agents that do not take part get credit 0.
    """

    def __init__(self, spec: EnvSpec, hidden: int, options: DVDOptions) -> None:
        super().__init__()
        n, s, width = spec.n_agents, spec.state_dim, options.attention
        self.embed = mlp(s, options.hyper, n * options.embed)
        self.encoder = nn.Linear(hidden, width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.v = mlp(s, options.embed, 1)
        self.shape, self.scale, self.alive_by = (n, options.embed), width**-0.5, options.alive

    def alive(self, obs: Float[Tensor, "... n o"]) -> Bool[Tensor, "... n"]:
        """Agents that take part, judged by their observations."""
        if self.alive_by == "all":
            return torch.ones_like(obs[..., 0], dtype=torch.bool)
        return (obs != 0).any(-1) if self.alive_by == "any" else obs.sum(-1) > 0

    def graph(self, hidden: Float[Tensor, "... n h"], alive: Bool[Tensor, "... n"]) -> Float[Tensor, "... n n"]:
        """Attention of each agent to all that take part; zero rows and columns for the rest."""
        code = self.encoder(hidden).relu()
        pair = alive.unsqueeze(-1) & alive.unsqueeze(-2)
        logits = (self.query(code) @ self.key(code).mT * self.scale).masked_fill(~pair, APART)
        return torch.softmax(logits, -1) * pair

    def forward(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix, given state, observations and hidden states in `ctx`."""
        embedding = self.embed(ctx.state).abs().unflatten(-1, self.shape).mean(-1)  # the mean may go first
        credits = torch.einsum("...ij,...j->...i", self.graph(ctx.hidden, self.alive(ctx.obs)), embedding)
        bias = self.v(ctx.state).squeeze(-1)
        return MixerOutput((credits * q).sum(-1) + bias, credits, q, bias)


class DVD(QLearning[DVDOptions, None, None]):
    """Q_tot = DVDMixer(q, s, o, h); the TD error reaches the agents through h as well."""

    context_reads = ("state", "obs", "hidden")

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: DVDOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = DVDMixer(spec, agent.hidden, options)

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix with credits from the graph."""
        return self.mixer(q, ctx)
