"""Figures of the theory chapters that draw what a chapter has computed."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from na2q.style import literal, look

MOST_TICKS = 6


def draw_credits(credits: Mapping[str, Float[ndarray, "states terms"]]) -> Figure:
    """Draw the credits of methods, one panel each on a scale of its own from 0, one dot for each state and term.

    Args:
        credits: of each state and term, by method. Terms count from 1.
    """
    columns = min(5, len(credits))
    rows = -(-len(credits) // columns)
    size = (9.0, 2.1 * rows)
    figure, panels = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for unused in panels.flat[len(credits) :]:
        unused.set_axis_off()
    rng = np.random.default_rng(0)
    for axes, (name, values) in zip(panels.flat, credits.items(), strict=False):
        terms = np.broadcast_to(np.arange(1, values.shape[1] + 1), values.shape)
        places = terms + rng.uniform(-0.15, 0.15, values.shape)  # so that equal dots lie beside each other
        axes.plot(places.ravel(), values.ravel(), ".", color=look(name).color, markersize=2.5, alpha=0.5)
        axes.set_title(literal(look(name).label), fontsize="medium")
        axes.set(xlim=(0.4, values.shape[1] + 0.6), ylim=(0, 1.08 * max(float(values.max()), 1e-9)))
        axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(labelsize="small")
    figure.supxlabel("term $k$", fontsize="medium")
    figure.supylabel("credit", fontsize="medium")
    return figure
