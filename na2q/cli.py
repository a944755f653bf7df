"""The command `na2q`: train, evaluate, and list what there is."""

import argparse
import ast
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import tyro

from na2q.arguments import checks_arguments
from na2q.config import DEFAULT_PRESET, ENV_OPTIONS, METHOD_OPTIONS, PRESETS, TrainConfig, configure
from na2q.config.checks import Copies, Count, Repeats, Samples, Share, Weight, Whole
from na2q.files import check_folder, check_target, replacing


def train(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    run_dir: Path,
    checkpoint_minutes: Weight = 10,
    tensorboard: bool = False,
    init_from: Path | None = None,
) -> None:
    """Train a method on an environment, or go on where a stopped run left off.

    Defaults are those of the chosen method, environment and preset.

    Args:
        config: settings of the run.
        run_dir: folder of the run: metrics.csv, run.json, weights and checkpoint.
        checkpoint_minutes: minutes between checkpoints.
        tensorboard: write the metrics as TensorBoard events too.
        init_from: run whose weights a new run starts from, as far as they fit.
    """
    from na2q.training import run

    metrics = run.train(
        config, run_dir, checkpoint_minutes=checkpoint_minutes, tensorboard=tensorboard, init_from=init_from
    )
    last = metrics.iloc[-1]
    state = "complete" if last["step"] >= config.total_steps else "stopped; the same command goes on"
    print(f"{run_dir}: {last['step']:.0f} steps, test return {last['test_return_mean']:.3f}, {state}")


def evaluate(
    run_dir: Annotated[str, tyro.conf.Positional],
    episodes: Copies = 32,
    seed: Whole = 0,
    env: str | None = None,
    out: Path | None = None,
) -> None:
    """Play greedy episodes with the weights of a run and print their mean metrics.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        episodes: how many episodes to play, all at once.
        seed: seed of the episodes.
        env: another environment of the same sizes.
        out: CSV file to write one line for each episode to.
    """
    from na2q.training import policy

    if out:
        check_target(out)
    table = policy.evaluate(run_dir, episodes, seed, env)
    if out:
        with replacing(out) as part:
            table.to_csv(part, index=False)
    for name in table.columns.drop(["episode", "seed"]):
        print(f"{name:10} mean {table[name].mean():.4f}  std {table[name].std(ddof=0):.4f}")


def watch(
    run_dir: Annotated[str, tyro.conf.Positional],
    episodes: Copies = 3,
    seed: Whole = 0,
    out: Path = Path("episode.gif"),
) -> None:
    """Film greedy episodes of a run.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        episodes: how many episodes to film.
        seed: seed of the first; the next ones follow.
        out: file to write, .gif, .mp4 or .html.
    """
    from na2q.explain import film

    check_target(out)
    film.film(run_dir, range(seed, seed + episodes), out)
    print(out)


def record(
    run_dir: Annotated[str, tyro.conf.Positional],
    out: Path,
    episodes: Copies = 32,
    epsilon: Share = 0.0,
    seed: Whole = 0,
    env: str | None = None,
    samples: Samples = 0,
) -> None:
    """Record episodes of a run: what agents see, choose and earn at every step.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        out: netCDF file to write, such as episodes.nc.
        episodes: how many episodes to play, all at once.
        epsilon: probability of a random action.
        seed: seed of the episodes.
        env: another environment of the same sizes.
        samples: average masks over that many posterior samples too.
    """
    from na2q.explain import recording as recorder

    check_target(out)
    recording = recorder.record(run_dir, episodes, epsilon, seed, env=env, samples=samples)
    recorder.save(recording, out)
    print(f"{out}: {episodes} episodes, mean return {float(recording['return'].mean()):.3f}")


def explain(
    paths: Annotated[list[Path], tyro.conf.Positional],
    out: Path = Path("explained"),
    episodes: Copies = 32,
    epsilon: Share = 0.2,
    seed: Whole = 0,
    episode: Whole | None = None,
    step: Whole | None = None,
    interactive: Path | None = None,
) -> None:
    """Draw what runs have learned: the paper's Figures 5, 6, 7, 10 and 11, and an episode to step through.

    With --interactive, write one page instead: the board of a foraging run, with its team, that reacts to the reader.

    Args:
        paths: runs, weights files or recordings (.nc); several methods for Figure 6, several seeds for Figure 7.
        out: folder to write to.
        episodes: how many to record of each run, without and with exploration.
        epsilon: probability of a random action in the latter; 0 leaves them out.
        seed: seed of the episodes.
        episode: the one drawn, of the first path with masks; by default that of the highest return.
        step: the one drawn; by default that of the largest reward.
        interactive: HTML file to write instead of figures, of one run; for other tasks and methods than the page
            knows it steps through a recorded episode.
    """
    if interactive is not None:
        from na2q.explain.board import page

        check_target(interactive)
        if len(paths) != 1:
            raise ValueError(f"--interactive shows one run, but {len(paths)} paths are given")
        reason = page.save(paths[0], interactive)
        print(interactive if reason is None else f"{interactive}: {reason}")
        return
    from na2q.explain import album

    check_folder(out)
    written, reasons = album.write(album.gather(paths, episodes, epsilon, seed, episode, step), out)
    for path in written:
        print(path)
    for name, reason in reasons.items():
        print(f"no {name}: {reason}")


def credits(
    paths: Annotated[list[Path], tyro.conf.Positional],
    out: Path = Path("credits.csv"),
    episodes: Copies = 16,
    horizon: Count = 10,
    streams: Copies = 8,
    absence: Literal["idle", "random"] = "idle",
    every: Count = 1,
    seed: Whole = 0,
) -> None:
    """Compare what methods say of who earned the reward with what a simulator says; the same command goes on.

    Beside the table, a folder named after it keeps what was measured of each run.

    Args:
        paths: runs, folders of runs, or weights files.
        out: CSV file to write, a row for each run, answer, truth and score.
        episodes: greedy episodes of each run.
        horizon: steps for which an episode is played on from each of its steps.
        streams: continuations with other random numbers, where something is random.
        absence: what absent agents do: idle, or random actions.
        every: look at each such step of an episode only.
        seed: of episodes and random numbers.
    """
    import torch

    from na2q.explain.credits import benchmark as bench
    from na2q.explain.credits.truth import Setting

    check_target(out)
    torch.set_num_threads(1)
    setting = Setting(horizon, streams, absence, every, seed)
    table = bench.benchmark(paths, episodes, setting, out.with_suffix(".kept"))
    bench.save(table, out)
    print(bench.summary(table).to_string())
    print(f"{out}: {len(table)} rows")


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
    trials: int = 20,
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
    from na2q.training.runlog import command

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


def bench(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    steps: Repeats = 2_000,
    json: Path | None = None,
) -> None:
    """Measure the speed of training, in steps a second and in floors, part by part.

    Args:
        config: settings of the run.
        steps: environment steps to measure, with one update for each episode.
        json: file to write the numbers to.
    """
    from na2q.training import bench as benchmark

    if json:
        check_target(json)
    numbers = benchmark.bench(config, steps)
    print(benchmark.table(numbers))
    if json:
        with replacing(json) as part:
            part.write_text(benchmark.as_json(numbers))


def figures(
    notebooks: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    parameters: Literal["quick", "full"] = "full",
    set: tuple[str, ...] = (),
    out: Path = Path("_build"),
) -> None:
    """Run the chapters of the book and export their figures as SVG and PDF.

    Chapters that run with their own parameters are put where the build of the book looks for executed ones.

    Args:
        notebooks: names of chapters, such as 07_level_based_foraging; all where none is given.
        parameters: set of parameters, of notebooks/parameters.yml.
        set: parameters by hand, name=value, for every chapter that is run.
        out: folder of the executed chapters, figures and cache.
    """
    try:
        from na2q.book import pages
    except ImportError as error:
        raise ImportError(f"figures needs the packages of the book: pip install 'na2q[book]' ({error})") from error
    check_folder(out)
    for line in pages.draw(parameters, notebooks, pages.parse(set), out):
        print(line, flush=True)


def methods() -> None:
    """List the methods, with the paper that each implements."""
    for name in METHOD_OPTIONS:
        source = Path(__file__).parent / "methods" / f"{name}.py"  # read, as an import would wait for torch
        doc = ast.get_docstring(ast.parse(source.read_text("utf-8"))) if source.exists() else _registered(name)
        print(f"{name:8} {(doc or '').partition(chr(10))[0]}")


def _registered(name: str) -> str | None:
    """Docstring of the module of a method that somebody else added."""
    from na2q.methods import METHODS

    return sys.modules[METHODS[name].__module__].__doc__


def envs() -> None:
    """List the families of environments, how their names are written, and what the real game lacks here."""
    from na2q.envs import ENVS, smac

    for name, family in ENVS.items():
        print(f"{name:8} {family.names}")
    print(f"StarCraft II: {smac.missing('8m') or 'installed'}")


def _preset_defaults(args: Sequence[str]) -> TrainConfig:
    """Read method, environment and preset ahead of the rest, since they decide all other defaults."""
    ahead = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    ahead.add_argument("--method", default="na2q", choices=list(METHOD_OPTIONS))
    ahead.add_argument("--env", default="lbf-4p-2f", metavar=f"{{{','.join(ENV_OPTIONS)}}}-...")
    ahead.add_argument("--preset", default=DEFAULT_PRESET, choices=list(PRESETS))
    known, _ = ahead.parse_known_args(args)
    try:
        return configure(known.method, known.env, known.preset)
    except ValueError as error:
        ahead.error(str(error))


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors of the user's making end with a message, not a traceback."""
    args = list(sys.argv[1:] if args is None else args)
    if sys.stderr is None:  # closed by the caller: the next file to be opened would take its place
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    try:
        _run(args)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        _end("stopped; the same command goes on", 130)
    except BrokenPipeError:  # whoever reads our output has seen enough
        _end("", 141)
    except MemoryError as error:
        _end(f"short of memory: {error or 'ask for less at once'}", 2)
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        _end(str(error), 2)


def _run(args: list[str]) -> None:
    """Do what the words ask for."""
    app = tyro.extras.SubcommandApp()
    commands = (
        *(train, evaluate, watch, record, explain, credits, bench, sweep, status),
        *(merge, tune, export, figures, methods, envs),
    )
    for command in commands:
        chosen = args[:1] == [command.__name__]
        app.command(_prepared(command, args[1:] if chosen else []))
    app.cli(prog="na2q", args=args, config=(tyro.conf.AvoidSubcommands, tyro.conf.SuppressFixed))


def _end(message: str, status: int) -> NoReturn:
    """Say why and exit; what could not be printed is dropped, lest the interpreter tries again and fails."""
    if message:
        print(f"na2q: {message}", file=sys.stderr)
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _prepared(command: Callable[..., None], words: Sequence[str]) -> Callable[..., None]:
    """Check what a command is given, and give its settings the defaults that its preset decides."""
    signature, run = inspect.signature(command), checks_arguments(command)
    if "config" in signature.parameters:
        config = signature.parameters["config"].replace(default=_preset_defaults(words))
        parameters = {**signature.parameters, "config": config}
        keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters.values()]
        run.__signature__ = signature.replace(parameters=keyword_only)  # type: ignore[attr-defined]  # read by tyro
    return run


if __name__ == "__main__":
    main()
