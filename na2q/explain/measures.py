"""From recordings to explanations: shape curves, stability, purified contributions, baselines, events.

Recordings and arrays in, data sets and arrays out; nothing here knows of networks. Letters as in `na2q.types`:
e episodes, t steps, n agents, k coalitions, r rows, that is steps that happened.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Int
from numpy import ndarray

# --- shape functions over recordings -----------------------------------------------------------------


def unary_terms(recording: xr.Dataset) -> Int[ndarray, " n"]:
    """Return which coalition consists of each agent alone; ValueError where an agent has none."""
    member = recording["member"].values
    alone = [np.flatnonzero((member.sum(1) == 1) & member[:, i]) for i in range(member.shape[1])]
    if not all(len(k) == 1 for k in alone):
        raise ValueError(f"{recording.attrs['method']} has no term for each single agent")
    return np.array([k[0] for k in alone])


def pair_terms(recording: xr.Dataset) -> Int[ndarray, " p"]:
    """Return which coalitions have two members."""
    return np.flatnonzero(recording["member"].values.sum(1) == 2)


def curves(recordings: Sequence[xr.Dataset], bins: int = 30) -> xr.Dataset:
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
    if bins < 1:
        raise ValueError(f"bins is {bins}, must be at least 1")
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


# --- purification ------------------------------------------------------------------------------------


class Purified(NamedTuple):
    """A function of two variables on a grid as main effects, a pure interaction and a constant."""

    pure: Float[ndarray, "g h"]
    first: Float[ndarray, " g"]
    second: Float[ndarray, " h"]
    constant: float


def purify(values: Float[ndarray, "g h"], weight: Float[ndarray, "..."], tolerance: float = 1e-12) -> Purified:
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


# --- baselines of Shapley values ---------------------------------------------------------------------


def mean_utilities(recording: xr.Dataset) -> Float[ndarray, "r n"]:
    """Baseline for Shapley values: each agent's mean Q of the actions taken, over the recording."""
    q = recording["q_taken"].values[recording["filled"].values].astype(float)
    return np.broadcast_to(q.mean(0), q.shape).copy()


def mean_available(recording: xr.Dataset) -> Float[ndarray, "r n"]:
    """Baseline for Shapley values: each agent's mean Q over the actions available to it at that step."""
    filled = recording["filled"].values
    q, avail = recording["q"].values[filled].astype(float), recording["avail"].values[filled]
    return (q * avail).sum(-1) / avail.sum(-1)


# --- events ------------------------------------------------------------------------------------------


def nearest_node(q: Float[ndarray, " r"], nodes: Float[ndarray, " g"]) -> Int[ndarray, " r"]:
    """Index of the node nearest to each value; nodes rise."""
    return np.searchsorted((nodes[1:] + nodes[:-1]) / 2, q)


def around(
    values: Float[ndarray, "e t ..."], events: Bool[ndarray, "episodes steps"], before: int = 5, after: int = 5
) -> Float[ndarray, "w ..."]:
    """Average values around events: entry `before` of the result is the step of the event itself.

    Steps outside an episode, NaN in `values`, are left out; an offset with no step at all is NaN.

    Raises:
        ValueError: shapes that do not agree, or a negative number of steps.
    """
    if values.shape[:2] != events.shape:
        raise ValueError(f"values have shape {values.shape}, events {events.shape}: episodes and steps must agree")
    if min(before, after) < 0:
        raise ValueError(f"before is {before} and after is {after}, both must be 0 or more")
    width = ((0, 0), (before, after), *[(0, 0)] * (values.ndim - 2))
    padded = np.pad(values.astype(float), width, constant_values=np.nan)
    episode, step = np.nonzero(events)
    windows = padded[episode[:, None], step[:, None] + np.arange(before + after + 1)]
    known = ~np.isnan(windows)
    count = known.sum(0)
    return np.divide(np.where(known, windows, 0).sum(0), count, out=np.full(count.shape, np.nan), where=count > 0)


def harmed(recording: xr.Dataset) -> Bool[ndarray, "e t u"]:
    """Mark steps at which a unit has less health or shield than at the step before.

    Raises:
        ValueError: the recording is not of a battle.
    """
    for name in ("unit_health", "unit_shield"):
        if name not in recording:
            raise ValueError(f"{recording.attrs['env']} has no units with health: give a recording of a battle")
    left = recording["unit_health"].values + recording["unit_shield"].values
    less = np.zeros(left.shape, bool)
    less[:, 1:] = left[:, 1:] < left[:, :-1] - 1e-9
    return less


def masks_by_kind(recording: xr.Dataset) -> pd.DataFrame:
    """Average masks over kinds of things that agents see, by what features are called.

    A thing ("food 0", "self", "enemy 3") is in sight where any of its features is above 0.

    Returns:
        A row for each kind ("food", "self", ...) with the mean mask of the features of things in sight, of those that
        are not, and the share of the time that a thing of the kind is in sight.
    """
    filled, names = recording["filled"].values, recording["obs_feature"].values.tolist()
    mask, obs = (recording[name].values[filled] for name in ("mask", "obs"))
    things = [re.match(r"(?:food|other|enemy|ally) \d+|\w+", name)[0] for name in names]  # type: ignore[index]  # all match
    rows = []
    for thing in dict.fromkeys(things):
        own = [i for i, name in enumerate(things) if name == thing]
        seen = (obs[..., own] > 0).any(-1)
        total = mask[..., own].mean(-1)
        rows.append((thing.split()[0], (total * seen).sum(), seen.sum(), (total * ~seen).sum(), (~seen).sum()))
    table = pd.DataFrame(rows, columns=["kind", "a", "seen", "b", "unseen"]).groupby("kind", sort=False).sum()
    means = {"in sight": table["a"] / table["seen"], "not": table["b"] / table["unseen"]}
    return pd.DataFrame(means | {"seen": table["seen"] / (table["seen"] + table["unseen"])})


def by_phase(
    values: Float[ndarray, "e t ..."], filled: Bool[ndarray, "e t"], phases: int = 3
) -> Float[ndarray, "p ..."]:
    """Average values over equal parts of episodes, from their beginnings to their ends.

    Raises:
        ValueError: no phase.
    """
    if phases < 1:
        raise ValueError(f"phases is {phases}, must be at least 1")
    steps, lengths = np.arange(filled.shape[1]), filled.sum(1)
    phase = np.minimum(steps * phases // np.maximum(lengths, 1)[:, None], phases - 1)
    parts = [values[filled & (phase == p)] for p in range(phases)]
    empty = np.full(values.shape[2:], np.nan)
    return np.stack([part.mean(0) if len(part) else empty for part in parts])


def by_deaths(recording: xr.Dataset, values: Float[ndarray, "e t k"]) -> Float[ndarray, "k 2"]:
    """Average each coalition's values over steps with all its members alive, and over those with one dead.

    Raises:
        ValueError: the recording is not of a battle.
    """
    if "unit_alive" not in recording:
        raise ValueError(f"{recording.attrs['env']} has no units that die: give a recording of a battle")
    member, filled = recording["member"].values, recording["filled"].values
    alive = recording["unit_alive"].values[..., : member.shape[1]]
    found = np.full((len(member), 2), np.nan)
    for k, who in enumerate(member):
        whole = alive[..., who].all(-1)
        for side, here in enumerate((filled & whole, filled & ~whole)):
            if here.any():
                found[k, side] = values[..., k][here].mean()
    return found


def cooperating(recording: xr.Dataset) -> Bool[ndarray, "e t p"]:
    """Mark the pairs of agents that act on the same thing in a step; pairs in the order of `pair_terms`.

    In foraging, both load the same food, and it is eaten; in battles, both attack (or heal) the same target.
    """
    member = recording["member"].values[pair_terms(recording)]
    goal = _loaded_food(recording) if "loaded" in recording else _targets(recording)
    first, second = member.argmax(1), member.shape[1] - 1 - member[:, ::-1].argmax(1)
    return (goal[..., first] == goal[..., second]) & (goal[..., first] >= 0)


def _loaded_food(recording: xr.Dataset) -> Int[ndarray, "e t n"]:
    """Which food each agent ate, -1 for none: it loaded, stands beside the food, and the food is gone."""
    eaten = recording["food_present"].values & ~recording["food_left"].values  # (e, t, f)
    player = recording["player_position"].values[..., :, None, :]  # (e, t, n, 1, yx)
    food = recording["food_position"].values[:, None, None]  # (e, 1, 1, f, yx)
    beside = np.abs(player - food).sum(-1) == 1
    ate = beside & eaten[:, :, None] & recording["loaded"].values[..., None]
    return np.where(ate.any(-1), ate.argmax(-1), -1)


def _targets(recording: xr.Dataset) -> Int[ndarray, "e t n"]:
    """Which target each agent attacks or heals, -1 for none."""
    names = recording["action"].values.tolist()
    first = next((i for i, name in enumerate(names) if str(name).startswith("target")), None)
    if first is None:
        raise ValueError(f"{recording.attrs['env']} has neither food nor targets: cooperation is not defined there")
    taken = recording["action_taken"].values.astype(int)
    return np.where(taken >= first, taken - first, -1)
