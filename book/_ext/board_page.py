"""Sphinx extension: write the board that readers can move beside the pages of the book; see `na2q.book.board`."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from na2q.book import board


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the board when all pages are written."""
    if exception is None and app.builder.format == "html":
        board.write(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Wait for the end of the build."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
