"""How the book shows tables of pandas: one row of headings, nothing cut short, numbers as they are set in print."""

import re
from typing import Any

import pandas as pd

from na2q.config import PRESETS
from na2q.style import LOOKS, kind_look, look

CURVES = {"curve", "method"}
"""Headings of what holds names of curves."""

MOST_ROWS = 120
"""Rows up to which a table is shown whole."""

MANY = 7
"""Columns from which on a table is set in smaller type."""

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SCIENTIFIC = re.compile(r"(?<![\w.])(\d(?:\.\d+)?)e([+-]\d+)(?![\w.])")
HYPHEN = re.compile(r"(?<![\w.\-/)\]])-(?=\d|∞)")
ZERO = re.compile(rf"{MINUS}(0(?:\.0+)?)(?![\d.·\w])")
INTERVAL = re.compile(rf"\[([{MINUS}\d.]+), ([{MINUS}\d.]+)\]")


def typeset(text: str) -> str:
    """Write the numbers of a text as in print: a true minus, no sign before zero, powers of ten.

    An interval in brackets is kept on one line.
    """
    text = ZERO.sub(r"\1", HYPHEN.sub(MINUS, SCIENTIFIC.sub(_power, text)))
    return INTERVAL.sub("[\\1,\N{NO-BREAK SPACE}\\2]", text)


def _power(found: re.Match[str]) -> str:
    factor, power = float(found[1]), str(int(found[2])).translate(POWERS)
    if factor == 0:
        return "0"
    return f"10{power}" if factor == 1 else f"{factor:g}·10{power}"


def as_html(table: pd.DataFrame) -> str:
    """Draw a table with one row of headings; `code` in backticks and [links](target) work, a dash is a gap."""
    columns = len(table.columns) + table.index.nlevels
    table = _named(table)
    with pd.option_context("display.max_colwidth", None):
        drawn = table.to_html(
            classes="wide" if columns >= MANY else None, na_rep=DASH, max_rows=MOST_ROWS, border=0, sparsify=True
        )
    drawn = re.sub(r"(?<=>)[^<>]+(?=</t[hd]>)", lambda text: typeset(_of_kind(text[0])), _one_heading(drawn))
    if columns >= MANY:  # there is no room for whole intervals
        drawn = drawn.replace("\N{NO-BREAK SPACE}", " ")
    # only places of the web and of the book: a link of another kind, such as javascript:, stays text
    linked = re.sub(r"\[([^\]]+)\]\(((?:https?://|[\w./#-]+(?![\w./#-]*:))[^)\s\"]*)\)", r'<a href="\2">\1</a>', drawn)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Call methods and curves as figures do, in columns and levels of the index that say that they hold them."""
    index = table.index.to_frame(index=False)
    index.columns = list(table.index.names)
    table, index = (
        part.apply(lambda column: column.map(_called) if column.name in CURVES else column) for part in (table, index)
    )
    names = list(index.columns)
    if CURVES & set(names):
        table.index = pd.MultiIndex.from_frame(index) if len(names) > 1 else pd.Index(index.iloc[:, 0], name=names[0])
    return table


def _called(curve: Any) -> Any:
    known = isinstance(curve, str) and curve.partition(" ")[0] in LOOKS
    return look(curve).label if known else curve


def _of_kind(text: str) -> str:
    """Write METHOD_PRESET and seed-N for readers; any other text stays as it is."""
    method, _, preset = text.partition("_")
    if method in LOOKS and preset in PRESETS:
        return kind_look(text).label
    return re.sub(r"^seed-(\d+)$", r"seed \1", text)


def _one_heading(drawn: str) -> str:
    """Put the names of the index, to which pandas gives a row of their own, above the columns that they name."""
    head = re.search(r"<thead>(.*?)</thead>", drawn, re.S)
    rows = re.findall(r"<tr.*?</tr>", head[1], re.S) if head else []
    if head is None or len(rows) < 2:
        return drawn
    names, blank = re.findall(r"<th>(.*?)</th>", rows[-1], re.S), re.compile(r"<th>(?:<br>)?</th>")
    named = [name for name in names if name]
    if not named or any(names[len(named) :]):
        return drawn
    above = re.findall(r"<th[^>]*>(?:.*?)</th>", rows[-2], re.S)
    for place, name in enumerate(named):
        if blank.fullmatch(above[place]):
            above[place] = f"<th>{name}</th>"
        elif "colspan" not in above[place]:  # the name of the columns stands there: rows first, as in a matrix
            above[place] = f"<th>{name} \\ {re.sub('<.*?>', '', above[place])}</th>"
    opening = re.match(r"<tr[^>]*>", rows[-2])
    assert opening is not None
    kept = [*rows[:-2], opening[0] + "".join(above) + "</tr>"]
    return drawn.replace(head[1], "".join(kept))
