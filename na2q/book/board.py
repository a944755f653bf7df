"""The teams on the book's board, and the page itself, written beside the pages of the book."""

from pathlib import Path

import pandas as pd

from na2q.explain.board import page
from na2q.paths import repo_root
from na2q.training.records import read_record
from na2q.training.weights import WEIGHTS

TEAMS = (
    "lbf-4p-2f/na2q_released/seed-1",
    "lbf-4p-2f/na2q_paper/seed-3",
    "lbf-4p-2f/vdn_released/seed-3",
    "lbf-4p-2f/qmix_released/seed-3",
    "lbf-3p-3f/na2q_released/seed-3",
    "lbf-3p-3f/vdn_released/seed-3",
    "lbf-3p-3f/qmix_released/seed-3",
)
"""Runs of data/models: of each method and preset the seed whose last weights earn most, the first shown first."""

FOLDER = "board"
HOME = '<a class="home" href="../board.html">NA²Q, executable: what this page is</a>'


def runs() -> list[Path]:
    """Folders of the teams."""
    return [repo_root() / "data" / "models" / team for team in TEAMS]


def teams() -> pd.DataFrame:
    """Task, method, preset and length of each team's training."""
    records = [read_record(run) for run in runs()]
    return pd.DataFrame(
        {
            "task": [one["config"]["env"] for one in records],
            "method": [one["config"]["method"] for one in records],
            "preset": [one["config"]["preset"] for one in records],
            "seed": [one["config"]["seed"] for one in records],
            "environment steps": [f"{one['steps']:,}" for one in records],
        }
    )


def write(site: Path) -> bool:
    """Write the board into a built site, unless what is there is newer than teams and scripts; say whether it was."""
    index, parts = site / FOLDER / "index.html", Path(page.__file__).parent
    sources = [*parts.iterdir(), *(run / WEIGHTS for run in runs())]
    if index.exists() and index.stat().st_mtime > max(source.stat().st_mtime for source in sources if source.is_file()):
        return False
    page.site(index.parent, runs(), HOME)
    return True
