"""From the words of a command line to the command that they name, with the defaults that a preset decides."""

import argparse
import inspect
from collections.abc import Callable, Sequence

import tyro

from na2q.arguments import checks_arguments
from na2q.cli.campaigns import export, merge, status, sweep, tune
from na2q.cli.lists import envs, figures, methods
from na2q.cli.models import credits, evaluate, explain, record, watch
from na2q.cli.runs import bench, train
from na2q.config import DEFAULT_PRESET, ENV_OPTIONS, METHOD_OPTIONS, PRESETS, SUBJECT, TrainConfig, configure

COMMANDS: dict[str, Callable[..., None]] = {
    command.__name__: command
    for command in (
        *(train, evaluate, watch, record, explain, credits, bench, sweep, status),
        *(merge, tune, export, figures, methods, envs),
    )
}
"""All commands by name, in the order in which help lists them."""


def run(args: list[str]) -> None:
    """Do what the words ask for."""
    app = tyro.extras.SubcommandApp()
    for command in COMMANDS.values():
        chosen = args[:1] == [command.__name__]
        app.command(_prepared(command, args[1:] if chosen else []))
    app.cli(prog="na2q", args=args, config=(tyro.conf.AvoidSubcommands, tyro.conf.SuppressFixed))


def _preset_defaults(args: Sequence[str]) -> TrainConfig:
    """Read method, environment and preset ahead of the rest, since they decide all other defaults."""
    ahead = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    ahead.add_argument("--method", default=SUBJECT, choices=list(METHOD_OPTIONS))
    ahead.add_argument("--env", default="lbf-4p-2f", metavar=f"{{{','.join(ENV_OPTIONS)}}}-...")
    ahead.add_argument("--preset", default=DEFAULT_PRESET, choices=list(PRESETS))
    known, _ = ahead.parse_known_args(args)
    try:
        return configure(known.method, known.env, known.preset)
    except ValueError as error:
        ahead.error(str(error))


def _prepared(command: Callable[..., None], words: Sequence[str]) -> Callable[..., None]:
    """Check what a command is given, and give its settings the defaults that its preset decides."""
    signature, run = inspect.signature(command), checks_arguments(command)
    if "config" in signature.parameters:
        config = signature.parameters["config"].replace(default=_preset_defaults(words))
        parameters = {**signature.parameters, "config": config}
        keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters.values()]
        run.__signature__ = signature.replace(parameters=keyword_only)  # type: ignore[attr-defined]  # read by tyro
    return run
