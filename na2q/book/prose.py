"""Sentences that depend on numbers: chosen by them or held against them, so that a build fails rather than lies.

New runs may overturn what a page says of runs. Such a sentence is chosen, by `by_side`, `counted` and `series`. What is
theory, or is stored for good, may be asserted by `hold`. `put` hands words to the text of a page, and `Paragraph` shows
them where a cell stands.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from myst_nb import glue

from na2q.stats import Estimate


class UntrueError(ValueError):
    """A page would say what its numbers do not show."""


def put(**texts: Any) -> None:
    """Hand values to the text of the page, which shows each where it has the role `glue` with its name."""
    for name, value in texts.items():
        glue(name, value if isinstance(value, str) else f"{value:,}", display=False)


def plain(text: str) -> str:
    """Write a text from data so that Markdown shows it as it is, in one line: no sign in it is markup."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~$&!@:])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escaped)  # the beginning of a list or of a line below a title


class Paragraph(NamedTuple):
    """Sentences that hold names, paths or notes from data; notebooks show them, and nothing in them is markup.

    IPython's `Markdown` would fetch a text that begins with "http".
    """

    text: str

    def _repr_markdown_(self) -> str:
        return plain(self.text)


def hold(sentence: str, claim: bool, **numbers: Any) -> str:
    """Return a sentence that is true; raise UntrueError, with the numbers that it was held against, where it is not."""
    if not claim:
        told = ", ".join(f"{name} = {value}" for name, value in numbers.items())
        raise UntrueError(f"{sentence!r} does not hold{f': {told}' * bool(told)}")
    return sentence


def by_side(found: Estimate, above: str, below: str, between: str, zero: float = 0.0) -> str:
    """Choose words by the side of `zero` on which an interval lies: `between` where it holds `zero` or has no ends."""
    if found.low > zero:
        return above
    return below if found.high < zero else between


def counted(held: Iterable[Any], things: str = "models") -> str:
    """Say of how many things something holds, as in "all 3 models", "2 of 3 models", "none of 3 models"."""
    each = [bool(one) for one in held]
    if len(each) < 2:
        return f"{sum(each)} of 1 {things.removesuffix('s')}" if each else f"no {things}"
    return f"all {len(each)} {things}" if all(each) else f"{sum(each) or 'none'} of {len(each)} {things}"


def are(count: int) -> str:
    """Write a number with its verb."""
    return f"{count} {'is' if count == 1 else 'are'}"


def series(words: Iterable[str], nobody: str = "none") -> str:
    """Join words by commas, the last by "and"."""
    *first, last = list(words) or [nobody]
    return f"{', '.join(first)} and {last}" if first else last


def largest(values: Mapping[str, float], digits: int = 2) -> str:
    """Name the entry with the largest value, or all of them that share it as it is written.

    Raises ValueError where there is no value.
    """
    if not values:
        raise ValueError("there is no value to take the largest of")
    best = round(max(values.values()), digits)
    return series([name for name, value in values.items() if round(value, digits) == best])


def ordinal(place: int) -> str:
    """Write a rank: first, second, third, then 4th and so on."""
    named = {1: "first", 2: "second", 3: "third"}
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return named.get(place, f"{place}{ending}")
