"""Figures from tables and arrays; nothing here knows of networks or environments."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
