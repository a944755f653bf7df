"""Pictures of the benchmark of credits: how what is said of agents follows what they really earn."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from na2q.style import PALETTE, figure_width, literal, look

SHOWN = ("q", "credit", "shape", "contribution", "purified", "shapley", "slope", "occlusion", "nearness", "paid")
"""Answers of the figure, from the method's own to those from outside."""


def whole_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each kind of model and score: of all its models together where there are several.

    Args:
        table: as `na2q.explain.credits.benchmark.table_of` makes it.
    """
    several = table["model"].str.endswith(" models")
    count = table.groupby(["env", "kind"])["model"].transform("nunique")
    return table[several | (count == 1)]


def agreement(table: pd.DataFrame) -> Figure:
    """Draw the rank correlation of answers with true Shapley values, a panel for each task, a colour for each kind.

    Args:
        table: as `na2q.explain.credits.benchmark.table_of` makes it. The dotted line is chance, and grey marks the
            lowest noise ceiling of the task.
    """
    rows = whole_kinds(table).query("target == 'shapley' and score == 'rank' and answer in @SHOWN")
    tasks, kinds = sorted(rows["env"].unique()), list(dict.fromkeys(rows["kind"]))
    answers = [answer for answer in SHOWN if answer in set(rows["answer"])][::-1]
    figure, panels = plt.subplots(
        *(1, len(tasks)), figsize=(figure_width(len(tasks), 2.6, 1.2), 0.5 * len(answers) + 1.6),
        sharey=True, sharex=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axes, task in zip(panels[0], tasks, strict=True):
        for k, kind in enumerate(kinds):
            one = rows[(rows["env"] == task) & (rows["kind"] == kind)].set_index("answer").reindex(answers)
            y = [place + 0.16 * (k - (len(kinds) - 1) / 2) for place in range(len(answers))]
            bars = [one["value"] - one["low"], one["high"] - one["value"]]
            method, _, preset = kind.partition("_")
            label = literal(f"{look(method).label} ({preset})")
            axes.errorbar(
                one["value"], y, xerr=bars, fmt="o", color=PALETTE[k], markersize=4, linewidth=1.2, label=label
            )
        axes.axvline(0, color="black", linewidth=0.8, linestyle=":")
        axes.axvline(float(rows[rows["env"] == task]["ceiling"].to_numpy(float).min()), color="0.6", linewidth=2)
        axes.set(title=literal(task), xlim=(-0.6, 1.05))
        axes.set_yticks(range(len(answers)), answers)
    figure.supxlabel("rank correlation with the true Shapley values")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(kinds))
    return figure
