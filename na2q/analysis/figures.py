"""Figures from tables and arrays; nothing here knows of networks or environments."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy import ndarray

from na2q.analysis.style import LOOKS, look, thousands


def learning_curves(runs: pd.DataFrame, metric: str = "test_return_mean", label: str = "test return") -> Figure:
    """Draw one panel for each environment: mean +- standard deviation over seeds, and every seed thinly.

    Args:
        runs: table of `results.load_runs`.
        metric: column to draw.
        label: what the column is called on the axis, with its unit.
    """
    tasks = sorted(runs["env"].unique())
    figure, panels = plt.subplots(1, len(tasks), figsize=(5.6 * len(tasks), 3.8), squeeze=False, sharey=True)
    for axes, task in zip(panels[0], tasks, strict=True):
        for method in _in_legend_order(runs[runs["env"] == task]["method"]):
            _curve(axes, runs[(runs["env"] == task) & (runs["method"] == method)], method, metric)
        axes.set_title(task)
        thousands(axes)
    panels[0][0].set_ylabel(label)
    panels[0][-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
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
            axes.text(column, row, f"{value:.1f}", ha="center", va="center", color=shade, fontsize=11)
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


def _curve(axes: Axes, runs: pd.DataFrame, method: str, metric: str) -> None:
    style = look(method)
    seeds = runs.pivot_table(index="point", columns="seed", values=metric)
    steps, values = seeds.index.to_numpy(), seeds.to_numpy()
    mean, std = np.nanmean(values, 1), np.nanstd(values, 1)
    axes.plot(steps, values, color=style.color, alpha=0.25, linewidth=0.8)
    axes.plot(steps, mean, color=style.color, linestyle=style.dashes, linewidth=2, label=style.label)
    axes.fill_between(steps, mean - std, mean + std, color=style.color, alpha=0.12, linewidth=0)


def _in_legend_order(methods: pd.Series) -> list[str]:
    order = list(LOOKS)
    return sorted(methods.unique(), key=lambda name: (order.index(name) if name in order else len(order), name))
