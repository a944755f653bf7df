"""Killed runs, sweeps and schedulers: nothing is lost, nothing stays behind, and resumed runs end bit-equal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from material import Material
from safetensors.torch import load_file
from sandbox import Attempt, in_session, judge, run
from tally import Tally

from na2q import cli
from na2q.training.records import read_record

TASK = ["--env", "lbf-3p-3f", "--preset", "smoke"]
KILLS = 110
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
SAYS = {0: "stopped", 130: "stopped", 143: "", -signal.SIGKILL: "", -signal.SIGTERM: "", -signal.SIGINT: ""}


def runs(tally: Tally, made: Material, place: Path) -> None:
    """Kill training at random moments, again and again, until a number of kills has struck; compare at the end."""
    place.mkdir()
    methods, rng = ("vdn", "na2q"), np.random.default_rng(0)
    took = {}
    for method in methods:
        (attempt,) = run([_train(method, place / f"{method}-whole")], place)
        took[method] = attempt.took
    killed, number = 0, 0
    while killed < KILLS:
        method, folder = methods[number % 2], place / f"cut-{number}"
        number, struck = number + 1, 0
        while killed < KILLS + 10:
            last = struck >= 12  # then let it end
            attempt = _train(method, folder)
            if not last:
                attempt.signals = _signals(rng, 1.2 * took[method])
            (attempt,) = run([attempt], place)
            case = f"{method}, attempt {struck}, status {attempt.status}"
            for orphan in attempt.orphans:
                tally.add("kills of runs", "orphans", case, orphan)
            outcome = judge(attempt)
            over = (folder / "run.json").exists() and read_record(folder)["status"] == "complete"
            if outcome is None and not over and (last or attempt.status not in SAYS):
                outcome = "wrong"
            if outcome is None and over and not _same(folder, place / f"{method}-whole"):
                outcome = "wrong"
            if outcome or not over or attempt.status:
                killed, struck = killed + 1, struck + 1
                tally.add("kills of runs", outcome or "recovered", case, attempt.said)
            if over or outcome:
                break


def _train(method: str, folder: Path) -> Attempt:
    words = ["train", "--method", method, *TASK, "--run-dir", str(folder), "--checkpoint-minutes", "0"]
    return Attempt(lambda: cli.main(words))


def _signals(rng: np.random.Generator, longest: float) -> list[tuple[float, int]]:
    """One signal at a random moment, or two right after each other."""
    when, first = rng.uniform(0, longest), int(rng.choice(SIGNALS))
    second = [(when + rng.uniform(0, 0.05), int(rng.choice(SIGNALS)))] if rng.random() < 0.25 else []
    return [(when, first), *second]


def _same(folder: Path, whole: Path) -> bool:
    """Whether two runs have the same weights, numbers and last evaluation, bit by bit."""
    for name in ("weights.safetensors", "best.safetensors"):
        one, other = load_file(folder / name), load_file(whole / name)
        if one.keys() != other.keys() or not all(torch.equal(one[key], other[key]) for key in one):
            return False
    tables = [pd.read_csv(place / "metrics.csv").drop(columns="seconds") for place in (folder, whole)]
    left = [path.name for path in folder.iterdir() if path.name.startswith((".part", ".merg", ".tmp"))]
    return (
        tables[0].equals(tables[1]) and read_record(folder)["absolute"] == read_record(whole)["absolute"] and not left
    )


def sweeps(tally: Tally, made: Material, place: Path) -> None:
    """Stop sweeps by each signal, once and twice, and their processes; afterwards the same command completes them."""
    place.mkdir()
    cases: list[tuple[str, list[tuple[float, int]]]] = [
        (f"{signal.Signals(number).name} after {when} s", [(when, number)])
        for number in SIGNALS
        for when in (1.0, 6.0, 11.0)
    ]
    cases += [("SIGINT twice", [(8.0, signal.SIGINT), (8.1, signal.SIGINT)])]
    cases += [("SIGTERM twice", [(8.0, signal.SIGTERM), (8.1, signal.SIGTERM)])]
    for i, (what, signals) in enumerate(cases):
        words, last = ["sweep", "smoke", "--root", str(place / str(i)), "--workers", "2"], signals[-1][0]
        (attempt,) = run([Attempt(lambda w=words: cli.main(w), signals=signals)], place)
        outcome = judge(attempt)
        late = attempt.took - last > 40
        expected = attempt.status != 0
        tally.add("stopped sweeps", outcome or ("recovered" if expected and not late else "wrong"), what, attempt.said)
        for orphan in attempt.orphans:
            tally.add("stopped sweeps", "orphans", what, orphan)
    words = ["sweep", "smoke", "--root", str(place / "0"), "--workers", "2"]
    done = Attempt(lambda: cli.main(words), seconds=1200)  # eleven runs, and workers that start anew
    done.start(place)
    lost, deadline = 0, time.monotonic() + 60
    while lost < 2 and time.monotonic() < deadline and not done.poll():
        time.sleep(3)
        workers = [pid for pid, line in in_session(done.pid).items() if "spawn_main" in line]
        for pid in workers[:1]:
            os.kill(pid, signal.SIGKILL)
            lost += 1
    while not done.poll():
        time.sleep(0.1)
    whole = done.status == 0 and "11 of 11 runs complete" in done.said
    tally.add("killed workers", judge(done) or ("recovered" if whole else "wrong"), f"{lost} processes", done.said)
    for orphan in done.orphans:
        tally.add("killed workers", "orphans", "sweep", orphan)


def schedulers(tally: Tally, made: Material, place: Path) -> None:
    """Kill a Dask scheduler, then a worker, under a sweep."""
    place.mkdir()
    for victim in ("scheduler", "worker"):
        cluster = [*_cluster(place, 8786 + os.getpid() % 1000)]
        words = [
            "sweep",
            "smoke",
            "--root",
            str(place / victim),
            "--scheduler",
            f"tcp://127.0.0.1:{8786 + os.getpid() % 1000}",
        ]
        attempt = Attempt(lambda w=words: cli.main(w), seconds=300)
        attempt.start(place)
        begun, struck = time.monotonic(), False
        while not attempt.poll():
            busy = list((place / victim).rglob("metrics.csv"))
            if not struck and (busy or time.monotonic() - begun > 60):
                cluster[0 if victim == "scheduler" else 1].kill()
                struck = True
            time.sleep(0.1)
        outcome = judge(attempt)
        if outcome is None and victim == "scheduler":
            outcome = "clear error" if attempt.status == 2 and "scheduler at" in attempt.said else "wrong"
        elif outcome is None:
            outcome = "recovered" if attempt.status == 0 and "11 of 11" in attempt.said else "wrong"
        tally.add(f"killed Dask {victim}", outcome, "sweep smoke", f"status {attempt.status}\n{attempt.said}")
        for orphan in attempt.orphans:
            tally.add(f"killed Dask {victim}", "orphans", "sweep smoke", orphan)
        for process in cluster:
            process.kill()
            process.wait()


def _cluster(place: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler and two workers, each a process of its own."""
    quiet = {"cwd": place, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "distributed.cli"]
    yield subprocess.Popen(
        [*dask[:2], "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard"], **quiet
    )
    for _ in range(2):
        worker = [
            "distributed.cli.dask_worker",
            f"tcp://127.0.0.1:{port}",
            "--nthreads",
            "1",
            "--no-dashboard",
            "--no-nanny",
        ]
        yield subprocess.Popen([*dask[:2], *worker], **quiet)
