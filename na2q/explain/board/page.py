"""Put the page together: modules, style, settings and teams in one file, or teams in files beside it."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from na2q.arguments import checks_arguments
from na2q.explain import scene
from na2q.explain.board import export
from na2q.explain.player import Player, agent_colours, player
from na2q.explain.recording import record
from na2q.files import replacing

MODULES = (
    "random",
    "rules",
    "network",
    "session",
    "dom",
    "scene",
    "cards",
    "foods",
    "terms",
    "without",
    "teams",
    "tour",
    "page",
)
"""Modules of the page, each after those that it imports."""

IMPORT = re.compile(r"^import [^;]*;\n", re.M)
EXPORT = re.compile(r"^export (?=(?:async )?function|class|const|let)", re.M)
TITLE = "A board you can move"
RECORDED = 8
"""Episodes of a run that the board cannot show."""

COLOURS = 10
"""Agents with a colour of their own; more of them use the same colours again."""

Model = Mapping[str, Any]


def bundle() -> str:
    """All modules as one script without imports: a page from the file system may not load modules from other files."""
    return "\n".join(EXPORT.sub("", IMPORT.sub("", _read(f"{name}.mjs"))) for name in MODULES)


def page(models: Mapping[str, Model], titles: Mapping[str, str], beside: str | None = None, home: str = "") -> str:
    """Return the whole page.

    Args:
        models: what `export.model` returns, by names that tell them apart; the first is shown at first.
        titles: what the button of each says.
        beside: folder, as seen from the page, where the script of every model lies under its name; by default
            the page holds all models.
        home: HTML of a link back to where the page is explained.
    """
    entries = [
        {key: found[key] for key in ("env", "preset")}
        | {"name": name, "title": titles[name], "file": None if beside is None else f"{beside}/{name}.js"}
        for name, found in models.items()
    ]
    inside = (
        []
        if beside is not None
        else [f"<script>{export.script(found, name)}</script>" for name, found in models.items()]
    )
    cost = next(iter(models.values()))["task"]["stepPenalty"]
    return Template(_read("board.html")).substitute(
        title=html.escape(TITLE),
        style=_colours() + _read("board.css"),
        home=home,
        cost=f"{cost:g}",
        settings=json.dumps({"models": entries}).replace("<", "\\u003c"),
        models="\n".join(inside),
        script=bundle(),
    )


@checks_arguments
def save(run: str | Path, path: str | Path) -> str | None:
    """Write the page of one run as a single file that needs nothing else.

    A run that the board cannot show gets the player of the best of `RECORDED` greedy episodes instead.

    Args:
        run: folder of a finished run, or a weights file.
        path: HTML file to write.

    Returns:
        None, or why the page is a player.

    Raises:
        RunError: the weights cannot be read.
    """
    try:
        found = export.model(run)
    except export.NotOnBoardError as error:
        recording = record(run, RECORDED)
        reason = f"This episode was recorded and can only be stepped through: {error}."
        made = player(recording, scene.best_episode(recording))
        Player(made.title, f"<p>{html.escape(reason)}</p>\n{made.fragment}").save(path)
        return reason
    write(Path(path), page({"run": found}, {"run": found["label"]}))
    return None


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@checks_arguments
def site(folder: Path, runs: Sequence[Path], home: str) -> None:
    """Write the page of several runs: `index.html`, and a script for each run that is read when it is chosen."""
    models = {f"{run.parts[-3]}-{run.parts[-2]}": export.model(run) for run in runs}
    for name, found in models.items():
        write(folder / "teams" / f"{name}.js", export.script(found, name))
    presets = {
        found["label"]: {other["preset"] for other in models.values() if other["label"] == found["label"]}
        for found in models.values()
    }
    titles = {
        name: found["label"] if len(presets[found["label"]]) == 1 else f"{found['label']} ({found['preset']})"
        for name, found in models.items()
    }
    write(folder / "index.html", page(models, titles, "teams", home))


def _read(name: str) -> str:
    return (resources.files("na2q.explain.board") / name).read_text(encoding="utf-8")


def _colours() -> str:
    found = [agent_colours(agent) for agent in range(COLOURS)]
    return "".join(f".a{i} {{ --c: {one['colour']}; --ink: {one['ink']}; }}\n" for i, one in enumerate(found))
