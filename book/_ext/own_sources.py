"""Sphinx extension: a documented name leads to the source that writes it, never to Python's own, and back.

Sphinx asks the value where it was made. An alias such as `Run = tuple[str, str]` answers `builtins`, which has no
source. It writes a page of source again where the source has changed, not where the page that documents it has moved,
so that links back would lead nowhere: pages of source are written in every build.
"""

import shutil
from pathlib import Path
from pydoc import locate
from typing import Any

from sphinx.application import Sphinx


def written_in(app: Sphinx, module: str, name: str) -> str:
    """Return the module that a documented value says it is of, if that is ours, else the one that documents it."""
    said = getattr(locate(f"{module}.{name}"), "__module__", None) or module
    return said if said.partition(".")[0] == module.partition(".")[0] else module


def forget(app: Sphinx) -> None:
    """Delete the pages of source that an earlier build has left."""
    shutil.rmtree(Path(app.outdir) / "_modules", ignore_errors=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Answer for each name before Sphinx asks its value."""
    app.setup_extension("sphinx.ext.viewcode")
    app.connect("viewcode-follow-imported", written_in)
    app.connect("builder-inited", forget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
