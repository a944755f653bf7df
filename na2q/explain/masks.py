"""Do masks show what matters? Delete the features that a mask ranks highest, and count the actions that change.

Letters in shapes are those of `na2q.types`: r rows, which are the steps that happened, n agents, o features of an
observation, a actions.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.stats import rankdata

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.explain.probe import Probe
from na2q.stats import Estimate, mean_over


@checks_arguments
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


@checks_arguments
def rankings(probe: Probe, fill: Float[ndarray, " o"], seed: Whole = 0) -> dict[str, Float[ndarray, "r n o"]]:
    """Scores of every feature by which to delete: its size |o|, its occlusion, chance, and the mask where there is one.

    The mask comes in three forms: its highest values, its lowest, and its mean over the recording, which is one ranking
    for all agents and steps and knows nothing of the moment. Where the recording has masks of sampled semantics, they
    come in the same three forms as "highest sampled mask" and so on.
    """
    recording, filled = probe.recording, probe.filled
    size = np.abs(recording["obs"].values[filled]).astype(float)
    found = {
        "occlusion": occlusion(probe, fill).astype(float),
        "size": size,
        "chance": np.random.default_rng(seed).random(size.shape),
    }
    for name, title in {"mask": "mask", "mask_sampled": "sampled mask"}.items():
        if name in recording:
            mask = recording[name].values[filled].astype(float)
            found |= {
                f"highest {title}": mask,
                f"mean {title}": np.broadcast_to(mask.mean((0, 1)), mask.shape),
                f"lowest {title}": -mask,
            }
    return found


def choosing(probe: Probe) -> Bool[ndarray, "r n"]:
    """Where an agent had a choice: more than one available action."""
    return probe.avail.numpy().sum(-1) > 1


class Deleted(NamedTuple):
    """What deleting features does to each agent, NaN where it had no choice."""

    changed: Float[ndarray, "r n"]  # 1 where the greedy action is another
    moved: Float[ndarray, "r n"]  # distance that Q of the action taken moves


@checks_arguments
def delete(probe: Probe, score: Float[ndarray, "r n o"], count: Whole, fill: Float[ndarray, " o"]) -> Deleted:
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


@checks_arguments
def mean_over_steps(probe: Probe, values: Float[ndarray, "r n"], seed: Whole = 0) -> Estimate:
    """Mean over steps and agents of what is known; episodes are resampled."""
    episode = np.broadcast_to(np.nonzero(probe.filled)[0][:, None], values.shape)
    return mean_over(values.ravel(), episode.ravel(), seed)


def within_rows(x: Float[ndarray, "r n o"], y: Float[ndarray, "r n o"]) -> Float[ndarray, "r n"]:
    """Spearman's correlation over the features of each observation; NaN where one of the two is constant."""
    a, b = (rankdata(v, axis=-1) for v in (x, y))
    a, b = (v - v.mean(-1, keepdims=True) for v in (a, b))
    spread = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return np.divide((a * b).sum(-1), spread, out=np.full(spread.shape, np.nan), where=spread > 0)


def rank_correlations(
    probe: Probe, ranked: Mapping[str, Float[ndarray, "r n o"]], pairs: Iterable[tuple[str, str]], seed: int = 0
) -> dict[str, Estimate]:
    """Correlate pairs of rankings over the features of each observation, on average where agents had a choice.

    Args:
        probe: the network at the steps of a recording.
        ranked: of `rankings`.
        pairs: names of the rankings that are compared.
        seed: of the resamples of episodes.

    Returns:
        The mean of Spearman's correlation for each pair, under the name "one and other".
    """
    chose, found = choosing(probe), {}
    for one, other in pairs:
        within = np.where(chose, within_rows(ranked[one], ranked[other]), np.nan)
        found[f"{one} and {other}"] = mean_over_steps(probe, within, seed)
    return found


@checks_arguments
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
