"""What is missing on a machine without StarCraft II is said, with its remedy."""

import importlib
import importlib.util
from types import SimpleNamespace

import pytest

from na2q.envs import smac


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """A machine with everything; each test takes something away."""
    state = SimpleNamespace(modules={"smac", "smac.env", "pysc2"}, error=None, sc2=tmp_path / "StarCraftII")
    binary = state.sc2 / "Versions" / "Base75689" / "SC2_x64"
    binary.parent.mkdir(parents=True)
    binary.touch(mode=0o755)
    (state.sc2 / "Maps" / "SMAC_Maps").mkdir(parents=True)
    (state.sc2 / "Maps" / "SMAC_Maps" / "8m.SC2Map").touch()
    state.binary = binary

    def import_module(name):
        if state.error is not None:
            raise state.error
        return SimpleNamespace()

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in state.modules else None)
    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setenv("SC2PATH", str(state.sc2))
    return state


def test_nothing_is_missing_on_a_complete_machine(installed):
    assert smac.missing("8m") is None


def test_smac_is_the_first_thing_missed(installed):
    installed.modules.clear()
    assert "github.com/oxwhirl/smac" in smac.missing("8m")


def test_the_optimiser_called_smac_is_told_apart(installed):
    installed.modules.discard("smac.env")
    message = smac.missing("8m")
    assert "hyper-parameter optimiser" in message
    assert "uninstall" in message


def test_pysc2_comes_next(installed):
    installed.modules.discard("pysc2")
    assert "pysc2==4.0.0" in smac.missing("8m")


def test_a_new_protobuf_has_two_remedies(installed):
    installed.error = TypeError("Descriptors cannot be created directly.")
    message = smac.missing("8m")
    assert "protobuf<3.21" in message
    assert "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python" in message


def test_a_missing_or_unusable_game_names_the_place_looked_at(installed):
    installed.binary.chmod(0o644)
    message = smac.missing("8m")
    assert str(installed.sc2) in message
    assert "embedded engine" in message


def test_a_missing_map_names_the_file(installed):
    assert "corridor.SC2Map" in smac.missing("corridor")


def test_making_the_real_game_says_what_is_missing(installed):
    installed.modules.clear()
    with pytest.raises(smac.SMACMissingError, match="SMAC is not installed"):
        smac.make("smac-8m")
