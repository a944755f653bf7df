"""IGM, shape and floors of monotone mixers, without any network of the package."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from na2q.theory.monotone import (
    check_igm,
    concave_floor,
    convexity_gap,
    duplex_decomposition,
    elu,
    joint_utilities,
    mixed_difference,
    monotone_floor,
    supermodular_floor,
    weak_orders,
)

GAME = np.array([[8.0, -12, -12], [-12, 0, 0], [-12, 0, 0]])


def random_mixer(seed: int, n: int):
    rng = np.random.default_rng(seed)
    weights = [np.abs(rng.normal(size=shape)) for shape in ((n, 8), (8, 4), (4, 1))]
    biases = [rng.normal(size=size) for size in (8, 4, 1)]

    def mixer(q: np.ndarray) -> np.ndarray:
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            q = (elu(q) if layer else q) @ w + b
        return q[:, 0]

    return mixer


@given(st.integers(0, 10**6), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_nonnegative_weights_satisfy_igm_and_are_convex_and_supermodular(seed: int, n: int) -> None:
    f, rng = random_mixer(seed, n), np.random.default_rng(seed)
    utilities = rng.uniform(-2, 2, (n, 3))
    assert check_igm(utilities, f(joint_utilities(utilities))) == (True, True)
    x, y = rng.uniform(-3, 3, (2, 200, n))
    assert convexity_gap(f, x, y).min() > -1e-10
    assert mixed_difference(f, x, 0, 1, step=0.5).min() > -1e-10


def test_igm_tells_weak_from_strict_from_broken() -> None:
    utilities = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert check_igm(utilities, joint_utilities(utilities).sum(1)) == (True, True)
    assert check_igm(utilities, np.zeros(4)) == (True, False)
    assert check_igm(utilities, -joint_utilities(utilities).sum(1)) == (False, False)


def test_floor_of_a_saturating_function_is_that_of_the_raised_chord() -> None:
    g = lambda x: -np.exp(-2 * x)  # noqa: E731  (a formula)
    floor = concave_floor(g, -1, 1)
    x = np.linspace(-1, 1, 100_001)
    chord = g(-1) + (g(1) - g(-1)) * (x + 1) / 2
    assert floor == pytest.approx(1.51408, abs=1e-5)
    assert np.abs(g(x) - chord - floor).max() == pytest.approx(floor, abs=1e-8)
    assert floor / np.ptp(g(x)) == pytest.approx(0.209, abs=1e-3)


def test_floors_of_substitutes_are_attained_by_additive_functions() -> None:
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 41)] * 2), -1).reshape(-1, 2)
    for g, h, floor in (
        (lambda q: q.max(1), lambda q: q.mean(1) + 0.5, 0.5),
        (lambda q: -q[:, 0] * q[:, 1], lambda q: 0 * q[:, 0], 1.0),
    ):
        assert supermodular_floor(g, -1, 1) == pytest.approx(floor, abs=1e-12)
        assert np.abs(g(grid) - h(grid)).max() == pytest.approx(floor, abs=1e-12)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_no_random_monotone_network_beats_the_floors(seed: int) -> None:
    f = random_mixer(seed, 2)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 21)] * 2), -1).reshape(-1, 2)
    for g in (lambda q: q.max(1), lambda q: -q[:, 0] * q[:, 1]):
        assert np.abs(g(grid) - f(grid)).max() >= supermodular_floor(g, -1, 1) - 1e-10


def test_weak_orders_are_counted_by_the_ordered_bell_numbers() -> None:
    assert [len(list(weak_orders(a))) for a in (1, 2, 3, 4)] == [1, 3, 13, 75]


def test_monotone_mixers_miss_the_nonmonotonic_game_by_six() -> None:
    assert monotone_floor(GAME) == 6.0
    assert monotone_floor(np.add.outer([3.0, 1, 2], [0.0, 5, 1])) == 0.0


def test_duplex_form_represents_the_nonmonotonic_game_exactly() -> None:
    duplex = duplex_decomposition(GAME)
    assert np.abs(duplex.payoff() - GAME).max() < 1e-10
    assert (duplex.weights.min(), duplex.weights.max()) == (1.0, 20.0)
    greedy = [a.argmax() for a in duplex.advantages]
    assert np.unravel_index(GAME.argmax(), GAME.shape) == tuple(greedy)


@given(arrays(float, (3, 4), elements=st.integers(-20, 20), unique=True))
def test_duplex_form_represents_every_game_with_one_best_action(payoff: np.ndarray) -> None:
    duplex = duplex_decomposition(payoff)
    assert np.abs(duplex.payoff() - payoff).max() < 1e-10
    assert (duplex.weights > 0).all()
    assert all((advantage <= 0).all() for advantage in duplex.advantages)


def test_duplex_form_refuses_games_with_ties() -> None:
    with pytest.raises(ValueError, match="several best"):
        duplex_decomposition(np.zeros((2, 2)))
