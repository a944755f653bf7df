"""Sphinx extension: a command breaks between its words, never inside `-p` or `--run-dir`.

A word that alone is wider than the page still breaks (`custom.css`).
"""

import re
from typing import Any

from sphinx.application import Sphinx

COMMANDS = re.compile(
    r'(<div class="highlight-(?:bash|sh|console)[^>]*><div class="highlight"><pre>)(.*?)(</pre>)', re.DOTALL
)
PIECE = re.compile(  # of code: what has a space in it, a word, which may be coloured, or the tag around neither
    r'<span class="\w+">[^<]*\s[^<]*</span>|(?P<word>(?:[^\s<>]|<span class="\w+">[^\s<]*</span>)+)|<[^>]*>'
)


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


def mark(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mark the words of commands on one page."""
    if "body" in context:
        context["body"] = whole_words(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page as it is written."""
    app.connect("html-page-context", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
