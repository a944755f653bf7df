"""Monotone mixing and the IGM principle: Eqs. (1) and (7), Table 4, and what such mixers cannot represent."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy import ndarray

Function = Callable[[ndarray], ndarray]


class IGM(NamedTuple):
    """Whether greedy agents are jointly greedy (weak), and jointly greedy agents greedy too (strict)."""

    weak: bool
    strict: bool


def elu(x: ndarray) -> ndarray:
    """ELU with alpha = 1: x where x > 0, else exp(x) - 1."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def joint_utilities(utilities: ndarray) -> ndarray:
    """Utilities of every joint action: (n, a) -> (a^n, n), last agent fastest."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*utilities, indexing="ij")], -1)


def check_igm(utilities: ndarray, q_tot: ndarray, tolerance: float = 0.0) -> IGM:
    """Compare both sides of Eq. (1), as sets of joint actions, by enumeration.

    Args:
        utilities: Q_i(u_i), (n, a).
        q_tot: joint value of every joint action in the order of `joint_utilities`, (a^n,).
        tolerance: values within it of the maximum count as maximal.
    """
    best_each = utilities >= utilities.max(1, keepdims=True) - tolerance
    local = joint_utilities(best_each).all(1)
    joint = q_tot >= q_tot.max() - tolerance
    return IGM(bool(joint[local].all()), bool((joint == local).all()))


# --- shape of a function -------------------------------------------------------------------------


def convexity_gap(f: Function, x: ndarray, y: ndarray) -> ndarray:
    """Mean of f(x) and f(y) minus f at the midpoint, (r,); never negative where f is convex."""
    return (f(x) + f(y)) / 2 - f((x + y) / 2)


def mixed_difference(f: Function, q: ndarray, i: int, j: int, step: float) -> ndarray:
    """Second difference of f in the utilities of agents i and j, (r,); never negative if supermodular."""
    e_i, e_j = step * np.eye(q.shape[1])[[i, j]]
    return f(q + e_i + e_j) - f(q + e_i) - f(q + e_j) + f(q)


def concave_floor(g: Function, low: float, high: float, points: int = 100_001) -> float:
    """Smallest sup error of any convex approximation of a concave function of one variable.

    It is half the largest height of `g` above its chord, attained by the chord raised by as much.
    """
    x = np.linspace(low, high, points)
    values = g(x)
    chord = values[0] + (values[-1] - values[0]) * (x - low) / (high - low)
    return float((values - chord).max() / 2)


def supermodular_floor(g: Function, low: float, high: float) -> float:
    """Lower bound on the sup error of any supermodular approximation of g(Q_1, Q_2) on a square.

    Four corner errors of at most E change the mixed difference by at most 4 E; it has to reach zero.
    """
    span = mixed_difference(g, np.array([[low, low]]), 0, 1, high - low)
    return float(np.maximum(-span, 0)[0] / 4)


# --- payoff games --------------------------------------------------------------------------------


def weak_orders(actions: int) -> Iterator[tuple[int, ...]]:
    """All rankings with ties of so many actions: ranks 0..r-1, each used."""
    for ranks in product(range(actions), repeat=actions):
        if set(ranks) == set(range(max(ranks) + 1)):
            yield ranks


def monotone_fit(payoff: ndarray) -> ndarray:
    """Best approximation, in sup norm, of a payoff matrix (a, a') by any monotone mixer of two agents.

    A mixer sees the actions only through two rankings. For fixed rankings the mean of the largest
    payoff below and the smallest above is nondecreasing and misses by half the largest fall between
    comparable joint actions, which no nondecreasing function can better; all rankings are tried.
    """
    best, smallest = payoff, np.inf
    flat = payoff.ravel()
    for rows in weak_orders(payoff.shape[0]):
        for columns in weak_orders(payoff.shape[1]):
            rank = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
            below = (rank[:, None] <= rank[None]).all(-1)  # below[y, x]: y ranks no higher than x
            highest = np.where(below, flat[:, None], -np.inf).max(0)
            lowest = np.where(below, flat[None], np.inf).min(1)
            fit = (highest + lowest) / 2
            error = np.abs(fit - flat).max()
            if error < smallest:
                best, smallest = fit.reshape(payoff.shape), error
    return best


def monotone_floor(payoff: ndarray) -> float:
    """Smallest sup error of any monotone mixer of two agents on a payoff matrix (a, a'), whatever the utilities."""
    return float(np.abs(monotone_fit(payoff) - payoff).max())


class Duplex(NamedTuple):
    """QPLEX's form of a payoff matrix: payoff = value + sum_i weights_i(u) * advantage_i(u_i)."""

    value: float
    advantages: tuple[ndarray, ndarray]  # (a,) of each agent, zero for the greedy action and negative for others
    weights: ndarray  # (2, a, a), positive

    def payoff(self) -> ndarray:
        """Joint values, (a, a)."""
        rows, columns = self.advantages
        return self.value + self.weights[0] * rows[:, None] + self.weights[1] * columns[None]


def duplex_decomposition(payoff: ndarray) -> Duplex:
    """Write any payoff matrix (a, a') with a single best joint action in QPLEX's form, exactly.

    Non-greedy actions get advantage -1, and the agents off their greedy action share the loss of a
    joint action equally; the weight of an agent on its greedy action does not matter and is 1 (App. A).

    Raises:
        ValueError: several joint actions are best.
    """
    best = np.unravel_index(payoff.argmax(), payoff.shape)
    if (payoff == payoff.max()).sum() > 1:
        raise ValueError("payoff has several best joint actions: the greedy actions are not unique")
    rows, columns = (-(np.arange(size) != i).astype(float) for size, i in zip(payoff.shape, best, strict=True))
    off = np.stack(np.meshgrid(rows < 0, columns < 0, indexing="ij"))
    loss = payoff.max() - payoff
    weights = np.where(off, loss / np.maximum(off.sum(0), 1), 1.0)
    return Duplex(float(payoff.max()), (rows, columns), weights)
