"""What is read in one breath shares a line: numbers and their words, formulas and commas, the words of commands."""

import html
import re
from pathlib import Path

import pytest
from docutils import nodes

SAID = {
    "Figure 3 of section 5.1": "Figure~3 of section~5.1",
    "is Eq. ": "is Eq.~",  # the number is a link, which follows
    "Eqs. (2) and rows A7": "Eqs.~(2) and rows~A7",
    "95 % for n = 3": "95~% for n~=~3",
    "the figure a reader sees": "the figure a reader sees",
    "a table of 3 rows in which": "a table of 3 rows in which",
}


@pytest.fixture(autouse=True)
def extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "book" / "_ext"))


@pytest.mark.parametrize(("plain", "kept"), SAID.items())
def test_numbers_stay_with_the_word_before_them(plain: str, kept: str) -> None:
    from kept_together import SPACE, bound  # type: ignore[import-not-found]

    assert bound(plain).replace(SPACE, "~") == kept


def test_a_formula_keeps_the_comma_behind_it() -> None:
    from kept_together import TOGETHER, keep  # type: ignore[import-not-found]

    words = nodes.paragraph("", "", nodes.Text("With "), nodes.math("", "x"), nodes.Text(", and "), nodes.math("", "y"))
    page = nodes.section("", words)
    keep(None, page, "page")
    pair = words.children[1]
    assert isinstance(pair, nodes.inline)
    assert pair["classes"] == [TOGETHER]
    assert [child.astext() for child in words.children] == ["With ", "x,", " and ", "y"]
    assert isinstance(words.children[-1], nodes.math), "what nothing follows stays as it is"


def test_commands_break_between_words_and_say_what_they_said() -> None:
    from kept_together import whole_words  # type: ignore[import-not-found]

    start, end = '<div class="highlight-bash notranslate"><div class="highlight"><pre>', "</pre></div></div>"
    gap = '<span class="w"> </span>'
    code = gap.join(["na2q", "train", "--seed", '<span class="m">1</span>'])
    text = f"""<span></span>{code} -p tasks <span class="s1">'["a", "b"]'</span>\n<span class="c1"># a comment</span>"""
    marked = whole_words(start + text + end)
    words = re.findall(r'<span class="na2q-word">((?:[^<]|<span[^>]*>[^<]*</span>)*)</span>', marked)
    assert words[:6] == ["na2q", "train", "--seed", '<span class="m">1</span>', "-p", "tasks"]
    assert html.unescape(re.sub("<[^>]+>", "", marked)) == html.unescape(re.sub("<[^>]+>", "", text))
    python = text.join(('<div class="highlight-python notranslate"><div class="highlight"><pre>', end))
    assert whole_words(python) == python
