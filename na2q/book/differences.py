"""Where paper and released code differ, and what presets set, as tables of the book."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from na2q.config import DEFAULT_PRESET, DEVIATIONS, PRESETS, SUBJECT, Deviation, configure, flat
from na2q.config.deviation import Column
from na2q.stats import Estimate


def deviations(method: str | None = None) -> pd.DataFrame:
    """List where paper and released code differ, all rows or those that name one method.

    Columns: row, topic, concerns, impact, paper, released (what they say and do), ours, setting, used (the file where
    the setting takes effect), presets, trial, related. Presets are the values of the setting in each, trial the one
    that sweep `controls` tries alone.
    """
    rows = [
        {"row": d.label, "topic": d.topic, "concerns": d.concerns, "impact": d.impact, "paper": d.says}
        | {"released": d.does, "ours": d.ours, "setting": d.setting, "used": d.used, "presets": values_in_presets(d)}
        | {"trial": str(d.trial[d.setting]) if d.trial else "", "related": " ".join(d.related)}
        for d in DEVIATIONS
        if method is None or d.names(method)
    ]
    columns = ["row", "topic", "concerns", "impact", "paper", "released", "ours", "setting", "used", "presets"]
    return pd.DataFrame(rows, columns=[*columns, "trial", "related"]).set_index("row")


def values_in_presets(row: Deviation) -> str:
    """Say what the setting of a row is in each preset; empty where no setting decides the matter."""
    presets: dict[str, list[str]] = {}
    for column in get_args(Column):
        if row.setting:
            presets.setdefault(str(row.value(column)), []).append(column)
    if len(presets) == 1:
        return f"{next(iter(presets))} in every preset"
    return "; ".join(f"{value} in {', '.join(names)}" for value, names in presets.items())


def deviations_shown(method: str | None = None) -> pd.DataFrame:
    """`deviations` in the few columns that fit a page: impact beside the topic, the setting above its values."""
    table = deviations(method)
    shown = {
        "topic (impact)": table["topic"] + " (" + table["impact"] + ")",
        "concerns": table["concerns"],
        "paper": table["paper"],
        "released code": table["released"],
        "ours, with the setting": [_ours(row) for row in table.to_dict("records")],
    }
    return pd.DataFrame(shown, index=table.index)


def measured_deviations(effects: pd.DataFrame, rows: Mapping[str, str]) -> pd.DataFrame:
    """List the deviations that concern NA2Q, with what it changed to turn each of them alone.

    Args:
        effects: table of `protocol.differences`, NA2Q as released minus each curve.
        rows: labels of the deviations that were turned, by the curve that turned each.

    Returns:
        Columns topic, paper, released, presets, impact and "released minus turned", which says "not run" where a
        trial has no runs.
    """
    told: dict[str, list[str]] = {label: [] for label in rows.values()}
    for one in effects[effects["curve"].isin(list(rows))].to_dict("records"):
        found = Estimate(one["difference"], one["low"], one["high"])
        told[rows[one["curve"]]].append(f"{found} on {one['env']} ({one['sweep']})")
    table = deviations()
    shown = table[(table["trial"] != "") | table["concerns"].str.contains(SUBJECT)]
    said = ["; ".join(told[label]) or "not run" if label in told else "" for label in shown.index]
    return shown[["topic", "paper", "released", "presets", "impact"]].assign(**{"released minus turned": said})


def _ours(row: Mapping[Any, str]) -> str:
    """What the package does in a row: the setting with its values, a remark, and other settings that matter."""
    decided = f"`{row['setting']}`: {row['presets']}. Used in `na2q/{row['used']}`." if row["setting"] else ""
    related = ", ".join(f"`{name}`" for name in row["related"].split())
    return " ".join(filter(None, [decided, row["ours"], f"See {related}." if related else ""]))


def presets_table() -> pd.DataFrame:
    """Say what each preset is, with the default one marked."""
    rows = {name: preset.meaning + " (the default)" * (name == DEFAULT_PRESET) for name, preset in PRESETS.items()}
    return pd.DataFrame({"meaning": rows}).rename_axis("preset")


def preset_values(method: str, env: str, presets: Sequence[str] = tuple(PRESETS)) -> pd.DataFrame:
    """Set the settings of one method on one environment side by side, as far as the presets differ in them."""
    table = whole_configuration(method, env, presets)
    return table[table["differ"] == "yes"].drop(columns="differ")


def whole_configuration(method: str, env: str, presets: Sequence[str] = tuple(PRESETS)) -> pd.DataFrame:
    """Set every setting of one method on one environment side by side, and mark those in which the presets differ."""
    values = {name: flat(configure(method, env, name)) for name in presets}
    table = pd.DataFrame({name: {k: str(v) for k, v in row.items()} for name, row in values.items()})
    table = table.drop(index="preset")
    return table.assign(differ=np.where(table.nunique(axis=1) > 1, "yes", "")).rename_axis("setting")
