"""Sphinx extension: leave out the scripts of Thebe, which Jupyter Book adds to every page.

The book does not use Thebe. Its settings are written twice, which is a syntax error in the browser's console,
and its code would come from another host.
"""

from typing import Any

from sphinx.application import Sphinx

AFTER_THEBE = 900


def without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop Thebe's scripts from one page."""

    def belongs(script: Any) -> bool:
        body = getattr(script, "attributes", {}).get("body") or ""
        return "thebe" in f"{getattr(script, 'filename', script)} {body}".lower()

    context["script_files"] = [script for script in context["script_files"] if not belongs(script)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page after Thebe has."""
    app.connect("html-page-context", without_thebe, priority=AFTER_THEBE)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
