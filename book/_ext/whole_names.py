"""Sphinx extension: what reads as one word stays on one line, where a browser would break it.

That is a name with a digit, as of a task or a date, an option of a command, and a short piece of code; a number with
what it counts or its spread, as in "n = 3", "0.84 ± 0.08", "95 %" and "Figure 3"; and a formula with its brackets and
the full stop, comma or closing quote behind it. Names and code that would be wider than a phone's column may still
break; the name of a module in a heading does so behind a dot, and what stands before a member behind a dot or a low
line. A space that begins a link, as in "Solution to Exercise 3", goes before it.
"""

import re
from typing import Any

from sphinx.application import Sphinx

LONGEST = 28
"""Characters of a name that fits a phone's column, also inside a list."""

LISTINGS = "_modules/"
CODE = re.compile(r"(?s)(<pre\b.*?</pre>|<code\b.*?</code>)")
PIECE = re.compile(
    r"(?s)<(script|style|svg|textarea|title)\b.*?</\1\s*>|<!--.*?-->|<div class=\"math [^>]*>.*?</div>"
    r'|(?P<formula>[(\[]?<span class="math notranslate nohighlight">[^<]*</span>[.,;:!?)\]”]*)'
    r'|<span class="pre">(?P<code>[^<\s]+)</span>|<code>(?P<plain>[^<\s]+)</code>'
    r'|<[^>]*>|(?P<text>(?:[^<(\[]|[(\[](?!<span class="math ))+)|.'
)
NAME = re.compile(r"(?<![\w\-.&#;])(?:(?=[\w-]*\d)\w+(?:-\w+)+|--?[a-z][\w-]*)(?![\w\-;]|\.\w)")
JOINED = re.compile(
    r"\b[A-Za-z] = (?=\d)|(?<=\d) [±\xd7] (?=\d)|(?<=\d) (?=%)"
    r"|\b(?:[Cc]hapter|[Ss]ection|Exercise|Figure|Lemma|Proposition|Table|Theorem) (?=\d)|\b(?:Eq|Fig)s?\. (?=[(\d]|\Z)"
    r"|[≤≥] (?=\d)"
)
AHEAD = re.compile(r"(<a\b[^>]*>) (?=\S)")
PREFIX = re.compile(r'(?<=<span class="sig-prename descclassname"><span class="pre">)[\w.]+')
DOTTED = re.compile(r"(?s)(?<=<h[1-4]>)[a-z_]+(?:\.[a-z_]+)+")


def kept_whole(html: str) -> str:
    """Mark in HTML what must not break; the spaces of code stay as they are."""
    html = PREFIX.sub(lambda name: re.sub(r"(?<=[._])", "<wbr>", name[0]), html)
    html = DOTTED.sub(lambda name: name[0].replace(".", ".<wbr>"), AHEAD.sub(r" \1", html))
    texts = CODE.split(html)
    return "".join(PIECE.sub(_marked if k % 2 else _set, text) for k, text in enumerate(texts))


def _set(found: re.Match[str]) -> str:
    """Mark a piece of a text, with spaces that do not break around its numbers."""
    marked = _marked(found)
    return JOINED.sub(lambda space: space[0].replace(" ", "\N{NO-BREAK SPACE}"), marked) if found["text"] else marked


def _marked(found: re.Match[str]) -> str:
    """Mark a piece of a text or of code."""
    if formula := found["formula"]:
        return formula if formula.startswith("<") and formula.endswith(">") else _span(formula)
    if text := found["text"]:
        return NAME.sub(lambda name: _span(name[0]) if len(name[0]) <= LONGEST else name[0], text)
    for code, opening in (("code", '<span class="pre na2q-whole">'), ("plain", '<code class="na2q-whole">')):
        if found[code] and len(found[code]) <= LONGEST:
            return opening + found[0].partition(">")[2]
    return found[0]


def _span(text: str) -> str:
    return f'<span class="na2q-whole">{text}</span>'


def keep_whole(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mark what must not break on one page, unless it is a listing of source code."""
    if not page.startswith(LISTINGS):
        context["body"] = kept_whole(context.get("body", ""))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page before it is written."""
    app.connect("html-page-context", keep_whole)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
