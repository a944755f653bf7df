"""Do explanations hold? What deleting features changes, what masks follow, and intervals of several models."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from na2q.stats import Estimate
from na2q.style import PALETTE, TYPE, apart, darker, figure_width, kind_look, literal
from na2q.theory.semantics import optimal_mask

Run = tuple[str, str]  # METHOD_PRESET, seed-N

RANKINGS = {
    "highest mask": (PALETTE[3], "-"),
    "occlusion": (PALETTE[2], (0, (5, 1))),
    "size": (PALETTE[0], (0, (3, 1, 1, 1))),
    "chance": ((0.3, 0.3, 0.3), (0, (1, 1))),
}
"""Colour and dashes of the rankings that are compared."""

QUIET = ("mean mask", "highest sampled mask", "lowest mask")
"""Rankings that stand behind in grey."""

OFTEN = 50  # times that a size must occur to be drawn


def deletion_curves(deleted: pd.DataFrame) -> Figure:
    """Draw how many greedy actions change as features are deleted, a panel for each kind of model.

    The rankings that are compared have colours, with a thin line for each run; the others are grey, and named alike.

    Args:
        deleted: tables of `masks.deletion` with the columns kind and run; thick lines are means over runs.
    """
    kinds, counts = list(dict.fromkeys(deleted["kind"])), sorted(deleted["count"].unique())
    figure, panels = plt.subplots(
        1, len(kinds), figsize=(figure_width(len(kinds), 4.6), 3.8), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, kind in zip(panels[0], kinds, strict=True):
        ends = {}
        for name in (*QUIET, *RANKINGS):
            color, dashes = RANKINGS.get(name, ("0.72", "-"))
            rows = deleted[(deleted["kind"] == kind) & (deleted["ranking"] == name)]
            table = 100 * rows.pivot_table(index="count", columns="run", values="changed")
            if not len(table):
                continue
            if name in RANKINGS:
                axes.plot(table, color=color, linestyle=dashes, linewidth=0.7, alpha=0.4)
            width = 2.2 if name in RANKINGS else 1.0
            axes.plot(table.mean(axis=1), color=color, linestyle=dashes, linewidth=width, label=name)
            ends[name] = float(table.mean(axis=1).iloc[0])
        axes.set_title(literal(kind_look(kind).label))
        axes.set(xlabel="features deleted", xscale="log", xlim=(0.2, 1.08 * counts[-1]))
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        _name_starts(axes, ends)
    panels[0][0].set_ylabel("greedy actions that change (%)")
    return figure


def _name_starts(axes: Axes, starts: Mapping[str, float]) -> None:
    """Write the names of lines left of where they begin, far enough from each other."""
    low, high = axes.get_ylim()
    ordered = sorted(starts, key=lambda name: starts[name])
    places = apart([starts[name] for name in ordered], 0.062 * (high - low), high)
    for name, place in zip(ordered, places, strict=True):
        color = darker(RANKINGS[name][0], TYPE) if name in RANKINGS else "0.4"
        axes.annotate(name, (0.95, place), ha="right", va="center", fontsize="small", color=color)


def masks_by_size(recordings: Mapping[Run, xr.Dataset]) -> Figure:
    """Draw masks over the size of the feature that they fall on, beside the mask that minimises Eq. (6) by itself.

    Dots are medians, bars reach from the lowest to the highest tenth. The upper row has masks at the posterior mean of
    z, the lower one masks averaged over samples of z.
    """
    kinds = list(dict.fromkeys(kind for kind, _ in recordings))
    rows = {"mask": "mask, $z$ at its mean", "mask_sampled": "mask, $z$ sampled"}
    figure, panels = plt.subplots(
        2,
        len(kinds),
        figsize=(figure_width(len(kinds), 4.2), 6),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for (name, label), row in zip(rows.items(), panels, strict=True):
        row[0].set_ylabel(label)
        for axes, kind in zip(row, kinds, strict=True):
            largest = 1.0
            for run, recording in recordings.items():
                if run[0] == kind:
                    found = mask_quantiles(recording, name)
                    bars = [found[0.5] - found[0.1], found[0.9] - found[0.5]]
                    axes.errorbar(found.index, found[0.5], bars, fmt="o-", capsize=2, label=run[1].replace("-", " "))
                    largest = max(largest, float(found.index.max()))
            grid = np.linspace(0, largest, 200)
            axes.plot(grid, optimal_mask(grid), "k--", linewidth=1, label=r"$(1 - 1/(2o^2))_+$")
    for axes, kind in zip(panels[0], kinds, strict=True):
        axes.set_title(literal(kind_look(kind).label))
    for axes in panels[1]:
        axes.set_xlabel("size of the feature $|o|$")
    named = {label: line for axes in panels.flat for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(list(named.values()), list(named), loc="outside upper center", ncols=len(named))
    return figure


def mask_quantiles(recording: xr.Dataset, name: str = "mask") -> pd.DataFrame:
    """Deciles 1, 5 and 9 of a mask by the size of the feature, rounded to a tenth, where the size occurs often."""
    filled = recording["filled"].values
    size = np.abs(recording["obs"].values[filled]).ravel().round(1)
    table = pd.DataFrame({"size": size, "mask": recording[name].values[filled].ravel()})
    often = table.groupby("size")["mask"].transform("size") >= OFTEN
    return table[often].groupby("size")["mask"].quantile(np.array([0.1, 0.5, 0.9])).unstack()


def interval_rows(
    panels: Mapping[str, Mapping[str, Mapping[Run, Estimate]]], names: Sequence[str], label: str
) -> Figure:
    """Draw estimates with their intervals, a panel for each title, a row for each name, a dot for each model.

    Args:
        panels: title, name of the row and model to the estimate; what a model lacks is left out.
        names: rows from top to bottom.
        label: what is estimated, with its unit.
    """
    kinds = list(dict.fromkeys(kind for rows in panels.values() for row in rows.values() for kind, _ in row))
    color_of = {kind: kind_look(kind).color for kind in kinds}
    size = (figure_width(len(panels), 4.6), 1.2 + 0.5 * len(names))
    figure, grid = plt.subplots(1, len(panels), figsize=size, sharey=True, squeeze=False, layout="constrained")
    handles = {}
    for axes, (title, rows) in zip(grid[0], panels.items(), strict=True):
        axes.axvline(0, color="black", linewidth=0.8)
        runs = sorted({run for row in rows.values() for run in row}, key=lambda run: (kinds.index(run[0]), run[1]))
        for place, name in enumerate(names):
            for offset, run in enumerate(runs):
                if run in rows[name]:
                    value, low, high = rows[name][run]
                    height = place + 0.8 * ((offset + 0.5) / len(runs) - 0.5)
                    axes.plot([low, high], [height, height], color=color_of[run[0]])
                    (handles[run[0]],) = axes.plot(value, height, "o", color=color_of[run[0]], markersize=4)
        axes.set(title=title, xlabel=label)
        axes.set_yticks(range(len(names)), map(literal, names))
    grid[0][0].invert_yaxis()
    names = [literal(kind_look(kind).label) for kind in handles]
    figure.legend(list(handles.values()), names, loc="outside upper center", ncols=len(handles))
    return figure
