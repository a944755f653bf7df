"""The concordance names everything numbered in the paper, and nothing that does not exist."""

import ast
import pydoc
from pathlib import Path

import pytest

from na2q.book.concordance import as_markdown, concordance, labels

TABLE = concordance()
TESTS = Path(__file__).parents[1]


def listed(column: str) -> list[str]:
    """All entries of a column that lists several, each once."""
    return sorted({entry for entries in TABLE[column] for entry in entries.split()})


def test_everything_numbered_in_the_paper_is_listed_once() -> None:
    numbered = [f"Eq. ({n})" for n in range(1, 17)]
    numbered += [f"Figure {n}" for n in range(1, 13)] + [f"Table {n}" for n in range(1, 5)]
    numbered += [f"Appendix {letter}" for letter in "ABCDEFGHI"]
    numbered += ["Assumption B.1", "Theorem B.2", "Lemma B.3", "Algorithm 1"]
    assert TABLE.index.is_unique
    assert set(numbered) <= set(TABLE.index)
    assert (TABLE[["subject", "verdict"]] != "").all(axis=None)


def test_only_what_is_open_has_no_place_in_the_book() -> None:
    assert ((TABLE["where"] == "") == (TABLE["verdict"] == "open")).all()


@pytest.mark.parametrize("label", listed("where"))
def test_label_exists(label: str) -> None:
    assert label in labels()


@pytest.mark.parametrize("name", listed("code"))
def test_code_exists(name: str) -> None:
    assert pydoc.locate(name) is not None


@pytest.mark.parametrize("name", listed("tests"))
def test_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    tree = ast.parse((TESTS / file).read_text())
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_a_page_shows_what_is_on_it_and_the_concordance_everything() -> None:
    assert len(as_markdown().splitlines()) == 2 + len(TABLE)
    own = as_markdown("notebooks/04_monotone_shapes")
    assert "**Eq. (7)**" in own
    assert "{ref}`chapter 4 <monotone-shapes>`" in own
    assert "**Eq. (8)**" not in own


def test_page_without_anything_of_the_paper_is_named() -> None:
    with pytest.raises(ValueError, match="weather"):
        as_markdown("weather")
