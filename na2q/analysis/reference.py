"""Tables of the book's reference pages, read off the package itself so that they cannot drift."""

import ast
import dataclasses
import inspect
from typing import Any

import pandas as pd


def settings_table(options: Any) -> pd.DataFrame:
    """List the fields of a configuration object: name, value there, meaning with its source."""
    meaning = field_docs(type(options))
    rows = [(field.name, getattr(options, field.name), meaning[field.name]) for field in dataclasses.fields(options)]
    table = pd.DataFrame(rows, columns=["setting", "default", "meaning"]).set_index("setting")
    return table.assign(default=table["default"].map(str))


def field_docs(cls: type) -> dict[str, str]:
    """Read the docstring below each field of a dataclass."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[ast.unparse(field.target)] = inspect.cleandoc(str(after.value.value))
    return docs
