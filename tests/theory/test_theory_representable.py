"""Which payoffs NA2Q represents with learned utilities."""

from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from na2q.theory.monotone import elu, monotone_floor
from na2q.theory.representable import (
    best_fit,
    differences,
    is_representable,
    ranked,
    rankings,
    relative_miss,
    ridge_error,
    ridge_network,
    up_sets,
)

AND, OR = np.array([[0.0, 0], [0, 1]]), np.array([[0.0, 1], [1, 1]])


def supermodular(rng: np.random.Generator, actions: int) -> np.ndarray:
    """A nondecreasing supermodular payoff of two agents, actions in order of rank."""
    step = rng.exponential(size=(actions, actions)) * rng.integers(0, 2, (actions, actions))
    return step.cumsum(0).cumsum(1)


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 4), (2, 3, 2)])
def test_up_sets_are_all_of_them_and_each_once(shape: tuple[int, ...]) -> None:
    found = up_sets(shape)
    assert len(np.unique(found.reshape(len(found), -1), axis=0)) == len(found)
    assert not found[0].any()
    assert found[-1].all()
    for axis in range(len(shape)):
        assert (np.diff(found.astype(int), axis=axis + 1) >= 0).all()
    if len(shape) == 2:
        assert len(found) == comb(sum(shape), shape[0])


def test_complements_are_represented_and_substitutes_are_not() -> None:
    assert is_representable(AND, "pairwise")
    assert not is_representable(OR, "pairwise")
    assert is_representable(OR, "monotone")
    assert not is_representable(AND, "sum")
    assert is_representable(AND[::-1], "pairwise"), "names of actions do not matter"
    for shape in ((1, 2), (2, 1)):
        assert is_representable(np.arange(2.0).reshape(shape), "sum")


@given(st.integers(0, 10**6), st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_a_mixer_of_table_4_reaches_only_what_counts_as_representable(seed: int, actions: int) -> None:
    rng = np.random.default_rng(seed)
    utilities = rng.normal(size=(2, actions))
    w1, w2 = np.abs(rng.normal(size=(2, 8))), np.abs(rng.normal(size=(8, 4)))
    q = np.stack(np.meshgrid(*utilities, indexing="ij"), -1)
    hidden = elu(elu(q @ w1 + rng.normal(size=8)) @ w2 + rng.normal(size=4))
    payoff = hidden @ np.abs(rng.normal(size=4)) + q @ np.abs(rng.normal(size=2))
    assert is_representable(payoff, "pairwise", 1e-9)
    assert is_representable(payoff, "monotone", 1e-9)


@pytest.mark.parametrize(("ratio", "limit"), [(0.1, 0.35), (0.01, 0.03), (0.001, 0.003)])
def test_shrinking_gaps_reach_every_supermodular_payoff(ratio: float, limit: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        payoff = supermodular(rng, 4)
        utilities, mixer = ridge_network(payoff, ratio)
        error = np.abs(mixer(utilities[:, None], utilities[None]) - payoff).max()
        assert error <= limit * np.ptp(payoff)


def test_the_explicit_network_rises_in_both_utilities_everywhere() -> None:
    _, mixer = ridge_network(supermodular(np.random.default_rng(1), 3), 0.1)
    x = np.linspace(-1, 2, 60)
    values = mixer(x[:, None], x[None])
    assert np.diff(values, axis=0).min() >= 0
    assert np.diff(values, axis=1).min() >= 0


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_three_agents_differ_from_pairs_by_their_third_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = [supermodular(rng, 2) for _ in range(3)]
    payoff = pairs[0][:, :, None] + pairs[1][:, None, :] + pairs[2][None]
    assert is_representable(payoff, "pairwise")
    payoff[1, 1, 1] += 0.5
    assert differences(payoff)[2] == pytest.approx(0.5)
    assert not is_representable(payoff, "pairwise")
    assert is_representable(payoff, "monotone")


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_best_fits_are_nested_and_no_member_is_closer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoff = rng.normal(size=(3, 3))
    fits = {family: best_fit(payoff, family) for family in ("sum", "pairwise", "monotone")}
    assert fits["sum"].error >= fits["pairwise"].error - 1e-9
    assert fits["pairwise"].error >= fits["monotone"].error - 1e-9
    for family, fit in fits.items():
        assert is_representable(fit.values, family, 1e-7)
        assert ((fit.values - payoff) ** 2).sum() == pytest.approx(fit.error, abs=1e-9)
    rival = fits["monotone"].values + 0.1 * (fits["pairwise"].values - fits["monotone"].values)
    if is_representable(rival, "monotone"):
        assert ((rival - payoff) ** 2).sum() >= fits["monotone"].error - 1e-9
    assert np.abs(fits["monotone"].values - payoff).max() >= monotone_floor(payoff) - 1e-9


def test_share_of_monotone_games_is_that_of_the_hook_length_formula() -> None:
    """Distinct entries: a ranking that makes the payoff rise is a standard tableau, one for each order of actions."""
    assert len(list(rankings((2, 2)))) == 4
    rng = np.random.default_rng(3)
    found = np.mean([is_representable(rng.random((2, 2)), "monotone") for _ in range(4000)])
    assert found == pytest.approx(4 * 2 / factorial(4), abs=0.03)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_no_other_ranking_makes_a_payoff_rise_if_that_by_means_does_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoff = rng.integers(0, 4, (3, 3)) + rng.integers(0, 4, 3)[:, None] + rng.integers(0, 4, 3) * 1.0
    rises = lambda r: all((np.diff(ranked(payoff, r), axis=i) >= 0).all() for i in (0, 1))  # noqa: E731  (a formula)
    assert any(rises(r) for r in rankings((3, 3))) == is_representable(payoff, "monotone")


def test_ranked_reads_actions_in_the_given_order() -> None:
    assert ranked(np.arange(4).reshape(2, 2), ((1, 0), (0, 1))).tolist() == [[2, 3], [0, 1]]


def test_relative_miss_is_zero_for_members_and_grows_with_the_family_that_is_smaller() -> None:
    rng = np.random.default_rng(0)
    assert relative_miss(supermodular(rng, 3), "pairwise") == pytest.approx(0, abs=1e-6)
    game = rng.normal(size=(3, 3))
    misses = [relative_miss(game, family) for family in ("sum", "pairwise", "monotone")]
    assert 1 >= misses[0] >= misses[1] >= misses[2] > 0


def test_error_of_the_ridge_network_falls_with_the_gap_ratio() -> None:
    payoff = np.abs(np.random.default_rng(0).normal(size=(3, 3))).cumsum(0).cumsum(1)
    errors = [ridge_error(payoff, ratio) for ratio in (0.1, 0.01, 0.001)]
    assert errors[0] > errors[1] > errors[2] > 0
