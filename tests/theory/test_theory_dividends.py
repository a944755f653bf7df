"""Games given by the worth of every subset: known answers, axioms, and the spectrum beside least squares."""

import numpy as np
import pytest
from numpy import ndarray

from na2q.theory import dividends as games
from na2q.theory.shapley import shapley


def worth(value, n: int) -> ndarray:
    """Tabulate a function of the set of members."""
    return np.array([value(set(np.flatnonzero(who).tolist())) for who in games.members(n)], float)


def test_the_worth_of_a_pair_belongs_to_the_pair() -> None:
    """Agents 1 and 2 of four earn 6 together and nothing alone."""
    v = worth(lambda s: 6 * ({1, 2} <= s), 4)
    assert games.shapley_values(v).tolist() == [0, 3, 3, 0]
    assert games.banzhaf_values(v).tolist() == [0, 3, 3, 0]
    assert games.differences(v).tolist() == [0, 6, 6, 0]
    assert games.interactions(v).tolist() == games.pure(v).tolist() == [0, 0, 0, 6, 0, 0]
    assert games.spectrum(v).tolist() == [4.5, 2.25, 0, 0]


def test_glove_game_by_hand() -> None:
    """A left glove and two right ones: 2/3 to the left, and the right ones stand in for each other."""
    v = worth(lambda s: min(0 in s, len(s & {1, 2})), 3)
    assert games.shapley_values(v) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert games.banzhaf_values(v) == pytest.approx([3 / 4, 1 / 4, 1 / 4])
    assert games.interactions(v) == pytest.approx([1 / 2, 1 / 2, -1 / 2])
    assert games.interactions(v, 3) == pytest.approx([-1])


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_axioms_hold_for_random_games(n: int) -> None:
    rng = np.random.default_rng(n)
    v, w = rng.normal(size=(2, 7, 2**n))
    shares = games.shapley_values(v)
    assert shares.sum(-1) == pytest.approx(v[:, -1] - v[:, 0])  # efficiency
    assert games.shapley_values(2 * v + w) == pytest.approx(2 * shares + games.shapley_values(w))  # additivity
    has = games.members(n)[:, 0]
    deaf = v.copy()
    deaf[:, has] = v[:, ~has] + 5
    assert games.shapley_values(deaf)[:, 0] == pytest.approx(np.full(7, 5.0))  # dummy
    order = rng.permutation(n)
    moved = v[:, (games.members(n) << order).sum(1)]  # agent i of the new game is agent order[i]
    assert games.shapley_values(moved) == pytest.approx(shares[:, order])  # symmetry


def test_values_equal_those_of_a_function_by_all_subsets() -> None:
    rng = np.random.default_rng(0)
    q = rng.normal(size=(9, 4))

    def value(x: ndarray) -> ndarray:
        return np.maximum(x[:, 0], x[:, 1]) * x[:, 2] + np.exp(x[:, 3])

    v = np.stack([value(np.where(who, q, 0.0)) for who in games.members(4)], -1)
    assert games.shapley_values(v) == pytest.approx(shapley(value, q, np.zeros((9, 4))))


@pytest.mark.parametrize("n", [2, 4])
def test_dividends_add_up_to_the_worth_of_every_subset(n: int) -> None:
    v = np.random.default_rng(1).normal(size=(3, 2**n))
    gains, who = games.dividends(v), games.members(n)
    for b, team in enumerate(who):
        within = ~(who & ~team).any(1)
        assert gains[:, within].sum(1) == pytest.approx(v[:, b])


def test_spectrum_is_what_the_best_model_of_each_order_explains() -> None:
    v = np.random.default_rng(2).normal(size=16)
    who = games.members(4).astype(float)
    explained = []
    for order in range(1, 5):
        columns = [who[:, g].prod(1) for size in range(1, order + 1) for g in games.groups(4, size)]
        design = np.column_stack([np.ones(16), *columns])
        fit = design @ np.linalg.lstsq(design, v, rcond=None)[0]
        explained.append(fit.var())
    assert np.cumsum(games.spectrum(v)) == pytest.approx(explained)


def test_noise_adds_nothing_to_the_spectrum_of_two_measurements() -> None:
    rng = np.random.default_rng(3)
    v = rng.normal(size=16)
    first, second = v + rng.normal(size=(2, 20_000, 16))
    assert games.spectrum(first, second).mean(0) == pytest.approx(games.spectrum(v), abs=0.03)
    assert (games.spectrum(first).mean(0) > games.spectrum(v) + 0.05).all()


@pytest.mark.parametrize("shape", [(3,), (2, 6), (), (1,)])
def test_what_is_no_game_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be 2\\^n long"):
        games.shapley_values(np.zeros(shape))


def test_sizes_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="size is 4, must be 1 to 3"):
        games.interactions(np.zeros(8), 4)
    with pytest.raises(ValueError, match="n is 21, must be 1 to 20"):
        games.members(21)
