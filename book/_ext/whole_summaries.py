"""Sphinx extension: the first sentence of a module in a table of modules does not end at "Eq.", at its period."""

from typing import Any

from sphinx.application import Sphinx
from sphinx.ext import autosummary

SHORT = ("Eq.", "Eqs.", "App.", "Fig.", "Figs.", "Th.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell the extension that makes the tables which words end in a period."""
    app.setup_extension("sphinx.ext.autosummary")
    known = autosummary.WELL_KNOWN_ABBREVIATIONS
    autosummary.WELL_KNOWN_ABBREVIATIONS = tuple(dict.fromkeys((*known, *SHORT)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
