"""One table says where paper and released code differ, and presets, controls and pages follow it."""

import ast
import re
from pathlib import Path

import pytest

import na2q
from na2q.book.differences import deviations, deviations_shown, preset_values, presets_table
from na2q.config import DEFAULT_PRESET, DEVIATIONS, ENV_OPTIONS, METHOD_OPTIONS, PRESETS, Deviation, configure, flat

WITH_SETTING = [row for row in DEVIATIONS if row.setting]
IDS = [f"{row.label} {row.concerns} {row.setting}" for row in WITH_SETTING]
ENVS = {"lbf": "lbf-4p-2f", "matrix": "matrix-qtran", "battle": "battle-3m", "smac": "smac-3m"}


def concerned(row: Deviation) -> list[tuple[str, str]]:
    """Methods with environments that a row is about."""
    names = row.concerns.split()
    pairs = [(name, "lbf-4p-2f") for name in names if name in METHOD_OPTIONS]
    return pairs + [("na2q", ENVS[name]) for name in names if name in ENV_OPTIONS]


def test_rows_are_distinct_and_name_methods_or_environments() -> None:
    assert len({(row.label, row.topic) for row in DEVIATIONS}) == len(DEVIATIONS)
    for row in DEVIATIONS:
        assert re.fullmatch(r"[A-D]\d+", row.label)
        assert row.concerns == "all" or set(row.concerns.split()) <= {*METHOD_OPTIONS, *ENV_OPTIONS}
        assert all((row.topic, row.says, row.does)), row
        assert row.setting or row.ours or row.related, row


def test_no_setting_of_a_method_or_environment_is_decided_twice() -> None:
    decided = [(name, row.setting) for row in WITH_SETTING for name in row.concerns.split()]
    assert len(set(decided)) == len(decided)


@pytest.mark.parametrize("preset", ["released", "paper", "exact", "fair"])
@pytest.mark.parametrize("row", WITH_SETTING, ids=IDS)
def test_presets_have_the_values_of_the_table(row: Deviation, preset: str) -> None:
    assert concerned(row)
    for method, env in concerned(row):
        assert flat(configure(method, env, preset))[row.setting] == row.value(PRESETS[preset].column)


@pytest.mark.parametrize("row", WITH_SETTING, ids=IDS)
def test_released_value_of_an_option_is_its_default(row: Deviation) -> None:
    group, _, field = row.setting.partition(".")
    defaults = METHOD_OPTIONS if group == "options" else ENV_OPTIONS if group == "env_options" else {}
    for name in set(row.concerns.split()) & set(defaults):
        assert getattr(defaults[name], field) == row.value("released")


def test_every_setting_named_exists() -> None:
    known = {name for method in METHOD_OPTIONS for env in ENVS.values() for name in flat(configure(method, env))}
    for row in DEVIATIONS:
        assert {row.setting, *row.related} - {""} <= known, row


@pytest.mark.parametrize("row", DEVIATIONS, ids=lambda row: f"{row.label} {row.topic}")
def test_a_row_names_the_file_that_reads_its_setting(row: Deviation) -> None:
    assert bool(row.used) == bool(row.setting)
    if row.used:
        code = ast.parse((Path(na2q.__file__).parent / row.used).read_text())
        read = {node.attr for node in ast.walk(code) if isinstance(node, ast.Attribute)}
        assert row.setting.rpartition(".")[2] in read


def test_what_presets_change_is_in_the_table_and_nowhere_else() -> None:
    for method in METHOD_OPTIONS:
        for env in ENVS.values():
            released = flat(configure(method, env, "released"))
            for preset in ("paper", "exact", "fair"):
                changed = {k for k, v in flat(configure(method, env, preset)).items() if v != released[k]} - {"preset"}
                assert changed <= {row.setting for row in WITH_SETTING if row.names(method)}


def test_every_row_that_the_code_cites_is_in_the_table() -> None:
    labels = {row.label for row in DEVIATIONS}
    for path in Path(na2q.__file__).parent.rglob("*.py"):
        for cited in re.findall(r"[(;] ?([A-D]\d+)\b|# ([A-D]\d+)\b", path.read_text()):
            assert set(cited) - {""} <= labels, path


def test_a_method_shows_its_own_rows() -> None:
    assert "A6" in deviations("na2q").index
    assert set(deviations("iql").index) == {"D10"}
    assert deviations("vdn").empty
    assert len(deviations()) == len(DEVIATIONS)


def test_pages_say_what_each_preset_sets() -> None:
    shown = deviations_shown("na2q")["ours, with the setting"]
    assert shown["A3"] == (
        "`options.relu_on`: state in paper; semantics in released, exact, fair. Used in `na2q/methods/na2q.py`."
    )
    assert "`options.vae_hidden`: 32 in every preset." in shown["A12"]
    assert "See `optim.weight_decay`." in shown["A13"]
    table = preset_values("na2q", "lbf-4p-2f", ["released", "paper"])
    assert table.loc["replay.warmup"].to_dict() == {"released": "100", "paper": "32"}
    assert preset_values("vdn", "lbf-4p-2f", ["released", "paper", "exact", "fair"]).empty
    meaning = presets_table()["meaning"]
    assert meaning.index[meaning.str.endswith("(the default)")].tolist() == [DEFAULT_PRESET]
