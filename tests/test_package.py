"""What is shipped: the wheel holds all that the package reads, works away from the checkout, and starts fast."""

import ast
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built without a download."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def shipped() -> set[str]:
    """Files of the package in the checkout."""
    paths = (path for path in (ROOT / "na2q").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in paths}


def test_wheel_holds_every_file_of_the_package_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name for name in names if ".dist-info/" not in name} == shipped()
    assert "na2q/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_builds_the_same_package(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert shipped() | {"pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "constraints.txt"} <= names


@pytest.mark.slow
def test_wheel_works_away_from_the_checkout(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "na2q.cli", "train", "--preset", "smoke", "--method", "vdn", "--run-dir", "run"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_help_waits_for_none_of_the_slow_packages() -> None:
    """Torch takes a second to import, pandas and matplotlib a third of one each."""
    slow = "{'torch', 'pandas', 'matplotlib', 'scipy', 'lbforaging'}"
    code = f"import sys; from na2q.cli import main\ntry: main(['--help'])\nfinally: print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("command", [["methods"], ["envs"], ["status", "."], ["sweep", "unknown"]])
def test_what_only_lists_things_does_not_wait_for_torch(command: list[str], tmp_path: Path) -> None:
    code = f"import sys; from na2q.cli import main\ntry: main({command})\nfinally: print('torch' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


@pytest.mark.parametrize("env", ["lbf-3p-3f", "Foraging-8x8-2p-2f-coop-v3", "battle-3m", "matrix-climbing"])
def test_training_keeps_no_package_in_memory_that_it_does_not_need(env: str) -> None:
    """An integer program takes 40 MB of memory, tables and plots 60; a training process has much less than 450."""
    unneeded = "{'scipy.optimize', 'scipy.stats', 'pandas', 'matplotlib', 'seaborn'}"
    code = (
        "import sys, na2q.training.trainer as t; from na2q.config import configure\n"
        f"t.Trainer(configure('vdn', '{env}', 'smoke')).collect(); print({unneeded} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["set()"], done.stderr


def test_every_package_that_is_imported_is_asked_for() -> None:
    """Names that differ from their package's are listed; extras hold what only some users need."""
    packages = {
        "PIL": "matplotlib",
        "gymnasium": "lbforaging",
        "annotated_types": "annotated-types",
        "jupyter_cache": "jupyter-cache",
        "myst_nb": "myst-nb",
        "yaml": "pyyaml",
        "smac": "",
        "pysc2": "",
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = " ".join(chain(project["dependencies"], *project["optional-dependencies"].values()))
    for path in (ROOT / "na2q").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"na2q"}:
                assert packages.get(name, name) in asked, f"{path.name} imports {name}"
