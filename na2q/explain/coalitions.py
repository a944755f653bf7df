"""Which term of a decomposition belongs to which agents, which pairs act together, and whether such pairs get more.

Letters in shapes are those of `na2q.types`: e episodes, t steps, n agents, k coalitions, p pairs, r rows, which are the
steps that happened.
"""

from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.stats import Estimate, mean_over


@checks_arguments
def unary_terms(recording: xr.Dataset) -> Int[ndarray, " n"]:
    """Return which coalition consists of each agent alone; ValueError where an agent has none."""
    member = recording["member"].values
    alone = [np.flatnonzero((member.sum(1) == 1) & member[:, i]) for i in range(member.shape[1])]
    if not all(len(k) == 1 for k in alone):
        raise ValueError(f"{recording.attrs['method']} has no term for each single agent")
    return np.array([k[0] for k in alone])


@checks_arguments
def pair_terms(recording: xr.Dataset) -> Int[ndarray, " p"]:
    """Return which coalitions have two members."""
    return np.flatnonzero(recording["member"].values.sum(1) == 2)


@checks_arguments
def cooperating(recording: xr.Dataset) -> Bool[ndarray, "e t p"]:
    """Mark the pairs of agents that act on the same thing in a step; pairs in the order of `pair_terms`."""
    member = recording["member"].values[pair_terms(recording)]
    first, second = member.argmax(1), member.shape[1] - 1 - member[:, ::-1].argmax(1)
    return acting_together(recording, np.stack([first, second], -1))


def acting_together(recording: xr.Dataset, pairs: Int[ndarray, "p 2"]) -> Bool[ndarray, "e t p"]:
    """Mark which of some pairs of agents act on the same thing in a step.

    In foraging, both load the same food, and it is eaten; in battles, both attack (or heal) the same target.
    """
    goal = _loaded_food(recording) if "loaded" in recording else _targets(recording)
    first, second = goal[..., pairs[:, 0]], goal[..., pairs[:, 1]]
    return (first == second) & (first >= 0)


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


class PairEffect(NamedTuple):
    """Whether pairs that act together get more than the others of the same step; see `pair_effect`."""

    raw: Estimate
    centred: Estimate
    higher: Estimate
    steps: int


@checks_arguments
def pair_effect(
    values: Float[ndarray, "e t p"], together: Bool[ndarray, "e t p"], filled: Bool[ndarray, "e t"], seed: Whole = 0
) -> PairEffect:
    """Compare pairs that act together with those that do not, step by step.

    Args:
        values: what is compared, a value of each pair.
        together: pairs that act together, see `cooperating`.
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
