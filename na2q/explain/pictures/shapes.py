"""Learned shape functions of several models side by side (Figure 7)."""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from na2q.arguments import checks_arguments
from na2q.explain.shapes import stability
from na2q.style import PALETTE, figure_width

DENSITY = LinearSegmentedColormap.from_list("density", ["#ffffff", "#f4a7b4"])


@checks_arguments
def shape_functions(found: xr.Dataset, name: str = "contribution") -> Figure:
    """Draw each agent's learned function over its Q_i, models thinly, their mean and spread (Figure 7).

    Pink bars tell how often utilities fall into a bin, the darker the more. The mean is over models that visit a
    bin, where more than half do; the band is their standard deviation, where at least two do. Above, for
    contributions, are the numbers of `explain.shapes.stability`.

    Args:
        found: of `explain.shapes.curves`.
        name: "contribution" for alpha_i f_i(Q_i), as in the paper, or "shape" for f_i(Q_i) itself.
    """
    n_agents, models = found.sizes["agent"], found.sizes["model"]
    figure, panels = plt.subplots(
        1, n_agents, figsize=(figure_width(n_agents, 2.4, 0.4), 3.0), sharey=True, squeeze=False, layout="constrained"
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
        axes.set(title=f"agent {agent + 1}", xlabel="$Q_i$ of action taken")
        axes.grid(False)
    panels[0][0].set_ylabel(r"$\alpha_i f_i(Q_i)$" if name == "contribution" else "$f_i(Q_i)$")
    low, high = np.nanmin(found[name].values), np.nanmax(found[name].values)
    panels[0][0].set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    if models > 1 and name == "contribution":
        figure.suptitle(_stability(found), fontsize=10)
    return figure


def _stability(found: xr.Dataset) -> str:
    try:
        number = stability(found)
    except ValueError as reason:  # models whose utilities never meet can still be drawn
        return f"no stability number: {reason}"
    return (
        f"standard deviation over {found.sizes['model']} models: {number.weighted:.3f} weighted by density, "
        f"{number.unweighted:.3f} not; {number.centred:.3f} centred"
    )
