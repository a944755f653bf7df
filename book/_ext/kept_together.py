"""Sphinx extension: what is read in one breath is not parted at the end of a line.

A formula keeps the comma behind it, "Fig." its number and "95" its sign; and a command breaks between words, never
inside `-p` or `--run-dir`, unless a word alone is wider than the page.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

SPACE = "\N{NO-BREAK SPACE}"
NUMBERED = (
    "Appendix|App|Chapters?|Corollary|Eqs?|Exercise|Figs?|Figures?|Lemma|Proposition|Rows?|Sections?|Tables?|Theorem"
)
BEFORE = re.compile(rf"\b((?i:{NUMBERED})\.?) (?=\(?[\dA-Z][\d.]*\b|$)")
AROUND = re.compile(r"(?<=\d) (?=%)|(?<=\bn) (?==)|(?<=\bn =) (?=\d)")
MARKS = re.compile("[,.;:!?)\\]\N{RIGHT SINGLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]+")
TOGETHER = "na2q-together"
KEPT = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)

COMMANDS = re.compile(
    r'(<div class="highlight-(?:bash|sh|console)[^>]*><div class="highlight"><pre>)(.*?)(</pre>)', re.DOTALL
)
PIECE = re.compile(  # of code: what has a space in it, a word, which may be coloured, or the tag around neither
    r'<span class="\w+">[^<]*\s[^<]*</span>|(?P<word>(?:[^\s<>]|<span class="\w+">[^\s<]*</span>)+)|<[^>]*>'
)


def bound(text: str) -> str:
    """Put spaces that do not break where a number belongs to a word or a sign.

    >>> bound("Figure 3 of section 5.1 (n = 3) has 95 %").replace(SPACE, "~")
    'Figure~3 of section~5.1 (n~=~3) has 95~%'
    """
    return AROUND.sub(SPACE, BEFORE.sub(rf"\1{SPACE}", text))


def whole_words(body: str) -> str:
    """Mark each word of the commands in a page's HTML.

    >>> start, end = '<div class="highlight-bash notranslate"><div class="highlight"><pre>', "</pre>"
    >>> whole_words(f'{start}make <span class="m">3</span>-p{end}').removeprefix(start).removesuffix(end)
    '<span class="na2q-word">make</span> <span class="na2q-word"><span class="m">3</span>-p</span>'
    """
    return COMMANDS.sub(lambda block: block[1] + PIECE.sub(_marked, block[2]) + block[3], body)


def _marked(piece: re.Match[str]) -> str:
    """Mark a piece of code if it is a word."""
    return f'<span class="na2q-word">{piece[0]}</span>' if piece["word"] else piece[0]


def keep(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Bind what belongs together on one page, once its references are resolved."""
    for text in list(doctree.findall(nodes.Text)):
        above = text.parent
        while above is not None and not isinstance(above, KEPT):
            above = above.parent
        if above is None and (written := bound(str(text))) != str(text):
            text.parent.replace(text, nodes.Text(written))
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text) and (marks := MARKS.match(str(after))):
            after.parent.replace(after, nodes.Text(str(after)[marks.end() :]))
            pair = nodes.inline("", "", classes=[TOGETHER])
            formula.replace_self(pair)
            pair += [formula, nodes.Text(marks[0])]


def mark(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mark the words of commands on one page."""
    if "body" in context:
        context["body"] = whole_words(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page after `typeset_numbers` has set its numbers, and once more when it is HTML."""
    app.connect("doctree-resolved", keep, priority=600)
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
