"""Figures can tell the methods apart, with and without colour."""

import matplotlib.pyplot as plt

from na2q.analysis.style import COLOURS, LABELS, LINES, use_style
from na2q.methods import METHODS


def test_every_method_has_a_label_a_colour_and_a_line_of_its_own() -> None:
    assert set(METHODS) <= set(LABELS)
    assert set(COLOURS) == set(LINES) == set(LABELS)
    assert len(set(COLOURS.values())) == len(set(map(str, LINES.values()))) == len(LABELS)


def test_style_sets_the_colour_blind_palette() -> None:
    with plt.rc_context():
        use_style()
        first = plt.rcParams["axes.prop_cycle"].by_key()["color"][0]
        assert tuple(round(c, 3) for c in first) == tuple(round(c, 3) for c in COLOURS["na2q"])
