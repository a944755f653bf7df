"""Where everything numbered in the paper is found: page of the book, code, test (data/concordance.csv)."""

import json
import re
from pathlib import Path

import pandas as pd

from na2q.paths import repo_root

SOURCES = "https://github.com/na2q/na2q/blob/main"
ROLES = {"eq": "eq", "fig": "numref", "thm": "prf:ref", "lem": "prf:ref", "prop": "prf:ref", "cor": "prf:ref"}
ROLES |= {"ass": "prf:ref", "alg": "prf:ref", "def": "prf:ref"}
"""Role that refers to a label, by what the label begins with; any other label is that of a section."""


def concordance() -> pd.DataFrame:
    """Read the table: item of the paper, subject, labels in the book, code objects, tests, what was found."""
    table = pd.read_csv(repo_root() / "data" / "concordance.csv", dtype=str, keep_default_na=False)
    return table.set_index("item")


def labels() -> dict[str, str]:
    """Find every label in the book's sources; return the page (without suffix, below book/) of each."""
    book = repo_root() / "book"
    pages = [path for folder in ("", "api", "methods") for path in sorted((book / folder).glob("*.md"))]
    found = {}
    for path in [*pages, *sorted((repo_root() / "notebooks").glob("*.ipynb"))]:
        page = f"notebooks/{path.stem}" if path.suffix == ".ipynb" else str(path.relative_to(book).with_suffix(""))
        found |= dict.fromkeys(labels_in(path), page)
    return found


def labels_in(path: Path) -> list[str]:
    """List the labels that a page, a notebook or MyST text, defines."""
    if path.suffix == ".md":
        text, figures = path.read_text(), []
    else:
        cells = json.loads(path.read_text())["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        figures = [cell["metadata"].get("mystnb", {}).get("figure", {}).get("name", "") for cell in cells]
    marked = re.findall(r"^\((\S+)\)=$|^:(?:label|name): (\S+)", text, flags=re.M)
    return [*(target or option for target, option in marked), *filter(None, figures)]


def chapter_number(page: str) -> int | None:
    """Return the number of a chapter, which its file's name begins with; None for other pages."""
    chapter = re.match(r"notebooks/(\d+)_", page)
    return int(chapter[1]) if chapter else None


def as_markdown(page: str | None = None) -> str:
    """Write the table in MyST, with links; only what is on one page, such as "methods/vdn", where given.

    Raises:
        ValueError: nothing of the paper is on that page.
    """
    pages, table = labels(), concordance()
    if page is not None:
        table = table[[page in {pages[label] for label in where.split()} for where in table["where"]]]
        if not len(table):
            raise ValueError(f"nothing of the paper is on page {page!r}; pages are {sorted(set(pages.values()))}")
    lines = ["| of the paper | in this book, and what was found | code | what tests protect |", "|---|---|---|---|"]
    for item, row in table.iterrows():
        places = [_reference(label, pages[label]) for label in row["where"].split()]
        cells = [
            f"**{item}**, {row['subject']}",
            ": ".join(filter(None, [", ".join(places), row["verdict"]])),
            ", ".join(_object(name) for name in row["code"].split()),
            "; ".join(_test(name) for name in row["tests"].split()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _reference(label: str, page: str) -> str:
    """Link to a label; chapters by their number."""
    role = ROLES.get(label.partition("-")[0], "ref")
    chapter = chapter_number(page)
    if role == "ref" and chapter is not None:
        return f"{{ref}}`chapter {chapter} <{label}>`"
    return f"{'Eq. ' * (role == 'eq')}{{{role}}}`{label}`"


def _object(name: str) -> str:
    """Link to a code object; settings are described on a page of their own."""
    short = name.rpartition(".")[2]
    return f"{{doc}}`{short} </configuration>`" if name.startswith("na2q.config.") else f"{{py:obj}}`~{name}`"


def _test(name: str) -> str:
    """Link to the file of a test; its name reads as the property that it protects."""
    file, _, function = name.partition("::")
    return f"[{function.removeprefix('test_').replace('_', ' ')}]({SOURCES}/tests/{file})"
