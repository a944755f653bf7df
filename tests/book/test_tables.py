"""Tables of the book show what is in their cells and run nothing of it."""

import re

import numpy as np
import pandas as pd
import pytest

from na2q.book.frames import as_html, typeset


@pytest.mark.parametrize("target", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x"])
def test_links_elsewhere_than_web_and_book_stay_text(target: str) -> None:
    drawn = as_html(pd.DataFrame({"a": [f"[x]({target})"]}))
    assert "<a " not in drawn


@pytest.mark.parametrize("target", ["https://example.org/a?b=1", "chapter.html#part", "../other.md"])
def test_links_to_web_and_book_work(target: str) -> None:
    assert f'<a href="{target}">x</a>' in as_html(pd.DataFrame({"a": [f"[x]({target})"]}))


def test_markup_in_cells_is_text() -> None:
    assert "<script>" not in as_html(pd.DataFrame({"<script>": ["<script>alert(1)</script>"]}))


@pytest.mark.parametrize(
    ("written", "set_in_print"),
    [
        ("-0.10 [-0.13, -0.00]", "\N{MINUS SIGN}0.10 [\N{MINUS SIGN}0.13,\xa00.00]"),
        ("1e-16, 7e-15 and 6.3e-04", "10⁻¹⁶, 7·10⁻¹⁵ and 6.3·10⁻⁴"),
        ("0e+00 is -0, not -0.5", "0 is 0, not \N{MINUS SIGN}0.5"),
        ("2026-11-27, lbf-4p-2f, --seed, a-1, 3-4, run -p", "2026-11-27, lbf-4p-2f, --seed, a-1, 3-4, run -p"),
    ],
)
def test_numbers_are_set_as_in_print_and_nothing_else_changes(written: str, set_in_print: str) -> None:
    assert typeset(written) == set_in_print
    assert typeset(set_in_print) == set_in_print


def heading(table: pd.DataFrame) -> list[list[str]]:
    """Words of each row of headings."""
    head = as_html(table).split("</thead>")[0]
    return [re.findall(r"<th[^>]*>(.*?)</th>", row) for row in head.split("<tr")[1:]]


def test_names_of_the_index_stand_in_the_row_of_headings() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]}, pd.Index(["x", "y"], name="row"))
    assert heading(table) == [["row", "a"]]
    assert heading(table.set_index(pd.Index([1, 2], name="n"), append=True)) == [["row", "n", "a"]]
    assert heading(table.rename_axis(columns="column")) == [["row \\ column", "a"]]
    assert heading(table.rename_axis(None)) == [["", "a"]]


def test_two_rows_of_headings_stay_two() -> None:
    columns = pd.MultiIndex.from_product([["p", "q"], ["x", "y"]])
    table = pd.DataFrame(np.zeros((1, 4)), pd.Index(["one"], name="row"), columns)
    assert heading(table) == [["", "p", "q"], ["row", "x", "y", "x", "y"]]


def test_methods_and_kinds_of_models_are_called_as_in_figures_and_gaps_are_dashes() -> None:
    table = pd.DataFrame({"na2q_paper": [np.nan]}, pd.Index(["na2q preset paper"], name="curve"))
    drawn = as_html(table)
    assert "<th>NA²Q (paper)</th>" in drawn
    assert "na2q" not in drawn
    assert "<td>\N{EN DASH}</td>" in drawn
    assert table.index[0] == "na2q preset paper"  # what is shown is a copy
    assert "na2q" in as_html(pd.DataFrame({"a": ["na2q"]}))  # a name that may be typed, under any other heading


def test_long_texts_are_not_cut_short() -> None:
    assert "x" * 200 in as_html(pd.DataFrame({"a": ["x" * 200]}))
