"""One look for every figure: a colour and a line style for each method, safe for colour-blind readers."""

from typing import NamedTuple

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes


class Look(NamedTuple):
    """How one method is drawn and named."""

    label: str  # as in the paper's legends
    color: tuple[float, float, float]
    dashes: str | tuple[int, tuple[int, ...]]


PALETTE: list[tuple[float, float, float]] = list(sns.color_palette("colorblind", 10))
"""Ten colours that stay apart for colour-blind readers."""

LOOKS = {
    "na2q": Look("NA²Q", PALETTE[3], "-"),
    "vdn": Look("VDN", PALETTE[7], (0, (5, 1))),
    "qmix": Look("QMIX", PALETTE[0], (0, (3, 1, 1, 1))),
    "qtran": Look("QTRAN", PALETTE[8], (0, (1, 1))),
    "qatten": Look("Qatten", PALETTE[2], (0, (4, 2))),
    "qplex": Look("QPLEX", PALETTE[4], (0, (5, 1, 1, 1, 1, 1))),
    "wqmix": Look("WQMIX", PALETTE[9], (0, (2, 1))),
    "cds": Look("CDS", PALETTE[5], (0, (6, 2, 1, 2))),
    "dvd": Look("DVD", PALETTE[1], (0, (3, 1))),
    "shaq": Look("SHAQ", PALETTE[6], (0, (7, 2))),
    "iql": Look("IQL", (0.3, 0.3, 0.3), (0, (1, 2))),
}
"""Methods in the order of legends."""


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


def look(method: str) -> Look:
    """Return how a method is drawn; methods from outside the paper get black."""
    return LOOKS.get(method, Look(method, (0.0, 0.0, 0.0), "-"))


def thousands(axes: Axes) -> None:
    """Label the x axis of environment steps in thousands."""
    axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k")
    axes.set_xlabel("environment steps")
