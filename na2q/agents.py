"""The recurrent utility network Q_i(tau_i, u_i), its unroll over episodes and its epsilon-greedy use."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor, nn
from torch.nn.functional import one_hot, relu

from na2q.config import AgentConfig
from na2q.nets import GRU, LinearBank
from na2q.spec import EnvSpec
from na2q.types import NO_ACTION, Chunk, EpisodeBatch, Slots, Unroll

UNAVAILABLE = -9_999_999.0  # released code; finite, because padded slots multiply it by a zero mask
MAX_CHUNKS = 8  # blocks that an unroll is cut into at most; 4 and 16 measured slower on short episodes


class RecurrentAgent(nn.Module):
    """Linear -> ReLU -> GRU -> linear head, weights shared by all agents (section 4, App. F.3).

    With `kind="two_head"` every agent adds a linear head of its own to the shared one (A1).
    """

    def __init__(self, spec: EnvSpec, config: AgentConfig) -> None:
        super().__init__()
        self.spec, self.config = spec, config
        width = config.hidden
        inputs = spec.obs_dim + spec.n_actions * config.last_action + spec.n_agents * config.agent_id
        self.fc_in = nn.Linear(inputs, width)
        self.gru = GRU(width, width)
        self.head = nn.Linear(width, spec.n_actions)
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
            return self.head(hidden)
        own = self.local_heads
        return own.across(hidden, self.head.weight + own.weight, self.head.bias + own.bias)

    def local_utilities(self, hidden: Float[Tensor, "... n h"]) -> Float[Tensor, "... n a"]:
        """Return the part of the utilities from each agent's own head; raise ValueError without such heads."""
        if self.local_heads is None:
            raise ValueError(f"agent.kind is {self.config.kind!r}, but only 'two_head' agents have heads of their own")
        return self.local_heads.across(hidden, self.local_heads.weight, self.local_heads.bias)

    def unroll(self, inputs: Float[Tensor, "p n i"], slots: Slots) -> Unroll:
        """Run the GRU from zero over the slots of a batch, chunk by chunk."""
        x = relu(self.fc_in(inputs))
        n, width = x.shape[1:]
        hidden = x.new_zeros(1, slots.chunks[0].episodes * n, width)
        outputs, first = [], 0
        for start, stop, episodes in slots.chunks:
            rows = (stop - start) * episodes
            block = x[first : first + rows].reshape(stop - start, episodes * n, width)
            out, hidden = self.gru(block, hidden[:, : episodes * n].contiguous())
            outputs.append(out.reshape(rows, n, width))
            first += rows
        out = outputs[0] if len(outputs) == 1 else torch.cat(outputs)
        return Unroll(self.utilities(out), out)

    def initial_hidden(self, n_envs: int) -> Float[Tensor, "e n h"]:
        """Return the hidden state before the first observation."""
        return self.fc_in.weight.new_zeros(n_envs, self.spec.n_agents, self.config.hidden)

    def step(
        self, obs: Float[Tensor, "e n o"], last_actions: Int[Tensor, "e n"], hidden: Float[Tensor, "e n h"]
    ) -> tuple[Float[Tensor, "e n a"], Float[Tensor, "e n h"]]:
        """Advance every agent by one observation; return utilities and the new hidden state."""
        x = relu(self.fc_in(self.inputs(obs, last_actions))).flatten(0, 1)
        weights = self.gru.all_weights[0]  # one fused call instead of a GRU over one step
        hidden = torch.gru_cell(x, hidden.flatten(0, 1), *weights).view_as(hidden)
        return self.utilities(hidden), hidden


def plan_slots(batch: EpisodeBatch, skip_padding: bool) -> Slots:
    """Choose the slots to compute: those that happened, rounded up to a few dense blocks, or all."""
    episodes, steps = batch.valid.shape
    if skip_padding:
        lengths = batch.valid.sum(1)
        transitions = batch.valid
    else:
        lengths = torch.full((episodes,), steps, device=batch.valid.device)
        transitions = torch.ones_like(batch.valid)
    lengths, order = lengths.sort(descending=True)
    stops = sorted({int(lengths[episodes * i // MAX_CHUNKS]) + 1 for i in range(MAX_CHUNKS)})
    chunks, positions, start = [], [], 0
    for stop in stops:
        alive = int((lengths >= start).sum())
        chunks.append(Chunk(start, stop, alive))
        time = torch.arange(start, stop, device=order.device)
        positions.append((time[:, None] + order[:alive] * (steps + 1)).flatten())
        start = stop
    index = torch.cat(positions)
    place = index.new_full((episodes * (steps + 1),), -1)
    place[index] = torch.arange(len(index), device=index.device)
    place = place.view(episodes, steps + 1)
    return Slots(
        tuple(chunks),
        index,
        now=place[:, :-1][transitions],
        next=place[:, 1:][transitions],
        transition=transitions.flatten().nonzero().squeeze(1),
    )


def mask_unavailable(q: Float[Tensor, "... a"], avail: Bool[Tensor, "... a"]) -> Float[Tensor, "... a"]:
    """Push the utility of unavailable actions far below every other."""
    return q.masked_fill(~avail, UNAVAILABLE)


def epsilon_greedy(
    q: Float[ndarray, "e n a"], avail: Bool[ndarray, "e n a"], epsilon: float, rng: np.random.Generator
) -> Int[ndarray, "e n"]:
    """Choose the best available action, or with probability epsilon any available one, per agent."""
    greedy = np.where(avail, q, UNAVAILABLE).argmax(-1)
    if epsilon == 0:
        return greedy
    anything = (rng.random(avail.shape) * avail).argmax(-1)
    return np.where(rng.random(greedy.shape) < epsilon, anything, greedy)
