"""Boards of Level-Based Foraging with each agent's mask over what it sees (Figures 5 and 10)."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.explain import scene
from na2q.style import agent_color, figure_width

FOOD = "#3d3d3d"
UNSEEN = "#ececec"  # cells in the field of view that hold nothing
OUTSIDE = "#b8b8b8"  # cells of the field of view beyond the board
MASKS = "YlOrBr"
LARGE = 1.8
"""Size of marks where one step has the figure to itself, in those of a step that shares it."""


@checks_arguments
def foraging_masks(
    recording: xr.Dataset, episode: int = 0, steps: Sequence[int] = (4,), feature: str = "level"
) -> Figure:
    """Draw boards and, for each agent, its mask over what it sees (Figure 5; Figure 10 with several steps).

    Titles give contributions alpha_k f_k and in brackets the raw credits alpha_k, both without unit. One colour
    scale, from 0 to the largest mask shown, serves all panels. One step is drawn so large that masks are written into
    the cells; several steps have a row each, and colours only.

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
    large = len(steps) == 1
    deep = 2 if large and n_agents > 2 else 1  # rows of fields beside the board
    columns = 1 + -(-n_agents // deep)
    each, scale = (2.8, LARGE) if large else (1.7, 1.0)
    size = (figure_width(columns, each, 0.7), len(steps) * (0.9 + deep * (each + 0.5)))
    figure = plt.figure(figsize=size, layout="constrained")
    rows = figure.subfigures(len(steps), 1, squeeze=False, hspace=0.02)[:, 0]
    for row, moment, seen in zip(rows, moments, views, strict=True):
        row.suptitle(_headline(moment, 100), fontsize=10)
        places = row.add_gridspec(deep, columns)
        _draw_board(row.add_subplot(places[:, 0]), moment, scale)
        fields = [
            row.add_subplot(places[agent // (columns - 1), 1 + agent % (columns - 1)]) for agent in range(n_agents)
        ]
        for agent, axes in enumerate(fields):
            _draw_field(axes, moment, agent, seen[agent], largest, scale)
        row.colorbar(fields[-1].images[0], ax=fields, shrink=0.75, pad=0.01).set_label(f"mask of {feature}", fontsize=9)
    return figure


def _headline(moment: xr.Dataset, width: int) -> str:
    labels = [str(k) for k in moment["coalition"].values]
    terms = [
        f"{scene.shown_as(k)}:\xa0{c:z.2f}\xa0({a:z.2f})"
        for k, c, a in zip(labels, moment["contribution"].values, moment["credit"].values, strict=True)
        if not k.isdigit()
    ]
    total = rf"step {int(moment['step'])}:  $Q_{{tot}}$ = {float(moment['q_tot']):z.2f},  $f_0$ = "
    total += f"{float(moment['bias']):z.2f}"
    pairs = textwrap.fill("$\\alpha f$ ($\\alpha$) of pairs   " + "   ".join(terms), width) if terms else ""
    return f"{total}\n{pairs}".strip()


def _draw_board(axes: Axes, moment: xr.Dataset, scale: float) -> None:
    size = int(moment["field_size"])
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[], aspect="equal")
    axes.set_title("board", fontsize=9)
    lines = np.arange(1, size) - 0.5
    axes.hlines(lines, -0.5, size - 0.5, colors="0.88", linewidth=0.5)
    axes.vlines(lines, -0.5, size - 0.5, colors="0.88", linewidth=0.5)
    _draw_things(axes, moment, 4.6 * (1 + scale) / 2, np.full((size, size), True))
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
            axes.text(x, y, f"{level}", color="white", ha="center", va="center_baseline", fontsize=1.6 * size)


def _draw_field(axes: Axes, moment: xr.Dataset, agent: int, view: scene.View, largest: float, scale: float) -> None:
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
    _draw_things(axes, moment, 4.6 * scale, np.isfinite(view.mask), view.top, view.left)
    for (row, column), value in np.ndenumerate(view.mask):
        if np.isfinite(value) and scale == LARGE:
            place = (view.left + column, view.top + row + 0.48)
            shade = "white" if value > 0.5 * largest else "black"
            axes.text(*place, f"{value:z.2f}", ha="center", va="bottom", fontsize=8, color=shade, zorder=5)
    labels = [str(k) for k in moment["coalition"].values]
    title = f"agent {agent + 1},  $Q$ = {float(moment['q_taken'][agent]):z.2f}"
    if str(agent) in labels:
        k = labels.index(str(agent))
        title += rf"{chr(10)}$\alpha f$ = {float(moment['contribution'][k]):z.2f} ({float(moment['credit'][k]):z.2f})"
    axes.set_title(title, fontsize=8, color=agent_color(agent), fontweight="bold")
    if np.isfinite(view.out_of_sight):
        axes.set_xlabel(f"out of sight: {view.out_of_sight:z.2f}", fontsize=8)
    for spine in axes.spines.values():
        spine.set(visible=True, color=agent_color(agent), linewidth=1.5)
