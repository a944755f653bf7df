"""Results of several models are counted by preset and listed in order."""

from na2q.book.counts import by_kind, by_model

MODELS = {("na2q_released", "seed-1"): 0.5, ("na2q_released", "seed-2"): -1.0, ("na2q_paper", "seed-1"): 2.0}


def test_models_are_counted_by_preset() -> None:
    assert by_kind({run: value > 0 for run, value in MODELS.items()}) == "1 of 2 released, 1 of 1 paper"
    assert by_kind({}) == "no model"


def test_values_are_listed_in_the_order_of_models() -> None:
    assert by_model(MODELS) == "0.50, -1.00, 2.00"
    assert by_model(MODELS, str) == "0.5, -1.0, 2.0"
    assert by_model({}) == "no model"
