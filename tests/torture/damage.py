"""Damaged files: each is noticed and named, or what is made of it equals what the whole file gives."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from damages import Damage, arrays, bytes_of, csv, json_of, replace, tensors
from material import Material
from sandbox import Attempt, judge, run
from tally import Tally


def damaged_files(tally: Tally, made: Material, place: Path) -> None:
    """Damage one file of a run, of a stopped run, or a recording; then use it in every way that there is."""
    place.mkdir()
    rng = np.random.default_rng(0)
    attempts = (_attempt(i, case, made, place, rng) for i, case in enumerate(_cases(made, rng)))
    for attempt in run(attempts, place):
        kind, what, folder, result = attempt.about
        outcome = judge(attempt)
        if outcome is None:
            outcome = _outcome(attempt, kind, result)
        tally.add(f"damaged {kind}", outcome, f"{what} in {folder}", f"status {attempt.status}\n{attempt.said}")
        for orphan in attempt.orphans:
            tally.add(f"damaged {kind}", "orphans", what, orphan)
        shutil.rmtree(folder, ignore_errors=True)


def _outcome(attempt: Attempt, kind: str, same: Path) -> str:
    """An error has to name the file, and no error means the same numbers."""
    if attempt.status == 0:
        return "recovered" if same.exists() else "wrong"
    return "clear error" if kind in attempt.said or "a run with other settings" in attempt.said else "wrong"


def _cases(made: Material, rng: np.random.Generator) -> Iterator[tuple[str, Path, Damage]]:
    """Name of the file, folder that it lies in, and what is done to it."""
    for name in ("weights.safetensors", "best.safetensors"):
        for damage in [*bytes_of(rng, 14), *tensors(rng), ("another run's", replace(made.other / name))]:
            yield name, made.run, damage
    for damage in [*bytes_of(rng, 30), *tensors(rng)]:
        yield "checkpoint.safetensors", made.cut, damage
    for damage in [*bytes_of(rng, 10, texts=True), *json_of(made.run / "run.json")]:
        yield "run.json", made.run, damage
    yield "run.json", made.run, ("another run's", replace(made.other / "run.json"))
    for damage in [*bytes_of(rng, 10, texts=True), *csv()]:
        yield "metrics.csv", made.run, damage
    for damage in [*bytes_of(rng, 24), *arrays()]:
        yield "recording.nc", made.root, damage


def _attempt(i: int, case: tuple[str, Path, Damage], made: Material, place: Path, rng: np.random.Generator) -> Attempt:
    name, source, (what, damage) = case
    folder = place / str(i)
    folder.mkdir()
    if source == made.root:
        shutil.copy(source / name, folder / name)
        damaged, use = folder / name, _use_recording
    else:
        shutil.copytree(source, folder / "run")
        damaged = folder / "run" / name
        use = {made.run: _use_run, made.cut: _use_checkpoint}[source]
    damage(damaged)
    same = folder / "same"
    return Attempt(lambda: use(damaged, made, same), (name, what, folder, same))


def _use_recording(path: Path, made: Material, same: Path) -> None:
    """Draw an episode of it."""
    from na2q.explain.recording import RecordingError, load_recording

    try:
        found = load_recording(path)
    except RecordingError as error:
        raise SystemExit(print(error) or 2) from None
    if found.identical(load_recording(made.recording)):
        same.touch()


def _use_checkpoint(path: Path, made: Material, same: Path) -> None:
    """Go on with the run."""
    from na2q.training.checkpoint import CheckpointError, restore
    from na2q.training.trainer import Trainer

    trainer, whole = Trainer(made.cut_config), Trainer(made.cut_config)
    try:
        restored = restore(trainer, path.parent)
    except CheckpointError as error:
        raise SystemExit(print(error) or 2) from None
    restore(whole, made.cut)
    if not restored or _state(trainer) == _state(whole):
        same.touch()


def _state(trainer: Any) -> list[Any]:
    weights = {name: x.tolist() for name, x in trainer.learner.networks.state_dict().items()}
    return [trainer.step, trainer.episode, trainer.rows, trainer.act_rng.bit_generator.state, weights]


def _use_run(path: Path, made: Material, same: Path) -> None:
    """Let every command that reads a run read this one, and compare with what it says of the whole one."""
    import warnings

    import pandas as pd

    from na2q.campaign.folders import DAMAGED, merge, state_of, status
    from na2q.evaluation.results import load_runs
    from na2q.training.policy import evaluate
    from na2q.training.records import RunError
    from na2q.training.run import train
    from na2q.training.weights import BEST

    said, whole = [], made.run
    shutil.copytree(whole, path.parents[1] / "other")
    table = status(path.parents[1])  # is never the end of all others
    assert table.loc["other", "status"] == "complete"
    state = table.loc["run"] if "run" in table.index else {"status": "missing"}
    shutil.rmtree(path.parents[1] / "other")
    if state["status"] == "missing":
        said.append(f"{path} is missing")
    elif state["status"] == DAMAGED:
        said.append(state["problem"])
    elif state_of(whole) != state_of(path.parent):
        said.append(f"WRONG: status says {state.to_dict()}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = load_runs(path.parents[1])
            if not found.drop(columns="sweep").equals(load_runs(whole).drop(columns="sweep")):
                said.append("WRONG: the results are others")
        except FileNotFoundError:
            said += [str(warning.message) for warning in caught] or ["WRONG: left out without a word"]
    for call in (
        lambda: evaluate(path.parent, 2),
        lambda: evaluate(path.parent / BEST, 2),
        lambda: train(made.config, path.parent),
        lambda: merge(path.parents[1], path.parents[1].with_name(path.parents[1].name + "-merged")),
    ):
        try:
            got = call()
        except (RunError, ValueError, OSError) as error:
            said.append(str(error))
            continue
        if isinstance(got, pd.DataFrame) and "return" in got and not got.equals(evaluate(whole, 2)):
            best = evaluate(whole / BEST, 2)
            if not got.equals(best):
                said.append("WRONG: other episodes")
        if isinstance(got, dict):
            said += [text for text in got.values() if text.startswith("refused")]
    if any(text.startswith("WRONG") for text in said):
        raise SystemExit(print("\n".join(said)) or 3)
    if said:
        raise SystemExit(print("\n".join(said)) or 2)
    same.touch()
