"""One look for every figure: a colour-blind palette, and a fixed colour and line style for each method."""

from typing import Any

import matplotlib.pyplot as plt
import seaborn as sns

PALETTE: list[tuple[float, float, float]] = list(sns.color_palette("colorblind"))
"""Seaborn's ten colours that stay apart for colour-blind readers."""

LABELS = {
    "na2q": "NA²Q",
    "vdn": "VDN",
    "qmix": "QMIX",
    "qtran": "QTRAN",
    "qatten": "Qatten",
    "qplex": "QPLEX",
    "wqmix": "OW-QMIX",
    "cds": "CDS",
    "dvd": "DVD",
    "shaq": "SHAQ",
    "iql": "IQL",
}
"""Names of the methods as figures print them."""

COLOURS = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(LABELS)} | {"iql": (0.0, 0.0, 0.0)}
"""Colour of each method; IQL, the eleventh, is black."""

LINES: dict[str, Any] = {
    "na2q": "-",
    "vdn": (0, (5, 1)),
    "qmix": (0, (1, 1)),
    "qtran": (0, (3, 1, 1, 1)),
    "qatten": (0, (5, 2, 1, 2)),
    "qplex": (0, (3, 1, 1, 1, 1, 1)),
    "wqmix": (0, (2, 1)),
    "cds": (0, (7, 2)),
    "dvd": (0, (4, 1, 2, 1)),
    "shaq": (0, (1, 2)),
    "iql": (0, (8, 1, 1, 1)),
}
"""Line style of each method, so that figures can be read without colour."""


def use_style() -> None:
    """Set seaborn's theme and the project's defaults for figures."""
    sns.set_theme(context="notebook", style="whitegrid", palette="colorblind")
    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.6),
            "figure.dpi": 110,
            "axes.titlesize": "medium",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "image.cmap": "viridis",
            "figure.autolayout": True,
        }
    )
