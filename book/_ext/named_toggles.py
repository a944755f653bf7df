"""Sphinx extension: the sidebar's arrows that open and close a group have names, for those who hear the page."""

from typing import Any

from sphinx.application import Sphinx

AFTER_THE_THEME = 900


def with_names(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Name the arrows of one page after the entries beside them."""
    theirs = context["generate_toctree_html"]

    def sidebar(*args: Any, **options: Any) -> Any:
        tree = theirs(*args, **options)
        for arrow in tree.select("li > details > summary"):
            if (entry := arrow.find_parent("li").find("a")) is not None:
                arrow["aria-label"] = f"Pages below {entry.get_text(strip=True)}"
        return tree

    context["generate_toctree_html"] = sidebar


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page after the theme has made its sidebar."""
    app.connect("html-page-context", with_names, priority=AFTER_THE_THEME)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
