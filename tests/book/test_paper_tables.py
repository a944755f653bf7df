"""The paper's tables hold the paper's numbers, and the cost of a figure grows with its runs."""

import pandas as pd
import pytest

from na2q.book import paper_tables
from na2q.envs.battle import MAPS
from na2q.methods import METHODS

FORAGING_ONLY = {"max player level", "max episode length (steps)", "total steps"}


def test_table_1_has_the_numbers_of_the_paper() -> None:
    table = paper_tables.foraging_settings("lbf-4p-2f")["value"]
    assert list(table.index)[:3] == ["max player level", "max episode length (steps)", "batch size (episodes)"]
    assert table["max episode length (steps)"] == 50
    assert table["batch size (episodes)"] == 32
    assert table["test interval (steps)"] == 10_000
    assert table["replay size (episodes)"] == 5_000
    assert table["discount factor"] == 0.99
    assert table["exploration"] == "1 to 0.05"


def test_table_3_has_a_column_for_each_map_and_the_same_rows() -> None:
    table = paper_tables.starcraft_settings(["8m", "6h_vs_8z"])
    assert list(table) == ["easy (8m)", "super hard (6h_vs_8z)"]
    assert set(table.T["difficulty"]) == {"7"}
    assert set(paper_tables.foraging_settings("lbf-4p-2f").index) - set(table.index) == FORAGING_ONLY


def test_table_2_counts_units_by_type() -> None:
    table = paper_tables.maps_table()
    assert list(table.index) == list(MAPS)
    assert table.loc["2s3z", "allies"] == "3 zealot, 2 stalker"
    assert table.loc["8m", "n"] == 8


def test_table_4_has_layers_of_both_orders_whose_weights_count_without_sign() -> None:
    table = paper_tables.shape_layers("lbf-3p-3f")
    assert table["inputs"].to_list() == [1, 8, 4, 2, 8, 4]
    assert list(table["outputs"]) == [8, 4, 1] * 2
    assert (table["terms"] == 3).all()
    assert (table["smallest weight"] >= 0).all()
    assert table.equals(paper_tables.shape_layers("lbf-3p-3f"))


def test_hours_follow_speed_and_battles_are_scaled_by_na2q() -> None:
    rows = [("method", name, 100.0) for name in METHODS] + [("map", name, 50.0) for name in MAPS]
    speed = pd.DataFrame(rows, columns=["varied", "value", "steps_per_second"])
    once = paper_tables.core_hours("figure12", speed)
    assert once > 0
    twice = speed.assign(steps_per_second=speed["steps_per_second"] / 2)
    assert paper_tables.core_hours("figure12", twice) == pytest.approx(2 * once)
    maps = speed.assign(steps_per_second=speed["steps_per_second"].where(speed["varied"] == "method", 25.0))
    assert paper_tables.core_hours("figure12", maps) == pytest.approx(2 * once)
