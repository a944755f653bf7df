"""Instances that meet what Appendix B assumes in print and exceed what it allows."""

from typing import NamedTuple

import numpy as np
from numpy import ndarray

from na2q.theory.bounds import (
    Spectrum,
    corrected_lemma,
    corrected_tail,
    printed_lemma,
    printed_theorem,
    tail_sum,
)


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
