"""Appendix B, Eqs. (11)-(16): the regret bound as printed, counterexamples, corrected bounds, exact risk minimisers.

Symbols follow the paper: b samples, n agents, orders l, ranks rho_l, spectrum |lambda_ld| <= C_1 exp(-C_2 d^eta),
norms ||a||_1 <= B_a and ||lambda||_1 <= B_lambda, failure probability delta. Losses are 1-Lipschitz with
values in [0, 1]; risks are expectations of such a loss.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray
from scipy.optimize import linprog
from scipy.special import gamma, gammaincc
from scipy.stats import binom

from na2q.theory.expansion import n_monomials


class Spectrum(NamedTuple):
    """Constants of Assumption B.1."""

    c1: float
    c2: float
    eta: float = 1.0

    def value(self, d: Any) -> Any:  # Any: an array of any shape or one number
        """Largest |lambda_ld| that the assumption allows at index d."""
        return self.c1 * np.exp(-self.c2 * np.asarray(d, float) ** self.eta)


# --- tails of the spectrum -----------------------------------------------------------------------


def tail_sum(spectrum: Spectrum, first: int, last: int = 100_000) -> float:
    """Sum of the spectrum over first <= d <= last."""
    return float(spectrum.value(np.arange(first, last + 1)).sum())


def tail_integral(spectrum: Spectrum, start: float) -> float:
    """Integral of the spectrum from `start` to infinity, by the incomplete Gamma function."""
    c1, c2, eta = spectrum
    a = 1 / eta
    return float(c1 * a * c2**-a * gammaincc(a, c2 * start**eta) * gamma(a))


def printed_tail(spectrum: Spectrum, rank: int) -> float:
    """Lemma B.3 as printed: (C_1 / C_2) exp(-rho^eta). Not a bound where C_2 < 1."""
    return spectrum.c1 / spectrum.c2 * float(np.exp(-(float(rank) ** spectrum.eta)))


def corrected_tail(spectrum: Spectrum, rank: int) -> float:
    """Bound on the sum over d > rho: C_1 / (eta C_2) rho^(1 - eta) exp(-C_2 rho^eta), for rho >= 1.

    For eta < 1 it is multiplied by 1 / (1 - (1/eta - 1) / (C_2 rho^eta)) and needs C_2 rho^eta > 1/eta - 1;
    ValueError where that fails.
    """
    c1, c2, eta = spectrum
    x = c2 * rank**eta
    bound = c1 / (eta * c2) * rank ** (1 - eta) * float(np.exp(-x))
    if eta >= 1:
        return bound
    if x <= 1 / eta - 1:
        raise ValueError(f"C_2 rho^eta is {x:.3g}, must exceed 1/eta - 1 = {1 / eta - 1:.3g} where eta < 1")
    return bound / (1 - (1 / eta - 1) / x)


def discrete_tail(spectrum: Spectrum, rank: int) -> float:
    """Sharper bound on the sum over d > rho by a geometric series, for eta >= 1 (ValueError otherwise)."""
    if spectrum.eta < 1:
        raise ValueError(f"eta is {spectrum.eta}, the geometric bound needs eta >= 1")
    ratio = spectrum.c2 * spectrum.eta * (rank + 1) ** (spectrum.eta - 1)
    return float(spectrum.value(rank + 1) / -np.expm1(-ratio))


# --- bounds --------------------------------------------------------------------------------------


def printed_lemma(spectrum: Spectrum, ranks: Sequence[int], b: int, delta: float) -> float:
    """Right-hand side of Lemma B.3, Eq. (15), as printed."""
    return sum(printed_tail(spectrum, rank) for rank in ranks) + 2 * float(np.sqrt(np.log(2 / delta) / b))


def printed_theorem(
    spectrum: Spectrum, ranks: Sequence[int], b: int, delta: float, b_lambda: float, b_a: float
) -> float:
    """Right-hand side of Theorem B.2, Eq. (14), as printed; one rank for each order 1..n."""
    n = len(ranks)
    estimation = 2 * b_lambda * sum(b_a**order for order in range(1, n + 1)) * np.sqrt(np.log(n) / b)
    truncation = sum(printed_tail(spectrum, rank) for rank in ranks)
    return float(estimation + truncation + 2 * (np.sqrt(2) + 1) * np.sqrt(np.log(2 / delta) / b))


class Regret(NamedTuple):
    """The parts of a corrected bound; `total` is what the excess risk stays below."""

    estimation: float
    truncation: float
    deviation: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.estimation + self.truncation + self.deviation


def corrected_lemma(tails: Sequence[float], b: int, delta: float, b_a: float = 1.0) -> float:
    """Lemma B.3 corrected: sum_l B_a^l T_l + sqrt(log(1/delta) / (2 b)).

    Args:
        tails: bound T_l on the dropped part of the spectrum for l = 1, 2, ...; 0 where nothing is dropped.
        b: samples.
        delta: failure probability.
        b_a: largest ||a||_1.
    """
    return float(_truncation(tails, b_a) + np.sqrt(np.log(1 / delta) / (2 * b)))


def corrected_theorem(
    tails: Sequence[float], n: int, b: int, delta: float, b_lambda: float, b_a: float, b_0: float = 0.0
) -> Regret:
    """Theorem B.2 corrected, for fixed features F_l: Q -> [-1, 1]^n and orders 1..len(tails).

    2 B_lambda max_l B_a^l sqrt(2 log(2 N) / b) + 2 B_0 / sqrt(b) + sum_l B_a^l T_l + sqrt(2 log(1/delta) / b),
    where N counts the monomials of degree 1..L in n features and B_0 bounds a learned f_0.
    """
    orders = range(1, len(tails) + 1)
    count = sum(n_monomials(n, order) for order in orders)
    estimation = 2 * b_lambda * max(b_a**order for order in orders) * massart(2 * count, b) + 2 * b_0 / np.sqrt(b)
    return Regret(float(estimation), _truncation(tails, b_a), float(np.sqrt(2 * np.log(1 / delta) / b)))


class ShapeNorms(NamedTuple):
    """Largest row sums of |W_j| and largest |b_j| of the three layers of Table 4."""

    row_sums: tuple[float, float, float]
    biases: tuple[float, float, float]

    def propagate(self, x: float) -> float:
        """Push a first-layer quantity through the layers: w3 (w2 (w1 x + b1) + b2) + b3."""
        for w, bias in zip(self.row_sums, self.biases, strict=True):
            x = w * x + bias
        return x


def learned_shapes_theorem(norms: ShapeNorms, order: int, terms: int, b: int, delta: float) -> Regret:
    """Corrected bound for learned Table-4 shape functions with constant credits on the simplex.

    Utilities lie in [-1, 1], f_0 is fixed, and the regret is against the best member of the same class.
    """
    gamma_l = norms.propagate(np.sqrt(2 * np.log(order + 1)))
    largest = norms.propagate(1.0)
    estimation = 2 * (gamma_l + largest * np.sqrt(2 * np.log(terms))) / np.sqrt(b)
    return Regret(float(estimation), 0.0, float(np.sqrt(2 * np.log(1 / delta) / b)))


def massart(count: int, b: int) -> float:
    """Massart's bound sqrt(2 log(count) / b) on E max of (1/b) sum_j sigma_j v_j over vectors v in [-1, 1]^b."""
    return float(np.sqrt(2 * np.log(count) / b))


def l1_ball_rademacher(n: int, b: int) -> float:
    """Exact mean Rademacher complexity of {x -> <a, x>: ||a||_1 <= 1} for n independent fair signs.

    It is E max_i |S_i| / b for n independent sums of b signs, from the binomial distribution.
    """
    k = np.arange(b // 2 + b % 2, b + 1)  # |S| = 2 k - b
    at_most = 2 * binom.cdf(k, b, 0.5) - 1
    mass = np.diff(np.concatenate([[0.0], at_most**n]))
    return float(((2 * k - b) * mass).sum() / b)


def _truncation(tails: Sequence[float], b_a: float) -> float:
    return float(sum(b_a**order * tail for order, tail in enumerate(tails, 1)))


# --- empirical risk minimisers -------------------------------------------------------------------


class Fit(NamedTuple):
    """A minimiser of the mean absolute error over an l1 ball."""

    weights: ndarray  # (p,)
    risk: float  # mean absolute error on the sample


def least_absolute_deviations(x: ndarray, y: ndarray, radius: float, cost: ndarray | float = 1.0) -> Fit:
    """Minimise (1/b) sum_j |<w, x_j> - y_j| subject to sum_k cost_k |w_k| <= radius, exactly.

    Solved as a linear program in its dual form, b bounded multipliers and 2 p + 1 constraints; the
    weights are the multipliers of those. Where |<w, x_j> - y_j| <= 1 always, this is the empirical risk
    of the clipped loss min(1, |q - y|) too.

    Args:
        x: features, (b, p).
        y: targets, (b,).
        radius: size of the ball.
        cost: price of a unit of each weight, scalar or (p,).

    Raises:
        RuntimeError: the solver found no optimum.
    """
    b, p = x.shape
    price = np.broadcast_to(np.asarray(cost, float), (p,))
    scaled = (x / price / b).T
    ones = -np.ones((p, 1))
    constraints = np.block([[scaled, ones], [-scaled, ones]])
    objective = np.concatenate([-y / b, [radius]])
    result = linprog(objective, constraints, np.zeros(2 * p), bounds=[(-1, 1)] * b + [(0, None)], method="highs")
    if not result.success:
        raise RuntimeError(f"linear program failed: {result.message}")
    multipliers = result.ineqlin.marginals
    weights = (multipliers[p:] - multipliers[:p]) / price
    return Fit(weights, float(np.abs(x @ weights - y).mean()))


# --- counterexamples -----------------------------------------------------------------------------


class Counterexample(NamedTuple):
    """An instance that meets the printed assumptions: `found` exceeds what the paper allows, `printed`."""

    found: float
    printed: float
    corrected: float | None = None


def lipschitz_step() -> Counterexample:
    """|l(u,y) - l(v,y)| <= ||u-y| - |v-y|| fails for the 1-Lipschitz loss clip(u - y + 1/2, 0, 1)."""
    prediction, y = np.array([0.5, -0.5]), 0.0
    loss = np.clip(prediction - y + 0.5, 0, 1)
    found, printed, corrected = (np.ptp(x) for x in (loss, np.abs(prediction - y), prediction))
    return Counterexample(float(found), float(printed), float(corrected))


def lemma_counterexample(b: int = 100_000, delta: float = 0.05, seed: int = 0) -> Counterexample:
    """Lemma B.3 fails: 40 agents, order 2, slow decay C_2 = 0.05 cut at rank 5, no noise.

    Q_i ~ U[0.9, 1], Q* = sum_{d<=40} 0.05 e^{-0.05 d} Q_d^2 = y, loss min(1, |q - y|); ranks are 1 for
    order 1, 5 for order 2 and 40 for all others, which are absent from Q*.
    """
    n, rank, spectrum = 40, 5, Spectrum(0.05, 0.05)
    square = np.random.default_rng(seed).uniform(0.9, 1.0, (b, n - rank)) ** 2
    found = float((square @ spectrum.value(np.arange(rank + 1, n + 1))).mean())
    ranks = [1, rank] + [n] * (n - 2)
    tails = [0.0, corrected_tail(spectrum, rank)]
    return Counterexample(found, printed_lemma(spectrum, ranks, b, delta), corrected_lemma(tails, b, delta))


def memorising_counterexample(b: int = 6_400, delta: float = 0.05, seed: int = 0) -> Counterexample:
    """Theorem B.2 fails with learned shape functions: one agent, coin labels, tents through the data.

    The minimiser is right on every sample point and predicts 2 outside tents of half-width 10^-12, so its
    risk is 1 up to their total length, while any constant has risk 1/2.
    """
    spectrum = Spectrum(0.1, 1.0)
    rng = np.random.default_rng(seed)
    q, y = rng.random(b), rng.integers(0, 2, b)
    new_q, new_y = rng.random(b), rng.integers(0, 2, b)
    nearest, inside = _nearest(q, new_q, width=1e-12)
    prediction = np.where(inside, y[nearest], 2)
    excess = float(np.minimum(1, np.abs(prediction - new_y)).mean()) - 0.5
    scale = float(spectrum.value(1))
    return Counterexample(excess, printed_theorem(spectrum, [1], b, delta, scale, 1.0))


def _nearest(points: ndarray, queries: ndarray, width: float) -> tuple[ndarray, ndarray]:
    order = np.argsort(points)
    place = np.clip(np.searchsorted(points[order], queries), 1, len(points) - 1)
    left, right = order[place - 1], order[place]
    nearest = np.where(queries - points[left] < points[right] - queries, left, right)
    return nearest, np.abs(points[nearest] - queries) < width


def scaling_counterexample(b: int = 600, n: int = 900, scale: float = 1e7, seed: int = 0) -> Counterexample:
    """Theorem B.2 fails for unbounded features: the bound shrinks with ||a||_1, and F can make up for it.

    F_1 = scale * X with X ~ U[-1, 1]^n and coin labels in {0, 1}. With b < n an interpolant has zero
    empirical risk; adding a direction that no sample sees leaves it so and ruins every new prediction,
    at ||a||_1 of order 1 / scale. Excess risk on 2000 new samples.
    """
    spectrum, delta = Spectrum(0.1, 1.0), 0.05
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (b, n)), rng.integers(0, 2, b)
    samples = np.linalg.qr(x.T)[0]  # (n, b), orthonormal basis of what the samples span
    unseen = rng.normal(size=n)
    unseen -= samples @ (samples.T @ unseen)
    weights = samples @ np.linalg.solve(x @ samples, y - 0.5) + 100 * unseen
    new_x, new_y = rng.uniform(-1, 1, (2000, n)), rng.integers(0, 2, 2000)
    excess = float(np.minimum(1, np.abs(new_x @ weights + 0.5 - new_y)).mean()) - 0.5
    b_lambda = float(spectrum.value(1))
    b_a = float(np.abs(weights).sum()) / (b_lambda * scale)
    ranks = [1] + [n] * (n - 1)
    return Counterexample(excess, printed_theorem(spectrum, ranks, b, delta, b_lambda, b_a))


def comparator_counterexample(b: int = 100_000, delta: float = 0.05) -> Counterexample:
    """Theorem B.2 fails when the comparator lies outside the ball ||lambda||_1 <= B_lambda.

    Three agents share one coin xi; y = Q* = c xi has 1, 3 and 4 terms of orders 1, 2 and 3 with
    lambda_ld = 0.3 e^{-d}. With B_lambda = 1e-9 all that can be learned is a constant, of risk c / 2.
    """
    spectrum, b_lambda = Spectrum(0.3, 1.0), 1e-9
    c = sum(tail_sum(spectrum, 1, terms) for terms in (1, 3, 4))
    return Counterexample(c / 2 - b_lambda, printed_theorem(spectrum, [1, 3, 5], b, delta, b_lambda, 1.0))
