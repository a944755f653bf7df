"""Figures of the protocol: intervals side by side, and performance profiles."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from na2q.arguments import checks_arguments
from na2q.evaluation.figures import FEW, QUIET, WIDTH, in_legend_order, nothing_yet, panels
from na2q.style import MAIN, literal, look

MARGIN = 0.03


@checks_arguments
def intervals(
    table: pd.DataFrame,
    value: str,
    label: str,
    reference: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Figure:
    """Draw estimates with their intervals, one panel above the other for each sweep and task, one row for each curve.

    A panel has rows for the curves that it has numbers of; all panels show the same range of values. A sweep and task
    without any interval, as all its curves have one run, is left out.

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
    parts = {
        f"{env}, sweep {sweep}": part.set_index("curve")
        for (sweep, env), part in table[known & table[value].notna()].groupby(["sweep", "env"])
    }
    rows = [len(part) + 1 for part in parts.values()]
    figure, grid = plt.subplots(
        len(parts), 1, figsize=(WIDTH, 0.7 + 0.25 * sum(rows)), height_ratios=rows, sharex=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axes, (title, part) in zip(grid[:, 0], parts.items(), strict=True):
        axes.set_title(literal(title), fontsize="medium")
        if reference is not None:
            axes.axvline(reference, color="black", linewidth=1, alpha=0.5)
        names = in_legend_order(part.index.to_series())[::-1]
        for name, row in part.iterrows():
            height = names.index(str(name))
            axes.plot([row["low"], row["high"]], [height, height], color=look(str(name)).color, linewidth=5, alpha=0.35)
            axes.plot(row[value], height, "o", color=look(str(name)).color)
        axes.set_yticks(range(len(names)), [literal(look(name).label) for name in names], fontsize="small")
        axes.set_ylim(-0.6, len(names) - 0.4)
    grid[-1, 0].set_xlabel(label)
    if bounds is not None:
        room = MARGIN * (bounds[1] - bounds[0])  # for the dots at the ends
        grid[-1, 0].set_xlim(bounds[0] - room, bounds[1] + room)
    return figure


@checks_arguments
def profile_lines(profiles: pd.DataFrame, label: str) -> Figure:
    """Draw performance profiles: the share of runs whose score is above each threshold, one panel for each sweep.

    Among more than six curves only the main ones, those of `figures.learning_curves`, have colours and bands.

    Args:
        profiles: table of `protocol.profiles`.
        label: what a score is called on the axis, with its unit.
    """
    table = profiles.assign(env="all tasks")
    figure, axes_of = panels(table)
    for (sweep, _), axes in axes_of.items():
        shown = table[table["sweep"] == sweep]
        names = in_legend_order(shown["curve"])
        grey = {name for name in names if name not in MAIN} if len(names) > FEW else set()
        for name in sorted(names, key=lambda name: name not in grey):
            style, curve = look(name), shown[shown["curve"] == name]
            quiet = {"color": QUIET, "linewidth": 1.0, "label": "another method"}
            loud = {"color": style.color, "linestyle": style.dashes, "label": style.label}
            # a share holds from its threshold on
            axes.step(curve["threshold"], curve["share"], where="post", **(quiet if name in grey else loud))
            if name not in grey:
                axes.fill_between(
                    curve["threshold"], curve["low"], curve["high"], color=style.color, alpha=0.1, step="post"
                )
        axes.set_xlabel(label)
    figure.supylabel("share of runs above", fontsize="medium")
    handles = {}
    for axes in axes_of.values():
        handles |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    last = handles.pop("another method", None)
    handles |= {"another method": last} if last else {}
    figure.legend(list(handles.values()), list(handles), loc="outside upper center", ncols=len(handles))
    return figure
