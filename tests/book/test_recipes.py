"""Derived tables: each has a recipe, and none was made from inputs other than those of today."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from na2q.book import recipes
from na2q.book.recipes import HASHES, RECIPES, Recipe, digest, keep, remake, stale
from na2q.paths import repo_root

BY_HAND = {
    "claims.csv",
    "concordance.csv",
    "dictionary.csv",
    "battle_mechanisms.csv",
    "known_of_the_game.csv",
    "quotations.csv",
    "released_speed.csv",
    "reported.csv",
    "anchored.csv",  # by `na2q credits`, of models whose weights are not stored
    "peers.csv",  # by benchmarks/peers.py, which installs packages of others
    "battle_peers.csv",  # by benchmarks/other_engines.py, which needs two environments of its own
    "epymarl.csv",  # by benchmarks/epymarl.py, which needs an environment of its own and hours
}


def test_every_table_is_written_by_hand_or_has_a_recipe() -> None:
    tables = {path.name for path in (repo_root() / "data").glob("*.csv")}
    assert tables == BY_HAND | {Path(recipe.output).name for recipe in RECIPES}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: Path(recipe.output).name)
def test_no_stored_table_is_stale(recipe: Recipe) -> None:
    assert not stale(repo_root(), (recipe,)), (
        f"{recipe.output} was made from other inputs. `make data` makes it again. Where the change cannot alter its "
        f"numbers, `python -m na2q.book.recipes --keep {Path(recipe.output).name}` says so."
    )


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: Path(recipe.output).name)
def test_commands_of_recipes_exist_and_write_where_the_recipe_says(recipe: Recipe) -> None:
    assert recipe.output in recipe.command
    program = recipe.command[1].replace(".", "/") + ".py" if recipe.command[0] == "-m" else recipe.command[0]
    assert (repo_root() / program).exists()


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Path, Recipe]:
    (tmp_path / "data").mkdir()
    (tmp_path / "number.txt").write_text("1\n")
    (tmp_path / "make.py").write_text(
        '"""Doubles."""\nfrom pathlib import Path\n\n'
        'Path("data/out.csv").write_text(f"x\\n{2 * int(Path(\'number.txt\').read_text())}\\n")\n'
    )
    return tmp_path, Recipe("data/out.csv", ("make.py",), ("number.txt", "make.py"), 1)


def test_what_is_stale_is_told_by_contents(checkout: tuple[Path, Recipe]) -> None:
    root, recipe = checkout
    assert stale(root, (recipe,)) == [recipe], "it was never made"
    remake(recipe, root)
    assert pd.read_csv(root / "data/out.csv")["x"].tolist() == [2]
    assert stale(root, (recipe,)) == []
    code = (root / "make.py").read_text()
    (root / "number.txt").touch()
    (root / "make.py").write_text("# a comment\n" + code.replace("Doubles", "Writes twice the number"))
    assert stale(root, (recipe,)) == [], "neither time nor prose counts"
    (root / "make.py").write_text(code.replace("2 *", "3 *"))
    assert stale(root, (recipe,)) == [recipe]
    keep(recipe, root)
    assert stale(root, (recipe,)) == []
    (root / "number.txt").write_text("5\n")
    assert stale(root, (recipe,)) == [recipe]
    remake(recipe, root)
    assert pd.read_csv(root / "data/out.csv")["x"].tolist() == [15]
    assert list(json.loads((root / HASHES).read_text())) == ["data/out.csv"]
    (root / "data/out.csv").unlink()
    assert stale(root, (recipe,)) == [recipe]


def test_a_pattern_without_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"matches models/\*"):
        digest(("models/*",), tmp_path)


def test_names_of_tables_that_do_not_exist_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["recipes", "spead.csv"])
    with pytest.raises(SystemExit):
        recipes.main()
    assert "spead.csv: must be of matrix_games.csv" in capsys.readouterr().err
