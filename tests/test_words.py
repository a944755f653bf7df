"""One word for one thing: names of classes are given once, and prose has no second word for what has one."""

import ast
import io
import json
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "na2q"

TWINS = {  # what is not written -> what is
    r"time[- ]?steps?\b": "step",
    r"replay buffer": "replay",
    r"hyper-?parameters?": "setting",
    r"run director(y|ies)": "run folder",
    r"confidence intervals?": "interval",
    r"training curves?": "learning curve",
    r"joint Q-values?": "value of the joint action",
    r"(local|per-agent) (Q-)?values?\b": "utility",
    r"target net\b": "target network",
    r"attention mask": "mask, which is what semantics decode to",
    r"unit tests? of explanations": "test of explanations",
    r"interaction steps?": "environment step",
    r"rollout worker": "copy of the environment",
    r"win ?rates? test": "test win rate",
}
"""Second words for things that have one. The glossary of the book holds the first ones."""


def python_texts(path: Path) -> Iterator[str]:
    """Docstrings, also of fields, and comments."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def texts() -> Iterator[tuple[str, str]]:
    """All prose of the project with the name of its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from ((str(path.relative_to(ROOT)), text) for text in python_texts(path))
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "book").glob("*.md"),
        *(ROOT / "book").glob("*/*.md"),
    ]
    for path in sorted(pages):
        yield str(path.relative_to(ROOT)), path.read_text()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "markdown":
                yield path.name, "".join(cell["source"])


@pytest.mark.parametrize("twin", TWINS)
def test_prose_has_one_word_for_one_thing(twin: str) -> None:
    found = {f"{name}: {match[0]}" for name, text in texts() for match in re.finditer(twin, text, re.IGNORECASE)}
    assert not found, f"write {TWINS[twin]!r}"


def test_no_two_public_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
