"""Tasks of Level-Based Foraging by the names under which its package registers them, and what each name decides."""

import re
from typing import Any, NamedTuple

NAME = re.compile(
    r"Foraging(?:-(?P<sight>[1-9]\d*)s)?-(?P<size>[1-9]\d*)x(?P=size)-(?P<players>[1-9]\d*)p-(?P<foods>[1-9]\d*)f"
    r"(?P<coop>-coop)?-v(?P<version>[123])"
)
HOW = (
    "Foraging[-<sight>s]-<size>x<size>-<players>p-<foods>f[-coop]-v<1, 2 or 3>, for example Foraging-8x8-2p-2f-coop-v3"
)

LEVELS: dict[str, dict[str, Any]] = {
    # lbforaging 1.0: levels below the bounds, but food for cooperation; nobody starts in the last row or column
    "1": {"env_options.max_player_level": 3, "env_options.levels": "legacy", "env_options.start": "not_last"},
    # lbforaging 1.1: players start anywhere
    "2": {"env_options.max_player_level": 3, "env_options.levels": "legacy"},
    # lbforaging 2.0: players of level 1 and 2 as before, food up to the bound
    "3": {"env_options.max_player_level": 2, "env_options.levels": "inclusive"},
}
"""What tells the versions of a task apart (`lbforaging/__init__.py` and `environment.py` of each release)."""


class ForagingTask(NamedTuple):
    """What a registered name stands for."""

    players: int
    foods: int
    settings: dict[str, Any]
    """Settings of the environment, as `configure` takes them."""


def foraging_task(name: str) -> ForagingTask:
    """Read a registered name, such as Foraging-2s-10x10-3p-3f-v2; raise ValueError for any other."""
    match = NAME.fullmatch(name)
    if match is None:
        grid = "; tasks with grids for observations are not offered" if name.startswith("Foraging-grid") else ""
        raise ValueError(f"unknown task {name!r}: write {HOW}{grid}")
    size = int(match["size"])
    settings = {
        "field_size": size,
        "sight": int(match["sight"] or size),
        "time_limit": 50,
        "force_coop": match["coop"] is not None,
        "step_penalty": 0.0,
        "timeout": "terminal",
        "state": "observations",
        "mask": False,
    }
    named = {f"env_options.{field}": value for field, value in settings.items()}
    return ForagingTask(int(match["players"]), int(match["foods"]), named | LEVELS[match["version"]])
