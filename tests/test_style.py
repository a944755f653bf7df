"""Every method has a look of its own, by colour and by line."""

import matplotlib as mpl
import pytest

from na2q.methods import METHODS
from na2q.style import LOOKS, look, use_style


def test_every_method_has_its_own_colour_line_and_label() -> None:
    assert set(METHODS) == set(LOOKS)
    for field in ("label", "color", "dashes"):
        assert len({str(getattr(style, field)) for style in LOOKS.values()}) == len(LOOKS), field


def test_unknown_method_can_still_be_drawn() -> None:
    assert look("mine").label == "mine"


def test_figures_have_a_white_ground_so_that_dark_pages_stay_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    with mpl.rc_context():
        use_style()
        assert mpl.rcParams["figure.facecolor"] == "white"
