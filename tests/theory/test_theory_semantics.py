"""Eqs. (5), (6), (8) and App. C."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from na2q.theory.semantics import (
    adjustment,
    conditional,
    confounder,
    gaussian_kl,
    hidden_confounder,
    history,
    literal_credits,
    log_evidence,
    lower_bound,
    mediator,
    optimal_constant_mask,
    optimal_mask,
    paired_average,
    printed_bound,
)


@given(st.floats(-6, 6), st.floats(0.1, 3))
def test_closed_form_mask_is_the_minimum_of_eq_6(obs: float, weight: float) -> None:
    mask = float(optimal_mask(np.array(obs), weight))
    loss = lambda m: (1 - m) ** 2 * obs**2 + weight * m  # noqa: E731  (a formula)
    assert 0 <= mask <= 1
    assert loss(mask) <= loss(np.linspace(0, 1, 2001)).min() + 1e-10


def test_mask_depends_on_size_with_a_threshold() -> None:
    masks = optimal_mask(np.array([0.0, 0.5, 0.707, 0.75, 1, 2, 3]))
    assert masks == pytest.approx([0, 0, 0, 1 / 9, 0.5, 0.875, 0.94444], abs=1e-5)
    assert (optimal_mask(np.array([0.1, 3.0]), 0.0) == 1).all()


def test_constant_mask_sees_the_mean_square() -> None:
    assert optimal_constant_mask(np.array([[1.0, 0.5], [3.0, 0.5]])) == pytest.approx([0.9, 0.0])


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.01, 10))
def test_evidence_lower_bound_needs_a_minus(x: float, mean: float, std: float) -> None:
    assert lower_bound(*map(np.float64, (x, mean, std))) <= log_evidence(np.float64(x)) + 1e-10


def test_printed_bound_lies_above_the_evidence() -> None:
    found = [log_evidence(np.float64(1)), printed_bound(*map(np.float64, (1, 0.5, 0.5**0.5)))]
    assert found == pytest.approx([-1.5155, -1.0724], abs=1e-4)
    far = [log_evidence(np.float64(10)), printed_bound(*map(np.float64, (10, 10, 1)))]
    assert far == pytest.approx([-26.2655, 48.5811], abs=1e-4)


def test_evidence_bound_is_tight_at_the_posterior() -> None:
    for x in (-2.0, 0.0, 3.0):
        tight = lower_bound(np.float64(x), np.float64(x / 2), np.float64(0.5**0.5))
        assert tight == pytest.approx(log_evidence(np.float64(x)), abs=1e-10)


def test_kl_agrees_with_monte_carlo() -> None:
    z = 0.7 + 0.6 * np.random.default_rng(0).normal(size=400_000)
    ratio = -0.5 * ((z - 0.7) / 0.6) ** 2 - np.log(0.6) + 0.5 * z**2
    closed = gaussian_kl(np.float64(0.7), np.float64(0.6))
    assert closed == pytest.approx(ratio.mean(), abs=5 * ratio.std() / 400_000**0.5)


def test_literal_eq_8_gives_equal_credits_always() -> None:
    credits = literal_credits(np.array([-3.0, 0.0, 800.0]), 6)
    assert np.abs(credits - 1 / 6).max() < 1e-12


@pytest.mark.parametrize(
    ("model", "helps"),
    [
        (confounder(), True),
        (mediator(), False),
        (hidden_confounder(), False),
        (history(False), True),
        (history(True), False),
    ],
)
def test_adjustment_is_causal_only_without_descendants_of_the_state(model, helps: bool) -> None:
    assert model.joint.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(adjustment(model.joint), model.do, atol=1e-10) == helps


@pytest.mark.parametrize("model", [confounder(), mediator(), hidden_confounder(), history(False), history(True)])
def test_paired_semantics_condition_and_never_adjust(model) -> None:
    assert np.allclose(paired_average(model.joint), conditional(model.joint), atol=1e-10)


def test_numbers_of_the_models() -> None:
    assert confounder().do == pytest.approx([0.3, 0.65], abs=1e-10)
    assert conditional(confounder().joint) == pytest.approx([0.14, 0.85], abs=1e-10)
    assert adjustment(mediator().joint) == pytest.approx([0.45, 0.45], abs=1e-10)
    assert mediator().do == pytest.approx([0.17, 0.73], abs=1e-10)
    assert adjustment(history(True).joint) == pytest.approx([0.17533, 0.80584], abs=1e-4)
