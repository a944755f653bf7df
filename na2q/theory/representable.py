"""Which payoffs NA2Q represents once utilities are learned: membership, best fits and explicit networks.

A payoff holds the value of every joint action of n agents, one axis each. A mixer sees actions only through
utilities, hence through one ranking of each agent's actions. VDN reaches sums. The closure of what NA2Q reaches, with
shape functions of Table 4 as wide as need be, is the set of payoffs::

    c + sum_i sum_k a_ik 1{u_i >= k} + sum_ij sum_kl w_ijkl 1{u_i >= k} 1{u_j >= l},   a, w >= 0

Here >= is by rank. They are sums of nondecreasing, supermodular terms of one and two agents in common rankings.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, permutations, product
from typing import Literal, NamedTuple

import numpy as np
from numpy import ndarray
from scipy.optimize import nnls

Family = Literal["sum", "pairwise", "monotone"]
"""Families of payoffs by what a mixer reaches. VDN has sums, NA2Q the set above, QMIX what rises in ranked actions."""
Ranking = tuple[tuple[int, ...], ...]  # for each agent its actions, worst first


def rankings(shape: tuple[int, ...]) -> Iterator[Ranking]:
    """All strict rankings of every agent's actions; ties are limits of them."""
    return product(*(permutations(range(size)) for size in shape))


def ranked(payoff: ndarray, ranking: Ranking) -> ndarray:
    """Payoff (a, b, ...), one axis an agent, with the actions of each agent in order of rank."""
    return payoff[np.ix_(*ranking)]


def differences(payoff: ndarray) -> tuple[list[ndarray], list[ndarray], float]:
    """Coefficients a_i and w_ij of a payoff in the order of its axes, and its largest difference of order three.

    The payoff has shape (a, b, ...), one axis an agent. With fewer than three agents the last is 0. They are unique,
    since the indicators are linearly independent.
    """
    n = payoff.ndim

    def base(*axes: int) -> ndarray:
        return payoff[tuple(slice(None) if i in axes else 0 for i in range(n))]

    first = [np.diff(base(i)) for i in range(n)]
    second = [np.diff(np.diff(base(*pair), axis=0), axis=1) for pair in combinations(range(n), 2)]
    rebuilt = np.full(payoff.shape, payoff.flat[0])
    for i, a in enumerate(first):
        rebuilt = rebuilt + np.pad(a.cumsum(), (1, 0)).reshape([-1 if j == i else 1 for j in range(n)])
    for (i, j), w in zip(combinations(range(n), 2), second, strict=True):
        both = np.pad(w.cumsum(0).cumsum(1), (1, 0))
        rebuilt = rebuilt + both.reshape([payoff.shape[k] if k in (i, j) else 1 for k in range(n)])
    return first, second, float(np.abs(payoff - rebuilt).max())


def is_representable(payoff: ndarray, family: Family, tolerance: float = 1e-9) -> bool:
    """Whether a payoff (a, b, ...) lies in the closure of what a family of mixers reaches with learned utilities."""
    if family == "sum":
        _, second, rest = differences(payoff)
        return rest <= tolerance and all(bool((np.abs(w) <= tolerance).all()) for w in second)
    return _fits(ranked(payoff, by_means(payoff)), family, tolerance)


def by_means(payoff: ndarray) -> Ranking:
    """Rank actions by their mean payoff, (a, b, ...): the one ranking under which a payoff can be nondecreasing.

    Where it is, a higher action has a mean at least as high, and actions with equal means have equal payoffs.
    """
    others = [tuple(j for j in range(payoff.ndim) if j != i) for i in range(payoff.ndim)]
    return tuple(tuple(np.argsort(payoff.mean(axes)).tolist()) for axes in others)


def _fits(payoff: ndarray, family: Family, tolerance: float) -> bool:
    if family == "monotone":
        return all(bool((np.diff(payoff, axis=i) >= -tolerance).all()) for i in range(payoff.ndim))
    first, second, rest = differences(payoff)
    return rest <= tolerance and all(bool((x >= -tolerance).all()) for x in (*first, *second))


class Fit(NamedTuple):
    """Best approximation of a payoff in least squares."""

    values: ndarray  # as the payoff
    error: float  # sum of squares
    ranking: Ranking


def best_fit(payoff: ndarray, family: Family) -> Fit:
    """Least-squares best approximation of a payoff (a, b, ...) by a family; each ranking is a convex problem."""
    if family == "sum":
        means = [payoff.mean(tuple(j for j in range(payoff.ndim) if j != i), keepdims=True) for i in range(payoff.ndim)]
        values = sum(means) - (payoff.ndim - 1) * payoff.mean()
        return Fit(values, float(((values - payoff) ** 2).sum()), tuple(tuple(range(s)) for s in payoff.shape))
    best: Fit | None = None
    for ranking in rankings(payoff.shape):
        values = np.empty(payoff.shape)
        values[np.ix_(*ranking)] = fit_in_order(ranked(payoff, ranking), family)
        error = float(((values - payoff) ** 2).sum())
        if best is None or error < best.error:
            best = Fit(values, error, ranking)
    assert best is not None  # every payoff has a ranking
    return best


def relative_miss(payoff: ndarray, family: Family) -> float:
    """Root of the squared error of a family's best fit to a payoff (a, b, ...) over that of the mean."""
    return float(np.sqrt(best_fit(payoff, family).error / ((payoff - payoff.mean()) ** 2).sum()))


def fit_in_order(payoff: ndarray, family: Family, weight: ndarray | None = None) -> ndarray:
    """Least-squares best member of a family's cone in the order of the payoff's axes: non-negative least squares.

    Args:
        payoff: joint values (a, b, ...), actions of each agent from worst to best.
        family: "pairwise" or "monotone".
        weight: of each joint action, positive; equal without it.
    """
    root = np.sqrt(np.ones(payoff.size) if weight is None else weight.ravel())
    design = _generators(payoff.shape, family)
    solution, _ = nnls(root[:, None] * design, root * payoff.ravel())
    return (design @ solution).reshape(payoff.shape)


@cache
def _generators(shape: tuple[int, ...], family: Family) -> ndarray:
    """Extreme rays of a family's cone in the given order of actions, as columns; the constant comes with both signs."""
    index = np.indices(shape).reshape(len(shape), -1)
    constant = [np.ones(index.shape[1]), -np.ones(index.shape[1])]
    if family == "monotone":
        return np.stack([*constant, *up_sets(shape)[1:-1].reshape(-1, index.shape[1]).astype(float)], -1)
    columns = [index[i] >= k for i, size in enumerate(shape) for k in range(1, size)]
    for i, j in combinations(range(len(shape)), 2):
        columns += [(index[i] >= k) & (index[j] >= l) for k in range(1, shape[i]) for l in range(1, shape[j])]  # noqa: E741  (l as in the paper)
    return np.stack([*constant, *columns], -1).astype(float)


def up_sets(shape: tuple[int, ...]) -> ndarray:
    """All sets (s, a, b, ...) that contain with a joint action all that rank above it; the empty one first.

    Built axis by axis: an up-set is a rising sequence of up-sets of the remaining axes.
    """
    if not shape:
        return np.array([False, True])
    rest = up_sets(shape[1:])
    below: ndarray = np.all((~rest[:, None] | rest[None]).reshape(len(rest), len(rest), -1), axis=-1)
    chains: list[list[int]] = [[s] for s in range(len(rest))]
    for _ in range(shape[0] - 1):
        chains = [[*chain, s] for chain in chains for s in np.flatnonzero(below[chain[-1]]).tolist()]
    return rest[np.array(chains)]


# --- an explicit network -------------------------------------------------------------------------


def shrinking_utilities(actions: int, ratio: float) -> ndarray:
    """Utilities of so many actions by rank, 0, 1, 1 + ratio, 1 + ratio + ratio^2, ...: gaps that shrink."""
    return np.concatenate([[0.0], np.cumsum(ratio ** np.arange(actions - 1))])


def ridge_network(payoff: ndarray, ratio: float) -> tuple[ndarray, Callable[[ndarray, ndarray], ndarray]]:
    """Network of ELU units with weights >= 0 for a nondecreasing supermodular payoff (a, a) of two ranked agents.

    Every indicator 1{i >= k, j >= l} is one unit. On utilities with shrinking gaps, a sum of both utilities, each
    divided by the gap below its threshold, is within 2 ratio / (1 - ratio) of 0 if both pass, and at most
    -1 + ratio / (1 - ratio) otherwise.

    Returns:
        The utilities (a,), of both agents, and the mixer as a function of two arrays of utilities.
    """
    (rows, columns), (both,), _ = differences(payoff)
    utilities = shrinking_utilities(max(payoff.shape), ratio)
    steep, slack = 1 / ratio, ratio / (1 - ratio)
    units = [(float(a), k, 0) for k, a in enumerate(rows, 1)] + [(float(b), 0, l) for l, b in enumerate(columns, 1)]  # noqa: E741
    units += [(float(w), k + 1, l + 1) for (k, l), w in np.ndenumerate(both)]  # noqa: E741

    def mixer(q_1: ndarray, q_2: ndarray) -> ndarray:
        total = np.full(np.broadcast(q_1, q_2).shape, float(payoff[0, 0]))
        for weight, k, l in units:  # noqa: E741
            x = sum((q - utilities[t]) / ratio ** (t - 1) for q, t in ((q_1, k), (q_2, l)) if t)
            y = steep * (1 + x / (1 - slack)) - 1
            total = total + weight * (np.where(y > 0, y, np.expm1(np.minimum(y, 0))) + 1) / steep
        return total

    return utilities, mixer


def ridge_error(payoff: ndarray, ratio: float) -> float:
    """Largest error of `ridge_network` on a payoff (a, a), over the payoff's range."""
    utilities, mixer = ridge_network(payoff, ratio)
    missed = mixer(utilities[:, None], utilities[None]) - payoff
    return float(np.abs(missed).max() / np.ptp(payoff))
