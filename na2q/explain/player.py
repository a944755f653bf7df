"""A recorded episode to step through in a web page, without a server: scene, masks and terms of Q_tot."""

import html
import json
import math
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.envs.battle.maps import SHOOT, SIGHT
from na2q.explain import scene
from na2q.files import replacing
from na2q.style import agent_color, ink_on, look

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,">
<style>:root {{ color-scheme: light dark; }} body {{ margin: 1rem auto; max-width: 62rem; padding: 0 0.5rem; }}
h1 {{ font: 600 1.2rem system-ui, sans-serif; }}</style></head>
<body><main><h1>An episode, step by step</h1>
{fragment}</main></body></html>
"""


@dataclass(frozen=True)
class Player:
    """A player of one episode; notebooks show it, `save` writes it as a page of its own."""

    title: str
    fragment: str = field(repr=False)
    """HTML that any page can hold, with style, script and data."""

    def _repr_html_(self) -> str:
        return self.fragment

    def page(self) -> str:
        """Return a whole HTML page that needs nothing else."""
        return PAGE.format(title=html.escape(self.title), fragment=self.fragment)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        with replacing(Path(path)) as part:
            part.write_text(self.page(), encoding="utf-8")


@checks_arguments
def player(recording: xr.Dataset, episode: int = 0) -> Player:
    """Build the player of one recorded episode, of any method and environment.

    It shows the board or battle where the environment showed it, at each step the terms of Q_tot (contributions by
    agents and coalitions, otherwise gradient times Q_i), executed and greedy actions, and masks where there are any.

    Raises:
        ValueError: for an episode that was not recorded.
    """
    played = scene.one_episode(recording, episode)
    about = recording.attrs
    outcome = f"return {float(played['return']):.2f}"
    title = f"{look(str(about['method'])).label} on {about['env']}, episode {episode}, {outcome}"
    parts = resources.files("na2q.explain")
    read = {name: (parts / f"player.{name}").read_text(encoding="utf-8") for name in ("css", "js", "html")}
    fragment = Template(read["html"]).substitute(
        css=read["css"],
        script=read["js"],
        title=html.escape(title),
        scene="Battle" if "unit_position" in played else "Board",
        data=json.dumps(contents(played), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    )
    return Player(title, fragment)


def contents(played: xr.Dataset) -> dict[str, Any]:
    """Return what the player's script reads; `played` is one episode without padding."""
    n_agents, steps = played.sizes["agent"], range(played.sizes["step"])
    labels, name, terms = _terms(played)
    totals = [played[x].values for x in ("q_tot", "bias") if x in played]
    span = np.concatenate([terms.ravel(), *totals])
    span = span[np.isfinite(span)]
    mask = played["mask"].values if "mask" in played else np.ones(1)
    show = _board if "player_position" in played else _battle if "unit_position" in played else _nothing
    fixed, frames = show(played)
    return {
        "agents": [agent_colours(agent) for agent in range(n_agents)],
        "terms": {
            "name": name,
            "labels": labels,
            "low": min(0.0, _short(span.min())),
            "high": _short(span.max(), 1e-9),
        },
        "features": _features(played),
        "heat": _short(mask.max()),
        "start": int(
            np.argmax(played["reward"].values[: max(1, len(steps) - 1)])
        ),  # the last one may be the bonus of a win
        "scene": fixed,
        "steps": [_step(played.isel(step=t), terms[t]) | frames[t] for t in steps],
    }


def _terms(played: xr.Dataset) -> tuple[list[str], str, ndarray]:
    """Labels, name and values (t, k) of what Q_tot is explained by."""
    if scene.has_coalitions(played):
        return (
            [_named(str(k)) for k in played["coalition"].values],
            "Contributions \u03b1\u00b7f",
            played["contribution"].values,
        )
    agents = [f"agent {i + 1}" for i in range(played.sizes["agent"])]
    if "gradient" in played:
        return agents, "Gradient of Q_tot times Q", played["gradient"].values * played["q_taken"].values
    return agents, "Utilities Q", played["q_taken"].values


def _named(coalition: str) -> str:
    shown = scene.shown_as(coalition)
    return shown if shown == coalition else f"{'agents' if ',' in shown else 'agent'} {shown}"


def _step(moment: xr.Dataset, terms: ndarray) -> dict[str, Any]:
    """Return what every recording holds of one step."""
    actions, taken, greedy = (moment[x].values for x in ("action", "action_taken", "greedy_action"))
    best = np.take_along_axis(moment["q"].values, greedy[:, None].astype(int), 1)[:, 0]
    step = {
        "reward": _short(moment["reward"]),
        "total": _short(moment["q_tot"]) if "q_tot" in moment else None,
        "bias": _short(moment["bias"]) if scene.has_coalitions(moment) else None,
        "terms": _list(terms),
        "taken": [scene.shown_action(str(actions[u])) for u in taken],
        "greedy": [scene.shown_action(str(actions[u])) for u in greedy],
        "q": _list(moment["q_taken"].values),
        "qGreedy": _list(best),
    }
    if "mask" in moment:
        step |= {name: [_list(row) for row in moment[name].values] for name in ("mask", "obs")}
    return step


def _board(played: xr.Dataset) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    food = [[int(x), int(y), int(level)] for (y, x), level in _pairs(played, "food_position", "food_level")]
    sight, agents = int(played["sight"]), range(played.sizes["agent"])
    frames = []
    for t in range(played.sizes["step"]):
        moment = played.isel(step=t)
        cells = moment["player_position"].values.astype(int).tolist()
        actions = [str(moment["action"].values[u]) for u in moment["action_taken"].values]
        frame: dict[str, Any] = {
            "players": [[x, y] for y, x in cells],
            "food": moment["food_present"].values.astype(bool).tolist(),
            "corner": [[max(x - sight, 0), max(y - sight, 0)] for y, x in cells],
            "arrows": [
                # from the circle's rim, since a player stands on its cell
                _arrow([x + 0.34 * dx, y - 0.34 * dy], [x + 0.75 * dx, y - 0.75 * dy], i)
                for i, (action, (y, x)) in enumerate(zip(actions, cells, strict=True))
                if action in scene.MOVES
                for dx, dy in [scene.MOVES[action]]
            ],
        }
        if "mask" in moment:
            frame["seen"] = [_seen(scene.view(moment, agent, scene.WHOLE)) for agent in agents]
        frames.append(frame)
    fixed = {
        "kind": "board",
        "size": int(played["field_size"]),
        "food": food,
        "levels": played["player_level"].values.astype(int).tolist(),
        "side": 2 * sight + 1,
    }
    return fixed, frames


def _seen(view: scene.View) -> list[list[float]]:
    cells = np.argwhere(np.isfinite(view.mask)).tolist()
    return [[view.left + column, view.top + row, _short(view.mask[row, column])] for row, column in cells]


def _battle(played: xr.Dataset) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    n_agents = played.sizes["agent"]
    # y counts northwards on the map and downwards on screens
    position = played["unit_position"].values.astype(float) * [1, -1]
    alive = played["unit_alive"].values.astype(bool)
    masks = [scene.unit_masks(played, agent) for agent in range(n_agents)] if "mask" in played else None
    frames = []
    for t in range(played.sizes["step"]):
        moment = played.isel(step=t)
        frame: dict[str, Any] = {
            "units": [
                {
                    "x": _short(x),
                    "y": _short(y),
                    "health": _short(health),
                    "shield": _short(shield),
                    "alive": bool(lives),
                }
                for (x, y), health, shield, lives in zip(
                    position[t], moment["unit_health"].values, moment["unit_shield"].values, alive[t], strict=True
                )
            ],
            "arrows": _orders(moment, position[t], alive[t]),
        }
        if masks is not None:
            frame["unitMask"] = [_list(mask[t]) for mask in masks]
        frames.append(frame)
    shown = position[alive]
    low, size = shown.min(0) - 2, np.ptp(shown, axis=0) + 4
    fixed = {
        "kind": "battle",
        "enemy": played["unit_enemy"].values.astype(bool).tolist(),
        "radius": _list(played["unit_radius"].values),
        "view": [_short(x) for x in (*low, *size)],
        "reach": [SHOOT, SIGHT],
    }
    return fixed, frames


def _orders(moment: xr.Dataset, position: ndarray, alive: ndarray) -> list[dict[str, Any]]:
    """Arrows of what agents do now and of whom enemies fight."""
    n_agents, arrows = moment.sizes["agent"], []
    for unit in np.flatnonzero(alive).tolist():
        if unit < n_agents:
            end = scene.aim(moment, unit, int(moment["action_taken"][unit]))
            end = None if end is None else np.asarray(end) * [1, -1]
        else:
            target = int(moment["unit_target"][unit])
            end = position[target] if target >= 0 and alive[target] else None
        if end is not None:
            arrows.append(_arrow(position[unit], end, unit if unit < n_agents else -1))
    return arrows


def _nothing(played: xr.Dataset) -> tuple[None, list[dict[str, Any]]]:
    return None, [{} for _ in range(played.sizes["step"])]


def _features(played: xr.Dataset) -> dict[str, Any]:
    """Rows are things as each agent would name them, columns what is told of them, cells the place of that feature."""
    found = scene.things(played)
    columns = [what for what, _ in Counter(what for places in found.values() for what in places).most_common()]
    return {
        "rows": [[_thing(name, agent) for name in found] for agent in range(played.sizes["agent"])],
        "columns": columns,
        "cells": [[places.get(what) for what in columns] for places in found.values()],
    }


def _thing(name: str, agent: int) -> str:
    """Name a thing that an agent is told of as pages do, counted from 1."""
    kind, _, number = name.partition(" ")
    if kind in ("own", "self"):
        return f"agent {agent + 1} itself"
    if not number.isdigit():
        return name
    if kind in ("ally", "other"):  # they count those who are not the agent
        return f"agent {int(number) + (int(number) >= agent) + 1}"
    return f"{kind} {int(number) + 1}"


def agent_colours(agent: int) -> dict[str, str]:
    """Return the agent's colour and that of text on it."""
    colour = agent_color(agent)
    return {"colour": to_hex(colour), "ink": to_hex(ink_on(colour))}


def _arrow(start: Any, end: Any, by: int) -> dict[str, Any]:
    return {"from": _list(start), "to": _list(end), "by": by}


def _pairs(played: xr.Dataset, *names: str) -> Any:
    return zip(*(played[name].values for name in names), strict=True)


def _list(values: Any) -> list[float]:
    return [_short(x) for x in values]


def _short(value: Any, least: float = -math.inf) -> float:
    """Round to what a reader can see; JSON has no NaN."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"a played step holds {number}")
    return max(least, float(f"{number:.4g}"))
