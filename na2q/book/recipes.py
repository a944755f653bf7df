"""How every derived table in data/ is made, and which of them are stale: `python -m na2q.book.recipes`, or `make data`.

A table is stale where one of its inputs is no longer what it was when the table was made. Inputs are compared by a hash
of their contents and never by time. Of Python files only the code counts, not comments, docstrings or layout. The
hashes are kept in data/recipes.json.

The inputs are what decides what is measured: stored models, maps, and the modules that define a measurement. The rest
of the package is no input, because tests hold it to reference numbers and measure some rows of the tables again.
"""

import argparse
import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from na2q.files import replacing
from na2q.paths import repo_root

HASHES = "data/recipes.json"


class Recipe(NamedTuple):
    """A derived file, the arguments of Python that make it, and what it is made from; all paths are in the checkout."""

    output: str
    command: tuple[str, ...]
    inputs: tuple[str, ...]  # patterns; empty where the numbers belong to the machine that measured them
    minutes: int  # on one core


RULES = ("combat", "maps", "motion", "spawn", "units")
"""Modules of the battle engine that decide how units fight."""

RECIPES = (
    Recipe(
        "data/matrix_games.csv",
        ("-m", "na2q.evaluation.games", "--out", "data/matrix_games.csv"),
        ("na2q/evaluation/games.py", "na2q/envs/matrix.py"),
        7,
    ),
    Recipe(
        "data/explanations.csv",
        ("-m", "na2q.explain.findings", "--out", "data/explanations.csv"),
        (
            "data/models/*/*/*/weights.safetensors",
            *(f"na2q/explain/{name}.py" for name in ("coalitions", "events", "findings", "interventions", "masks")),
            *(f"na2q/explain/{name}.py" for name in ("purification", "shapes")),
            "na2q/stats.py",
        ),
        10,
    ),
    Recipe(
        "data/credits.csv",
        ("-m", "na2q.explain.credits.benchmark", "--out", "data/credits.csv"),
        (
            "data/models/*/*/*/weights.safetensors",
            *(
                f"na2q/explain/credits/{name}.py"
                for name in ("answers", "benchmark", "continuation", "scoring", "truth")
            ),
            *(f"na2q/explain/{name}.py" for name in ("coalitions", "interventions", "purification")),
            "na2q/stats.py",
            "na2q/theory/dividends.py",
        ),
        10,
    ),
    Recipe(
        "data/credit_games.csv",
        ("-m", "na2q.explain.credits.recovery", "--out", "data/credit_games.csv"),
        (
            *(f"na2q/explain/credits/{name}.py" for name in ("games", "recovery")),
            "na2q/theory/dividends.py",
        ),
        15,
    ),
    Recipe(
        "data/battle_calibration.csv",
        ("-m", "na2q.envs.battle.scripts", "--out", "data/battle_calibration.csv", "--battles", "200"),
        tuple(f"na2q/envs/battle/{name}.py" for name in ("scripts", *RULES)),
        10,
    ),
    Recipe(  # rows of networks that were trained in the game stay: benchmarks/game_networks.py makes them
        "data/battle_agreement.csv",
        ("-m", "na2q.envs.battle.known", "--facts", "data/known_of_the_game.csv", "--out", "data/battle_agreement.csv"),
        ("data/known_of_the_game.csv", *(f"na2q/envs/battle/{name}.py" for name in ("known", "scripts", *RULES))),
        5,
    ),
    Recipe("data/speed.csv", ("benchmarks/speed.py", "--out", "data/speed.csv"), (), 8),
)
"""Every derived table. Speeds have no inputs, since another machine would measure others: they are made on request."""


def digest(patterns: tuple[str, ...], root: Path) -> str:
    """Hash the names and contents of all files that match; raise ValueError for a pattern that no file matches."""
    total = hashlib.sha256()
    for pattern in patterns:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise ValueError(f"no file in {root} matches {pattern}")
        for path in paths:
            content = _code(path) if path.suffix == ".py" else path.read_bytes()
            total.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _code(path: Path) -> bytes:
    """Syntax tree of a module without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [part for part in node.body if not _is_text(part)]
    empty = {"show_empty": True} if sys.version_info >= (3, 13) else {}  # earlier versions show it always
    return ast.dump(tree, **empty).replace(", type_params=[]", "").encode()  # which Python 3.12 adds


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def stale(root: Path, recipes: tuple[Recipe, ...] = RECIPES) -> list[Recipe]:
    """Recipes whose output is missing or was made from other inputs."""
    hashes = _hashes(root)
    return [
        recipe
        for recipe in recipes
        if not (root / recipe.output).exists() or hashes.get(recipe.output) != digest(recipe.inputs, root)
    ]


def keep(recipe: Recipe, root: Path) -> None:
    """Note that an output belongs to the inputs as they are now."""
    hashes = _hashes(root) | {recipe.output: digest(recipe.inputs, root)}
    with replacing(root / HASHES) as part:
        part.write_text(json.dumps(dict(sorted(hashes.items())), indent=1) + "\n", encoding="utf-8")


def remake(recipe: Recipe, root: Path) -> None:
    """Run the command of a recipe in the checkout; raise CalledProcessError where it fails."""
    subprocess.run([sys.executable, *recipe.command], cwd=root, check=True)
    keep(recipe, root)


def _hashes(root: Path) -> dict[str, str]:
    path = root / HASHES
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def main() -> None:
    """Remake what is stale, or what is named."""
    parser = argparse.ArgumentParser(description="Make the derived tables in data/ again where their inputs changed.")
    known = {Path(recipe.output).name: recipe for recipe in RECIPES}
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; by default what is stale")
    parser.add_argument("--list", action="store_true", help="only say what is stale")
    parser.add_argument(
        "--keep", action="store_true", help="run nothing: the change of inputs leaves the numbers alone"
    )
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"{', '.join(unknown)}: must be of {', '.join(known)}")
    root = repo_root()
    for recipe in [known[name] for name in given.names] or stale(root):
        print(f"{recipe.output}: python {' '.join(recipe.command)} (about {recipe.minutes} minutes)")
        if not given.list:
            (keep if given.keep else remake)(recipe, root)


if __name__ == "__main__":
    main()
