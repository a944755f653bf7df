"""The agents' step for few rows on a CPU, where torch's cost for each call is several times that of the arithmetic."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from na2q.nets.agents import RecurrentAgent
from na2q.types import NO_ACTION

MANY_ROWS = 16
"""Environments times agents above which torch steps. NumPy's products begin to use several threads not far above,
which would disturb other runs on the same machine."""

StepFunction = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Utilities and new hidden states from observations, last actions and hidden states, as of `RecurrentAgent.step`."""


def step_function(agent: RecurrentAgent, n_envs: int) -> StepFunction:
    """Return the faster way to step an agent whose weights stay as they are for a while, such as an episode.

    An agent of somebody's own steps by itself, since nothing is known here of what it changes.
    """
    few = n_envs * agent.spec.n_agents <= MANY_ROWS
    known = type(agent) is RecurrentAgent and agent.fc_in.weight.device.type == "cpu"
    return Actor(agent).step if few and known else agent.step


class Actor:
    """`RecurrentAgent.step` in NumPy, equal but for rounding.

    Products with one-hot inputs are rows of a table. The sigmoid is written as (1 + tanh(a / 2)) / 2; the halves of
    the arguments stand in the weights.
    """

    def __init__(self, agent: RecurrentAgent) -> None:
        spec, width = agent.spec, agent.config.hidden
        weight, bias = _turned(agent.fc_in.weight), _numpy(agent.fc_in.bias)
        o, a, n = spec.obs_dim, spec.n_actions * agent.config.last_action, np.arange(spec.n_agents)
        self.w_obs, by_action, by_agent = weight[..., :o, :], weight[..., o : o + a, :], weight[..., o + a :, :]
        self.by_action = np.zeros((spec.n_agents, spec.n_actions + 1, width), weight.dtype)  # first row: NO_ACTION's
        self.by_action[:, 1:] += by_action if a else 0
        index = np.zeros((spec.n_agents, 1), weight.dtype)  # adds each agent's row of what it makes of its index
        self.by_agent = bias + ((by_agent if by_agent.ndim == 2 else by_agent[n, n]) if by_agent.size else index)
        self.agents = n
        w_ih, w_hh = (_turned(w) for w in agent.gru.all_weights[0][:2])
        b_ih, b_hh = (_numpy(w) for w in agent.gru.all_weights[0][2:])
        half = np.repeat(np.array([0.5, 0.5, 1], weight.dtype), width)  # gates r, z and n
        self.w_ih, self.w_hh = np.ascontiguousarray(w_ih * half), np.ascontiguousarray(w_hh * half)
        self.b_ih, self.b_hh, self.width = b_ih * half, b_hh * half, width
        own = agent.local_heads
        self.head, self.head_bias = _turned(agent.head.weight), _numpy(agent.head.bias)
        if own is not None:
            self.head = self.head + _turned(own.weight)
            self.head_bias = self.head_bias + _numpy(own.bias)

    def step(
        self, obs: Float[Tensor, "e n o"], last_actions: Int[Tensor, "e n"], hidden: Float[Tensor, "e n h"]
    ) -> tuple[Float[Tensor, "e n a"], Float[Tensor, "e n h"]]:
        """Advance every agent by one observation; return utilities and the new hidden state."""
        q, after = self._step(obs.numpy(), last_actions.numpy(), hidden.numpy())
        return torch.from_numpy(q), torch.from_numpy(after)

    def _step(self, obs: ndarray, last: ndarray, hidden: ndarray) -> tuple[ndarray, ndarray]:
        x = _times(obs, self.w_obs)
        x += self.by_action[self.agents, last - NO_ACTION]
        x += self.by_agent
        np.maximum(x, 0, out=x)
        width, h = self.width, hidden
        if self.w_ih.ndim == 2:  # one product for all agents
            h = hidden.reshape(-1, width)
            x = x.reshape(h.shape)
        gates = _times(x, self.w_ih)
        gates += self.b_ih
        recurrent = _times(h, self.w_hh)
        recurrent += self.b_hh
        r_z = np.tanh(gates[..., : 2 * width] + recurrent[..., : 2 * width])
        r_z += 1
        r_z *= 0.5
        n = recurrent[..., 2 * width :]
        n *= r_z[..., :width]
        n += gates[..., 2 * width :]
        np.tanh(n, out=n)
        after = h - n
        after *= r_z[..., width:]
        after += n
        after = after.reshape(hidden.shape)
        return _times(after, self.head) + self.head_bias, after


def _times(x: ndarray, weight: ndarray) -> ndarray:
    """Multiply what each agent has, (..., n, i), by the weights of all, (i, o), or by its own, (n, i, o)."""
    return x @ weight if weight.ndim == 2 else (x[..., None, :] @ weight)[..., 0, :]


def _numpy(x: Tensor) -> ndarray:
    return x.detach().numpy()


def _turned(x: Tensor) -> ndarray:
    """Weights as torch lays them out, (..., o, i), as (..., i, o)."""
    return _numpy(x).swapaxes(-1, -2)
