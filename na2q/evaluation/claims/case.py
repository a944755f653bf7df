"""What the paper claims, and the runs that a claim speaks of."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from na2q.campaign import sweeps
from na2q.config import SCENARIOS, Curve, family_of
from na2q.evaluation import protocol, results

PILOTS = ("pilot", "controls")  # looked at where a claim's own sweeps have nothing yet
PROVISIONAL_SEEDS, FINAL_SEEDS = 3, 5  # of full length, of every curve on every task, that a verdict needs


class Claim(NamedTuple):
    """One row of data/claims.csv."""

    id: str
    place: str  # in the paper
    claim: str  # in our words
    settles: str  # what would decide it here
    shown: str  # label in the book of what shows it, several with spaces between
    rule: str  # key of RULES
    sweeps: str  # whose runs settle it; empty where none are needed
    beside: str  # sweep on other tasks than the paper's, which gets a verdict of its own; mostly empty
    compares: str  # "a > b; c > d": the first of each pair is claimed to be ahead; * is every other method
    margin: float
    guaranteed: str = ""  # why it could not have failed; empty where it could
    level_on: str = ""  # "task; task": for each pair the only one where the second is claimed to be level


class Finding(NamedTuple):
    """What a rule found."""

    measured: str
    holds: bool | None = None  # None: cannot tell
    why: str = "not judged"  # it cannot tell
    engine: bool = False  # it concerns the embedded engine


class Case:
    """The runs of a claim, scored, with the pairs that it compares and the tasks where they are claimed level."""

    def __init__(self, claim: Claim, runs: pd.DataFrame) -> None:
        self.margin, self.runs, self.level_on = claim.margin, runs, claim.level_on.split("; ")
        self.pairs = pairs(claim, runs["curve"].unique())
        self.scores = protocol.scores(runs, "result")

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Mean, spread and interval of each curve on each task."""
        return protocol.summary(self.scores)

    def restricted(self, tasks: Iterable[str]) -> pd.DataFrame:
        """Scores on some of the tasks."""
        return self.scores[self.scores["env"].isin(list(tasks))]

    def level(self, *names: str) -> list[str]:
        """Tasks that are maps of the named difficulties."""
        tasks = self.scores["env"].unique()
        return [task for task in tasks if SCENARIOS[task.removeprefix(f"{family_of(task)}-")].level in names]

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
    asked = {family_of(config.env) for name in claim.sweeps.split() for _, config in sweeps.runs_of(name)}
    runs = runs[runs["env"].map(family_of).isin(asked)]
    for names in (claim.sweeps.split(), *([name] for name in PILOTS)):
        found = runs[runs["sweep"].isin(names)]
        curves = {curve for pair in pairs(claim, found["curve"].unique()) for curve in pair}
        found = found[found["curve"].isin(curves)]
        count = found.groupby("env")["curve"].nunique()
        found = found[found["env"].isin(count.index[count == len(curves)])]
        if len(found):
            return found.assign(sweep=" and ".join(names))
    return None


def lacking(claim: Claim, root: Path) -> int:
    """Number of runs of a claim's own sweeps, among those that it compares, that are not stored at full length."""
    return sum(asked - stored for asked, stored in _counts(claim, root).values())


def full_seeds(claim: Claim, root: Path) -> int:
    """Number of seeds at full length that every curve which a claim compares has on every task."""
    return min(stored for _, stored in _counts(claim, root).values())


def _counts(claim: Claim, root: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """Seeds that are asked for and that are stored, by task and curve."""
    curves = {curve for pair in pairs(claim, sweeps.PAPER) for curve in pair}
    names = claim.sweeps.split()
    asked = Counter((config.env, Curve.of(config).name) for name in names for _, config in sweeps.runs_of(name))
    wanting = pd.concat([results.missing(name, root) for name in names])
    absent = Counter(wanting[["env", "curve"]].itertuples(index=False, name=None))
    return {key: (count, count - absent[key]) for key, count in asked.items() if key[1] in curves}
