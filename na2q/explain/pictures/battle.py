"""Moments of battles, and health, masks and contributions over a battle (Figures 6 and 11)."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from na2q.arguments import checks_arguments
from na2q.envs.battle.frame import Frame
from na2q.envs.battle.maps import SHOOT
from na2q.envs.battle.picture import draw_battle
from na2q.explain import scene
from na2q.explain.scene import Moment
from na2q.style import agent_color, figure_width, literal, look

AROUND, CLOSEST = 1.2, 3.0  # map units that a keyframe shows around the units, and from its middle at least
DEAD: dict[str, Any] = {"hatch": "xxx", "edgecolor": "0.35", "linewidth": 0}
MOST_ROWS = 45  # steps of a contribution map that keep their full height


def battle_keyframes(rows: Mapping[str, Sequence[Moment]]) -> Figure:
    """Draw moments of battles, a row for each title and a column for each method (Figure 6).

    Dashed circles are the ranges (6) of living agents, as far as they lie in the picture, which is cut to the units.
    Solid arrows are the actions executed, open ones the greedy actions where they differ. The bars below give each
    agent's Q_i of the executed action and its share of Q_tot: contributions where the method has them by agents and
    coalitions; otherwise the first-order share, gradient times Q_i, which is an attribution and no part of the method.

    Raises:
        ValueError: for recordings that show no units, or moments that were not played.
    """
    columns = max(len(moments) for moments in rows.values())
    figure = plt.figure(figsize=(figure_width(columns, 3.1), 4.7 * len(rows)), layout="constrained")
    for strip, (title, moments) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        strip.suptitle(literal(title), fontsize=12)
        panels = strip.subplots(2, columns, squeeze=False, height_ratios=(3.2, 1))
        for (top, bottom), (recording, episode, step) in zip(panels.T, moments, strict=False):
            scene.require(recording, "unit_position", "gradient")
            moment = scene.at_step(recording, episode, step)
            _draw_battle(top, moment)
            _draw_values(bottom, moment)
        for unused in panels[:, len(moments) :].flat:
            unused.set_axis_off()
    return figure


@checks_arguments
def health_and_masks(recording: xr.Dataset, episode: int = 0) -> Figure:
    """Draw health as each agent sees it, and its mask on that feature, over an episode (Figure 11a).

    One column for each agent; solid is its own health, dashed that of others, in the colour of whom it concerns.
    Health is a share of full health and 0 for those out of sight too.

    Raises:
        ValueError: without masks or health among the features, or for an episode that was not recorded.
    """
    scene.require(recording, "mask", "unit_health")
    played = scene.one_episode(recording, episode)
    n_agents = recording.sizes["agent"]
    healths = [(t, places["health"]) for t, places in scene.things(recording).items() if "health" in places]
    figure, panels = plt.subplots(
        2,
        n_agents,
        figsize=(figure_width(n_agents, 2.8), 4.2),
        sharex=True,
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    for agent, column in enumerate(panels.T):
        for thing, place in healths:
            unit = scene.unit_of(thing, agent, n_agents)
            if unit is None or unit >= n_agents:
                continue
            dashes = "-" if unit == agent else (0, (4, 2))
            for axes, values in zip(column, ("obs", "mask"), strict=True):
                line = played[values].values[:, agent, place]
                axes.plot(line, color=agent_color(unit), linestyle=dashes, label=f"of agent {unit + 1}")
        column[0].set_title(f"seen by agent {agent + 1}", fontsize=10)
        column[1].set_xlabel("step")
    panels[0][0].set_ylabel("health seen")
    panels[1][0].set_ylabel("mask of it")
    panels[1][0].set_ylim(bottom=0)
    handles = [Line2D([], [], color=agent_color(i), label=f"of agent {i + 1}") for i in range(n_agents)]
    figure.legend(handles=handles, loc="outside upper center", ncols=n_agents, fontsize=9)
    return figure


@checks_arguments
def contribution_map(recording: xr.Dataset, episode: int = 0) -> Figure:
    """Draw alpha_k f_k of every coalition at every step, steps from bottom to top (Figure 11b).

    The colour is centred on 0. Hatched are the steps at which the whole coalition is dead.

    Raises:
        ValueError: without contributions by coalitions, or for an episode that was not recorded.
    """
    if not scene.has_coalitions(recording):
        raise ValueError(f"{recording.attrs.get('method')} has no contributions by coalitions of agents")
    played = scene.one_episode(recording, episode)
    values, labels = played["contribution"].values, [str(k) for k in played["coalition"].values]
    limit = float(np.abs(values).max())
    row = 0.11 * min(1, MOST_ROWS / len(values))  # inches
    figure, axes = plt.subplots(
        figsize=(1.8 + 0.45 * len(labels), 1.2 + row * max(len(values), 20)), layout="constrained"
    )
    # agents are no scale: a colour between two of them would mean nothing
    scale: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -limit, "vmax": limit, "interpolation": "nearest"}
    image = axes.imshow(values, origin="lower", aspect="auto", **scale)
    figure.colorbar(image, label=r"contribution $\alpha_k f_k$", shrink=0.8)
    if "unit_alive" in played:
        alive = played["unit_alive"].values.astype(bool)
        dead = np.stack([~alive[:, np.flatnonzero(who)].any(1) for who in played["member"].values], 1)
        for column, gone in enumerate(dead.T):
            ends = np.flatnonzero(np.diff(gone.astype(int), prepend=0, append=0))
            for first, after in ends.reshape(-1, 2):
                axes.add_patch(Rectangle((column - 0.5, first - 0.5), 1, after - first, fill=False, **DEAD))
    axes.set_xticks(range(len(labels)), [literal(scene.shown_as(label)) for label in labels])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="agent or pair", ylabel="step")
    axes.grid(False)
    return figure


def _draw_battle(axes: Axes, moment: xr.Dataset) -> None:
    frame = scene.battle_frame(moment)
    n_agents = moment.sizes["agent"]
    targets = np.where(frame.enemy, frame.target, -1)  # agents get the arrows of what they do now instead
    draw_battle(type(frame)(**{**vars(frame), "target": targets}), axes)
    for agent in np.flatnonzero(frame.alive[:n_agents]):
        colour, (x, y) = agent_color(int(agent)), frame.position[agent]
        reach = Circle((float(x), float(y)), SHOOT, fill=False, linestyle="--", edgecolor=colour, linewidth=1, zorder=1)
        axes.add_patch(reach)
        ring = Circle(
            (float(x), float(y)), float(frame.radius[agent]), fill=False, edgecolor=colour, linewidth=2.5, zorder=4
        )
        axes.add_patch(ring)
        executed, greedy = (int(moment[name][agent]) for name in ("action_taken", "greedy_action"))
        _draw_action(axes, moment, frame, int(agent), executed, filled=True)
        if greedy != executed:
            _draw_action(axes, moment, frame, int(agent), greedy, filled=False)
    style = look(str(moment.attrs["method"]))
    axes.set_title(f"{style.label}, step {frame.step}", color=style.color, fontweight="bold")
    low, high = frame.position[frame.alive].min(0), frame.position[frame.alive].max(0)
    half, middle = max(float((high - low).max()) / 2 + AROUND, CLOSEST), (low + high) / 2
    axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))
    axes.set(xlabel="", ylabel="", xticks=[], yticks=[])
    axes.grid(False)


def _draw_action(axes: Axes, moment: xr.Dataset, frame: Frame, agent: int, action: int, filled: bool) -> None:
    """Draw an arrow to the target, or in the direction of a move; nothing for standing still."""
    end = scene.aim(moment, agent, action)
    if end is None:
        return
    solid = {"arrowstyle": "-|>", "linewidth": 2.0, "mutation_scale": 12}
    hollow = {"arrowstyle": "->", "linewidth": 1.2, "mutation_scale": 12, "linestyle": "--"}
    style = solid if filled else hollow
    axes.add_patch(
        FancyArrowPatch(
            tuple(frame.position[agent]), tuple(end), color=agent_color(agent), zorder=7, shrinkA=8, shrinkB=6, **style
        )
    )


def _draw_values(axes: Axes, moment: xr.Dataset) -> None:
    """Draw bars of each agent's Q_i, then of what the team's value owes to agents and coalitions."""
    agents = range(moment.sizes["agent"])
    q = moment["q_taken"].values
    if scene.has_coalitions(moment):
        labels, shares = [str(k) for k in moment["coalition"].values], moment["contribution"].values
        name = r"$\alpha_k f_k$"
    else:
        labels, shares = [str(i) for i in agents], moment["gradient"].values * q
        name = r"$\partial Q_{tot}/\partial Q_i\cdot Q_i$"
    places = np.concatenate([np.arange(len(q)), len(q) + 0.6 + np.arange(len(labels))])
    members = [*agents, *(int(k) if k.isdigit() else None for k in labels)]
    colours = ["0.45" if i is None else agent_color(i) for i in members]
    values = np.concatenate([q, shares])
    bars = axes.bar(places, values, color=colours)
    axes.bar_label(bars, fmt="{:z.2f}", fontsize=8, padding=1)
    alive = moment["unit_alive"].values
    marks = [f"{i + 1}" if alive[i] else f"{i + 1} †" for i in agents] + [scene.shown_as(k) for k in labels]
    axes.set_xticks(places, marks, fontsize=8)
    axes.axhline(0, color="0.3", linewidth=0.8)
    axes.axvline(len(q) - 0.2, color="0.7", linewidth=0.8)
    axes.margins(y=0.34)
    axes.grid(False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for x, text in ((np.mean(places[: len(q)]), "$Q_i$"), (np.mean(places[len(q) :]), name)):
        axes.annotate(text, (float(x), 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
    total = rf"$Q_{{tot}}$ = {float(moment['q_tot']):z.2f}"
    if "bias" in moment:
        total += rf",  $f_0$ = {float(moment['bias']):z.2f}" if scene.has_coalitions(moment) else ""
    axes.set_xlabel(total, fontsize=9)
