"""Curves of the learned shape functions over the utilities that occur, and how far models differ in them (Figure 7).

Letters in shapes are those of `na2q.types`: n agents, b bins, g nodes of a grid, r rows, which are the steps that
happened.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Bins
from na2q.explain.coalitions import unary_terms


@checks_arguments
def curves(recordings: Sequence[xr.Dataset], bins: Bins = 30) -> xr.Dataset:
    """Average f_i and alpha_i f_i over bins of Q_i that all models share (Figure 7).

    alpha_i depends on state and semantics, so that alpha_i f_i(Q_i) is a cloud over Q_i: the curve is its mean in
    each bin. Each agent's bins have equal widths, from the smallest to the largest Q_i of all models together. Steps at
    which an agent is dead do not count.

    Args:
        recordings: one for each model, of the same environment.
        bins: number of bins.

    Returns:
        Arrays edges (agent, edge) and q (agent, bin), the middles; shape, contribution and density (model, agent, bin),
        where density is the share of a model's steps in the bin, and the others are NaN where it is 0;
        q_mean and q_std (model, agent), mean and standard deviation of a model's Q_i over its steps.

    Raises:
        ValueError: no recording, or no bin.
    """
    if not recordings:
        raise ValueError("curves need at least one recording")
    values = [_unary(recording) for recording in recordings]
    everything = np.concatenate([q for q, _, _ in values])
    low, high = np.nanmin(everything, 0), np.nanmax(everything, 0)
    high = np.where(high > low, high, low + 1)  # one bin wide enough for a constant
    edges = np.linspace(low, high, bins + 1, axis=-1)
    n = len(low)
    found = {name: np.full((len(values), n, bins), np.nan) for name in ("shape", "contribution", "density")}
    for m, (q, shape, contribution) in enumerate(values):
        for i in range(n):
            alive = ~np.isnan(q[:, i])
            place = np.clip(np.searchsorted(edges[i], q[alive, i], "right") - 1, 0, bins - 1)
            count = np.bincount(place, minlength=bins)
            found["density"][m, i] = count / count.sum()
            for name, x in (("shape", shape), ("contribution", contribution)):
                total = np.bincount(place, x[alive, i], bins)
                found[name][m, i] = np.divide(total, count, out=np.full(bins, np.nan), where=count > 0)
    axes = ("model", "agent", "bin")
    return xr.Dataset(
        {name: (axes, x) for name, x in found.items()}
        | {
            "edges": (("agent", "edge"), edges),
            "q": (("agent", "bin"), (edges[:, 1:] + edges[:, :-1]) / 2),
            "q_mean": (axes[:2], np.stack([np.nanmean(q, 0) for q, _, _ in values])),
            "q_std": (axes[:2], np.stack([np.nanstd(q, 0) for q, _, _ in values])),
        }
    )


def _unary(recording: xr.Dataset) -> tuple[ndarray, ndarray, ndarray]:
    """Rows of Q_i, NaN for the dead, f_i and alpha_i f_i, (r, n) each."""
    filled, alone = recording["filled"].values, unary_terms(recording)
    rows = {name: recording[name].values[filled].astype(float) for name in ("q_taken", "shape", "contribution")}
    q = rows["q_taken"]
    if "unit_alive" in recording:
        q = np.where(recording["unit_alive"].values[filled][:, : q.shape[1]].astype(bool), q, np.nan)
    return q, rows["shape"][:, alone], rows["contribution"][:, alone]


class Stability(NamedTuple):
    """How far models with different seeds differ, in units of Q; see `stability`."""

    unweighted: float
    weighted: float
    centred: float
    q_within: float
    q_between: float
    bins: int


@checks_arguments
def stability(found: xr.Dataset) -> Stability:
    """Define the number that Figure 7 gives as 0.124, from the curves of at least two models.

    For each agent and each bin of Q_i that at least two models visit, take the standard deviation over models
    (divided by their number, not by one less) of the models' mean alpha_i f_i in that bin. `unweighted` is its
    mean over bins, then agents; `weighted` weighs bins by their share of steps, averaged over models. A constant
    can move between f_k and f_0 unseen, so `centred` is the weighted number after each model's curve has lost its
    own mean over its steps. `q_within` is the spread of Q_i over a model's steps, `q_between` that of its mean over
    models, both averaged; `bins` is how many bins two models share.

    Raises:
        ValueError: fewer than two models, or no bin shared by two.
    """
    if found.sizes["model"] < 2:
        raise ValueError(f"stability compares at least two models, got {found.sizes['model']}")
    mean, density = found["contribution"], found["density"].fillna(0)
    own = (mean.fillna(0) * density).sum("bin")
    shared = (mean.notnull().sum("model") >= 2).values
    if not shared.any():
        raise ValueError("no two models have steps in the same bin of Q: use fewer bins")
    weight = np.where(shared, density.mean("model").values, 0)
    raw, centred = ((x.std("model", skipna=True)).where(shared).values for x in (mean, mean - own))
    per_agent = shared.any(1)
    return Stability(
        unweighted=float(np.mean([row[s].mean() for row, s in zip(raw, shared, strict=True) if s.any()])),
        weighted=float(_weighted(raw, weight)[per_agent].mean()),
        centred=float(_weighted(centred, weight)[per_agent].mean()),
        q_within=float(found["q_std"].mean()),
        q_between=float(found["q_mean"].std("model").mean()),
        bins=int(shared.sum()),
    )


def _weighted(x: Float[ndarray, "n b"], weight: Float[ndarray, "n b"]) -> Float[ndarray, " n"]:
    total = weight.sum(1)
    return np.divide((np.nan_to_num(x) * weight).sum(1), total, out=np.full(len(x), np.nan), where=total > 0)


def nearest_node(q: Float[ndarray, " r"], nodes: Float[ndarray, " g"]) -> Int[ndarray, " r"]:
    """Index of the node nearest to each value; nodes rise."""
    return np.searchsorted((nodes[1:] + nodes[:-1]) / 2, q)
