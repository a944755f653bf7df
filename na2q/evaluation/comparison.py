"""Figures of the protocol: intervals side by side, and performance profiles."""

import pandas as pd
from matplotlib.figure import Figure

from na2q.arguments import checks_arguments
from na2q.evaluation.figures import in_legend_order, legend, nothing_yet, panels
from na2q.style import look

MARGIN = 0.03


@checks_arguments
def intervals(
    table: pd.DataFrame,
    value: str,
    label: str,
    reference: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Figure:
    """Draw estimates with their intervals, one panel for each sweep and task, one row for each curve.

    A sweep and task without any interval, as all its curves have one run, is left out.

    Args:
        table: `protocol.summary` or `protocol.improvements`: columns sweep, env, curve, `value`, low, high.
        value: column of the estimate.
        label: what it is called on the axis, with its unit.
        reference: value that a vertical line marks.
        bounds: least and greatest value that there can be, which all panels then show.
    """
    known = table["low"].notna().groupby([table["sweep"], table["env"]]).transform("any")
    if not known.any():
        return nothing_yet("no runs yet" if table.empty else "single runs have no intervals")
    table = table[known]
    figure, axes_of = panels(table, height=0.9 + 0.25 * table["curve"].nunique())
    names = in_legend_order(table["curve"])[::-1]
    for (sweep, task), axes in axes_of.items():
        shown = table[(table["sweep"] == sweep) & (table["env"] == task)].set_index("curve")
        if reference is not None:
            axes.axvline(reference, color="black", linewidth=1, alpha=0.5)
        for name, row in shown.iterrows():
            height = names.index(str(name))
            axes.plot([row["low"], row["high"]], [height, height], color=look(str(name)).color, linewidth=5, alpha=0.35)
            axes.plot(row[value], height, "o", color=look(str(name)).color)
        axes.set_yticks(range(len(names)), [look(name).label for name in names], fontsize="small")
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xlabel(label)
        if bounds is not None:
            room = MARGIN * (bounds[1] - bounds[0])  # for the dots at the ends
            axes.set_xlim(bounds[0] - room, bounds[1] + room)
    return figure


@checks_arguments
def profile_lines(profiles: pd.DataFrame, label: str) -> Figure:
    """Draw performance profiles: the share of runs whose score is above each threshold, one panel for each sweep.

    Args:
        profiles: table of `protocol.profiles`.
        label: what a score is called on the axis, with its unit.
    """
    table = profiles.assign(env="all tasks")
    figure, axes_of = panels(table)
    for (sweep, _), axes in axes_of.items():
        shown = table[table["sweep"] == sweep]
        for name in in_legend_order(shown["curve"]):
            style, curve = look(name), shown[shown["curve"] == name]
            axes.step(
                curve["threshold"],
                curve["share"],
                color=style.color,
                linestyle=style.dashes,
                label=style.label,
                where="post",
            )  # a share holds from its threshold on
            axes.fill_between(
                curve["threshold"], curve["low"], curve["high"], color=style.color, alpha=0.1, step="post"
            )
        axes.set_xlabel(label)
    figure.supylabel("share of runs above", fontsize="medium")
    legend(figure, axes_of.values(), table["curve"])
    return figure
