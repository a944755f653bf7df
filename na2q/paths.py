"""Where things lie in a checkout, wherever a notebook or command is started from."""

import os
from pathlib import Path


def repo_root() -> Path:
    """Folder that holds `data/`: NA2Q_ROOT where set, else the nearest parent with a pyproject.toml.

    Raises FileNotFoundError where neither exists, as in an installed package without a checkout.
    """
    if root := os.environ.get("NA2Q_ROOT"):
        return Path(root)
    for start in (Path.cwd(), Path(__file__).resolve()):
        for folder in (start, *start.parents):
            if (folder / "pyproject.toml").exists() and (folder / "na2q").is_dir():
                return folder
    raise FileNotFoundError("no checkout of na2q found above the current folder; set NA2Q_ROOT to one")
