"""Purified contributions: what a pair's term owes to one agent alone is given back to that agent.

Letters in shapes are those of `na2q.types`: g and h nodes of a grid.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Weight
from na2q.explain.coalitions import pair_terms, unary_terms


class Purified(NamedTuple):
    """A function of two variables on a grid as main effects, a pure interaction and a constant."""

    pure: Float[ndarray, "g h"]
    first: Float[ndarray, " g"]
    second: Float[ndarray, " h"]
    constant: float


@checks_arguments
def purify(values: Float[ndarray, "g h"], weight: Float[ndarray, "..."], tolerance: Weight = 1e-12) -> Purified:
    """Split values = pure + first + second + constant so that weighted means of the first three vanish.

    The functional ANOVA by moving mass (Lengerich et al., AISTATS 2020): whatever of an interaction depends on one
    variable alone, on average over the other one's density, belongs to that variable's main effect. Rows and
    columns without weight go by the mean of the other variable's own density.

    Raises:
        ValueError: weights of another shape, negative, or all zero.
    """
    if weight.shape != values.shape or (weight < 0).any() or not weight.sum() > 0:
        raise ValueError(f"weight must be {values.shape}, not negative, and not all zero")
    weight = weight / weight.sum()
    rows, columns = weight.sum(1), weight.sum(0)
    along_rows = np.where(rows[:, None] > 0, weight / np.where(rows > 0, rows, 1)[:, None], columns[None])
    along_columns = np.where(columns[None] > 0, weight / np.where(columns > 0, columns, 1)[None], rows[:, None])
    pure = values.astype(float)
    first, second = np.zeros(len(rows)), np.zeros(len(columns))
    for _ in range(10_000):
        move = (pure * along_rows).sum(1)
        pure, first = pure - move[:, None], first + move
        other = (pure * along_columns).sum(0)
        pure, second = pure - other[None], second + other
        if max(np.abs(move).max(), np.abs(other).max()) <= tolerance * (1 + np.abs(values).max()):
            break
    centre, other_centre = float(rows @ first), float(columns @ second)
    return Purified(pure, first - centre, second - other_centre, centre + other_centre)


@checks_arguments
def purified(recording: xr.Dataset, grid: xr.Dataset) -> xr.Dataset:
    """Move out of every term what does not need all its members, at fixed credits.

    f_i is centred over the recording, and pairs give up their main effects and constants: alpha_ij times them goes
    to the members and to the bias. The sum is Q_tot as before, but a constant or a function of one agent can no
    longer hide in several places (theory: gauges g1 and g2). Weights are the densities of the recorded Q.

    Args:
        recording: of a method whose terms concern one or two agents each.
        grid: its shape functions, as of `Probe.shape_grid`; main effects are interpolated between the nodes.

    Returns:
        contribution (episode, step, coalition) and bias (episode, step).

    Raises:
        ValueError: a term concerns more than two agents.
    """
    member = recording["member"].values
    if not set(member.sum(1)) <= {1, 2}:
        raise ValueError("only terms of one or two agents are purified")
    alone, filled = unary_terms(recording), recording["filled"].values
    q, shape, credit = (recording[name].values.astype(float) for name in ("q_taken", "shape", "credit"))
    moved, constant = shape.copy(), np.zeros(len(member))
    given = np.zeros_like(shape)  # what agents get from pairs, credits included
    for k in alone:
        constant[k] = shape[filled][:, k].mean()
        moved[..., k] -= constant[k]
    for p, k in enumerate(pair_terms(recording)):
        split = purify(grid["pairwise"].values[p], grid["weight"].values[p])
        for i, effect in zip(np.flatnonzero(member[k]), (split.first, split.second), strict=True):
            part = np.interp(q[..., i], grid["q"].values[i], effect)
            moved[..., k] -= part
            given[..., alone[i]] += credit[..., k] * part
        moved[..., k] -= split.constant
        constant[k] = split.constant
    return xr.Dataset(
        {
            "contribution": (("episode", "step", "coalition"), credit * moved + given),
            "bias": (("episode", "step"), recording["bias"].values + credit @ constant),
        },
        {"coalition": recording["coalition"]},
    )
