"""Sphinx extension: a documented name leads to the source that writes it, never to Python's own.

Sphinx asks the value where it was made. An alias such as `Run = tuple[str, str]` answers `builtins`, which has no
source.
"""

from pydoc import locate
from typing import Any

from sphinx.application import Sphinx


def written_in(app: Sphinx, module: str, name: str) -> str:
    """Return the module that a documented value says it is of, if that is ours, else the one that documents it."""
    said = getattr(locate(f"{module}.{name}"), "__module__", None) or module
    return said if said.partition(".")[0] == module.partition(".")[0] else module


def setup(app: Sphinx) -> dict[str, Any]:
    """Answer for each name before Sphinx asks its value."""
    app.setup_extension("sphinx.ext.viewcode")
    app.connect("viewcode-follow-imported", written_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
