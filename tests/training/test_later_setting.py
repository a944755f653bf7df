"""A stopped run goes on after a setting was added to the package, and never under another meaning."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal
from unittest.mock import patch

import pandas as pd
import pytest
from interrupted import interrupted_after

from na2q.config import ENV_OPTIONS, VERSION, MatrixOptions, Settings, Since, configure
from na2q.config import stored as stored_module
from na2q.training.records import RunError
from na2q.training.run import train


@dataclasses.dataclass(frozen=True)
class Same(MatrixOptions):
    """A later setting whose default is what older files meant."""

    rules: Annotated[Literal[1, 2], Since(version=VERSION + 1, before=1)] = 1


@dataclasses.dataclass(frozen=True)
class Other(MatrixOptions):
    """A later setting whose default is another."""

    rules: Annotated[Literal[1, 2], Since(version=VERSION + 1, before=1)] = 2


@contextmanager
def package_with(options: Settings) -> Iterator[None]:
    with patch.dict(ENV_OPTIONS, matrix=options), patch.object(stored_module, "VERSION", VERSION + 1):
        yield


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was stopped in the middle, before the setting was added."""
    interrupted_after(3, configure("vdn", "matrix-qtran", "smoke", total_steps=60), tmp_path / "run", monkeypatch)
    return tmp_path / "run"


def test_a_stopped_run_goes_on_after_a_setting_was_added(stopped: Path, tmp_path: Path) -> None:
    with package_with(Same()):
        metrics = train(configure("vdn", "matrix-qtran", "smoke", total_steps=60), stopped)
        whole = train(configure("vdn", "matrix-qtran", "smoke", total_steps=60), tmp_path / "whole")
    same = ["step", "episode", "updates", "test_return_mean", "loss"]
    pd.testing.assert_frame_equal(metrics[same], whole[same], check_exact=True)


def test_a_run_of_older_rules_goes_on_under_them_only(stopped: Path) -> None:
    with package_with(Other()):
        with pytest.raises(RunError, match=r"env_options\.rules is 1 there and 2 here"):
            train(configure("vdn", "matrix-qtran", "smoke", total_steps=60), stopped)
        older = configure("vdn", "matrix-qtran", "smoke", total_steps=60, **{"env_options.rules": 1})
        assert train(older, stopped)["step"].iloc[-1] >= 60
