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
        weight, bias = _numpy(agent.fc_in.weight).T, _numpy(agent.fc_in.bias)
        o, a = spec.obs_dim, spec.n_actions * agent.config.last_action
        self.w_obs, by_action, by_agent = weight[:o], weight[o : o + a], weight[o + a :]
        self.by_action = np.zeros((spec.n_actions + 1, width), weight.dtype)  # the first row is NO_ACTION's
        self.by_action[1:] += by_action if len(by_action) else 0
        self.by_agent = bias + (by_agent if len(by_agent) else np.zeros((spec.n_agents, 1), weight.dtype))
        w_ih, w_hh, b_ih, b_hh = (_numpy(w) for w in agent.gru.all_weights[0])
        half = np.repeat(np.array([0.5, 0.5, 1], weight.dtype), width)  # gates r, z and n
        self.w_ih, self.w_hh = np.ascontiguousarray(w_ih.T * half), np.ascontiguousarray(w_hh.T * half)
        self.b_ih, self.b_hh, self.width = b_ih * half, b_hh * half, width
        own = agent.local_heads
        self.head, self.head_bias = _numpy(agent.head.weight).T, _numpy(agent.head.bias)
        if own is not None:
            self.head = self.head + _numpy(own.weight).transpose(0, 2, 1)
            self.head_bias = self.head_bias + _numpy(own.bias)

    def step(
        self, obs: Float[Tensor, "e n o"], last_actions: Int[Tensor, "e n"], hidden: Float[Tensor, "e n h"]
    ) -> tuple[Float[Tensor, "e n a"], Float[Tensor, "e n h"]]:
        """Advance every agent by one observation; return utilities and the new hidden state."""
        q, after = self._step(obs.numpy(), last_actions.numpy(), hidden.numpy())
        return torch.from_numpy(q), torch.from_numpy(after)

    def _step(self, obs: ndarray, last: ndarray, hidden: ndarray) -> tuple[ndarray, ndarray]:
        x = obs @ self.w_obs
        x += self.by_action[last - NO_ACTION]
        x += self.by_agent
        np.maximum(x, 0, out=x)
        width, h = self.width, hidden.reshape(-1, self.width)
        gates = x.reshape(h.shape) @ self.w_ih
        gates += self.b_ih
        recurrent = h @ self.w_hh
        recurrent += self.b_hh
        r_z = np.tanh(gates[:, : 2 * width] + recurrent[:, : 2 * width])
        r_z += 1
        r_z *= 0.5
        n = recurrent[:, 2 * width :]
        n *= r_z[:, :width]
        n += gates[:, 2 * width :]
        np.tanh(n, out=n)
        after = h - n
        after *= r_z[:, width:]
        after += n
        after = after.reshape(hidden.shape)
        if self.head.ndim == 2:
            return after @ self.head + self.head_bias, after
        return (after[..., None, :] @ self.head)[..., 0, :] + self.head_bias, after


def _numpy(x: Tensor) -> ndarray:
    return x.detach().numpy()
