"""Rules for claims on who really earned it: the benchmark of stored models, `na2q.explain.credits.benchmark`.

These claims are ours, not the paper's. They, their rules and margins were fixed before the benchmark was run.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from na2q import style
from na2q.config import family_of
from na2q.evaluation.claims.case import Claim, Finding
from na2q.evaluation.claims.on_explanations import FULL, SHORT_MODELS
from na2q.evaluation.results import span
from na2q.paths import repo_root

COLUMNS = ["env", "kind", "model", "steps", "level", "answer", "source", "target", "score", "value"]
MISSING = "data/credits.csv has not been made"


def stored_credits() -> pd.DataFrame:
    """Table of `na2q.explain.credits.benchmark` as stored, models of a kind together where there are several."""
    path = repo_root() / "data" / "credits.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    together = table["model"].str.endswith(" models")
    whole = set(map(tuple, table.loc[together, ["env", "kind"]].to_numpy()))
    alone = [pair not in whole for pair in map(tuple, table[["env", "kind"]].to_numpy())]
    return table[together.to_numpy() | np.array(alone)]


def ranks_ahead(claim: Claim) -> Finding:
    """One answer's rank correlation with the truth against another's, or against chance; intervals may not overlap.

    The claim compares "METHOD ANSWER > METHOD ANSWER" or "> chance", on agents, or on pairs where the answer is written
    as "pair ANSWER". It holds where it does on every task and for every kind of models of the first method.
    """
    table = stored_credits().query("score == 'rank'")
    first, second = claim.compares.split(" > ")
    ahead, words = [], []
    for _, one in _rows(table, first).iterrows():
        others = _rows(table[table["env"] == one["env"]], second)
        if second.split()[0] == first.split()[0]:
            others = others[others["kind"] == one["kind"]]
        high = others["high"].max() if second != "chance" else 0.0
        ahead.append(bool(one["low"] > high + claim.margin))
        against = "" if second == "chance" else f" against {span(others['value'], '{:.2f}')}"
        interval = f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
        words.append(f"{_named(one['env'], one['kind'])}: {interval}{against}")
    return _judged(table, ahead, words)


def beats_outside(claim: Claim) -> Finding:
    """The best rank correlation of a method's own answers against the best of those from outside, task by task."""
    table = stored_credits().query("score == 'rank' and target == 'shapley'")
    table = table[table["kind"].str.startswith(f"{claim.compares.split()[0]}_")]
    ahead, words = [], []
    for (env, kind), rows in table.groupby(["env", "kind"]):
        best = {s: part.loc[part["value"].idxmax()] for s, part in rows.groupby("source")}
        ahead.append(bool(best["method"]["low"] > best["outside"]["high"] + claim.margin))
        told = [f"{best[s]['answer']} {best[s]['value']:.2f}" for s in ("method", "outside")]
        words.append(f"{_named(env, kind)}: {told[0]} against {told[1]}")
    return _judged(table, ahead, words)


def two_orders(claim: Claim) -> Finding:
    """How much of the worth of a random subset single agents and pairs explain: the margin at least, on every task."""
    table = stored_credits().query("level == 'team' and score in ['order 1', 'order 2']")
    table = table[table["kind"].str.startswith(f"{claim.compares.split()[0]}_")]
    shares = table.groupby(["env", "kind"])["value"].sum()
    words = [f"{_named(*where)}: {share:.2f}" for where, share in zip(shares.index, shares, strict=True)]
    return _judged(table, (shares >= claim.margin).tolist(), words)


def _named(env: object, kind: object) -> str:
    return f"{style.kind_look(str(kind)).label} on {env}"


def _judged(table: pd.DataFrame, held: list[bool], words: list[str]) -> Finding:
    if not held:
        return Finding("", None, MISSING)
    text = f"{'; '.join(words)}; holds in {sum(held)} of {len(held)}"
    if (table["steps"] < table["env"].map(family_of).map(FULL)).any():
        return Finding(text, None, SHORT_MODELS)
    return Finding(text, all(held))


def _rows(table: pd.DataFrame, side: str) -> pd.DataFrame:
    method, _, answer = side.partition(" ")
    target = "interaction" if answer.startswith("pair ") else "shapley"
    asked = answer.removeprefix("pair ")
    own = table["kind"].str.startswith(f"{method}_")
    return table[own & (table["target"] == target) & (table["answer"] == asked)]


RULES: dict[str, Callable[[Claim], Finding]] = {
    rule.__name__: rule for rule in (ranks_ahead, beats_outside, two_orders)
}
