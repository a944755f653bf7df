"""Sweeps: every run completes once, whatever happens to the workers, and results are never shortened."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import distributed
import pandas as pd
import pytest

from na2q.campaign import execute, folders, sweeps, workers
from na2q.campaign.execute import Sweep
from na2q.campaign.sweeps import Run
from na2q.campaign.workers import Cluster, Ending, Processes, Workers, dask, work
from na2q.cli import main
from na2q.config import TrainConfig, configure, departures
from na2q.training.records import RunError


def small(count: int, steps: int = 250) -> list[Run]:
    return [
        Run(f"t/{seed}", configure("vdn", "lbf-3p-3f", "smoke", seed=seed, total_steps=steps)) for seed in range(count)
    ]


def states(runs: list[Run], root: Path) -> list[str]:
    return [folders.state_of(root / run.folder)["status"] for run in runs]


@pytest.mark.parametrize("name", sweeps.SWEEPS)
def test_runs_of_a_sweep_have_different_folders_and_no_two_are_equal(name: str) -> None:
    runs = sweeps.runs_of(name)
    assert len({run.folder for run in runs}) == len({run.config for run in runs}) == len(runs)


def test_figure_3_is_the_papers_comparison_seed_by_seed() -> None:
    runs = [run.config for run in sweeps.runs_of("figure3")]
    assert len({config.method for config in runs}) == 10
    assert {config.total_steps for config in runs} == {1_050_000}
    assert [config.seed for config in runs] == sorted(config.seed for config in runs)
    assert len(runs) == 11 * 2 * 5


@pytest.mark.parametrize(("sweep", "other"), sweeps.SHARED.items())
def test_run_that_two_sweeps_ask_for_lies_in_one_folder(sweep: str, other: str) -> None:
    own, shared = [], []
    for run in sweeps.runs_of(sweep):
        (own if run.folder.startswith(f"{sweep}/") else shared).append(run)
    assert set(shared) <= set(sweeps.runs_of(other))
    assert {run.config.method for run in shared} == {"na2q", "vdn", "qatten"}
    assert not {run.config for run in own} & {run.config for run in sweeps.runs_of(other)}
    assert set(sweeps.selection(sweep)) == {*own, *shared}


def test_tenth_is_a_tenth_of_the_papers_steps_on_every_map() -> None:
    runs = [run.config for run in sweeps.runs_of("tenth")]
    assert {(config.env, 10 * config.total_steps) for config in runs} == {
        (run.config.env, run.config.total_steps) for name in ("figure4", "figure12") for run in sweeps.runs_of(name)
    }


def test_unknown_sweep_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sweep", "nothing"])
    assert "unknown sweep 'nothing'; known are figure3, figure4" in capsys.readouterr().err


def test_selection_keeps_what_is_asked_for_at_the_length_asked_for() -> None:
    runs = sweeps.selection("figure3", 500, env=["lbf-3p-3f"], method=["vdn", "na2q"], seed=[1], preset=[])
    assert [(run.config.method, run.config.preset) for run in runs] == [
        ("na2q", "released"),
        ("vdn", "released"),
        ("na2q", "paper"),
    ]
    assert {(run.config.total_steps, run.config.test_interval) for run in runs} == {(500, 50)}
    assert runs[1].folder == "figure3/lbf-3p-3f/vdn_released/seed-1"
    assert sweeps.selection("figure3") == sweeps.runs_of("figure3")


def test_rows_taken_one_by_one_depart_from_the_released_preset_in_one_setting() -> None:
    assert list(sweeps.ROWS) == [
        "A1",
        "A2",
        "A3",
        "A4",
        "A6",
        "A7",
        "A8",
        "A9",
        "A10",
        "A13",
        "A14",
        "A18",
        "B2",
        "B3",
        "B4",
        "B5",
    ]
    for row, settings in sweeps.ROWS.items():
        assert len(settings) == 1
        assert departures(configure("na2q", "lbf-3p-3f", "released", **settings)) == settings, row


def test_complete_trains_here_and_names_what_fails(tmp_path: Path) -> None:
    execute.complete(small(1), tmp_path)
    assert states(small(1), tmp_path) == ["complete"]
    with pytest.raises(RunError, match=r"t/bad: .* do not fit"):
        execute.complete([Run("t/bad", configure("vdn", "lbf-2p-40f", "smoke"))], tmp_path)


@pytest.mark.slow
def test_second_call_does_only_what_is_left(tmp_path: Path) -> None:
    runs = small(3)
    Sweep(runs[:1], tmp_path, Here()).execute(0.1)
    first = (tmp_path / runs[0].folder / "run.json").stat().st_mtime_ns
    report = Sweep(runs, tmp_path, Here()).execute(0.1)
    assert sorted(report.done) == [run.folder for run in runs]
    assert (tmp_path / runs[0].folder / "run.json").stat().st_mtime_ns == first
    assert not list(tmp_path.rglob("checkpoint*")), "a finished run leaves no checkpoint behind"


def test_failed_run_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    runs = [Run("t/bad", configure("vdn", "lbf-2p-40f", "smoke")), *small(1)]
    report = Sweep(runs, tmp_path, Here()).execute(0.1)
    assert report.done == ["t/0"]
    assert "do not fit" in report.failed["t/bad"]


@pytest.mark.slow
def test_killed_worker_takes_no_other_run_with_it(tmp_path: Path) -> None:
    runs, killed = small(3, steps=1500), threading.Event()

    def kill_one() -> None:
        while not killed.is_set():
            busy = [run for run in runs if (tmp_path / run.folder / "metrics.csv").exists()]
            tasks = Path("/proc/self/task").glob("*/children") if busy else ()
            for pid in (pid for task in tasks for pid in task.read_text().split()):
                if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(int(pid), signal.SIGKILL)
                    killed.set()
                    return
            time.sleep(0.05)

    threading.Thread(target=kill_one, daemon=True).start()
    with Processes(2) as workers:
        sweep = Sweep(runs, tmp_path, workers)
        report = sweep.execute(0.2)
    assert killed.is_set()
    assert sum(sweep.crashes.values()) == 1
    assert sorted(report.done) == [run.folder for run in runs]
    assert states(runs, tmp_path) == ["complete"] * 3


class Here(Workers):
    """Does each run in this process as soon as it is asked for; loses those of doomed folders."""

    def __init__(self, doomed: str = "") -> None:
        self.doomed = doomed

    def submit(self, config: TrainConfig, folder: str | None) -> Future[Ending]:
        future: Future[Ending] = Future()
        if self.doomed and str(folder).endswith(self.doomed):
            future.set_exception(ConnectionError("worker lost"))
        else:
            future.set_result(work(config, folder))
        return future

    def stop(self) -> None:
        pass


def test_run_that_always_crashes_is_given_up_after_its_retries(tmp_path: Path) -> None:
    report = Sweep(small(2), tmp_path, Here("t/0"), retries=2).execute(0.1)
    assert report.done == ["t/1"]
    assert "crashed 3 times" in report.failed["t/0"]


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
def test_dask_completes_every_run_once_though_a_worker_is_killed(shared: bool, tmp_path: Path) -> None:
    runs, killed = small(4, steps=3000), threading.Event()

    def kill_one(address: str) -> None:
        with distributed.Client(address) as client:
            pids = client.run(os.getpid)
            while not killed.is_set():
                busy = [worker for worker, tasks in client.processing().items() if tasks]
                if busy:
                    time.sleep(1)
                    os.kill(pids[busy[0]], signal.SIGKILL)
                    killed.set()
                time.sleep(0.05)

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, dask(cluster.scheduler_address) as crew:
        thread = threading.Thread(target=kill_one, args=[cluster.scheduler_address])
        thread.start()
        report = Sweep(runs, tmp_path, crew, shared=shared).execute(0.2)
        thread.join()
    assert sorted(report.done) == [run.folder for run in runs]
    assert states(runs, tmp_path) == ["complete"] * 4
    for run in runs:
        metrics = pd.read_csv(tmp_path / run.folder / "metrics.csv")
        assert (metrics["step"] // 250).tolist() == list(range(13)), "every test once, in order"


def test_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("distributed.Client", lambda *_, **__: (_ for _ in ()).throw(OSError("refused")))
    with pytest.raises(RunError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1: refused"):
        dask("tcp://127.0.0.1:1").__enter__()


@pytest.mark.parametrize("after", ["connecting", "while runs wait"])
def test_a_scheduler_that_dies_ends_the_command_with_an_error(
    after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without workers, so that the runs wait until it dies."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard"]
    scheduler = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    submit = Cluster.submit

    def submit_then_kill(self: Cluster, config: TrainConfig, folder: str | None) -> "Future[Ending]":
        if after == "connecting":
            scheduler.kill()
        else:
            threading.Timer(0.5, scheduler.kill).start()
        return submit(self, config, folder)

    monkeypatch.setattr(Cluster, "submit", submit_then_kill)
    monkeypatch.setattr(workers, "GRACE", 1.0)
    try:
        with pytest.raises(SystemExit) as ended:
            main(["sweep", "smoke", "--root", str(tmp_path / "runs"), "--scheduler", f"tcp://127.0.0.1:{port}"])
    finally:
        scheduler.kill()
        scheduler.wait()
    assert ended.value.code == 2
    assert f"the scheduler at tcp://127.0.0.1:{port} is gone" in capsys.readouterr().err
