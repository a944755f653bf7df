"""Execute the pages of the book that are out of date, side by side, and hand them to the book's cache.

Jupyter Book's cache knows a page by its code alone, so that a page would keep its outputs when the package or the data
change. Here each page is executed in a kernel that notes what it reads (`na2q.book.kernel_startup`); it is out of date
as soon as its code, one of those files, or the pinned packages are others than they were.
"""

import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from na2q.book import kernel_startup
from na2q.book.concordance import labels_in
from na2q.paths import repo_root

TIMEOUT = 600
"""Seconds that a cell may take."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
"""Settings of the kernels: the networks of this book are small, and pages run side by side."""
QUIET = "get_config().IPKernelApp.log_level = 'ERROR'"
"""A kernel warns that its messages are not encrypted; they stay on one machine here, and warnings would hide others."""


class Page(NamedTuple):
    """A page of the book that has code: its source and its notebook without outputs."""

    path: Path
    notebook: nbformat.NotebookNode

    @property
    def name(self) -> str:
        """Path below the repository, which names the page's record."""
        return str(self.path.relative_to(repo_root()))


def read(path: Path) -> Page | None:
    """Read a page, a notebook or MyST text; return None where it has no code."""
    path = path.resolve()
    text = path.read_text()
    if path.suffix == ".ipynb":
        notebook = nbformat.reads(text, 4)
    elif "{code-cell}" in text:
        notebook = read_myst_markdown_notebook(text, path=path)
    else:
        return None
    return Page(path, notebook) if any(cell.cell_type == "code" for cell in notebook.cells) else None


class Pages:
    """The executed pages in one folder of the book's cache."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.fingerprint = functools.cache(fingerprint)  # pages read the same files
        self.records = cache / "reads"
        self.records.mkdir(parents=True, exist_ok=True)

    def is_fresh(self, page: Page) -> bool:
        """Whether the cache has the page's outputs and all that they were made from is as it was."""
        with suppress(KeyError, OSError, ValueError):
            get_cache(str(self.cache)).match_cache_notebook(page.notebook)
            record = json.loads(self._record(page).read_text())
            return all(self.fingerprint(repo_root() / path) == known for path, known in record["reads"].items())
        return False

    def keep(self, done: "Executed") -> None:
        """Keep a page's outputs and what it read."""
        _cache(done, self.cache)
        known = {str(path.relative_to(repo_root())): self.fingerprint(path) for path in done.reads}
        self._record(done.page).write_text(json.dumps({"seconds": done.seconds, "reads": known}, indent=1))

    def seconds(self, page: Page) -> float:
        """How long a page took when it was last executed; infinity where nobody knows, so that it begins first."""
        with suppress(OSError, ValueError, KeyError):
            return json.loads(self._record(page).read_text())["seconds"]
        return float("inf")

    def _record(self, page: Page) -> Path:
        return self.records / f"{page.name.replace('/', '-')}.json"


class Executed(NamedTuple):
    """A page with its outputs, what of the repository they were made from, and the seconds that it took."""

    page: Page
    notebook: nbformat.NotebookNode
    reads: list[Path]
    seconds: float


@contextmanager
def noting(page: Path) -> Iterator[tuple[dict[str, str], Callable[[], list[Path]]]]:
    """Settings of a kernel that notes what a page reads of the repository, and a function that says what that was."""
    with tempfile.TemporaryDirectory() as place:
        reads = Path(place) / "reads"
        startup = Path(place) / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        shutil.copy(kernel_startup.__file__, startup / "00-reads.py")
        (startup.parent / "ipython_kernel_config.py").write_text(QUIET)
        seen = {"NA2Q_PAGE_READS": str(reads), "NA2Q_PAGE_ROOT": str(repo_root())}

        def noted() -> list[Path]:
            paths = {path for line in reads.read_text().splitlines() if (path := _depends_on(line, page))}
            return sorted(paths | {repo_root() / "constraints.txt"})

        yield ONE_THREAD | os.environ | seen | {"IPYTHONDIR": str(startup.parents[1])}, noted


def execute(page: Page) -> Executed:
    """Execute a page in a kernel of its own.

    Raises nbclient.exceptions.CellExecutionError where a cell fails, and CellTimeoutError.
    """
    began, done = time.monotonic(), deepcopy(page.notebook)
    with noting(page.path) as (environment, noted):
        resources = {"metadata": {"path": str(page.path.parent)}}
        NotebookClient(done, timeout=TIMEOUT, resources=resources).execute(env=environment)
        return Executed(page, done, noted(), time.monotonic() - began)


def _cache(done: Executed, cache: Path) -> None:
    """Put the outputs of an executed copy of a page where the book's build looks for them.

    The cache knows a page by the source of its code cells and by metadata, to which an execution adds.
    """
    plain = deepcopy(done.page.notebook)
    for cell, shown in zip(plain.cells, done.notebook.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = shown.outputs, shown.execution_count
    bundle = CacheBundleIn(plain, str(done.page.path), data={"execution_seconds": done.seconds})
    get_cache(str(cache)).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def refresh(
    paths: Iterable[Path], cache: Path, jobs: int | None = None, say: Callable[[str], object] = print
) -> list[Path]:
    """Execute the pages that are out of date; return their paths.

    A page that fails is left to Jupyter Book, which executes it again and shows where it failed.

    Args:
        paths: pages of the book, with code or without.
        cache: the folder of the book's cache.
        jobs: pages executed at once; the number of processors where it is left out.
        say: is told of each page that has been executed.
    """
    pages = Pages(cache)
    stale = [page for path in paths if (page := read(path)) and not pages.is_fresh(page)]
    stale.sort(key=pages.seconds, reverse=True)
    renewed = []
    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool, ExitStack() as stack:
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)  # whatever ends the loop ends the queue
        running = {pool.submit(execute, page): page for page in stale}
        for number, done in enumerate(as_completed(running), 1):
            page = running[done]
            try:
                pages.keep(done.result())  # here, since the cache takes one page at a time
                renewed.append(page.path)
                words = f"executed in {done.result().seconds:.0f} s"
            except (CellExecutionError, CellTimeoutError) as error:
                words = f"failed with {type(error).__name__}"
            say(f"[{number} of {len(stale)}] {page.name} {words}")
    return renewed


def fingerprint(path: Path) -> str:
    """Hash what a page may see of a path: a file's bytes, a page's labels, a run's files, a folder's names."""
    if not path.exists():  # a page may have looked for a file that was not there
        return "absent"
    if path.is_dir():
        package = path == repo_root() / "na2q"
        whole = package or (path / "run.json").exists()
        inside = sorted(path.rglob("*.py") if package else path.iterdir())
        parts = [str(file.relative_to(path)).encode() for file in inside]
        parts += [file.read_bytes() for file in inside if whole and file.is_file()]
    elif path.suffix in (".md", ".ipynb"):
        parts = [label.encode() for label in labels_in(path)]
    else:
        parts = [path.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _depends_on(line: str, page: Path) -> Path | None:
    """What of the repository makes a page out of date, from a line of the list that its kernel wrote."""
    root, path = repo_root(), Path(line)
    if path == root:
        return root / "na2q"
    top = path.relative_to(root).parts[0]
    if path == page or top.startswith((".", "_build")) or "__pycache__" in path.parts:
        return None
    if top == "data":
        return path.parent if path.is_file() and (path.parent / "run.json").exists() else path
    return None if line.endswith("/") else path
