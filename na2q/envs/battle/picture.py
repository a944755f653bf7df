"""Pictures of a battle: units, health, attacks, and what one agent sees (layout of the paper's Figure 6).

Every picture is labelled "embedded engine, not StarCraft II".
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from na2q.envs.battle.frame import Frame
from na2q.envs.battle.maps import SHOOT, SIGHT, SIZE, battle_map
from na2q.envs.battle.units import unit_type

LABEL = "embedded engine, not StarCraft II"
ALLY, ENEMY, SHIELD, HEALTH, HEAL = (
    "#0072b2",
    "#d55e00",
    "#56b4e9",
    "#009e73",
    "#009e73",
)  # told apart without red-green
GROUND_COLOURS = {"#": "#555555", "c": "#8c8c8c", "^": "#e3dccb", "/": "#efeae0", ".": "#f8f6f2"}
BAR_HEIGHT, BAR_GAP = 0.16, 0.08
PAD = 2.0  # map units shown beyond the outermost unit


def draw_battle(frame: Frame, ax: Axes | None = None, agent: int | None = None, whole_map: bool = False) -> Axes:
    """Draw one moment of a battle.

    Args:
        frame: from `BattleEnv.frame`.
        ax: where to draw; a new figure without it.
        agent: number of a living agent whose sight (9, dotted) and range (6, dashed) are shown.
        whole_map: show all 32 x 32 cells rather than the surroundings of the living units.

    Raises:
        ValueError: if there is no such agent.
    """
    n = int((~frame.enemy).sum())
    if agent is not None and not 0 <= agent < n:
        raise ValueError(f"agent is {agent}, must be 0 to {n - 1}")
    if ax is None:
        ax = plt.subplots(figsize=(7, 6), layout="constrained")[1]
    _draw_terrain(ax, frame.map_name)
    if agent is not None and frame.alive[agent]:
        _draw_circles(ax, frame, agent)
    for unit in np.flatnonzero(frame.alive):
        _draw_unit(ax, frame, int(unit), n)
        _draw_order(ax, frame, int(unit))
    _set_view(ax, frame, whole_map)
    ax.set_title(f"{frame.map_name}, step {frame.step}, {frame.outcome}\n{LABEL}", fontsize=10)
    ax.set_xlabel("x (map units, east)")
    ax.set_ylabel("y (map units, north)")
    return ax


def _draw_terrain(ax: Axes, map_name: str) -> None:
    rows = list(reversed(battle_map(map_name).terrain))
    colours = np.array([[tuple(int(GROUND_COLOURS[c][k : k + 2], 16) for k in (1, 3, 5)) for c in row] for row in rows])
    ax.imshow(colours.astype(np.uint8), origin="lower", extent=(0, SIZE, 0, SIZE), zorder=0)


def _draw_circles(ax: Axes, frame: Frame, agent: int) -> None:
    centre = (float(frame.position[agent, 0]), float(frame.position[agent, 1]))
    for reach, style, name in ((SIGHT, ":", "sight"), (SHOOT, "--", "range")):
        ax.add_patch(Circle(centre, reach, fill=False, linestyle=style, edgecolor="black", linewidth=1.2, zorder=1))
        ax.annotate(f"{name} {reach:g}", (centre[0], centre[1] + reach - 0.1), ha="center", va="top", fontsize=8)


def _draw_unit(ax: Axes, frame: Frame, unit: int, n: int) -> None:
    x, y = (float(value) for value in frame.position[unit])
    radius = float(frame.radius[unit])
    enemy = bool(frame.enemy[unit])
    ax.add_patch(Circle((x, y), radius, facecolor=ENEMY if enemy else ALLY, edgecolor="white", alpha=0.85, zorder=3))
    ax.text(x, y, str(1 + (unit - n if enemy else unit)), color="white", ha="center", va="center", fontsize=7, zorder=4)
    width, top = max(1.0, 2 * radius), y + radius + BAR_GAP
    bars = [(frame.health[unit], HEALTH)]
    if unit_type(frame.types[unit]).shield > 0:
        bars.append((frame.shield[unit], SHIELD))
    for level, (share, colour) in enumerate(bars):
        corner = (x - width / 2, top + level * BAR_HEIGHT)
        ax.add_patch(Rectangle(corner, width, BAR_HEIGHT, facecolor="white", edgecolor="#555555", lw=0.4, zorder=5))
        ax.add_patch(Rectangle(corner, width * float(share), BAR_HEIGHT, facecolor=colour, zorder=6))


def _draw_order(ax: Axes, frame: Frame, unit: int) -> None:
    target = int(frame.target[unit])
    if target < 0 or not frame.alive[target]:
        return
    heals = frame.enemy[target] == frame.enemy[unit]
    colour = HEAL if heals else (ENEMY if frame.enemy[unit] else ALLY)
    start, end = tuple(frame.position[unit]), tuple(frame.position[target])
    arrow = {"arrowstyle": "-|>", "color": colour, "alpha": 0.55, "lw": 1.0, "shrinkA": 4, "shrinkB": 4}
    ax.annotate("", end, start, arrowprops=arrow, zorder=2)


def _set_view(ax: Axes, frame: Frame, whole_map: bool) -> None:
    ax.set_aspect("equal")
    shown = frame.position[frame.alive]
    if whole_map or len(shown) == 0:
        ax.set_xlim(0, SIZE)
        ax.set_ylim(0, SIZE)
        return
    low, high = shown.min(0) - PAD, shown.max(0) + PAD
    half = min(max(float((high - low).max()) / 2, SIGHT), SIZE / 2)
    middle = np.clip((low + high) / 2, half, SIZE - half)  # nothing outside the map
    ax.set_xlim(middle[0] - half, middle[0] + half)
    ax.set_ylim(middle[1] - half, middle[1] + half)
