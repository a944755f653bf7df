"""Figures from tables and arrays; nothing here knows of networks or environments."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Count, Positive
from na2q.evaluation import protocol, results
from na2q.stats import REPS
from na2q.style import LOOKS, MAIN, TYPE, apart, darker, ink_on, literal, look, thousands

WIDTH = 7.6
"""Largest width of a figure in inches, at which its type is as large as that of the page."""

FEW = 6
"""Curves up to which all of a panel keep their colour."""

QUIET = "0.72"

NEAR = 0.8
"""Share of the longest curve from which on another one's name stands below the others."""


@checks_arguments
def learning_curves(
    runs: pd.DataFrame,
    metric: str = "test_return_mean",
    label: str = "test return",
    band: Literal["std", "interval"] = "std",
    window: Count = 1,
    main: Collection[str] = MAIN,
    unnamed: Collection[str] = (),
) -> Figure:
    """Draw one panel for each sweep and environment, one line for each curve, named where it ends.

    Among more than six curves only the main ones have colours, names and bands; a line below names those in grey. Up to
    four curves in a panel show every seed as a thin line.

    Args:
        runs: table of `results.load_runs`.
        metric: column to draw.
        label: what the column is called on the axis, with its unit.
        band: std draws mean ± standard deviation over seeds, as the paper does; interval draws the
            interquartile mean and its 95 % bootstrap interval.
        window: tests that each point averages over; a number above 1 is written on the axis.
        main: curves that keep their colour where there are more than six.
        unnamed: curves that are drawn thin and without a name, since the caption tells which they are.
    """
    if runs.empty:
        return nothing_yet()
    runs = results.smooth(runs, metric, window)
    table = protocol.curves(runs, metric, reps=2 if band == "std" else REPS)
    figure, axes_of = panels(table, room=0.3)
    quiet: set[str] = set()
    coloured: dict[Axes, list[str]] = {}
    for (sweep, task), axes in axes_of.items():
        shown = table[(table["sweep"] == sweep) & (table["env"] == task)]
        names = in_legend_order(shown["curve"])
        grey = {name for name in names if name not in main} if len(names) > FEW else set()
        if len(names) <= 4:
            _seeds(axes, runs[(runs["sweep"] == sweep) & (runs["env"] == task)], metric)
        for name in sorted(names, key=lambda name: name not in grey):
            _curve(axes, shown[shown["curve"] == name], name, band, name in grey, 1.2 if name in unnamed else 2)
        if "won" in metric:
            axes.set_ylim(-0.03, 1.03)
        thousands(axes)
        quiet |= grey
        coloured[axes] = [name for name in names if name not in grey and name not in unnamed]
    for axes, names in coloured.items():  # once the axis that all share is known
        _name_ends(axes, names)
    smoothed = f", {results.smoothing(window)}" if window > 1 else ""
    figure.supylabel(label + smoothed, fontsize="medium")
    if quiet:
        named = ", ".join(_label(name) for name in in_legend_order(pd.Series(sorted(quiet))))
        elsewhere = quiet & {name for names in coloured.values() for name in names}  # in a panel of few curves
        figure.supxlabel(f"{'grey where not named' if elsewhere else 'grey'}: {named}", fontsize="small", color="0.35")
    return figure


def _name_ends(axes: Axes, names: Sequence[str]) -> None:
    """Write the name of each curve right of its end, apart from the next one's, with a thin line where it moved."""
    if not names:
        return
    lines = {line.get_label(): line for line in axes.lines}
    low, high = axes.get_ylim()
    ends = {name: np.array(lines[_label(name)].get_data(), float)[:, -1] for name in names}
    ordered = sorted(names, key=lambda name: float(ends[name][1]))
    top = high - 0.04 * (high - low)  # names may reach out of their panel, below its title
    places = apart([float(ends[name][1]) for name in ordered], 0.085 * (high - low), top)
    last = max(float(end[0]) for end in ends.values())
    line = {"arrowstyle": "-", "linewidth": 0.6, "shrinkA": 1, "shrinkB": 2, "relpos": (0, 0.5)}
    for name, place in zip(ordered, places, strict=True):
        x, y = map(float, ends[name])
        beside = last if x > NEAR * last else x  # names stand below each other unless a curve ends long before
        moved = beside > x or abs(place - y) > 0.03 * (high - low)
        color = darker(look(name).color, TYPE)
        axes.annotate(
            _label(name), (x, y), xytext=(beside + 0.045 * last, place), textcoords="data", va="center",
            color=color, fontsize="small", annotation_clip=False,
            arrowprops=line | {"color": color} if moved else None,
        )  # fmt: skip


def nothing_yet(words: str = "no runs yet") -> Figure:
    """Draw a place for a figure whose runs do not exist yet."""
    figure, axes = plt.subplots(figsize=(WIDTH / 2, 0.8))
    axes.text(0.5, 0.5, words, ha="center", va="center", color="0.4")
    axes.set_axis_off()
    return figure


@checks_arguments
def panels(
    table: pd.DataFrame, columns: Count = 2, height: Positive = 3.0, room: float = 0.0
) -> tuple[Figure, dict[tuple[str, str], Axes]]:
    """Lay out one panel for each sweep and environment of a table, in rows; all share their y axis.

    Args:
        table: has the columns sweep and env.
        columns: panels beside each other at most.
        height: of a panel, in inches.
        room: what is kept free right of the last `point` of a panel, as a share of the points.
    """
    keys = list(
        table[["sweep", "env"]].drop_duplicates().sort_values(["sweep", "env"]).itertuples(index=False, name=None)
    )
    columns = min(columns, len(keys))
    rows = -(-len(keys) // columns)
    size = (WIDTH, height * rows)
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True, layout="constrained")
    several = table["sweep"].nunique() > 1
    for axes, (sweep, task) in zip(grid.flat, keys, strict=False):
        axes.set_title(literal(f"{task}, sweep {sweep}" if several else task), fontsize="medium")
        if room:
            last = float(table[(table["sweep"] == sweep) & (table["env"] == task)]["point"].to_numpy().max())
            axes.set_xlim(0, last * (1 + room))
            axes.set_xticks([tick for tick in MaxNLocator(4).tick_values(0, last) if tick <= last])
    for axes in list(grid.flat)[len(keys) :]:
        axes.set_axis_off()
    return figure, dict(zip(keys, grid.flat, strict=False))


def importances(shares: pd.Series) -> Figure:
    """Draw what share of the spread of scores each setting of a search accounts for, the largest on top.

    Args:
        shares: share (0 to 1) of each setting by its name, as a search has found it.
    """
    ordered = shares.sort_values()
    figure, axes = plt.subplots(figsize=(5, 0.8 + 0.35 * len(ordered)), layout="constrained")
    axes.barh([literal(str(name)) for name in ordered.index], ordered.to_numpy(float), color="0.5")
    axes.set(xlabel="importance among the better trials (share)", xlim=(0, 1))
    return figure


def joint_action_values(tables: Mapping[str, Float[ndarray, "a a"]], columns: int = 3) -> Figure:
    """Draw tables over two agents' actions side by side on one scale, each with its largest entries framed.

    Args:
        tables: values by title; rows are the actions of agent 1, columns those of agent 2.
        columns: tables beside each other.
    """
    limit = max(float(np.abs(table).max()) for table in tables.values())
    columns = min(columns, len(tables))
    rows = -(-len(tables) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(2.7 * columns, 3.1 * rows), squeeze=False)
    for unused in panels.flat[len(tables) :]:
        unused.set_axis_off()
    for axes, (title, table) in zip(panels.flat, tables.items(), strict=False):
        # centred on 0, so that the colour tells gain from loss
        image = axes.imshow(table, cmap="PuOr", vmin=-limit, vmax=limit)
        for (row, column), value in np.ndenumerate(table):
            shade = ink_on(image.to_rgba(float(value)))
            axes.text(column, row, _short(value), ha="center", va="center", color=shade, fontsize=12)
            if value == table.max():
                corner = (column - 0.46, row - 0.46)
                axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor="black", linewidth=2.5))
        ticks = range(len(table))
        axes.set(title=title, xlabel="action of agent 2")
        axes.set_xticks(ticks, [str(i + 1) for i in ticks])
        axes.set_yticks(ticks, [str(i + 1) for i in ticks])
        axes.grid(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("action of agent 1")
    figure.tight_layout()
    return figure


def _short(value: float) -> str:
    """One digit after the point, none of a whole number, and no sign before zero."""
    return f"{round(float(value), 1) + 0.0:g}".replace("-", "\N{MINUS SIGN}")


def _label(curve: str) -> str:
    return literal(look(curve).label)


def _curve(axes: Axes, table: pd.DataFrame, name: str, band: str, quiet: bool, width: float) -> None:
    style = look(name)
    middle = table["mean" if band == "std" else "iqm"]
    if quiet:
        axes.plot(table["point"], middle, color=QUIET, linewidth=1, label=_label(name), zorder=1)
        return
    low = middle - table["std"] if band == "std" else table["low"]
    high = middle + table["std"] if band == "std" else table["high"]
    axes.plot(table["point"], middle, color=style.color, linestyle=style.dashes, linewidth=width, label=_label(name))
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
