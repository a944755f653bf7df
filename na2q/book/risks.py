"""Experiments on the regret bound: the excess risk of exact risk minimisers, beside the bounds on it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy import ndarray

from na2q.theory import bounds
from na2q.theory.bounds import Spectrum

UNCUT = 10**6
"""A rank at which nothing is cut."""

TESTED = 50_000
"""Samples that an expected risk is averaged over."""


class NoisyTarget(NamedTuple):
    """A well-specified target: linear forms of utilities, the first plain, the others squared, and uniform noise."""

    spectrum: Spectrum
    noise: float  # half width of the noise
    bases: ndarray  # directions of the forms, with entries whose absolute values add up to one, (rank + 1, agents)
    eigenvalues: ndarray  # of the forms, (rank + 1,)

    @property
    def rank(self) -> int:
        """Number of squares."""
        return len(self.eigenvalues) - 1

    def features(self, size: int, rng: np.random.Generator) -> ndarray:
        """Draw so many random utilities in [-1, 1] and return their forms, (size, rank + 1)."""
        projected = rng.uniform(-1, 1, (size, self.bases.shape[1])) @ self.bases.T
        return np.concatenate([projected[:, :1], projected[:, 1:] ** 2], 1)

    def excess(self, difference: ndarray) -> float:
        """Mean of E|d + e| - E|e| over differences d of prediction and target, for uniform noise e, in closed form."""
        d = np.abs(difference)
        return float(np.where(d < self.noise, d**2 / (2 * self.noise), d - self.noise / 2).mean())


def noisy_target(n_agents: int, rng: np.random.Generator, rank: int = 6) -> NoisyTarget:
    """Draw a target with the spectrum 0.2 exp(-d / 2) and noise in [-0.1, 0.1]."""
    spectrum = Spectrum(0.2, 0.5)
    signs = rng.choice([-1, 1], (rank + 1, n_agents))
    bases = rng.dirichlet(np.ones(n_agents), rank + 1) * signs
    return NoisyTarget(spectrum, 0.1, bases, spectrum.value(np.array([1, *range(1, rank + 1)])))


def excess_risks(
    target: NoisyTarget,
    ranks: Sequence[int],
    sizes: Sequence[int],
    repetitions: int,
    delta: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Fit the eigenvalues of a target by least absolute deviations and measure the excess risk.

    Args:
        target: what is learned; its bases are given to the learner.
        ranks: squares that the learner keeps.
        sizes: samples of a data set.
        repetitions: data sets of each size.
        delta: failure probability of the bounds.
        rng: of all data.

    Returns:
        Columns rank, b, found, corrected, printed: the excess risk of each data set, and the two bounds on it.
    """
    test, rows, agents = target.features(TESTED, rng), [], target.bases.shape[1]
    for rank, b in ((rank, b) for rank in ranks for b in sizes):
        kept, radius, cut = 1 + rank, target.eigenvalues[: 1 + rank].sum(), rank < target.rank
        tails = [0.0, bounds.discrete_tail(target.spectrum, rank) if cut else 0.0]
        corrected = bounds.corrected_theorem(tails, agents, b, delta, radius, 1.0).total
        cuts = [UNCUT, rank if cut else UNCUT, *[UNCUT] * (agents - 2)]
        printed = bounds.printed_theorem(target.spectrum, cuts, b, delta, radius, 1.0)
        for _ in range(repetitions):
            x = target.features(b, rng)
            y = x @ target.eigenvalues + rng.uniform(-target.noise, target.noise, b)
            fit = bounds.least_absolute_deviations(x[:, :kept], y, radius)
            found = target.excess(test[:, :kept] @ fit.weights - test @ target.eigenvalues)
            rows.append([rank, b, found, corrected, printed])
    return pd.DataFrame(rows, columns=["rank", "b", "found", "corrected", "printed"])


def coin_gaps(
    n_agents: int, sizes: Sequence[int], repetitions: int, delta: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Fit labels of plus and minus one half from a coin by monomials of degree one and two.

    Every predictor has risk one half, so that what is missing from it in the sample is overfitting.

    Returns:
        Columns b, found, corrected: the gap of each data set, and the corrected bound on it.
    """
    rows = []
    for b in sizes:
        corrected = bounds.corrected_theorem([0.0, 0.0], n_agents, b, delta, 0.5, 1.0).total
        for _ in range(repetitions):
            q = rng.uniform(-1, 1, (b, n_agents))
            first, second = np.triu_indices(n_agents)
            x = np.concatenate([q, q[:, first] * q[:, second]], 1)
            fit = bounds.least_absolute_deviations(x, rng.choice([-0.5, 0.5], b), 0.5)
            rows.append({"b": b, "found": 0.5 - fit.risk, "corrected": corrected})
    return pd.DataFrame(rows)


def exponent(table: pd.DataFrame) -> float:
    """Exponent with which the mean of the column `found` grows in the column `b`, by least squares of logarithms."""
    mean = table.groupby("b")["found"].mean()
    return float(np.polyfit(np.log(mean.index), np.log(mean), 1)[0])
