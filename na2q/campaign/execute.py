"""Do the runs of a sweep, whatever happens to the workers, until they are complete or someone says stop."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.campaign.folders import state_of
from na2q.campaign.sweeps import Run
from na2q.campaign.workers import GRACE, Ending, Workers, work
from na2q.config import departures
from na2q.config.checks import Repeats
from na2q.files import as_path, replacing
from na2q.terminal import progress, signals
from na2q.training.records import RunError, held


@dataclass
class Report:
    """What became of the runs of a sweep."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    """Runs that were not finished because a signal asked to stop; they can go on."""


class Sweep:
    """Runs what is not complete, goes on after failures, and begins crashed runs again.

    A run crashes when its worker dies or is told to stop; it then goes on from its checkpoint, `retries` times at
    the most. A run fails when it raises an error of its own. A run that another process holds is waited for. On
    SIGTERM and Ctrl-C nothing more is begun and the runs being done save their state; a second signal ends at once.
    """

    def __init__(
        self, runs: Sequence[Run], root: str | Path, workers: Workers, shared: bool = True, retries: int = 3
    ) -> None:
        """Prepare runs below `root`; without `shared`, workers do not see it and send results as bytes."""
        self.runs, self.root, self.workers = runs, as_path(root, "root"), workers
        self.shared, self.retries = shared, retries
        self.report = Report()
        self.crashes = {run.folder: 0 for run in runs}
        self.pending: dict[Future[Ending], Run] = {}
        self.waiting: list[Run] = []  # for another process

    def execute(self, poll: float = 1.0) -> Report:
        """Do all runs; `poll` is the number of seconds between looks at signals, other processes and progress.

        Raises:
            KeyboardInterrupt: after Ctrl-C, once the runs being done have saved their state.
            RunError: the workers are lost for good.
        """
        with signals() as caught, _Progress(self.runs, self.root) as bar:
            for run in self.runs:
                self._begin(run)
            while (self.pending or self.waiting) and not caught:
                self._wait(poll)
                bar.show(self.report, self.waiting)
            if caught:
                bar.say("stopping: the runs being done save their state; a second signal ends at once")
                self._stop(poll)
        return self.report

    def _begin(self, run: Run) -> None:
        if state_of(self.root / run.folder)["status"] == "complete":
            self.report.done.append(run.folder)
        elif self.shared and held(self.root / run.folder):
            self.waiting.append(run)
        else:
            place = str(self.root / run.folder) if self.shared else None
            self.pending[self.workers.submit(run.config, place)] = run

    def _wait(self, poll: float) -> None:
        """File what has ended within some seconds, and begin again what has to be."""
        self.workers.check()
        if self.pending:
            ended = wait(self.pending, timeout=poll, return_when=FIRST_COMPLETED).done
        else:
            ended = ()
            time.sleep(poll)
        again, self.waiting = self.waiting, []
        self.workers.check()
        again += [run for future in ended for run in [self.pending.pop(future)] if self._unfinished(future, run)]
        for run in again:
            self._begin(run)

    def _stop(self, poll: float) -> None:
        """Begin nothing more and wait for what is being done, for as long as saving a state may take."""
        self.report.left += [run.folder for run in self.waiting]
        self.workers.stop()
        deadline = time.monotonic() + GRACE
        while self.pending and time.monotonic() < deadline:
            for future in wait(self.pending, timeout=poll, return_when=FIRST_COMPLETED).done:
                run = self.pending.pop(future)
                if self._unfinished(future, run):
                    self.report.left.append(run.folder)
        self.report.left += [run.folder for run in self.pending.values()]

    def _unfinished(self, future: Future[Ending], run: Run) -> bool:
        """File the outcome of a run; True where it should begin again."""
        try:
            outcome = future.result()
        except Exception as error:  # whatever ends a worker: a killed process or task, a lost connection
            outcome = Ending("crashed", repr(error))
        if outcome.state == "complete":
            for name, content in outcome.files.items():
                with replacing(self.root / run.folder / name) as part:
                    part.write_bytes(content)
            self.report.done.append(run.folder)
        elif outcome.state == "failed":
            self.report.failed[run.folder] = outcome.reason
        elif outcome.state != "busy":
            self.crashes[run.folder] += 1
            if self.crashes[run.folder] > self.retries:
                times = self.crashes[run.folder]
                self.report.failed[run.folder] = f"crashed {times} times, last with {outcome.reason}"
        return run.folder not in self.report.failed and outcome.state != "complete"


@checks_arguments
def complete(runs: Sequence[Run], root: str | Path) -> None:
    """Do what is not complete of some runs, one after the other in this process.

    Ctrl-C, as a notebook's interrupt, saves the state of the run being done and raises KeyboardInterrupt. A run that
    another process trains is waited for.

    Raises:
        RunError: a run fails, with the reason of each, or SIGTERM asked to stop.
    """
    root, failed = Path(root), {}
    queue = list(runs)
    while queue:
        run = queue.pop(0)
        if state_of(root / run.folder)["status"] == "complete":
            continue
        outcome = work(run.config, str(root / run.folder))
        if outcome.state == "stopped":
            raise RunError(f"stopped in {run.folder}; the same call goes on")
        if outcome.state == "busy":
            queue.append(run)
            time.sleep(1)
        elif outcome.state != "complete":
            failed[run.folder] = outcome.reason
    if failed:
        raise RunError("; ".join(f"{folder}: {reason}" for folder, reason in failed.items()))


class _Progress:
    """One bar over the steps of all runs."""

    def __init__(self, runs: Sequence[Run], root: Path) -> None:
        self.runs, self.root = runs, root
        self.bar = progress(total=sum(run.config.total_steps for run in runs), unit="step")
        self.seen = 0.0

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def say(self, words: str) -> None:
        """Write a line above the bar."""
        if not self.bar.disable:
            self.bar.write(words, file=self.bar.fp)

    def show(self, report: Report, waiting: Sequence[Run]) -> None:
        """Look into the folders of the runs, at most every other second."""
        if self.bar.disable or time.monotonic() - self.seen < 2:
            return
        self.seen = time.monotonic()
        states = [state_of(self.root / run.folder) for run in self.runs]
        running = [state for state in states if state["status"] == "running"]
        speeds = [state["steps/s"] for state in running if "steps/s" in state]
        self.bar.update(sum(state["step"] for state in states) - self.bar.n)
        self.bar.set_description(f"{len(report.done)} of {len(self.runs)} done, {len(report.failed)} failed")
        words = [f"{len(running)} running" + (f" at {sum(speeds):.0f} steps/s" if speeds else "")]
        if waiting:
            words.append(f"{len(waiting)} done by another process")
        self.bar.set_postfix_str(", ".join(words))


@checks_arguments
def estimate(runs: Sequence[Run], steps: Repeats = 500) -> pd.DataFrame:
    """Hours that each run would take on one core of this machine, from a short measurement of each kind."""
    from na2q.training.bench import bench

    speeds: dict[tuple[Any, ...], float] = {}
    rows = []
    for run in progress(iterable=runs, desc="measuring", unit="run"):
        kind = (run.config.method, run.config.env, run.config.preset, json.dumps(departures(run.config), default=str))
        if kind not in speeds:
            speeds[kind] = bench(run.config, steps)["steps_per_second"]
        rows.append({"run": run.folder, "hours": run.config.total_steps / speeds[kind] / 3600})
    return pd.DataFrame(rows, columns=["run", "hours"]).set_index("run")
