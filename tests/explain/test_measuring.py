"""Commands that measure stored models ask for the same things, and refuse a bad place before they measure."""

from pathlib import Path

import pandas as pd
import pytest

from na2q.explain.measuring import Asked, asked, save
from na2q.files import WriteError
from na2q.paths import repo_root


def test_arguments_have_the_checkouts_models_and_the_modules_episodes_as_defaults(tmp_path: Path) -> None:
    out, models = tmp_path / "table.csv", repo_root() / "data" / "models"
    assert asked("What it is for.", 16, ["--out", str(out)]) == Asked(out, models, 16)
    words = ["--out", str(out), "--models", "runs", "--episodes", "2"]
    assert asked("What it is for.", 16, words) == Asked(out, Path("runs"), 2)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="a folder"):
        asked("What it is for.", 16, ["--out", str(tmp_path)])
    with pytest.raises(SystemExit):
        asked("What it is for.", 16, [])


def test_tables_have_four_significant_digits(tmp_path: Path) -> None:
    save(pd.DataFrame({"value": [1 / 3]}), tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == "value\n0.3333\n"
