"""Weights say themselves what they are of; a run.json beside them that cannot be read is named, and no harm to them."""

import shutil
from pathlib import Path

import pytest
import torch

from na2q.config import configure
from na2q.training import policy
from na2q.training.records import RunError
from na2q.training.run import train
from na2q.training.weights import BEST, WEIGHTS, read_weights

CONFIG = configure("vdn", "lbf-3p-3f", "smoke")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(CONFIG, folder)
    return folder


DAMAGES = {
    "empty": lambda _: b"",
    "cut off": lambda whole: whole[: len(whole) // 2],
    "null": lambda _: b"null",
    "a list": lambda _: b"[1, 2]",
    "not of text": lambda whole: whole[::-1] + b"\xff\xfe",
    "a digit that is another": lambda whole: whole.replace(b'"seed": 1', b'"seed": 2'),
}


@pytest.mark.parametrize("name", [WEIGHTS, BEST])
@pytest.mark.parametrize("damage", DAMAGES)
def test_weights_beside_a_damaged_record(name: str, damage: str, whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    record = run / "run.json"
    changed = DAMAGES[damage](record.read_bytes())
    assert changed != record.read_bytes()
    record.write_bytes(changed)
    for read in (read_weights, policy.load, policy.evaluate):
        with pytest.raises(RunError, match=r"run\.json") as error:
            read(run / name)
        assert "\n" not in str(error.value)
    shutil.copy(run / name, tmp_path / "alone.safetensors")
    found, expected = read_weights(tmp_path / "alone.safetensors"), read_weights(whole / name)
    assert found.config == expected.config == CONFIG
    assert all(torch.equal(x, expected.weights[key]) for key, x in found.weights.items())


def test_weights_whose_record_is_gone_are_read(whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    (run / "run.json").unlink()
    assert read_weights(run).config == CONFIG
