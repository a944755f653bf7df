"""Experiments on monotone networks: random mixers, as they are and damaged, and fits of single shape functions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from na2q.config import NA2QOptions
from na2q.methods.na2q import NA2QMixer, ShapeFunctions
from na2q.spec import EnvSpec
from na2q.theory import depth, monotone
from na2q.types import MixContext

Goal = Callable[[Tensor], Tensor]

STEEP = 4.0
"""Factor on the first weights of a shape function, which takes its units out of their linear range."""


def random_mixer(n: int, options: NA2QOptions | None = None) -> NA2QMixer:
    """Build NA2Q's mixer for n agents in double precision, its shape functions steep enough to bend."""
    mixer = NA2QMixer(EnvSpec(n, 3, 4, 4 * n, 1), 64, options or NA2QOptions()).double()
    with torch.no_grad():
        for shape in mixer.shapes:
            for layer in shape.layers:
                layer.weight *= STEEP
    return mixer


def random_context(n: int, rows: int) -> MixContext:
    """Draw one state and the semantics of n agents, the same in all rows; the mixer sees no more."""
    state, z = torch.randn(4 * n).double(), torch.randn(n, 64).double()
    none: dict[str, Any] = dict.fromkeys(("obs", "hidden", "actions", "q_max", "greedy"))
    return MixContext(state=state.expand(rows, -1), semantics=z.expand(rows, -1, -1), **none)


@torch.no_grad()
def keeps_igm(n: int, flipped: float = 0.0, credit_signs: bool = False) -> bool:
    """Whether greedy agents are jointly greedy, Eq. (1), in one random mixer with three actions of each agent.

    Args:
        n: agents.
        flipped: share of the shape functions' weights that are negated.
        credit_signs: give each credit a random sign.
    """
    mixer = random_mixer(n)
    for layer in (layer for shape in mixer.shapes for layer in shape.layers):
        layer.weight *= torch.where(torch.rand_like(layer.weight) < flipped, -1.0, 1.0)
    utilities = torch.randn(n, 3).double().numpy()
    q = torch.as_tensor(monotone.joint_utilities(utilities))
    out = mixer(q, random_context(n, len(q)))
    signs = torch.randn(out.credits.shape[-1]).sign() if credit_signs else 1.0
    q_tot = (signs * out.credits * out.contributions).sum(-1) + out.bias
    return monotone.check_igm(utilities, q_tot.numpy(), 1e-9).weak


@torch.no_grad()
def keeps_target(n: int) -> bool:
    """Whether locally greedy actions have the target value of the joint maximum, for two random mixers."""
    online, target, utilities = random_mixer(n), random_mixer(n), torch.randn(n, 4).double()
    q = torch.as_tensor(monotone.joint_utilities(utilities.numpy()))
    greedy = monotone.joint_utilities(np.eye(4)[utilities.argmax(1)] > 0)
    best = torch.as_tensor(greedy).all(1).nonzero().item()
    context, others = random_context(n, len(q)), torch.randn(n, 4).double().numpy()
    values = target(torch.as_tensor(monotone.joint_utilities(others)), context).q_tot
    return torch.equal(values[online(q, context).q_tot.argmax()], values[best])


def least_bends(shape: str, trials: int) -> ndarray:
    """Smallest convexity gap and mixed difference over random mixers of two agents, over the spread of their values.

    Args:
        shape: units of the shape functions, "table4" or "two_sided".
        trials: random mixers.
    """
    found = []
    for trial in range(trials):
        mixer, context = random_mixer(2, replace(NA2QOptions(), shape=shape)), random_context(2, 300)

        def value(q: ndarray, mixer: NA2QMixer = mixer, context: MixContext = context) -> ndarray:
            return mixer(torch.as_tensor(q), context).q_tot.detach().numpy()

        a, b = np.random.default_rng(trial).uniform(-3, 3, (2, 300, 2))
        gap, mixed = monotone.convexity_gap(value, a, b), monotone.mixed_difference(value, a, 0, 1, 0.5)
        found.append(np.array([gap.min(), mixed.min()]) / np.std(value(a)))
    return np.min(found, 0)


def fit_shape(order: int, goal: Goal, shape: str, steps: int, seed: int) -> ShapeFunctions:
    """Fit one shape function to an increasing target on [-1, 1]^order, in the end by its largest error.

    Args:
        order: utilities that it sees.
        goal: target, of utilities (rows, order).
        shape: its units, "table4" or "two_sided".
        steps: of Adam; the first half minimises the squared error.
        seed: of weights and inputs.
    """
    torch.manual_seed(seed)
    net = ShapeFunctions(order, order, replace(NA2QOptions(), shape=shape, nonneg="abs"))
    q = 2 * torch.rand(256, order) - 1
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    for step in range(steps):
        optimizer.zero_grad()
        missed = (net(q)[:, 0] - goal(q)).abs()
        (missed.square().mean() if 2 * step < steps else missed.max()).backward()
        optimizer.step()
    return net


def fit_staircase(steps: int, seed: int, widths: Sequence[int] = (24, 24)) -> Callable[[ndarray], ndarray]:
    """Fit two hidden layers of two-sided units to the staircase of `na2q.theory.depth`, off its edges.

    Returns the fit as a function of utilities (rows, 2) in [0, 1].
    """
    torch.manual_seed(seed)
    options = replace(NA2QOptions(), shape="two_sided", nonneg="abs", shape_hidden=tuple(widths))
    net, q = ShapeFunctions(2, 2, options), torch.rand(800, 2)
    edges = torch.tensor([1 / 3, 2 / 3])
    q = q[((q[..., None] - edges).abs() > 0.03).flatten(1).all(1)]
    goal = torch.as_tensor(depth.staircase(q.numpy())).float()
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        (net(6 * q - 3)[:, 0] - goal).square().mean().backward()
        optimizer.step()
    return lambda x: net(6 * torch.as_tensor(x).float() - 3)[:, 0].detach().numpy()
