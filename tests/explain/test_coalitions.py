"""Pairs that act together, by hand."""

import numpy as np
import pytest
import xarray as xr
from by_hand import MEMBER

from na2q.explain.coalitions import cooperating, pair_effect


def test_agents_that_eat_the_same_food_cooperate() -> None:
    """Agents 0 and 1 eat food 0; in the next step agent 1 eats food 1 alone while agent 0 only stands beside it."""
    steps = ("episode", "step")
    recording = xr.Dataset(
        {
            "loaded": ((*steps, "agent"), [[[True, True], [False, True]]]),
            "food_present": ((*steps, "food"), [[[True, True], [False, True]]]),
            "food_left": ((*steps, "food"), [[[False, True], [False, False]]]),
            "player_position": ((*steps, "agent", "yx"), [[[[0, 1], [1, 0]], [[2, 1], [1, 2]]]]),
            "food_position": (("episode", "food", "yx"), [[[1, 1], [2, 2]]]),
            "member": (("coalition", "agent"), MEMBER),
        }
    )
    assert cooperating(recording)[0, :, 0].tolist() == [True, False]


def test_pair_effect_by_hand() -> None:
    """Three pairs, four steps, the last outside the episode; at step 2 nobody acts together."""
    values = np.array([[[3.0, 1, 1], [0, 2, 4], [5, 5, 5], [99, 99, 99]]])
    together = np.array([[[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 0, 0]]], bool)
    filled = np.array([[True, True, True, False]])
    found = pair_effect(values, together, filled)
    spread = values[filled].std()
    assert found.steps == 2
    assert found.raw.value == pytest.approx((2 + 3) / 2 / spread)
    assert found.higher.value == 1
    own = values[filled].mean(0)
    centred = values[filled] - own
    gaps = [centred[0, 0] - centred[0, 1:].mean(), centred[1, 1:].mean() - centred[1, 0]]
    assert found.centred.value == pytest.approx(np.mean(gaps) / centred.std())


def test_pairs_that_never_act_together_have_no_effect() -> None:
    found = pair_effect(np.ones((1, 2, 3)), np.zeros((1, 2, 3), bool), np.ones((1, 2), bool))
    assert found.steps == 0
    assert np.isnan(found.raw.value)
