"""Run the book's notebooks with chosen parameters, keep them, and hand them to the book's cache."""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
import papermill
import yaml
from papermill.exceptions import PapermillExecutionError

from na2q.book.execution import Executed, Pages, noting, read
from na2q.files import check_folder, make_folder
from na2q.paths import repo_root

SETS = "parameters.yml"


def notebooks(names: Collection[str] = ()) -> list[Path]:
    """Find the chapters, all of them where no name is given; raise ValueError for a name that is none of theirs."""
    found = {path.stem: path for path in sorted((repo_root() / "notebooks").glob("*.ipynb"))}
    stems = [name.removesuffix(".ipynb") for name in names]
    if unknown := [name for name in stems if name not in found]:
        raise ValueError(f"no notebook named {', '.join(unknown)}; there are {', '.join(found)}")
    return [found[name] for name in stems or found]


def parameter_sets() -> dict[str, dict[str, dict[str, Any]]]:
    """Read notebooks/parameters.yml: parameters by name of the set and of the notebook."""
    return yaml.safe_load((repo_root() / "notebooks" / SETS).read_text())


def parameters(notebook: Path, chosen: str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Parameters of a notebook in one of the sets, with those given by hand on top.

    Raises ValueError for an unknown set, and for names that are not among the notebook's parameters.
    """
    sets = parameter_sets()
    if chosen not in sets:
        raise ValueError(f"no set of parameters named {chosen!r}; there are {', '.join(sets)}")
    values = sets[chosen].get(notebook.stem, {}) | dict(given or {})
    allowed = list(papermill.inspect_notebook(str(notebook)))
    if unknown := [name for name in values if name not in allowed]:
        raise ValueError(f"{notebook.stem} has no parameter {', '.join(unknown)}; it has {', '.join(allowed)}")
    return values


def parse(pairs: Sequence[str]) -> dict[str, Any]:
    """Read name=value pairs, values as JSON or else as text; raise ValueError for a pair without =."""
    values = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ValueError(f"parameter {pair!r} is not of the form name=value")
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def run(notebook: Path, values: Mapping[str, Any], out: Path) -> Executed:
    """Execute one notebook with parameters; the executed copy lies below `out`/papermill, its figures in `out`/figures.

    Raises RuntimeError where a cell fails, which the copy then shows, and ValueError where there is no code to run.
    """
    copy, page = out / "papermill" / notebook.name, read(notebook)
    if page is None:
        raise ValueError(f"{notebook} has no code to run")
    make_folder(copy.parent)
    with noting(page.path) as (environment, noted):
        figures = {"NA2Q_FIGURES": str((out / "figures").resolve())}
        with patch.dict(os.environ, environment | figures):  # papermill hands its own environment to the kernel
            try:
                papermill.execute_notebook(
                    str(notebook), str(copy), dict(values), cwd=str(notebook.parent), progress_bar=False
                )
            except PapermillExecutionError as error:
                raise RuntimeError(f"{notebook.stem} fails with {error.ename}: {error.evalue}; see {copy}") from error
        done = nbformat.read(copy, 4)
        return Executed(page, done, noted(), done.metadata["papermill"]["duration"])


def seed_cache(done: Executed, cache: Path) -> None:
    """Put a notebook that ran with its own parameters where the book's build looks for executed ones.

    Raises ValueError where the executed copy has other cells, as one with injected
    parameters does.
    """
    if [cell.source for cell in done.page.notebook.cells] != [cell.source for cell in done.notebook.cells]:
        raise ValueError(f"{done.page.name} ran with other cells than it has: the copy cannot stand in for it")
    Pages(cache).keep(done)


def run_all(
    chosen: str, names: Collection[str], given: Mapping[str, Any], out: Path, jobs: int | None = None
) -> Iterator[str]:
    """Run notebooks and say what became of each; those that ran with their own parameters go into the book's cache.

    All parameters are checked before the first notebook runs. Several run side by side, `jobs` at once, as many as
    there are processors where it is left out.
    """
    plan = {notebook: parameters(notebook, chosen, given) for notebook in notebooks(names)}
    check_folder(out)  # before there are processes that would have to be waited for
    with ExitStack() as stack:
        pool = ProcessPoolExecutor(jobs, get_context("spawn"))
        stack.callback(pool.shutdown, cancel_futures=True)  # a chapter that fails ends the queue, not what runs
        running = {pool.submit(run, notebook, values, out): notebook for notebook, values in plan.items()}
        for done in as_completed(running):
            executed, values = done.result(), plan[running[done]]
            if not values:
                seed_cache(executed, out / ".jupyter_cache")
            copy = out / "papermill" / running[done].name
            yield f"{copy}{'' if values else ', also in the cache of the book'}"
    yield f"{len(list((out / 'figures').glob('*.svg')))} figures in {out / 'figures'}"
