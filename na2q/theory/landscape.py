"""Optimum or path: the exact least-squares landscape of monotone mixing on a payoff matrix of two agents.

A mixer sees the actions through one ranking for each agent. Within a pair of rankings the tables of a family of mixers
form a convex cone, so that the squared error has one minimum there: isotonic regression on the product order for all
monotone mixers, non-negative least squares for NA2Q. The rankings are enumerated. One leaves a pair of rankings only
through tables in which two actions of an agent are tied. The book asks it of the
game of QTRAN (Son et al., 2019).
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from na2q.theory.representable import Family, Ranking, fit_in_order, ranked, rankings, up_sets


class Valley(NamedTuple):
    """The best nondecreasing table for one pair of rankings: what a path that never ties two actions can reach."""

    ranking: Ranking
    values: ndarray  # in the payoff's own order of actions
    error: float  # weighted sum of squares

    @property
    def greedy(self) -> tuple[int, int]:
        """The joint action of greedy agents, who both take their highest-ranked action."""
        return self.ranking[0][-1], self.ranking[1][-1]


@cache
def _intersections(shape: tuple[int, int]) -> tuple[ndarray, ndarray]:
    """Meets of every up-set with every down-set, (u, d, cells), and which cells each lies over, (u, d, cells)."""
    ups = up_sets(shape).reshape(-1, shape[0] * shape[1])
    up, down = ups[1:], ~ups[:-1]
    return (up[:, None] & down[None]).astype(float), up[:, None] & down[None]


def isotonic(values: ndarray, weight: ndarray) -> ndarray:
    """Weighted least-squares regression (a, a') on nondecreasing tables, by the max-min formula over up- and down-sets.

    The value of a cell is the largest over up-sets U around it of the smallest over down-sets D around it of the
    weighted mean over the cells of both (Robertson, Wright and Dykstra, 1988, theorem 1.4.4); weights are positive.
    """
    meets, inside = _intersections(values.shape)
    total = meets @ weight.ravel()
    mean = np.divide(meets @ (weight * values).ravel(), total, out=np.zeros_like(total), where=total > 0)
    low = np.where(inside, mean[..., None], np.inf).min(1)  # (u, cells): over the down-sets that contain a cell
    ups = inside.any(1)
    return np.where(ups, low, -np.inf).max(0).reshape(values.shape)


def valleys(payoff: ndarray, weight: ndarray | None = None, family: Family = "monotone") -> list[Valley]:
    """Best table for every pair of strict rankings of a payoff's (a, a') actions, best first.

    Args:
        payoff: joint values.
        weight: how often each joint action is seen, positive; equal without it.
        family: "monotone" or "pairwise", see `na2q.theory.representable`.
    """
    weight = np.ones(payoff.shape) if weight is None else weight
    return sorted((_valley(payoff, weight, r, family) for r in rankings(payoff.shape)), key=lambda v: v.error)


def _valley(payoff: ndarray, weight: ndarray, ranking: Ranking, family: Family) -> Valley:
    values = np.empty(payoff.shape)
    values[np.ix_(*ranking)] = _fit(ranked(payoff, ranking), ranked(weight, ranking), family)
    return Valley(ranking, values, float((weight * (values - payoff) ** 2).sum()))


def _fit(table: ndarray, weight: ndarray, family: Family) -> ndarray:
    return isotonic(table, weight) if family == "monotone" else fit_in_order(table, family, weight)


def local_minima(payoff: ndarray, tolerance: float = 1e-6) -> list[Valley]:
    """Tables that are best under every pair of rankings in which they are nondecreasing, each once, best first.

    The payoff has shape (a, b). Near such a table the monotone tables are those of exactly these rankings, each a
    convex set, so the condition is what makes it a local minimum among all monotone tables.
    """
    every, found = valleys(payoff), list[Valley]()
    for valley in every:
        rivals = [v for v in every if _rises(ranked(valley.values, v.ranking), tolerance)]
        known = any(np.abs(valley.values - other.values).max() <= tolerance for other in found)
        if not known and all(valley.error <= v.error + tolerance for v in rivals):
            found.append(valley)
    return found


def _rises(table: ndarray, tolerance: float) -> bool:
    return all(bool((np.diff(table, axis=i) >= -tolerance).all()) for i in range(table.ndim))


class Pass(NamedTuple):
    """The lowest way out of one pair of rankings into another."""

    height: float  # largest squared error on the way, at least
    rankings: list[Ranking]  # the pairs of rankings on the way


def lowest_pass(
    payoff: ndarray, start: Iterable[Ranking], goal: Iterable[Ranking], family: Family = "monotone"
) -> Pass:
    """Smallest squared error that a path from some rankings to others has to rise to, and such a path.

    The payoff has shape (a, b). On the way neighbouring actions change places, one pair at a time; there they have
    equal utilities, hence equal rows (or columns), and the error is at least that of the best such table. Between two
    valleys and the tie the squared error is convex along straight lines, so no more is needed.

    Raises:
        ValueError: no ranking to start from, or none to go to.
    """
    equal, goals = np.ones(payoff.shape), set(goal)
    heights = {ranking: _valley(payoff, equal, ranking, family).error for ranking in start}
    if not heights or not goals:
        raise ValueError("give at least one ranking to start from and one to go to")
    before: dict[Ranking, Ranking] = {}
    done: set[Ranking] = set()
    while True:
        here = min((r for r in heights if r not in done), key=lambda r: heights[r])
        done.add(here)
        if here in goals:
            way = [here]
            while way[-1] in before:
                way.append(before[way[-1]])
            return Pass(heights[here], way[::-1])
        for there, tied in _neighbours(payoff, here, family):
            height = max(heights[here], tied)
            if height < heights.get(there, np.inf):
                heights[there], before[there] = height, here


class Level(NamedTuple):
    """All pairs of rankings whose best tables have one squared error."""

    rankings: int
    right: bool  # whether the greedy joint action of the best table is the best one
    height: float  # of the lowest pass from here to rankings with the right greedy action


def levels(payoff: ndarray, family: Family = "monotone") -> dict[float, Level]:
    """Group the valleys of a payoff (a, b) by their squared errors, which are the keys, lowest first."""
    every = valleys(payoff, family=family)
    best = np.unravel_index(payoff.argmax(), payoff.shape)
    right = [valley.ranking for valley in every if valley.greedy == best]
    found: dict[float, Level] = {}
    for valley in every:
        height = lowest_pass(payoff, [valley.ranking], right, family).height
        at = round(valley.error, 2)
        counted = found[at].rankings if at in found else 0
        found[at] = Level(counted + 1, valley.greedy == best, height)
    return found


def right_where(payoff: ndarray, penalties: ndarray, weights: ndarray) -> ndarray:
    """Whether the best monotone table has the right greedy action, (p, w), where payoffs and weights are others.

    Args:
        payoff: table (a, b).
        penalties: losses (p,) that stand in place of all negative payoffs, as positive numbers.
        weights: how much the best joint action counts, (w,), where every other counts 1.
    """
    best = np.unravel_index(payoff.argmax(), payoff.shape)
    found = np.zeros((len(penalties), len(weights)), bool)
    for i, j in np.ndindex(*found.shape):
        game = np.where(payoff < 0, -penalties[i], payoff)
        seen = np.where(payoff == payoff.max(), weights[j], 1.0)
        found[i, j] = valleys(game, seen)[0].greedy == best
    return found


def _neighbours(payoff: ndarray, ranking: Ranking, family: Family) -> Iterator[tuple[Ranking, float]]:
    """Rankings with two neighbouring actions of one agent exchanged, and the error of the best table with both tied."""
    for agent, order in enumerate(ranking):
        for k in range(len(order) - 1):
            swapped = (*order[:k], order[k + 1], order[k], *order[k + 2 :])
            there = tuple(swapped if i == agent else r for i, r in enumerate(ranking))
            yield there, _tied_error(np.moveaxis(ranked(payoff, ranking), agent, 0), k, family)


def _tied_error(table: ndarray, k: int, family: Family) -> float:
    """Error of the best table of a family in which rows k and k + 1 by rank are equal."""
    merged = np.concatenate([table[:k], table[k : k + 2].mean(0, keepdims=True), table[k + 2 :]])
    weight = np.ones(merged.shape)
    weight[k] = 2
    rows = np.repeat(np.arange(len(merged)), np.where(np.arange(len(merged)) == k, 2, 1))
    return float(((_fit(merged, weight, family)[rows] - table) ** 2).sum())


def switching_penalty(weight: float) -> float:
    """Penalty below which the best monotone table of the QTRAN game has the right greedy action.

    The game pays 8 for the first actions of both, -penalty if one departs from them, and 0 otherwise; `weight` is how
    often the best joint action is seen relative to each other one. Two wrong tables compete with the right one: with
    both first actions at the bottom, or with one at the bottom and one at the top.
    """
    share = np.sqrt(2 * weight / (weight + 4))
    both = 8 * share / (1 - share) if share < 1 else np.inf
    return float(min(both, 4 * (weight + np.sqrt(weight**2 + 6 * weight))))


# --- descent -------------------------------------------------------------------------------------


class Descent(NamedTuple):
    """Where gradient descent on the squared error ends, for many starts at once."""

    start: ndarray  # utilities at the start, (starts, 2, a)
    utilities: ndarray  # at the end, (starts, 2, a)
    values: ndarray  # learned tables, (starts, a, a')
    error: ndarray  # squared errors, (starts,)


def descend(
    payoff: ndarray, starts: int, steps: int, seed: int = 0, spread: float = 1.0, hidden: int = 8, lr: float = 0.02
) -> Descent:
    """Fit a payoff (a, a) by Adam on utilities and a mixer c + sum_h |w_h| ELU(|v_h1| Q_1 + |v_h2| Q_2 + b_h).

    Every step sees all joint actions. Utilities start normal with standard deviation `spread`.
    """
    rng = np.random.default_rng(seed)
    size = len(payoff)
    x = {
        "u": spread * rng.normal(size=(starts, 2, size)),
        "v": rng.normal(size=(starts, 2, hidden)) / np.sqrt(2),
        "b": rng.normal(size=(starts, hidden)),
        "w": rng.normal(size=(starts, hidden)) / np.sqrt(hidden),
        "c": np.zeros((starts, 1)),
    }
    start, first, second = x["u"].copy(), {k: 0 * v for k, v in x.items()}, {k: 0 * v for k, v in x.items()}
    for step in range(1, steps + 1):
        for name, g in _gradient(payoff, x).items():
            first[name] = 0.9 * first[name] + 0.1 * g
            second[name] = 0.999 * second[name] + 0.001 * g * g
            unbiased = np.sqrt(second[name] / (1 - 0.999**step))
            x[name] = x[name] - lr * first[name] / (1 - 0.9**step) / (unbiased + 1e-8)
    values = _table(x, _units(x)[0])
    return Descent(start, x["u"], values, ((values - payoff) ** 2).sum((1, 2)))


def _units(x: dict[str, ndarray]) -> tuple[ndarray, ndarray]:
    """Hidden units and their slopes at every joint action, (starts, a, a', hidden)."""
    parts = x["u"][..., None] * np.abs(x["v"])[:, :, None]  # (starts, 2, a, hidden)
    inputs = parts[:, 0, :, None] + (parts[:, 1] + x["b"][:, None])[:, None]
    slopes = np.exp(np.minimum(inputs, 0))
    return np.maximum(inputs, 0) + slopes - 1, slopes


def _table(x: dict[str, ndarray], units: ndarray) -> ndarray:
    return (units @ np.abs(x["w"])[:, None, :, None])[..., 0] + x["c"][:, :, None]


def _gradient(payoff: ndarray, x: dict[str, ndarray]) -> dict[str, ndarray]:
    units, slopes = _units(x)
    miss = 2 * (_table(x, units) - payoff)
    back = slopes * np.abs(x["w"])[:, None, None] * miss[..., None]
    each = np.stack([back.sum(2), back.sum(1)], 1)  # (starts, 2, a, hidden)
    return {
        "u": (each @ np.abs(x["v"])[..., None])[..., 0],
        "v": (x["u"][:, :, None] @ each)[:, :, 0] * np.sign(x["v"]),
        "b": each[:, 0].sum(1),
        "w": (miss.reshape(len(miss), 1, -1) @ units.reshape(len(miss), miss[0].size, -1))[:, 0] * np.sign(x["w"]),
        "c": miss.sum((1, 2))[:, None],
    }
