"""How well an answer agrees with the truth: within a step by ranks, over all steps by a slope.

Letters in shapes: r rows (steps), h halves of the truth, m agents or pairs.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.stats import rankdata

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.stats import Estimate, mean_over, slope

EQUAL = 1e-9
"""Values that differ by less are the same."""


class Scored(NamedTuple):
    """One score of an answer."""

    estimate: Estimate
    chance: float
    """What an answer that knows nothing scores."""
    ceiling: float
    """What the truth scores, measured again with other random numbers."""
    rows: int
    """Steps that were scored."""


class Rows(NamedTuple):
    """Where each row comes from, for intervals."""

    episode: Int[ndarray, " r"]
    model: Int[ndarray, " r"]


@checks_arguments
def tells_apart(true: Float[ndarray, "h r m"]) -> Bool[ndarray, " r"]:
    """Rows in which there is somebody to tell from the others, and nothing is unknown."""
    mean = true.mean(0)
    return np.isfinite(mean).all(-1) & (np.ptp(np.nan_to_num(mean), axis=-1) > EQUAL)


@checks_arguments
def ranks(said: Float[ndarray, "r m"], true: Float[ndarray, "r m"]) -> Float[ndarray, " r"]:
    """Spearman's correlation within each row; 0 where either is the same for all, since that ranks nobody."""
    a, b = (rankdata(_rounded(x), axis=-1) - (x.shape[-1] + 1) / 2 for x in (said, true))
    spread = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    return np.where(spread > 0, (a * b).sum(-1) / np.where(spread > 0, spread, 1), 0.0)


@checks_arguments
def tops(said: Float[ndarray, "r m"], true: Float[ndarray, "r m"]) -> Float[ndarray, " r"]:
    """Chance that one of those named first is one of those who are first, in each row; ties are broken at random."""
    first, really = (x >= x.max(-1, keepdims=True) - EQUAL for x in (said, true))
    return (first & really).sum(-1) / first.sum(-1)


@checks_arguments
def score(said: Float[ndarray, "r m"], true: Float[ndarray, "h r m"], rows: Rows, seed: Whole = 0) -> dict[str, Scored]:
    """Score one answer against both halves of the truth; a score is the mean of the two.

    Args:
        said: the answer.
        true: measurements of the truth that are independent of each other, one or two.
        rows: where the rows come from.
        seed: of the intervals.

    Returns:
        Scores by name. The score rank is Spearman's correlation within a step, over steps in which there is somebody
        to tell from the others. The score top is the share of these steps in which the first is named. The slope says
        by how much the truth grows with the answer, over all steps, and is 1 for an answer in the right units.

    Raises:
        ValueError: shapes that differ.
    """
    if true.ndim != 3 or said.shape != true.shape[1:] or not len(true) or len(rows.episode) != len(said):
        raise ValueError(
            f"said has shape {said.shape} and true {true.shape}, with the origin of {len(rows.episode)} rows: "
            "must be (r, m) and (halves, r, m), with the origin of r"
        )
    use = tells_apart(true) & np.isfinite(said).all(-1)
    found = {}
    for name, measure in {"rank": ranks, "top": tops}.items():
        values = np.mean([measure(said[use], half[use]) for half in true], 0)
        again = (
            np.mean([measure(true[k, use], true[1 - k, use]) for k in (0, 1)], 0) if len(true) == 2 else values * 0 + 1
        )
        chance = np.mean([measure(np.zeros_like(said[use]), half[use]) for half in true], 0)
        estimate = mean_over(values, rows.episode[use], seed, rows.model[use])
        found[name] = Scored(estimate, _mean(chance), _mean(again), int(use.sum()))
    known = np.isfinite(said).all(-1) & np.isfinite(true).all((0, 2))
    wide = Rows(*(np.repeat(x[known], said.shape[1]) for x in rows))
    estimate = slope(said[known].ravel(), true.mean(0)[known].ravel(), wide.episode, seed, wide.model)
    found["slope"] = Scored(estimate, 0.0, 1.0, int(known.sum()))
    return found


def _rounded(x: Float[ndarray, "r m"]) -> Float[ndarray, "r m"]:
    """Drop what rounding errors tell apart: numbers that differ by a billionth of the largest are the same."""
    scale = np.abs(x).max(-1, keepdims=True)
    return np.round(x / np.where(scale > 0, scale, 1), 9)


def _mean(values: Float[ndarray, " r"]) -> float:
    return float(values.mean()) if len(values) else np.nan
