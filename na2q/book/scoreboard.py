"""The scoreboard as a table of the book: each claim with what was measured, its verdict, and where that is shown."""

from collections.abc import Callable, Iterable

import pandas as pd

from na2q.book import concordance
from na2q.campaign.sweeps import runs_of
from na2q.evaluation.claims import Claim, Verdict


def table(board: Iterable[Verdict]) -> pd.DataFrame:
    """Write verdicts as a table for the book, with links to the chapters."""
    rows = {}
    for found in board:
        claim = found.claim
        rows[claim.id] = {
            "paper": claim.place,
            "claim": claim.claim,
            "settled by": claim.settles + (f" Margin {claim.margin:g}." if claim.margin else ""),
            "measured": _with_beside(found, lambda verdict: verdict.measured or "nothing yet"),
            "verdict": _with_beside(found, _in_words),
            "shown in": links(claim),
        }
    return pd.DataFrame(rows).T.rename_axis("")


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
