"""Eqs. (2)-(4): what is exact is checked to 1e-10 or symbolically, approximation errors on a grid."""

from itertools import combinations, product
from math import factorial

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from na2q.theory.expansion import (
    anchored_decomposition,
    anchored_truncation,
    anova,
    anova_truncation,
    coalitions,
    gauss_grid,
    interaction_spectrum,
    n_monomials,
    purify,
    relative_rmse,
    taylor_truncation,
)

Q = sp.symbols("Q1:4")
GRIDS = arrays(float, (4, 4, 4), elements=st.floats(-5, 5, width=32))
WEIGHTS = np.array([0.1, 0.2, 0.3, 0.4])


def coefficient(g: sp.Expr, indices: tuple[int, ...]) -> sp.Expr:
    """alpha of Eq. (2) for the tuple `indices`: derivative at zero over l!."""
    for i in indices:
        g = sp.diff(g, Q[i])
    return g.subs(dict.fromkeys(Q, 0)) / factorial(len(indices))


def expansion(g: sp.Expr, tuples: list[tuple[int, ...]]) -> sp.Expr:
    return sp.expand(sum(coefficient(g, t) * sp.prod([Q[i] for i in t]) for t in tuples))


def test_ordered_tuples_reproduce_every_cubic_polynomial() -> None:
    powers = [p for p in product(range(4), repeat=3) if sum(p) <= 3]
    assert len(powers) == 1 + sum(n_monomials(3, d) for d in (1, 2, 3)) == 20
    g = sum(sp.Symbol(f"c{i}") * sp.prod([x**k for x, k in zip(Q, p, strict=True)]) for i, p in enumerate(powers))
    tuples = [t for length in range(4) for t in product(range(3), repeat=length)]
    assert sp.simplify(expansion(g, tuples) - g) == 0


def test_subsets_with_the_printed_coefficients_lose_half_of_a_product_and_all_of_a_square() -> None:
    subsets = [t for length in range(4) for t in combinations(range(3), length)]
    assert expansion(Q[0] * Q[1], subsets) == Q[0] * Q[1] / 2
    assert expansion(Q[0] ** 2, subsets) == 0


def test_anchored_terms_of_a_polynomial_are_its_monomials_grouped_by_support() -> None:
    g = lambda q: 1 + 2 * q[:, 0] + 3 * q[:, 0] ** 2 + 5 * q[:, 0] * q[:, 1] - q[:, 0] * q[:, 1] ** 2 * q[:, 2]  # noqa: E731  (a formula)
    q = np.random.default_rng(0).normal(size=(20, 3))
    terms = anchored_decomposition(g, q, 3)
    assert np.allclose(terms[0,], 2 * q[:, 0] + 3 * q[:, 0] ** 2, atol=1e-10)
    assert np.allclose(terms[0, 1], 5 * q[:, 0] * q[:, 1], atol=1e-10)
    assert np.allclose(terms[0, 1, 2], -q[:, 0] * q[:, 1] ** 2 * q[:, 2], atol=1e-10)
    assert all(np.abs(terms[s]).max() < 1e-10 for s in [(1,), (2,), (0, 2), (1, 2)])


@given(st.integers(1, 4), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_anchored_terms_of_any_function_sum_to_it_and_vanish_with_any_member(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    w, q = rng.normal(size=(n, 6)), rng.uniform(-1, 1, (10, n))
    g = lambda q: np.abs(np.sin(q @ w) + 0.3).sum(1)  # noqa: E731  (a formula; no derivatives needed)
    terms = anchored_decomposition(g, q, n)
    assert len(terms) == len(coalitions(n, n)) == 2**n
    assert np.allclose(anchored_truncation(g, q, n), g(q), atol=1e-10)
    q[:, 0] = 0
    pinned = anchored_decomposition(g, q, n)
    assert all(np.abs(pinned[s]).max() < 1e-10 for s in pinned if 0 in s)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_anchored_truncation_error_obeys_its_bound(order: int) -> None:
    q = np.random.default_rng(1).uniform(-1, 1, (500, 4))
    g = lambda q: np.exp(q.sum(1) / 2)  # noqa: E731  (all derivatives are known: 2^-|S| exp)
    error = np.abs(g(q) - anchored_truncation(g, q, order))
    larger = [s for s in coalitions(4, 4) if len(s) > order]
    bound = sum(np.abs(q[:, s]).prod(1) * 0.5 ** len(s) * np.exp(np.maximum(q[:, s], 0).sum(1) / 2) for s in larger)
    assert (error <= bound + 1e-12).all()


@pytest.mark.parametrize("degree", range(6))
def test_taylor_truncation_is_the_series_of_the_exponential(degree: int) -> None:
    q = np.random.default_rng(2).uniform(-2, 2, (50, 4))
    series = sum((q.sum(1) / 2) ** k / factorial(k) for k in range(degree + 1))
    assert np.allclose(taylor_truncation(lambda q: np.exp(q.sum(1) / 2), q, degree), series, atol=1e-10)


@given(GRIDS)
@settings(max_examples=50, deadline=None)
def test_anova_terms_sum_to_the_function_and_are_centred(values: np.ndarray) -> None:
    terms = anova(values, WEIGHTS)
    assert np.allclose(sum(terms.values()), values, atol=1e-10)
    for s, term in terms.items():
        for axis in s:
            assert np.abs(np.tensordot(term, WEIGHTS, (axis, 0))).max() < 1e-10


@given(GRIDS, arrays(float, (3, 4), elements=st.floats(-3, 3, width=32)))
@settings(max_examples=50, deadline=None)
def test_anova_truncation_beats_any_other_additive_model(values: np.ndarray, unary: np.ndarray) -> None:
    rival = unary[0][:, None, None] + unary[1][None, :, None] + unary[2][None, None, :]
    mean = lambda x: float(np.einsum("ijk,i,j,k->", x, WEIGHTS, WEIGHTS, WEIGHTS))  # noqa: E731  (a formula)
    best = anova_truncation(values, WEIGHTS, 1)
    assert mean((values - best) ** 2) <= mean((values - best - rival) ** 2) + 1e-9


def test_gauge_moves_contributions_but_not_the_sum_and_purification_undoes_it() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(-1, 1, 4)
    terms = {(): np.full((1, 1), 0.3), (0,): np.exp(x)[:, None], (1,): x[None] ** 3, (0, 1): rng.normal(size=(4, 4))}
    moved = dict(terms) | {(0,): terms[(0,)] - 5 * x[:, None], (0, 1): terms[0, 1] + 5 * x[:, None]}
    assert np.abs(sum(moved.values()) - sum(terms.values())).max() < 1e-12
    assert np.abs(moved[(0,)] - terms[(0,)]).max() == pytest.approx(5)
    pure, pure_moved = purify(terms, WEIGHTS), purify(moved, WEIGHTS)
    assert all(np.allclose(pure[s], pure_moved[s], atol=1e-10) for s in pure)
    assert np.allclose(sum(pure.values()), sum(terms.values()), atol=1e-10)


@pytest.mark.parametrize("half_width", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_best_additive_model_is_never_worse_than_taylor_of_the_same_order(half_width: float, order: int) -> None:
    points, weights = gauss_grid(4, half_width, 8)
    for g in (lambda q: np.exp(q.sum(1) / 2), lambda q: np.log(np.exp(q).sum(1)), lambda q: -np.exp(-q.sum(1) / 2)):
        values = g(points).reshape((8,) * 4)
        taylor = taylor_truncation(g, points, order).reshape(values.shape)
        additive = relative_rmse(values, anova_truncation(values, weights, order), weights)
        assert additive <= relative_rmse(values, taylor, weights) + 1e-10


def test_errors_by_order_on_the_unit_box() -> None:
    points, weights = gauss_grid(4, 1.0, 8)
    g = lambda q: np.exp(q.sum(1) / 2)  # noqa: E731  (a formula)
    values = g(points).reshape((8,) * 4)
    taylor = [relative_rmse(values, taylor_truncation(g, points, k).reshape(values.shape), weights) for k in (1, 2)]
    additive = [relative_rmse(values, anova_truncation(values, weights, k), weights) for k in (1, 2)]
    assert taylor == pytest.approx([0.461, 0.170], abs=0.01)
    assert additive == pytest.approx([0.340, 0.078], abs=0.01)


def test_interaction_spectrum_counts_the_products_in_a_pair() -> None:
    x, w = np.polynomial.legendre.leggauss(12)
    one = np.exp(x)[:, None] * np.sin(x) + x[:, None] ** 2 + x
    assert (interaction_spectrum(one, w / 2)[1:] < 1e-10).all()
    two = interaction_spectrum(one + 3 * x[:, None] ** 3 * x**3, w / 2)
    assert two[1] > 0.01
    assert (two[2:] < 1e-10).all()
