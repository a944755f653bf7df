"""OW-QMIX, the paper's WQMIX (Rashid et al., NeurIPS 2020): QMIX fitted to an unrestricted value."""

from dataclasses import replace
from typing import Any, NamedTuple, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn

from na2q.config import AgentConfig, WQMIXOptions
from na2q.methods.base import Coalition, QLearning, Step, take
from na2q.methods.qmix import QMixer
from na2q.nets.agents import RecurrentAgent, Unroll, unroll_together
from na2q.nets.blocks import mlp
from na2q.spec import EnvSpec
from na2q.types import Loss, MixContext, MixerOutput, masked_mean


class Central(NamedTuple):
    """What the central agents say."""

    online: Unroll
    target: Unroll


class CentralMixer(nn.Module):
    """Q*(s, c) = net(s, c) + V(s) of central utilities c, without any restriction on its slopes."""

    def __init__(self, spec: EnvSpec, options: WQMIXOptions) -> None:
        super().__init__()
        width = options.central_hidden
        self.net = mlp(spec.state_dim + spec.n_agents, width, width, width, 1)
        self.v = mlp(spec.state_dim, width, 1)

    def forward(self, state: Float[Tensor, "... s"], q: Float[Tensor, "... n"]) -> Float[Tensor, " ..."]:
        """Value of the joint action whose central utilities are `q`."""
        return (self.net(torch.cat([state, q], -1)) + self.v(state)).squeeze(-1)


class WQMIX(QLearning[WQMIXOptions, None, Central]):
    """Q_tot is QMIX's; targets come from Q*, and errors count fully only where Q_tot is too low."""

    context_reads = ("state",)

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: WQMIXOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = QMixer(spec, options)
        self.central_agent = RecurrentAgent(spec, replace(agent, kind="one_head"))
        self.central = CentralMixer(spec, options)

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """None for every hidden unit, as they mix all agents."""
        return (None,) * self.options.embed

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix as QMIX does; Q* plays no part in acting and has no decomposition."""
        return self.mixer(q, ctx.state)

    def values(self, q: Float[Tensor, "... n"], ctx: MixContext) -> dict[str, Float[Tensor, " ..."]]:
        """Q* beside Q_tot, as if the central agents had the utilities given."""
        return super().values(q, ctx) | {"Q*": self.central(ctx.state, q)}

    def prepare(self, step: Step[None, Any], target: Self) -> Step[None, Central]:
        """Unroll the central agents over the same inputs."""
        agents = [self.central_agent, target.central_agent]
        return replace(step, extra=Central(*unroll_together(agents, step.inputs, step.slots)))

    def bootstrap(self, step: Step[None, Central], target: Self) -> Float[Tensor, " r"]:
        """Q* of the action that the agents, not their central counterparts, would choose next."""
        q = take(step.at_next(step.extra.target.q), step.at_next(step.greedy))
        return target.central(step.ahead.state, q)

    def central_value(self, step: Step[None, Central]) -> Float[Tensor, " r"]:
        """Q* of the joint actions taken."""
        return self.central(step.live.state, take(step.at_now(step.extra.online.q), step.taken))

    def td_weight(self, error: Float[Tensor, " r"]) -> Float[Tensor, " r"]:
        """1 where Q_tot lies below the target, otherwise the option's w."""
        return torch.where(error < 0, 1.0, self.options.weight)

    def losses(self, step: Step[None, Central], target: Self) -> dict[str, Loss]:
        """Weighted TD error of Q_tot and plain TD error of Q*, on one target."""
        y = self.td_target(step, target)
        error = self.mix(step.q_taken, step.live).q_tot - y
        return {
            "weighted_td": Loss(masked_mean(self.td_weight(error) * error.square(), step.weight)),
            "central_td": Loss(masked_mean((self.central_value(step) - y).square(), step.weight)),
        }
