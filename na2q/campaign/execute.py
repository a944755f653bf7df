"""Do the runs of a sweep, in processes of this machine or on a cluster, whatever happens to the workers."""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from na2q.campaign.folders import KEPT, state_of
from na2q.campaign.sweeps import Run
from na2q.config import TrainConfig, departures
from na2q.training.checkpoint import NAME as CHECKPOINT
from na2q.training.checkpoint import CheckpointError
from na2q.training.runlog import RunError
from na2q.training.trainer import DivergedError


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


def complete(runs: Sequence[Run], root: Path) -> None:
    """Do what is not complete of some runs, one after the other in this process.

    Raises RunError where one fails, with the reason of each.
    """
    with ThreadPoolExecutor(1) as executor:
        failed = Sweep(runs, root, executor).execute(0.1).failed
    if failed:
        raise RunError("; ".join(f"{folder}: {reason}" for folder, reason in failed.items()))


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


def estimate(runs: Sequence[Run], steps: int = 500) -> pd.DataFrame:
    """Hours that each run would take on one core of this machine, from a short measurement of each kind."""
    from na2q.training.bench import bench

    speeds: dict[tuple[Any, ...], float] = {}
    rows = []
    for run in tqdm(runs, desc="measuring", unit="run"):
        kind = (run.config.method, run.config.env, run.config.preset, json.dumps(departures(run.config), default=str))
        if kind not in speeds:
            speeds[kind] = bench(run.config, steps)["steps_per_second"]
        rows.append({"run": run.folder, "hours": run.config.total_steps / speeds[kind] / 3600})
    return pd.DataFrame(rows).set_index("run")
