"""Long tables and texts of reference pages, folded under a title: a reader opens the one that was looked for."""

import re
from html import escape

import pandas as pd

from na2q.book.differences import preset_values
from na2q.book.frames import as_html
from na2q.config import METHOD_OPTIONS

UNFOLDED = 12
"""Rows, or lines, up to which a table or a text lies open."""


def table(title: str, rows: pd.DataFrame, about: str = "", most: int = UNFOLDED) -> str:
    """Draw a table of pandas under its title, folded above `most` rows, below a sentence that may hold `code`."""
    said = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(" ".join(about.split()), quote=False))
    shown = as_html(rows) if len(rows) else "<p>None.</p>"
    drawn = f"<p>{said}</p>\n{shown}" if about else shown
    return _under(title, drawn, f"{len(rows)} rows", len(rows) > most)


def text(title: str, printed: str) -> str:
    """Draw what a program prints under a title, folded where it is long."""
    lines = len(printed.splitlines())
    return _under(
        title, f'<div class="highlight"><pre>{escape(printed)}</pre></div>', f"{lines} lines", lines > UNFOLDED
    )


def _under(title: str, drawn: str, size: str, long: bool) -> str:
    titled = f"<strong>{title}</strong>"
    if not long:
        return f"<p>{titled}</p>\n{drawn}"
    return f"<details><summary>{titled} ({size})</summary>\n{drawn}</details>"


def presets_by_method(env: str) -> tuple[pd.DataFrame, list[tuple[list[str], pd.DataFrame]]]:
    """Settings in which presets differ: those of every method alike, and the others by the methods that share them."""
    tables = {method: preset_values(method, env) for method in METHOD_OPTIONS}
    first, *others = tables.values()
    alike = [
        name
        for name in first.index
        if all(name in other.index and other.loc[[name]].equals(first.loc[[name]]) for other in others)
    ]
    shared: list[tuple[list[str], pd.DataFrame]] = []
    for method, rows in tables.items():
        own = rows.drop(index=alike)
        for methods, known in shared:
            if known.equals(own):
                methods.append(method)
                break
        else:
            shared.append(([method], own))
    return first.loc[alike], shared
