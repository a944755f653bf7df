"""How deep two-sided units have to be: what one, two and three hidden layers of them can and cannot represent.

The question is that of Table 4, with other units. A two-sided network has hidden units ELU(x) and -ELU(-x), weights >=
0 and free biases. The statements are proved in the book; here are the inequalities that shallow networks obey, and the
network of three layers.
"""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
from numpy import ndarray

from na2q.theory.monotone import elu

MARGIN = 1 / 24  # distance of the test points from the edges; any value up to 1/12 does


def staircase(q: ndarray) -> ndarray:
    """Indicator of {x >= 1/3, y >= 2/3} or {x >= 2/3, y >= 1/3} at points (r, 2): one of two agents has to do more."""
    low, high = np.sort(q, -1).T
    return ((low >= 1 / 3) & (high >= 2 / 3)).astype(float)


def six_points(margin: float = MARGIN) -> tuple[ndarray, ndarray]:
    """Points of the inequality that two hidden layers obey: (3, 2) whose values count positive, (3, 2) negative.

    Every network f with two hidden layers of two-sided units has sum f(positive) >= sum f(negative). The staircase
    has 1 on the left and 2 on the right, so each such network misses it by 1/6 or more at one of the six points.

    Raises:
        ValueError: a margin outside of (0, 1/12].
    """
    if not 0 < margin <= 1 / 12:
        raise ValueError(f"margin is {margin}, must lie in (0, 1/12]")
    third, two = 1 / 3, 2 / 3
    positive = [[two - margin, two - margin], [third - margin, 1.0], [1.0, 1.0]]
    negative = [[third + margin, two + margin], [two + margin, third + margin], [0.0, 0.0]]
    return np.array(positive), np.array(negative)


def excess(f: Callable[[ndarray], ndarray], margin: float = MARGIN) -> float:
    """Left side of the inequality less its right side for f: (r, 2) -> (r,); never negative with two hidden layers."""
    positive, negative = six_points(margin)
    return float(f(positive).sum() - f(negative).sum())


def steepest_slope(rise: float, x: float) -> float:
    """Largest slope at x in (-1, 1) of a one-layer function of one variable that rises by `rise` over [-1, 1]."""
    return rise / (1 - abs(x))


def two_sided_network(seed: int, widths: tuple[int, ...], inputs: int) -> Callable[[ndarray], ndarray]:
    """Random two-sided network: half of each layer's units ELU, half mirrored; maps (r, inputs) to (r,)."""
    rng = np.random.default_rng(seed)
    sizes = (inputs, *widths, 1)
    layers = [
        (rng.exponential(size=(a, b)) * rng.integers(0, 2, (a, b)) * 4 / a, 4 * rng.normal(size=b))
        for a, b in pairwise(sizes)
    ]

    def network(x: ndarray) -> ndarray:
        for depth, (weight, bias) in enumerate(layers):
            if depth:
                half = x.shape[-1] // 2
                x = np.concatenate([elu(x[..., :half]), -elu(-x[..., half:])], -1)
            x = x @ weight + bias
        return x[..., 0]

    return network


def three_layers(f: Callable[[ndarray], ndarray], agents: int, levels: int, cells: int) -> Callable[[ndarray], ndarray]:
    """Three hidden layers of two-sided units that approximate a nondecreasing f: [0, 1]^n -> [0, 1].

    Layer 1 has a mirrored unit for each grid threshold and agent, min(cells (q_i - t), 0). Layer 2 has a convex unit
    for each grid point, max(1 + sum_i of them, 0): 1 where every q_i has reached its threshold, 0 where one is a cell
    below. Layer 3 has a mirrored unit for each level, min(sum over the points at which f has the level, 1): 1 where
    one of them is reached. The mean over levels is within 2 / levels of f, if f changes by at most 1 / levels within
    a cell. (min and max are the limits of ELU(B x) / B for large B.)

    Args:
        f: (r, n) -> (r,).
        agents: their number n.
        levels: units of the third layer.
        cells: cells of the grid along each axis.
    """
    grid = np.array(list(product(np.arange(cells + 1) / cells, repeat=agents)))
    reaches = f(grid)[:, None] >= np.arange(1, levels + 1) / levels - 1e-12  # (points, levels)

    def network(q: ndarray) -> ndarray:
        short = np.minimum(cells * (q[:, None] - grid), 0)  # layer 1, in the order of layer 2
        reached = np.maximum(1 + short.sum(-1), 0)
        return np.minimum(reached @ reaches, 1).mean(-1)

    return network
