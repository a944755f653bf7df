"""Commands that list what there is, and the one that draws the book."""

import ast
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

import na2q
from na2q.config import METHOD_OPTIONS
from na2q.files import check_folder


def figures(
    notebooks: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    parameters: Literal["quick", "full"] = "full",
    set: tuple[str, ...] = (),
    out: Path = Path("_build"),
) -> None:
    """Run the chapters of the book and export their figures as SVG and PDF.

    Chapters that run with their own parameters are put where the build of the book looks for executed ones.

    Args:
        notebooks: names of chapters, such as 07_level_based_foraging; all where none is given.
        parameters: set of parameters, of notebooks/parameters.yml.
        set: parameters by hand, name=value, for every chapter that is run.
        out: folder of the executed chapters, figures and cache.
    """
    try:
        from na2q.book import pages
    except ImportError as error:
        raise ImportError(f"figures needs the packages of the book: pip install 'na2q[book]' ({error})") from error
    check_folder(out)
    for line in pages.run_all(parameters, notebooks, pages.parse(set), out):
        print(line, flush=True)


def methods() -> None:
    """List the methods, with the paper that each implements."""
    for name in METHOD_OPTIONS:
        source = Path(na2q.__file__).parent / "methods" / f"{name}.py"  # read, as an import would wait for torch
        doc = ast.get_docstring(ast.parse(source.read_text("utf-8"))) if source.exists() else _registered(name)
        print(f"{name:8} {(doc or '').partition(chr(10))[0]}")


def _registered(name: str) -> str | None:
    """Docstring of the module of a method that somebody else added."""
    from na2q.methods import METHODS

    return sys.modules[METHODS[name].__module__].__doc__


def envs() -> None:
    """List the families of environments, how their names are written, and what the real game lacks here."""
    from na2q.envs import ENVS, smac

    for name, family in ENVS.items():
        print(f"{name:8} {family.names}")
    print(f"StarCraft II: {smac.missing('8m') or 'installed'}")
