"""A trained network at the steps of a recording: what it would have said of other utilities and observations."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from na2q.explain.shapes import nearest_node
from na2q.methods.base import QLearning, take
from na2q.nets.agents import mask_unavailable
from na2q.theory.shapley import NotAdditiveError, shapley, shapley_of_terms
from na2q.training.policy import load_method
from na2q.types import NO_ACTION, MixContext, MixerOutput

DIFFERENCE = 1e-5  # half the distance, in units of Q, over which the slopes of Q_tot are measured


class Probe:
    """A network and the steps of a recording that happened, its r rows, in the order of `filled`.

    Agents see what they saw and remember what they remembered; the mixer works in double precision, and what a
    question does not change is as it was.
    """

    def __init__(self, method: QLearning, recording: xr.Dataset, samples: int = 0) -> None:
        """Go through the recording once more.

        Args:
            method: the network, as of `load_method`.
            recording: of that network; only what went in and out of the agents is read.
            samples: see `record`.

        Raises:
            ValueError: the network's sizes are not those of the recording.
        """
        self.method, self.recording = method, recording
        spec, sizes = method.spec, recording.sizes
        for axis, size in {"agent": spec.n_agents, "obs_feature": spec.obs_dim, "action": spec.n_actions}.items():
            if sizes[axis] != size:
                raise ValueError(f"the recording has {sizes[axis]} on axis {axis}, but the network expects {size}")
        self.filled: Bool[ndarray, "e t"] = recording["filled"].values
        obs = self._whole("obs")
        taken = torch.as_tensor(recording["action_taken"].values).long()
        last = torch.cat([torch.full_like(taken[:, :1], NO_ACTION), taken[:, :-1]], 1)
        self._obs, self._last = self._rows(obs), self._rows(last)
        self.taken: Int[Tensor, "r n"] = self._rows(taken)
        self.avail: Bool[Tensor, "r n a"] = self._rows(torch.as_tensor(recording["avail"].values))
        with torch.no_grad():
            before, after = self._memories(obs, last)
        self._before: Float[Tensor, "r n h"] = self._rows(before)
        q = torch.as_tensor(recording["q"].values[self.filled]).double()
        masked = mask_unavailable(q, self.avail)
        context = MixContext(
            state=self._rows(self._whole("state")).double(),
            obs=self._obs.double(),
            hidden=self._rows(after).double(),
            actions=self.taken,
            q_max=masked.amax(-1),
            greedy=self.taken == masked.argmax(-1),
        )
        self._mixer = copy.deepcopy(method).double()
        with torch.no_grad():
            generator = torch.Generator().manual_seed(int(recording.attrs["seed"]))
            self._context, self.shown = self._mixer.inspect(context, generator, samples)
        self.q: Float[ndarray, "r n"] = take(q, self.taken).numpy()
        """Utilities of the actions taken."""

    @classmethod
    def load(cls, path: str | Path, recording: xr.Dataset) -> "Probe":
        """Probe the network of a run's folder or weights file."""
        return cls(load_method(path)[0], recording)

    @torch.no_grad()
    def mix(self, q: Float[ndarray, "r n"]) -> MixerOutput:
        """Mix other utilities of the same joint actions, all else as it was."""
        return self._mixer.mix(torch.as_tensor(q), self._context)

    def q_tot(self, q: Float[ndarray, "r n"]) -> Float[ndarray, " r"]:
        """Joint value of other utilities of the same joint actions; raise ValueError for a method without one."""
        value = self.mix(q).q_tot
        if value.dim() > 1:
            raise ValueError(f"{type(self.method).__name__} has no joint value")
        return value.numpy()

    def contributions(self, q: Float[ndarray, "r n"]) -> Float[ndarray, "r k"]:
        """Credit times shape function of every coalition; raise ValueError for a method without a decomposition."""
        out = self.mix(q)
        if out.credits is None or out.contributions is None:
            raise ValueError(f"{type(self.method).__name__} has no decomposition")
        return (out.credits * out.contributions).numpy()

    def slopes(self) -> Float[ndarray, "r n"]:
        """Return dQ_tot / dQ_i at the recorded utilities, by central differences: some methods cut the gradient."""
        step = DIFFERENCE * np.eye(self.q.shape[1])
        ends = [[self.q_tot(self.q + side * e) for side in (1, -1)] for e in step]
        return np.stack([(above - below) / (2 * DIFFERENCE) for above, below in ends], -1)

    def shapley(self, baseline: Float[ndarray, "r n"]) -> Float[ndarray, "r n"]:
        """Shapley value of every agent for Q_tot, against all agents having the utilities of `baseline`.

        Where terms belong to coalitions and depend on their members' utilities alone, their closed form takes n + 2
        evaluations of the mixer for terms of one and two agents, whatever n is. Otherwise all 2^n subsets of at most
        10 agents are evaluated. Both are of `na2q.theory.shapley`.
        """
        member = self.recording["member"].values
        if len(member) and member.any(1).all():
            try:
                return shapley_of_terms(self.contributions, self.q, baseline, member)
            except NotAdditiveError:  # SHAQ's credits depend on the utilities
                pass
        return shapley(self.q_tot, self.q, baseline)

    def shape_grid(self, nodes: Float[ndarray, "n g"]) -> xr.Dataset:
        """Evaluate the shape functions of single agents and pairs on a grid of utilities.

        Args:
            nodes: utilities of each agent, rising, at which the functions are evaluated.

        Returns:
            q (agent, node); unary (agent, node), f_i; pairwise (pair, node, node_2), f_ij with the second agent along
            the last axis; weight (pair, node, node_2), the share of steps nearest to a node. Pairs are labelled
            as coalitions are.
        """
        member, names = self.recording["member"].values, self.recording["coalition"].values
        n, size = nodes.shape
        rows = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), -1).reshape(-1, 2)
        unary, pairs, weights, labels = np.full((n, size), np.nan), [], [], []
        nearest = [nearest_node(self.q[:, i], nodes[i]) for i in range(n)]
        for k, (who, name) in enumerate(zip(member, names, strict=True)):
            agents = np.flatnonzero(who)
            if len(agents) == 1:
                unary[agents[0]] = self._term(np.repeat(nodes[agents[0]][:, None], n, 1), k)
            elif len(agents) == 2:
                i, j = agents
                q = np.zeros((len(rows), n))
                q[:, i], q[:, j] = nodes[i][rows[:, 0]], nodes[j][rows[:, 1]]
                pairs.append(self._term(q, k).reshape(size, size))
                count = np.zeros((size, size))
                np.add.at(count, (nearest[i], nearest[j]), 1)
                weights.append(count / count.sum())
                labels.append(name)
        shape = (len(labels), size, size)
        return xr.Dataset(
            {
                "q": (("agent", "node"), nodes),
                "unary": (("agent", "node"), unary),
                "pairwise": (("pair", "node", "node_2"), np.array(pairs).reshape(shape)),
                "weight": (("pair", "node", "node_2"), np.array(weights).reshape(shape)),
            },
            {"agent": np.arange(n), "pair": np.array(labels, dtype=object)},
        )

    def _term(self, q: Float[ndarray, "g n"], k: int) -> Float[ndarray, " g"]:
        """Shape function k at any number of utilities; state and semantics of the first row stand in."""
        context = self._context
        first = {"state": context.state, "semantics": context.semantics, "obs": context.obs, "hidden": context.hidden}
        fixed = {name: None if x is None else x[:1].expand(len(q), *x.shape[1:]) for name, x in first.items()}
        with torch.no_grad():
            shapes = self._mixer.mix(torch.as_tensor(q), MixContext(**fixed)).contributions
        assert shapes is not None
        return shapes[:, k].numpy()

    @torch.no_grad()
    def utilities(
        self, change: Callable[[Float[ndarray, "r n o"]], Float[ndarray, "r n o"]]
    ) -> Float[ndarray, "r n a"]:
        """Utilities of all actions had the present observations been others; memories are as they were."""
        obs = torch.as_tensor(change(self._obs.numpy().copy()), dtype=torch.float32)
        return self.method.agent.step(obs, self._last, self._before)[0].numpy()

    def spread(self, rows: Float[ndarray, "r ..."]) -> Float[ndarray, "e t ..."]:
        """Put rows back into an array over (episode, step), NaN after the end of episodes."""
        whole = np.full((*self.filled.shape, *rows.shape[1:]), np.nan, rows.dtype)
        whole[self.filled] = rows
        return whole

    def _rows(self, x: Tensor) -> Tensor:
        return x[torch.as_tensor(self.filled)]

    def _whole(self, name: str) -> Tensor:
        return torch.as_tensor(np.nan_to_num(self.recording[name].values))

    def _memories(self, obs: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states before and after each observation, (e, t, n, h)."""
        states = [self.method.agent.initial_hidden(len(obs))]
        for t in range(obs.shape[1]):
            states.append(self.method.agent.step(obs[:, t], last[:, t], states[-1])[1])
        return torch.stack(states[:-1], 1), torch.stack(states[1:], 1)
