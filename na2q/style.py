"""One look for every figure: a colour and a line style for each method, safe for colour-blind readers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from na2q.arguments import checks_arguments
from na2q.config import Curve
from na2q.config.checks import Whole
from na2q.config.curve import trial

Colour = tuple[float, float, float]

PALETTE: list[Colour] = list(sns.color_palette("colorblind", 10))
"""Ten colours that stay apart for colour-blind readers."""

LINES, TYPE = 3.0, 4.5
"""Contrast with a white ground that WCAG asks of what is drawn, and of what is written."""


def darker(color: Colour, contrast: float) -> Colour:
    """Darken a colour of red, green and blue (0 to 1), its hue kept, as far as its contrast with white asks for.

    The contrast is that of WCAG 2.1: 1.05 over 0.05 more than the relative luminance.
    """
    share = 1.0
    while 1.05 / (_luminance(tuple(share * c for c in color)) + 0.05) < contrast:
        share -= 0.01
    red, green, blue = color
    return share * red, share * green, share * blue


def ink_on(color: Sequence[float]) -> str:
    """Return "black" or "white", whichever has the larger contrast with a colour of red, green and blue (0 to 1)."""
    return "black" if _luminance(color) > 0.18 else "white"


def _luminance(color: Sequence[float]) -> float:
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


DRAWN = [darker(color, LINES) for color in PALETTE]
"""The palette for lines and dots: yellow, pink and light blue are darker there."""


class Look(NamedTuple):
    """How one method is drawn and named."""

    label: str  # as in the paper's legends
    color: Colour
    dashes: str | tuple[int, tuple[int, ...]]


LOOKS = {
    "na2q": Look("NA²Q", PALETTE[3], "-"),
    "vdn": Look("VDN", PALETTE[2], (0, (5, 1))),
    "qmix": Look("QMIX", PALETTE[0], (0, (3, 1, 1, 1))),
    "qtran": Look("QTRAN", DRAWN[8], (0, (1, 1))),
    "qatten": Look("Qatten", (0.29, 0.18, 0.55), (0, (4, 2))),
    "qplex": Look("QPLEX", PALETTE[4], (0, (5, 1, 1, 1, 1, 1))),
    "wqmix": Look("WQMIX", DRAWN[9], (0, (2, 1))),
    "cds": Look("CDS", DRAWN[5], (0, (6, 2, 1, 2))),
    "dvd": Look("DVD", DRAWN[1], (0, (3, 1))),
    "shaq": Look("SHAQ", DRAWN[6], (0, (7, 2))),
    "iql": Look("IQL", (0.3, 0.3, 0.3), (0, (1, 2))),
}
"""Methods in the order of legends."""

VARIANTS = {
    Curve("na2q", "paper"): Look("NA²Q (paper)", (0.35, 0.13, 0.0), (0, (4, 1))),
    Curve("na2q", "fair"): Look("NA²Q (fair)", DRAWN[5], (0, (6, 2, 1, 2))),
    trial("na2q", {"options.orders": (1,)}): Look("NA²Q of order 1", PALETTE[0], (0, (3, 1, 1, 1))),
    trial("na2q", {"options.orders": (1, 2, 3)}): Look("NA²Q of order ≤ 3", PALETTE[4], (0, (5, 1, 1, 1, 1, 1))),
    trial("na2q", {"options.credits": "state"}): Look("NA²Q w/o semantic", DRAWN[1], (0, (3, 1))),
    trial("na2q", {"options.credits": "uniform"}): Look("NA²Q w/o attention", DRAWN[8], (0, (1, 1))),
    trial("na2q", {"options.shape": "two_sided"}): Look("NA²Q with two-sided shapes", DRAWN[9], (0, (2, 1))),
    trial("na2q", {"options.anchored": True}): Look("NA²Q with anchored shapes", PALETTE[2], (0, (5, 1))),
    trial("na2q", {"options.mixer_optimizer": "rmsprop"}): Look(
        "NA²Q with RMSprop for the mixer", DRAWN[6], (0, (7, 2))
    ),
}
"""Curves of NA2Q with other settings."""

NAMED = {curve.name: style for curve, style in VARIANTS.items()}

MAIN = ("na2q", Curve("na2q", "paper").name, "vdn", "qmix")
"""Curves that keep their colour among many; all others are grey then."""

AGENTS = (0, 2, 4, 5, 9, 6, 7, 1, 8, 3)  # order in the palette; what enemies are drawn in comes late


@checks_arguments
def agent_color(agent: Whole) -> Colour:
    """Return the colour that stands for an agent in all figures."""
    return PALETTE[AGENTS[agent % len(AGENTS)]]


def use_style() -> None:
    """Set matplotlib's defaults for the book: quiet axes, readable type, white paper, which pages turn dark in dark."""
    sns.set_theme(context="notebook", style="ticks", palette="colorblind")
    mpl.rcParams.update(
        {
            "axes.grid": True,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "savefig.bbox": "tight",
        }
    )


@checks_arguments
def look(curve: str) -> Look:
    """Return how a curve is drawn, from its name as `na2q.config.Curve` makes it: the method, then what tells it apart.

    Methods from outside the paper get black; a curve without a look of its own is its method, dotted.
    """
    method, _, variant = curve.partition(" ")
    plain = LOOKS.get(method, Look(method, (0.0, 0.0, 0.0), "-"))
    other = variant.removeprefix("preset ")
    label = f"{plain.label} with {variant}" if other == variant else f"{plain.label} ({other})"
    return NAMED.get(curve, Look(label, plain.color, (0, (1, 1))) if variant else plain)


@checks_arguments
def kind_look(kind: str) -> Look:
    """Return how a kind of stored model is drawn, from its name METHOD_PRESET, as in "NA²Q (released)"."""
    method, _, preset = kind.partition("_")
    style = look(method if preset == "released" else f"{method} preset {preset}")
    return style._replace(label=f"{look(method).label} ({preset})" if preset else look(method).label)


def literal(text: str) -> str:
    """Write a name from data so that Matplotlib draws it as it is: two dollars in it would begin and end a formula."""
    return text.replace("$", r"\$")


WIDEST = 9.2
"""Inches. A wider figure would be shrunk in the column of a page until its type is too small to read."""


def figure_width(panels: int, each: float, more: float = 0.0) -> float:
    """Width in inches of a figure with some panels beside each other, narrower where they would not fit a page."""
    return min(panels * each + more, WIDEST)


def apart(values: Sequence[float], gap: float, highest: float) -> list[float]:
    """Move ascending values apart until neighbours are `gap` from each other: upwards, but not above `highest`."""
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + gap) if places else value)
    top = highest
    for i in reversed(range(len(places))):
        places[i] = min(places[i], top)
        top = places[i] - gap
    return places


def thousands(axes: Axes) -> None:
    """Label the x axis of environment steps in thousands."""
    axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k")
    axes.set_xlabel("environment steps")


@checks_arguments
def export(name: str, figure: Figure) -> Figure:
    """Return a figure, and write it as SVG and PDF where NA2Q_FIGURES names a folder, as `na2q figures` does."""
    if folder := os.environ.get("NA2Q_FIGURES"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for kind in ("svg", "pdf"):
            figure.savefig(Path(folder) / f"{name}.{kind}")
    return figure
