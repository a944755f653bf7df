"""Shapley values: axioms, games with known answers, and the closed form beside all subsets."""

import numpy as np
import pytest

from na2q.theory.expansion import anchored_decomposition
from na2q.theory.shapley import NotAdditiveError, from_dividends, shapley, shapley_of_terms

GAMES = {
    "sum": lambda q: q.sum(1),
    "product": lambda q: q.prod(1),
    "largest": lambda q: q.max(1),
    "without_2": lambda q: np.exp(q[:, 0] * q[:, 1]),
}


def test_product_of_two_is_shared_equally() -> None:
    found = shapley(lambda q: q[:, 0] * q[:, 1], np.array([[2.0, 5.0]]), np.zeros((1, 2)))
    assert found.tolist() == [[5, 5]]


def test_glove_game_by_hand() -> None:
    """min(q_0, q_1 + q_2) with one glove each: 2/3 to the left hand, 1/6 to each right one."""
    found = shapley(lambda q: np.minimum(q[:, 0], q[:, 1] + q[:, 2]), np.ones((1, 3)), np.zeros((1, 3)))
    assert found[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("game", GAMES)
def test_axioms_of_shapley_values(game: str) -> None:
    value, rng = GAMES[game], np.random.default_rng(0)
    q, baseline = rng.normal(size=(20, 3)), rng.normal(size=(20, 3))
    found = shapley(value, q, baseline)
    assert found.sum(1) == pytest.approx(value(q) - value(baseline))  # efficiency
    q[:, 1], baseline[:, 1] = q[:, 0], baseline[:, 0]
    twins = shapley(value, q, baseline)
    assert twins[:, 0] == pytest.approx(twins[:, 1])  # symmetry
    idle = shapley(GAMES["without_2"], q, baseline)
    assert idle[:, 2] == pytest.approx(np.zeros(20))  # dummy
    both = shapley(lambda x: value(x) + 3 * np.sin(x[:, 0] - x[:, 2]), q, baseline)
    other = shapley(lambda x: np.sin(x[:, 0] - x[:, 2]), q, baseline)
    assert both == pytest.approx(twins + 3 * other)  # additivity


def terms(x: np.ndarray) -> np.ndarray:
    """One, two and three agents in a term, of as many agents as x has."""
    n = x.shape[1]
    alone = [np.exp(x[:, i]) for i in range(n)]
    pairs = [np.sin(3 * x[:, i] * x[:, (i + 1) % n]) for i in range(n)]
    return np.stack([*alone, *pairs, np.maximum(x[:, 0], x[:, 1] * x[:, 2])], -1)


def members(n: int) -> np.ndarray:
    groups = [{i} for i in range(n)] + [{i, (i + 1) % n} for i in range(n)] + [{0, 1, 2}]
    return np.array([[i in group for i in range(n)] for group in groups])


@pytest.mark.parametrize("n", [3, 4, 6])
@pytest.mark.parametrize("largest", [1, 2, 3])
def test_closed_form_equals_enumeration(n: int, largest: int) -> None:
    rng, member = np.random.default_rng(3), members(n)
    q, baseline = rng.normal(size=(2, 30, n))
    kept = member.sum(1) <= largest
    found = shapley_of_terms(lambda x: terms(x)[:, kept], q, baseline, member[kept])
    every = shapley(lambda x: terms(x)[:, kept].sum(1), q, baseline)
    assert np.abs(found - every).max() < 1e-10


@pytest.mark.parametrize("n", [3, 5])
def test_dividends_are_the_anchored_terms_of_the_baseline(n: int) -> None:
    rng = np.random.default_rng(4)
    q, baseline = rng.normal(size=(2, 20, n))
    value = lambda x: terms(x).sum(1)  # noqa: E731  (a formula)
    for order, sums in ((3, True), (2, False)):
        dividends = anchored_decomposition(lambda x: value(x + baseline), q - baseline, order)
        gap = np.abs(from_dividends(dividends, n) - shapley(value, q, baseline)).max()
        assert (gap < 1e-10) == sums, "terms of three agents need dividends of order three, and no more"


def test_pairs_of_many_agents_need_n_plus_two_evaluations() -> None:
    n, calls = 40, []

    def counted(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return terms(x)[:, :-1]

    rng = np.random.default_rng(5)
    q, baseline = rng.normal(size=(2, 5, n))
    found = shapley_of_terms(counted, q, baseline, members(n)[:-1])
    assert len(calls) == n + 2
    assert found.sum(1) == pytest.approx((terms(q) - terms(baseline))[:, :-1].sum(1))


def test_terms_that_reach_outside_their_coalition_are_refused() -> None:
    q = np.random.default_rng(6).normal(size=(4, 3))
    with pytest.raises(NotAdditiveError, match="outside their coalition"):
        shapley_of_terms(terms, q, 0 * q, np.roll(members(3), 1, axis=0))


def test_too_many_agents_and_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="11 agents have 2048 subsets"):
        shapley(lambda q: q.sum(1), np.zeros((1, 11)), np.zeros((1, 11)))
    with pytest.raises(ValueError, match="baseline has shape"):
        shapley(lambda q: q.sum(1), np.zeros((2, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="baseline has shape"):
        shapley_of_terms(terms, np.zeros((2, 3)), np.zeros((1, 3)), members(3))
