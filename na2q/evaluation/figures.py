"""Figures from tables and arrays; nothing here knows of networks or environments."""

from collections.abc import Iterable, Mapping
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Count, Positive
from na2q.evaluation import protocol, results
from na2q.stats import REPS
from na2q.style import LOOKS, look, thousands


@checks_arguments
def learning_curves(
    runs: pd.DataFrame,
    metric: str = "test_return_mean",
    label: str = "test return",
    band: Literal["std", "interval"] = "std",
    window: Count = 1,
) -> Figure:
    """Draw one panel for each sweep and environment, one line for each curve.

    Up to four curves in a panel show every seed as a thin line.

    Args:
        runs: table of `results.load_runs`.
        metric: column to draw.
        label: what the column is called on the axis, with its unit.
        band: std draws mean +- standard deviation over seeds, as the paper does; interval draws the
            interquartile mean and its 95 % bootstrap interval.
        window: tests that each point averages over; a number above 1 is written on the axis.
    """
    if runs.empty:
        return nothing_yet()
    runs = results.smooth(runs, metric, window)
    table = protocol.curves(runs, metric, reps=2 if band == "std" else REPS)
    figure, axes_of = panels(table)
    for (sweep, task), axes in axes_of.items():
        shown = table[(table["sweep"] == sweep) & (table["env"] == task)]
        if shown["curve"].nunique() <= 4:
            _seeds(axes, runs[(runs["sweep"] == sweep) & (runs["env"] == task)], metric)
        for name in in_legend_order(shown["curve"]):
            _curve(axes, shown[shown["curve"] == name], name, band)
        thousands(axes)
    smoothed = f", {results.smoothing(window)}" if window > 1 else ""
    figure.supylabel(label + smoothed, fontsize="medium")
    legend(figure, axes_of.values(), table["curve"])
    return figure


def nothing_yet() -> Figure:
    """Draw a place for a figure whose runs do not exist yet."""
    figure, axes = plt.subplots(figsize=(4, 0.8))
    axes.text(0.5, 0.5, "no runs yet", ha="center", va="center", color="gray")
    axes.set_axis_off()
    return figure


@checks_arguments
def panels(
    table: pd.DataFrame, columns: Count = 3, height: Positive = 3.6
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """Lay out one panel for each sweep and environment of a table, in rows; panels of one family share their y axis."""
    keys = list(
        table[["sweep", "env"]].drop_duplicates().sort_values(["sweep", "env"]).itertuples(index=False, name=None)
    )
    columns = min(columns, table.groupby("sweep")["env"].nunique().max())
    rows = -(-len(keys) // columns)
    size = (4.6 * columns + 1.8, height * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True, layout="constrained")
    several = table["sweep"].nunique() > 1
    for axes, (sweep, task) in zip(grid.flat, keys, strict=False):
        axes.set_title(f"{task}, {sweep}" if several else task)
    for axes in list(grid.flat)[len(keys) :]:
        axes.set_axis_off()
    return figure, dict(zip(keys, grid.flat, strict=False))


def legend(figure: Figure, axes: Iterable[Axes], curves: pd.Series) -> None:
    """Put one legend of all panels beside them, each curve once."""
    handles = {}
    for panel in axes:
        handles |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    labels = [look(name).label for name in in_legend_order(curves)]
    figure.legend([handles[label] for label in labels], labels, loc="outside right upper")


def importances(shares: pd.Series) -> Figure:
    """Draw what share of the spread of scores each setting of a search accounts for, the largest on top.

    Args:
        shares: shares (0 to 1) by name of the setting, as `na2q.campaign.tune.Found.importance` has them.
    """
    ordered = shares.sort_values()
    figure, axes = plt.subplots(figsize=(5, 0.8 + 0.35 * len(ordered)), layout="constrained")
    axes.barh([str(name) for name in ordered.index], ordered.to_numpy(float), color="0.5")
    axes.set(xlabel="importance among the better trials (share)", xlim=(0, 1))
    return figure


def joint_action_values(tables: Mapping[str, Float[ndarray, "a a"]]) -> Figure:
    """Draw tables over two agents' actions side by side on one scale, each with its largest entries framed.

    Args:
        tables: values by title; rows are the actions of agent 1, columns those of agent 2.
    """
    limit = max(float(np.abs(table).max()) for table in tables.values())
    figure, panels = plt.subplots(1, len(tables), figsize=(2.7 * len(tables), 3.1), squeeze=False)
    for axes, (title, table) in zip(panels[0], tables.items(), strict=True):
        # centred on 0, so that the colour tells gain from loss
        axes.imshow(table, cmap="PuOr", vmin=-limit, vmax=limit)
        for (row, column), value in np.ndenumerate(table):
            shade = "white" if abs(value) > 0.7 * limit else "black"
            axes.text(column, row, _short(value), ha="center", va="center", color=shade, fontsize=12)
            if value == table.max():
                corner = (column - 0.46, row - 0.46)
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor="black", linewidth=2.5))
        ticks = range(len(table))
        axes.set(title=title, xlabel="action of agent 2")
        axes.set_xticks(ticks, [str(i + 1) for i in ticks])
        axes.set_yticks(ticks, [str(i + 1) for i in ticks])
        axes.grid(False)
    panels[0][0].set_ylabel("action of agent 1")
    figure.tight_layout()
    return figure


def _short(value: float) -> str:
    """One digit after the point, none of a whole number, and no sign before zero."""
    return f"{round(float(value), 1) + 0.0:g}".replace("-", "\N{MINUS SIGN}")


def _curve(axes: Axes, table: pd.DataFrame, name: str, band: str) -> None:
    style = look(name)
    middle = table["mean" if band == "std" else "iqm"]
    low = middle - table["std"] if band == "std" else table["low"]
    high = middle + table["std"] if band == "std" else table["high"]
    axes.plot(table["point"], middle, color=style.color, linestyle=style.dashes, linewidth=2, label=style.label)
    axes.fill_between(table["point"], low, high, color=style.color, alpha=0.12, linewidth=0)


def _seeds(axes: Axes, runs: pd.DataFrame, metric: str) -> None:
    for (name, _), run in runs.groupby(["curve", "seed"]):
        axes.plot(run["point"], run[metric], color=look(str(name)).color, alpha=0.25, linewidth=0.8)


def in_legend_order(curves: pd.Series) -> list[str]:
    """Names of curves as legends list them: the methods in their order, each followed by its variants."""
    order = list(LOOKS)

    def place(name: str) -> tuple[int, str]:
        method = name.partition(" ")[0]
        return (order.index(method) if method in order else len(order), name)

    return sorted(curves.unique(), key=place)
