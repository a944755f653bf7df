"""Sphinx extension: fields of named tuples say on the reference pages what their line in the source says of them.

Python gives each field a text such as "Alias for field number 0". The comment at the end of the field's line takes its
place; where there is none, the name has to be enough.
"""

import inspect
import re
import tokenize
from functools import cache
from io import StringIO
from pydoc import locate
from typing import Any

from sphinx.application import Sphinx

ALIAS = re.compile(r"Alias for field number \d+")
AFTER_NAPOLEON = 900


@cache
def remarks(owner: type) -> dict[str, str]:
    """Comments at the ends of the lines that declare the attributes of a class, by attribute."""
    found, line = {}, []
    for token in tokenize.generate_tokens(StringIO(inspect.cleandoc(inspect.getsource(owner))).readline):
        if token.type == tokenize.COMMENT and len(line) > 2 and line[1] == ":" and line[0].isidentifier():
            found.setdefault(line[0], token.string.lstrip("# "))
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            line = []
        elif token.type not in (tokenize.INDENT, tokenize.DEDENT):
            line.append(token.string)
    return found


def sentence(remark: str) -> str:
    """Write a comment as a sentence in reStructuredText, in which nothing but `code` is markup."""
    plain = re.sub(r"([*|\\_])", r"\\\1", remark)
    code = re.sub(r"`([^`]+)`", lambda found: f"``{found[1].replace(chr(92), '')}``", plain)
    return f"{code[:1].upper()}{code[1:].rstrip('.')}."


def describe(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put a comment, or nothing, in the place of the text of one field."""
    if not ALIAS.fullmatch(" ".join(lines).strip()):
        return
    owner, _, field = name.rpartition(".")
    found = locate(owner)
    remark = remarks(found).get(field) if isinstance(found, type) else None
    lines[:] = [sentence(remark), ""] if remark else []


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each docstring once the others have."""
    app.connect("autodoc-process-docstring", describe, priority=AFTER_NAPOLEON)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
