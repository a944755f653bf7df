"""Results of several models in the words of a sentence. Models are told apart by METHOD_PRESET and seed-N."""

from collections.abc import Callable, Mapping
from typing import Any

Run = tuple[str, str]


def by_kind(holds: Mapping[Run, Any]) -> str:
    """Say in how many models of each preset something holds, as in "3 of 3 released, 1 of 3 paper"."""
    kinds: dict[str, list[bool]] = {}
    for (kind, _), held in holds.items():
        kinds.setdefault(kind.partition("_")[2], []).append(bool(held))
    return ", ".join(f"{sum(held)} of {len(held)} {preset}" for preset, held in kinds.items()) or "no model"


def by_model(values: Mapping[Run, Any], write: str | Callable[[Any], str] = "{:.2f}") -> str:
    """List one value for each model, in their order, by a format or a function that writes one."""
    written = write.format if isinstance(write, str) else write
    return ", ".join(written(value) for value in values.values()) or "no model"
