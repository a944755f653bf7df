"""Appendix B: corrected bounds hold over random instances, and each counterexample keeps its number."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import linprog

from na2q.theory.bounds import (
    ShapeNorms,
    Spectrum,
    corrected_lemma,
    corrected_tail,
    corrected_theorem,
    discrete_tail,
    hull_rademacher,
    l1_ball_rademacher,
    learned_shapes_theorem,
    least_absolute_deviations,
    massart,
    printed_tail,
    printed_theorem,
    tail_integral,
    tail_sum,
)
from na2q.theory.bounds import monomials as all_monomials
from na2q.theory.counterexamples import (
    comparator_counterexample,
    lemma_counterexample,
    lipschitz_step,
    memorising_counterexample,
    scaling_counterexample,
)
from na2q.theory.expansion import n_monomials

C2 = st.floats(0.02, 5)
RANK = st.integers(1, 30)


@given(C2, st.floats(1, 3), RANK)
def test_corrected_tails_bound_the_spectrum_and_the_discrete_one_is_sharper(c2: float, eta: float, rank: int) -> None:
    spectrum = Spectrum(0.5, c2, eta)
    found = tail_sum(spectrum, rank + 1)
    discrete, smooth = discrete_tail(spectrum, rank), corrected_tail(spectrum, rank)
    assert found <= discrete * (1 + 1e-9) <= smooth * (1 + 1e-8)


@given(st.floats(0.3, 5), st.floats(0.4, 0.99), RANK)
def test_corrected_tail_bounds_slow_spectra_too(c2: float, eta: float, rank: int) -> None:
    assume(c2 * rank**eta > (1 / eta - 1) * 1.01)
    spectrum = Spectrum(0.5, c2, eta)
    assert tail_sum(spectrum, rank + 1) <= corrected_tail(spectrum, rank) * (1 + 1e-9)


def test_corrected_tail_refuses_a_spectrum_too_slow_for_its_rank() -> None:
    with pytest.raises(ValueError, match="must exceed"):
        corrected_tail(Spectrum(0.5, 0.1, 0.5), 1)
    with pytest.raises(ValueError, match="needs eta >= 1"):
        discrete_tail(Spectrum(0.5, 0.1, 0.5), 1)


@pytest.mark.parametrize(("c2", "eta", "rank"), [(0.1, 1.0, 10), (1.0, 0.5, 4), (2.0, 1.7, 2)])
def test_tail_integral_agrees_with_quadrature(c2: float, eta: float, rank: int) -> None:
    spectrum = Spectrum(0.3, c2, eta)
    numeric = quad(spectrum.value, rank, np.inf, epsabs=1e-13)[0]
    assert tail_integral(spectrum, rank) == pytest.approx(numeric, abs=1e-10)


@given(C2, st.floats(1, 3), st.integers(1, 8))
def test_the_sum_exceeds_the_integral_that_the_lemma_puts_above_it(c2: float, eta: float, rank: int) -> None:
    spectrum = Spectrum(1.0, c2, eta)
    assume(spectrum.value(rank) > 1e-100)
    assert tail_sum(spectrum, rank) > tail_integral(spectrum, rank) > tail_sum(spectrum, rank + 1)


def test_sum_and_integral_of_the_smallest_case() -> None:
    spectrum = Spectrum(1.0, 1.0)
    found = [tail_sum(spectrum, 1), tail_integral(spectrum, 1), tail_sum(spectrum, 2)]
    assert found == pytest.approx([0.58198, 0.36788, 0.21409], abs=1e-5)


@given(st.floats(1, 5), st.floats(1, 3), RANK)
def test_printed_tail_is_right_where_both_constants_are_at_least_one(c2: float, eta: float, rank: int) -> None:
    assert tail_integral(Spectrum(0.5, c2, eta), rank) <= printed_tail(Spectrum(0.5, c2, eta), rank) * (1 + 1e-9)


@given(st.floats(0.02, 0.98), RANK)
def test_printed_tail_is_wrong_for_every_slow_exponential_spectrum(c2: float, rank: int) -> None:
    assert tail_integral(Spectrum(0.5, c2), rank) > printed_tail(Spectrum(0.5, c2), rank)


def test_printed_tail_falls_short_by_a_factor_of_thousands() -> None:
    spectrum = Spectrum(1.0, 0.1)
    assert tail_sum(spectrum, 11) == pytest.approx(3.498, abs=1e-3)
    assert printed_tail(spectrum, 10) == pytest.approx(4.54e-4, abs=1e-6)
    assert tail_integral(Spectrum(1.0, 1.0, 0.5), 4) == pytest.approx(0.812, abs=1e-3)
    assert printed_tail(Spectrum(1.0, 1.0, 0.5), 4) == pytest.approx(0.1353, abs=1e-4)


def test_large_bases_break_the_bound_by_the_eigenvalues() -> None:
    """a = 3 e_1 at Q = 1: one dropped order-2 term exceeds the whole printed truncation of both orders."""
    spectrum = Spectrum(0.9, 1.0)
    dropped = float(spectrum.value(2)) * 3.0**2
    assert dropped == pytest.approx(1.0962, abs=1e-4)
    assert 2 * printed_tail(spectrum, 1) == pytest.approx(0.6622, abs=1e-4)
    assert dropped <= 3.0**2 * corrected_tail(spectrum, 1)


def test_lipschitz_step_of_the_lemma_fails() -> None:
    assert lipschitz_step() == (1.0, 0.0, 1.0)


def test_lemma_fails_as_printed_and_holds_corrected() -> None:
    found, printed, corrected = lemma_counterexample()
    assert found == pytest.approx(0.567, abs=1e-3)
    assert printed == pytest.approx(0.387, abs=1e-3)
    assert corrected == pytest.approx(0.783, abs=1e-3)


def test_lemma_counterexample_fails_on_every_sample() -> None:
    """Q_i >= 0.9 makes each single loss larger than the printed bound: no luck is needed."""
    assert 0.9**2 * tail_sum(Spectrum(0.05, 0.05), 6, 40) > lemma_counterexample(b=1000).printed - 0.11
    assert 0.9**2 * tail_sum(Spectrum(0.05, 0.05), 6, 40) > lemma_counterexample().printed


@pytest.mark.parametrize(("b", "printed"), [(1600, 0.269), (6400, 0.153), (25600, 0.095)])
def test_theorem_fails_for_learned_shape_functions(b: int, printed: float) -> None:
    example = memorising_counterexample(b)
    assert example.found == pytest.approx(0.5, abs=1e-6)
    assert example.printed == pytest.approx(printed, abs=1e-3)


def test_theorem_fails_for_unbounded_features() -> None:
    example = scaling_counterexample()
    assert example.found == pytest.approx(0.499, abs=2e-3)
    assert example.printed == pytest.approx(0.416, abs=2e-3)


def test_theorem_fails_for_a_comparator_outside_the_ball() -> None:
    example = comparator_counterexample()
    assert example.found == pytest.approx(0.2238, abs=1e-4)
    assert example.printed == pytest.approx(0.1566, abs=1e-4)
    assert comparator_counterexample(b=10**9).printed == pytest.approx(0.1276, abs=1e-4)


@pytest.mark.parametrize(("n", "limit"), [(1, 0.798), (2, 1.128), (3, 1.326), (8, 1.783), (64, 2.596)])
def test_l1_ball_is_richer_than_the_printed_root_of_log_n(n: int, limit: float) -> None:
    b = 4000
    complexity = l1_ball_rademacher(n, b) * b**0.5
    assert complexity == pytest.approx(limit, abs=1e-3)
    assert np.sqrt(np.log(n)) < complexity <= massart(2 * n, b) * b**0.5


def test_l1_ball_rademacher_agrees_with_simulation() -> None:
    sums = np.abs(np.random.default_rng(0).choice([-1, 1], (20_000, 3, 25)).sum(-1)).max(1) / 25
    assert l1_ball_rademacher(3, 25) == pytest.approx(sums.mean(), abs=4 * sums.std() / 20_000**0.5)


def monomials(q: np.ndarray) -> np.ndarray:
    n = q.shape[1]
    return np.concatenate([q, np.stack([q[:, i] * q[:, j] for i in range(n) for j in range(i, n)], 1)], 1)


@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([20, 80]), st.floats(0.05, 0.45))
@settings(max_examples=15, deadline=None)
def test_corrected_theorem_bounds_the_gap_of_exact_risk_minimisers(seed: int, n: int, b: int, radius: float) -> None:
    """Coin labels: every predictor has risk 1/2, so the excess risk of the class' minimiser is 0 and its
    gap 1/2 - empirical risk is what the estimation and deviation terms have to cover."""
    rng = np.random.default_rng(seed)
    x, y = monomials(rng.choice([-1.0, 1.0], (b, n))), rng.choice([-0.5, 0.5], b)
    fit = least_absolute_deviations(x, y, radius)
    bound = corrected_theorem([0.0, 0.0], n, b, delta=1e-6, b_lambda=radius, b_a=1.0)
    assert x.shape[1] == sum(n_monomials(n, d) for d in (1, 2))
    assert 0.5 - fit.risk <= bound.total


@given(st.integers(0, 10**6), st.sampled_from([16, 64]))
@settings(max_examples=15, deadline=None)
def test_corrected_theorem_bounds_the_excess_risk_of_truncated_spectra(seed: int, b: int) -> None:
    rng = np.random.default_rng(seed)
    n, rank, spectrum = 4, 2, Spectrum(0.2, 0.5)
    bases = rng.dirichlet(np.ones(n), 7) * rng.choice([-1, 1], (7, n))
    spread = spectrum.value(np.array([1, 1, 2, 3, 4, 5, 6]))
    features = lambda q: np.concatenate([q @ bases[:1].T, (q @ bases[1:].T) ** 2], 1)  # noqa: E731  (a formula)
    draw = lambda size: features(rng.uniform(-1, 1, (size, n)))  # noqa: E731  (a formula)
    train, test = draw(b), draw(20_000)
    kept = 1 + rank
    fit = least_absolute_deviations(train[:, :kept], train @ spread, radius=spread[:kept].sum())
    excess = np.abs(test[:, :kept] @ fit.weights - test @ spread).mean()
    tails = [0.0, discrete_tail(spectrum, rank)]
    assert excess <= corrected_theorem(tails, n, b, 1e-6, spread[:kept].sum(), 1.0).total


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_dual_and_primal_linear_programs_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    b, p, radius = 30, 4, 0.6
    x, y, price = rng.normal(size=(b, p)), rng.normal(size=b), rng.uniform(0.5, 2, p)
    fit = least_absolute_deviations(x, y, radius, price)
    cost = np.concatenate([np.zeros(2 * p), np.full(b, 1 / b)])
    above = np.block([[x, -x, -np.eye(b)], [-x, x, -np.eye(b)]])
    ball = np.concatenate([price, price, np.zeros(b)])
    primal = linprog(cost, np.vstack([above, ball]), np.concatenate([y, -y, [radius]]), bounds=(0, None))
    assert fit.risk == pytest.approx(primal.fun, abs=1e-8)
    assert price @ np.abs(fit.weights) <= radius + 1e-8


def test_corrected_bounds_at_the_sizes_of_the_paper() -> None:
    """B_a = B_lambda = 1, delta = 0.05, nothing truncated; printed without its truncation term too."""
    far = [10**6]
    case = {(3, 2, 32): (1.28, 2.38), (3, 2, 1600): (0.181, 0.337), (8, 2, 3840): (0.136, 0.243)}
    for (n, order, b), (corrected, printed) in case.items():
        assert corrected_theorem([0.0] * order, n, b, 0.05, 1, 1).total == pytest.approx(corrected, abs=5e-3)
        estimation = 2 * order * np.sqrt(np.log(n) / b)
        deviation = printed_theorem(Spectrum(1, 1), far, b, 0.05, 0, 0)
        assert estimation + deviation == pytest.approx(printed, abs=5e-3)


def test_corrected_lemma_scales_each_order_by_its_power_of_the_base_norm() -> None:
    assert corrected_lemma([0.1, 0.2], b=10**12, delta=0.5, b_a=2.0) == pytest.approx(0.2 + 0.8, abs=1e-5)


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_shape_functions_stay_below_the_norm_of_the_corrected_theorem(seed: int, p: int) -> None:
    """Mean correlation with signs of the best of many random networks, and their largest value."""
    rng = np.random.default_rng(seed)
    norms, b = ShapeNorms((1.5, 1.2, 1.0), (0.3, 0.2, 0.1)), 40
    h = rng.uniform(-1, 1, (b, p))
    widths = (p, 8, 4, 1)
    outputs = []
    for _ in range(20):
        x = h
        for layer in range(3):
            w = rng.dirichlet(np.ones(widths[layer]), widths[layer + 1]) * norms.row_sums[layer]
            x = (elu(x) if layer else x) @ w.T + rng.uniform(-1, 1, widths[layer + 1]) * norms.biases[layer]
        outputs.append(x[:, 0])
    assert np.abs(outputs).max() <= norms.propagate(1.0) + 1e-12
    signs = rng.choice([-1, 1], (2000, b))
    found = (signs @ np.array(outputs).T / b).max(1).mean()
    assert found <= norms.propagate(np.sqrt(2 * np.log(p + 1))) / np.sqrt(b)
    assert learned_shapes_theorem(norms, p, 1, b, 0.5).estimation >= 2 * found


def test_monomials_are_counted_and_their_hull_is_measured_by_monte_carlo() -> None:
    rng = np.random.default_rng(0)
    q = rng.choice([-1.0, 1.0], (400, 3))
    assert all_monomials(q, 2).shape == (400, sum(n_monomials(3, d) for d in (1, 2)))
    draws = hull_rademacher(q, 3000, rng)
    assert draws.mean() == pytest.approx(l1_ball_rademacher(3, 400), rel=0.06)
    assert draws.mean() < massart(6, 400)
