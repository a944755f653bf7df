"""Settings: presets fill in what is left out, and wrong values are refused by name."""

import dataclasses
import json
import re

import pytest

import na2q.config as config_module
from na2q.book.tables import field_docs
from na2q.config import (
    ENV_OPTIONS,
    METHOD_OPTIONS,
    PRESETS,
    AgentConfig,
    ExploreConfig,
    NA2QOptions,
    OptimConfig,
    QMIXOptions,
    ReplayConfig,
    TrainConfig,
    as_dict,
    configure,
    from_dict,
)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_every_preset_fills_every_field_of_every_method(method: str, preset: str) -> None:
    config = configure(method, preset=preset)
    assert all(getattr(config, field.name) is not None for field in dataclasses.fields(config))
    assert from_dict(json.loads(json.dumps(as_dict(config), allow_nan=False))) == config


def test_released_na2q_has_what_only_it_was_given() -> None:
    na2q, qmix = (configure(name, preset="released") for name in ("na2q", "qmix"))
    assert (na2q.agent.kind, na2q.agent.agent_id, na2q.replay.warmup) == ("two_head", False, 100)
    assert (qmix.agent.kind, qmix.agent.agent_id, qmix.replay.warmup) == ("one_head", True, 32)


def test_exact_differs_from_released_only_in_bugs() -> None:
    released, exact = (dataclasses.asdict(configure(preset=preset).options) for preset in ("released", "exact"))
    assert {name for name in released if released[name] != exact[name]} == {"mask_padding", "log_std_range"}


def test_given_values_win_over_the_preset() -> None:
    config = configure("na2q", preset="smoke", total_steps=7, **{"replay.batch": 2})
    assert (config.total_steps, config.replay.batch, config.replay.capacity) == (7, 2, 16)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "foo"}, "unknown method 'foo'; known are"),
        ({"env": "chess-1"}, "unknown environment family 'chess'"),
        ({"preset": "best"}, "unknown preset 'best'"),
        ({"total_steps": 0}, "total_steps is 0, must be a whole number, at least 1"),
        ({"gamma": 1.5}, "gamma is 1.5, must be a number, at least 0 and at most 1"),
        ({"seed": -1}, "seed is -1"),
        ({"replay.batch": 6000}, "replay.batch is 6000, must not exceed replay.capacity, which is 5000"),
        ({"explore.start": 0.01}, "explore.finish is 0.05, must not exceed explore.start, which is 0.01"),
        ({"options.order": 1}, "NA2QOptions has no 'order'"),
        ({"optins.orders": 1}, "no group 'optins'"),
        ({"steps": 1}, r"no setting named \['steps'\]"),
        ({"env_options.levels": "old"}, "levels is 'old', must be one of 'inclusive', 'legacy'"),
        ({"agent.kind": "rnn"}, "kind is 'rnn', must be one of 'one_head', 'two_head'"),
        ({"options": QMIXOptions()}, "options is QMIXOptions, but method 'na2q'"),
    ],
)
def test_wrong_setting_is_named_with_what_is_allowed(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure(**settings)


@pytest.mark.parametrize("cls", [c for c in vars(config_module).values() if dataclasses.is_dataclass(c)])
def test_every_setting_says_what_it_is(cls: type) -> None:
    assert field_docs(cls).keys() == {field.name for field in dataclasses.fields(cls)}


GROUPS = (TrainConfig, AgentConfig, OptimConfig, ExploreConfig, ReplayConfig)
OWN = {"method", "env", "seed", "n_envs", "threads", "device", "agent", "optim", "explore", "replay"}
OWN |= {"options", "env_options", "resolved_for"}  # of the run, not of an experiment
SOURCE = re.compile(r"Table|App\.|[Rr]eleased|paper|section|[(;] ?[A-D]\d|SMAC 1\.0")


@pytest.mark.parametrize("cls", [*dict.fromkeys(map(type, [*METHOD_OPTIONS.values(), *ENV_OPTIONS.values()])), *GROUPS])
def test_every_default_or_its_group_names_a_source(cls: type) -> None:
    if not SOURCE.search(cls.__doc__ or ""):
        settings = {name: text for name, text in field_docs(cls).items() if name not in OWN}
        assert not [name for name, text in settings.items() if not SOURCE.search(text)]


def test_orders_beyond_the_number_of_agents_are_refused() -> None:
    from na2q.methods import METHODS
    from na2q.spec import EnvSpec

    config = configure(options=NA2QOptions(orders=(1, 4)))
    with pytest.raises(ValueError, match=r"orders is \(1, 4\), must not exceed the number of agents, 3"):
        METHODS["na2q"](EnvSpec(3, 2, 2, 2, 5), config.agent, config.options)


@pytest.mark.parametrize("preset", ["released", "paper"])
def test_a_single_agent_uses_what_is_left_of_the_default_orders_and_is_told(preset: str) -> None:
    from na2q.methods import METHODS
    from na2q.spec import EnvSpec

    config = configure(env="lbf-1p-1f", preset=preset)
    with pytest.warns(UserWarning, match=r"single agent forms no pair: of the default orders \(1, 2\), only 1 is used"):
        method = METHODS["na2q"](EnvSpec(1, 6, 6, 6, 50), config.agent, config.options)
    assert method.coalitions == ((0,),)
    given = configure(env="lbf-1p-1f", **{"options.orders": (1, 3)})
    with pytest.raises(ValueError, match="must not exceed the number of agents, 1"):
        METHODS["na2q"](EnvSpec(1, 6, 6, 6, 50), given.agent, given.options)
