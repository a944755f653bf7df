"""The picture on the findings page: how far one curve lies from others, where runs end and on the way there."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from na2q.book import answers
from na2q.evaluation import results
from na2q.evaluation.figures import WIDTH, nothing_yet
from na2q.style import literal, look

SCORES = {"final return": answers.FINAL[0], "mean return along the way": answers.ON_THE_WAY[0]}
"""Ways of scoring a run, by the name of their panel."""


def gaps(runs: pd.DataFrame, first: str, seconds: Sequence[str]) -> pd.DataFrame:
    """Differences of a curve and others, from the runs that `answers.compare` takes for its sentences.

    Args:
        runs: table of `results.select`.
        first: the curve.
        seconds: the others. Those that share no runs with it are left out.

    Returns:
        One row for each other curve and way of scoring: curve, score, steps, tasks, n, difference, low, high. The last
        three are in units of return; low and high are NaN for single runs.
    """
    rows = []
    for second in seconds:
        table = answers.longest(runs, first, second)
        if table.empty:
            continue
        seeds = table.groupby(["env", "curve"])["seed"].nunique()
        basis = {"steps": int(table["point"].max()), "tasks": table["env"].nunique(), "n": results.span(seeds)}
        for name, score in SCORES.items():
            found = answers.gap(table, first, score)
            rows.append({"curve": second, "score": name, **basis, **found._asdict()})
    names = {"value": "difference"}
    return pd.DataFrame(rows).rename(columns=names)


def draw_gaps(table: pd.DataFrame, first: str) -> Figure:
    """Draw what `gaps` found, one panel for each way of scoring and one row for each other curve.

    Args:
        table: of `gaps`.
        first: the curve that the others are compared with.
    """
    if table.empty:
        return nothing_yet("no runs yet")
    others = list(dict.fromkeys(table["curve"]))[::-1]
    size = (WIDTH, 1.3 + 0.5 * len(others))
    figure, panels = plt.subplots(1, len(SCORES), figsize=size, sharex=True, sharey=True, layout="constrained")
    for axes, name in zip(panels, SCORES, strict=True):
        axes.axvline(0, color="black", linewidth=1, alpha=0.5)
        for row in table[table["score"] == name].to_dict("records"):
            height, color = others.index(row["curve"]), look(row["curve"]).color
            axes.plot([row["low"], row["high"]], [height, height], color=color, linewidth=6, alpha=0.4)
            axes.plot(row["difference"], height, "o", color=color)
        axes.set_title(name, fontsize="medium")
        axes.set_ylim(-0.6, len(others) - 0.4)
    known = table.drop_duplicates("curve").set_index("curve")
    labels = [f"{look(one).label}\n{known.at[one, 'steps']:,} steps, n = {known.at[one, 'n']}" for one in others]
    panels[0].set_yticks(range(len(others)), list(map(literal, labels)))
    figure.supxlabel(literal(f"{look(first).label} minus the other (return)"), fontsize="medium")
    return figure
