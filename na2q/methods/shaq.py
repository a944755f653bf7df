"""SHAQ (Wang et al., NeurIPS 2022): Shapley-inspired coefficients for agents that depart from their greedy action."""

from dataclasses import replace
from typing import Any, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import elu

from na2q.config import AgentConfig, SHAQOptions
from na2q.methods.base import Group, QLearning, Step, owned
from na2q.nets.blocks import mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput


class Coefficients(nn.Module):
    """alpha_i >= 1, averaged over random orders in which the agents may join the team.

    A small net, with weights made from the state, compares each agent's utility with the mean
    utility of those that joined before.
    """

    def __init__(self, spec: EnvSpec, options: SHAQOptions) -> None:
        super().__init__()
        s, embed, hyper = spec.state_dim, options.embed, options.hyper
        self.w1 = mlp(s, hyper, 2 * embed)
        self.b1 = nn.Linear(s, embed)
        self.w2 = mlp(s, hyper, embed)
        self.b2 = mlp(s, embed, 1)
        self.shape = (2, embed)

    def forward(
        self, q: Float[Tensor, "... n"], state: Float[Tensor, "... s"], places: Int[Tensor, "... m n"]
    ) -> Float[Tensor, "... n"]:
        """Coefficients of all agents; places[m, i] is agent i's place in order m, from 0."""
        before = places.unsqueeze(-2) < places.unsqueeze(-1)  # (..., m, i, j): j joined before i
        team = torch.einsum("...mij,...j->...mi", before.to(q.dtype), q) / places.clamp(min=1)
        w_team, w_own = self.w1(state).abs().unflatten(-1, self.shape).unbind(-2)
        own = torch.einsum("...i,...e->...ie", q, w_own) + self.b1(state).unsqueeze(-2)
        hidden = elu(torch.einsum("...mi,...e->...mie", team, w_team) + own.unsqueeze(-3))
        value = torch.einsum("...mie,...e->...mi", hidden, self.w2(state).abs()) + self.b2(state).unsqueeze(-1)
        return 1 + value.abs().mean(-2)


class SHAQ(QLearning[SHAQOptions, Tensor, None]):
    """Q_tot = sum_i Q_i with the utilities of non-greedy agents scaled by alpha_i.

    The coefficients depend on the utilities, so Q_tot need not be monotone, and the greedy joint action need
    not maximise it. The random numbers of an update are orders of the agents.
    """

    context_reads = ("state", "greedy")

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: SHAQOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = Coefficients(spec, options)

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Scale and sum; raise ValueError without the sampled orders of agents in `ctx`."""
        if ctx.orders is None:
            raise ValueError("SHAQ mixes over sampled orders of agents, but the context holds none")
        alpha = self.mixer(q, ctx.state, ctx.orders)
        credits = torch.where(ctx.greedy, torch.ones_like(alpha), alpha)
        return MixerOutput((credits * q).sum(-1), credits, q, torch.zeros_like(q[..., 0]))

    def draw_noise(self, transitions: int, generator: torch.Generator) -> Int[Tensor, "r m n"]:
        """Draw orders of the agents, as the place of each."""
        shape = (transitions, self.options.samples, self.spec.n_agents)
        return torch.rand(shape, generator=generator, device=generator.device).argsort(-1)

    def with_noise(self, ctx: MixContext, noise: Int[Tensor, "#r m n"]) -> MixContext:
        """Give the mixer the orders drawn, one row for each transition or one for all."""
        return ctx.replace(orders=noise)

    def inspect(
        self, ctx: MixContext, generator: torch.Generator, samples: int = 0
    ) -> tuple[MixContext, dict[str, Tensor]]:
        """Draw the orders of agents, without which the coefficients have no value."""
        return self.with_noise(ctx, self.draw_noise(len(ctx.state), generator)), {}

    def prepare(self, step: Step[Tensor, Any], target: Self) -> Step[Tensor, None]:
        """Give the online mixer the orders drawn."""
        return replace(step, live=self.with_noise(step.live, step.noise))

    def bootstrap(self, step: Step[Tensor, None], target: Self) -> Float[Tensor, " r"]:
        """Plain sum: at the greedy joint action every coefficient is 1."""
        return step.q_next.sum(-1)

    def parameter_groups(self) -> list[Group]:
        """One RMSprop for the agent, one at its own rate for the coefficients."""
        return [
            Group("agent", owned(self.agent), "rmsprop"),
            Group("mixer", owned(self.mixer), "rmsprop", lr=self.options.alpha_lr),
        ]
