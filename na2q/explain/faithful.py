"""Do explanations hold? Take away what masks and contributions point at, and see what it costs.

Intervals are percentile intervals of a bootstrap over whole episodes, since steps of one episode depend on each other.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.stats import rankdata

from na2q.explain import measures
from na2q.explain.probe import Probe
from na2q.training.policy import Policy, load_method, make_env
from na2q.training.rollout import Slot, play

DRAWS = 2_000  # bootstrap samples


class Estimate(NamedTuple):
    """A number with its 95 % interval; `episodes` is how many of them it rests on."""

    value: float
    low: float
    high: float
    episodes: int

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def mean_over(values: Float[ndarray, " r"], episode: Int[ndarray, " r"], seed: int = 0) -> Estimate:
    """Mean of values; episodes are resampled."""
    known = ~np.isnan(values)
    values, place = values[known], _places(episode[known])
    sums = np.stack([np.bincount(place), np.bincount(place, values)], -1).astype(float)
    return _resampled(sums, seed, lambda s: s[..., 1] / s[..., 0])


def rank_correlation(
    x: Float[ndarray, " r"], y: Float[ndarray, " r"], episode: Int[ndarray, " r"], seed: int = 0
) -> Estimate:
    """Spearman's correlation; episodes are resampled, ranks are those among all rows."""
    known = ~(np.isnan(x) | np.isnan(y))
    place = _places(episode[known])
    a, b = (rankdata(v[known]) - (known.sum() + 1) / 2 for v in (x, y))
    sums = np.stack([np.bincount(place, w) for w in (a * 0 + 1, a, b, a * a, b * b, a * b)], -1)

    def correlation(s: ndarray) -> ndarray:
        count, sa, sb, saa, sbb, sab = np.moveaxis(s, -1, 0)
        spread = (saa - sa**2 / count) * (sbb - sb**2 / count)
        joint = sab - sa * sb / count
        return np.divide(joint, np.sqrt(spread), out=np.full(np.shape(joint), np.nan), where=spread > 0)

    return _resampled(sums, seed, correlation)


def _places(episode: Int[ndarray, " r"]) -> Int[ndarray, " r"]:
    return np.unique(episode, return_inverse=True)[1]


def _resampled(sums: Float[ndarray, "e k"], seed: int, statistic: Callable[[ndarray], ndarray]) -> Estimate:
    """Evaluate a function of sums over episodes, and its interval when episodes are drawn with replacement."""
    n = len(sums)
    if n == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), DRAWS) @ sums
    values = statistic(drawn)
    low, high = np.nanpercentile(values, (2.5, 97.5)) if np.isfinite(values).any() else (np.nan, np.nan)
    return Estimate(float(statistic(sums.sum(0))), float(low), float(high), n)


# --- masks -------------------------------------------------------------------------------------------


def typical(recording: xr.Dataset) -> Float[ndarray, " o"]:
    """What a deleted feature becomes: its mean over all agents and steps."""
    return recording["obs"].mean(["episode", "step", "agent"]).values.astype(float)


def occlusion(probe: Probe, fill: Float[ndarray, " o"]) -> Float[ndarray, "r n o"]:
    """How far Q of the action taken moves, without sign, when one feature is deleted from the present observation."""
    before = _of_taken(probe, probe.utilities(lambda obs: obs))
    effects = []
    for feature, value in enumerate(fill):

        def without(obs: ndarray, feature: int = feature, value: float = value) -> ndarray:
            obs[..., feature] = value
            return obs

        effects.append(np.abs(_of_taken(probe, probe.utilities(without)) - before))
    return np.stack(effects, -1)


def _of_taken(probe: Probe, q: Float[ndarray, "r n a"]) -> Float[ndarray, "r n"]:
    return np.take_along_axis(q, probe.taken.numpy()[..., None], -1)[..., 0]


def rankings(probe: Probe, fill: Float[ndarray, " o"], seed: int = 0) -> dict[str, Float[ndarray, "r n o"]]:
    """Scores of every feature by which to delete: its size |o|, its occlusion, chance, and the mask where there is one.

    The mask comes in three forms: its highest values, its lowest, and its mean over the recording, one ranking for
    all agents and steps, which knows nothing of the moment.
    """
    recording, filled = probe.recording, probe.filled
    size = np.abs(recording["obs"].values[filled]).astype(float)
    found = {
        "occlusion": occlusion(probe, fill).astype(float),
        "size": size,
        "chance": np.random.default_rng(seed).random(size.shape),
    }
    if "mask" in recording:
        mask = recording["mask"].values[filled].astype(float)
        found |= {
            "highest mask": mask,
            "mean mask": np.broadcast_to(mask.mean((0, 1)), mask.shape),
            "lowest mask": -mask,
        }
    return found


def choosing(probe: Probe) -> Bool[ndarray, "r n"]:
    """Where an agent had a choice: more than one available action."""
    return probe.avail.numpy().sum(-1) > 1


class Deleted(NamedTuple):
    """What deleting features does to each agent, NaN where it had no choice."""

    changed: Float[ndarray, "r n"]  # 1 where the greedy action is another
    moved: Float[ndarray, "r n"]  # distance that Q of the action taken moves


def delete(probe: Probe, score: Float[ndarray, "r n o"], count: int, fill: Float[ndarray, " o"]) -> Deleted:
    """Delete the `count` features of the highest score from every observation, ties in the order of features.

    Only the present observation changes; memories and available actions are as they were.

    Args:
        probe: the network at the steps of a recording.
        score: what ranks the features, see `rankings`.
        count: how many are deleted.
        fill: what deleted features become, see `typical`.

    Raises:
        ValueError: a count out of range.
    """
    if not 1 <= count <= len(fill):
        raise ValueError(f"count is {count}, must lie between 1 and the number of features, {len(fill)}")
    gone = np.zeros(score.shape, bool)
    np.put_along_axis(gone, np.argsort(-score, -1, kind="stable")[..., :count], True, -1)
    before = probe.utilities(lambda obs: obs)
    after = probe.utilities(lambda obs: np.where(gone, fill.astype(obs.dtype), obs))
    greedy, other = (np.where(probe.avail.numpy(), q, -np.inf).argmax(-1) for q in (before, after))
    outcomes = other != greedy, np.abs(_of_taken(probe, after) - _of_taken(probe, before))
    return Deleted(*(np.where(choosing(probe), x.astype(float), np.nan) for x in outcomes))


def deletion(
    probe: Probe, scores: Mapping[str, Float[ndarray, "r n o"]], counts: Sequence[int], fill: Float[ndarray, " o"]
) -> pd.DataFrame:
    """Delete features by every ranking and count, see `delete`.

    Returns:
        A row for each ranking and count. changed is the share of greedy actions that change, low and high are its
        interval, q_change is the mean distance that Q of the action taken moves.
    """
    rows = []
    for (name, score), count in itertools.product(scores.items(), counts):
        done = delete(probe, score, count, fill)
        share = mean_over_steps(probe, done.changed)
        rows.append((name, count, share.value, share.low, share.high, float(np.nanmean(done.moved))))
    return pd.DataFrame(rows, columns=["ranking", "count", "changed", "low", "high", "q_change"])


def mean_over_steps(probe: Probe, values: Float[ndarray, "r n"], seed: int = 0) -> Estimate:
    """Mean over steps and agents of what is known; episodes are resampled."""
    episode = np.broadcast_to(np.nonzero(probe.filled)[0][:, None], values.shape)
    return mean_over(values.ravel(), episode.ravel(), seed)


def within_rows(x: Float[ndarray, "r n o"], y: Float[ndarray, "r n o"]) -> Float[ndarray, "r n"]:
    """Spearman's correlation over the features of each observation; NaN where one of the two is constant."""
    a, b = (rankdata(v, axis=-1) for v in (x, y))
    a, b = (v - v.mean(-1, keepdims=True) for v in (a, b))
    spread = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return np.divide((a * b).sum(-1), spread, out=np.full(spread.shape, np.nan), where=spread > 0)


# --- contributions -----------------------------------------------------------------------------------


class _Substitute:
    """Takes over one agent from a given step on, for some steps, in every copy."""

    def __init__(self, agent: int, start: Int[ndarray, " e"], steps: int, kind: str, seed: int) -> None:
        self.agent, self.start, self.steps, self.kind = agent, start, steps, kind
        self.rng = np.random.default_rng(seed)

    def __call__(self, slot: Slot) -> Int[ndarray, "e n"]:
        actions, avail = slot.chosen.copy(), slot.observation.avail[:, self.agent]
        here = (slot.t >= self.start) & (slot.t < self.start + self.steps)
        preference = self.rng.random(avail.shape) if self.kind == "random" else np.ones(avail.shape)
        instead = np.where(avail, preference, -1).argmax(-1)  # of equals the first
        actions[here, self.agent] = instead[here]
        return actions


def interventions(
    path: str | Path,
    greedy: xr.Dataset,
    steps: int = 5,
    trials: int = 1,
    kind: Literal["idle", "random"] = "idle",
    seed: int = 0,
) -> xr.Dataset:
    """Replace one agent's actions for some steps from a random time on; the loss of return is what they were worth.

    Every agent is replaced at the same times of every recorded episode, and each replay has that episode's seed,
    so that all is equal up to the intervention (not in the real game, which takes no seeds).

    Args:
        path: folder of a finished run, or a weights file.
        greedy: recording of its greedy episodes.
        steps: how many actions are replaced.
        trials: random times in each episode, from its first to its last step.
        kind: idle takes the first available action (none in foraging, stop or no-op in battles), random any.
        seed: decides times and random actions.

    Returns:
        start (trial, episode), the first replaced step, and loss (trial, episode, agent), the greedy return less
        the return with the intervention.

    Raises:
        ValueError: a number below 1, or a recording that explores.
    """
    if steps < 1 or trials < 1:
        raise ValueError(f"steps is {steps} and trials is {trials}, both must be at least 1")
    if greedy.attrs["epsilon"]:
        raise ValueError(f"the recording's epsilon is {greedy.attrs['epsilon']}, must be 0")
    method, config = load_method(path)
    env, n, seeds = greedy.attrs["env"], method.spec.n_agents, greedy["episode_seed"].values.tolist()
    vector = make_env(Policy(method.agent, config, method.spec), len(seeds), None if env == config.env else env)
    rng = np.random.default_rng(seed)
    start = np.stack([rng.integers(greedy["length"].values) for _ in range(trials)])
    loss = np.empty((*start.shape, n))
    for (trial, when), agent in itertools.product(enumerate(start), range(n)):
        substitute = _Substitute(agent, when, steps, kind, seed)
        played = play(vector, method.agent, 0.0, rng, seeds, substitute)
        loss[trial, :, agent] = greedy["return"].values - played.returns
    vector.close()
    axes = ("trial", "episode")
    return xr.Dataset({"start": (axes, start), "loss": ((*axes, "agent"), loss)}, attrs={"steps": steps})


def scores(probe: Probe) -> dict[str, Float[ndarray, "e t n"]]:
    """What a method can say of the worth of each agent's action, over episodes and steps; what it has of these.

    q: its utility. slope x q: dQ_tot / dQ_i times it. shapley: its share of Q_tot, against every agent's mean
    utility. to idle: what Q_tot loses, by its own account, with the first available action in place of that
    taken. contribution: its own term. with pairs: the same and half of every pair's. purified and purified with
    pairs: these after purification.
    """
    recording, q = probe.recording, probe.q
    utilities = probe.recording["q"].values[probe.filled].astype(float)
    idle = np.take_along_axis(utilities, probe.avail.numpy().argmax(-1)[..., None], -1)[..., 0]
    found = {"q": q}
    if "q_tot" in recording:
        now = probe.q_tot(q)
        swapped = [now - probe.q_tot(np.where(who, idle, q)) for who in np.eye(q.shape[1], dtype=bool)]
        found |= {
            "slope x q": probe.slopes() * q,
            "shapley": probe.shapley(measures.mean_utilities(recording)),
            "to idle": np.stack(swapped, -1),
        }
    sizes = set(recording["member"].values.sum(1).tolist())
    if "contribution" in recording and sizes == {1, 2}:
        nodes = np.linspace(q.min(0), q.max(0), 33, axis=-1)
        pure = measures.purified(recording, probe.shape_grid(nodes))
        for name, terms in (("contribution", recording), ("purified", pure)):
            found |= _shares(name, recording, terms["contribution"].values[probe.filled].astype(float))
    return {name: probe.spread(rows) for name, rows in found.items()}


def _shares(name: str, recording: xr.Dataset, terms: Float[ndarray, "r k"]) -> dict[str, Float[ndarray, "r n"]]:
    member, pairs = recording["member"].values, measures.pair_terms(recording)
    alone = terms[:, measures.unary_terms(recording)]
    return {name: alone, f"{name} with pairs": alone + terms[:, pairs] @ member[pairs] / 2}


def agreement(score: Float[ndarray, "e t n"], trials: xr.Dataset, seed: int = 0) -> dict[str, Estimate]:
    """Correlate a score with the loss of return that interventions brought; the score is its mean over their steps.

    Returns:
        Spearman's correlation over all trials, episodes and agents as "all", and as "between agents" the same after
        each situation's mean over agents was taken away from both, so that only who matters more is left.
    """
    start, loss, steps = trials["start"].values, trials["loss"].values, trials.attrs["steps"]
    episode = np.broadcast_to(np.arange(start.shape[1])[None, :, None], loss.shape)
    padded = np.pad(score, ((0, 0), (0, steps), (0, 0)), constant_values=np.nan)
    windows = start[..., None] + np.arange(steps)
    said = np.nanmean(padded[np.arange(start.shape[1])[None, :, None], windows], 2)
    apart = [x - x.mean(-1, keepdims=True) for x in (said, loss)]
    return {
        "all": rank_correlation(said.ravel(), loss.ravel(), episode.ravel(), seed),
        "between agents": rank_correlation(apart[0].ravel(), apart[1].ravel(), episode.ravel(), seed),
    }


# --- pairs -------------------------------------------------------------------------------------------


class PairEffect(NamedTuple):
    """Whether pairs that act together get more than the others of the same step; see `pair_effect`."""

    raw: Estimate
    centred: Estimate
    higher: Estimate
    steps: int


def pair_effect(
    values: Float[ndarray, "e t p"], together: Bool[ndarray, "e t p"], filled: Bool[ndarray, "e t"], seed: int = 0
) -> PairEffect:
    """Compare pairs that act together with those that do not, step by step.

    Args:
        values: what is compared, a value of each pair.
        together: pairs that act together, see `explain.cooperating`.
        filled: steps that happened.
        seed: of the bootstrap.

    Returns:
        Over steps with both kinds of pairs, their difference in mean value. raw is its mean, in standard deviations
        of all pairs' values over all steps; centred is the same after every pair's own mean over the recording was
        taken away, which removes that some pairs are always higher; higher is the share of those steps in which
        the raw difference is positive, and steps is their number.
    """
    both = filled & together.any(-1) & ~together.all(-1)
    episode = np.nonzero(both)[0]

    def differences(x: ndarray) -> ndarray:
        here, yes = x[both], together[both]
        gap = (here * yes).sum(-1) / yes.sum(-1) - (here * ~yes).sum(-1) / (~yes).sum(-1)
        return gap / x[filled].std()

    raw, centred = differences(values), differences(values - values[filled].mean(0))
    higher = (raw > 0).astype(float)
    return PairEffect(*(mean_over(x, episode, seed) for x in (raw, centred, higher)), steps=len(episode))
