"""Tables of the book show what is in their cells and run nothing of it."""

import pandas as pd
import pytest

from na2q.book.tables import as_html


@pytest.mark.parametrize("target", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x"])
def test_links_elsewhere_than_web_and_book_stay_text(target: str) -> None:
    drawn = as_html(pd.DataFrame({"a": [f"[x]({target})"]}))
    assert "<a " not in drawn


@pytest.mark.parametrize("target", ["https://example.org/a?b=1", "chapter.html#part", "../other.md"])
def test_links_to_web_and_book_work(target: str) -> None:
    assert f'<a href="{target}">x</a>' in as_html(pd.DataFrame({"a": [f"[x]({target})"]}))


def test_markup_in_cells_is_text() -> None:
    assert "<script>" not in as_html(pd.DataFrame({"<script>": ["<script>alert(1)</script>"]}))
