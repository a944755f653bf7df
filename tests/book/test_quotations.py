"""What stands in quotation marks stands somewhere: in the paper, word for word, or in this project."""

import csv
import html
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUOTED = list(csv.DictReader((ROOT / "data" / "quotations.csv").open(encoding="utf-8")))
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").rglob("*.md")), ROOT / "README.md"]
PROSE_BLOCKS = ("prf:", "exercise", "solution", "glossary", "note", "glue:figure", "admonition", "tip", "warning")


def without_code(text: str) -> str:
    """Lines outside of fenced blocks of code; blocks that hold prose are kept."""
    kept, fences = [], []  # open fences, each with whether it holds code
    for line in text.splitlines():
        fence = re.match(r"\s*(`{3,}|~{3,})(.*)", line)
        if fence and fences and not fence[2].strip() and len(fence[1]) >= len(fences[-1][0]):
            fences.pop()
        elif fence and not any(code for _, code in fences):
            fences.append((fence[1], not fence[2].strip().lstrip("{").startswith(PROSE_BLOCKS)))
        elif not any(code for _, code in fences):
            kept.append(line)
    return "\n".join(kept)


def prose(path: Path) -> str:
    """Text of a page without code, formulas on lines of their own, options of directives and HTML tags."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = without_code(text)
    for pattern in (r"(?s)\$\$.*?\$\$", r"`[^`]*`", r"(?m)^:\w+:.*$", r"</?[a-zA-Z][^<>]*>"):
        text = re.sub(pattern, " ", text)
    return text


def passages(text: str) -> list[str]:
    """Everything of two or more words in double quotation marks; inner curly marks belong to the passage."""
    straight = re.findall(r'"([^"]+)"', text)
    curly = re.findall(r"“([^“”]+)”", re.sub(r'"[^"]+"', " ", text))
    return [one for one in map(plain, straight + curly) if len(one.split()) > 1]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(text)).strip()


def names() -> str:
    """Titles of tests in words, and the package's own text: labels and messages."""
    tests = re.findall(r"def test_(\w+)", "\n".join(p.read_text(encoding="utf-8") for p in ROOT.glob("tests/**/*.py")))
    files = (path for kind in ("py", "js", "mjs", "html") for path in ROOT.glob(f"na2q/**/*.{kind}"))
    code = [plain(path.read_text(encoding="utf-8")) for path in files]
    return "\n".join([*(name.replace("_", " ") for name in tests), *code])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_quotation_is_literal(path: Path) -> None:
    known, own = [plain(row["passage"]) for row in QUOTED], names()
    for passage in passages(prose(path)):
        assert any(passage in sentence for sentence in known) or passage in own, (
            f"{passage!r} is neither in data/quotations.csv nor a name of this project: quote literally, or say it "
            "in other words without quotation marks"
        )


def test_the_file_holds_single_sentences_that_some_page_quotes() -> None:
    everything = [passage for path in PAGES for passage in passages(prose(path))]
    for row in QUOTED:
        assert row["section"]
        assert len(row["passage"].split()) <= 45
        assert any(passage in plain(row["passage"]) for passage in everything), row["passage"]


def test_code_is_left_out_and_prose_in_blocks_is_not() -> None:
    text = "```{prf:proof}\na\n```\nb\n```python\nc\n```\n````{prf:proof}\nd\n```\ne\n```\n````\nf"
    assert without_code(text).split() == ["a", "b", "d", "f"]


def test_quotations_are_found_wherever_they_stand() -> None:
    text = 'He says "two\nwords" and “three curly words”, `"not code at all"`, and "one".'
    assert passages(re.sub(r"`[^`]*`", " ", text)) == ["two words", "three curly words"]
    assert passages('"where it is “looking” at"') == ["where it is “looking” at"]
