"""The paper's claims against what was measured: data/claims.csv names a rule for each, and this module holds the rules.

Margins are in that file and were fixed before the runs were looked at. A rule says what was measured and whether
the claim holds, or that it cannot tell. A claim on runs gets a verdict only when every run that it compares exists at
the paper's length; until then it is open, whatever the numbers so far. The embedded battle engine is not StarCraft
II, so that a claim on maps is at most settled for the engine.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from na2q.analysis import igm, protocol, results, style
from na2q.config import SCENARIOS, configure
from na2q.paths import repo_root
from na2q.theory import bounds, expansion, monotone, semantics
from na2q.training import sweeps

PILOTS = ("pilot", "controls")  # looked at where a claim's own sweeps have nothing yet
PILOT_FAMILIES = {"figure8": {"lbf"}}  # the pilot's ablations ran on foraging
EARLY = 500_000  # environment steps (section 5.1, on QPLEX)
FEW = 3  # agents; 2c_vs_64zg, the paper's example, has two
KEEPS_UP = {"shaq": {"battle-corridor"}, "dvd": {"battle-2c_vs_64zg"}}  # section 5.2
HARDEST = "battle-6h_vs_8z"  # section 5.2
VERDICTS = ("reproduced", "not reproduced", "engine only", "open")


class Claim(NamedTuple):
    """One row of data/claims.csv."""

    id: str
    place: str  # in the paper
    claim: str  # in our words
    settles: str  # what would decide it here
    chapter: str  # number of the chapter that shows it, and the place there
    rule: str  # key of RULES
    sweeps: str  # whose runs settle it; empty where none are needed
    compares: str  # "a > b; c > d": the first of each pair is claimed to be ahead; * is every other method
    margin: float


class Finding(NamedTuple):
    """What a rule found."""

    measured: str
    holds: bool | None = None  # None: cannot tell
    why: str = "not judged"  # it cannot tell
    engine: bool = False  # it concerns the embedded engine


class Verdict(NamedTuple):
    """A claim with what was measured and what follows."""

    claim: Claim
    measured: str
    verdict: str  # one of VERDICTS
    reason: str


def claims() -> list[Claim]:
    """Read data/claims.csv, one row for each claim; raise ValueError for a rule that does not exist."""
    table = pd.read_csv(repo_root() / "data" / "claims.csv", keep_default_na=False)
    found = [Claim._make(row) for row in table[list(Claim._fields)].to_numpy(object).tolist()]
    if unknown := [claim.rule for claim in found if claim.rule not in RULES]:
        raise ValueError(f"no rule named {', '.join(unknown)}; there are {', '.join(RULES)}")
    return found


# --- runs that a claim speaks of -------------------------------------------------------------------


class Case:
    """The runs of a claim, scored, with the pairs that it compares."""

    def __init__(self, claim: Claim, runs: pd.DataFrame) -> None:
        self.margin, self.runs = claim.margin, runs
        self.pairs = pairs(claim, runs["curve"].unique())
        self.scores = protocol.scores(runs, "result")
        self.summary = protocol.summary(self.scores)

    def restricted(self, tasks: Iterable[str]) -> pd.DataFrame:
        """Scores on some of the tasks."""
        return self.scores[self.scores["env"].isin(list(tasks))]

    def level(self, *names: str) -> list[str]:
        """Tasks that are maps of the named difficulties."""
        tasks = self.scores["env"].unique()
        return [task for task in tasks if SCENARIOS[task.partition("-")[2]].level in names]

    def by_task(self) -> Iterable[tuple[str, pd.DataFrame]]:
        """Summaries of each task, indexed by curve."""
        for task, rows in self.summary.groupby("env"):
            yield str(task), rows.set_index("curve")


def pairs(claim: Claim, there: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of curves that a claim compares; * stands for those of the paper's methods that are there."""
    found = []
    for pair in claim.compares.split("; "):
        first, second = pair.split(" > ")
        stars = [name for name in sweeps.PAPER if name in set(there) - {first, second}]
        found += [(a, b) for a in ([first] if first != "*" else stars) for b in ([second] if second != "*" else stars)]
    return found


def evidence(claim: Claim, runs: pd.DataFrame) -> pd.DataFrame | None:
    """Runs that a claim compares, from its own sweeps or, where these have none, from a pilot; None without any.

    Tasks on which a compared curve has not run are left out.
    """
    asked = {_family(config.env) for name in claim.sweeps.split() for _, config in sweeps.runs_of(name)}
    runs = runs[runs["env"].map(_family).isin(asked | PILOT_FAMILIES.get(claim.sweeps, asked))]
    for names in (claim.sweeps.split(), *([name] for name in PILOTS)):
        found = runs[runs["sweep"].isin(names)]
        curves = {curve for pair in pairs(claim, found["curve"].unique()) for curve in pair}
        found = found[found["curve"].isin(curves)]
        count = found.groupby("env")["curve"].nunique()
        found = found[found["env"].isin(count.index[count == len(curves)])]
        if len(found):
            return found.assign(sweep=" and ".join(names))
    return None


def _family(task: str) -> str:
    return task.partition("-")[0]


def lacking(claim: Claim, root: Path) -> int:
    """Number of runs of a claim's own sweeps, among those that it compares, that are not stored at full length."""
    curves = {curve for pair in pairs(claim, sweeps.PAPER) for curve in pair}
    tables = [results.missing(name, root) for name in claim.sweeps.split()]
    return sum(int(table["curve"].isin(curves).sum()) for table in tables)


# --- rules on runs ---------------------------------------------------------------------------------


def _paired(case: Case, table: pd.DataFrame) -> Finding:
    """Whether each first curve of a claim's pairs is more likely than the margin to score higher than the second."""
    rows = []
    for first, second in case.pairs:
        found = protocol.improvements(table, of=first)
        found = found[found["curve"] == second]
        rows.append(found.iloc[-1])  # all tasks, or the only one
    worst = min(rows, key=lambda row: row["probability"])
    above = sum(row["low"] > case.margin for row in rows)
    below = sum(row["high"] < case.margin for row in rows)
    first = case.pairs[[row is worst for row in rows].index(True)][0]
    number = protocol.Estimate(worst["probability"], worst["low"], worst["high"])
    text = f"P({first} > {worst['curve']}) = {number}"
    if len(rows) > 1:
        text = f"interval above {case.margin:g} for {above} of {len(rows)} pairs, below for {below}; lowest {text}"
    return Finding(text, True if above == len(rows) else False if below else None)


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
        number = protocol.Estimate(*(others[column].to_dict()[best] for column in ("iqm", "low", "high")))
        own = rows["iqm"].to_dict()[ours]
        held.append(None if np.isnan(number.low) else own >= number.low)
        words.append(f"{task}: {own:.2f} against {best} {number}")
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


def _differences(case: Case) -> list[protocol.Estimate]:
    found = []
    for first, second in case.pairs:
        table = protocol.differences(case.scores, of=first)
        found.append(protocol.Estimate(*table.loc[table["curve"] == second, ["difference", "low", "high"]].iloc[-1]))
    return found


def slightly_above(case: Case) -> Finding:
    """The first is above the second, by no more than the margin."""
    (difference,) = _differences(case)
    holds = difference.low > 0 and difference.value <= case.margin
    fails = difference.high < 0 or difference.low > case.margin
    return Finding(f"difference {difference}", True if holds else False if fails else None)


def enough(case: Case) -> Finding:
    """The first is above the second by less than the margin, if at all."""
    (difference,) = _differences(case)
    holds, fails = difference.high < case.margin, difference.low > case.margin
    return Finding(f"difference {difference}", True if holds else False if fails else None)


def level_and_steadier(case: Case) -> Finding:
    """The first is within the margin of each second, and its scores spread less over seeds."""
    found, spread = _differences(case), case.summary.groupby("curve")["std"].mean()
    words, held = [], []
    for (first, second), difference in zip(case.pairs, found, strict=True):
        words.append(f"{second}: difference {difference}, spread {spread[first]:.2f} against {spread[second]:.2f}")
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
    text = "; ".join(f"{name} {easy:.2f} and {tough:.2f}" for name, (easy, tough) in mean.items())
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

    return len(MAPS[task.partition("-")[2]].allies)


def keeps_up_only(case: Case) -> Finding:
    """Each second curve is level with the first on exactly the maps that the paper names."""
    words, held = [], []
    for first, second in case.pairs:
        table = protocol.improvements(case.scores, of=first)
        table = table[(table["curve"] == second) & (table["env"] != protocol.ALL_TASKS)]
        level = set(table.loc[~(table["low"] > case.margin), "env"])
        words.append(f"{second} on {', '.join(sorted(level)) or 'none'}")
        held.append(level == KEEPS_UP[second])
    return Finding(f"not beaten: {'; '.join(words)}", all(held))


def alone(case: Case) -> Finding:
    """On the hardest map the claimed curve wins more than the margin, and at most one other does."""
    rows = case.summary[case.summary["env"] == HARDEST].set_index("curve")["iqm"]
    if rows.empty:
        return Finding(f"no run on {HARDEST}")
    ours = case.pairs[0][0]
    others = rows.drop(index=ours)
    text = (
        f"{ours} {rows[ours]:.2f}; above {case.margin:g}: {', '.join(others.index[others > case.margin]) or 'no other'}"
    )
    return Finding(text, bool(rows[ours] > case.margin and (others > case.margin).sum() <= 1))


# --- rules without runs ----------------------------------------------------------------------------


def enriches(claim: Claim) -> Finding:
    """Free additive models against Taylor polynomials, and Table 4's convex shapes against a saturating function."""
    grid, weights = expansion.gauss_grid(3, 2.0, 6)
    targets = {
        "complements": lambda q: np.exp(q.sum(1) / 2),
        "substitutes": lambda q: np.log(np.exp(q).sum(1)),
        "saturating": lambda q: -np.exp(-q.sum(1) / 2),
    }
    never_worse = []
    for g in targets.values():
        values = g(grid).reshape(6, 6, 6)
        for order in (1, 2):
            taylor = expansion.taylor_truncation(g, grid, order).reshape(values.shape)
            best = expansion.anova_truncation(values, weights, order)
            errors = [expansion.relative_rmse(values, fit, weights) for fit in (best, taylor)]
            never_worse.append(errors[0] <= errors[1])
    floor = monotone.concave_floor(lambda q: -np.exp(-q), -2.0, 2.0)
    text = (
        f"free shapes no worse in {sum(never_worse)} of {len(never_worse)} cases; those of Table 4 miss by {floor:.2f}"
    )
    return Finding(text, all(never_worse) and floor <= claim.margin)


def bounded(claim: Claim) -> Finding:
    """Instances that meet the printed assumptions, against the printed bounds."""
    found = {"Lemma B.3": bounds.lemma_counterexample(), "Theorem B.2": bounds.memorising_counterexample()}
    words = [f"{name}: {example.found:.2f}, printed bound {example.printed:.2f}" for name, example in found.items()]
    return Finding("; ".join(words), all(example.found <= example.printed for example in found.values()))


def greedy(claim: Claim) -> Finding:
    """Random mixers, every joint action: greedy agents reach the largest value."""
    found = igm.measure("na2q")
    assert found is not None  # NA2Q has a joint value
    text = f"{found.igm} of {found.weight_sets} weight sets, {found.joint_actions} joint actions each"
    return Finding(f"{text}; lowest slope {found.lowest_slope:.1e}", found.igm == found.weight_sets)


def adjusts(claim: Claim) -> Finding:
    """Eq. (5) against the effect of intervening, where the semantics are drawn from the present."""
    models = [semantics.history(True), semantics.hidden_confounder()]
    worst = max(models, key=lambda model: _gap(model))
    return Finding(f"largest gap {_gap(worst):.2f}, for {worst.graph}", _gap(worst) <= claim.margin)


def _gap(model: semantics.CausalModel) -> float:
    return float(np.abs(semantics.adjustment(model.joint) - model.do).max())


def separate(claim: Claim) -> Finding:
    """Mixed difference of a pair's simplest shape function, ELU of the sum."""
    mixed = monotone.mixed_difference(lambda q: monotone.elu(q.sum(1)), np.array([[-1.0, -1.0]]), 0, 1, 1.0)
    text = f"raising one utility by 1 adds {mixed.item():.2f} more when the other is raised too"
    return Finding(text, bool(np.abs(mixed).item() <= claim.margin))


def costly(claim: Claim) -> Finding:
    """Pace with three orders against one, from the stored measurements."""
    speed = pd.read_csv(repo_root() / "data" / "speed.csv")
    rows = speed[speed["varied"] == "order"].set_index("value")
    pace = rows["steps_per_second"].to_dict()
    slower = float(1 - pace["1-2-3"] / pace["1"])
    return Finding(f"slower by {slower:.0%} on {rows['env'].iloc[0]}", slower > claim.margin)


class Test(NamedTuple):
    """What a claim on explanations says of one test of `na2q.analysis.findings`."""

    name: str
    family: str  # of the environments whose models are looked at
    holds: Callable[[pd.DataFrame, float], pd.Series]  # rows and margin to a truth for each model


def _above(rows: pd.DataFrame, _: float) -> pd.Series:
    return rows["low"] > 0


def _below(rows: pd.DataFrame, _: float) -> pd.Series:
    return rows["high"] < 0


def _near_zero(rows: pd.DataFrame, margin: float) -> pd.Series:
    return rows["value"].abs() <= margin


EXPLANATIONS: dict[str, tuple[Test, ...]] = {
    "I1": (Test("mask over chance", "lbf", _above), Test("mask of food over others", "lbf", _above)),
    "I2": (Test("pairs that act together", "lbf", _above), Test("their members alone", "lbf", _below)),
    "I3": (Test("contribution and loss", "lbf", _above),),
    "I4": (Test("off plan", "battle", _below), Test("pairs apart", "battle", _near_zero)),
    "I6": (Test("lowest slope", "", _above),),
    "I8": (Test("mask when hit", "battle", _above),),
    "I9": (Test("pair alive", "battle", _above),),
}
"""Tests that decide a claim, by its id: all must hold in all models of NA2Q."""
WHATEVER_LENGTH = {"I6"}  # holds by construction, so that short training settles it


FULL = {family: configure("na2q", env).total_steps for family, env in (("lbf", "lbf-4p-2f"), ("battle", "battle-8m"))}
SHORT_MODELS = "models trained for a fraction of the paper's steps"


def stored_findings(family: str = "") -> pd.DataFrame:
    """Table of `na2q.analysis.findings` as stored, for one family of environments or all."""
    table = pd.read_csv(repo_root() / "data" / "explanations.csv")
    return table[table["env"].str.startswith(family)]


def explained(claim: Claim) -> Finding:
    """Tests of stored models; short ones show numbers and settle nothing."""
    words, all_hold, full, asked = [], True, True, EXPLANATIONS[claim.id]
    for name, family, holds in asked:
        rows = stored_findings(family).query("test == @name and kind.str.startswith('na2q_')")
        told = holds(rows, claim.margin)
        words.append(f"{name}: {_range(rows)}, holds in {told.sum()} of {len(rows)} models")
        all_hold &= bool(told.all())
        full &= _full(rows)
    if not full and claim.id not in WHATEVER_LENGTH:
        return Finding("; ".join(words), None, SHORT_MODELS)
    return Finding("; ".join(words), all_hold, engine=all(test.family == "battle" for test in asked))


def _full(rows: pd.DataFrame) -> bool:
    return bool((rows["steps"] >= rows["env"].map(_family).map(FULL)).all())


def explains_better(claim: Claim) -> Finding:
    """Correlation with what an agent is worth: NA2Q's contributions against VDN's utilities and QMIX's slopes."""
    stored = stored_findings("lbf")
    said = {"na2q": "contribution and loss", "vdn": "q and loss", "qmix": "slope x q and loss"}
    rows = {m: stored[stored["kind"].str.startswith(m) & (stored["test"] == test)] for m, test in said.items()}
    words = [f"{style.look(m).label} {_range(found)} (n = {len(found)} models)" for m, found in rows.items()]
    if not all(map(_full, rows.values())):
        return Finding("; ".join(words), None, SHORT_MODELS)
    others = pd.concat([rows["vdn"], rows["qmix"]])
    return Finding("; ".join(words), bool(rows["na2q"]["low"].min() > others["high"].max()))


def agrees_over_seeds(claim: Claim) -> Finding:
    """The defined deviation of shape functions; the paper's number has no definition to compare it by."""
    stored = stored_findings()
    rows = stored[stored["test"] == "shapes apart"]
    words = [f"{row.value:.3f} ({row.kind} on {row.env}, {row.model})" for row in rows.itertuples()]
    return Finding("; ".join(words), None, "the paper's number is not defined")


def _range(rows: pd.DataFrame) -> str:
    return " to ".join(dict.fromkeys(f"{x:.2f}" for x in (rows["value"].min(), rows["value"].max())))


ON_RUNS: dict[str, Callable[[Case], Finding]] = {
    rule.__name__: rule
    for rule in (
        *(improves, improves_on_super_hard, sooner, ahead_early, competitive, set_apart, slightly_above, enough),
        *(level_and_steadier, near_best, by_level, unsteady, keeps_up_only, alone),
    )
}
WITHOUT_RUNS: dict[str, Callable[[Claim], Finding]] = {
    rule.__name__: rule
    for rule in (enriches, bounded, greedy, adjusts, separate, costly, explained, explains_better, agrees_over_seeds)
}
RULES = {**ON_RUNS, **WITHOUT_RUNS}
"""Rules by name."""


# --- verdicts --------------------------------------------------------------------------------------


def judge(claim: Claim, runs: pd.DataFrame, root: Path) -> Verdict:
    """Measure one claim and say what follows.

    Args:
        claim: row of data/claims.csv.
        runs: all stored runs, with `results.headline` and curves named.
        root: folder of sweeps that they are from.
    """
    if claim.rule in WITHOUT_RUNS:
        found = WITHOUT_RUNS[claim.rule](claim)
        if found.holds is None:
            return Verdict(claim, found.measured, "open", found.why)
        return Verdict(claim, found.measured, *_settled(found.holds, found.engine))
    compared = evidence(claim, runs)
    if compared is None:
        return Verdict(claim, "", "open", f"{' and '.join(claim.sweeps.split())}: no run yet")
    found = ON_RUNS[claim.rule](Case(claim, compared))
    measured = f"{found.measured} ({_where(compared)})"
    wanting = lacking(claim, root)
    if wanting:
        return Verdict(claim, measured, "open", f"{' and '.join(claim.sweeps.split())}: {wanting} runs missing")
    if found.holds is None:
        return Verdict(claim, measured, "open", "the interval holds the margin")
    return Verdict(claim, measured, *_settled(found.holds, bool(compared["env"].map(_family).eq("battle").any())))


def _settled(holds: bool, engine: bool) -> tuple[str, str]:
    """Verdict and reason."""
    if engine:
        return "engine only", f"{'holds' if holds else 'fails'} on the embedded engine"
    return "reproduced" if holds else "not reproduced", ""


def _where(runs: pd.DataFrame) -> str:
    tasks, seeds = runs["env"].unique(), runs.groupby(["env", "curve"])["seed"].nunique()
    steps = f"{int(runs['point'].max()):,} steps"
    return f"{runs['sweep'].iloc[0]}: {', '.join(tasks)}, n = {results.span(seeds)}, {steps}"


def scoreboard(root: Path | str) -> list[Verdict]:
    """Judge all claims by the runs below a folder of sweeps."""
    board = claims()
    names = dict.fromkeys([name for claim in board for name in claim.sweeps.split()] + list(PILOTS))
    try:
        runs = results.load_sweeps(root, names)
    except FileNotFoundError:
        runs = pd.DataFrame(columns=[*results.RUN_COLUMNS, "total_steps", "point", "test_return_mean"])
    runs = results.headline(results.name_curves(runs))
    return [judge(claim, runs, Path(root)) for claim in board]


def table(board: Iterable[Verdict]) -> pd.DataFrame:
    """Write verdicts as a table for the book, with links to the chapters that exist."""
    rows = {
        claim.id: {
            "paper": claim.place,
            "claim": claim.claim,
            "settled by": claim.settles + (f" Margin {claim.margin:g}." if claim.margin else ""),
            "measured": measured or "nothing yet",
            "verdict": verdict + (f" ({reason})" if reason else ""),
            "shown in": link(claim),
        }
        for claim, measured, verdict, reason in board
    }
    return pd.DataFrame(rows).T.rename_axis("")


def link(claim: Claim) -> str:
    """Link from the scoreboard to the place that shows a claim's evidence, plain where its chapter does not exist."""
    number, _, place = claim.chapter.partition("#")
    found = sorted((repo_root() / "notebooks").glob(f"{number}_*.ipynb"))
    if not found:
        return f"chapter {number}"
    return f"[chapter {number}]({found[0].stem}.html#{place})"
