"""Everything that readers are told to write or run works as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python_of(page: str) -> str:
    """All Python code of a page, in order."""
    return "\n".join(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.S))


def run(script: str, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / script, *arguments], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("page", ["book/own_environment.md", "book/engine.md", "CONTRIBUTING.md"])
def test_code_of_a_page_runs_as_written(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of(page), page, "exec"), {"__name__": "page"})


def test_own_method_and_environment_go_through_the_command_line(tmp_path: Path) -> None:
    named = ("--method", "weighted", "--env", "spread")
    small = ("--preset", "smoke", "--total-steps", "100", "--options.hidden", "8")
    assert "complete" in run("plug_in.py", "train", *named, *small, "--run-dir", "run", cwd=tmp_path)
    assert "return" in run("plug_in.py", "evaluate", "run", "--episodes", "2", cwd=tmp_path)
    run("plug_in.py", "watch", "run", "--episodes", "1", cwd=tmp_path)
    assert (tmp_path / "episode.gif").exists()


def test_methods_are_trained_compared_and_drawn(tmp_path: Path) -> None:
    small = ("--methods", "vdn", "na2q", "--seeds", "1", "2", "--preset", "smoke", "--steps", "60")
    table = run("train_and_compare.py", *small, cwd=tmp_path)
    assert {"vdn", "na2q", "seed 1", "seed 2"} <= set(re.findall(r"vdn|na2q|seed \d", table))
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_a_stored_run_is_explained(tmp_path: Path) -> None:
    stored = ROOT / "data" / "models" / "lbf-4p-2f" / "na2q_released" / "seed-1"
    table = run("explain_run.py", str(stored), "--episodes", "2", cwd=tmp_path)
    assert "contribution" in table
    names = {path.name for path in (tmp_path / "explained").iterdir()}
    assert names == {"episodes.nc", "curves.png", "contributions.png", "episode.html"}
