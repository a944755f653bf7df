"""The paper's pictures of what was learned (Figures 5, 6, 7, 10 and 11), from recorded episodes."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from na2q.envs.battle.frame import Frame
from na2q.envs.battle.maps import SHOOT, SIGHT
from na2q.envs.battle.picture import draw_battle
from na2q.explain import measures, scene
from na2q.explain.scene import Moment
from na2q.style import PALETTE, agent_color, look

FOOD = "#3d3d3d"
UNSEEN = "#ececec"  # cells in the field of view that hold nothing
OUTSIDE = "#b8b8b8"  # cells of the field of view beyond the board
MASKS = "YlOrBr"
MOST_ROWS = 45  # steps of a contribution map that keep their full height
DENSITY = LinearSegmentedColormap.from_list("density", ["#ffffff", "#f4a7b4"])


def foraging_masks(
    recording: xr.Dataset, episode: int = 0, steps: Sequence[int] = (4,), feature: str = "level"
) -> Figure:
    """Draw boards and, for each agent, its mask over what it sees (Figure 5; Figure 10 with several steps).

    Titles give contributions alpha_k f_k and in brackets the raw credits alpha_k, both without unit. One colour
    scale, from 0 to the largest mask shown, serves all panels.

    Args:
        recording: of foraging, by a method with masks.
        episode: number of the episode.
        steps: one row of panels each.
        feature: "y", "x" or "level", or "mean" of the three. The released code draws the level's.

    Raises:
        ValueError: without masks or boards, for a step that was not played, or another feature.
    """
    scene.require(recording, "mask", "player_position", "contribution")
    moments = [scene.at_step(recording, episode, step) for step in steps]
    n_agents = recording.sizes["agent"]
    views = [[scene.view(moment, agent, feature) for agent in range(n_agents)] for moment in moments]
    largest = max(float(np.nanmax(view.mask)) for row in views for view in row)  # an agent always sees itself
    figure = plt.figure(figsize=(1.6 * (n_agents + 1) + 0.7, 2.5 * len(steps)), layout="constrained")
    rows = figure.subfigures(len(steps), 1, squeeze=False, hspace=0.02)[:, 0]
    for row, moment, seen in zip(rows, moments, views, strict=True):
        row.suptitle(_headline(moment, 32 * (n_agents + 1)), fontsize=9)
        board, *fields = row.subplots(1, n_agents + 1)
        _draw_board(board, moment)
        for agent, axes in enumerate(fields):
            _draw_field(axes, moment, agent, seen[agent], largest)
        row.colorbar(fields[-1].images[0], ax=fields, shrink=0.75, pad=0.01).set_label(f"mask of {feature}", fontsize=8)
    return figure


def battle_keyframes(rows: Mapping[str, Sequence[Moment]]) -> Figure:
    """Draw moments of battles, a row for each title and a column for each method (Figure 6).

    Circles are the ranges (6, dashed) and sights (9, dotted) of living agents. Solid arrows are the actions
    executed, open ones the greedy actions where they differ. The bars below give each agent's Q_i of the executed
    action and its share of Q_tot: contributions where the method has them by agents and coalitions; otherwise the
    first-order share, gradient times Q_i, which is an attribution and no part of the method.

    Raises:
        ValueError: for recordings that show no units, or moments that were not played.
    """
    columns = max(len(moments) for moments in rows.values())
    figure = plt.figure(figsize=(3.1 * columns, 4.7 * len(rows)), layout="constrained")
    for strip, (title, moments) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        strip.suptitle(title, fontsize=12)
        panels = strip.subplots(2, columns, squeeze=False, height_ratios=(3.2, 1))
        for (top, bottom), (recording, episode, step) in zip(panels.T, moments, strict=False):
            scene.require(recording, "unit_position", "gradient")
            moment = scene.at_step(recording, episode, step)
            _draw_battle(top, moment)
            _draw_values(bottom, moment)
        for unused in panels[:, len(moments) :].flat:
            unused.set_axis_off()
    return figure


def shape_functions(found: xr.Dataset, name: str = "contribution") -> Figure:
    """Draw each agent's learned function over its Q_i, models thinly, their mean and spread (Figure 7).

    Pink bars tell how often utilities fall into a bin, the darker the more. The mean is over models that visit a
    bin, where more than half do; the band is their standard deviation, where at least two do. Above, for
    contributions, are the numbers of `explain.stability`.

    Args:
        found: of `explain.curves`.
        name: "contribution" for alpha_i f_i(Q_i), as in the paper, or "shape" for f_i(Q_i) itself.
    """
    n_agents, models = found.sizes["agent"], found.sizes["model"]
    figure, panels = plt.subplots(
        1, n_agents, figsize=(2.4 * n_agents + 0.4, 3.0), sharey=True, squeeze=False, layout="constrained"
    )
    for agent, axes in enumerate(panels[0]):
        here = found.isel(agent=agent)
        q, curves, density = here["q"].values, here[name].values, here["density"].mean("model").values
        count = np.isfinite(curves).sum(0)
        mean = np.divide(np.nansum(curves, 0), count, out=np.full(len(q), np.nan), where=2 * count > models)
        far = np.divide(np.nansum((curves - mean) ** 2, 0), count, out=np.full(len(q), np.nan), where=count > 1) ** 0.5
        bars = axes.pcolormesh(
            here["edges"].values, [0, 1], density[None], cmap=DENSITY, transform=axes.get_xaxis_transform(), zorder=0
        )
        bars.set_clim(0, density.max())
        axes.plot(q, curves.T, color=PALETTE[0], alpha=0.35, linewidth=0.9)
        axes.plot(q, mean, color=PALETTE[0], linewidth=2.2)
        axes.fill_between(q, mean - far, mean + far, color=PALETTE[0], alpha=0.2, linewidth=0)
        axes.set(title=f"agent {agent}", xlabel="$Q_i$ of action taken")
        axes.grid(False)
    panels[0][0].set_ylabel(r"$\alpha_i f_i(Q_i)$" if name == "contribution" else "$f_i(Q_i)$")
    low, high = np.nanmin(found[name].values), np.nanmax(found[name].values)
    panels[0][0].set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    if models > 1 and name == "contribution":
        figure.suptitle(_stability(found), fontsize=10)
    return figure


def pair_shapes(grid: xr.Dataset) -> Figure:
    """Draw f_ij(Q_i, Q_j) of every pair as a heat map, with dots where utilities were seen.

    Args:
        grid: of `Probe.shape_grid`.
    """
    pairs = [str(k) for k in grid["pair"].values]
    columns = min(3, len(pairs))
    rows = -(-len(pairs) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(3.3 * columns + 0.8, 3 * rows), squeeze=False, layout="constrained"
    )
    values, weight = grid["pairwise"].values, grid["weight"].values
    for place, axes in enumerate(panels.flat):
        if place >= len(pairs):
            axes.set_axis_off()
            continue
        i, j = map(int, pairs[place].split(","))
        x, y = grid["q"].values[i], grid["q"].values[j]
        image = axes.pcolormesh(x, y, values[place].T, vmin=values.min(), vmax=values.max(), shading="nearest")
        seen = np.argwhere(weight[place] > 0)
        axes.scatter(x[seen[:, 0]], y[seen[:, 1]], 60 * weight[place][tuple(seen.T)] ** 0.5, color="white", alpha=0.6)
        axes.set(title=f"$f_{{{i},{j}}}$", xlabel=f"$Q_{i}$", ylabel=f"$Q_{j}$")
        axes.grid(False)
        figure.colorbar(image, ax=axes)
    return figure


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
        2, n_agents, figsize=(2.8 * n_agents, 4.2), sharex=True, sharey="row", squeeze=False, layout="constrained"
    )
    for agent, column in enumerate(panels.T):
        for thing, place in healths:
            unit = scene.unit_of(thing, agent, n_agents)
            if unit is None or unit >= n_agents:
                continue
            dashes = "-" if unit == agent else (0, (4, 2))
            for axes, values in zip(column, ("obs", "mask"), strict=True):
                line = played[values].values[:, agent, place]
                axes.plot(line, color=agent_color(unit), linestyle=dashes, label=f"of agent {unit}")
        column[0].set_title(f"seen by agent {agent}", fontsize=10)
        column[1].set_xlabel("step")
    panels[0][0].set_ylabel("health seen")
    panels[1][0].set_ylabel("mask of it")
    panels[1][0].set_ylim(bottom=0)
    handles = [Line2D([], [], color=agent_color(i), label=f"of agent {i}") for i in range(n_agents)]
    figure.legend(handles=handles, loc="outside upper center", ncols=n_agents, fontsize=9)
    return figure


def contribution_map(recording: xr.Dataset, episode: int = 0) -> Figure:
    """Draw alpha_k f_k of every coalition at every step, steps from bottom to top (Figure 11b).

    The colour is centred on 0. Crosses mark steps at which the whole coalition is dead.

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
    image = axes.imshow(values, origin="lower", aspect="auto", cmap="PuOr_r", vmin=-limit, vmax=limit)
    figure.colorbar(image, label=r"contribution $\alpha_k f_k$", shrink=0.8)
    if "unit_alive" in played:
        alive = played["unit_alive"].values.astype(bool)
        dead = np.stack([~alive[:, np.flatnonzero(who)].any(1) for who in played["member"].values], 1)
        steps, columns = np.nonzero(dead)
        axes.plot(columns, steps, "x", color="0.35", markersize=max(1.8, 27 * row), markeredgewidth=max(0.4, 5.5 * row))
    axes.set_xticks(range(len(labels)), labels)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="agent or pair", ylabel="step")
    axes.grid(False)
    return figure


def _stability(found: xr.Dataset) -> str:
    try:
        number = measures.stability(found)
    except ValueError as reason:  # models whose utilities never meet can still be drawn
        return f"no stability number: {reason}"
    return (
        f"standard deviation over {found.sizes['model']} models: {number.weighted:.3f} weighted by density, "
        f"{number.unweighted:.3f} not; {number.centred:.3f} centred"
    )


def _headline(moment: xr.Dataset, width: int) -> str:
    labels = [str(k) for k in moment["coalition"].values]
    terms = [
        f"{k}:\xa0{c:z.2f}\xa0({a:z.2f})"
        for k, c, a in zip(labels, moment["contribution"].values, moment["credit"].values, strict=True)
        if not k.isdigit()
    ]
    total = rf"step {int(moment['step'])}:  $Q_{{tot}}$ = {float(moment['q_tot']):z.2f},  $f_0$ = "
    total += f"{float(moment['bias']):z.2f}"
    pairs = textwrap.fill("$\\alpha f$ ($\\alpha$) of pairs   " + "   ".join(terms), width) if terms else ""
    return f"{total}\n{pairs}".strip()


def _draw_board(axes: Axes, moment: xr.Dataset) -> None:
    size = int(moment["field_size"])
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[], aspect="equal")
    axes.set_title("board", fontsize=9)
    lines = np.arange(1, size) - 0.5
    axes.hlines(lines, -0.5, size - 0.5, colors="0.88", linewidth=0.5)
    axes.vlines(lines, -0.5, size - 0.5, colors="0.88", linewidth=0.5)
    _draw_things(axes, moment, 4.2, np.full((size, size), True))
    for spine in axes.spines.values():
        spine.set_visible(True)


def _draw_things(
    axes: Axes, moment: xr.Dataset, size: float, shown: Bool[ndarray, "rows columns"], top: int = 0, left: int = 0
) -> None:
    """Draw food as squares and players as circles with their levels, in cells (top + row, left + column) shown."""
    food = [moment[name].values for name in ("food_position", "food_level", "food_present")]
    marks = [(y, x, level, "s", FOOD) for (y, x), level, present in zip(*food, strict=True) if present]
    players = zip(moment["player_position"].values, moment["player_level"].values, strict=True)
    marks += [(y, x, level, "o", agent_color(i)) for i, ((y, x), level) in enumerate(players)]
    cells = {(top + row, left + column) for row, column in np.argwhere(shown)}
    for y, x, level, shape, colour in marks:
        if (y, x) in cells:
            axes.plot(x, y, shape, color=colour, markersize=2 * size, markeredgecolor="white", markeredgewidth=0.6)
            axes.text(x, y, f"{level}", color="white", ha="center", va="center_baseline", fontsize=1.3 * size)


def _draw_field(axes: Axes, moment: xr.Dataset, agent: int, view: scene.View, largest: float) -> None:
    side, size = len(view.mask), int(moment["field_size"])
    left, top = view.left - 0.5, view.top - 0.5
    axes.set(xlim=(left, left + side), ylim=(top + side, top), xticks=[], yticks=[], aspect="equal")
    axes.set_facecolor(UNSEEN)
    axes.grid(False)
    extent = (left, left + side, top + side, top)
    axes.imshow(view.mask, cmap=MASKS, vmin=0, vmax=largest, extent=extent, zorder=1)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    for corner, width, height in (((size - 0.5, top), side, side), ((left, size - 0.5), side, side)):
        axes.add_patch(Rectangle(corner, width, height, facecolor=OUTSIDE, hatch="////", edgecolor="0.6", zorder=2))
    # only what the agent was told: at the board's edges the view reaches farther than the sight of food
    _draw_things(axes, moment, 3.7, np.isfinite(view.mask), view.top, view.left)
    for (row, column), value in np.ndenumerate(view.mask):
        if np.isfinite(value):
            place = (view.left + column, view.top + row + 0.48)
            shade = "white" if value > 0.5 * largest else "black"
            axes.text(*place, f"{value:z.2f}", ha="center", va="bottom", fontsize=6, color=shade, zorder=5)
    labels = [str(k) for k in moment["coalition"].values]
    title = f"agent {agent},  $Q$ = {float(moment['q_taken'][agent]):z.2f}"
    if str(agent) in labels:
        k = labels.index(str(agent))
        title += rf"{chr(10)}$\alpha f$ = {float(moment['contribution'][k]):z.2f} ({float(moment['credit'][k]):z.2f})"
    axes.set_title(title, fontsize=8, color=agent_color(agent), fontweight="bold")
    if np.isfinite(view.out_of_sight):
        axes.set_xlabel(f"out of sight: {view.out_of_sight:z.2f}", fontsize=7)
    for spine in axes.spines.values():
        spine.set(visible=True, color=agent_color(agent), linewidth=1.5)


def _draw_battle(axes: Axes, moment: xr.Dataset) -> None:
    frame = scene.battle_frame(moment)
    n_agents = moment.sizes["agent"]
    targets = np.where(frame.enemy, frame.target, -1)  # agents get the arrows of what they do now instead
    draw_battle(type(frame)(**{**vars(frame), "target": targets}), axes)
    for agent in np.flatnonzero(frame.alive[:n_agents]):
        colour, (x, y) = agent_color(int(agent)), frame.position[agent]
        for reach, dashes, width in ((SIGHT, ":", 0.7), (SHOOT, "--", 1.3)):
            circle = Circle(
                (float(x), float(y)), reach, fill=False, linestyle=dashes, edgecolor=colour, linewidth=width, zorder=1
            )
            axes.add_patch(circle)
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
    half, middle = max(float((high - low).max()) / 2 + 1, SHOOT + 1), (low + high) / 2
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
    axes.bar_label(bars, fmt="{:z.2f}", fontsize=7, padding=1)
    alive = moment["unit_alive"].values
    marks = [f"{i}" if alive[i] else f"{i} †" for i in agents] + labels
    axes.set_xticks(places, marks, fontsize=8)
    axes.axhline(0, color="0.3", linewidth=0.8)
    axes.axvline(len(q) - 0.2, color="0.7", linewidth=0.8)
    axes.margins(y=0.22)
    axes.grid(False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for x, text in ((np.mean(places[: len(q)]), "$Q_i$"), (np.mean(places[len(q) :]), name)):
        axes.annotate(text, (float(x), 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
    total = rf"$Q_{{tot}}$ = {float(moment['q_tot']):z.2f}"
    if "bias" in moment:
        total += rf",  $f_0$ = {float(moment['bias']):z.2f}" if scene.has_coalitions(moment) else ""
    axes.set_xlabel(total, fontsize=9)
