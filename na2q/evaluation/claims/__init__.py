"""The paper's claims against what was measured: data/claims.csv names a rule for each.

Rules on runs, on theory, on explanations and on credits have a module each; the claims on credits are ours. Margins are
in the file and were fixed before the runs were looked at. A rule says what was measured and whether the claim holds, or
that it cannot tell. A claim on runs gets a final verdict only when every run that it compares exists at the paper's
length, five seeds each, and a provisional one from three seeds on; until then it is open, whatever the numbers so far.
The embedded battle engine is not StarCraft II, so that a claim on maps is at most settled for the engine.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.config import family_of
from na2q.evaluation import results
from na2q.evaluation.claims import on_credits, on_explanations, on_runs, on_theory
from na2q.evaluation.claims.case import (
    FINAL_SEEDS,
    PILOTS,
    PROVISIONAL_SEEDS,
    Case,
    Claim,
    Finding,
    evidence,
    full_seeds,
    lacking,
    pairs,
)
from na2q.paths import repo_root

__all__ = ["Case", "Claim", "Finding", "Verdict", "claims", "judge", "lacking", "pairs", "scoreboard"]

SO_FAR = {True: "holds so far", False: "fails so far", None: "undecided so far"}
VERDICTS = ("reproduced", "not reproduced", *SO_FAR.values(), "engine only", "open")
ON_RUNS = on_runs.RULES
WITHOUT_RUNS: dict[str, Callable[[Claim], Finding]] = {**on_theory.RULES, **on_explanations.RULES, **on_credits.RULES}
RULES = {**ON_RUNS, **WITHOUT_RUNS}
"""Rules by name."""


class Verdict(NamedTuple):
    """A claim with what was measured and what follows."""

    claim: Claim
    measured: str
    verdict: str  # one of VERDICTS
    reason: str
    beside: "Verdict | None" = None  # on other tasks than the paper's, where the claim names a sweep for that


def claims() -> list[Claim]:
    """Read data/claims.csv, one row for each claim; raise ValueError for a rule that does not exist."""
    table = pd.read_csv(repo_root() / "data" / "claims.csv", keep_default_na=False)
    found = [Claim._make(row) for row in table[list(Claim._fields)].to_numpy(object).tolist()]
    if unknown := [claim.rule for claim in found if claim.rule not in RULES]:
        raise ValueError(f"no rule named {', '.join(unknown)}; there are {', '.join(RULES)}")
    return found


@checks_arguments
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
    beside = judge(claim._replace(sweeps=claim.beside, beside=""), runs, root) if claim.beside else None
    compared, names = evidence(claim, runs), " and ".join(claim.sweeps.split())
    if compared is None:
        return Verdict(claim, "", "open", f"{names}: no run yet", beside)
    found = ON_RUNS[claim.rule](Case(claim, compared))
    measured = f"{found.measured} ({_where(compared)})"
    engine = bool(compared["env"].map(family_of).eq("battle").any())
    wanting, seeds = lacking(claim, root), full_seeds(claim, root)
    if seeds < PROVISIONAL_SEEDS:
        return Verdict(claim, measured, "open", f"{names}: {wanting} run{'' if wanting == 1 else 's'} missing", beside)
    if wanting or seeds < FINAL_SEEDS:
        reason = f"{seeds} seeds of {FINAL_SEEDS}{', on the embedded engine' if engine else ''}"
        return Verdict(claim, measured, SO_FAR[found.holds], reason, beside)
    if found.holds is None:
        return Verdict(claim, measured, "open", "the interval holds the margin", beside)
    return Verdict(claim, measured, *_settled(found.holds, engine), beside)


def _settled(holds: bool, engine: bool) -> tuple[str, str]:
    """Verdict and reason."""
    if engine:
        return "engine only", f"{'holds' if holds else 'fails'} on the embedded engine"
    return "reproduced" if holds else "not reproduced", ""


def _where(runs: pd.DataFrame) -> str:
    tasks, seeds = runs["env"].unique(), runs.groupby(["env", "curve"])["seed"].nunique()
    steps = f"{int(runs['point'].max()):,} steps"
    return f"{runs['sweep'].iloc[0]}: {', '.join(tasks)}, n = {results.span(seeds)}, {steps}"


@checks_arguments
def scoreboard(root: Path | str) -> list[Verdict]:
    """Judge all claims by the runs below a folder of sweeps."""
    board = claims()
    asked = [name for claim in board for name in f"{claim.sweeps} {claim.beside}".split()]
    names = dict.fromkeys([*asked, *PILOTS])
    try:
        runs = results.load_sweeps(root, names)
    except FileNotFoundError:
        runs = pd.DataFrame(columns=[*results.RUN_COLUMNS, "total_steps", "point", "test_return_mean"])
    runs = results.headline(results.name_curves(runs))
    return [judge(claim, runs, Path(root)) for claim in board]
