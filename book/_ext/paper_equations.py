"""Sphinx extension: an equation labelled eq-paper-N carries the paper's number N, wherever the book shows it.

Docstrings that cite an equation, as in "Eq. (7)" or "Eqs. 4 and 7", lead to it from the
reference pages.

Sphinx numbers equations in the order of the book. Readers of the paper know Eq. (7) as Eq. (7), so the
number of such a label is replaced as soon as its page has been read. Equations of our own that have a label are called
by it, as in (qplex importance), so that a number in brackets is the paper's on every page.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform

OWN = "eq-"
PREFIX = f"{OWN}paper-"
NUMBER = r"\(?\d+\)?"
CITED = re.compile(rf"\bEqs?\. {NUMBER}(?:(?:, | and |-){NUMBER})*")


class PaperNumbers(SphinxTransform):
    """Give labelled equations the number, or the name, in their label."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Renumber the equations of one document and their entries in the math domain."""
        equations = self.env.get_domain("math").data["objects"]
        for node in self.document.findall(nodes.math_block):
            label = node.get("label") or ""
            if label:
                node["number"] = called(label)
                equations[label] = (self.env.docname, node["number"])


def called(label: str) -> str:
    """Say what stands in the brackets beside a labelled equation: the paper's number, or the name of our own."""
    return label.removeprefix(PREFIX if label.startswith(PREFIX) else OWN).replace("-", " ")


def keep_numbers(app: Sphinx, config: Config) -> None:
    """Stop `numfig` from numbering equations anew when pages are written."""
    config.math_numfig = False


def linked(text: str) -> str:
    """Turn the numbers of cited equations into references, in reStructuredText, and keep bars as they are."""
    pieces = re.split(r"(`+[^`]+`+)", text)
    pieces[::2] = [piece.replace("|", r"\|") for piece in pieces[::2]]  # |x| would name a substitution
    return CITED.sub(lambda cited: re.sub(r"\((\d+)\)|(\d+)", rf":eq:`{PREFIX}\1\2`", cited[0]), "".join(pieces))


def link_docstring(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Link the equations that one docstring cites."""
    lines[:] = [linked(line) for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform and the links."""
    app.add_transform(PaperNumbers)
    app.connect("config-inited", keep_numbers)
    app.connect("autodoc-process-docstring", link_docstring)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
