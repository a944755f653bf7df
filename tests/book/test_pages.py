"""Chapters run with chosen parameters, export their figures, and stand in for the book's own execution."""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from na2q.book import execution, pages
from na2q.cli import main
from na2q.files import WriteError
from na2q.paths import repo_root

FIGURE = """import matplotlib.pyplot as plt
from na2q import style
style.export("figure-0", plt.figure())
print(number)"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one chapter, with a kernel that finds this package."""
    cells = [
        new_markdown_cell("# A chapter"),
        new_code_cell("# Parameters\nnumber: int = 1  # a number", metadata={"tags": ["parameters"]}),
        new_code_cell(FIGURE),
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "notebooks" / "00_a.ipynb")
    (tmp_path / "notebooks" / "parameters.yml").write_text("quick:\n  00_a: { number: 7 }\nfull: {}\n")
    monkeypatch.setenv("PYTHONPATH", f"{repo_root()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("NA2Q_ROOT", str(tmp_path))
    return tmp_path


def printed(path: Path) -> str:
    return "".join(out.get("text", "") for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", []))


@pytest.mark.slow
def test_chapter_with_its_own_parameters_is_kept_and_found_by_the_book(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = checkout / "build"
    main(["figures", "--out", str(out)])
    assert "also in the cache of the book" in capsys.readouterr().out
    assert "1" in printed(out / "papermill" / "00_a.ipynb")
    assert sorted(path.name for path in (out / "figures").iterdir()) == ["figure-0.pdf", "figure-0.svg"]
    source = checkout / "notebooks" / "00_a.ipynb"
    assert execution.refresh([source], out / ".jupyter_cache") == [], "the book executes no chapter again"
    _, merged = get_cache(str(out / ".jupyter_cache")).merge_match_into_notebook(nbformat.read(source, 4))
    assert "1" in "".join(out.get("text", "") for out in merged.cells[2].outputs)
    assert "NA2Q_FIGURES" not in os.environ


@pytest.mark.slow
def test_chosen_parameters_are_run_and_never_stand_in_for_the_book(checkout: Path) -> None:
    out = checkout / "build"
    main(["figures", "00_a", "--parameters", "quick", "--out", str(out)])
    assert "7" in printed(out / "papermill" / "00_a.ipynb")
    main(["figures", "--set", "number=8", "--out", str(out)])
    assert "8" in printed(out / "papermill" / "00_a.ipynb")
    assert not (out / ".jupyter_cache").exists()
    with pytest.raises(ValueError, match="ran with other cells"):
        pages.seed_cache(pages.run(checkout / "notebooks" / "00_a.ipynb", {"number": 9}, out), out / ".jupyter_cache")


def test_chapter_that_fails_is_named(checkout: Path) -> None:
    source = checkout / "notebooks" / "00_a.ipynb"
    notebook = nbformat.read(source, 4)
    notebook.cells[2].source = "nonsense"
    nbformat.write(notebook, source)
    with pytest.raises(RuntimeError, match="00_a fails with NameError: name 'nonsense' is not defined"):
        pages.run(source, {}, checkout / "build")


def test_a_place_that_cannot_be_written_to_is_refused_before_a_chapter_runs(checkout: Path) -> None:
    place = checkout / "taken"
    place.write_text("mine")
    with (
        patch.object(pages, "ProcessPoolExecutor", side_effect=AssertionError("a process")),
        pytest.raises(WriteError, match="no folder, and stays as it is"),
    ):
        next(pages.run_all("full", (), {}, place))
    assert place.read_text() == "mine"


def test_unknown_names_are_refused_with_what_is_allowed(checkout: Path) -> None:
    (chapter,) = pages.notebooks()
    with pytest.raises(ValueError, match="00_a has no parameter nmber; it has number"):
        pages.parameters(chapter, "full", {"nmber": 2})
    with pytest.raises(ValueError, match="no set of parameters named 'slow'; there are quick, full"):
        pages.parameters(chapter, "slow")
    with pytest.raises(ValueError, match="no notebook named 99_z; there are 00_a"):
        pages.notebooks(["99_z"])
    with pytest.raises(ValueError, match="parameter 'number' is not of the form name=value"):
        pages.parse(["number"])


def test_values_are_json_or_text() -> None:
    assert pages.parse(["a=1", 'b=["x"]', "c=lbf", "d=true", "e=x=y"]) == {
        "a": 1,
        "b": ["x"],
        "c": "lbf",
        "d": True,
        "e": "x=y",
    }


@pytest.mark.parametrize("chosen", pages.parameter_sets())
def test_sets_of_parameters_fit_their_chapters(chosen: str) -> None:
    stems = {path.stem for path in pages.notebooks()}
    assert set(pages.parameter_sets()[chosen]) <= stems
    for chapter in pages.notebooks():
        pages.parameters(chapter, chosen)


def chapters() -> list[Any]:
    """Chapters with their quick parameters; those that do not train anew do what the build of the book does."""
    quick = {chapter: pages.parameters(chapter, "quick") for chapter in pages.notebooks()}
    return [
        pytest.param(chapter, values, id=chapter.stem, marks=() if "retrain" in values else pytest.mark.in_book)
        for chapter, values in quick.items()
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("chapter", "values"), chapters())
def test_chapter_runs_with_quick_parameters(
    chapter: Path, values: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{repo_root()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    if "retrain" in values:
        values |= {"data": str(tmp_path)}
    pages.run(chapter, values, tmp_path / "out")
