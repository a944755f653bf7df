"""QTRAN-base (Son et al., ICML 2019): an unrestricted joint value that the utilities' sum must fit."""

from typing import Self

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from na2q.config import AgentConfig, QTRANOptions
from na2q.methods.base import QLearning, Step, take
from na2q.nets.blocks import mlp
from na2q.spec import EnvSpec
from na2q.types import Loss, MixContext, MixerOutput, masked_mean


class QTRAN(QLearning[QTRANOptions, None, None]):
    """Q_jt learns from the TD error; sum_i Q_i + V(s) is held equal to it at the greedy action, above it elsewhere.

    `mix` is the sum, Q'_tot = sum_i Q_i + V(s), which alone has a decomposition. Q_jt has none, and its
    greedy joint action equals the agents' own only as far as the two penalties succeed.
    """

    context_reads = ("state", "hidden", "actions")

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: QTRANOptions) -> None:
        super().__init__(spec, agent, options)
        code, embed = agent.hidden + spec.n_actions, options.embed
        self.encoder = mlp(code, code, code)
        self.joint = mlp(spec.state_dim + code, embed, embed, 1)
        self.v = mlp(spec.state_dim, embed, embed, 1)

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Q'_tot = sum_i Q_i + V(s)."""
        bias = self.v(ctx.state).squeeze(-1)
        return MixerOutput(q.sum(-1) + bias, torch.ones_like(q), q, bias)

    def joint_value(self, ctx: MixContext, actions: Int[Tensor, "... n"]) -> Float[Tensor, " ..."]:
        """Q_jt(s, h, u), from the sum over agents of codes of (h_i, u_i)."""
        chosen = one_hot(actions, self.spec.n_actions).to(ctx.hidden.dtype)
        code = self.encoder(torch.cat([ctx.hidden, chosen], -1)).sum(-2)
        return self.joint(torch.cat([ctx.state, code], -1)).squeeze(-1)

    def values(self, q: Float[Tensor, "... n"], ctx: MixContext) -> dict[str, Float[Tensor, " ..."]]:
        """Q_jt beside the sum; it knows the actions and hidden states, not the utilities."""
        return super().values(q, ctx) | {"Q_jt": self.joint_value(ctx, ctx.actions)}

    def inspect(
        self, ctx: MixContext, generator: torch.Generator, samples: int = 0
    ) -> tuple[MixContext, dict[str, Tensor]]:
        """Show Q_jt beside the sum that has the decomposition."""
        return ctx, {"q_joint": self.joint_value(ctx, ctx.actions)}

    def bootstrap(self, step: Step[None, None], target: Self) -> Float[Tensor, " r"]:
        """Joint value of the next greedy action; the agents find it without a search over joint actions."""
        return target.joint_value(step.ahead, step.ahead.actions)

    def losses(self, step: Step[None, None], target: Self) -> dict[str, Loss]:
        """L_td + lambda_opt L_opt + lambda_nopt L_nopt; the last two hold Q_jt fixed."""
        joint = self.joint_value(step.live, step.taken)
        greedy = step.at_now(step.greedy)
        best = take(step.at_now(step.online.q), greedy)  # unlike `q_max`, with gradient to the agents
        with torch.no_grad():
            joint_best = self.joint_value(step.live, greedy)
        errors = {
            "td": joint - self.td_target(step, target),
            "opt": self.mix(best, step.live).q_tot - joint_best,
            "nopt": (self.mix(step.q_taken, step.live).q_tot - joint.detach()).clamp(max=0),
        }
        weights = {"td": 1.0, "opt": self.options.opt, "nopt": self.options.nopt}
        return {name: Loss(masked_mean(e.square(), step.weight), weights[name]) for name, e in errors.items()}
