"""This package beside others on one machine: what `benchmarks/peers.py` measured, as a table and as words."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from na2q.book.prose import plain
from na2q.paths import repo_root
from na2q.style import look

ROWS = {  # measure, copies of the environment -> its row, with a place for the method or map
    ("update", 1): "update of {}, ms",
    ("training", 1): "training with {}, steps a second",
    ("environment", 1): "map {} alone, one copy, steps a second",
    ("environment", 32): "map {} alone, 32 copies, steps a second",
}
"""Rows of the table in their order; what else was measured is not in it."""
LABELS = {"na2q": "this package", "benchmarl": "BenchMARL", "jaxmarl": "JaxMARL"}


def read(file: str = "peers.csv") -> pd.DataFrame:
    """Read the measurements from a file in `data/`; what is empty in columns `why` and `backend` is an empty text."""
    return pd.read_csv(repo_root() / "data" / file).fillna({"why": "", "backend": ""})


def beside(peers: pd.DataFrame) -> pd.DataFrame:
    """Set packages side by side by processor time: medians with quartiles in brackets, or that a part is missing."""
    shown = peers.assign(
        row=[_row(row) for row in peers.to_dict("records")],
        column=peers["package"].map(LABELS) + " " + peers["version"] + " (" + peers["backend"] + ")",
        cell=[_cell(row) for row in peers.to_dict("records")],
    )
    shown = pd.concat([shown[(shown["measure"] == measure) & (shown["copies"] == copies)] for measure, copies in ROWS])
    wide = shown.pivot(index="row", columns="column", values="cell")
    rows, columns = (list(shown[name].unique()) for name in ("row", "column"))
    return wide.loc[rows, columns].rename_axis(index="measured", columns=None)


def _row(row: Mapping[Hashable, Any]) -> str:
    """Say what was measured, by the name that readers know the method or map by."""
    return ROWS.get((row["measure"], row["copies"]), "").format(look(row["of"].removeprefix("battle-")).label)


def _cell(row: Mapping[Hashable, Any]) -> str:
    if row["why"]:
        return "no such part"
    median, low, high = (row[f"cpu_{name}"] for name in ("ms", "low_ms", "high_ms"))
    if not row["steps"]:
        return f"{median:.1f} ({low:.1f} to {high:.1f})"
    return "{:,.0f} ({:,.0f} to {:,.0f})".format(*(1000 * row["steps"] / ms for ms in (median, high, low)))


def words(peers: pd.DataFrame) -> dict[str, str]:
    """Return what the text says of the measurements, by the name under which it shows it.

    `update_<method>` is how many times as long BenchMARL's update takes, `collecting_<method>_<package>` the share of
    training that goes into collecting, `wall` how many times as far as processor time the clock on the wall went.
    """
    measured = peers[peers["why"] == ""]
    single = measured[measured["copies"] == 1]
    keys = single[["measure", "of", "package"]].itertuples(index=False, name=None)
    times = dict(zip(keys, single["cpu_ms"], strict=True))
    said = {
        "wall": f"{(measured['wall_ms'] / measured['cpu_ms']).median():.1f}",
        "load": f"{peers['load'].iloc[0]:.0f}",
        "cores": str(peers["cores"].iloc[0]),
        "measured_on": str(peers["date"].iloc[0]),
        "measured_at": str(peers["commit"].iloc[0])[:10],
    }
    for method in single.loc[single["measure"] == "update", "of"].unique():
        said[f"update_{method}"] = f"{times['update', method, 'benchmarl'] / times['update', method, 'na2q']:.1f}"
        for package in ("na2q", "benchmarl"):
            share = times["collecting", method, package] / times["training", method, package]
            said[f"collecting_{method}_{package}"] = f"{100 * share:.0f} %"
    return said


def missing(peers: pd.DataFrame) -> str:
    """Say why packages have no number for some measures, as Markdown; an empty text where none is missing."""
    reasons = peers[peers["why"] != ""].drop_duplicates(["package", "why"])
    told = [f"{LABELS[row['package']]}: {plain(row['why'])}." for row in reasons.to_dict("records")]
    return " ".join(["Why parts are missing.", *told] if told else [])
