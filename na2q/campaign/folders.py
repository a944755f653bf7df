"""How far runs are, and how the results of several machines come together."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from na2q.campaign.sweeps import runs_of
from na2q.training.runlog import METRICS, RECORD, RunError, read_record, replacing

KEPT = (METRICS, RECORD)  # what a stored result consists of


def state_of(folder: Path) -> dict[str, Any]:
    """Say how far a run is: status, step, total steps, last test return, steps a second."""
    if not (folder / RECORD).exists():
        return {"status": "missing", "step": 0}
    record = read_record(folder)
    state = {"status": record["status"], "step": 0, "total": record["config"]["total_steps"]}
    if (folder / METRICS).exists():
        last = pd.read_csv(folder / METRICS).iloc[-1]
        speed = last["step"] / last["seconds"] if last["seconds"] else float("nan")
        state |= {"step": int(last["step"]), "return": last["test_return_mean"], "steps/s": speed}
    return state


def status(root: Path, sweep: str | None = None) -> pd.DataFrame:
    """Table of the runs below a folder, or of all that a sweep asks for; raise RunError where there are none."""
    folders = [run.folder for run in runs_of(sweep)] if sweep else _run_folders(root)
    if not folders:
        raise RunError(f"no runs below {root}")
    return pd.DataFrame([{"run": folder} | state_of(root / folder) for folder in folders]).set_index("run")


def _run_folders(root: Path) -> list[str]:
    return sorted(path.parent.relative_to(root).as_posix() for path in root.rglob(RECORD))


def merge(source: Path, into: Path) -> dict[str, str]:
    """Copy the metrics and settings of all runs below `source`; a shorter run never replaces a longer one.

    Returns what happened to each run: copied, longer copied, kept, or refused where settings differ.
    """
    done = {}
    for name in _run_folders(source):
        new, old = source / name, into / name
        if not (new / METRICS).exists():
            done[name] = "nothing to copy"
            continue
        replaces = (old / RECORD).exists()
        if replaces and read_record(old)["config"] != read_record(new)["config"]:
            done[name] = "refused: other settings"
            continue
        if replaces and state_of(old)["step"] >= state_of(new)["step"]:
            done[name] = "kept"
            continue
        old.mkdir(parents=True, exist_ok=True)
        for file in KEPT:
            with replacing(old / file) as part:
                shutil.copy2(new / file, part)
        done[name] = "longer copied" if replaces else "copied"
    return done
