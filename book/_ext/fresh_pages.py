"""Sphinx extension: execute the pages that are out of date side by side, before any page is read.

What a page shows depends on the package and the data as well as on its own text; see `na2q.book.execution`.
"""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from na2q.book import execution


def execute(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Execute pages and name those that must be read again because they have new outputs."""
    pages = {Path(env.doc2path(name)).resolve(): name for name in sorted(env.found_docs)}
    say = logging.getLogger(__name__).info
    renewed = execution.refresh(pages, Path(env.mystnb_config.execution_cache_path), say=say)
    return [pages[path] for path in renewed]


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at all pages once in each build."""
    app.connect("env-get-outdated", execute)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
