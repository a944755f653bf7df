"""The battle engine beside others: what `benchmarks/other_engines.py` measured, as the page on the engine shows it."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.book.prose import series
from na2q.paths import repo_root

NAMES = {"na2q": "this engine", "smaclite": "SMAClite", "smax": "SMAX"}
SPEED = "steps_per_cpu_second"


def measured() -> pd.DataFrame:
    """Read the stored table, one row for each engine, map and thing that was measured."""
    return pd.read_csv(repo_root() / "data" / "battle_peers.csv")


@checks_arguments
def win_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Share of battles that scripted teams win, with intervals of 95 %, in a column for each engine.

    Args:
        table: as of `measured`.
    """
    rows = table[table["what"] != SPEED]
    wide = _beside(rows, ["map", "what"], "{:.2f}".format)
    wide = wide.reindex(pd.MultiIndex.from_frame(rows[["map", "what"]].drop_duplicates()))
    return wide.fillna("not in it").rename_axis(["map", "team"]).reset_index()


@checks_arguments
def speeds(table: pd.DataFrame) -> pd.DataFrame:
    """Steps of all copies in a second of processor time, the median and its quartiles, in a column for each engine.

    Args:
        table: as of `measured`.
    """
    rows = table[table["what"] == SPEED]
    return _beside(rows, ["map", "copies"], "{:,.0f}".format).fillna("one only").reset_index()


def _beside(rows: pd.DataFrame, index: list[str], write: Callable[[Any], str]) -> pd.DataFrame:
    """Set engines side by side: each value with its ends in brackets."""
    shown = [f"{write(row.value)} ({write(row.low)} to {write(row.high)})" for row in rows.itertuples()]
    wide = rows.assign(shown=shown).pivot(index=index, columns="engine", values="shown")
    return wide[list(NAMES)].rename(columns=NAMES)


@checks_arguments
def versions(table: pd.DataFrame) -> str:
    """Name the engines with the versions that were measured, and how many battles of each map and team they played.

    Args:
        table: as of `measured`.
    """
    rows = table[table["what"] != SPEED].drop_duplicates("engine").set_index("engine")
    named = [f"{NAMES[str(engine)]} {row['version']} ({row['battles']:.0f} battles)" for engine, row in rows.iterrows()]
    return series(named)
