"""What is stored of a method: its learning curve, and every run with its command, its log and its weights."""

import shlex
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from na2q.book.concordance import SOURCES
from na2q.evaluation import figures, results
from na2q.paths import repo_root
from na2q.training.records import METRICS, read_record
from na2q.training.weights import WEIGHTS

SWEEPS = ("figure3", "pilot", "epymarl")
"""Sweeps that a page shows, the first that has the method: the paper's, then shorter ones."""

TASKS = ("lbf-4p-2f", "lbf-3p-3f")
"""Tasks of the paper's Figure 3; a page shows no others where a method ran on them: returns have one scale there."""


def curve(method: str) -> Figure:
    """Draw the runs of the first sweep that has the method, its curves in colour and all others in grey."""
    folders = _folders(method)
    if not folders:
        return figures.nothing_yet()
    runs = pd.concat([results.load_runs(task) for task in dict.fromkeys(place.parent for place in folders)])
    runs = results.select(runs[runs["variant"].isin(runs.loc[runs["method"] == method, "variant"])])
    if runs["curve"].str.partition(" ")[2].nunique() == 1:  # settings that all share tell no curve apart
        runs = runs.assign(curve=runs["method"])
    return figures.learning_curves(runs, main=[name for name in runs["curve"].unique() if name.split()[0] == method])


def as_markdown(method: str) -> str:
    """List the runs of that sweep and the stored weights in MyST; a sentence where there are none."""
    runs = [place for folder in _folders(method) for place in _complete(folder)]
    models = sorted((repo_root() / "data" / "models").glob(f"*/{method}_*/*/{WEIGHTS}"))
    told = [_runs(runs) if runs else "No run of this method is stored yet.", ""]
    told += [_weights([path.parent for path in models]) if models else "No weights of this method are stored."]
    return "\n".join(told)


def _folders(method: str) -> list[Path]:
    """Folders of the method's curves without other settings, in the first sweep that has the method."""
    for sweep in SWEEPS:
        found = sorted((repo_root() / "data" / "runs" / sweep).glob(f"*/{method}_*"))
        plain = [folder for folder in found if "=" not in folder.name] or found
        if plain:
            return [folder for folder in plain if folder.parent.name in TASKS] or plain
    return []


def _complete(folder: Path) -> list[Path]:
    return [place for place in sorted(folder.glob("seed-*")) if read_record(place)["status"] == "complete"]


def _link(words: str, path: Path) -> str:
    return f"[{words}]({SOURCES}/{path.relative_to(repo_root()).as_posix()})"


def _runs(places: list[Path]) -> str:
    rows = ["| task | preset | seed | steps | test return | log |", "|---|---|---|---|---|---|"]
    commands = []
    for place in places:
        record = read_record(place)
        config, absolute = record["config"], record.get("absolute", {})
        ended = f"{absolute['test_return_mean']:.2f}" if "test_return_mean" in absolute else ""
        about = [config["env"], config["preset"], str(config["seed"]), f"{record['steps']:,}", ended]
        cells = [*about, _link(METRICS, place / METRICS)]
        rows.append(f"| {' | '.join(cells)} |")
        commands.append(_again(record["command"], place))
    return "\n".join(
        [
            *rows,
            "",
            "Its command:" if len(places) == 1 else "Their commands, in this order:",
            "",
            "```bash",
            *commands,
            "```",
        ]
    )


def _again(command: str, place: Path) -> str:
    """Command of a run, into a folder that no other run's command on the page names, whatever folder it first had."""
    before, option, _ = command.rpartition("--run-dir")
    return f"{before}{option} {shlex.quote('/'.join(('runs', *place.parts[-3:])))}"


def _weights(models: list[Path]) -> str:
    first = models[0].relative_to(repo_root()).as_posix()
    rows = ["Stored weights:", "", "| task | preset | seed | steps | weights |", "|---|---|---|---|---|"]
    for place in models:
        record = read_record(place)
        config = record["config"]
        about = [config["env"], config["preset"], str(config["seed"]), f"{record['steps']:,}"]
        rows.append(f"| {' | '.join([*about, _link(WEIGHTS, place / WEIGHTS)])} |")
    load = [
        "",
        f"{'They play' if len(models) == 1 else 'The first of them plays'} when loaded:",
        "",
        "```python",
        "import na2q",
        "",
        f'policy = na2q.load("{first}")',
        "```",
    ]
    return "\n".join([*rows, *load])
