"""What training writes is described in the book, and nothing else is."""

import json
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest
from random_task import VARIANTS, Variant, random_batch
from safetensors import safe_open
from untrained import save_untrained

from na2q import train
from na2q.book.tables import commands_in, dictionary
from na2q.config import configure
from na2q.explain.recording import ATTRIBUTES, AXES, record
from na2q.training.checkpoint import COUNTERS, GENERATORS

RUNS = Path(__file__).parents[2] / "data" / "runs"


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the smallest kind, complete."""
    folder = tmp_path_factory.mktemp("run") / "first"
    train(configure("na2q", "lbf-4p-2f", "smoke"), folder)
    return folder


def described(file: str, names: set[str]) -> None:
    """Check that each name is in the dictionary, by itself or as one of a group such as agent.*."""
    known = set(dictionary(file).index)
    assert not {name for name in names if not any(fnmatch(name, entry) for entry in known)}


@pytest.mark.parametrize("path", sorted(RUNS.rglob("run.json")), ids=lambda path: "-".join(path.parts[-4:-1]))
def test_stored_runs_are_described(path: Path) -> None:
    described("run.json", set(json.loads(path.read_text())))
    described("metrics.csv", set(pd.read_csv(path.with_name("metrics.csv")).columns))


@pytest.mark.slow
def test_files_of_a_fresh_run_are_described(run_dir: Path) -> None:
    described("run.json", set(json.loads((run_dir / "run.json").read_text())))
    described("metrics.csv", set(pd.read_csv(run_dir / "metrics.csv").columns))
    with safe_open(run_dir / "weights.safetensors", "pt") as file:
        described("weights.safetensors", set(file.keys()) | set(file.metadata()))
    with safe_open(run_dir / "checkpoint.safetensors", "pt") as file:
        described("checkpoint.safetensors", set(file.keys()) | set(file.metadata()))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_what_an_update_logs_and_a_network_holds_is_described(variant: Variant) -> None:
    learner = variant.learner()
    described("metrics.csv", set(learner.update(random_batch())))
    described("weights.safetensors", set(learner.online.state_dict()))


def test_every_loss_and_norm_described_is_logged_by_some_method() -> None:
    logged = {name for variant in VARIANTS for name in variant.learner().update(random_batch())}
    described_terms = {name for name in dictionary("metrics.csv").index if name.startswith(("loss", "grad_norm"))}
    assert described_terms == logged


@pytest.mark.slow
@pytest.mark.parametrize(("method", "env"), [("na2q", "lbf-4p-2f"), ("qmix", "battle-3m"), ("qtran", "matrix-qtran")])
def test_recordings_are_described(method: str, env: str, tmp_path: Path) -> None:
    save_untrained(configure(method, env), tmp_path / "run")
    found = record(tmp_path / "run", episodes=1)
    described("recording.nc", {*map(str, found.data_vars), *map(str, found.attrs), *AXES, *ATTRIBUTES})
    for name, values in found.data_vars.items():
        if values.dims:
            assert ", ".join(map(str, values.dims)) in str(dictionary("recording.nc")["meaning"][str(name)])


def test_checkpoint_header_names_all_that_it_counts() -> None:
    text = str(dictionary("checkpoint.safetensors")["meaning"]["state"])
    for name in ("step", "episode", "updates", "last_sync", "seconds"):
        assert name in text
    assert len(COUNTERS) + len(GENERATORS) == 11  # a further one has to be added to the text


def test_file_without_description_is_named() -> None:
    with pytest.raises(ValueError, match=r"notes\.txt"):
        dictionary("notes.txt")


def test_subcommands_are_read_off_the_usage_line() -> None:
    assert commands_in("usage: na2q [-h] {train,evaluate,watch}\n") == ["train", "evaluate", "watch"]
