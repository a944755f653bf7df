"""Settings in files, which outlive the code that wrote them.

A file says which version of the settings it holds. A setting that came later is marked where it is declared, with
`na2q.config.checks.Since` and the value that earlier files meant. A file keeps the name of its curve, so that a preset
that changes relabels nothing that was run before.
"""

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from na2q.config.checks import hints_of, since
from na2q.config.curve import LENGTH, Curve
from na2q.config.envs import ENV_OPTIONS, family_of
from na2q.config.methods import METHOD_OPTIONS
from na2q.config.presets import TABLE1, defaults
from na2q.config.run import IDENTITY, TrainConfig, configure, flat
from na2q.config.settings import Settings

VERSION = 5
"""Version of the settings that are written today; files that name none are of version 1."""

OWN_IN_VERSION_1 = {"paper": ("na2q",), "exact": ("na2q", "cds", "dvd"), "fair": ("na2q", "cds", "qatten")}
"""Methods for which the presets of version 1 differed from `released`; its files do not name their curve."""


def as_dict(config: TrainConfig) -> dict[str, Any]:
    """Settings as standard JSON holds them: groups as objects, tuples as lists, infinities as words."""
    stored: dict[str, Any] = {}
    for name, value in flat(config).items():
        group, _, field = name.rpartition(".")
        (stored.setdefault(group, {}) if group else stored)[field] = _to_json(value)
    # a group without settings is there too
    return stored | {name: {} for name in ("options", "env_options") if name not in stored}


def from_dict(stored: Mapping[str, Any], version: int = VERSION) -> TrainConfig:
    """Rebuild a TrainConfig from `as_dict`, or from what an earlier version wrote.

    Args:
        stored: the settings.
        version: version of the settings in the file.

    Raises:
        ValueError: a setting is unknown, out of range or missing, or the version is not known here.
    """
    if not isinstance(stored, Mapping):
        raise ValueError(f"settings are {stored!r}, must be a table of names and values")
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
        raise ValueError(f"version of the settings is {version!r}, must be a whole number from 1 to {VERSION}")
    settings = _flatten(stored)
    lacking = [name for name in IDENTITY if name not in settings]
    if lacking:
        raise ValueError(f"settings lack {', '.join(lacking)}")
    filled = defaults(*(settings[name] for name in IDENTITY[:3]))
    return configure(**came_later(settings, version) | {k: _from_json(v, k, filled) for k, v in settings.items()})


def came_later(settings: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Settings that a file of some version lacks because they came later, with the values that it meant."""
    own = {"options": METHOD_OPTIONS[settings["method"]], "env_options": ENV_OPTIONS[family_of(settings["env"])]}
    groups = {f"{name}.": type(value) for name, value in (TABLE1 | own).items() if isinstance(value, Settings)}
    found = {}
    for prefix, cls in ({"": TrainConfig} | groups).items():
        for field, hint in hints_of(cls).items():
            mark = since(hint)
            if mark and version < mark.version and prefix + field not in settings:
                found[prefix + field] = mark.before
    return found


def as_texts(config: TrainConfig) -> dict[str, str]:
    """Settings for the header of a file of tensors, which holds texts only."""
    return {"version": str(VERSION), "config": json.dumps(as_dict(config))}


def from_texts(about: Mapping[str, str]) -> TrainConfig:
    """Settings from the header of a file of tensors; raise KeyError or ValueError where they cannot be read."""
    return from_dict(json.loads(about["config"]), int(about.get("version", 1)))


def facts(config: TrainConfig) -> dict[str, Any]:
    """What a file says of its settings: version, the settings, and the curve that the run belongs to."""
    method, preset, settings = Curve.of(config)
    curve = {"method": method, "preset": preset, "settings": {name: _to_json(value) for name, value in settings}}
    return {"version": VERSION, "config": as_dict(config), "curve": curve}


def config_of(record: Mapping[str, Any]) -> TrainConfig:
    """Settings of a run from its run.json; raise ValueError where they cannot be read."""
    return from_dict(record.get("config", {}), record.get("version", 1))


def curve_of(record: Mapping[str, Any]) -> Curve:
    """Curve under which a run was made, from its run.json, whatever its preset says today.

    Files of version 1 do not name it: their command lists the settings that departed from the preset then.
    """
    if "curve" in record:
        curve = record["curve"]
        return Curve(curve["method"], curve["preset"], tuple((n, _tupled(v)) for n, v in curve["settings"].items()))
    config = record["config"]
    settings = _flatten(config)
    flags = [word[2:] for word in shlex.split(record.get("command", "")) if word.startswith("--")]
    given = {flag.replace("-", "_").replace(".no_", ".") for flag in flags}
    method, preset = config["method"], config["preset"]
    kept = preset if method in OWN_IN_VERSION_1.get(preset, (method,)) else "released"
    aside = {*IDENTITY, *LENGTH}
    return Curve(method, kept, tuple((n, _tupled(v)) for n, v in settings.items() if n in given and n not in aside))


def meant_by(record: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that a run's file lacks because they came later, and whose meaning then was not today's default."""
    config = record["config"]
    if config["method"] not in METHOD_OPTIONS or family_of(config["env"]) not in ENV_OPTIONS:
        return {}  # of somebody's own that is not registered here
    found = came_later(_flatten(config), record.get("version", 1))
    filled = defaults(config["method"], config["env"], config["preset"]) if found else {}
    return {name: value for name, value in found.items() if value != _default(name, filled)}


def _default(name: str, filled: Mapping[str, Any]) -> Any:
    group, _, field = name.rpartition(".")
    return (
        getattr(filled[group], field) if group else filled.get(field, TrainConfig.__dataclass_fields__[field].default)
    )


def _flatten(stored: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, value in stored.items():
        settings |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, Mapping) else {name: value}
    return settings


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _from_json(value: Any, name: str, filled: Mapping[str, Any]) -> Any:
    """Undo `_to_json`; words stay words where the setting is one."""
    if isinstance(value, list):
        return tuple(_from_json(item, "", {}) for item in value)
    group, _, field = name.rpartition(".")
    words = isinstance(getattr(filled.get(group), field, None), str) if group else isinstance(filled.get(name), str)
    return float(value) if value in ("inf", "-inf") and not words else value


def _tupled(value: Any) -> Any:
    """Undo `_to_json` where no type is known, as in the name of a curve."""
    if isinstance(value, list):
        return tuple(map(_tupled, value))
    return float(value) if value in ("inf", "-inf") else value
