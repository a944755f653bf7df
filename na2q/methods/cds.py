"""CDS (Li et al., NeurIPS 2021): QPLEX with a reward for behaviour that tells agents apart."""

from collections.abc import Mapping
from dataclasses import replace
from math import log
from typing import Any, NamedTuple, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from na2q.config import AgentConfig, CDSOptions
from na2q.methods.base import Coalition, Group, QLearning, Step, owned
from na2q.methods.qplex import QPLEX, QPLEXMixer
from na2q.spec import EnvSpec
from na2q.types import Loss, MixContext, MixerOutput, masked_mean


class PredictorRows(NamedTuple):
    """What the predictors see and should say, for each agent of each transition; no gradient."""

    inputs: Float[Tensor, "... i"]  # h_{t-1}, o_t and one-hot u_t
    next_obs: Float[Tensor, "... o"]
    weight: Float[Tensor, " ..."]  # 1 for transitions that happened

    def chosen(self, order: Int[Tensor, " rows"]) -> "PredictorRows":
        """Flatten (transition, agent) to rows, and take them in that order."""
        return PredictorRows(*(x.flatten(0, 1)[order] for x in self))


class Predictor(nn.Module):
    """Next observation of an agent; where `told_index`, its one-hot index joins the first two layers' inputs."""

    layers: Any  # a ModuleList of Linear: torch's type forgets its elements
    identity: Tensor

    def __init__(self, spec: EnvSpec, hidden: int, width: int, told_index: bool) -> None:
        super().__init__()
        index = spec.n_agents * told_index
        inputs = hidden + spec.obs_dim + spec.n_actions
        sizes = ((inputs + index, width), (width + index, width), (width, spec.obs_dim))
        self.layers = nn.ModuleList(nn.Linear(*size) for size in sizes)
        for layer in self.layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.register_buffer("identity", torch.eye(spec.n_agents)[:, :index], persistent=False)

    def error(self, rows: PredictorRows, agents: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Squared distance between prediction and next observation; `agents` are the rows' indices."""
        first, second, last = self.layers
        identity = self.identity[agents]
        x = first(torch.cat([rows.inputs, identity], -1)).relu()
        x = second(torch.cat([x, identity], -1)).relu()
        return (last(x) - rows.next_obs).square().sum(-1)


class CDS(QLearning[CDSOptions, Tensor, PredictorRows]):
    """QPLEX on two-headed agents, whose targets count how far a trajectory betrays its agent's index.

    The random numbers of an update are the order in which the predictors see their rows.
    """

    context_reads = QPLEX.context_reads

    predictors: Any  # a ModuleList of Predictor: torch's type forgets its elements

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: CDSOptions) -> None:
        if agent.kind != "two_head":
            raise ValueError(f"agent.kind is {agent.kind!r}, but CDS penalises local heads: it takes 'two_head'")
        super().__init__(spec, agent, options)
        self.mixer = QPLEXMixer(spec, options)
        sizes = (spec, agent.hidden, options.predictor_hidden)
        self.predictors = nn.ModuleList(Predictor(*sizes, told_index) for told_index in (False, True))

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """Each agent, then all of them."""
        return self.mixer.coalitions

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix as QPLEX does."""
        return self.mixer(q, ctx)

    def draw_noise(self, transitions: int, generator: torch.Generator) -> Int[Tensor, " rows"]:
        """Draw the order in which the predictors see the rows."""
        return torch.randperm(transitions * self.spec.n_agents, generator=generator, device=generator.device)

    @property
    def computes_padding(self) -> bool:
        """The released L1 norm and predictor minibatches include padding."""
        return not self.options.mask_padding

    def prepare(self, step: Step[Tensor, Any], target: Self) -> Step[Tensor, PredictorRows]:
        """Gather the predictors' rows."""
        with torch.no_grad():
            first = step.slots.now < step.slots.sizes[0]  # the packed order begins with slot 0 of all episodes
            before = step.at_now(step.online.hidden).roll(1, 0).masked_fill(first[:, None, None], 0)
            chosen = nn.functional.one_hot(step.taken, self.spec.n_actions).to(before.dtype)
            inputs = torch.cat([before, step.at_now(step.obs), chosen], -1)
            weight = step.weight.unsqueeze(-1).expand(inputs.shape[:-1])
        return replace(step, extra=PredictorRows(inputs, step.at_next(step.obs), weight))

    def intrinsic_reward(self, step: Step[Tensor, PredictorRows], target: Self) -> Float[Tensor, "r n"]:
        """beta_1 log q(o'|h, u, i) - log p(o'|h, u) + beta_2 KL(pi_i || mean policy), of each agent.

        Unavailable actions count in both policies, as released.
        """
        options, q = self.options, step.at_now(step.online.q)
        agents = torch.arange(self.spec.n_agents, device=q.device).expand(q.shape[:-1])
        blind, informed = (predictor.error(step.extra, agents) for predictor in target.predictors)
        log_policy = torch.log_softmax(options.beta1 * q, -1)
        log_mean = torch.log_softmax(q, -1).logsumexp(-2, keepdim=True) - log(self.spec.n_agents)
        divergence = (log_policy.exp() * (log_policy - log_mean)).sum(-1)
        return blind - options.beta1 * informed + options.beta2 * divergence

    def reward(self, step: Step[Tensor, PredictorRows], target: Self) -> Float[Tensor, " r"]:
        """Team reward plus beta times the mean intrinsic reward."""
        return step.reward + self.options.beta * self.intrinsic_reward(step, target).mean(-1)

    def losses(self, step: Step[Tensor, PredictorRows], target: Self) -> dict[str, Loss]:
        """TD error and the L1 norm of what the local heads add, over all slots that hold an observation."""
        slots = torch.zeros_like(step.online.q[:, 0, 0])
        if self.options.mask_padding:
            slots[step.slots.now] = step.weight
            slots[step.slots.next] = torch.maximum(slots[step.slots.next], step.weight)  # last slots begin nothing
        else:
            slots += 1
        local = masked_mean(self.agent.local_utilities(step.online.hidden).abs(), slots)
        return super().losses(step, target) | {"local_l1": Loss(local, self.options.local_l1)}

    def parameter_groups(self) -> list[Group]:
        """RMSprop for agent and mixer; for each predictor an Adam that `after_step` steps."""
        options = self.options
        adams = (
            Group(f"predictor{i}", owned(p), "adam", options.predictor_lr, options.predictor_clip, True)
            for i, p in enumerate(self.predictors)
        )
        return [Group("main", owned(self.agent, self.mixer), "rmsprop"), *adams]

    def predictor_loss(self, predictor: Predictor, rows: PredictorRows, agents: Int[Tensor, " rows"]) -> Tensor:
        """Mean error of a predictor over those of the rows that happened."""
        return masked_mean(predictor.error(rows, agents), rows.weight)

    def after_step(
        self, step: Step[Tensor, PredictorRows], optimizers: Mapping[str, torch.optim.Optimizer]
    ) -> dict[str, float]:
        """Train both predictors on all rows once, in minibatches of random order; return their last losses."""
        logged: dict[str, Tensor] = {}
        # rows are put into their order once, so that minibatches are views of them
        rows, agents = step.extra.chosen(step.noise), step.noise % self.spec.n_agents
        size = self.options.predictor_batch
        parts = [PredictorRows(*part) for part in zip(*(x.split(size) for x in rows), strict=True)]
        for (name, optimizer), predictor in zip(optimizers.items(), self.predictors, strict=True):
            for part, those in zip(parts, agents.split(size), strict=True):
                if not part.weight.any():  # nothing but padding: the mean over no row is 0 / 0
                    continue
                loss = self.predictor_loss(predictor, part, those)
                optimizer.zero_grad()
                loss.backward()
                norm = nn.utils.clip_grad_norm_(predictor.parameters(), self.options.predictor_clip, foreach=True)
                optimizer.step()
                logged |= {f"loss_{name}": loss.detach(), f"grad_norm_{name}": norm}
        return {name: float(value) for name, value in logged.items()}
