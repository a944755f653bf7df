"""Every method in every preset on every environment has the values it had before one table decided them."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from na2q.config import METHOD_OPTIONS, PRESETS, configure, flat

KEPT = json.loads(Path(__file__).with_name("resolved.json").read_text())
"""Of methods, on lbf-4p-2f: all settings in preset `released`, and those that other presets change.

Of environments: their own settings, and what they change of the rest. A preset that is not named is as `released`.
"""


def plain(value: Any) -> Any:
    """What JSON makes of a value, with infinities as words."""
    return json.loads(json.dumps(value).replace("-Infinity", '"-inf"').replace("Infinity", '"inf"'))


def test_kept_values_are_those_of_all_methods_and_presets() -> None:
    assert list(KEPT["methods"]) == list(METHOD_OPTIONS)
    assert len(KEPT["environments"]) == 33
    assert {preset for presets in KEPT["methods"].values() for preset in presets} == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("method", KEPT["methods"])
def test_settings_are_those_of_before(method: str, preset: str) -> None:
    own = KEPT["methods"][method]
    for env, presets in KEPT["environments"].items():
        expected = own["released"] | own.get(preset, {}) | presets.get(preset, presets["released"])
        found = {name: plain(value) for name, value in flat(configure(method, env, preset)).items()}
        assert found == expected | {"method": method, "env": env, "preset": preset}


def test_every_environment_is_there_that_can_be_trained_on() -> None:
    from na2q.config import SCENARIOS
    from na2q.envs.matrix import GAMES

    families = itertools.product(("battle", "smac"), SCENARIOS)
    assert {*(f"{family}-{name}" for family, name in families), *(f"matrix-{game}" for game in GAMES)} < set(
        KEPT["environments"]
    )
