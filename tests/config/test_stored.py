"""Files outlive the code: older versions are read as they were meant, and curves keep the label of their run."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal
from unittest.mock import patch

import pytest

from na2q.campaign.sweeps import folder_of
from na2q.config import (
    ENV_OPTIONS,
    METHOD_OPTIONS,
    PRESETS,
    VERSION,
    Curve,
    Since,
    as_dict,
    config_of,
    configure,
    curve_of,
    departures,
    facts,
    family_of,
    flat,
    from_dict,
    meant_by,
)
from na2q.config import stored as stored_module
from na2q.config.checks import hints_of, since
from na2q.config.envs import BattleOptions
from na2q.config.presets import Preset
from na2q.paths import repo_root

RECORDS = sorted((repo_root() / "data").rglob("run.json"))
IDS = ["-".join(path.parts[-4:-1]) for path in RECORDS]


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def unsaid(record: dict[str, Any]) -> dict[str, Any]:
    """What a file from before the second engine means and does not say."""
    config = record["config"]
    older = family_of(config["env"]) == "battle" and "engine" not in config["env_options"]
    return {"env_options.engine": 1} if older else {}


@dataclasses.dataclass(frozen=True)
class Battle2(BattleOptions):
    """The battle engine's settings with one that came later."""

    rules: Annotated[Literal[1, 2], Since(version=VERSION + 1, before=1)] = 2


@pytest.fixture
def later() -> Any:
    """The package after a setting was added whose default is not what older files meant."""
    with patch.dict(ENV_OPTIONS, battle=Battle2()), patch.object(stored_module, "VERSION", VERSION + 1):
        yield


# --- files of the repository -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", RECORDS, ids=IDS)
def test_every_stored_run_is_read_and_keeps_its_values(path: Path) -> None:
    record = read(path)
    found = as_dict(config_of(record))
    for name, value in record["config"].items():
        if isinstance(value, dict):
            assert found[name] | value == found[name]
        else:
            assert found[name] == value


@pytest.mark.parametrize("path", RECORDS, ids=IDS)
def test_label_read_off_an_older_file_is_the_one_that_its_settings_have(path: Path) -> None:
    record = read(path)
    config = config_of(record)
    earlier = meant_by(record)
    assert earlier == unsaid(record)
    made = Curve.of(config)
    assert curve_of(record) == made._replace(settings=tuple(s for s in made.settings if s[0] not in earlier))
    if path.parent.parent.name.startswith(f"{config.method}_{config.preset}"):
        departures = "".join(f"_{name.rpartition('.')[2]}={value}" for name, value in earlier.items())
        assert path.parent.parent.name + departures == folder_of(config).split("/")[1]


def test_stored_curves_keep_their_label_when_presets_change() -> None:
    before = [curve_of(read(path)) for path in RECORDS]
    turned = {name: Preset("exact", "something else", {"gamma": 0.5, "agent.hidden": 7}) for name in PRESETS}
    with patch.dict(PRESETS, turned):
        assert [curve_of(read(path)) for path in RECORDS] == before


def test_stored_runs_name_the_curves_that_chapters_show() -> None:
    names = {curve_of(read(path)).name for path in RECORDS}
    assert {"na2q", "vdn", "na2q preset paper", "na2q preset fair", "na2q order 1", "qmix two heads"} <= names


# --- a setting that came later ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("later")
def test_older_files_mean_the_older_value_of_a_later_setting() -> None:
    for path in RECORDS:
        record = read(path)
        battle = record["config"]["env"].startswith("battle")
        assert getattr(config_of(record).env_options, "rules", None) == (1 if battle else None)
        assert meant_by(record) == ({"env_options.rules": 1} | unsaid(record) if battle else {})
        assert "rules" not in curve_of(record).name


@pytest.mark.usefixtures("later")
def test_newer_files_mean_todays_default_and_say_so() -> None:
    record = facts(configure("vdn", "battle-3m"))
    assert record["config"]["env_options"]["rules"] == 2
    assert config_of(record).env_options == Battle2(rules=2)
    assert meant_by(record) == {}
    assert "version" in record


@pytest.mark.usefixtures("later")
def test_a_run_of_older_rules_repeats_when_asked_for_them_and_is_another_curve() -> None:
    old = configure("vdn", "battle-3m", "released", **{"env_options.rules": 1})
    assert departures(old) == {"env_options.rules": 1}
    assert Curve.of(old).name == "vdn env_options.rules=1"
    stored = as_dict(old)
    del stored["env_options"]["rules"]
    assert from_dict(stored, 1) == from_dict(stored, VERSION) == old


def test_every_setting_of_today_is_in_older_files_or_marked() -> None:
    """A setting added without `Since` would read older files as if they had meant today's default."""
    for group in [*METHOD_OPTIONS.values(), *ENV_OPTIONS.values()]:
        marks = [since(hint) for hint in hints_of(type(group)).values()]
        assert all(mark.version <= VERSION for mark in marks if mark)
    kept = json.loads(Path(__file__).with_name("resolved.json").read_text())
    for method, presets in kept["methods"].items():
        for env in ("lbf-4p-2f", "battle-3m", "smac-3m", "matrix-qtran"):
            known = {*presets["released"], *kept["environments"][env]["released"], "method", "env", "preset"}
            config = configure(method, env)
            for name in flat(config).keys() - known:
                group, _, field = name.rpartition(".")
                cls = type(getattr(config, group)) if group else type(config)
                assert since(hints_of(cls)[field]), f"{name} came later: mark it with Since"


# --- round trips and damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_facts_of_a_run_are_standard_json_and_come_back(method: str, preset: str) -> None:
    config = configure(method, "lbf-3p-3f", preset, seed=3, **{"optim.clip": math.inf, "explore.anneal_steps": 7})
    record = json.loads(json.dumps(facts(config), allow_nan=False))
    assert config_of(record) == config
    assert curve_of(record) == Curve.of(config)
    assert record["version"] == VERSION


def test_a_text_that_reads_like_infinity_stays_a_text() -> None:
    config = configure("vdn", "smac-3m", **{"env_options.replay_dir": "inf"})
    assert config_of(json.loads(json.dumps(facts(config)))) == config


def test_infinities_of_older_files_are_read() -> None:
    config = configure("na2q", preset="exact")
    old = json.loads(json.dumps(dataclasses.asdict(config.options)))
    assert "-Infinity" in json.dumps(old)
    assert from_dict(as_dict(config) | {"options": old}, 1) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": VERSION + 5}, f"version of the settings is {VERSION + 5}, must be a whole number from 1"),
        ({"version": "2"}, "version of the settings is '2'"),
        ({"version": True}, "version of the settings is True"),
        ({"config": None}, "settings are None, must be a table"),
        ({"config": [1, 2]}, r"settings are \[1, 2\], must be a table"),
        ({"config": {}}, "settings lack method, env, preset, seed"),
        ({"config": {"method": "na2q", "env": "lbf-4p-2f", "preset": "paper", "seed": "x"}}, "seed is 'x', must be"),
        ({"config": {"method": 3, "env": "lbf-4p-2f", "preset": "paper", "seed": 1}}, "method is 3, must be a name"),
        ({"config": as_dict(configure()) | {"agent": 7}}, "agent is 7, must be AgentConfig"),
        ({"config": as_dict(configure()) | {"colour": 7}}, r"no setting named \['colour'\]"),
        ({"config": as_dict(configure()) | {"replay": {"batch": []}}}, r"replay.batch is \(\), must be a whole number"),
    ],
)
def test_damaged_settings_are_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config_of(facts(configure()) | change)


# --- curves ----------------------------------------------------------------------------------------------------


def test_curves_differ_in_what_was_set_and_not_in_seed_task_or_length() -> None:
    plain = Curve.of(configure("na2q", preset="released"))
    assert plain == Curve("na2q")
    assert Curve.of(configure("na2q", "lbf-3p-3f", "released", seed=9, total_steps=7, test_interval=3)) == plain
    assert Curve.of(configure("vdn", preset="paper")) == Curve("vdn")
    other = Curve.of(configure("na2q", **{"options.orders": (1,), "gamma": 0.9}))
    assert (other.preset, other.name) == ("paper", "na2q preset paper gamma=0.9 order 1")
    assert other.variant == "gamma=0.9, options.orders=(1,)"


def test_different_curves_have_different_names() -> None:
    from na2q.campaign.sweeps import SWEEPS

    curves = {Curve.of(config) for sweep in SWEEPS.values() for config in sweep()}
    assert len({curve.name for curve in curves}) == len(curves) > 20
