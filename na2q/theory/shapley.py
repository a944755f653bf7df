"""Shapley values of agents: by all subsets, and in closed form for sums of terms of few agents.

The game of a joint value g at utilities q with baseline q0: a subset T of agents is worth g(q_T, q0 elsewhere). Its
Harsanyi dividends are the anchored terms of g at q0 (`expansion.anchored_decomposition`), and an agent's Shapley value
is the sum (Harsanyi, 1963) over the subsets with it of their dividend over their size. A sum of terms of at most d
agents has no dividends of more, which leaves few evaluations. Arrays hold r rows, n agents, k terms.
"""

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np
from numpy import ndarray

from na2q.theory.dividends import members, shapley_values

MOST_AGENTS = 10  # whose 2^n subsets are enumerated


class NotAdditiveError(ValueError):
    """Terms that depend on utilities of agents outside their coalition."""


def shapley(value: Callable[[ndarray], ndarray], q: ndarray, baseline: ndarray) -> ndarray:
    """Shapley value of every agent (r, n), from all 2^n subsets: absent agents have the baseline's utilities.

    The values of a row add up to value(q) - value(baseline).

    Args:
        value: joint value, (r, n) -> (r,).
        q: utilities, (r, n).
        baseline: utilities of absent agents, (r, n).

    Raises:
        ValueError: more than 10 agents, or shapes that differ.
    """
    n = _agents(q, baseline)
    if n > MOST_AGENTS:
        raise ValueError(f"{n} agents have {2**n} subsets; at most {MOST_AGENTS} agents are enumerated")
    everyone = range(n)
    worth = {t: value(_present(q, baseline, t)) for size in range(n + 1) for t in combinations(everyone, size)}
    return _shares(worth, tuple(everyone), n)


def shapley_of_terms(terms: Callable[[ndarray], ndarray], q: ndarray, baseline: ndarray, member: ndarray) -> ndarray:
    """Shapley values (r, n) of a sum of terms that concern a few agents each, for any number of agents.

    A term is shared among its members alone. With terms of at most d agents, the subsets of fewer than d agents and
    the whole team are evaluated: n + 2 evaluations for pairs.

    Args:
        terms: all terms at utilities, (r, n) -> (r, k).
        q: utilities, (r, n).
        baseline: utilities of absent agents, (r, n).
        member: who is in which coalition, (k, n).

    Raises:
        NotAdditiveError: a term changes with an agent outside its coalition.
        ValueError: shapes that differ.
    """
    n = _agents(q, baseline)
    largest = int(member.sum(1).max(initial=0))
    few = [t for size in range(max(largest, 2)) for t in combinations(range(n), size)]
    worth = {t: terms(_present(q, baseline, t)) for t in few}
    together = terms(q)
    gain = np.stack([worth[i,] - worth[()] for i in range(n)], 1)  # (r, n, k)
    outside = np.abs(gain * ~member.T).max(initial=0)
    if outside > 1e-9 * (1 + np.abs(together).max(initial=0)):
        raise NotAdditiveError(f"terms change by up to {outside:.2g} with agents outside their coalition")
    found = np.zeros(q.shape)
    for k, who in enumerate(member):
        coalition = tuple(np.flatnonzero(who).tolist())
        own = {t: x[:, k] for t, x in worth.items() if set(t) <= set(coalition)} | {coalition: together[:, k]}
        found += _shares(own, coalition, n)
    return found


def from_dividends(dividends: Mapping[tuple[int, ...], ndarray], n: int) -> ndarray:
    """Shapley values (r, n) from Harsanyi dividends (r,) of every coalition that has one."""
    rows = next(iter(dividends.values()))
    found = np.zeros((len(rows), n))
    for coalition, dividend in dividends.items():
        for i in coalition:
            found[:, i] += dividend / len(coalition)
    return found


def _agents(q: ndarray, baseline: ndarray) -> int:
    if q.shape != baseline.shape:
        raise ValueError(f"baseline has shape {baseline.shape}, utilities {q.shape}")
    return q.shape[1]


def _present(q: ndarray, baseline: ndarray, team: tuple[int, ...]) -> ndarray:
    return np.where(np.isin(np.arange(q.shape[1]), team), q, baseline)


def _shares(worth: Mapping[tuple[int, ...], ndarray], players: tuple[int, ...], n: int) -> ndarray:
    """Share a game of some players, of which every subset's worth (r,) is known, among all n agents."""
    found = np.zeros((len(worth[()]), n))
    subsets = [
        tuple(player for player, there in zip(players, who, strict=True) if there) for who in members(len(players))
    ]
    found[:, players] = shapley_values(np.stack([worth[t] for t in subsets], -1))
    return found
