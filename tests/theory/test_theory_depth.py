"""Depth of two-sided units: what shallow networks obey, and what three layers reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from na2q.theory.depth import excess, six_points, staircase, steepest_slope, three_layers, two_sided_network

SEEDS = st.integers(0, 10**6)


@given(SEEDS, st.floats(-0.9, 0.9))
@settings(max_examples=60, deadline=None)
def test_one_layer_is_nowhere_steeper_than_its_rise_allows(seed: int, x: float) -> None:
    f = two_sided_network(seed, (40,), 1)
    at = lambda t: float(f(np.array([[t]]))[0])  # noqa: E731  (a formula)
    step = 1e-5
    slope = (at(x + step) - at(x - step)) / (2 * step)
    assert slope <= steepest_slope(at(1) - at(-1), abs(x) + step) * (1 + 1e-6) + 1e-6


@given(SEEDS, st.sampled_from([1e-3, 1 / 24, 1 / 12]))
@settings(max_examples=150, deadline=None)
def test_two_layers_obey_the_inequality(seed: int, margin: float) -> None:
    f = two_sided_network(seed, (24, 24), 2)
    positive, negative = six_points(margin)
    assert excess(f, margin) >= -1e-9 * (1 + np.abs(f(np.vstack([positive, negative]))).max())


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_sums_of_limits_of_two_layers_obey_it_too(seed: int) -> None:
    """Sharp units, where the inequality is tight: outer max(G, 0) or min(G, 0) with G convex plus concave ridges."""
    rng = np.random.default_rng(seed)

    def ridge(q: np.ndarray) -> np.ndarray:
        total = np.zeros(len(q))
        for _ in range(rng_copy.integers(1, 5)):
            t = q @ (rng_copy.exponential(size=2) * rng_copy.integers(0, 2, 2)) - rng_copy.uniform(0, 2)
            total += rng_copy.exponential() * (np.maximum(t, 0) if rng_copy.random() < 0.5 else np.minimum(t, 0))
        return total + rng_copy.normal()

    points = np.vstack(six_points())
    total = np.zeros(6)
    for outer in (np.maximum, np.minimum, np.maximum):
        rng_copy = np.random.default_rng(rng.integers(10**9))
        total += outer(ridge(points), 0)
    assert total[:3].sum() >= total[3:].sum() - 1e-9


def test_the_staircase_violates_the_inequality_and_costs_a_sixth() -> None:
    assert excess(staircase) == -1.0
    grid = np.random.default_rng(0).random((2000, 2))
    values = staircase(grid)
    higher = (grid[:, None] >= grid[None]).all(-1)
    assert (values[:, None] >= values[None])[higher].all()


def test_three_layers_violate_it_too_so_they_do_more() -> None:
    network = three_layers(staircase, 2, levels=1, cells=24)
    assert excess(network) == pytest.approx(-1.0)
    off_the_edges = np.random.default_rng(1).random((4000, 2))
    off_the_edges = off_the_edges[(np.abs(off_the_edges[..., None] - [1 / 3, 2 / 3]) > 1 / 24).all((1, 2))]
    assert np.abs(network(off_the_edges) - staircase(off_the_edges)).max() < 1e-9


@pytest.mark.parametrize("agents", [1, 2, 3])
def test_three_layers_come_within_two_levels_of_smooth_functions(agents: int) -> None:
    f = lambda q: 1 - (1 - q).prod(-1)  # noqa: E731  (any of the agents suffices; changes by at most n / cells in a cell)
    levels, cells = 6, 6 * agents
    q = np.random.default_rng(2).random((1500, agents))
    network = three_layers(f, agents, levels, cells)
    assert np.abs(network(q) - f(q)).max() <= 2 / levels + 1e-9
    shifted = np.minimum(q + 0.1, 1)
    assert (network(shifted) >= network(q) - 1e-12).all()


def test_margins_that_the_proof_does_not_cover_are_refused() -> None:
    with pytest.raises(ValueError, match="must lie in"):
        six_points(0.1)
