"""What an additive model identifies: changes that leave Q_tot alone, and the ends of every credit's interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import null_space

from na2q.theory.identification import (
    agents_of,
    changed_contributions,
    changed_credits,
    credit_intervals,
    movement_spectrum,
    pairs_of,
    steepest_shares,
)


def softmax(x: np.ndarray) -> np.ndarray:
    weights = np.exp(x - x.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def shapes_of(q: np.ndarray) -> np.ndarray:
    """Non-constant unary and non-additive pair functions of an order-2 model, (r, m)."""
    unary = [np.exp(q[:, i]) - i * q[:, i] ** 2 for i in range(q.shape[1])]
    pairs = [np.sin(q[:, i] * q[:, j]) + q[:, i] for i, j in pairs_of(q.shape[1])]
    return np.stack(unary + pairs, -1)


@given(st.integers(2, 5), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_change_of_model_moves_credits_but_neither_their_sum_nor_q_tot(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    credits, shapes = softmax(rng.normal(size=(30, n * (n + 1) // 2))), shapes_of(rng.normal(size=(30, n)))
    moved = rng.uniform(-0.4, 2, (n * (n - 1) // 2, 2))
    other = changed_credits(credits, moved)
    assert np.abs(other.sum(1) - 1).max() < 1e-12
    assert np.abs(other - credits).max() > 1e-3
    changed = changed_contributions(credits, shapes, moved).sum(1)
    assert np.abs(changed - (credits * shapes).sum(1)).max() < 1e-12 * np.abs(shapes).max()


def test_ratios_of_a_pairs_credit_between_contexts_survive_every_change() -> None:
    credits = softmax(np.random.default_rng(0).normal(size=(2, 6)))
    other = changed_credits(credits, np.random.default_rng(1).uniform(-0.3, 3, (3, 2)))
    assert np.allclose(other[0, 3:] / other[1, 3:], credits[0, 3:] / credits[1, 3:], atol=1e-12)
    assert not np.allclose(other[0, :3] / other[1, :3], credits[0, :3] / credits[1, :3], atol=1e-3)


@pytest.mark.parametrize("n", [2, 3])
def test_nothing_else_leaves_q_tot_alone(n: int) -> None:
    """The space of (f'_k) with Q_tot unchanged for fixed new credits is found by linear algebra: it holds one point
    for credits of the theorem's form, and none for others."""
    rng, m = np.random.default_rng(n), n * (n + 1) // 2
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 4)] * n, indexing="ij"), -1).reshape(-1, n)
    credits = softmax(rng.normal(size=(3 * m, m)))
    wanted = np.einsum("zk,rk->zr", credits, shapes_of(grid))

    def residual(other: np.ndarray) -> float:
        """Least distance of Q_tot from models with these credits and free shape functions on the grid."""
        levels = [np.unique(grid[:, s], axis=0, return_inverse=True)[1] for s in members]
        columns = [np.einsum("z,rv->zrv", other[:, k], np.eye(x.max() + 1)[x]) for k, x in enumerate(levels)]
        design = np.concatenate(columns, -1).reshape(wanted.size, -1)
        design = np.hstack([design, np.ones((len(design), 1))])  # f_0
        return float(np.abs(design @ np.linalg.lstsq(design, wanted.ravel(), rcond=None)[0] - wanted.ravel()).max())

    members = [[i] for i in range(n)] + [list(pair) for pair in pairs_of(n)]
    assert residual(credits) < 1e-9
    assert residual(changed_credits(credits, rng.uniform(0, 2, (m - n, 2)))) < 1e-9
    assert residual(softmax(rng.normal(size=(3 * m, m)))) > 1e-3
    forbidden = np.eye(m)
    forbidden[0, 1], forbidden[0, 0] = 0.3, 0.7  # agent 2's shape function taken into agent 1's
    assert residual(credits @ forbidden) > 1e-3


def test_spectrum_counts_the_directions_in_which_semantics_move_the_credits() -> None:
    rng = np.random.default_rng(2)
    free = softmax(rng.normal(size=(5, 40, 6)))
    assert movement_spectrum(free).shape == (5,)
    assert movement_spectrum(free).min() > 0.1
    direction = null_space(np.ones((1, 6)))[:, 0]
    stiff = 1 / 6 + 0.05 * rng.normal(size=(5, 40, 1)) * direction
    assert movement_spectrum(stiff)[1:].max() < 1e-12


def test_intervals_of_two_agents_in_closed_form() -> None:
    """One context, only growth of the pair allowed: alpha_12 can take both agents' credits, and no more."""
    credits = np.array([[0.5, 0.3, 0.2]])
    found = credit_intervals(credits, 0.0)
    assert found == pytest.approx(np.array([[0, 0.5], [0, 0.3], [0.2, 1.0]]), abs=1e-9)
    wider = credit_intervals(credits, np.array([[-0.5, -0.25]]))
    assert wider[2] == pytest.approx([0.2 * 0.25, 1.0], abs=1e-9)
    assert wider[0] == pytest.approx([0.0, 0.5 + 0.5 * 0.2], abs=1e-9)


@given(st.integers(2, 4), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_no_admissible_change_leaves_its_interval(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    credits = softmax(rng.normal(size=(12, n * (n + 1) // 2)))
    found = credit_intervals(credits, -0.2)
    assert (found[:, 0] <= credits.mean(0) + 1e-9).all()
    assert (found[:, 1] >= credits.mean(0) - 1e-9).all()
    for _ in range(20):
        other = changed_credits(credits, rng.uniform(-0.2, 0.3, (n * (n - 1) // 2, 2)))
        if (other >= 0).all():
            assert (other.mean(0) >= found[:, 0] - 1e-9).all()
            assert (other.mean(0) <= found[:, 1] + 1e-9).all()


def test_bounds_on_what_a_pair_may_lose_keep_it_rising() -> None:
    x = np.linspace(0, 1, 11)
    unary = np.stack([2 * x, x])
    pair = (x[:, None] + x + x[:, None] * x)[None]
    least = steepest_shares(unary, pair)
    assert least == pytest.approx(np.array([[-0.5, -1.0]]), abs=1e-9)
    edge = pair[0] + least[0, 0] * unary[0][:, None] + least[0, 1] * unary[1]
    assert np.diff(edge, axis=0).min() > -1e-12
    assert np.diff(edge, axis=1).min() > -1e-12


def test_wrong_sizes_are_named() -> None:
    with pytest.raises(ValueError, match="5 terms"):
        agents_of(5)
    with pytest.raises(ValueError, match="must be positive"):
        changed_contributions(np.ones((1, 3)) / 3, np.ones((1, 3)), np.array([[-1.0, -0.5]]))
    with pytest.raises(ValueError, match="does not rise"):
        steepest_shares(np.zeros((2, 3)), np.zeros((1, 3, 3)))
