"""The theory chapters keep the form of the book: parameters, short cells, figures with words, exercises."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("0[1-6]_*.ipynb"))
PAPER_EQUATIONS = range(1, 17)


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def shown(path: Path) -> list[dict]:
    """Code cells that a reader sees unfolded."""
    folded = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
    return [c for c in cells(path, "code") if not folded & set(c["metadata"].get("tags", []))]


def test_there_are_six_chapters() -> None:
    assert [path.name[:2] for path in CHAPTERS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
class TestChapter:
    def test_has_one_parameters_cell_with_typed_commented_scalars(self, path: Path) -> None:
        tagged = [c for c in cells(path, "code") if "parameters" in c["metadata"].get("tags", [])]
        assert len(tagged) == 1
        for line in source(tagged[0]).splitlines():
            assert re.fullmatch(r"\w+: (int|float|bool|str) = \S+  # .+", line), line

    def test_is_stored_without_outputs_and_defines_no_model(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert "class " not in source(cell)
            assert not re.search(r"^\s*(async )?def ", source(cell), re.M), "functions are in the package, with tests"

    def test_code_that_teaches_is_short_and_fits_the_column(self, path: Path) -> None:
        for cell in shown(path):
            assert len(source(cell).splitlines()) <= 15, source(cell)
            assert max(map(len, source(cell).splitlines()), default=0) <= 88, source(cell)

    def test_code_that_only_draws_is_folded(self, path: Path) -> None:
        for cell in shown(path):
            assert "plt.subplots" not in source(cell)

    def test_opens_with_goals_and_ends_with_what_is_open(self, path: Path) -> None:
        text = "\n".join(map(source, cells(path, "markdown")))
        for wanted in ("**Goals.**", "**What it assumes.**", "*On paper.*", "## Still open", "research question"):
            assert text.count(wanted) >= 1, wanted
        assert text.index("*On paper.*") < text.index("## Still open") < text.index("## Exercises")

    def test_every_configuration_names_its_preset(self, path: Path) -> None:
        calls = [
            node
            for cell in cells(path, "code")
            for node in ast.walk(ast.parse(source(cell)))
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"configure", "defaults"}
        ]
        for call in calls:
            assert len(call.args) >= 3 or any(k.arg == "preset" for k in call.keywords), ast.unparse(call)

    def test_figures_have_name_caption_and_alternative_text(self, path: Path) -> None:
        drawn = [c for c in cells(path, "code") if "plt.show()" in source(c)]
        assert drawn
        for cell in drawn:
            words = cell["metadata"]["mystnb"]
            assert words["figure"]["name"].startswith("fig-")
            assert words["figure"]["caption"]
            assert len(words["image"]["alt"]) > 30

    def test_ends_with_exercises_and_hidden_solutions(self, path: Path) -> None:
        text = "\n".join(map(source, cells(path, "markdown")))
        exercises = re.findall(r"```\{exercise\}\n:label: (\S+)", text)
        solutions = re.findall(r"\{solution-start\} (\S+)\n:class: dropdown", text)
        assert len(exercises) >= 2
        assert exercises == solutions

    def test_quotes_only_numbers_that_it_computes(self, path: Path) -> None:
        quoted = set(re.findall(r"\{glue:text\}`(c\d-[\w-]+)", "\n".join(map(source, cells(path, "markdown")))))
        computed = set(re.findall(r'"(c\d-[\w-]+)":', "\n".join(map(source, cells(path, "code")))))
        assert quoted == computed


def test_each_equation_of_the_paper_is_labelled_once() -> None:
    text = "\n".join(source(cell) for path in CHAPTERS for cell in cells(path, "markdown"))
    labels = re.findall(r":label: eq-paper-(\d+)", text)
    assert sorted(map(int, labels)) == list(PAPER_EQUATIONS)
