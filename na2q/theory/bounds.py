"""Appendix B, Eqs. (11)-(16): the regret bound as printed, corrected bounds, exact risk minimisers.

Symbols follow the paper: b samples, n agents, orders l, ranks rho_l, spectrum |lambda_ld| <= C_1 exp(-C_2 d^eta),
norms ||a||_1 <= B_a and ||lambda||_1 <= B_lambda, failure probability delta. Losses are 1-Lipschitz with
values in [0, 1]; risks are expectations of such a loss.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement
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


def monomials(q: ndarray, degree: int) -> ndarray:
    """All monomials of degree 1 to `degree` of features (b, n), as columns."""
    powers = (c for d in range(1, degree + 1) for c in combinations_with_replacement(range(q.shape[1]), d))
    return np.stack([q[:, list(c)].prod(1) for c in powers], 1)


def hull_rademacher(x: ndarray, draws: int, rng: np.random.Generator) -> ndarray:
    """Monte-Carlo draws (draws,) whose mean is the empirical Rademacher complexity of a hull of features.

    The class is {sum_k w_k x_k: sum_k |w_k| <= 1} on the sample x, (b, p). Its supremum for given signs is
    max_k |(1/b) sum_j sigma_j x_jk|.
    """
    signs = rng.integers(0, 2, (draws, len(x))) * 2.0 - 1
    return np.abs(signs @ x).max(1) / len(x)


def _truncation(tails: Sequence[float], b_a: float) -> float:
    return float(sum(b_a**order * tail for order, tail in enumerate(tails, 1)))


# --- empirical risk minimisers -------------------------------------------------------------------


class Regression(NamedTuple):
    """A minimiser of the mean absolute error over an l1 ball."""

    weights: ndarray  # (p,)
    risk: float  # mean absolute error on the sample


def least_absolute_deviations(x: ndarray, y: ndarray, radius: float, cost: ndarray | float = 1.0) -> Regression:
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
    return Regression(weights, float(np.abs(x @ weights - y).mean()))
