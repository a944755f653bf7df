"""How NA2Q stands, in sentences: against a baseline, its rank, what its masks are worth, its claims."""

from collections.abc import Collection, Sequence

import pandas as pd

from na2q.book import answers
from na2q.book.answers import basis, compare, gap, longest
from na2q.book.prose import are, by_side, counted, ordinal, series
from na2q.campaign import sweeps
from na2q.config import SUBJECT, family_of
from na2q.evaluation import protocol
from na2q.evaluation.claims import VERDICTS, Verdict
from na2q.evaluation.results import span
from na2q.style import look

FAMILIES = {"lbf": "foraging", "battle": "battles"}
AS_PRINTED = f"{SUBJECT} preset paper"
RIVALS = {"chance": "a feature chosen by chance", "size": "the largest feature"}


def answer(runs: pd.DataFrame) -> str:
    """Compare NA2Q as released with all methods that have its length and several seeds, and rank it among all others.

    Args:
        runs: table of `results.select`, of one family of tasks.
    """
    others = answers.rivals(runs)
    told = [answers.compare(runs, SUBJECT, others)] if others else []
    return " ".join([*told, rank(runs)])


def verdict(runs: pd.DataFrame, other: str) -> str:
    """Answer in one word and a reason whether NA2Q as released beats another method, by their longest runs.

    Args:
        runs: table of `results.select`, of one family of tasks.
        other: curve that it is compared with.
    """
    table = longest(runs, SUBJECT, other)
    if table.empty:
        return compare(runs, SUBJECT, [other])
    found, label = gap(table, SUBJECT), look(other).label
    word = by_side(found, "Yes", "No", "Not that these runs could tell")
    place = basis(table)
    return f"{word}: {place[0].lower()}{place[1:]} its final return minus that of {label} is {found}."


def rank(runs: pd.DataFrame) -> str:
    """Say where NA2Q as released ranks, in the sweep that has most of the paper's methods on all its tasks.

    Where runs of preset paper stand in that sweep, say too where NA2Q would rank with them in place of its own.
    """
    runs = runs[runs["curve"].isin([*sweeps.PAPER, AS_PRINTED])]
    every = protocol.aggregate(protocol.scores(runs), reps=2)
    ranked = every[every["curve"] != AS_PRINTED]
    ranked = ranked[ranked.groupby("sweep")["curve"].transform("nunique") == ranked.groupby("sweep").size().max()]
    ranked = ranked[ranked["sweep"] == ranked["sweep"].iloc[0]]
    values = ranked.set_index("curve")["iqm"]
    if SUBJECT not in values or len(values) < 2:
        return "No sweep has enough methods for a rank yet."
    place, sweep = int(values.rank(ascending=False)[SUBJECT]), ranked["sweep"].iloc[0]
    steps = int(runs[runs["sweep"] == sweep]["point"].to_numpy().max())
    first = "" if place == 1 else f"; the first is {look(str(values.idxmax())).label}"
    rest = ""
    for printed in every[(every["sweep"] == sweep) & (every["curve"] == AS_PRINTED)]["iqm"]:
        better = int((values.drop(SUBJECT) > printed).sum())
        rest = f" With preset paper NA²Q would be {ordinal(1 + better)}."
    told = f"Among the {len(values)} methods that ran for {steps:,} steps on all tasks NA²Q as released is"
    return f"{told} {ordinal(place)}{first}.{rest}"


def leaders(summary: pd.DataFrame) -> str:
    """Say who ends highest on each task of each sweep, and whom no interval sets apart from it.

    A curve of one run has no interval. Where others have several, it is named apart and not placed.

    Args:
        summary: table of `protocol.summary`.
    """
    told = []
    for (sweep, task), rows in summary.groupby(["sweep", "env"]):
        single = rows["n"] == 1
        lone = rows[single] if 0 < single.sum() < len(rows) else rows.iloc[:0]
        rows = rows.drop(lone.index)
        best = rows.loc[rows["iqm"].idxmax()]
        place, label = f"On {task} (sweep {sweep})", look(str(best["curve"])).label
        level = rows[~(rows["high"] < best["low"]) & (rows["curve"] != best["curve"])]
        rest = (
            f"no interval sets it apart from {_labels(level)}"
            if len(level)
            else "all other intervals lie below its own"
        )
        if len(rows) > 1:
            told.append(f"{place} {label} ends highest, at {best['iqm']:.2f}; {rest}.")
        else:
            told.append(
                f"{place} only {label} has {'several runs' if len(lone) else 'run'}, and ends at {best['iqm']:.2f}."
            )
        if len(lone):
            told.append(f"{_labels(lone)} {'has' if len(lone) == 1 else 'have'} one run there, which has no interval.")
    return " ".join(told)


def _labels(rows: pd.DataFrame) -> str:
    """Name the curves of some rows."""
    return series(look(str(name)).label for name in rows["curve"])


def masks(tests: pd.DataFrame) -> str:
    """Say in how many stored models the first feature of the mask decides more than a rival's, by family of tasks.

    Args:
        tests: data/explanations.csv.
    """
    told = []
    for rival, name in RIVALS.items():
        found = tests[tests["test"] == f"mask over {rival}"]
        held = {FAMILIES[str(family)]: rows["low"] > 0 for family, rows in found.groupby(found["env"].map(family_of))}
        parts = [f"in {counted(held[family])} of {family}" for family in FAMILIES.values() if family in held]
        told.append(f"than deleting {name} {series(parts)}")
    return f"Deleting the feature that a mask ranks first changes more actions {', and '.join(told)}."


def claims(board: Sequence[Verdict], guaranteed: Collection[str]) -> str:
    """Count the verdicts, and say which of the reproduced claims could not have failed.

    Args:
        board: verdicts on all claims.
        guaranteed: ids of claims that hold by construction.
    """
    words = {
        "reproduced": "reproduced",
        "not reproduced": "not",
        "engine only": "settled on an embedded engine only",
        "open": "open",
    }
    told = []
    for kind in VERDICTS:
        ids = {one.claim.id for one in board if one.verdict == kind}
        sure = len(ids & set(guaranteed)) if kind == "reproduced" else 0
        why = f", {'which' if sure == len(ids) else f'{sure} of which'} hold by construction" if sure else ""
        if ids:
            told.append(
                f"{are(len(ids))} {words[kind]}{why}" if kind in words else f"{len(ids)} {_on_seeds(kind, ids)}"
            )
    return f"Of {len(board)} claims of the paper {'; '.join(told)}."


def _on_seeds(kind: str, ids: Collection[str]) -> str:
    """Put a verdict on the seeds that there are, "holds so far" for example, into the number of its subject."""
    verb, _, rest = kind.partition(" ")
    if verb == "undecided":
        return f"{'is' if len(ids) == 1 else 'are'} {kind}"
    return f"{verb if len(ids) == 1 else verb.removesuffix('s')} {rest}"


def wins(runs: pd.DataFrame) -> str:
    """Say of each curve how many of its runs won test battles, how early the first of each came, and how often at last.

    Args:
        runs: table of `results.load_runs`, of battles, with curves named.
    """
    told = []
    for (env, curve), rows in runs.sort_values("step").groupby(["env", "curve"]):
        tests = rows.groupby("seed")["test_won_mean"]
        first = rows[rows["test_won_mean"] > 0].groupby("seed")["step"].min()
        held = counted(tests.max() > 0, "runs")
        words = f"On {str(env).partition('-')[2]} {held} of {look(str(curve)).label} won test battles"
        if len(first):
            last = tests.apply(lambda won: won.tail(protocol.LAST_TESTS).mean())
            words += f": the first after {span(first)} steps, and {span(last, '{:.2f}')} of all in the last ten tests"
        told.append(f"{words}.")
    return " ".join(told)
