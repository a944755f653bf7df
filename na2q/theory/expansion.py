"""From the Taylor expansion to additive models: Eqs. (2)-(4), what they mean and how well they approximate.

A joint value is a vectorised function `g` that maps utilities of shape (r, n) to values of shape (r,).
Coalitions are increasing tuples of agent indices; the empty tuple stands for the bias f_0.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from math import comb

import numpy as np
from numpy import ndarray

Coalition = tuple[int, ...]
Function = Callable[[ndarray], ndarray]


def coalitions(n: int, order: int) -> list[Coalition]:
    """All subsets of {0..n-1} with at most `order` members, the empty one first."""
    return [subset for size in range(order + 1) for subset in combinations(range(n), size)]


def n_monomials(n: int, degree: int) -> int:
    """Number of monomials of exactly this degree in n variables, C(n + degree - 1, degree)."""
    return comb(n + degree - 1, degree)


def anchored_decomposition(g: Function, q: ndarray, order: int) -> dict[Coalition, ndarray]:
    """Anchored terms g_S(Q_S) = sum over T in S of (-1)^(|S|-|T|) g(Q_T, 0), all |S| <= order: Eq. (3) made exact.

    Args:
        g: joint value, (r, n) -> (r,).
        q: points, (r, n); the anchor is zero.
        order: largest coalition.

    Returns:
        One array (r,) for each coalition. With `order` n they sum to g exactly (Moebius inversion).
    """
    n = q.shape[1]
    subsets = coalitions(n, order)
    pinned = {s: g(np.where(np.isin(np.arange(n), s), q, 0.0)) for s in subsets}
    return {
        s: sum(((-1) ** (len(s) - len(t)) * pinned[t] for t in subsets if set(t) <= set(s)), np.zeros(len(q)))
        for s in subsets
    }


def anchored_truncation(g: Function, q: ndarray, order: int) -> ndarray:
    """Sum of the anchored terms of at most `order` agents, (r,): Eq. (4) for order 2."""
    return sum(anchored_decomposition(g, q, order).values(), np.zeros(len(q)))


def taylor_truncation(g: Function, q: ndarray, degree: int, radius: float = 0.5, nodes: int = 64) -> ndarray:
    """Taylor polynomial of `g` about zero, Eq. (2), of total degree `degree`, at the points q (r, n).

    The part of degree k at q is the k-th Taylor coefficient of t -> g(t q), read off a circle of this
    radius in the complex plane (Cauchy), so `g` must be analytic there and accept complex numbers.
    """
    angle = 2 * np.pi * np.arange(nodes) / nodes
    on_circle = np.stack([g(radius * np.exp(1j * a) * q) for a in angle])
    parts = (np.fft.fft(on_circle, axis=0) / nodes)[: degree + 1]
    return (parts.real / radius ** np.arange(degree + 1)[:, None]).sum(0)


# --- product grids -------------------------------------------------------------------------------


def gauss_grid(n: int, half_width: float, nodes: int) -> tuple[ndarray, ndarray]:
    """Gauss-Legendre nodes of the box [-half_width, half_width]^n under the uniform distribution.

    Returns:
        Points of shape (nodes^n, n), last agent fastest, and the weights of one axis, which sum to one.
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    axes = np.meshgrid(*[half_width * x] * n, indexing="ij")
    return np.stack([axis.ravel() for axis in axes], -1), w / 2


def anova(values: ndarray, weights: ndarray) -> dict[Coalition, ndarray]:
    """ANOVA terms of a function on a product grid: the anchored ones with averages in place of zeros.

    Args:
        values: function values, one axis of length p for each agent.
        weights: probabilities of the p nodes, the same for every agent.

    Returns:
        One array for each coalition, with axes of length 1 for absent agents, so that they broadcast.
        Every term has mean zero along each of its agents; the terms sum to `values`. Truncated at
        order l they are the least-squares best order-l additive model.
    """
    n = values.ndim
    means = {s: _average(values, [i for i in range(n) if i not in s], weights) for s in coalitions(n, n)}
    terms: dict[Coalition, ndarray] = {}
    for s in means:
        inner = [terms[t] for t in terms if set(t) < set(s)]
        terms[s] = means[s] - reduce(np.add, inner) if inner else means[s]
    return terms


def anova_truncation(values: ndarray, weights: ndarray, order: int) -> ndarray:
    """Least-squares best additive model of at most `order` agents a term, on the grid of `values`.

    Shapes as in `anova`; one value for each node.
    """
    kept = [term for s, term in anova(values, weights).items() if len(s) <= order]
    return np.broadcast_to(reduce(np.add, kept), values.shape)


def purify(terms: Mapping[Coalition, ndarray], weights: ndarray) -> dict[Coalition, ndarray]:
    """Move whatever a term shares with smaller coalitions down to them (purification).

    Args:
        terms: contributions alpha_k f_k on a product grid, broadcastable as `anova` returns them.
        weights: probabilities of the nodes, the same for every agent.

    Returns:
        The terms of the unique centred decomposition of the same sum, whichever gauge `terms` was in.
    """
    shape = np.broadcast_shapes(*(term.shape for term in terms.values()))
    total = reduce(np.add, terms.values())
    largest = max(len(s) for s in terms)
    return {s: t for s, t in anova(np.broadcast_to(total, shape), weights).items() if len(s) <= largest}


def relative_rmse(values: ndarray, fit: ndarray, weights: ndarray) -> float:
    """Root mean squared error on a product grid over the standard deviation of `values`; shapes as in `anova`."""
    axes = list(range(values.ndim))
    mean = _average(values, axes, weights)
    error, spread = (_average(np.square(x), axes, weights).item() for x in (values - fit, values - mean))
    return float(np.sqrt(error / spread))


def _average(values: ndarray, axes: Sequence[int], weights: ndarray) -> ndarray:
    for axis in axes:
        values = np.tensordot(values, weights, (axis, 0))
        values = np.expand_dims(values, axis)
    return values


def interaction_spectrum(pair: ndarray, weights: ndarray) -> ndarray:
    """Singular values of the pure interaction of two agents on a product grid, over the largest.

    A term <a, F>^2 of Eq. (11) contributes a multiple of f_1(Q_1) f_2(Q_2) to a pair, which is one
    singular value; a free f_12 may have as many as the grid allows.

    Args:
        pair: values (p, p) of a pair's term.
        weights: probabilities of the p nodes, the same for both agents.
    """
    root = np.sqrt(weights)
    values = np.linalg.svd(root[:, None] * anova(pair, weights)[0, 1] * root, compute_uv=False)
    return values / values[0]
