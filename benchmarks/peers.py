"""Time this package beside BenchMARL and JaxMARL: python benchmarks/peers.py --out data/peers.csv

Each peer is installed from the package index into a virtual environment of its own, in a temporary folder or in the one
that `--environments` names, which is then used again. BenchMARL's is held to the torch version of constraints.txt. On
Linux the default index has torch with CUDA, several gigabytes; with
PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu pip takes the CPU build.

Every measurement is a process with one thread that waits for its turn. They take turns round by round, so that whatever
else the machine does meets all alike. Times are medians with quartiles, of the process's own processor time and of the
clock on the wall. Where a peer cannot be installed or has no such part, the table says why.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from na2q.paths import repo_root
from na2q.training.bench import timing
from na2q.training.origin import git_commit

ANSWER = "answer "  # what a worker's answers begin with, see workers/turns.py
WORKERS = Path(__file__).parent / "workers"
OURS = "na2q"
PEERS = {"benchmarl": ["benchmarl==1.5.2", ".[battle,pettingzoo]"], "jaxmarl": ["jaxmarl==0.2.0"]}  # what pip is told
CASES = [  # measure, of what, copies of the environment
    *((measure, method, 1) for measure in ("update", "training") for method in ("qmix", "vdn")),
    *(("environment", "battle-3m", copies) for copies in (1, 32)),
]
WARM_UP = 2  # rounds that do not count
PARTS = {"update": ("floor", "update"), "training": ("training", "collecting"), "environment": ("environment",)}


class Side(NamedTuple):
    """One package: the interpreter of its environment and what its worker says of it, or why there is none."""

    python: Path
    facts: Mapping[str, Any]


class WorkerError(RuntimeError):
    """A worker that ended, with the last it wrote."""


def install(name: str, folder: Path) -> Path:
    """Return the interpreter of a peer's environment, made where it is missing; raise WorkerError where pip fails."""
    python = folder / name / "bin" / "python"
    done = folder / name / "installed"
    if not done.exists():
        constraints = folder / "torch.txt"
        pins = (repo_root() / "constraints.txt").read_text().splitlines()
        constraints.write_text("\n".join(pin for pin in pins if pin.startswith("torch==")) + "\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder / name], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--constraint", constraints, *PEERS[name]]
        ended = subprocess.run(pip, cwd=repo_root(), capture_output=True, text=True)
        if ended.returncode:
            raise WorkerError(_last_line(ended.stderr))
        done.touch()
    return python


def side(name: str, folder: Path) -> Side:
    """Install a package where it is a peer, and ask it for its version and what it lacks."""
    try:
        python = Path(sys.executable) if name == OURS else install(name, folder)
        ended = subprocess.run(_command(python, name, "facts"), env=_environment(name), capture_output=True, text=True)
        if ended.returncode:
            raise WorkerError(_last_line(ended.stderr))
        answers = [line for line in ended.stdout.splitlines() if line.startswith(ANSWER)]
        return Side(python, json.loads(answers[-1].removeprefix(ANSWER)))
    except WorkerError as error:
        reason = f"cannot be installed: {error}"
        parts = {part for parts in PARTS.values() for part in parts}
        version = PEERS[name][0].partition("==")[2]
        return Side(Path(), {"version": version, "backend": "", "lacks": dict.fromkeys(parts, reason)})


def _command(python: Path, name: str, *arguments: str) -> list[str]:
    return [str(python), str(WORKERS / f"of_{name}.py"), *arguments]


def _environment(name: str) -> dict[str, str]:
    """One thread everywhere; only this package's own worker imports it from the checkout."""
    ours = {"PYTHONPATH": str(repo_root())} if name == OURS else {}
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return kept | threads | {"TQDM_DISABLE": "1"} | ours


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


class Worker:
    """A process that measures one case when it is its turn."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.command, self.log = command, tempfile.TemporaryFile("w+")  # noqa: SIM115, open while the process runs
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )

    def turn(self) -> list[dict[str, Any]]:
        """Let it measure; return what it measured. Raise WorkerError where it has ended."""
        with suppress(BrokenPipeError):  # it has ended, which reading tells
            print("go", file=self.process.stdin, flush=True)
        while line := self.process.stdout.readline() if self.process.stdout else "":
            if line.startswith(ANSWER):
                return json.loads(line.removeprefix(ANSWER))
        self.process.wait()
        self.log.seek(0)
        raise WorkerError(f"{' '.join(self.command)} ended: {_last_line(self.log.read())}")

    def end(self) -> None:
        """Tell it that no more turns come, and wait until it is gone."""
        self.process.communicate()  # which passes over a pipe that is broken
        self.log.close()


@contextmanager
def worker(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Worker]:
    """Run a worker as long as the context lasts."""
    started = Worker(command, environment)
    try:
        yield started
    finally:
        started.end()


def alternate(workers: Mapping[Any, Worker], rounds: int, warm_up: int = WARM_UP) -> dict[Any, list[dict[str, Any]]]:
    """Give every worker a turn in each round; return what each measured in the rounds after the warm-up."""
    measured: dict[Any, list[dict[str, Any]]] = {key: [] for key in workers}
    begun = time.perf_counter()
    for k in range(warm_up + rounds):
        for key, one in workers.items():
            spans = one.turn()
            if k >= warm_up:
                measured[key] += spans
        print(f"round {k + 1} of {warm_up + rounds} after {time.perf_counter() - begun:.0f} s", flush=True)
    return measured


def row(spans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Summarise measurements of one part: medians and quartiles in milliseconds, and environment steps on average.

    Where episodes differ in length, each time is brought to the average number of steps first.
    """
    numbers: dict[str, Any] = {}
    steps = sum(span["steps"] for span in spans) / len(spans)
    for clock in ("cpu", "wall"):
        found = timing([span[clock] * (steps / span["steps"] if steps else 1) for span in spans])
        numbers |= {f"{clock}_ms": found.median, f"{clock}_low_ms": found.low, f"{clock}_high_ms": found.high}
    return numbers | {"steps": steps, "repeats": len(spans)}


def table(sides: Mapping[str, Side], rounds: int, batch: Path) -> list[dict[str, Any]]:
    """Measure every case that a package has a part for, and say of the others why it has not."""
    rows = []
    with ExitStack() as stack:
        workers = {}
        for measure, of, copies in CASES:
            for name, (python, facts) in sides.items():
                if measure not in facts["lacks"]:
                    command = _command(python, name, measure, of, str(copies), str(batch))
                    workers[measure, of, copies, name] = stack.enter_context(worker(command, _environment(name)))
        measured = alternate(workers, rounds)
    for measure, of, copies in CASES:
        for part in PARTS[measure]:
            for name, (_, facts) in sides.items():
                about = {"measure": part, "of": of, "copies": copies, "package": name}
                about |= {key: facts[key] for key in ("version", "backend")}
                spans = [x for x in measured.get((measure, of, copies, name), []) if x["part"] == part]
                if spans:
                    rows.append(about | row(spans) | {"why": ""})
                elif part != "floor":  # which is a unit, not a part of any package
                    rows.append(about | {"why": facts["lacks"][part]})
    return rows


def main() -> None:
    """Install, measure and write the table."""
    parser = argparse.ArgumentParser(description="Time this package beside BenchMARL and JaxMARL.")
    parser.add_argument("--out", type=Path, default=Path("data/peers.csv"))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--environments", type=Path, help="folder that keeps the environments of the peers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.environments or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        sides = {name: side(name, folder) for name in (OURS, *PEERS)}
        batch = Path(scratch) / "batch.npz"
        python = sides[OURS].python
        subprocess.run(_command(python, OURS, "batch", str(batch)), env=_environment(OURS), check=True)
        rows = table(sides, given.rounds, batch)
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "date": datetime.date.today().isoformat()}
    made = pd.DataFrame(rows).assign(**machine, commit=git_commit())
    made.to_csv(given.out, index=False, float_format="%.4g")
    print(made[["measure", "of", "copies", "package", "version", "cpu_ms", "wall_ms", "steps", "why"]].to_string())


if __name__ == "__main__":
    main()
