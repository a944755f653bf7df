"""Everything that readers are told to write or run works as it stands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python_of(page: str) -> str:
    """All Python code of a page, or of the text of a notebook, in order."""
    text = (ROOT / page).read_text()
    if page.endswith(".ipynb"):
        text = "\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")
    return "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.S))


def run(script: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / script, *arguments], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    "page",
    ["book/own_environment.md", "book/engine.md", "CONTRIBUTING.md", "notebooks/17_who_really_earned_it.ipynb"],
)
def test_code_of_a_page_runs_as_written(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of(page), page, "exec"), {"__name__": "page"})


@pytest.mark.slow
def test_own_method_and_environment_go_through_the_command_line(tmp_path: Path) -> None:
    named = ("--method", "weighted", "--env", "spread")
    small = ("--preset", "smoke", "--total-steps", "100", "--options.hidden", "8")
    assert "complete" in run("plug_in.py", "train", *named, *small, "--run-dir", "run", cwd=tmp_path)
    assert "return" in run("plug_in.py", "evaluate", "run", "--episodes", "2", cwd=tmp_path)
    run("plug_in.py", "watch", "run", "--episodes", "1", cwd=tmp_path)
    assert (tmp_path / "episode.gif").exists()


@pytest.mark.slow
def test_methods_are_trained_compared_and_drawn(tmp_path: Path) -> None:
    small = ("--methods", "vdn", "na2q", "--seeds", "1", "2", "--preset", "smoke", "--steps", "60")
    table = run("train_and_compare.py", *small, cwd=tmp_path)
    assert {"vdn", "na2q", "seed 1", "seed 2"} <= set(re.findall(r"vdn|na2q|seed \d", table))
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_a_sweep_runs_on_jobs_of_a_queue(tmp_path: Path) -> None:
    words = ("smoke", "--root", "runs", "--jobs", "1", "--methods", "vdn", "--local")
    assert "1 of 1 runs complete" in run("queued_sweep.py", *words, cwd=tmp_path)
    assert len(list(tmp_path.glob("runs/smoke/*/*/seed-1/weights.safetensors"))) == 1


@pytest.mark.slow
def test_a_task_of_an_array_trains_its_seed(tmp_path: Path) -> None:
    script = [ROOT / "examples" / "slurm_array.sh", "vdn", "matrix-qtran", "--preset", "smoke", "--total-steps", "40"]
    environment = os.environ | {
        "SLURM_ARRAY_TASK_ID": "3",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(["bash", *script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "matrix-qtran" / "vdn" / "seed-3" / "run.json").exists()


@pytest.mark.slow
def test_a_stored_run_is_explained(tmp_path: Path) -> None:
    stored = ROOT / "data" / "models" / "lbf-4p-2f" / "na2q_released" / "seed-1"
    table = run("explain_run.py", str(stored), "--episodes", "2", cwd=tmp_path)
    assert "contribution" in table
    names = {path.name for path in (tmp_path / "explained").iterdir()}
    assert names == {"episodes.nc", "curves.png", "contributions.png", "episode.html"}
