"""The recurrent utility network Q_i(tau_i, u_i)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import one_hot, relu

from na2q.config import AgentConfig
from na2q.nets.blocks import LinearBank
from na2q.nets.gru import GRU, GRUBank, unroll, unroll_banks
from na2q.nets.slots import Slots
from na2q.spec import EnvSpec
from na2q.types import NO_ACTION

UNAVAILABLE = -9_999_999.0  # released code; finite, because padded slots multiply it by a zero mask


class Unroll(NamedTuple):
    """What a recurrent agent says about every computed slot."""

    q: Float[Tensor, "p n a"]
    hidden: Float[Tensor, "p n h"]  # GRU output at the slot: it has seen o_t and u_{t-1}


class RecurrentAgent(nn.Module):
    """Linear -> ReLU -> GRU -> linear head, weights shared by all agents (section 4, App. F.3).

    With ``kind="two_head"`` every agent adds a linear head of its own to the shared one (A1). With `share_parameters`
    off every agent has a network of its own; the weights of all lie stacked, with the agents as first axis.
    """

    def __init__(self, spec: EnvSpec, config: AgentConfig) -> None:
        super().__init__()
        self.spec, self.config = spec, config
        width, n = config.hidden, spec.n_agents
        inputs = spec.obs_dim + spec.n_actions * config.last_action + n * config.agent_id
        self.fc_in: nn.Linear | LinearBank
        self.gru: GRU | GRUBank
        self.head: nn.Linear | LinearBank
        if config.share_parameters:
            self.fc_in, self.gru, self.head = (
                nn.Linear(inputs, width),
                GRU(width, width),
                nn.Linear(width, spec.n_actions),
            )
        else:
            self.fc_in, self.gru = LinearBank(n, inputs, width), GRUBank(n, width, width)
            self.head = LinearBank(n, width, spec.n_actions)
        two_head = config.kind == "two_head"
        self.local_heads = LinearBank(spec.n_agents, width, spec.n_actions) if two_head else None

    def inputs(self, obs: Float[Tensor, "... n o"], last_actions: Int[Tensor, "... n"]) -> Float[Tensor, "... n i"]:
        """Concatenate observation, one-hot last action (zero for NO_ACTION) and one-hot agent index."""
        parts = [obs]
        if self.config.last_action:
            shifted = one_hot(last_actions - NO_ACTION, self.spec.n_actions + 1)
            parts.append(shifted[..., 1:].to(obs.dtype))
        if self.config.agent_id:
            identity = torch.eye(self.spec.n_agents, dtype=obs.dtype, device=obs.device)
            parts.append(identity.expand(*obs.shape[:-1], self.spec.n_agents))
        return torch.cat(parts, dim=-1)

    def utilities(self, hidden: Float[Tensor, "... n h"]) -> Float[Tensor, "... n a"]:
        """Turn GRU outputs into utilities of all actions; the shared and the own head add up to one linear map."""
        if self.local_heads is None:
            return _each(self.head, hidden)
        own = self.local_heads
        return own.across(hidden, self.head.weight + own.weight, self.head.bias + own.bias)

    def local_utilities(self, hidden: Float[Tensor, "... n h"]) -> Float[Tensor, "... n a"]:
        """Return the part of the utilities from each agent's own head; raise ValueError without such heads."""
        if self.local_heads is None:
            raise ValueError(f"agent.kind is {self.config.kind!r}, but only 'two_head' agents have heads of their own")
        return self.local_heads.across(hidden, self.local_heads.weight, self.local_heads.bias)

    def unroll(self, inputs: Float[Tensor, "p n i"], slots: Slots) -> Unroll:
        """Run the GRU from zero over the slots of a batch."""
        return _in_one_loop([self], inputs, slots)[0]

    def initial_hidden(self, n_envs: int) -> Float[Tensor, "e n h"]:
        """Return the hidden state before the first observation."""
        return self.fc_in.weight.new_zeros(n_envs, self.spec.n_agents, self.config.hidden)

    def step(
        self, obs: Float[Tensor, "e n o"], last_actions: Int[Tensor, "e n"], hidden: Float[Tensor, "e n h"]
    ) -> tuple[Float[Tensor, "e n a"], Float[Tensor, "e n h"]]:
        """Advance every agent by one observation; return utilities and the new hidden state."""
        hidden = self.gru.cell(relu(_each(self.fc_in, self.inputs(obs, last_actions))), hidden)
        return self.utilities(hidden), hidden


def unroll_together(agents: Sequence[RecurrentAgent], inputs: Float[Tensor, "p n i"], slots: Slots) -> list[Unroll]:
    """Run networks of one size over the slots of a batch, as each does by its `unroll`, in one loop over the slots.

    Agents of somebody's own run one by one, since nothing is known here of what they change.
    """
    if any(type(agent).unroll is not RecurrentAgent.unroll for agent in agents):
        return [agent.unroll(inputs, slots) for agent in agents]
    return _in_one_loop(agents, inputs, slots)


def _in_one_loop(agents: Sequence[RecurrentAgent], inputs: Float[Tensor, "p n i"], slots: Slots) -> list[Unroll]:
    xs = [relu(_each(agent.fc_in, inputs), inplace=True) for agent in agents]
    banks = [agent.gru for agent in agents if isinstance(agent.gru, GRUBank)]
    if banks:
        by_agent = unroll_banks(banks, xs, slots.sizes)
    else:
        grus = [agent.gru for agent in agents if isinstance(agent.gru, GRU)]
        hiddens = unroll(grus, [x.flatten(0, 1) for x in xs], slots.sizes * inputs.shape[1])
        by_agent = [hidden.view(*inputs.shape[:-1], -1) for hidden in hiddens]
    return [Unroll(agent.utilities(hidden), hidden) for agent, hidden in zip(agents, by_agent, strict=True)]


def _each(layer: nn.Linear | LinearBank, x: Float[Tensor, "... n i"]) -> Float[Tensor, "... n o"]:
    """Map what each agent has by the map that all share, or by its own."""
    return layer.each(x) if isinstance(layer, LinearBank) else layer(x)


def mask_unavailable(q: Float[Tensor, "... a"], avail: Bool[Tensor, "... a"]) -> Float[Tensor, "... a"]:
    """Push the utility of unavailable actions far below every other."""
    return q.masked_fill(~avail, UNAVAILABLE)
