"""Put the page together: modules, style, settings and teams in one file, or teams in files beside it."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from na2q.explain.board import export
from na2q.explain.player import agent_colours
from na2q.training.runlog import replacing

MODULES = ("random", "rules", "network", "session", "dom", "scene", "cards", "terms", "without", "tour", "page")
"""Modules of the page, each after those that it imports."""

IMPORT = re.compile(r"^import [^;]*;\n", re.M)
EXPORT = re.compile(r"^export (?=(?:async )?function|class|const|let)", re.M)
TITLE = "A board you can move"
COLOURS = 10
"""How many agents have a colour of their own."""

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
    inside = [] if beside is not None else [f"<script>{export.script(found, name)}</script>" for name, found in models.items()]
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


def save(path: str | Path, run: str | Path) -> None:
    """Write the page of one run as a single file that needs nothing else.

    Raises:
        NotOnBoardError: the board cannot show this run.
    """
    found = export.model(run)
    write(Path(path), page({"run": found}, {"run": found["label"]}))


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def site(folder: Path, runs: Sequence[Path], home: str) -> None:
    """Write the page of several runs: `index.html`, and a script for each run that is read when it is chosen."""
    models = {f"{run.parts[-3]}-{run.parts[-2]}": export.model(run) for run in runs}
    for name, found in models.items():
        write(folder / "teams" / f"{name}.js", export.script(found, name))
    presets = {found["label"]: {other["preset"] for other in models.values() if other["label"] == found["label"]} for found in models.values()}
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
