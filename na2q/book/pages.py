"""Run the book's notebooks with chosen parameters, keep them, and hand them to the book's cache."""

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import papermill
import yaml
from papermill.exceptions import PapermillExecutionError

from na2q.book.execution import keep, read
from na2q.files import make_folder
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


def run(notebook: Path, values: Mapping[str, Any], out: Path) -> Path:
    """Execute one notebook with parameters; return the executed copy, below `out`/papermill.

    Figures that it exports lie below `out`/figures. Raises RuntimeError where a cell fails; the copy then shows it.
    """
    copy = out / "papermill" / notebook.name
    make_folder(copy.parent)
    with _exporting(out / "figures"):
        try:
            papermill.execute_notebook(
                str(notebook), str(copy), dict(values), cwd=str(notebook.parent), progress_bar=False
            )
        except PapermillExecutionError as error:
            raise RuntimeError(f"{notebook.stem} fails with {error.ename}: {error.evalue}; see {copy}") from error
    return copy


@contextmanager
def _exporting(folder: Path) -> Iterator[None]:
    """Let kernels that start within write figures into a folder."""
    before = os.environ.get("NA2Q_FIGURES")
    os.environ["NA2Q_FIGURES"] = str(folder.resolve())
    try:
        yield
    finally:
        del os.environ["NA2Q_FIGURES"]
        if before is not None:
            os.environ["NA2Q_FIGURES"] = before


def seed_cache(source: Path, executed: Path, cache: Path) -> None:
    """Put a notebook that ran with its own parameters where the book's build looks for executed ones.

    Raises ValueError where the executed copy has other cells, as one with injected
    parameters does.
    """
    page, done = read(source), nbformat.read(executed, 4)
    if page is None or [cell.source for cell in page.notebook.cells] != [cell.source for cell in done.cells]:
        raise ValueError(f"{executed} ran with other cells than {source}: it cannot stand in for it")
    keep(page, done, cache, done.metadata.get("papermill", {}).get("duration"))


def draw(chosen: str, names: Collection[str], given: Mapping[str, Any], out: Path) -> Iterator[str]:
    """Run notebooks and say what became of each; those that ran with their own parameters go into the book's cache.

    All parameters are checked before the first notebook runs.
    """
    plan = {notebook: parameters(notebook, chosen, given) for notebook in notebooks(names)}
    for notebook, values in plan.items():
        executed = run(notebook, values, out)
        if not values:
            seed_cache(notebook, executed, out / ".jupyter_cache")
        yield f"{executed}{'' if values else ', also in the cache of the book'}"
    yield f"{len(list((out / 'figures').glob('*.svg')))} figures in {out / 'figures'}"
