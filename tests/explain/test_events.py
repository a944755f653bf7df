"""Events of battles, counted by hand."""

import numpy as np
import pytest
from by_hand import battle, gam

from na2q.explain.coalitions import cooperating
from na2q.explain.events import by_deaths, harmed


def test_harm_deaths_and_common_targets_by_hand() -> None:
    recording = battle()
    assert harmed(recording)[0].tolist() == [[False] * 3, [False, True, False], [True, True, False]]
    values = np.array([[[1.0, 2, 3], [3, 4, 5], [9, 9, 9]]])
    assert by_deaths(recording, values) == pytest.approx(np.array([[13 / 3, np.nan], [3, 9], [4, 9]]), nan_ok=True)
    assert cooperating(recording)[0, :, 0].tolist() == [True, False, False]


def test_what_a_recording_does_not_show_is_named() -> None:
    recording = gam(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="no units with health"):
        harmed(recording)
    with pytest.raises(ValueError, match="no units that die"):
        by_deaths(recording, recording["contribution"].values)
    plain = battle().assign_coords(action=np.array(["a", "b", "c", "d"], dtype=object))
    with pytest.raises(ValueError, match="neither food nor targets"):
        cooperating(plain)
