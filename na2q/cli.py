"""The command `na2q`: train, evaluate, and list what there is."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from na2q.config import ENV_OPTIONS, METHOD_OPTIONS, PRESETS, TrainConfig, configure


def train(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    run_dir: Annotated[Path, tyro.conf.arg(metavar="DIR")],
) -> None:
    """Train a method on an environment; defaults below are those of the chosen preset.

    Args:
        config: settings of the run.
        run_dir: new folder for metrics.csv, run.json and weights.safetensors.
    """
    from na2q.training import trainer

    metrics = trainer.train(config, run_dir)
    last = metrics.iloc[-1]
    print(f"{run_dir}: {last['step']:.0f} steps, test return {last['test_return_mean']:.3f}")


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
    from na2q.training import trainer

    for name, value in trainer.evaluate_run(run_dir, episodes, seed).items():
        print(f"{name} {value:.4f}")


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
    if args[:1] == ["train"]:
        defaults = _preset_defaults(args[1:])

        @app.command(name="train")
        def train_with_defaults(
            run_dir: Path, config: Annotated[TrainConfig, tyro.conf.arg(name="")] = defaults
        ) -> None:
            train(config, run_dir)

        train_with_defaults.__doc__ = train.__doc__
    else:
        app.command(train)
    for command in (evaluate, methods, envs):
        app.command(command)
    try:
        app.cli(prog="na2q", args=args, config=(tyro.conf.AvoidSubcommands,))
    except (ValueError, FileExistsError, FileNotFoundError) as error:
        print(f"na2q: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
