"""Sphinx extension: the table of executed pages says yes and no where it has emoji, which some machines cannot show."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

WORDS = {"\N{WHITE HEAVY CHECK MARK}": "yes", "\N{CROSS MARK}": "no"}
AFTER_THE_TABLE = 900


def with_words(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Replace the emoji in the tables of one page."""
    for entry in doctree.findall(nodes.entry):
        for text in list(entry.findall(nodes.Text)):
            if text.astext().strip() in WORDS:
                text.parent.replace(text, nodes.Text(WORDS[text.astext().strip()]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page once its tables are made."""
    app.connect("doctree-resolved", with_words, priority=AFTER_THE_TABLE)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
