"""Diagrams of the method, drawn from code: the additive mixer (paper, Figure 1) and the framework (Figure 2)."""

from itertools import combinations, pairwise

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from na2q.style import PALETTE

Point = tuple[float, float]
AGENT, SHAPE, CREDIT, SEMANTIC, SUM = (PALETTE[i] for i in (0, 2, 1, 4, 7))
"""Colour of each kind of box, the same in both diagrams."""


def draw_additive_mixer(n_agents: int = 3) -> Figure:
    """Utilities into shape functions of agents and pairs, times credits, summed (Eqs. 4 and 7)."""
    fig, ax = _canvas(7.2, 3.9)
    agents = [(i,) for i in range(n_agents)]
    coalitions = agents + list(combinations(range(n_agents), 2))
    height = 1.0 / (len(coalitions) + 1)
    rows = {k: 1 - height * (j + 1) for j, k in enumerate(coalitions)}
    utilities = {i: (0.08, 1 - (i + 1) / (n_agents + 1)) for i in range(n_agents)}
    for i, at in utilities.items():
        _box(ax, at, f"$Q_{i + 1}$", AGENT, 0.09)
    for k, y in rows.items():
        name = "".join(str(i + 1) for i in k)
        inputs = ", ".join(f"Q_{i + 1}" for i in k)
        _box(ax, (0.36, y), f"$f_{{{name}}}({inputs})$", SHAPE, 0.17)
        _box(ax, (0.61, y), rf"$\times\,\alpha_{{{name}}}(s,z)$", CREDIT, 0.15)
        for i in k:
            _arrow(ax, (0.125, utilities[i][1]), (0.275, y))
        _arrow(ax, (0.445, y), (0.535, y))
        _arrow(ax, (0.685, y), (0.795, 0.5))
    _box(ax, (0.83, 0.5), r"$\sum$", SUM, 0.07)
    _box(ax, (0.83, 0.86), "$f_0(s)$", SUM, 0.1)
    _arrow(ax, (0.83, 0.81), (0.83, 0.56))
    _box(ax, (0.955, 0.5), r"$Q_{\mathrm{tot}}$", AGENT, 0.08)
    _arrow(ax, (0.865, 0.5), (0.915, 0.5))
    for x, text in ((0.08, "utilities"), (0.36, "shape functions"), (0.61, "credits"), (0.955, "joint value")):
        ax.text(x, 0.015, text, ha="center", fontsize=9, style="italic")
    return fig


def draw_framework() -> Figure:
    """Agent, identity semantics and mixer with what flows between them, and the equation of each box."""
    fig, ax = _canvas(8.6, 4.4)
    columns = {
        0.13: ("agent $i$ (shared weights)", AGENT),
        0.45: (r"identity semantics $G_\omega$", SEMANTIC),
        0.81: ("mixer", CREDIT),
    }
    for x, (title, _) in columns.items():
        ax.text(x, 0.965, title, ha="center", fontsize=10, weight="bold")
    agent = [
        (0.13, 0.12, "$o_i^t,\\ u_i^{t-1}$"),
        (0.13, 0.36, "linear, ReLU, GRU"),
        (0.13, 0.60, "history $h_i^t$"),
        (0.13, 0.84, r"$Q_i(\tau_i,u_i)$"),
    ]
    semantics = [
        (0.45, 0.69, r"encoder $\mu_i,\sigma_i$"),
        (0.45, 0.50, r"$z_i=\mu_i+\sigma_i\nu$  (App. C)"),
        (0.45, 0.31, r"decoder, mask $M_i$"),
        (0.45, 0.12, r"$\tilde o_i=M_i\odot o_i$, $\mathcal{L}_G$ (Eq. 6)"),
    ]
    mixer = [
        (0.81, 0.12, "state $s$"),
        (0.81, 0.36, r"credits $\alpha_k(s,z)$ (Eq. 8)"),
        (0.81, 0.60, r"$f_i(Q_i),\ f_{ij}(Q_i,Q_j)$"),
        (0.81, 0.84, r"$Q_{\mathrm{tot}}$ (Eq. 7), TD loss (Eq. 9)"),
    ]
    for chain, colour, width in ((agent, AGENT, 0.2), (semantics, SEMANTIC, 0.27), (mixer, CREDIT, 0.3)):
        for x, y, text in chain:
            _box(ax, (x, y), text, colour, width)
        for (x, a, _), (_, b, _) in pairwise(chain):
            step = 0.06 if b > a else -0.06
            _arrow(ax, (x, a + step), (x, b - step))
    _arrow(ax, (0.23, 0.60), (0.315, 0.68))
    _arrow(ax, (0.585, 0.49), (0.66, 0.39))
    _arrow(ax, (0.23, 0.87), (0.66, 0.63), bend=-0.15)
    return fig


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    fig, ax = plt.subplots(figsize=(width, height))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.axis("off")
    return fig, ax


def _box(ax: Axes, at: Point, text: str, colour: tuple[float, float, float], width: float) -> None:
    x, y = at
    patch = FancyBboxPatch(
        (x - width / 2 + 0.01, y - 0.035),
        width - 0.02,
        0.07,
        "round,pad=0.012",
        facecolor=(*colour, 0.18),
        edgecolor=colour,
    )
    ax.add_patch(patch)
    ax.text(x, y, text, ha="center", va="center", fontsize=9)


def _arrow(ax: Axes, start: Point, end: Point, bend: float = 0.0) -> None:
    style = f"arc3,rad={bend}"
    patch = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, connectionstyle=style, color="0.35", lw=0.9)
    ax.add_patch(patch)
