"""Put the page together: modules, style, settings and models in one file, or models in files beside it."""

import re
from importlib import resources

MODULES = ("random", "rules", "network")
"""Modules of the page, each after those that it imports."""

IMPORT = re.compile(r"^import [^;]*;\n", re.M)
EXPORT = re.compile(r"^export (?=(async )?function|class|const|let)", re.M)


def bundle() -> str:
    """All modules as one script without imports: a page from the file system may not load modules from other files."""
    folder = resources.files("na2q.explain.board")
    texts = [(folder / f"{name}.mjs").read_text(encoding="utf-8") for name in MODULES]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", text)) for text in texts)
