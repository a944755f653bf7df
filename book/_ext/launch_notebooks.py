"""Sphinx extension: only notebooks have a button to launch them, since Colab cannot open a page of Markdown."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

AFTER_THE_THEME = 900


def without_launch(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Drop the group of launch buttons from a page that is no notebook."""
    if doctree is None or Path(app.env.doc2path(page)).suffix == ".ipynb":
        return
    buttons = context.get("header_buttons", [])
    context["header_buttons"] = [button for button in buttons if button.get("label") != "launch-buttons"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page after the theme has added its buttons."""
    app.connect("html-page-context", without_launch, priority=AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
