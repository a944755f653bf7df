"""The scoreboard in the book: each claim with what was measured, its verdict, and where that is shown; and a count."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from na2q.book import concordance
from na2q.book.prose import are, series
from na2q.campaign.sweeps import runs_of
from na2q.evaluation.claims import VERDICTS, Claim, Verdict
from na2q.style import PALETTE

KINDS = {
    "L": "foraging",
    "S": "maps",
    "A": "ablations",
    "I": "explanations",
    "T": "theory",
    "E": "cost",
    "C": "credits",
}
"""What claims are about, by the letter that their names begin with."""


def told(board: Sequence[Verdict]) -> str:
    """Count the verdicts in a sentence; those that no claim has are left out."""
    counts = Counter(found.verdict for found in board)
    parts = [f"{are(counts[name])} {name}" for name in VERDICTS if name in counts]
    return f"Of {len(board)} claims, {series(parts)}."


def bars(board: Iterable[Verdict]) -> Figure:
    """Draw how many claims of each kind have which verdict; verdicts that no claim has are not in the legend."""
    rows = pd.DataFrame([(KINDS[found.claim.id[0]], found.verdict) for found in board], columns=["kind", "verdict"])
    counts = pd.crosstab(rows["kind"], rows["verdict"]).reindex(columns=VERDICTS, fill_value=0)
    counts = counts.reindex([kind for kind in KINDS.values() if kind in counts.index][::-1])
    holds, fails, engine, grey = *PALETTE[2:4], PALETTE[0], (0.85, 0.85, 0.85)
    so_far = [(*holds, 0.4), (*fails, 0.4), (0.6, 0.6, 0.6)]  # paler, as they may change
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    colors = dict(zip(VERDICTS, [holds, fails, *so_far, engine, grey], strict=True))
    counts = counts.loc[:, counts.any()]
    counts.plot.barh(stacked=True, ax=axes, color=[colors[str(name)] for name in counts], width=0.75)
    axes.set(xlabel="claims", ylabel="")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def table(board: Iterable[Verdict]) -> pd.DataFrame:
    """Write verdicts as a table for the book, with links to the chapters."""
    rows = {}
    for found in board:
        claim = found.claim
        rows[claim.id] = {
            "claim": claim.claim,
            "verdict": _with_beside(found, _in_words),
            "measured": _with_beside(found, lambda verdict: verdict.measured or "nothing yet"),
            "settled by": claim.settles + (f" Margin {claim.margin:g}." if claim.margin else ""),
            "paper": claim.place,
            "shown in": links(claim),
        }
    return pd.DataFrame(rows).T


def _in_words(found: Verdict) -> str:
    sure = found.claim.guaranteed and found.verdict == "reproduced"
    told = f"it holds by construction: {found.claim.guaranteed}" if sure else found.reason
    return found.verdict + (f" ({told})" if told else "")


def _with_beside(found: Verdict, text: Callable[[Verdict], str]) -> str:
    """Say something of a verdict and, with the tasks before it, of the one beside it."""
    if found.beside is None:
        return text(found)
    tasks = dict.fromkeys(config.env for name in found.claim.beside.split() for _, config in runs_of(name))
    return f"{text(found)}; on {' and '.join(tasks)}: {text(found.beside)}"


def links(claim: Claim) -> str:
    """Links from the scoreboard to the places that show a claim's evidence.

    Raises:
        KeyError: the claim names a label that no page of the book has.
    """
    pages = concordance.labels()
    places = {label: pages[label] for label in claim.shown.split()}
    named = {label: f"chapter {concordance.chapter_number(page)}" for label, page in places.items()}
    return ", ".join(f"[{named[label]}]({page.rpartition('/')[2]}.html#{label})" for label, page in places.items())
