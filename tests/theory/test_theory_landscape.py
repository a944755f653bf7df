"""The least-squares landscape of monotone mixing: exact regressions, local minima, passes, descent."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from na2q.theory import landscape
from na2q.theory.landscape import descend, isotonic, local_minima, lowest_pass, switching_penalty, valleys
from na2q.theory.representable import fit_in_order

GAME = np.array([[8.0, -12, -12], [-12, 0, 0], [-12, 0, 0]])
CLIMBING = np.array([[11.0, -30, 0], [-30, 7, 6], [0, 0, 5]])


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_max_min_formula_is_the_least_squares_regression(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    values, weight = rng.normal(size=(rows, columns)), rng.uniform(0.2, 3, (rows, columns))
    fit = isotonic(values, weight)
    assert np.allclose(fit, fit_in_order(values, "monotone", weight), atol=1e-7)
    assert min((np.diff(fit, axis=axis).min(initial=0) for axis in (0, 1)), default=0) >= -1e-12


def test_the_best_table_of_the_qtran_game_has_the_right_greedy_action_for_both_families() -> None:
    for family in ("monotone", "pairwise"):
        found = valleys(GAME, family=family)
        assert len(found) == 36
        assert [v.error for v in found[:4]] == pytest.approx([288] * 4)
        assert {v.greedy for v in found[:4]} == {(0, 0)}
        assert found[4].error > 300
        assert sum(v.error == pytest.approx(320) for v in found) == 4
    expected = np.where(GAME == 8, 8, -6)
    assert np.allclose(valleys(GAME)[0].values, expected)


def test_the_best_table_of_the_climbing_game_has_the_wrong_greedy_action_for_both_families() -> None:
    errors = [valleys(CLIMBING, family=family)[0].error for family in ("monotone", "pairwise")]
    assert errors == pytest.approx([997.4167, 1364.0], abs=1e-3)
    assert {valleys(CLIMBING, family=family)[0].greedy for family in ("monotone", "pairwise")} == {(2, 2)}


@pytest.mark.slow
def test_the_plateau_is_a_local_minimum_among_all_monotone_tables() -> None:
    plateau = np.where(GAME == 0, 0.0, -8.0)
    found = local_minima(GAME)
    assert found[0].error == pytest.approx(288)
    assert any(np.allclose(v.values, plateau) for v in found)
    rng = np.random.default_rng(0)
    for _ in range(300):
        near = plateau + 0.3 * rng.normal(size=(3, 3))
        for ranking in (v.ranking for v in valleys(GAME)):
            order = np.ix_(*ranking)
            if np.diff(near[order], axis=0).min() >= 0 and np.diff(near[order], axis=1).min() >= 0:
                assert ((near - GAME) ** 2).sum() > 320


def test_the_pass_out_of_the_plateau_lies_above_every_start_near_it() -> None:
    right = [v.ranking for v in valleys(GAME) if v.greedy == (0, 0)]
    for family, height in (("monotone", 446.857), ("pairwise", 460.444)):
        plateau = [v.ranking for v in valleys(GAME, family=family) if v.error == pytest.approx(320)]
        found = lowest_pass(GAME, plateau, right, family)
        assert found.height == pytest.approx(height, abs=1e-3)
        assert found.rankings[0] in plateau
        assert found.rankings[-1] in right
        for here, there in pairwise(found.rankings):
            changed = [i for i in (0, 1) if here[i] != there[i]]
            assert len(changed) == 1
            moved = [k for k in range(3) if here[changed[0]][k] != there[changed[0]][k]]
            assert len(moved) == 2
            assert moved[1] == moved[0] + 1


def test_below_the_pass_the_rankings_fall_apart() -> None:
    """By brute force over all exchanges of neighbours: those that cost less than the pass connect nothing."""
    every = {v.ranking: v for v in valleys(GAME)}
    reached = [ranking for ranking, v in every.items() if v.greedy != (0, 0)]
    assert len(reached) == 32
    for ranking in reached:
        for there, tied in landscape._neighbours(GAME, ranking, "monotone"):
            assert tied >= every[ranking].error - 1e-9
            if every[there].greedy == (0, 0):
                assert tied > 446.85


def test_nothing_to_start_from_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one ranking"):
        lowest_pass(GAME, [], [((0, 1, 2), (0, 1, 2))])


@pytest.mark.parametrize("weight", [0.1, 0.5, 1.0, 1.5, 2.5, 6.0])
def test_closed_form_of_the_switch_agrees_with_enumeration(weight: float) -> None:
    for factor, right in ((0.98, True), (1.02, False)):
        penalty = switching_penalty(weight) * factor
        game = np.array([[8, -penalty, -penalty], [-penalty, 0, 0], [-penalty, 0, 0]])
        weights = np.ones((3, 3))
        weights[0, 0] = weight
        assert (valleys(game, weights)[0].greedy == (0, 0)) == right


def test_gradient_of_the_descent_agrees_with_differences() -> None:
    rng = np.random.default_rng(0)
    sizes = {"u": (2, 2, 3), "v": (2, 2, 4), "b": (2, 4), "w": (2, 4), "c": (2, 1)}
    x = {name: rng.normal(size=size) for name, size in sizes.items()}
    error = lambda: ((landscape._table(x, landscape._units(x)[0]) - GAME) ** 2).sum()  # noqa: E731  (a formula)
    for name, gradient in landscape._gradient(GAME, x).items():
        for index in np.ndindex(x[name].shape):
            old, ends = x[name][index], []
            for side in (1e-6, -1e-6):
                x[name][index] = old + side
                ends.append(error())
            x[name][index] = old
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-4)


def test_descent_ends_in_valleys_of_its_family_and_never_below_the_best() -> None:
    found = descend(GAME, 60, 1000)
    assert found.error.min() >= 288 - 1e-6
    both = (found.start.argmax(-1) == 0).all(-1)
    near = lambda level: np.abs(found.error - level) < 2  # noqa: E731  (a formula)
    assert near(320).mean() > 0.5
    assert near(288)[both].all()
    assert near(288).mean() < 0.4


@pytest.mark.parametrize("family", ["monotone", "pairwise"])
def test_levels_group_all_valleys_by_their_error(family: landscape.Family) -> None:
    found, every = landscape.levels(GAME, family), valleys(GAME, family=family)
    assert list(found) == sorted(found)
    assert sum(level.rankings for level in found.values()) == len(every)
    assert min(found) == round(every[0].error, 2)
    for error, level in found.items():
        assert level.height >= error - 0.01
        assert not level.right or level.height == pytest.approx(error, abs=0.01), "the right ones are there already"


def test_where_the_right_action_is_kept_follows_the_closed_form() -> None:
    penalties, weights = np.array([2.0, 6.0, 20.0]), np.array([0.3, 3.0])
    expected = [[penalty < switching_penalty(weight) for weight in weights] for penalty in penalties]
    assert landscape.right_where(GAME, penalties, weights).tolist() == expected
