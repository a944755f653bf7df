"""Pictures of the benchmark of credits: how what is said of agents follows what they really earn."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from na2q.arguments import checks_arguments
from na2q.style import MAIN, PALETTE, figure_width, kind_look, literal, look

SHOWN = ("q", "credit", "shape", "contribution", "purified", "shapley", "slope", "occlusion", "nearness", "paid")
"""Answers of the figure, from the method's own to those from outside."""
ASKED = ("q", "contribution", "shapley", "occlusion", "nearness")
"""Answers of the table of methods."""


@checks_arguments
def whole_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each kind of model and score: of all its models together where there are several.

    Args:
        table: as `na2q.explain.credits.benchmark.table_of` makes it.
    """
    several = table["model"].str.endswith(" models")
    count = table.groupby(["env", "kind"])["model"].transform("nunique")
    return table[several | (count == 1)]


@checks_arguments
def agreement(table: pd.DataFrame) -> Figure:
    """Draw the rank correlation of answers with true Shapley values, a panel for each task, a colour for a kind.

    Args:
        table: as `na2q.explain.credits.benchmark.table_of` makes it. The dotted line is chance, and grey marks the
            lowest noise ceiling of the task.
    """
    rows = whole_kinds(table).query("target == 'shapley' and score == 'rank' and answer in @SHOWN")
    tasks = sorted(rows["env"].unique())
    kinds = [kind for kind in dict.fromkeys(rows["kind"]) if kind.partition("_")[0] in MAIN]
    answers = [answer for answer in SHOWN if answer in set(rows["answer"])][::-1]
    figure, panels = plt.subplots(
        *(1, len(tasks)), figsize=(figure_width(len(tasks), 2.6, 1.2), 0.5 * len(answers) + 1.6),
        sharey=True, sharex=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axes, task in zip(panels[0], tasks, strict=True):
        for k, kind in enumerate(kinds):
            one = rows[(rows["env"] == task) & (rows["kind"] == kind)].set_index("answer").reindex(answers)
            y = [place + 0.16 * (k - (len(kinds) - 1) / 2) for place in range(len(answers))]
            bars = [(one["value"] - one["low"]).to_numpy(), (one["high"] - one["value"]).to_numpy()]
            style = kind_look(kind)
            axes.errorbar(
                one["value"], y, xerr=bars, fmt="o", color=style.color, markersize=4, linewidth=1.2,
                label=literal(style.label),
            )  # fmt: skip
        rest = rows[(rows["env"] == task) & ~rows["kind"].isin(kinds)]
        if len(rest):
            places = [answers.index(answer) for answer in rest["answer"]]
            axes.plot(rest["value"], places, "|", color="0.55", markersize=9, zorder=0, label="every other method")
        axes.axvline(0, color="black", linewidth=0.8, linestyle=":")
        axes.axvline(float(rows[rows["env"] == task]["ceiling"].to_numpy(float).min()), color="0.6", linewidth=2)
        axes.set(title=literal(task), xlim=(-0.6, 1.05))
        axes.set_yticks(range(len(answers)), answers)
    figure.supxlabel("rank correlation with the true Shapley values")
    named = {label: line for axes in panels[0] for line, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(list(named.values()), list(named), loc="outside upper center", ncols=3)
    return figure


@checks_arguments
def by_method(table: pd.DataFrame, env: str) -> pd.DataFrame:
    """List the rank correlations with true Shapley values on one task, a row for each method, best utilities first.

    Args:
        table: as `na2q.explain.credits.benchmark.table_of` makes it.
        env: the task.
    """
    rows = whole_kinds(table).query("env == @env and target == 'shapley' and score == 'rank' and answer in @ASKED")
    rows = rows.assign(
        method=[literal(kind_look(kind).label) for kind in rows["kind"]],
        shown=[f"{row.value:.2f} [{row.low:.2f}, {row.high:.2f}]" for row in rows.itertuples()],
    )
    best = rows[rows["answer"] == "q"].sort_values("value", ascending=False)["method"]
    wide = rows.pivot(index="method", columns="answer", values="shown").reindex(best)
    return wide[[answer for answer in ASKED if answer in wide]].fillna("")


SAID = {
    ("team", "q_tot"): ("the payoff, by Q_tot", "|"),
    ("agents", "of q_tot"): ("agents' shares, by Q_tot", "o"),
    ("agents", "q"): ("agents' shares, by their utilities", "x"),
    ("agents", "contribution"): ("agents' shares, by the method's own terms", "s"),
}
"""Answers of the figure of games, with their names and markers."""


@checks_arguments
def recovery(table: pd.DataFrame) -> Figure:
    """Draw how what methods say of known games follows the truth, a panel for each game, a row for each method.

    Args:
        table: as `na2q.explain.credits.recovery.compare` makes it; means over its seeds are drawn.
    """
    seen = table[table["seen"]]
    means = seen.groupby(["game", "method", "level", "answer"])["correlation"].mean()
    low = min(0.0, *(float(means.xs(where, level=("level", "answer")).min()) for where in SAID)) - 0.05
    games, methods = (list(dict.fromkeys(seen[name])) for name in ("game", "method"))
    figure, panels = plt.subplots(
        *(1, len(games)), figsize=(figure_width(len(games), 2.2, 1.2), 0.32 * len(methods) + 1.6),
        sharey=True, sharex=True, squeeze=False, layout="constrained",
    )  # fmt: skip
    for axes, game in zip(panels[0], games, strict=True):
        for k, (where, (label, marker)) in enumerate(SAID.items()):
            values = [means.get((game, method, *where), float("nan")) for method in methods]
            size = 9 if marker == "|" else 5
            color = "black" if marker == "|" else PALETTE[(0, 2, 3)[k - 1]]
            axes.plot(values, range(len(methods)), marker, color=color, label=label, markersize=size)
        axes.set(title=game, xlim=(low, 1.05))
        axes.set_yticks(range(len(methods)), [look(method).label for method in methods])
    panels[0][0].invert_yaxis()
    figure.supxlabel("correlation with what is known")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
