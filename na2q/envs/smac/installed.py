"""What a machine lacks for the real game, with the remedy of each."""

import importlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

DEFAULT_SC2PATH = "~/StarCraftII"
RECIPE = "see requirements-smac.txt"


class SMACMissingError(ImportError):
    """Something that the real game needs is not installed; the message says what and how to get it."""


def _missing_smac() -> str | None:
    if importlib.util.find_spec("smac") is None:
        return f"SMAC is not installed: install it from its repository, github.com/oxwhirl/smac ({RECIPE})"
    if importlib.util.find_spec("smac.env") is None:
        return (
            "the installed package `smac` is not the StarCraft Multi-Agent Challenge but a hyper-parameter optimiser "
            f"of the same name (PyPI's `smac`): uninstall it, then install github.com/oxwhirl/smac ({RECIPE})"
        )
    return None


def _missing_pysc2() -> str | None:
    if importlib.util.find_spec("pysc2") is None:
        return f'PySC2 is not installed: pip install "pysc2==4.0.0" ({RECIPE})'
    return None


def _missing_protobuf() -> str | None:
    try:
        importlib.import_module("smac.env")
    except TypeError as error:
        if "Descriptors cannot" not in str(error):
            raise
        return (
            'protobuf is too new for the game\'s protocol: pip install "protobuf<3.21", '
            "or set PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python (slower)"
        )
    except ImportError as error:
        return f"smac.env cannot be imported: {error} ({RECIPE})"
    return None


def _sc2path() -> Path:
    return Path(os.environ.get("SC2PATH", DEFAULT_SC2PATH)).expanduser()


def _missing_game() -> str | None:
    binaries = _sc2path().glob("Versions/Base*/SC2_x64")
    if any(os.access(binary, os.X_OK) for binary in binaries):
        return None
    value = os.environ.get("SC2PATH", "not set")
    return (
        f"StarCraft II was not found at {_sc2path()} (SC2PATH={value}). Real SMAC needs SC2 4.10: unpack it, set "
        "SC2PATH to the folder that holds Versions/, copy smac's SMAC_Maps into $SC2PATH/Maps/. To run without "
        "StarCraft II use the embedded engine (its results are not SC2 results)."
    )


def _missing_map(name: str) -> str | None:
    path = _sc2path() / "Maps" / "SMAC_Maps" / f"{name}.SC2Map"
    if path.exists():
        return None
    return (
        f"the map {path} does not exist: copy smac/env/starcraft2/maps/SMAC_Maps of SMAC's repository to {path.parent}"
    )


def missing(name: str) -> str | None:
    """Return the first thing that this machine lacks for a map, with its remedy, or None.

    Checked in this order: SMAC itself, PySC2, protobuf, the game, the map.
    """
    checks: tuple[Callable[[], str | None], ...] = (_missing_smac, _missing_pysc2, _missing_protobuf, _missing_game)
    for check in checks:
        found = check()
        if found is not None:
            return found
    return _missing_map(name)
