"""The paper's claims against what was measured: data/claims.csv names a rule for each.

Rules on runs, on theory and on explanations have a module each. Margins are in the file and were fixed before the runs
were looked at. A rule says what was measured and whether the claim holds, or that it cannot tell. A claim on runs gets
a verdict only when every run that it compares exists at the paper's length; until then it is open, whatever the
numbers so far. The embedded battle engine is not StarCraft II, so that a claim on maps is at most settled for the
engine.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from na2q.config import family_of
from na2q.evaluation import results
from na2q.evaluation.claims import on_explanations, on_runs, on_theory
from na2q.evaluation.claims.case import PILOTS, Case, Claim, Finding, evidence, lacking, pairs
from na2q.paths import repo_root

__all__ = ["Case", "Claim", "Finding", "Verdict", "claims", "judge", "lacking", "pairs", "scoreboard", "table"]

VERDICTS = ("reproduced", "not reproduced", "engine only", "open")
ON_RUNS = on_runs.RULES
WITHOUT_RUNS: dict[str, Callable[[Claim], Finding]] = {**on_theory.RULES, **on_explanations.RULES}
RULES = {**ON_RUNS, **WITHOUT_RUNS}
"""Rules by name."""


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
    return Verdict(claim, measured, *_settled(found.holds, bool(compared["env"].map(family_of).eq("battle").any())))


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
