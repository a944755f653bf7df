"""The command `na2q`: train, evaluate, and list what there is."""

import argparse
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from na2q.config import ENV_OPTIONS, METHOD_OPTIONS, PRESETS, TrainConfig, configure


def train(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    run_dir: Path,
    checkpoint_minutes: float = 10,
    tensorboard: bool = False,
) -> None:
    """Train a method on an environment, or go on where a stopped run left off.

    Defaults are those of the chosen method, environment and preset.

    Args:
        config: settings of the run.
        run_dir: folder of the run: metrics.csv, run.json, weights and checkpoint.
        checkpoint_minutes: minutes between checkpoints.
        tensorboard: write the metrics as TensorBoard events too.
    """
    from na2q.training import run

    metrics = run.train(config, run_dir, checkpoint_minutes=checkpoint_minutes, tensorboard=tensorboard)
    last = metrics.iloc[-1]
    state = "complete" if last["step"] >= config.total_steps else "stopped; the same command goes on"
    print(f"{run_dir}: {last['step']:.0f} steps, test return {last['test_return_mean']:.3f}, {state}")


def evaluate(
    run_dir: Annotated[Path, tyro.conf.Positional],
    episodes: int = 32,
    seed: int = 0,
) -> None:
    """Play greedy episodes with the weights of a run and print their mean metrics.

    Args:
        run_dir: folder of a finished run.
        episodes: how many episodes to play, all at once.
        seed: seed of the episodes.
    """
    from na2q.training import run

    for name, value in run.evaluate_run(run_dir, episodes, seed).items():
        print(f"{name} {value:.4f}")


def bench(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    episodes: int = 40,
    json: Path | None = None,
) -> None:
    """Measure the speed of training, in steps a second and in floors, part by part.

    Args:
        config: settings of the run.
        episodes: training episodes to measure, each with its update.
        json: file to write the numbers to.
    """
    from na2q.training import bench as benchmark

    numbers = benchmark.bench(config, episodes)
    print(benchmark.table(numbers))
    if json:
        json.write_text(benchmark.as_json(numbers))


def methods() -> None:
    """List the methods, with the paper that each implements."""
    from na2q.methods import METHODS

    for name, cls in METHODS.items():
        module = sys.modules[cls.__module__]
        print(f"{name:8} {(module.__doc__ or '').splitlines()[0]}")


def envs() -> None:
    """List the families of environments and how their names are written."""
    from na2q.envs import ENVS

    for cls in ENVS.values():
        module = sys.modules[cls.__module__]
        print((module.__doc__ or "").splitlines()[0])
        print(f"    {(cls.__init__.__doc__ or '').splitlines()[0]}")


def _preset_defaults(args: Sequence[str]) -> TrainConfig:
    """Read method, environment and preset ahead of the rest, since they decide all other defaults."""
    ahead = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    ahead.add_argument("--method", default="na2q", choices=list(METHOD_OPTIONS))
    ahead.add_argument("--env", default="lbf-4p-2f", metavar=f"{{{','.join(ENV_OPTIONS)}}}-...")
    ahead.add_argument("--preset", default="released", choices=list(PRESETS))
    known, _ = ahead.parse_known_args(args)
    try:
        return configure(known.method, known.env, known.preset)
    except ValueError as error:
        ahead.error(str(error))


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors of the user's making end with a message, not a traceback."""
    args = list(sys.argv[1:] if args is None else args)
    app = tyro.extras.SubcommandApp()
    for command in (train, evaluate, bench, methods, envs):
        chosen = args[:1] == [command.__name__]
        configured = chosen and "config" in inspect.signature(command).parameters
        app.command(_with_defaults(command, _preset_defaults(args[1:])) if configured else command)
    try:
        app.cli(prog="na2q", args=args, config=(tyro.conf.AvoidSubcommands,))
    except KeyboardInterrupt:
        print("na2q: stopped; the same command goes on", file=sys.stderr)
        sys.exit(130)
    except (ValueError, ImportError, RuntimeError) as error:
        print(f"na2q: {error}", file=sys.stderr)
        sys.exit(2)


def _with_defaults(command: Callable[..., None], config: TrainConfig) -> Callable[..., None]:
    """Give the settings of a command the defaults that its preset decides."""
    signature = inspect.signature(command)
    parameters = {**signature.parameters, "config": signature.parameters["config"].replace(default=config)}
    keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters.values()]

    @functools.wraps(command)
    def run(**settings: Any) -> None:
        command(**settings)

    run.__signature__ = signature.replace(parameters=keyword_only)  # type: ignore[attr-defined]  # read by tyro
    return run


if __name__ == "__main__":
    main()
