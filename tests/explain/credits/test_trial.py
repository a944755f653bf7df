"""What the page says of a change follows the intervals of the agreements on both sides."""

import pandas as pd
import pytest

from na2q.explain.credits.trial import change, side_of
from na2q.paths import repo_root
from na2q.stats import Estimate


@pytest.mark.parametrize(
    ("new", "words"), [((0.8, 0.7, 0.9), "better"), ((0.1, 0.0, 0.2), "worse"), ((0.5, 0.25, 0.7), "neither better")]
)
def test_words_follow_the_intervals(new: tuple[float, float, float], words: str) -> None:
    assert change(Estimate(*new), Estimate(0.4, 0.3, 0.6)).startswith(words)


def test_intervals_that_touch_tell_nothing() -> None:
    assert change(Estimate(0.7, 0.6, 0.8), Estimate(0.4, 0.3, 0.6)).startswith("neither")


@pytest.mark.parametrize(("anchored", "models"), [(True, 2), (False, 3)])
def test_a_side_has_each_model_once_and_all_together(anchored: bool, models: int) -> None:
    trial = pd.read_csv(repo_root() / "data" / "anchored.csv")
    side = side_of(trial[trial["kind"].str.endswith("anchored=True") == anchored])
    assert len(side.returns) == len(side.contributions) == models
    both = side.agreement["contribution"]
    assert min(side.contributions) <= both.value <= max(side.contributions)
    assert both.low <= both.value <= both.high
