"""Every method has a look of its own, by colour and by line."""

import matplotlib as mpl
import pytest

from na2q.methods import METHODS
from na2q.style import DRAWN, LINES, LOOKS, PALETTE, TYPE, apart, darker, kind_look, look, use_style


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


def contrast(color: tuple[float, float, float]) -> float:
    """Contrast with white by WCAG 2.1."""
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@pytest.mark.parametrize("color", PALETTE)
def test_colours_are_darkened_as_far_as_their_contrast_asks_for_and_keep_their_hue(color: tuple) -> None:
    for wanted in (LINES, TYPE):
        found = darker(color, wanted)
        assert contrast(found) >= wanted
        if contrast(color) >= wanted:
            assert found == color
        else:
            assert contrast(found) < wanted + 0.3
            shares = [new / old for new, old in zip(found, color, strict=True) if old]
            assert max(shares) == pytest.approx(min(shares))


def test_every_curve_can_be_seen_on_white() -> None:
    assert min(contrast(style.color) for style in LOOKS.values()) >= LINES - 0.05
    assert min(map(contrast, DRAWN)) >= LINES


def test_kinds_of_models_are_named_by_method_and_preset_and_keep_the_methods_colour() -> None:
    assert kind_look("na2q_released").label == "NA²Q (released)"
    assert kind_look("na2q_released").color == look("na2q").color
    assert kind_look("na2q_paper").color == look("na2q preset paper").color != look("na2q").color
    assert kind_look("vdn_fair").label == "VDN (fair)"


def test_names_are_moved_apart_and_stay_below_the_top() -> None:
    assert apart([0.0, 0.5, 1.0], 0.1, 2.0) == [0.0, 0.5, 1.0]
    assert apart([0.0, 0.0, 0.05], 0.1, 2.0) == pytest.approx([0.0, 0.1, 0.2])
    assert apart([0.9, 1.0, 1.0], 0.1, 1.0) == pytest.approx([0.8, 0.9, 1.0])
    assert apart([], 0.1, 1.0) == []
