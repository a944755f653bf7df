"""Rules for claims on training runs: scores of the curves that a claim compares, and whether it holds."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from na2q.config import family_of
from na2q.evaluation import protocol, results
from na2q.evaluation.claims.case import Case, Finding
from na2q.stats import Estimate
from na2q.style import look

EARLY = 500_000  # environment steps (section 5.1, on QPLEX)
FEW = 3  # agents; 2c_vs_64zg, the paper's example, has two
HARDEST = "battle-6h_vs_8z"  # section 5.2


def _paired(case: Case, table: pd.DataFrame) -> Finding:
    """Whether each first curve of a claim's pairs is more likely than the margin to score higher than the second."""
    rows = []
    for first, second in case.pairs:
        found = protocol.improvements(_of_two(table, first, second), of=first)
        rows.append(found.iloc[-1])  # all tasks, or the only one
    worst = min(rows, key=lambda row: row["probability"])
    above = sum(row["low"] > case.margin for row in rows)
    below = sum(row["high"] < case.margin for row in rows)
    first = case.pairs[[row is worst for row in rows].index(True)][0]
    number = Estimate(worst["probability"], worst["low"], worst["high"])
    text = f"P({_named(first)} > {_named(worst['curve'])}) = {number}"
    if len(rows) > 1:
        text = f"interval above {case.margin:g} for {above} of {len(rows)} pairs, below for {below}; lowest {text}"
    return Finding(text, True if above == len(rows) else False if below else None)


def _of_two(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    return table[table["curve"].isin([first, second])]


def improves(case: Case) -> Finding:
    """The first of each pair is more likely than the margin to score higher than the second, over all tasks."""
    return _paired(case, case.scores)


def improves_on_super_hard(case: Case) -> Finding:
    """The same over the super hard maps."""
    table = case.restricted(case.level("super hard"))
    return _paired(case, table) if len(table) else Finding("no run on a super hard map")


def sooner(case: Case) -> Finding:
    """The first of each pair is more likely to be first at nine tenths of the best score of the task."""
    smoothed = results.smooth(case.runs, "result", 3)
    return _paired(case, protocol.steps_to(smoothed, protocol.good_return(case.scores), "result"))


def ahead_early(case: Case) -> Finding:
    """The first of each pair is more likely to have the higher mean test up to EARLY steps."""
    return _paired(case, protocol.areas(case.runs, EARLY, "result"))


def competitive(case: Case) -> Finding:
    """On every task the claimed curve is not below the interval of the best other one."""
    ours, words, held = case.pairs[0][0], [], []
    for task, rows in case.by_task():
        others = rows.drop(index=ours)
        best = others["iqm"].idxmax()
        number = Estimate(*(others[column].to_dict()[best] for column in ("iqm", "low", "high")))
        own = rows["iqm"].to_dict()[ours]
        held.append(None if np.isnan(number.low) else own >= number.low)
        words.append(f"{task}: {_named(ours)} {own:.2f} against {_named(str(best))} {number}")
    return Finding("; ".join(words), None if None in held else all(held))


def set_apart(case: Case) -> Finding:
    """On every task the interval of the second of each pair is wholly below that of the first."""
    words, held = [], []
    for task, rows in case.by_task():
        lows, highs = rows["low"].to_dict(), rows["high"].to_dict()
        low, high = np.min([lows[first] for first, _ in case.pairs]), highs[case.pairs[0][1]]
        held.append(None if np.isnan([low, high]).any() else high < low)
        ends = f"upper end {high:.2f}, lowest lower end of the others {low:.2f}"
        words.append(f"{task}: {'single runs have no interval' if held[-1] is None else ends}")
    return Finding("; ".join(words), None if None in held else all(held))


def _named(curve: str) -> str:
    """Call a curve as figures do."""
    return look(curve).label


def _differences(case: Case) -> list[Estimate]:
    found = []
    for first, second in case.pairs:
        table = protocol.differences(_of_two(case.scores, first, second), of=first)
        found.append(Estimate(*table[["difference", "low", "high"]].iloc[-1]))
    return found


def _told(pair: tuple[str, str], difference: Estimate) -> str:
    first, second = map(_named, pair)
    return f"{first} less {second}: {difference}"


def slightly_above(case: Case) -> Finding:
    """The first is above the second, by no more than the margin."""
    (difference,) = _differences(case)
    holds = difference.low > 0 and difference.value <= case.margin
    fails = difference.high < 0 or difference.low > case.margin
    return Finding(_told(case.pairs[0], difference), True if holds else False if fails else None)


def enough(case: Case) -> Finding:
    """The first is above the second by less than the margin, if at all."""
    (difference,) = _differences(case)
    holds, fails = difference.high < case.margin, difference.low > case.margin
    return Finding(_told(case.pairs[0], difference), True if holds else False if fails else None)


def level_and_steadier(case: Case) -> Finding:
    """The first is within the margin of each second, and its scores spread less over seeds."""
    found, spread = _differences(case), case.summary.groupby("curve")["std"].mean()
    words, held = [], []
    for (first, second), difference in zip(case.pairs, found, strict=True):
        spreads = f"spread {spread[first]:.2f} against {spread[second]:.2f}"
        words.append(f"{_told((first, second), difference)}, {spreads}")
        within = -case.margin < difference.low and difference.high < case.margin
        apart = difference.low > case.margin or difference.high < -case.margin
        steadier = bool(spread[first] < spread[second])
        held.append(True if within and steadier else False if apart or not steadier else None)
    return Finding("; ".join(words), False if False in held else None if None in held else True)


def near_best(case: Case) -> Finding:
    """On every task the claimed curve is within the margin of the best."""
    ours = case.pairs[0][0]
    gaps = {task: rows["iqm"].max() - rows["iqm"].to_dict()[ours] for task, rows in case.by_task()}
    worst = max(gaps, key=lambda task: gaps[task])
    near = sum(gap <= case.margin for gap in gaps.values())
    text = f"within {case.margin:g} of the best on {near} of {len(gaps)} maps"
    return Finding(f"{text}; farthest on {worst}, {gaps[worst]:.2f} below", bool(near == len(gaps)))


def by_level(case: Case) -> Finding:
    """The first baseline is below the margin on all maps, the others above it but for the super hard maps."""
    hard = case.level("super hard")
    rest = [task for task in case.scores["env"].unique() if task not in hard]
    poor, *fair = [second for _, second in case.pairs]
    means = [case.restricted(tasks).groupby("curve")["score"].mean() for tasks in (rest, hard)]
    mean = {name: [float(part.get(name, np.nan)) for part in means] for name in (poor, *fair)}
    text = "; ".join(f"{_named(name)} {easy:.2f} and {tough:.2f}" for name, (easy, tough) in mean.items())
    if not hard or not rest:
        return Finding(f"mean on easy or hard and on super hard maps: {text}")
    holds = max(mean[poor]) < case.margin and all(mean[name][0] >= case.margin > mean[name][1] for name in fair)
    return Finding(f"mean on easy or hard and on super hard maps: {text}", bool(holds))


def unsteady(case: Case) -> Finding:
    """The second curve's spread over seeds is the largest, and larger on maps with few agents."""
    name = case.pairs[0][1]
    spread = case.summary.groupby("curve")["std"].mean()
    own = case.summary[case.summary["curve"] == name].set_index("env")["std"]
    few = own[[task for task in own.index if _agents(task) <= FEW]]
    more = own.drop(index=few.index)
    largest = spread.drop(index=name).max()
    text = f"spread {spread[name]:.2f}, largest of the others {largest:.2f}"
    holds = bool(spread[name] > largest and few.mean() > more.mean())
    return Finding(f"{text}; with few agents {few.mean():.2f}, with more {more.mean():.2f}", holds)


def _agents(task: str) -> int:
    from na2q.envs.battle import MAPS  # compiles its engine, which nothing else here needs

    return len(MAPS[task.removeprefix(f"{family_of(task)}-")].allies)


def keeps_up_only(case: Case) -> Finding:
    """Each second curve is level with the first on the one map that the claim names for it, and on no other."""
    words, held = [], []
    for (first, second), named in zip(case.pairs, case.level_on, strict=True):
        table = protocol.improvements(_of_two(case.scores, first, second), of=first)
        table = table[table["env"] != protocol.ALL_TASKS]
        level = set(table.loc[~(table["low"] > case.margin), "env"])
        words.append(f"{_named(second)} on {', '.join(sorted(level)) or 'none'}")
        held.append(level == {named})
    return Finding(f"not beaten: {'; '.join(words)}", all(held))


def alone(case: Case) -> Finding:
    """On the hardest map the claimed curve wins more than the margin, and at most one other does."""
    rows = case.summary[case.summary["env"] == HARDEST].set_index("curve")["iqm"]
    if rows.empty:
        return Finding(f"no run on {HARDEST}")
    ours = case.pairs[0][0]
    others = rows.drop(index=ours)
    above = ", ".join(map(_named, others.index[others > case.margin])) or "no other"
    text = f"{_named(ours)} {rows[ours]:.2f}; above {case.margin:g}: {above}"
    return Finding(text, bool(rows[ours] > case.margin and (others > case.margin).sum() <= 1))


RULES: dict[str, Callable[[Case], Finding]] = {
    rule.__name__: rule
    for rule in (
        *(improves, improves_on_super_hard, sooner, ahead_early, competitive, set_apart, slightly_above, enough),
        *(level_and_steadier, near_best, by_level, unsteady, keeps_up_only, alone),
    )
}
