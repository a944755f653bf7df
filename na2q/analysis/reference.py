"""Tables of the book's reference pages, read off the package itself so that they cannot drift."""

import ast
import dataclasses
import inspect
from itertools import pairwise
from typing import Any

import pandas as pd


def settings_table(options: Any) -> pd.DataFrame:
    """List the fields of a configuration object: name, value there, meaning with its source."""
    meaning = field_docs(type(options))
    rows = [(field.name, getattr(options, field.name), meaning[field.name]) for field in dataclasses.fields(options)]
    table = pd.DataFrame(rows, columns=["setting", "default", "meaning"]).set_index("setting")
    return table.assign(default=table["default"].map(str))


def field_docs(cls: type) -> dict[str, str]:
    """Read the docstring below each field of a dataclass and its bases."""
    docs: dict[str, str] = {}
    for base in reversed([c for c in cls.__mro__ if dataclasses.is_dataclass(c)]):
        body = ast.parse(inspect.getsource(base)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, after in pairwise(body.body):
            if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr):
                docs[ast.unparse(field.target)] = inspect.cleandoc(ast.literal_eval(after.value))
    return docs
