"""A number in brackets beside an equation is the paper's, on every page; equations of our own have names."""

import json
import re
from pathlib import Path

import pytest
from paper_equations import called

ROOT = Path(__file__).parents[2]
LAST = 16  # equations of the paper
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").rglob("*.md"))]


def text(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


LABELS = sorted({label for path in PAGES for label in re.findall(r"^:label: (eq-\S+)", text(path), flags=re.M)})


@pytest.mark.parametrize("label", LABELS)
def test_numbers_are_the_papers_and_names_are_ours(label: str) -> None:
    number = re.fullmatch(r"eq-paper-(\d+)", label)
    if number:
        assert called(label) == number[1]
        assert 1 <= int(number[1]) <= LAST
    else:
        assert re.fullmatch(r"[a-z][a-z0-9 ]*", called(label))


def test_every_equation_of_the_paper_is_labelled_once() -> None:
    assert [label for label in LABELS if label.startswith("eq-paper-")] == sorted(
        f"eq-paper-{number}" for number in range(1, LAST + 1)
    )


def test_no_page_lets_sphinx_number_an_equation() -> None:
    """A tag, or dollars with a label behind them, would bring a number of their own."""
    for path in PAGES:
        assert not re.search(r"\\tag\{|\$\$\s*\((?!\))[\w-]+\)", text(path)), path
