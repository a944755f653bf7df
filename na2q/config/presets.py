"""Presets: which column of the table of deviations a run takes, and what every setting is then."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from na2q.config.checks import check_name, checked, hints_of
from na2q.config.deviation import Column
from na2q.config.deviations import DEVIATIONS
from na2q.config.envs import ENV_OPTIONS, family_of, named_settings
from na2q.config.methods import METHOD_OPTIONS
from na2q.config.settings import AgentConfig, ExploreConfig, OptimConfig, ReplayConfig, Settings

DEFAULT_PRESET = (
    "paper"  # it ended higher than "released" in the pilot (rule and numbers: the book, on Level-Based Foraging)
)


class Preset(NamedTuple):
    """A column of the table of deviations, and settings of its own on top."""

    column: Column
    meaning: str
    settings: Mapping[str, Any] = MappingProxyType({})


PRESETS: dict[str, Preset] = {
    "released": Preset("released", "what produced the paper's figures, with plain bugs mended"),
    "paper": Preset("paper", "what the paper's text and equations say of NA2Q where the released code differs"),
    "exact": Preset("exact", "the released code with its bugs, for comparison with its numbers"),
    "fair": Preset("fair", "the released code with equal inputs and warm-up for all methods, and none held back"),
    "smoke": Preset(
        "released",
        "a run of seconds that passes through every part",
        {
            "total_steps": 500,
            "test_interval": 250,
            "test_episodes": 4,
            "target_interval": 4,
            "explore.anneal_steps": 250,
            "replay.capacity": 16,
            "replay.batch": 4,
            "replay.warmup": 4,
        },
    ),
    "epymarl": Preset(
        "released",
        "what EPyMARL sets for IQL on Level-Based Foraging, for every method",
        {  # gymma.yaml and iql.yaml of EPyMARL, github.com/uoe-agents/epymarl at cbc38c0; VDN alike by its issue 3
            "total_steps": 2_050_000,
            "test_interval": 50_000,
            "test_episodes": 100,
            "agent.hidden": 128,
            "agent.last_action": False,
            "optim.lr": 3e-4,
            "optim.algorithm": "adam",
            "optim.standardise_rewards": True,
            "explore.anneal_steps": 200_000,
        },
    ),
}
"""Presets by name."""

TABLE1: dict[str, Any] = {
    "total_steps": 1_050_000,
    "test_interval": 10_000,
    "test_episodes": 32,
    "target_interval": 200,
    "gamma": 0.99,
    "agent": AgentConfig(),
    "optim": OptimConfig(),
    "explore": ExploreConfig(),
    "replay": ReplayConfig(),
}
"""What holds where neither map, deviation nor preset says otherwise (Table 1)."""


def defaults(method: str, env: str, preset: str) -> dict[str, Any]:
    """Return every setting that method, environment and preset decide; raise ValueError for unknown names."""
    for what, name in (("method", method), ("env", env), ("preset", preset)):
        check_name(what, name)
    family = family_of(env)
    for what, name, known in (
        ("method", method, METHOD_OPTIONS),
        ("environment family", family, ENV_OPTIONS),
        ("preset", preset, PRESETS),
    ):
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}; known are {', '.join(known)}")
    column, _, own = PRESETS[preset]
    rows = (row for row in DEVIATIONS if row.names(method) or row.names(family))
    decided = {row.setting: row.value(column) for row in rows if row.value(column) is not None}
    plain = TABLE1 | {"options": METHOD_OPTIONS[method], "env_options": ENV_OPTIONS[family]}
    return replaced(plain, named_settings(env) | decided | dict(own))


def replaced(groups: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Put settings, those of a group written group.name, in the place of others.

    Raises ValueError for an unknown group, a setting that its group does not have, or a value out of range.
    """
    plain = dict(groups) | {name: value for name, value in settings.items() if "." not in name}
    changes: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        group, _, field = name.partition(".")
        if field:
            changes.setdefault(group, {})[field] = _checked(name, value, plain.get(group), groups)
    return plain | {group: dataclasses.replace(plain[group], **fields) for group, fields in changes.items()}


def _checked(name: str, value: Any, group: Any, groups: Mapping[str, Any]) -> Any:
    if not isinstance(group, Settings):
        known = [other for other, settings in groups.items() if isinstance(settings, Settings)]
        raise ValueError(f"{name!r}: no group {name.partition('.')[0]!r}; groups are {known}")
    hints, field = hints_of(type(group)), name.partition(".")[2]
    if field not in hints:
        raise ValueError(f"{name!r}: {type(group).__name__} has no {field!r}; it has {list(hints)}")
    return checked(name, value, hints[field])
