"""What the reference of the book documents says its shapes, its errors and its source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REFERENCE = "\n".join(path.read_text() for path in sorted((ROOT / "book" / "api").rglob("*.md")))
DOCUMENTED = re.findall(r"^\.\. automodule:: (\S+)$", REFERENCE, flags=re.M)
UNTYPED_ARRAY = re.compile(r"\b(?:ndarray|Tensor|Numbers)\b")
TYPED_ARRAY = re.compile(r"\b(?:Float|Int|Bool)\[")
SHAPE = re.compile(r"\([\w.']+(?:, ?[\w.']+)*,?\)|[Ss]hape|elementwise|grid")
SOURCE = re.compile(r"\bEqs?\. |\bTable \d|\bApp(?:\.|endix) |\bTheorem|\bLemma|\b(?:19|20)\d\d\b")


def file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """Functions and methods without a leading underscore."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)


FUNCTIONS = [
    pytest.param(node, id=f"{module}.{node.name}")
    for module in DOCUMENTED
    if file_of(module).exists()
    for node in public(ast.parse(file_of(module).read_text()).body)
]


@pytest.mark.parametrize("module", DOCUMENTED)
def test_documented_modules_exist(module: str) -> None:
    assert file_of(module).exists()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_errors_raised_are_documented(function: ast.FunctionDef) -> None:
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            error = ast.unparse(node.exc.func)
            said = ast.get_docstring(function) or ""
            assert error in said or re.search(r"\b[Rr]efuses?\b", said), error


@pytest.mark.parametrize("function", FUNCTIONS)
def test_shapes_of_arrays_are_in_the_annotation_or_the_docstring(function: ast.FunctionDef) -> None:
    for argument in function.args.args:
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        annotation = re.sub(r"\bStep\[.*\]", "Step", annotation)  # a record that says what a method adds, no array
        if UNTYPED_ARRAY.search(annotation) and not TYPED_ARRAY.search(annotation):
            assert SHAPE.search(ast.get_docstring(function) or ""), argument.arg


@pytest.mark.parametrize("module", [m for m in DOCUMENTED if m.startswith(("na2q.methods.", "na2q.theory."))])
def test_methods_and_theory_name_their_source(module: str) -> None:
    assert SOURCE.search(ast.get_docstring(ast.parse(file_of(module).read_text())) or ""), module


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_says_a_property_begins_without_a_colon(function: ast.FunctionDef) -> None:
    # Sphinx takes what stands before a colon for the type of the property, and looks for it
    if "property" in {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}:
        first = (ast.get_docstring(function) or "").partition("\n")[0]
        assert not re.match(r"[^`(\[]*:\s", first), first


@pytest.mark.parametrize("module", [m for m in DOCUMENTED if file_of(m).exists()])
def test_docstrings_are_read_as_they_are_written(module: str) -> None:
    """Sphinx joins the lines of an indented block without two colons before it, and makes a dash of two hyphens."""
    tree = ast.parse(file_of(module).read_text())
    holders = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    for text in filter(None, map(ast.get_docstring, holders)):
        blocks = re.findall(r"(?m)^(\S.*)\n\n +\S", text)
        joined = [before for before in blocks if not re.match(r"- |\d+\. |.*::$", before)]
        assert not joined, f"end with two colons: {joined}"
        names = [span for span in re.findall(r"``[^`]+``|`[^`]+`", text) if not span.startswith("``")]
        assert not [name for name in names if "--" in name or '"' in name], "code stands between double backticks"
