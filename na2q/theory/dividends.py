"""A cooperative game given by what every subset of its n agents is worth: an array v of shape (..., 2^n).

Entry b of the last axis is the worth of the subset whose members are the ones among the bits of b, agent 0 being the
lowest bit: v[..., 0] is that of nobody, v[..., -1] that of all. Leading axes are games of their own.

Dividends are Harsanyi's (1963), d(T) = sum over S within T of (-1)^(|T| - |S|) v(S). Shapley values (1953), Banzhaf
values (1965) and Shapley interaction indices (Grabisch and Roubens, 1999) are sums of them, see each function.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy import ndarray

MOST = 20  # agents, so that a game has a million subsets at most


def agents_in(worth: ndarray) -> int:
    """Return the number of agents n of games of shape (..., 2^n); raise ValueError for another shape."""
    size = worth.shape[-1] if worth.ndim else 0
    n = size.bit_length() - 1
    if n < 1 or size != 2**n:
        raise ValueError(f"worth has shape {worth.shape}, but its last axis must be 2^n long, for n agents")
    return n


def members(n: int) -> ndarray:
    """Return who is in which subset, bool (2^n, n); raise ValueError unless n is 1 to 20."""
    if not 1 <= n <= MOST:
        raise ValueError(f"n is {n}, must be 1 to {MOST}: {MOST} agents have a million subsets")
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)


def groups(n: int, size: int) -> ndarray:
    """Return all groups of `size` of n agents in lexicographic order, (g, size), as terms of a model are ordered.

    Raises ValueError unless size is 1 to n.
    """
    if not 1 <= size <= n:
        raise ValueError(f"size is {size}, must be 1 to {n}, the number of agents")
    return np.array(list(combinations(range(n), size)))


def dividends(worth: ndarray) -> ndarray:
    """Return the Harsanyi dividend of every subset, in the shape of `worth`; that of nobody is v of nobody."""
    return _butterfly(worth, lambda without, with_: (without, with_ - without))


def shapley_values(worth: ndarray) -> ndarray:
    """Return every agent's Shapley value, (..., n): of each dividend, an equal share to all of its subset."""
    return interactions(worth, 1)


def banzhaf_values(worth: ndarray) -> ndarray:
    """Return every agent's Banzhaf value, (..., n): its mean gain over all subsets of the others."""
    who = members(agents_in(worth))
    return np.stack([worth[..., has].mean(-1) - worth[..., ~has].mean(-1) for has in who.T], -1)


def differences(worth: ndarray) -> ndarray:
    """Return every agent's difference reward (Wolpert and Tumer, 2002), (..., n): v of all less v without the agent."""
    n = agents_in(worth)
    return np.stack([worth[..., -1] - worth[..., 2**n - 1 - 2**i] for i in range(n)], -1)


def interactions(worth: ndarray, size: int = 2) -> ndarray:
    """Return the Shapley interaction index of every group of agents of one size.

    Args:
        worth: the games, (..., 2^n).
        size: of the groups; 1 gives Shapley values.

    Returns:
        The sum over the subsets T that hold a group of d(T) / (|T| - size + 1), (..., g) in the order of `groups`.
    """
    n = agents_in(worth)
    gains, who = dividends(worth), members(n)
    found = []
    for group in groups(n, size):
        holding = who[:, group].all(1)
        found.append((gains[..., holding] / (who[holding].sum(1) - size + 1)).sum(-1))
    return np.stack(found, -1)


def pure(worth: ndarray, size: int = 2) -> ndarray:
    """Return the dividends of all groups of agents of one size, (..., g) in the order of `groups`."""
    n = agents_in(worth)
    return dividends(worth)[..., (1 << groups(n, size)).sum(1)]


def spectrum(worth: ndarray, again: ndarray | None = None) -> ndarray:
    """Return how much the worth of a random subset varies by terms of each order, (..., n), orders 1 to n.

    Every agent is in the subset or not by the toss of a coin. Then v is a sum of uncorrelated terms, one for each
    group of agents (its Walsh coefficients), and their variances, summed within each size, add up to that of v. What
    orders 1 and 2 have of the sum is the share of v that the best model of single agents and pairs explains.

    Args:
        worth: the games, (..., 2^n).
        again: where games were measured, an independent measurement of them. Products of both stand in place of
            squares, so that noise adds nothing on average.
    """
    n = agents_in(worth)
    first, second = (_walsh(x) for x in (worth, worth if again is None else again))
    size = members(n).sum(1)
    return np.stack([(first * second)[..., size == order].sum(-1) for order in range(1, n + 1)], -1)


def _walsh(worth: ndarray) -> ndarray:
    return _butterfly(worth, lambda without, with_: ((without + with_) / 2, (without - with_) / 2))


def _butterfly(worth: ndarray, combine: Callable[[ndarray, ndarray], tuple[ndarray, ndarray]]) -> ndarray:
    """Combine, agent by agent, the entries of subsets without the agent with those of the same subsets with it."""
    n = agents_in(worth)
    halves = np.asarray(worth, float)
    for i in range(n):
        split = halves.reshape(*worth.shape[:-1], 2 ** (n - 1 - i), 2, 2**i)
        halves = np.stack(combine(split[..., 0, :], split[..., 1, :]), -2).reshape(worth.shape)
    return halves
