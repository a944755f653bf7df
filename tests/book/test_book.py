"""The book's sources: every chapter is listed, clean, parametrised and free of models."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from na2q.book import concordance
from na2q.methods import METHODS

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = sorted(path for path in BOOK.rglob("*.md") if path.relative_to(BOOK).parts[0] != "notebooks")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str = "code") -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_book_reaches_the_notebooks_through_its_link() -> None:
    link = ROOT / "book" / "notebooks"
    assert link.is_symlink(), "without the link the book builds empty, and no error says so"
    assert link.resolve() == (ROOT / "notebooks").resolve()


def test_table_of_contents_lists_every_page_once_and_nothing_else() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())

    def files(entries: list[dict]) -> Iterator[str]:
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    listed = [toc["root"], *(file for part in toc["parts"] for file in files(part["chapters"]))]
    pages = [str(path.relative_to(BOOK).with_suffix("")) for path in PAGES]
    assert sorted(listed) == sorted(pages + [f"notebooks/{path.stem}" for path in NOTEBOOKS])


def test_sidebar_numbers_chapters_as_the_text_calls_them() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    for chapter in (chapter for part in toc["parts"] for chapter in part["chapters"]):
        if number := re.match(r"notebooks/(\d+)_", chapter["file"]):
            assert chapter["title"].startswith(f"{int(number[1])}. "), chapter


def test_chapters_are_read_in_the_order_of_their_numbers_without_a_gap() -> None:
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    listed = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    assert [page for page in listed if page.startswith("notebooks/")] == [
        f"notebooks/{path.stem}" for path in NOTEBOOKS
    ]
    assert [int(path.stem[:2]) for path in NOTEBOOKS] == list(range(len(NOTEBOOKS)))


def test_text_calls_chapters_by_their_numbers_and_leads_to_them() -> None:
    texts = {path.name: path.read_text() for path in [*PAGES, ROOT / "README.md"]}
    texts |= {path.stem: "\n".join(map(source, cells(path, "markdown"))) for path in NOTEBOOKS}
    texts |= {str(path): path.read_text() for path in (ROOT / "na2q").rglob("*.py")}
    pages = concordance.labels()
    for name, text in texts.items():
        for number, label in re.findall(r"\{ref\}`[Cc]hapter\s(\d+)\s<([\w-]+)>`", text):
            assert int(number) == concordance.chapter_number(pages[label]), f"{name}: {label}"
        bare = re.findall(r"(?<!`)[Cc]hapters?\s\d+.{,20}", text)
        assert not bare, f"{name}: a number without a link leads nowhere once chapters move: {bare}"


def test_moved_pages_lead_to_pages_that_exist_from_addresses_that_do_not() -> None:
    """One step leads there: no old address stands for another."""
    moved = yaml.safe_load((BOOK / "_moved.yml").read_text())
    pages = {str(path.relative_to(BOOK).with_suffix("")) for path in PAGES}
    pages |= {f"notebooks/{path.stem}" for path in NOTEBOOKS}
    assert set(moved.values()) <= pages
    assert not set(moved) & pages


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_chapters_are_where_colab_looks_for_them(path: Path) -> None:
    """Its address is that of a page in the book, below no folder of the book."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    page = BOOK / "notebooks" / path.name
    address = Path(config["repository"]["path_to_book"]) / page.relative_to(BOOK)
    assert (ROOT / address).is_file()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_page_with_its_code_and_facts(method: str) -> None:
    text = (BOOK / "methods" / f"{method}.md").read_text()
    assert f"(method-{method})=" in text
    assert f":label: eq-{method}\n" in text
    assert f'method_facts("{method}")' in text
    assert f":pyobject: {METHODS[method].__name__}\n" in text


def test_no_equation_label_is_used_twice() -> None:
    texts = [path.read_text() for path in PAGES]
    texts += [source(cell) for path in NOTEBOOKS for cell in cells(path, "markdown")]
    labels = [label for text in texts for label in re.findall(r"^:label: (eq-\S+)", text, flags=re.M)]
    assert len(set(labels)) == len(labels)


def test_formulas_need_no_part_of_mathjax_that_the_book_does_not_hold() -> None:
    """These macros make MathJax fetch an extension; where that fails, no formula of the page is set."""
    held = {path.stem for path in (BOOK / "_vendor" / "mathjax" / "input" / "tex" / "extensions").glob("*.js")}
    texts = [path.read_text() for path in PAGES]
    texts += [source(cell) for path in NOTEBOOKS for cell in cells(path, "markdown")]
    fetched = {"boldsymbol", "color", "cancel", "bbox", "enclose", "bra", "ket", "braket", "ce", "verb", "href"} - held
    for text in texts:
        assert not fetched & set(re.findall(r"\\([a-z]+)", text))


def test_every_work_cited_is_in_the_bibliography() -> None:
    known = set(re.findall(r"^@\w+\{(\S+),", (BOOK / "references.bib").read_text(), flags=re.M))
    texts = [path.read_text() for path in PAGES]
    texts += [source(cell) for path in NOTEBOOKS for cell in cells(path, "markdown")]
    for text in texts:
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text):
            assert {key.strip() for key in keys.split(",")} <= known, keys


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_one_cell_of_typed_and_explained_parameters(path: Path) -> None:
    tagged = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for line in source(tagged[0]).splitlines()[1:]:
        assert re.fullmatch(r"\w+: \w+ = .+  # .+", line), f"{line!r} lacks a type or an explanation"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_defines_no_models_and_keeps_its_cells_short(path: Path) -> None:
    for cell in cells(path):
        text = re.sub(r"^%.*$", "", source(cell), flags=re.M)
        assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(text)))
        assert len(text.splitlines()) <= 25, text


def test_every_notebook_begins_by_installing_itself_where_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.system", lambda command: pytest.fail("installs where na2q is installed"))
    (install,) = {source(cells(path)[0]) for path in NOTEBOOKS}
    exec(install, {})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_captioned_figures_have_alternative_text(path: Path) -> None:
    for cell in cells(path):
        mystnb = cell["metadata"].get("mystnb", {})
        if "figure" in mystnb:
            assert mystnb["image"]["alt"]
    for cell in cells(path, "markdown"):
        for figure in re.findall(r"```\{glue:figure\}.*?```", source(cell), flags=re.S):
            assert ":alt:" in figure


def test_the_unrelated_package_called_smac_is_never_required() -> None:
    for name in ("pyproject.toml", "constraints.txt", "constraints.in", "environment.yml"):
        text = re.sub(r"#.*", "", (ROOT / name).read_text())
        assert not re.search(r"(?m)^\W*smac\b", text), name


def test_chapters_on_results_leave_functions_to_the_package() -> None:
    """The chapters before them teach with short functions of their own."""
    for path in NOTEBOOKS[7:]:
        for cell in cells(path):
            named = [node.name for node in ast.walk(ast.parse(source(cell))) if isinstance(node, ast.FunctionDef)]
            assert not named, f"{path.stem} defines {named}"


SHOWN_BY = {"display", "plt.show", "print"}
SILENT = {"glue", "prose.put", "style.export", "style.use_style"}


def shows_something(cell: dict) -> bool:
    """Whether running a cell leaves anything below it on the page, as far as its text tells."""
    if {"remove-output", "remove-cell"} & set(cell["metadata"].get("tags", [])):
        return False
    tree = ast.parse(re.sub(r"^%.*$", "", source(cell), flags=re.M))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    last = tree.body[-1] if tree.body else None
    silent = isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and ast.unparse(last.value.func) in SILENT
    return bool(called & SHOWN_BY) or (isinstance(last, ast.Expr) and not silent)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_folded_cell_that_shows_nothing_stands_above_another_folded_cell(path: Path) -> None:
    """A reader would see two lines that say "Show code", one below the other, with nothing between them."""
    above: dict | None = None
    for cell in json.loads(path.read_text())["cells"]:
        tags = set(cell["metadata"].get("tags", []))
        if "remove-cell" in tags:
            continue
        assert source(cell).strip()
        folded = cell["cell_type"] == "code" and bool({"hide-input", "hide-cell"} & tags)
        assert not (folded and above and not shows_something(above)), source(cell)
        above = cell if folded else None
