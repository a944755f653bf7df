"""What presets and named settings give each method."""

from dataclasses import replace
from typing import Any

import pytest
from random_task import SPEC, Variant

from na2q.config import ORIGINAL, configure, original
from na2q.methods import METHODS

EVERY = pytest.mark.parametrize("method", METHODS)


@EVERY
def test_fair_preset_gives_every_method_the_same_inputs_and_warmup(method: str) -> None:
    cfg = configure(method, preset="fair")
    assert cfg.agent.last_action
    assert cfg.agent.agent_id
    assert cfg.replay == configure("vdn").replay


@EVERY
def test_released_preset_keeps_the_inputs_of_the_released_code(method: str) -> None:
    agent = configure(method, preset="released").agent
    assert agent.last_action == (method != "qatten")
    assert agent.agent_id == (method not in {"qatten", "cds", "na2q"})
    assert agent.kind == ("two_head" if method in {"cds", "na2q"} else "one_head")
    assert configure(method, preset="released").replay.warmup == (100 if method == "na2q" else 32)


@pytest.mark.parametrize("preset", ["released", "exact", "paper", "fair", "smoke"])
def test_dvd_uses_the_released_alive_test_in_exact_only(preset: str) -> None:
    assert configure("dvd", preset=preset).options.alive == ("sum" if preset == "exact" else "any")


@pytest.mark.parametrize(("preset", "width"), [("released", 1), ("fair", SPEC.unit_dim)])
def test_qatten_keys_see_one_scalar_as_released_and_unit_features_where_fair(preset: str, width: int) -> None:
    assert Variant("qatten", preset).learner().online.mixer.key.weight.shape[-1] == width


def test_qatten_refuses_a_state_without_unit_features() -> None:
    with pytest.raises(ValueError, match="unit_dim is 0"):
        Variant("qatten", "fair").learner(spec=replace(SPEC, unit_dim=0))


def test_cds_refuses_agents_without_local_heads() -> None:
    with pytest.raises(ValueError, match="two_head"):
        Variant("cds", settings={"agent.kind": "one_head"}).learner()


@pytest.mark.parametrize("orders", [(1, 4), (4,), (2, 1, 5)])
def test_na2q_refuses_orders_that_no_coalition_has(orders: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="number of agents, 3"):
        Variant("na2q", settings={"options.orders": orders}).learner()


@pytest.mark.parametrize(("method", "task"), [(m, task) for m in ORIGINAL for task in ORIGINAL[m]])
def test_original_settings_are_settings_of_their_method(method: str, task: str) -> None:
    settings: dict[str, Any] = original(method, task)
    cfg = configure(method, **settings)
    for name, value in settings.items():
        group, _, field = name.partition(".")
        assert getattr(getattr(cfg, group), field) == value


def test_cds_default_is_its_setting_for_5m_vs_6m() -> None:
    assert configure("cds", **original("cds", "5m_vs_6m")) == configure("cds")


@pytest.mark.parametrize(("method", "task"), [("vdn", "8m"), ("cds", "8m")])
def test_unknown_original_settings_are_an_error_that_names_the_known(method: str, task: str) -> None:
    with pytest.raises(ValueError, match="known are"):
        original(method, task)
