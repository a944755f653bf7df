"""A run's settings are resolved once, and changed only by resolving them again."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from na2q.config import METHOD_OPTIONS, PRESETS, QMIXOptions, TrainConfig, changed, configure, departures, flat


@pytest.mark.parametrize("after", PRESETS)
@pytest.mark.parametrize("before", PRESETS)
@pytest.mark.parametrize("method", ["na2q", "cds", "qatten", "dvd", "vdn"])
def test_changed_preset_has_the_values_of_that_preset(method: str, before: str, after: str) -> None:
    assert changed(configure(method, "lbf-3p-3f", before, seed=4), preset=after) == configure(
        method, "lbf-3p-3f", after, seed=4
    )


def test_what_was_given_stays_given_under_another_preset_and_task() -> None:
    config = configure("na2q", preset="released", gamma=0.9, **{"options.orders": (1,), "replay.capacity": 200})
    other = changed(config, preset="paper", env="battle-MMM2")
    assert other == configure(
        "na2q", "battle-MMM2", "paper", gamma=0.9, **{"options.orders": (1,), "replay.capacity": 200}
    )
    assert other.explore.anneal_steps == 100_000
    assert changed(config, **{"options.orders": (1, 2)}).options.orders == (1, 2)
    assert changed(config, seed=7).seed == 7


@pytest.mark.parametrize(
    "change", [{"preset": "paper"}, {"method": "qmix"}, {"env": "battle-3m"}, {"preset": "smoke", "seed": 2}]
)
def test_replace_refuses_a_label_that_the_settings_are_not_of(change: dict[str, Any]) -> None:
    config = configure("na2q", preset="released")
    with pytest.raises(ValueError, match=rf"{next(iter(change))} is .*, but the settings are those of .*changed\("):
        dataclasses.replace(config, **change)


def test_replace_of_plain_settings_is_checked_like_any_other() -> None:
    config = configure("na2q", preset="released")
    assert dataclasses.replace(config, seed=2) == changed(config, seed=2)
    with pytest.raises(ValueError, match="total_steps is -5"):
        dataclasses.replace(config, total_steps=-5)
    with pytest.raises(ValueError, match="options is QMIXOptions, but method 'na2q'"):
        dataclasses.replace(config, options=QMIXOptions())


def test_settings_that_nobody_resolved_are_refused() -> None:
    values = flat(configure("vdn"))
    groups = {f.name: getattr(configure("vdn"), f.name) for f in dataclasses.fields(TrainConfig)}
    with pytest.raises(ValueError, match="method is 'vdn', but the settings are those of None"):
        TrainConfig(**groups | {"resolved_for": None})
    assert values["method"] == "vdn"


@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_departures_are_what_was_given(method: str) -> None:
    given = {"gamma": 0.5, "agent.hidden": 3, "replay.capacity": 1000, "test_episodes": 7}
    assert departures(configure(method, **given)) == given
    assert departures(configure(method)) == {}


def test_copies_are_equal() -> None:
    config = configure("qmix", seed=3)
    assert pickle.loads(pickle.dumps(config)) == config == copy.deepcopy(config)
    assert hash(copy.deepcopy(config)) == hash(config)
    assert dataclasses.replace(pickle.loads(pickle.dumps(config)), seed=4).seed == 4
