"""Registries name methods, and nothing else does: other code asks a method's class, a table of data, or a registry."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import na2q
from na2q.config import METHOD_OPTIONS

PACKAGE = Path(na2q.__file__).parent
REGISTRIES = {
    "methods/__init__.py": "the classes by name",
    "config/methods.py": "the settings by name, and which method the paper is on",
    "config/deviations.py": "each row says which method it concerns",
    "config/published.py": "what papers tuned for their own method",
    "config/stored.py": "what the presets of version 1 meant for which method, which never changes again",
    "campaign/sweeps.py": "what each sweep consists of",
    "envs/matrix.py": "a game bears the name of the paper that it is from",
    "style.py": "how each method is drawn",
}
THE_PACKAGE = {  # where na2q is this package and not its method
    "__init__.py": "the module that lacks a name",
    "book/engines.py": "a column of data/battle_peers.csv",
    "book/execution.py": "the folder of the code",
    "book/peers.py": "a package in data/peers.csv",
    "campaign/tune.py": "the name of a study",
    "cli/words.py": "the command",
    "explain/recording.py": "the field with the version",
    "paths.py": "the folder of the code",
    "training/addresses.py": "the folder of downloads, and who asks a server for them",
    "training/loggers.py": "the project in Weights & Biases",
    "training/origin.py": "the field with the version, and the command",
}
NAMED = re.compile(rf"""(?:^|['"])({"|".join(METHOD_OPTIONS)})(?:$|['"_ ])""")


def named_in(path: Path) -> Iterator[tuple[str, str]]:
    """Names of methods at the head of a string, or of a string within it, that is no docstring; with the string."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from ((match[1], node.value) for match in NAMED.finditer(node.value))


def elsewhere() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if str(path.relative_to(PACKAGE)) not in REGISTRIES]


@pytest.mark.parametrize("path", elsewhere(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_registries_name_methods(path: Path) -> None:
    of_package = {PACKAGE.name} if str(path.relative_to(PACKAGE)) in THE_PACKAGE else set()
    assert [text for name, text in named_in(path) if name not in of_package] == []


@pytest.mark.parametrize("name", [*REGISTRIES, *THE_PACKAGE])
def test_every_exception_is_still_needed(name: str) -> None:
    assert list(named_in(PACKAGE / name))


def test_pages_ask_what_a_model_is_and_never_compare_its_name() -> None:
    names = "|".join(METHOD_OPTIONS)
    compared = re.compile(rf"""[=!]==? ?["'](?:{names})["']""")
    scripts = [*PACKAGE.rglob("*.mjs"), *PACKAGE.rglob("*.js")]
    assert scripts
    assert {path.name: found for path in scripts if (found := compared.findall(path.read_text()))} == {}
