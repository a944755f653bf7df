"""Long tables are folded under their title, and settings that all methods share are told once."""

import pandas as pd

from na2q.book import folding
from na2q.book.differences import preset_values
from na2q.config import METHOD_OPTIONS

ENV = "lbf-4p-2f"


def test_what_is_long_is_folded_and_says_how_long_it_is() -> None:
    rows = pd.DataFrame({"value": range(folding.UNFOLDED)})
    assert "<details>" not in folding.table("short", rows)
    assert "(13 rows)</summary>" in folding.table("long", pd.concat([rows, rows[:1]]))
    assert f"({folding.UNFOLDED} rows)</summary>" in folding.table("all folded", rows, most=0)
    assert "(20 lines)</summary>" in folding.text("help", "a < b\n" * 20)
    assert "a &lt; b" in folding.text("help", "a < b")


def test_a_sentence_above_a_table_may_hold_code_and_nothing_else() -> None:
    drawn = folding.table("t", pd.DataFrame({"value": [1]}), "See `na2q <x>`,\nand < here.")
    assert "<p>See <code>na2q &lt;x&gt;</code>, and &lt; here.</p>" in drawn


def test_each_setting_of_each_method_is_told_once() -> None:
    alike, own = folding.presets_by_method(ENV)
    assert len(alike)
    assert sorted(method for methods, _ in own for method in methods) == sorted(METHOD_OPTIONS)
    for methods, rows in own:
        assert not set(alike.index) & set(rows.index)
        for method in methods:
            whole = preset_values(method, ENV)
            pd.testing.assert_frame_equal(pd.concat([alike, rows]).loc[whole.index], whole)
