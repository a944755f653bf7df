"""Learning curves of which the reader chooses some: data and script in the page, no server.

Without JavaScript nothing but a sentence is shown, so that a figure with all curves should stand above.
"""

import html
import itertools
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib import resources
from string import Template
from typing import Any

import pandas as pd
from matplotlib.colors import to_hex

from na2q.arguments import checks_arguments
from na2q.evaluation import protocol
from na2q.evaluation.figures import in_legend_order
from na2q.style import MAIN, look

DIGITS = 3
_number = itertools.count(1)


@dataclass(frozen=True)
class Chooser:
    """Curves to choose from; notebooks show it."""

    fragment: str = field(repr=False)
    """HTML that any page can hold, with style, script and data."""

    def _repr_html_(self) -> str:
        return self.fragment


@checks_arguments
def chooser(
    runs: pd.DataFrame,
    metric: str = "test_return_mean",
    label: str = "test return",
    first: Collection[str] = MAIN,
) -> Chooser:
    """Let the reader choose a sweep and task, curves and a step, and read values and intervals there.

    Args:
        runs: table of `results.select`.
        metric: column to draw.
        label: what the column is called, with its unit.
        first: curves that are drawn before the reader has chosen; all where none of them is there.

    Raises:
        ValueError: there is no run to draw.
    """
    if runs.empty:
        raise ValueError("there is no run to choose from")
    panels = []
    table = protocol.curves(runs, metric)
    for (sweep, task), part in table.groupby(["sweep", "env"], sort=False):
        names = in_legend_order(part["curve"])
        chosen = [name for name in names if name in first] or names
        lines = [_line(part[part["curve"] == name], name, name in chosen) for name in names]
        panels.append({"title": f"{task}, {sweep}", "lines": lines})
    parts = resources.files("na2q.book")
    read = {name: (parts / f"chooser.{name}").read_text(encoding="utf-8") for name in ("css", "js", "html")}
    data = json.dumps({"label": label, "panels": panels}, separators=(",", ":")).replace("</", "<\\/")
    fragment = Template(read["html"]).substitute(
        css=read["css"], script=read["js"], data=data, label=html.escape(label), number=next(_number)
    )
    return Chooser(fragment)


def _line(table: pd.DataFrame, name: str, chosen: bool) -> dict[str, Any]:
    style = look(name)
    numbers = {
        key: [None if pd.isna(x) else round(float(x), DIGITS) for x in table[key]] for key in ("iqm", "low", "high")
    }
    dashes = "" if isinstance(style.dashes, str) else " ".join(str(2 * part) for part in style.dashes[1])
    about = {"name": style.label, "color": to_hex(style.color), "dashes": dashes, "chosen": chosen}
    return about | {"n": int(table["n"].iloc[0]), "steps": table["point"].astype(int).tolist()} | numbers
