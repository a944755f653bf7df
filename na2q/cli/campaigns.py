"""Commands about many runs: sweeps, searches, what is there, merging and handing on."""

import sys
from pathlib import Path
from typing import Annotated

import tyro

from na2q.config import TrainConfig
from na2q.config.checks import Count
from na2q.files import check_folder, check_target, replacing


def sweep(
    name: Annotated[str, tyro.conf.Positional],
    root: Path = Path("data/runs"),
    workers: Count = 1,
    scheduler: str | None = None,
    shared: bool = True,
    dry_run: bool = False,
) -> None:
    """Run what is missing of a sweep; running it again does only what is left.

    Args:
        name: figure3, pilot, ... (an unknown name lists all).
        root: folder of all sweeps.
        workers: runs at once on this machine, one thread each.
        scheduler: address of a Dask scheduler, such as tcp://host:8786, to run there instead.
        shared: whether the scheduler's workers see `root`; if not, results come back over the network.
        dry_run: list the runs and the hours that they would take on one core.
    """
    from na2q.campaign import execute, folders, sweeps
    from na2q.campaign import workers as crew

    runs = sweeps.runs_of(name)
    check_folder(root)
    if dry_run:
        missing = [run for run in runs if folders.state_of(root / run.folder)["status"] != "complete"]
        table = execute.estimate(missing)
        print(table.round(2).to_string())
        print(f"{len(missing)} of {len(runs)} runs missing, {table['hours'].sum():.1f} hours on one core")
        return
    with crew.dask(scheduler) if scheduler else crew.Processes(workers) as doing:
        report = execute.Sweep(runs, root, doing, shared or not scheduler).execute()
    print(f"{len(report.done)} of {len(runs)} runs complete")
    for folder, reason in report.failed.items():
        print(f"failed: {folder}: {reason}")
    if report.left:
        print(f"stopped: {len(report.left)} runs are left; the same command goes on")
    if report.failed or report.left:
        sys.exit(1)


def status(root: Annotated[Path, tyro.conf.Positional] = Path("data/runs"), sweep: str | None = None) -> None:
    """Say how far the runs below a folder are.

    Args:
        root: folder of runs.
        sweep: list what this sweep asks for instead of what is there.
    """
    from na2q.campaign import folders

    print(folders.status(root, sweep).round(3).to_string())


def merge(source: Annotated[Path, tyro.conf.Positional], into: Annotated[Path, tyro.conf.Positional]) -> None:
    """Collect the results of another machine; a shorter run never replaces a longer one.

    Args:
        source: folder of runs to copy from.
        into: folder of runs to copy to.
    """
    from na2q.campaign import folders

    outcomes = folders.merge(source, into)
    for run, outcome in outcomes.items():
        print(f"{outcome:24} {run}")
    if any(outcome.startswith("refused") for outcome in outcomes.values()):
        sys.exit(1)


def tune(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    search: tuple[str, ...],
    out: Path,
    trials: Count = 20,
) -> None:
    """Search for settings: the ranges of any of them, cut off at tests, resumed by the same command.

    Args:
        config: settings of all trials but for those searched.
        search: settings with ranges or values, such as optim.lr=1e-4..1e-2:log agent.hidden=32,64,128.
        out: folder of the search: study.log, trials.csv, importance.csv, importance.png.
        trials: how many trials the folder is to hold, those cut off among them.
    """
    from na2q.campaign import tune as searching
    from na2q.evaluation import figures
    from na2q.training.origin import command

    found = searching.tune(config, search, out, trials)
    print(found.trials.sort_values("score", ascending=False).head(5).round(4).to_string(index=False))
    if len(found.importance):
        with replacing(out / "importance.png") as part:
            figures.importances(found.importance).savefig(part)
        print(found.importance.round(3).to_string())
    if found.best is not None:
        print(f"best so far: {command(found.best, Path('run'))}")


def export(
    root: Annotated[Path, tyro.conf.Positional],
    out: Path,
) -> None:
    """Write the tests of all finished runs below a folder as one JSON file in the format of marl-eval.

    Args:
        root: folder of runs.
        out: file to write, such as results.json.
    """
    from na2q.evaluation import exchange, results

    check_target(out)
    runs = results.load_runs(root)
    exchange.export(runs, out)
    print(f"{out}: {runs.groupby(results.RUN_COLUMNS).ngroups} runs")
