"""Sentences of pages follow their numbers, or the page fails."""

import matplotlib.pyplot as plt
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from na2q.book import prose
from na2q.stats import Estimate
from na2q.style import literal

NAN = float("nan")


def test_true_sentence_is_returned_and_an_untrue_one_fails_with_its_numbers() -> None:
    assert prose.hold("Two is more than one.", 2 > 1) == "Two is more than one."
    with pytest.raises(prose.UntrueError, match=r"'One is more.' does not hold: a = 1, b = 2"):
        prose.hold("One is more.", 1 > 2, a=1, b=2)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(0.2, 0.1, 0.3), "above"),
        (Estimate(-0.2, -0.3, -0.1), "below"),
        (Estimate(0.1, -0.1, 0.3), "between"),
        (Estimate(0.1, 0.0, 0.3), "between"),
        (Estimate(9.0, NAN, NAN), "between"),
    ],
)
def test_words_are_chosen_by_the_interval(found: Estimate, words: str) -> None:
    assert prose.by_side(found, "above", "below", "between") == words


def test_half_is_a_reference_as_good_as_zero() -> None:
    assert prose.by_side(Estimate(0.8, 0.6, 1.0), "above", "below", "between", zero=0.5) == "above"


def test_counts_say_all_some_and_none() -> None:
    assert prose.counted([True, True]) == "all 2 models"
    assert prose.counted([True, False, False]) == "1 of 3 models"
    assert prose.counted([False, False], "maps") == "none of 2 maps"
    assert prose.counted([], "maps") == "no maps"
    assert [prose.counted([one]) for one in (True, False)] == ["1 of 1 model", "0 of 1 model"]
    assert [prose.are(count) for count in (0, 1, 2)] == ["0 are", "1 is", "2 are"]


def test_series_and_ranks_read_as_english() -> None:
    assert prose.series(["a", "b", "c"]) == "a, b and c"
    assert prose.series(["a"]) == "a"
    assert prose.series([], nobody="nobody") == "nobody"
    assert [prose.ordinal(n) for n in (1, 3, 4, 11, 22)] == ["first", "third", "4th", "11th", "22nd"]


def test_ties_share_the_first_place_as_they_are_written() -> None:
    assert prose.largest({"a": 0.901, "b": 0.904, "c": 0.8}) == "a and b"
    assert prose.largest({"a": 0.901, "b": 0.904}, digits=3) == "b"
    with pytest.raises(ValueError, match="no value"):
        prose.largest({})


HOSTILE = (
    "<script>alert(1)</script>",
    "a <b>b</b> & c &lt;",
    "[x](javascript:alert(1)) ![y](z) [x]: y",
    "*a* __b__ ~~c~~ `d` $e$ {ref}`f` a_b_c",
    "# no title",
    "- no list",
    "+ no list",
    "12. no list",
    "3) no list",
    "> no quotation",
    "a | b\n|---|---|\n| c | d |",
    "over\n====\nunder",
    "    four spaces\n\n```\ncode\n```",
    "http://example.org <http://example.org> me@example.org \\",
    "C:\\runs\\vdn*2 'quoted'",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_notes_from_data_are_shown_as_they_are(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    opening, inline, closing = parser.parse(prose.Paragraph(text)._repr_markdown_())
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    shown: list[Token] = inline.children or []
    assert {token.type for token in shown} <= {"text", "text_special"}
    assert "".join(token.content for token in shown) == " ".join(text.split())


@pytest.mark.parametrize("name", ["a$b_$", "$", "one$ two$^", r"x-$\nothing$"])
def test_dollars_of_names_are_drawn_and_begin_no_formula(name: str) -> None:
    figure, axes = plt.subplots()
    axes.set_title(literal(name))
    figure.canvas.draw()  # raises ValueError for a formula that is none
    plt.close(figure)
