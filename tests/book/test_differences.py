"""Deviations stand beside what it changed to turn each of them."""

import pandas as pd

from na2q.book import differences

EFFECTS = pd.DataFrame(
    [("pilot", "lbf-4p-2f", "na2q A2", 0.1, 0.05, 0.2), ("pilot", "lbf-4p-2f", "na2q preset paper", -0.1, -0.2, 0.1)],
    columns=["sweep", "env", "curve", "difference", "low", "high"],
)


def test_a_trial_shows_its_effect_or_that_it_was_not_run() -> None:
    table = differences.measured_deviations(EFFECTS, {"na2q A2": "A2", "na2q A3": "A3"})["released minus turned"]
    assert table["A2"] == "0.10 [0.05, 0.20] on lbf-4p-2f (pilot)"
    assert table["A3"] == "not run"
    assert (table.drop(["A2", "A3"]) == "").all()
