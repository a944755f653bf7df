"""Drawings of definitions in the theory chapters: causal graphs, a mixed difference, one update along the time axis."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from na2q.style import PALETTE

MINUS = "\N{MINUS SIGN}"

Point = tuple[float, float]

GRAPHS: dict[str, tuple[dict[str, Point], list[tuple[str, str]], str]] = {
    "z is a cause: Eq. 5 adjusts": (
        {"z": (0.5, 0.85), "s": (0.15, 0.25), "Q": (0.85, 0.25)},
        [("z", "s"), ("z", "Q"), ("s", "Q")],
        "",
    ),
    "z holds an observation of s": (
        {"c": (0.5, 0.88), "s": (0.15, 0.42), "Q": (0.85, 0.42), "z": (0.15, 0.08)},
        [("c", "s"), ("c", "Q"), ("s", "Q"), ("s", "z")],
        "c",
    ),
    "the mixer computes": (
        {"s": (0.12, 0.78), "z": (0.12, 0.22), "a": (0.5, 0.5), "Q": (0.88, 0.5)},
        [("s", "z"), ("s", "a"), ("z", "a"), ("a", "Q"), ("s", "Q")],
        "",
    ),
}
"""Title, places of the nodes, arrows, and which node is hidden."""


def draw_causal_graphs() -> Figure:
    """Three graphs over state s, semantics z and value Q: an adjustment, a history, the mixer."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 2.9))
    for axes, (title, (places, arrows, hidden)) in zip(panels, GRAPHS.items(), strict=True):
        axes.set(xlim=(0, 1), ylim=(-0.05, 1.05), aspect="equal")
        axes.set_title(title, fontsize=11)
        axes.set_axis_off()
        for start, end in arrows:
            curved = 0.35 if title == "the mixer computes" and (start, end) == ("s", "Q") else 0.0
            _arrow(axes, places[start], places[end], hidden in (start, end) and hidden != "", curved)
        for name, at in places.items():
            dashes = "--" if name == hidden else "-"
            circle = Circle(at, 0.1, facecolor="white", edgecolor=PALETTE[0], linestyle=dashes, linewidth=1.8)
            axes.add_patch(circle)
            axes.text(*at, f"${name}$" if name != "a" else r"$\alpha$", ha="center", va="center", fontsize=13)
    return figure


def draw_mixed_difference() -> Figure:
    """Four corners of a rectangle of utilities with the signs of the mixed difference, for an AND and an OR."""
    figure, panels = plt.subplots(1, 2, figsize=(7.4, 3.3))
    examples = {
        "complements: min": np.array([[0, 0], [0, 1]]),
        "substitutes: max": np.array([[0, 1], [1, 1]]),
    }
    for axes, (title, values) in zip(panels, examples.items(), strict=True):
        axes.set(xlim=(-0.35, 1.35), ylim=(-0.4, 1.35), xticks=[0, 1], yticks=[0, 1], xlabel="$Q_1$", ylabel="$Q_2$")
        axes.grid(False)
        axes.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0], color="gray", zorder=0)
        total = 0
        for (i, j), value in np.ndenumerate(values):
            sign = 1 if i == j else -1
            total += sign * value
            colour = PALETTE[0] if sign > 0 else PALETTE[3]
            axes.text(i, j, f"{'+' if sign > 0 else MINUS}{value}", ha="center", va="center", fontsize=15, color=colour,
                      bbox={"facecolor": "white", "edgecolor": colour, "boxstyle": "circle"})  # fmt: skip
        axes.set_title(f"{title}\nmixed difference {total:+d}".replace("-", MINUS), fontsize=11)
    figure.tight_layout()
    return figure


def draw_update_times(steps: int = 4) -> Figure:
    """Slots of one episode of so many transitions, and which of them the online and target networks read."""
    figure, axes = plt.subplots(figsize=(8.4, 3.4))
    axes.set(xlim=(-1.9, steps + 1.6), ylim=(-0.5, 3.6))
    axes.set_axis_off()
    rows = {3: "observations, slot $t$", 2: "actions and rewards", 1: "live: online mixer", 0: "ahead: target mixer"}
    for y, name in rows.items():
        axes.text(-0.6, y, name, ha="right", va="center", fontsize=10)
    for t in range(steps + 2):
        padding = t > steps
        _cell(axes, t, 3, "pad" if padding else f"$o^{t}, s^{t}$", PALETTE[0], padding)
        if t < steps + 1:
            padding = t >= steps
            _cell(axes, t + 0.5, 2, "pad" if padding else f"$u^{t}, r^{t}$", PALETTE[2], padding, 0.78)
        if t < steps:
            _cell(axes, t, 1, rf"$\tau^{t}$", PALETTE[1], False)
            _cell(axes, t + 1, 0, rf"$\tau^{t + 1}$", PALETTE[4], False)
    axes.text(steps + 0.5, 0, "counts 0 in $y$\nif terminated", va="center", fontsize=9)
    return figure


def _cell(axes: Axes, x: float, y: float, text: str, color: tuple, faint: bool, width: float = 0.84) -> None:
    box = {"facecolor": "white", "edgecolor": "lightgray" if faint else color, "linestyle": ":" if faint else "-"}
    axes.add_patch(Rectangle((x - width / 2, y - 0.3), width, 0.6, linewidth=1.6, **box))
    axes.text(x, y, text, ha="center", va="center", fontsize=10, color="gray" if faint else "black")


def _arrow(axes: Axes, start: Point, end: Point, dashed: bool, curved: float) -> None:
    style = f"arc3,rad={-curved}"
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=14, shrinkA=17, shrinkB=17,
                            connectionstyle=style, linestyle="--" if dashed else "-", color="dimgray")  # fmt: skip
    axes.add_patch(arrow)
