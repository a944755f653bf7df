"""What an additive model identifies: Eq. (7) rewritten without any change of Q_tot, and how far credits can move.

Terms are in NA2Q's order: agents 0..n-1, then the pairs (i, j), i < j, lexicographically. A change of model is an
array `moved` of shape (p, 2): pair (i, j) takes moved[., 0] of f_i and moved[., 1] of f_j on top of itself, in units
of its own old credit. With b = 1 / (1 + moved.sum(1))::

    f'_ij = b (f_ij + moved_0 f_i + moved_1 f_j),   alpha'_ij = alpha_ij / b,
    f'_i = f_i,                                     alpha'_i = alpha_i - sum_j moved alpha_ij

This leaves every Q_tot as it is and keeps the sum of the credits at one.
"""

from itertools import combinations

import numpy as np
from numpy import ndarray
from scipy.optimize import linprog

MOST = 1e3  # bounds each entry of `moved`, so that every linear programme has an optimum


def pairs_of(n: int) -> ndarray:
    """All pairs of n agents in the order of the terms, (p, 2)."""
    return np.array(list(combinations(range(n), 2)))


def agents_of(terms: int) -> int:
    """Number of agents n with n + n (n - 1) / 2 terms; ValueError where there is none."""
    n = round((np.sqrt(8 * terms + 1) - 1) / 2)
    if n < 2 or n * (n + 1) // 2 != terms:
        raise ValueError(f"{terms} terms are not those of two or more agents and all their pairs")
    return n


def changed_credits(credits: ndarray, moved: ndarray) -> ndarray:
    """Credits of the changed model.

    Args:
        credits: alpha, (..., m), agents first.
        moved: what each pair takes of its two members' shape functions, (p, 2).
    """
    n = agents_of(credits.shape[-1])
    return credits @ _change(n, moved)


def changed_contributions(credits: ndarray, shapes: ndarray, moved: ndarray) -> ndarray:
    """Contributions alpha'_k f'_k of the changed model, (r, m); they add up to the same sum.

    Args:
        credits: alpha, (r, m).
        shapes: values f_k(Q_k), (r, m).
        moved: as in `changed_credits`.

    Raises:
        ValueError: a pair would keep nothing of itself (1 + moved_0 + moved_1 is not positive).
    """
    n = agents_of(credits.shape[-1])
    kept = 1 + moved.sum(1)
    if not (kept > 0).all():
        raise ValueError(f"1 + moved_0 + moved_1 must be positive for every pair, got {kept.min():.3g}")
    mine = pairs_of(n)
    taken = shapes[:, n:] + (shapes[:, mine] * moved).sum(-1)
    return changed_credits(credits, moved) * np.concatenate([shapes[:, :n], taken / kept], -1)


def _change(n: int, moved: ndarray) -> ndarray:
    """Matrix C, (m, m), with alpha' = alpha C."""
    mine = pairs_of(n)
    change = np.eye(n + len(mine))
    rows = n + np.arange(len(mine))
    change[rows, rows] += moved.sum(1)
    for side in (0, 1):
        change[rows, mine[:, side]] -= moved[:, side]
    return change


def movement_spectrum(credits: ndarray) -> ndarray:
    """Singular values, over the largest, of alpha(s, z) - alpha(s, z') for several z at each of several states.

    The book's theorem asks for m - 1 of them that are not zero: then z moves the credits in every direction of the
    simplex.

    Args:
        credits: (states, draws of z, m).

    Returns:
        (m - 1,), largest first.
    """
    differences = (credits - credits.mean(1, keepdims=True)).reshape(-1, credits.shape[-1])
    values = np.linalg.svd(differences, compute_uv=False)[: credits.shape[-1] - 1]
    return values / values[0]


def steepest_shares(unary: ndarray, pairwise: ndarray) -> ndarray:
    """How little a pair may take of its members: lower bounds on `moved` under which f'_ij still rises on a grid.

    Args:
        unary: f_i on a rising grid of Q_i, (n, g).
        pairwise: f_ij on the product of both grids, (p, g, g), the first agent along the middle axis.

    Returns:
        (p, 2), at most 0.

    Raises:
        ValueError: a unary shape function does not rise.
    """
    mine, rises = pairs_of(len(unary)), np.diff(unary, axis=1)
    if (rises <= 0).any():
        raise ValueError("a unary shape function does not rise on its grid")
    first = np.diff(pairwise, axis=1).min(2) / rises[mine[:, 0]]
    second = np.diff(pairwise, axis=2).min(1) / rises[mine[:, 1]]
    return -np.maximum(np.stack([first.min(1), second.min(1)], -1), 0)


def credit_intervals(credits: ndarray, least: ndarray | float) -> ndarray:
    """Smallest and largest mean of each credit over all models with the same Q_tot, by linear programming.

    Every admissible model has credits of at least zero in all contexts given (the closure of positive ones) and
    takes at least `least` of each member, see `steepest_shares`; with 0 all shape functions stay within wider
    networks of Table 4.

    Args:
        credits: alpha of the model at hand in all contexts, (r, m).
        least: lower bounds on `moved`, (p, 2) or one number, at most 0.

    Returns:
        (m, 2), smallest and largest mean credit over the contexts.

    Raises:
        RuntimeError: the solver found no optimum.
    """
    n = agents_of(credits.shape[-1])
    mine = pairs_of(n)
    low = np.broadcast_to(np.asarray(least, float), mine.shape).ravel()
    taken = np.zeros((n, len(credits), mine.size))  # what agent i's credit loses, in each context
    for p, members in enumerate(mine):
        for side, i in enumerate(members):
            taken[i, :, 2 * p + side] = credits[:, n + p]
    keeps = -np.repeat(np.eye(len(mine)), 2, axis=1)  # 1 + moved_0 + moved_1 >= 0
    constraints = np.vstack([taken.reshape(-1, mine.size), keeps])
    limits = np.concatenate([credits[:, :n].T.ravel(), np.ones(len(mine))])
    gain = np.vstack([-taken.mean(1), np.repeat(np.diag(credits[:, n:].mean(0)), 2, axis=1)])
    found = np.empty((credits.shape[-1], 2))
    for k, own in enumerate(credits.mean(0)):
        for end, sign in enumerate((1, -1)):
            bounds = list(zip(low, np.full(low.shape, MOST), strict=True))
            result = linprog(sign * gain[k], constraints, limits, bounds=bounds, method="highs")
            if not result.success:
                raise RuntimeError(f"linear programme for term {k} failed: {result.message}")
            found[k, end] = own + sign * result.fun
    return found
