"""Sphinx extension: write lists as HTML wants them, so that screen readers can count them.

The index of modules holds lists inside a list, beside its items; the bibliography is a list of what are no items.
"""

from typing import Any

from sphinx.application import Sphinx


def mended(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Mend the lists of one page."""
    body = context.get("body", "")
    if page == "_modules/index":  # each inner list goes into the item before it, whose end tag HTML lets out
        body = body.replace("</li>\n<ul>", "<ul>")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page before it is written."""
    app.connect("html-page-context", mended)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
