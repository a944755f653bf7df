"""Commands that measure trained models: their arguments, and the table that they keep."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.files import check_target, replacing
from na2q.paths import repo_root


class Asked(NamedTuple):
    """What the command line asks for."""

    out: Path
    models: Path
    episodes: int


def asked(about: str, episodes: int, words: Sequence[str] | None = None) -> Asked:
    """Read the command line of a module that tests all stored models.

    Args:
        about: what the command is for, which its help says.
        episodes: greedy episodes of each model where the command line names no number.
        words: what was typed after the module's name; the words of this process by default.

    Raises:
        WriteError: the table cannot be written where it is asked for; found before anything is measured.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--models", type=Path, default=repo_root() / "data" / "models", help="folder of models")
    parser.add_argument("--episodes", type=int, default=episodes, help="greedy episodes of each model")
    found = Asked(**vars(parser.parse_args(words)))
    check_target(found.out)
    return found


@checks_arguments
def save(table: pd.DataFrame, out: Path) -> None:
    """Write a table with four significant digits, whole or not at all."""
    with replacing(out) as part:
        table.to_csv(part, index=False, float_format="%.4g")
