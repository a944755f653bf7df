"""Sphinx extension: old addresses of pages lead to the new ones that `book/_moved.yml` has for them."""

import os
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

TABLE = Path(__file__).parents[1] / "_moved.yml"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<link rel="canonical" href="{to}">
<script>location.replace("{to}" + location.hash)</script>
<noscript><meta http-equiv="refresh" content="0; url={to}"></noscript>
</head>
<body><p>This page is now <a href="{to}">{to}</a>.</p></body>
</html>
"""


def moved() -> dict[str, str]:
    """Read the table: new address by old one, both without suffix, below the book."""
    return yaml.safe_load(TABLE.read_text())


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the pages when all others are written."""
    if exception is None and app.builder.format == "html":
        for old, new in moved().items():
            path = Path(app.outdir, f"{old}.html")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PAGE.format(to=os.path.relpath(f"{new}.html", Path(old).parent)))


def setup(app: Sphinx) -> dict[str, Any]:
    """Wait for the end of the build."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
