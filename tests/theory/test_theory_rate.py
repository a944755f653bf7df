"""What codes for masks save and cost."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from na2q.theory.rate import best_code, largest_saving, mask_cost, priced
from na2q.theory.semantics import optimal_mask


@given(st.floats(0, 20))
def test_cost_of_the_best_mask_is_its_loss(square: float) -> None:
    mask = float(optimal_mask(square**0.5))
    assert float(mask_cost(square)) == pytest.approx((1 - mask) ** 2 * square + mask, abs=1e-9)


@given(st.floats(0, 20), st.floats(0, 20), st.floats(0, 1))
def test_cost_is_concave_so_that_codes_never_lose_on_masks(a: float, b: float, share: float) -> None:
    mixed = share * float(mask_cost(a)) + (1 - share) * float(mask_cost(b))
    assert float(mask_cost(share * a + (1 - share) * b)) >= mixed - 1e-9


def test_a_feature_that_is_there_or_not_by_hand() -> None:
    """o^2 is 0 or 4: psi(2) = 7/8, psi(4) = 15/16; a perfect code saves 7/8 - 15/32 for log 2 nats."""
    square = np.array([[0.0], [4.0]] * 50)
    saving = 7 / 8 - 15 / 32
    assert largest_saving(square) == pytest.approx(saving)
    worth = best_code(square, price=0.1)
    assert worth.nats == pytest.approx(np.log(2), abs=0.01)
    assert worth.loss == pytest.approx(15 / 32, abs=0.01)
    dear = best_code(square, price=2.0)
    assert dear.nats < 0.01
    assert dear.loss == pytest.approx(7 / 8, abs=0.01)


def test_codes_trade_nats_for_loss_and_stay_between_none_and_all() -> None:
    square = np.random.default_rng(0).normal(0, 2, (400, 5)) ** 2
    found = [best_code(square, price) for price in (3.0, 1.0, 0.3, 0.1)]
    assert all(a.nats <= b.nats + 1e-6 for a, b in pairwise(found))
    none = float(mask_cost(square.mean(0)).sum())
    for code, price in zip(found, (3.0, 1.0, 0.3, 0.1), strict=True):
        assert code.words.sum() == pytest.approx(1)
        assert code.loss + price * code.nats <= none + 1e-6
        assert none - code.loss <= largest_saving(square) + 1e-9


def test_a_code_pays_when_nats_are_cheap_and_the_empty_one_is_best_when_they_are_dear() -> None:
    square = np.random.default_rng(0).choice([0.0, 9.0], (400, 2))
    cheap, dear = priced(square, 0.01), priced(square, 50.0)
    assert cheap.total < cheap.empty == dear.empty
    assert dear.total == pytest.approx(dear.empty)
    assert cheap.saving == largest_saving(square) > 0
