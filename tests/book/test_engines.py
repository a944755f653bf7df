"""The comparison with other engines is shown as it was measured, and this engine still does what it says."""

import pytest
from benchmark_scripts import benchmark

from na2q.book import engines


def test_every_engine_played_its_maps() -> None:
    table, measure = engines.measured(), benchmark("other_engines")
    for engine, maps in measure.MAPS.items():
        rows = table[table["engine"] == engine]
        assert set(rows["map"]) == set(maps)
        assert rows[rows["what"] != engines.SPEED].groupby("map").size().tolist() == [3] * len(maps)
        assert set(rows[rows["what"] == engines.SPEED]["map"]) == set(measure.TIMED)
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_tables_have_a_column_for_each_engine() -> None:
    table = engines.measured()
    rates, speeds = engines.win_rates(table), engines.speeds(table)
    assert set(engines.NAMES.values()) < set(rates.columns)
    assert set(rates[rates["map"] == "3m"]["SMAClite"]) == {"not in it"}
    assert set(speeds[speeds["copies"] > 1]["SMAClite"]) == {"one only"}
    assert "SMAX 0.2.0 (200 battles)" in engines.versions(table)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rule"), [("2s3z", "nearest"), ("3m", "focus")])
def test_this_engine_still_wins_as_often(name: str, rule: str) -> None:
    measure, table = benchmark("other_engines"), engines.measured()
    row = table[(table["engine"] == "na2q") & (table["map"] == name) & (table["what"] == rule)].iloc[0]
    value, _, _ = measure.win_rate(measure.Na2q(name), rule, 200)
    assert value == pytest.approx(row["value"], abs=row["high"] - row["low"])


@pytest.mark.slow
def test_speed_is_measured() -> None:
    measure = benchmark("other_engines")
    middle, low, high = measure.speed(measure.Na2q("3m", 2), 0.01)
    assert 0 < low <= middle <= high
