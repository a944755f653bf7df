"""What all value-decomposition methods share: one step's quantities, the TD loss, and the hooks of a paper.

Mixing has the form of Eq. (10), the loss that of Eq. (9). A method is a module that holds the agent and the
mixer. A subclass overrides only what its paper changes: `mix` (always), and where needed `draw_noise`,
`prepare`, `reward`, `bootstrap`, `losses`, `parameter_groups` and `after_step`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from na2q.config import AgentConfig
from na2q.nets.agents import RecurrentAgent, Unroll, mask_unavailable, unroll_together
from na2q.nets.slots import Slots
from na2q.spec import EnvSpec
from na2q.types import NO_ACTION, EpisodeBatch, Loss, MixContext, MixerOutput, masked_mean

Coalition = tuple[int, ...]
Options = TypeVar("Options")  # the method's settings
Noise = TypeVar("Noise")  # random numbers of one update; None where a method draws none
Extra = TypeVar("Extra")  # what only this method computes once for all its losses; None where there is nothing


class Group(NamedTuple):
    """Parameters that one optimiser steps and clips together."""

    name: str
    parameters: Sequence[nn.Parameter]
    optimizer: Literal["rmsprop", "adam"]
    lr: float | None = None  # None: the learning rate of OptimConfig
    clip: float | None = None  # None: the norm of OptimConfig
    stepped_by_method: bool = False  # True: left out of the summed loss, stepped in `after_step`


@dataclass(frozen=True)
class Step(Generic[Noise, Extra]):
    """Everything that the losses of one update share, derived once; r are transitions, p slots."""

    slots: Slots
    inputs: Float[Tensor, "p n i"]  # what the agent network was fed
    online: Unroll  # of all slots, by the network that is trained
    target: Unroll  # of all slots, by its older copy
    obs: Float[Tensor, "p n o"]
    avail: Bool[Tensor, "p n a"]
    greedy: Int[Tensor, "p n"]  # best available action of the online network
    taken: Int[Tensor, "r n"]  # executed actions
    q_taken: Float[Tensor, "r n"]  # online utilities of the executed actions
    q_next: Float[Tensor, "r n"]  # double Q: target utilities of the next greedy actions
    live: MixContext  # what mixes `q_taken`: the online network where the transition starts
    ahead: MixContext  # what mixes `q_next`: the target network where it ends
    reward: Float[Tensor, " r"] | Float[Tensor, "r n"]  # the team's, or each agent's own
    terminated: Float[Tensor, " r"]
    weight: Float[Tensor, " r"]  # 1 for transitions that happened, 0 for padding
    gamma: float
    noise: Noise
    extra: Extra

    def at_now(self, x: Float[Tensor, "p ..."] | Int[Tensor, "p ..."]) -> Tensor:
        """Rows of an array over slots where the transitions start."""
        return x.index_select(0, self.slots.now)

    def at_next(self, x: Float[Tensor, "p ..."] | Int[Tensor, "p ..."]) -> Tensor:
        """Rows of an array over slots where the transitions end."""
        return x.index_select(0, self.slots.next)


class QLearning(nn.Module, Generic[Options, Noise, Extra]):
    """Double Q-learning of Q_tot from whole episodes; subclasses say how utilities are mixed.

    Its type says what a method adds: `QLearning[QMIXOptions, None, None]` has settings of its own, draws no random
    numbers and keeps nothing beside the step that all methods share.
    """

    context_reads: ClassVar[tuple[str, ...]] = ("state", "obs", "hidden", "actions", "q_max", "greedy")
    """Fields of the contexts that the method looks at. A shorter list is faster, as an update gathers no others."""

    own_values: ClassVar[bool] = False
    """Whether each agent has a value of its own to learn, so that it can learn from a reward of its own."""

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: Options) -> None:
        super().__init__()
        if spec.individual_rewards and not self.own_values:
            raise ValueError(
                f"each agent of this environment has a reward of its own, but {type(self).__name__} learns one value "
                "from the team's reward: let the environment reward the team (env_options.reward team), or "
                "take a method that learns a value for each agent, such as iql"
            )
        self.spec, self.options = spec, options
        self.agent = RecurrentAgent(spec, agent)

    # --- what a paper may change --------------------------------------------------------------

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """Agents that each term of the decomposition stands for; None for a latent unit."""
        return tuple((i,) for i in range(self.spec.n_agents))

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Combine the utilities of one joint action into its value; each method has to (else NotImplementedError)."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it mixes utilities")

    def draw_noise(self, transitions: int, generator: torch.Generator) -> Noise:
        """Draw the random numbers of one update; None where the method needs none."""
        return None  # type: ignore[return-value]  # a method whose Noise is another type overrides this

    def with_noise(self, ctx: MixContext, noise: Noise) -> MixContext:
        """Put into a context those of an update's random numbers that the mixer reads; most mixers read none."""
        return ctx

    def values(self, q: Float[Tensor, "... n"], ctx: MixContext) -> dict[str, Float[Tensor, " ..."]]:
        """Return every value that the method gives to a joint action, by its name in the paper."""
        return {"Q_tot": self.mix(q, ctx).q_tot}

    def reward(self, step: Step[Noise, Extra], target: Self) -> Float[Tensor, " r"] | Float[Tensor, "r n"]:
        """Reward that the TD target is built from."""
        return step.reward

    def bootstrap(self, step: Step[Noise, Extra], target: Self) -> Float[Tensor, "r ..."]:
        """Value of the next slot's greedy joint action under the target network."""
        return target.mix(step.q_next, step.ahead).q_tot

    def losses(self, step: Step[Noise, Extra], target: Self) -> dict[str, Loss]:
        """Terms of the minimised loss."""
        return {"td": Loss(self.td_loss(step, target))}

    def parameter_groups(self) -> list[Group]:
        """Parameters by optimiser; by default one RMSprop for all (App. F.2)."""
        return [Group("all", list(self.parameters()), "rmsprop")]

    def after_step(self, step: Step[Noise, Extra], optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, float]:
        """Run once after every optimiser step; return what should be logged.

        `optimizers` are those of the groups that the method steps itself, by group name.
        """
        return {}

    def prepare(self, step: Step[Noise, Any], target: Self) -> Step[Noise, Extra]:
        """Add to the step what only this method computes, once for all its losses."""
        return step

    def inspect(
        self, ctx: MixContext, generator: torch.Generator, samples: int = 0
    ) -> tuple[MixContext, dict[str, Tensor]]:
        """Complete the context of a trained network that is looked at, and return what else it can show.

        Noise is off where the method can do without. `samples` asks for that many posterior samples where
        the method has a posterior.
        """
        return ctx, {}

    @property
    def computes_padding(self) -> bool:
        """Whether some loss looks at padded slots too (bugs kept by preset `exact`)."""
        return False

    # --- what all share -----------------------------------------------------------------------

    def td_loss(self, step: Step[Noise, Extra], target: Self) -> Tensor:
        """Mean squared TD error over valid transitions."""
        error = self.mix(step.q_taken, step.live).q_tot - self.td_target(step, target)
        return masked_mean(error.square(), step.weight)

    def td_target(self, step: Step[Noise, Extra], target: Self) -> Float[Tensor, "r ..."]:
        """Double-DQN target y = r + gamma (1 - terminated) Q_next (below Eq. 9), without gradient."""
        with torch.no_grad():
            ahead = self.bootstrap(step, target)
            reward, going_on = self.reward(step, target), step.gamma * (1 - step.terminated)
            # one value for each agent (IQL), with the reward that all get or with its own
            reward, going_on = (x.unsqueeze(-1) if ahead.dim() > x.dim() else x for x in (reward, going_on))
            return reward + going_on * ahead


def take(q: Float[Tensor, "... a"], actions: Int[Tensor, " ..."]) -> Float[Tensor, " ..."]:
    """Pick the entry of each given action from the last axis."""
    return q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def derive_step(
    online: QLearning[Options, Noise, Extra],
    target: QLearning[Options, Noise, Extra],
    batch: EpisodeBatch,
    slots: Slots,
    gamma: float,
    noise: Noise,
) -> Step[Noise, Extra]:
    """Unroll both networks over a batch and gather what the losses need."""

    def at(x: Tensor, index: Tensor) -> Tensor:
        """Rows of an array over (b, t) or (b, t+1)."""
        return x.flatten(0, 1).index_select(0, index)

    obs, avail = at(batch.obs, slots.index), at(batch.avail, slots.index)
    last = torch.cat([torch.full_like(batch.actions[:, :1], NO_ACTION), batch.actions[:, :-1]], 1)
    inputs = online.agent.inputs(obs, at(last, slots.index))
    now, then = unroll_together([online.agent, target.agent], inputs, slots)
    with torch.no_grad():
        then = Unroll(*(x.detach() for x in then))
        masked_now, masked_then = (mask_unavailable(net.q, avail) for net in (now, then))
        greedy = masked_now.argmax(-1)
    taken = at(batch.actions[:, :-1].clamp(min=0), slots.transition)
    chosen = greedy.index_select(0, slots.next)

    def context(rows: Tensor, net: Unroll, masked: Tensor, actions: Tensor) -> MixContext:
        """Gather what the mixer reads."""
        fields: dict[str, Callable[[], Tensor]] = {
            "state": lambda: at(batch.state, slots.index.index_select(0, rows)),
            "obs": lambda: obs.index_select(0, rows),
            "hidden": lambda: net.hidden.index_select(0, rows),
            "actions": lambda: actions,
            "q_max": lambda: masked.index_select(0, rows).amax(-1),
            "greedy": lambda: actions == greedy.index_select(0, rows),
        }
        return MixContext(**{name: fields[name]() for name in online.context_reads})

    reward, terminated, valid = (at(x, slots.transition) for x in (batch.reward, batch.terminated, batch.valid))
    step = Step(
        slots=slots, inputs=inputs, online=now, target=then, obs=obs, avail=avail, greedy=greedy, taken=taken,
        q_taken=take(now.q.index_select(0, slots.now), taken),
        q_next=take(masked_then.index_select(0, slots.next), chosen),
        live=context(slots.now, now, masked_now, taken),
        ahead=context(slots.next, then, masked_then, chosen),
        reward=reward, terminated=terminated, weight=valid.to(reward.dtype), gamma=gamma, noise=noise, extra=None,
    )  # fmt: skip
    return online.prepare(step, target)


def owned(*modules: nn.Module) -> list[nn.Parameter]:
    """Parameters of several modules in one list."""

    return [parameter for module in modules for parameter in module.parameters()]
