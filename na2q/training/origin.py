"""Where a run comes from: its command line, the commit and versions of the code, and the machine."""

import importlib.metadata
import os
import platform
import shlex
import subprocess
from pathlib import Path
from typing import Any

import na2q
from na2q.config import TrainConfig, departures

PACKAGE = Path(na2q.__file__).parent
PACKAGES = ("torch", "numpy", "lbforaging")


def origin(config: TrainConfig, run_dir: Path) -> dict[str, Any]:
    """Say what runs a configuration, here and now, as run.json holds it."""
    return {
        "command": command(config, run_dir),
        "versions": {"na2q": na2q.__version__, "python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in PACKAGES},
        "machine": {"processor": platform.machine(), "system": platform.system(), "cores": os.cpu_count()},
        "commit": git_commit(),
    }


def command(config: TrainConfig, run_dir: Path) -> str:
    """Command line that repeats a run, as far as its settings differ from the defaults."""
    flags = {"method": config.method, "env": config.env, "seed": config.seed, "preset": config.preset}
    where = run_dir.name if run_dir.is_absolute() else run_dir.as_posix()
    words = [word for name, value in (flags | departures(config)).items() for word in _flag(name, value)]
    return shlex.join(["na2q", "train", *words, "--run-dir", where])


def _flag(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):  # --options.state-bias or --options.no-state-bias
        group, _, field = option.rpartition(".")
        return [f"--{group}.{'' if value else 'no-'}{field}"]
    return [f"--{option}", *map(str, value if isinstance(value, tuple) else (value,))]


def git_commit() -> str | None:
    """Commit of the package's checkout, marked where files differ from it; None where none tracks the package."""
    if not _git("ls-files", "--error-unmatch", "__init__.py"):
        return None  # outside a checkout, or installed into a folder within one of another project
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain", ".")
    return commit and commit + "-changed" * bool(changed)


def _git(*words: str) -> str | None:
    """Ask git about the folder of the package; None where it has no answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *words], cwd=PACKAGE, env=environment, capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
