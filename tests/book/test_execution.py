"""A page of the book is executed again when something that it shows has changed, and only then."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from jupyter_cache import get_cache

from na2q.book import execution

MODULE = "VALUE = 1\n"
PAGES = {
    "reads": "import sys; sys.path.insert(0, '..')\nfrom pathlib import Path\n"
    "from na2q import values\nprint(values.VALUE, Path('../data/table.csv').read_text())",
    "lists": "from pathlib import Path\nprint(sorted(path.name for path in Path('../data/runs').iterdir()))",
    "loads": "from pathlib import Path\nprint(len(Path('../data/runs/a/run.json').read_text()))",
    "looks": "from contextlib import suppress\nwith suppress(OSError):\n    print(open('../data/later.csv').read())",
    "alone": "print('nothing but itself')",
}


def write_checkout(root: Path) -> None:
    files = {
        "na2q/__init__.py": "",
        "na2q/values.py": MODULE,
        "na2q/unused.py": "",
        "data/table.csv": "a,b\n",
        "data/runs/a/run.json": "{}",
        "data/runs/a/weights.safetensors": "weights",
        "constraints.txt": "torch==1\n",
        "notebooks/text.md": "(a-label)=\n# No code\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, code in PAGES.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_checkout(tmp_path)
    monkeypatch.setattr(execution, "repo_root", lambda: tmp_path)
    return tmp_path


def renewed(checkout: Path) -> list[str]:
    """Names of the pages that a build would execute now."""
    paths = sorted((checkout / "notebooks").iterdir())
    return sorted(path.stem for path in execution.refresh(paths, checkout / "cache", jobs=2, say=lambda line: None))


@pytest.fixture(scope="module")
def first_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose pages were all executed, for tests to copy: a kernel takes a second to start."""
    root = tmp_path_factory.mktemp("first") / "checkout"
    write_checkout(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "repo_root", lambda: root)
        assert renewed(root) == sorted(PAGES)
    return root


@pytest.fixture
def built(first_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = shutil.copytree(first_build, tmp_path / "checkout")
    monkeypatch.setattr(execution, "repo_root", lambda: root)
    return root


def change(name: str, text: str = "changed = 1\n") -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "stale"),
    [
        (lambda root: None, []),
        (change("na2q/values.py", "VALUE = 2\n"), ["reads"]),
        (change("na2q/unused.py"), []),
        (change("data/table.csv"), ["reads"]),
        (lambda root: (root / "data/runs/b").mkdir(), ["lists"]),
        (change("data/runs/a/weights.safetensors"), ["loads"]),  # read by code that tells nobody
        (change("data/later.csv"), ["looks"]),  # was not there
        (change("constraints.txt", "torch==2\n"), sorted(PAGES)),
        (lambda root: (root / "data/table.csv").touch(), []),
    ],
    ids=["nothing", "module", "other-module", "table", "new-run", "weights", "new-file", "packages", "time-only"],
)
def test_only_pages_that_read_what_changed_are_executed(built: Path, made: Callable, stale: list[str]) -> None:
    made(built)
    assert renewed(built) == stale
    assert renewed(built) == []


@pytest.mark.slow
def test_new_outputs_replace_the_old_in_the_books_cache(built: Path) -> None:
    change("na2q/values.py", "VALUE = 'new'\n")(built)
    renewed(built)
    page = nbformat.read(built / "notebooks" / "reads.ipynb", 4)
    _, merged = get_cache(str(built / "cache")).merge_match_into_notebook(page)
    assert merged.cells[0].outputs[0].text.startswith("new")


@pytest.mark.slow
def test_pages_without_a_record_begin_first(built: Path) -> None:
    pages = execution.Pages(built / "cache")
    known = execution.read(built / "notebooks" / "reads.ipynb")
    assert known
    assert 0 < pages.seconds(known) < float("inf")
    (built / "cache" / "reads" / "notebooks-reads.ipynb.json").write_text("damaged")
    assert pages.seconds(known) == float("inf")
    assert not pages.is_fresh(known)


@pytest.mark.slow
def test_a_page_that_fails_is_named_and_hides_no_other(checkout: Path) -> None:
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(broken, checkout / "notebooks" / "broken.ipynb")
    said: list[str] = []
    paths = sorted((checkout / "notebooks").iterdir())
    names = {path.stem for path in execution.refresh(paths, checkout / "cache", say=said.append)}
    assert names == set(PAGES)
    assert [line for line in said if "broken.ipynb failed with CellExecutionError" in line]


@pytest.mark.slow
def test_text_with_code_is_a_page_and_text_without_is_none(checkout: Path) -> None:
    page = checkout / "notebooks" / "code.md"
    page.write_text("---\nkernelspec: {name: python3, display_name: Python 3}\n---\n\n```{code-cell}\nprint(7)\n```\n")
    assert execution.read(checkout / "notebooks" / "text.md") is None
    assert "code" in renewed(checkout)
    record = json.loads((checkout / "cache" / "reads" / "notebooks-code.md.json").read_text())
    assert list(record["reads"]) == ["constraints.txt"]


def test_other_pages_count_by_their_labels(checkout: Path) -> None:
    text = checkout / "notebooks" / "text.md"
    before = execution.fingerprint(text)
    text.write_text("(a-label)=\n# Other words\n")
    assert execution.fingerprint(text) == before
    text.write_text("(another-label)=\n# Other words\n")
    assert execution.fingerprint(text) != before
