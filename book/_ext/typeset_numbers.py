"""Sphinx extension: numbers in sentences are set as in print: a true minus, no sign before zero, powers of ten.

Code hands numbers to sentences in Python's notation, as in "-0.09" or "6e-15". Code, formulas and
signatures keep theirs.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from na2q.book.frames import typeset

KEPT = (
    *(nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment),
    addnodes.desc_signature,
)


def set_numbers(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Set the numbers of one page, once everything that code hands to it is in its place."""
    for text in list(doctree.findall(nodes.Text)):
        above = text.parent
        while above is not None and not isinstance(above, KEPT):
            above = above.parent
        if above is None and (written := typeset(str(text))) != str(text):
            text.parent.replace(text, nodes.Text(written))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page when its references have been resolved."""
    app.connect("doctree-resolved", set_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
