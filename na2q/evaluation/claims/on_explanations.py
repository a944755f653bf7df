"""Rules for claims on masks and contributions: tests of stored models, from `na2q.explain.findings`."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from na2q import style
from na2q.config import configure, family_of
from na2q.evaluation.claims.case import Claim, Finding
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


FULL = {family: configure("na2q", env).total_steps for family, env in (("lbf", "lbf-4p-2f"), ("battle", "battle-8m"))}
SHORT_MODELS = "models trained for a fraction of the paper's steps"


def stored_findings(family: str = "") -> pd.DataFrame:
    """Table of `na2q.explain.findings` as stored, for one family of environments or all."""
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
    return bool((rows["steps"] >= rows["env"].map(family_of).map(FULL)).all())


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


RULES: dict[str, Callable[[Claim], Finding]] = {
    rule.__name__: rule for rule in (explained, explains_better, agrees_over_seeds)
}
