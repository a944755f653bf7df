"""Recordings whose explanations are known: a GAM built by hand, and a battle of three units."""

from typing import Any

import numpy as np
import xarray as xr
from numpy import ndarray

from na2q.explain.shapes import nearest_node

MEMBER = np.array([[1, 0], [0, 1], [1, 1]], bool)


def gam(q: ndarray, credit: Any = 1.0, shift: float = 0.0, bias: float = 0.5) -> xr.Dataset:
    """Recording of one episode of f_0 = q_0 + 1, f_1 = 2 q_1, f_01 = q_0 q_1 + 3 q_0, each + shift."""
    shape = np.stack([q[:, 0] + 1, 2 * q[:, 1], q[:, 0] * q[:, 1] + 3 * q[:, 0]], -1)[None] + shift
    alpha = np.broadcast_to(credit, shape.shape)
    steps = ("episode", "step")
    return xr.Dataset(
        {
            "filled": (steps, np.ones((1, len(q)), bool)),
            "q_taken": ((*steps, "agent"), q[None]),
            "shape": ((*steps, "coalition"), shape),
            "credit": ((*steps, "coalition"), alpha),
            "contribution": ((*steps, "coalition"), alpha * shape),
            "bias": (steps, np.full((1, len(q)), bias)),
            "member": (("coalition", "agent"), MEMBER),
        },
        {"coalition": np.array(["0", "1", "0,1"], dtype=object)},
        {"method": "by hand", "env": "none"},
    )


def grid_of(q: ndarray, shift: float = 0.0) -> xr.Dataset:
    """Shape grid of `gam` with a node at every value of q."""
    nodes = np.stack([np.unique(q[:, 0]), np.unique(q[:, 1])])
    weight = np.zeros((nodes.shape[1],) * 2)
    np.add.at(weight, (nearest_node(q[:, 0], nodes[0]), nearest_node(q[:, 1], nodes[1])), 1 / len(q))
    first, second = nodes[0][:, None], nodes[1][None]
    axes = ("pair", "node", "node_2")
    return xr.Dataset(
        {"q": (("agent", "node"), nodes), "pairwise": (axes, (first * second + 3 * first + shift)[None])}
        | {"weight": (axes, weight[None])}
    )


def battle() -> xr.Dataset:
    """Two allies and one enemy over three steps; ally 1 is hurt at step 1 and dead at step 2."""
    unit, steps = ("episode", "step", "unit"), ("episode", "step")
    return xr.Dataset(
        {
            "filled": (steps, np.ones((1, 3), bool)),
            "unit_health": (unit, [[[1.0, 1, 1], [1, 0.5, 1], [1, 0, 1]]]),
            "unit_shield": (unit, [[[0.5, 0, 0], [0.5, 0, 0], [0.2, 0, 0]]]),
            "unit_alive": (unit, [[[True] * 3, [True] * 3, [True, False, True]]]),
            "member": (("coalition", "agent"), MEMBER),
            "action_taken": ((*steps, "agent"), [[[2, 2], [1, 3], [3, 0]]]),
        },
        {"action": np.array(["no-op", "stop", "target 0", "target 1"], dtype=object)},
        {"env": "by hand", "method": "by hand"},
    )
