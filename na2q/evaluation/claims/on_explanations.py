"""Rules for claims on masks and contributions: tests of stored models, from `na2q.explain.findings`."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from na2q import style
from na2q.config import SUBJECT, configure, family_of
from na2q.evaluation.claims.case import PROVISIONAL_SEEDS, Claim, Finding
from na2q.evaluation.results import span
from na2q.paths import repo_root


class Test(NamedTuple):
    """What a claim on explanations says of one test of `na2q.explain.findings`."""

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


FULL = {family: configure(SUBJECT, env).total_steps for family, env in (("lbf", "lbf-4p-2f"), ("battle", "battle-8m"))}
SHORT_MODELS = "models trained for a fraction of the paper's steps"


def stored_findings(family: str = "") -> pd.DataFrame:
    """Table of `na2q.explain.findings` as stored, for one family of environments or all."""
    table = pd.read_csv(repo_root() / "data" / "explanations.csv")
    return table[table["env"].str.startswith(family)]


def explained(claim: Claim) -> Finding:
    """Tests of stored models: of those of full length, where there are enough; short ones settle nothing."""
    words, all_hold, settled, asked = [], True, True, EXPLANATIONS[claim.id]
    for name, family, holds in asked:
        rows = _of_method(stored_findings(family), SUBJECT).query("test == @name")
        rows, enough = _longest(rows, PROVISIONAL_SEEDS)
        told = holds(rows, claim.margin)
        words.append(f"{name}: {span(rows['value'], '{:.2f}')}, holds in {told.sum()} of {len(rows)} models")
        all_hold &= bool(told.all())
        settled &= enough
    if not settled and claim.id not in WHATEVER_LENGTH:
        return Finding("; ".join(words), None, SHORT_MODELS)
    return Finding("; ".join(words), all_hold, engine=all(test.family == "battle" for test in asked))


def _longest(rows: pd.DataFrame, seeds: int) -> tuple[pd.DataFrame, bool]:
    """Rows of models of the paper's length if some task has as many seeds; else all rows, which settle nothing."""
    full = rows[rows["steps"] >= rows["env"].map(family_of).map(FULL)]
    enough = bool((full.groupby("env")["model"].nunique() >= seeds).any())
    return (full if enough else rows), enough


def explains_better(claim: Claim) -> Finding:
    """Correlation of one method's answers with what an agent is worth against that of others.

    The claim compares "METHOD ANSWER > METHOD ANSWER", several with semicolons between them, and holds where every
    model of the first has an interval above those of all models of the second. Of the method that the claim is about as
    many seeds are needed as for other claims, of the others one.
    """
    pairs = [pair.split(" > ") for pair in claim.compares.split("; ")]
    needed = {second: 1 for _, second in pairs} | {first: PROVISIONAL_SEEDS for first, _ in pairs}
    longest = {side: _longest(_of_answer(side), seeds) for side, seeds in needed.items()}
    rows = {side: found for side, (found, _) in longest.items()}
    words = [
        f"{style.look(side.split()[0]).label} {span(x['value'], '{:.2f}')} (n = {len(x)} models)"
        for side, x in rows.items()
    ]
    if not all(enough for _, enough in longest.values()):
        return Finding("; ".join(words), None, SHORT_MODELS)
    ahead = [rows[first]["low"].min() > rows[second]["high"].max() for first, second in pairs]
    return Finding("; ".join(words), all(ahead))


def agrees_over_seeds(claim: Claim) -> Finding:
    """The defined deviation of shape functions; the paper's number has no definition to compare it by."""
    stored = stored_findings()
    rows = stored[stored["test"] == "shapes apart"]
    words = [
        f"{row.value:.3f} ({style.kind_look(str(row.kind)).label} on {row.env}, {row.model})"
        for row in rows.itertuples()
    ]
    return Finding("; ".join(words), None, "the paper's number is not defined")


def _of_answer(side: str) -> pd.DataFrame:
    """Findings on foraging of "METHOD ANSWER": how that answer agrees with the return that is lost without an agent."""
    method, _, answer = side.partition(" ")
    rows = _of_method(stored_findings("lbf"), method)
    return rows[rows["test"] == f"{answer} and loss"]


def _of_method(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    return rows[rows["kind"].str.startswith(f"{method}_")]


RULES: dict[str, Callable[[Claim], Finding]] = {
    rule.__name__: rule for rule in (explained, explains_better, agrees_over_seeds)
}
