"""Sweeps: named lists of runs as data, and what is needed to run them all, here or on a cluster."""

import itertools
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from tqdm import tqdm

from na2q.config import METHOD_OPTIONS, TrainConfig, configure, departures
from na2q.training.checkpoint import NAME as CHECKPOINT
from na2q.training.checkpoint import CheckpointError
from na2q.training.runlog import METRICS, RECORD, RunError, read_record
from na2q.training.trainer import DivergedError

PAPER = ("na2q", "vdn", "qmix", "qtran", "qatten", "qplex", "wqmix", "cds", "dvd", "shaq")  # section 5
LBF = ("lbf-4p-2f", "lbf-3p-3f")
KEPT = (METRICS, RECORD)  # what a stored result consists of


class Run(NamedTuple):
    """One run of a sweep and its folder below the folder of all sweeps."""

    folder: str
    config: TrainConfig


def grid(
    methods: Sequence[str],
    tasks: Sequence[str],
    seeds: Iterable[int],
    presets: Sequence[str] = ("released",),
    **more: Any,
) -> list[TrainConfig]:
    """All combinations, seed by seed, so that one seed of everything comes first."""
    return [
        configure(method, task, preset, seed=seed, **more)
        for seed, task, method, preset in itertools.product(seeds, tasks, methods, presets)
    ]


ABLATIONS: tuple[dict[str, Any], ...] = (  # of NA2Q, section 5.3
    {"options.orders": (1,)},
    {"options.orders": (1, 2, 3)},
    {"options.credits": "state"},
    {"options.credits": "uniform"},
)


def _figure3() -> list[TrainConfig]:
    """Ten methods, and NA2Q in preset paper too, on both foraging tasks (Table 1)."""
    plain = [(method, "released") for method in PAPER] + [("na2q", "paper")]
    return [
        configure(method, task, preset, seed=seed)
        for seed, task, (method, preset) in itertools.product(range(1, 6), LBF, plain)
    ]


def _pilot() -> list[TrainConfig]:
    """Small and honest: a tenth of the steps, two seeds, and three where presets are compared."""
    steps = 100_000
    runs = grid(PAPER, LBF, (1, 2), total_steps=steps)
    runs += grid(("na2q",), LBF, (1, 2, 3), ("released", "paper"), total_steps=steps)
    for seed, settings in itertools.product((1, 2), ABLATIONS):
        runs.append(configure("na2q", "lbf-3p-3f", seed=seed, total_steps=steps, **settings))
    return list(dict.fromkeys(runs))


FIGURE12 = ("8m", "2s3z", "2s_vs_1sc", "3s5z", "3s_vs_5z", "MMM2")  # Appendix H
FIGURE4 = ("5m_vs_6m", "8m_vs_9m", "2c_vs_64zg", "3s5z_vs_3s6z", "corridor", "6h_vs_8z")  # the others of Table 2
FIGURE8 = ("5m_vs_6m", "3s5z_vs_3s6z", "corridor")  # our choice: section 5.3 does not name its three maps


def _maps(family: str, maps: Sequence[str]) -> list[TrainConfig]:
    """Ten methods on StarCraft maps, five seeds (Tables 2 and 3)."""
    return grid(PAPER, [f"{family}-{name}" for name in maps], range(1, 6))


def _figure8(family: str) -> list[TrainConfig]:
    """NA2Q, its ablations, VDN and Qatten (section 5.3)."""
    variants = [("na2q", {}), *(("na2q", settings) for settings in ABLATIONS), ("vdn", {}), ("qatten", {})]
    return [
        configure(method, f"{family}-{name}", seed=seed, **settings)
        for seed, name, (method, settings) in itertools.product(range(1, 6), FIGURE8, variants)
    ]


def _smoke() -> list[TrainConfig]:
    """Every method for a few seconds."""
    return grid(tuple(METHOD_OPTIONS), ("lbf-3p-3f",), (1,), ("smoke",))


SWEEPS: dict[str, Callable[[], list[TrainConfig]]] = {
    "figure3": _figure3,
    "figure4": partial(_maps, "battle", FIGURE4),
    "figure8": partial(_figure8, "battle"),
    "figure12": partial(_maps, "battle", FIGURE12),
    "figure4-game": partial(_maps, "smac", FIGURE4),
    "figure8-game": partial(_figure8, "smac"),
    "figure12-game": partial(_maps, "smac", FIGURE12),
    "pilot": _pilot,
    "smoke": _smoke,
}
"""Sweeps by name; the order of a sweep is the order in which its runs begin. Those that end in -game need
StarCraft II, the others of the same figures use the embedded engine."""


def runs_of(sweep: str) -> list[Run]:
    """List the runs of a sweep; raise ValueError for an unknown name."""
    if sweep not in SWEEPS:
        raise ValueError(f"unknown sweep {sweep!r}; known are {', '.join(SWEEPS)}")
    return [Run(f"{sweep}/{folder_of(config)}", config) for config in SWEEPS[sweep]()]


def folder_of(config: TrainConfig) -> str:
    """Folder of a run below its sweep: task, method with preset and departures, seed."""
    words = [config.method, config.preset]
    for name, value in departures(config).items():
        if name != "total_steps":
            text = "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{name.rpartition('.')[2]}={text}")
    return f"{config.env}/{'_'.join(words)}/seed-{config.seed}"


# --- state of a sweep --------------------------------------------------------------------------------


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
    """Table of the runs below a folder, or of all that a sweep asks for."""
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
            shutil.copy2(new / file, old / f"{file}.part")
            (old / f"{file}.part").replace(old / file)
        done[name] = "longer copied" if replaces else "copied"
    return done


# --- execution ---------------------------------------------------------------------------------------


def work(config: TrainConfig, folder: str | None) -> dict[str, bytes]:
    """Train one run in this process; return its files where `folder` is None, for lack of a shared one.

    Raises InterruptedError where the run was told to stop before its last step.
    """
    from na2q.training.run import train  # torch is imported in the worker, not where sweeps are listed

    with tempfile.TemporaryDirectory() as place:
        path = Path(folder or place)
        train(config, path)
        if state_of(path)["status"] != "complete":
            raise InterruptedError("stopped before its last step")
        (path / CHECKPOINT).unlink(missing_ok=True)  # holds the whole replay: too large to keep by the hundred
        return {} if folder else {name: (path / name).read_bytes() for name in KEPT}


class IsolatedProcesses(ThreadPoolExecutor):
    """Runs each task in a process of its own, so that one that dies takes no other with it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue a task."""
        return super().submit(self._isolated, fn, *args, **kwargs)

    @staticmethod
    def _isolated(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(fn, *args, **kwargs).result()


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """Connect to a Dask scheduler, whose workers then do the runs.

    Raises ImportError without the package distributed, RunError where no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("--scheduler needs the package distributed: pip install 'na2q[cluster]'") from error
    try:
        client = Client(address, timeout=20)
    except (OSError, TimeoutError) as error:
        raise RunError(f"no scheduler answers at {address}: {error}") from error
    with client, client.get_executor(pure=False) as executor:
        yield executor


@dataclass
class Report:
    """What became of the runs of a sweep."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Sweep:
    """Runs what is not complete, goes on after failures, and begins crashed runs again.

    A run crashes when its worker dies or is told to stop; it then goes on from its checkpoint, `retries` times at
    the most. A run fails when it raises an error of its own.
    """

    def __init__(
        self, runs: Sequence[Run], root: Path, executor: Executor, shared: bool = True, retries: int = 3
    ) -> None:
        """Prepare runs below `root`; without `shared`, workers do not see it and send results as bytes."""
        self.runs, self.root, self.executor, self.shared, self.retries = runs, root, executor, shared, retries
        self.report = Report()
        self.crashes = {run.folder: 0 for run in runs}

    def execute(self, poll: float = 2.0) -> Report:
        """Do all runs; `poll` is the number of seconds between looks at their progress."""
        pending: dict[Future[dict[str, bytes]], Run] = {}
        for run in self.runs:
            if state_of(self.root / run.folder)["status"] == "complete":
                self.report.done.append(run.folder)
            else:
                pending[self._submit(run)] = run
        with _Progress(self.runs, self.root) as progress:
            while pending:
                for future in wait(pending, timeout=poll, return_when=FIRST_COMPLETED).done:
                    run = pending.pop(future)
                    if self._crashed(future, run):
                        pending[self._submit(run)] = run
                progress.show(self.report)
        return self.report

    def _submit(self, run: Run) -> Future[dict[str, bytes]]:
        return self.executor.submit(work, run.config, str(self.root / run.folder) if self.shared else None)

    def _crashed(self, future: Future[dict[str, bytes]], run: Run) -> bool:
        """File the outcome of a run; True where it should begin again."""
        try:
            files = future.result()
        except (ValueError, RunError, CheckpointError, DivergedError) as error:
            self.report.failed[run.folder] = str(error)
            return False
        except Exception as error:  # whatever ends a worker: a broken pool, a killed task, a lost connection
            self.crashes[run.folder] += 1
            if self.crashes[run.folder] <= self.retries:
                return True
            self.report.failed[run.folder] = f"crashed {self.crashes[run.folder]} times, last with {error!r}"
            return False
        (self.root / run.folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self.root / run.folder / name).write_bytes(content)
        self.report.done.append(run.folder)
        return False


class _Progress:
    """One bar over the steps of all runs."""

    def __init__(self, runs: Sequence[Run], root: Path) -> None:
        self.runs, self.root = runs, root
        self.bar = tqdm(total=sum(run.config.total_steps for run in runs), unit="step", mininterval=1)
        self.seen = 0.0

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def show(self, report: Report) -> None:
        """Look into the folders of the runs, at most every other second."""
        if self.bar.disable or time.monotonic() - self.seen < 2:
            return
        self.seen = time.monotonic()
        states = [state_of(self.root / run.folder) for run in self.runs]
        speeds = [s["steps/s"] for s in states if s["status"] == "running" and "steps/s" in s]
        self.bar.update(sum(s["step"] for s in states) - self.bar.n)
        self.bar.set_description(f"{len(report.done)} of {len(self.runs)} done, {len(report.failed)} failed")
        self.bar.set_postfix_str(f"{len(speeds)} running at {sum(speeds):.0f} steps/s")


def estimate(runs: Sequence[Run], episodes: int = 10) -> pd.DataFrame:
    """Hours that each run would take on one core of this machine, from a short measurement of each kind."""
    from na2q.training.bench import bench

    speeds: dict[tuple[Any, ...], float] = {}
    rows = []
    for run in runs:
        kind = (run.config.method, run.config.env, run.config.preset, json.dumps(departures(run.config), default=str))
        if kind not in speeds:
            speeds[kind] = bench(run.config, episodes)["steps_per_second"]
        rows.append({"run": run.folder, "hours": run.config.total_steps / speeds[kind] / 3600})
    return pd.DataFrame(rows).set_index("run")
