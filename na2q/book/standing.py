"""How NA2Q stands, in sentences: against a baseline, its rank, what its masks are worth, its claims."""

from collections.abc import Collection, Sequence

import pandas as pd

from na2q.book.answers import basis, compare, gap, longest
from na2q.book.prose import are, by_side, counted, ordinal, series
from na2q.campaign import sweeps
from na2q.config import SUBJECT, family_of
from na2q.evaluation import protocol
from na2q.evaluation.claims import VERDICTS, Verdict
from na2q.style import look

FAMILIES = {"lbf": "foraging", "battle": "battles"}
RIVALS = {"chance": "a feature chosen by chance", "size": "the largest feature"}


def against(runs: pd.DataFrame, other: str) -> str:
    """Compare NA2Q as released with another method, sweep by sweep, the shortest runs first.

    Args:
        runs: table of `results.select`, of one family of tasks.
        other: curve that it is compared with.
    """
    lengths = runs.groupby("sweep")["point"].max().sort_values()
    sweeps_of_both = [runs[runs["sweep"] == sweep] for sweep in lengths.index]
    told = [compare(table, SUBJECT, [other]) for table in sweeps_of_both if len(longest(table, SUBJECT, other))]
    return " ".join(told) or compare(runs, SUBJECT, [other])


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
    return f"{word}: {place[0].lower()}{place[1:]} its final return less that of {label} is {found}."


def rank(runs: pd.DataFrame) -> str:
    """Say where NA2Q as released ranks, in the sweep that has most of the paper's methods on all its tasks."""
    runs = runs[runs["curve"].isin(sweeps.PAPER)]
    ranked = protocol.aggregate(protocol.scores(runs), reps=2)
    ranked = ranked[ranked.groupby("sweep")["curve"].transform("nunique") == ranked.groupby("sweep").size().max()]
    ranked = ranked[ranked["sweep"] == ranked["sweep"].iloc[0]]
    values = ranked.set_index("curve")["iqm"]
    if SUBJECT not in values or len(values) < 2:
        return "No sweep has enough methods for a rank yet."
    place, sweep = int(values.rank(ascending=False)[SUBJECT]), ranked["sweep"].iloc[0]
    steps = int(runs[runs["sweep"] == sweep]["point"].to_numpy().max())
    first = "" if place == 1 else f"; the first is {look(str(values.idxmax())).label}"
    return f"Among the {len(values)} methods that ran for {steps:,} steps on all tasks NA²Q is {ordinal(place)}{first}."


def leaders(summary: pd.DataFrame) -> str:
    """Say who ends highest on each task of each sweep, and whom no interval sets apart from it.

    Args:
        summary: table of `protocol.summary`.
    """
    told = []
    for (sweep, task), rows in summary.groupby(["sweep", "env"]):
        best = rows.loc[rows["iqm"].idxmax()]
        place, label = f"On {task} (sweep {sweep})", look(str(best["curve"])).label
        if len(rows) == 1:
            told.append(f"{place} only {label} has run, and ends at {best['iqm']:.2f}.")
            continue
        level = rows[~(rows["high"] < best["low"]) & (rows["curve"] != best["curve"])]
        others = series(look(name).label for name in level["curve"])
        rest = f"no interval sets it apart from {others}" if len(level) else "all other intervals lie below its own"
        told.append(f"{place} {label} ends highest, at {best['iqm']:.2f}; {rest}.")
    return " ".join(told)


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
