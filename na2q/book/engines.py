"""The battle engine beside others: what `benchmarks/other_engines.py` measured, as the page on the engine shows it."""

import pandas as pd

from na2q.arguments import checks_arguments
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
    shown = [
        f"{row.value:.2f} ({row.low:.2f} to {row.high:.2f})" for row in rows[["value", "low", "high"]].itertuples()
    ]
    wide = rows.assign(shown=shown).pivot(index=["map", "what"], columns="engine", values="shown")
    wide = wide.reindex(pd.MultiIndex.from_frame(rows[["map", "what"]].drop_duplicates()))
    return wide.fillna("not in it")[list(NAMES)].rename(columns=NAMES).rename_axis(["map", "team"]).reset_index()


@checks_arguments
def speeds(table: pd.DataFrame) -> pd.DataFrame:
    """Steps of all copies in a second of processor time, the median and its quartiles, in a column for each engine.

    Args:
        table: as of `measured`.
    """
    rows = table[table["what"] == SPEED]
    shown = [
        f"{row.value:,.0f} ({row.low:,.0f} to {row.high:,.0f})" for row in rows[["value", "low", "high"]].itertuples()
    ]
    wide = rows.assign(shown=shown).pivot(index=["map", "copies"], columns="engine", values="shown")
    return wide.fillna("one only")[list(NAMES)].rename(columns=NAMES).reset_index()


@checks_arguments
def versions(table: pd.DataFrame) -> str:
    """Name the engines with the versions that were measured, and how many battles of each map and team they played.

    Args:
        table: as of `measured`.
    """
    rows = table[table["what"] != SPEED].drop_duplicates("engine").set_index("engine")
    named = [f"{NAMES[str(engine)]} {row['version']} ({row['battles']:.0f} battles)" for engine, row in rows.iterrows()]
    return ", ".join(named[:-1]) + f" and {named[-1]}"
