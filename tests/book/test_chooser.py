"""Curves to choose from hold the numbers of the runs, and a reader without JavaScript is told so."""

import json
import re

import pandas as pd
import pytest
from synthetic_runs import runs

from na2q.book.chooser import chooser
from na2q.evaluation import protocol

TABLE = pd.concat(
    [
        runs({"na2q": {1: [0.1, 0.5, 0.9], 2: [0.3, 0.5, 0.7]}, "shaq": {1: [0.0, 0.1, 0.2]}}, "lbf-4p-2f"),
        runs({"shaq": {1: [0.5, 0.5, 0.5]}}, "lbf-3p-3f"),
    ],
    ignore_index=True,
)


def data(fragment: str) -> dict:
    (found,) = re.findall(r'<script type="application/json">(.*?)</script>', fragment, flags=re.S)
    return json.loads(found)


def test_each_line_has_the_numbers_of_its_runs_and_says_how_many_there_are() -> None:
    found = {panel["title"]: panel["lines"] for panel in data(chooser(TABLE, first=["na2q"]).fragment)["panels"]}
    ours, theirs = found["lbf-4p-2f, pilot"]
    curves = protocol.curves(TABLE)
    table = curves[(curves["env"] == "lbf-4p-2f") & (curves["curve"] == "na2q")]
    assert ours["steps"] == table["point"].tolist()
    assert ours["iqm"] == pytest.approx(table["iqm"].tolist(), abs=1e-3)
    assert (ours["n"], theirs["n"]) == (2, 1)
    assert theirs["low"] == [None] * 3  # a single run has no interval
    assert (ours["chosen"], theirs["chosen"]) == (True, False)
    (only,) = found["lbf-3p-3f, pilot"]
    assert only["chosen"], "where none of the first is there, all are drawn"


def test_without_javascript_a_sentence_is_shown() -> None:
    fragment = chooser(TABLE).fragment
    assert "<noscript><p>With JavaScript" in fragment
    assert '<div class="works" hidden>' in fragment
    assert "src=" not in fragment, "everything is in the page"


def test_two_on_a_page_have_names_of_their_own() -> None:
    ids = [re.findall(r' id="([^"]+)"', chooser(TABLE).fragment) for _ in range(2)]
    assert ids[0] != ids[1]


def test_no_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="no run to choose from"):
        chooser(TABLE[:0])
