"""One look for every figure: a colour and a line style for each method, safe for colour-blind readers."""

import os
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


class Look(NamedTuple):
    """How one method is drawn and named."""

    label: str  # as in the paper's legends
    color: tuple[float, float, float]
    dashes: str | tuple[int, tuple[int, ...]]


PALETTE: list[tuple[float, float, float]] = list(sns.color_palette("colorblind", 10))
"""Ten colours that stay apart for colour-blind readers."""

LOOKS = {
    "na2q": Look("NA²Q", PALETTE[3], "-"),
    "vdn": Look("VDN", PALETTE[2], (0, (5, 1))),
    "qmix": Look("QMIX", PALETTE[0], (0, (3, 1, 1, 1))),
    "qtran": Look("QTRAN", PALETTE[8], (0, (1, 1))),
    "qatten": Look("Qatten", PALETTE[7], (0, (4, 2))),
    "qplex": Look("QPLEX", PALETTE[4], (0, (5, 1, 1, 1, 1, 1))),
    "wqmix": Look("WQMIX", PALETTE[9], (0, (2, 1))),
    "cds": Look("CDS", PALETTE[5], (0, (6, 2, 1, 2))),
    "dvd": Look("DVD", PALETTE[1], (0, (3, 1))),
    "shaq": Look("SHAQ", PALETTE[6], (0, (7, 2))),
    "iql": Look("IQL", (0.3, 0.3, 0.3), (0, (1, 2))),
}
"""Methods in the order of legends."""

VARIANTS = {
    Curve("na2q", "paper"): Look("NA²Q (paper)", (0.35, 0.13, 0.0), (0, (4, 1))),
    Curve("na2q", "fair"): Look("NA²Q (fair)", PALETTE[5], (0, (6, 2, 1, 2))),
    trial("na2q", {"options.orders": (1,)}): Look("NA²Q, order 1", PALETTE[0], (0, (3, 1, 1, 1))),
    trial("na2q", {"options.orders": (1, 2, 3)}): Look("NA²Q, order ≤ 3", PALETTE[4], (0, (5, 1, 1, 1, 1, 1))),
    trial("na2q", {"options.credits": "state"}): Look("NA²Q w/o semantic", PALETTE[1], (0, (3, 1))),
    trial("na2q", {"options.credits": "uniform"}): Look("NA²Q w/o attention", PALETTE[8], (0, (1, 1))),
    trial("na2q", {"options.shape": "two_sided"}): Look("NA²Q, two-sided shapes", PALETTE[9], (0, (2, 1))),
    trial("na2q", {"options.anchored": True}): Look("NA²Q, anchored shapes", PALETTE[2], (0, (5, 1))),
    trial("na2q", {"options.mixer_optimizer": "rmsprop"}): Look("NA²Q, RMSprop for the mixer", PALETTE[6], (0, (7, 2))),
}
"""Curves of NA2Q with other settings."""

NAMED = {curve.name: style for curve, style in VARIANTS.items()}

MAIN = ("na2q", Curve("na2q", "paper").name, "vdn", "qmix")
"""Curves that keep their colour among many; all others are grey then."""

AGENTS = (0, 2, 4, 5, 9, 6, 7, 1, 8, 3)  # order in the palette; what enemies are drawn in comes late


@checks_arguments
def agent_color(agent: Whole) -> tuple[float, float, float]:
    """Return the colour that stands for an agent in all figures."""
    return PALETTE[AGENTS[agent % len(AGENTS)]]


def use_style() -> None:
    """Set matplotlib's defaults for the book: quiet axes, readable type, white background in dark mode too."""
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
    dotted = Look(f"{plain.label}, {variant}", plain.color, (0, (1, 1)))
    return NAMED.get(curve, dotted if variant else plain)


def literal(text: str) -> str:
    """Write a name from data so that Matplotlib draws it as it is: two dollars in it would begin and end a formula."""
    return text.replace("$", r"\$")


WIDEST = 9.2
"""Inches. A wider figure would be shrunk in the column of a page until its type is too small to read."""


def figure_width(panels: int, each: float, more: float = 0.0) -> float:
    """Width in inches of a figure with some panels beside each other, narrower where they would not fit a page."""
    return min(panels * each + more, WIDEST)


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
