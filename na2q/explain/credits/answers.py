"""Who earned it, as a method or an explanation from outside answers: a number for each agent, or each pair, at a step.

A method is not asked by its name. What it offers follows from what its mixer returns: a joint value can be probed, a
decomposition has terms of agents and of pairs. Letters in shapes: e episodes, t steps, r rows (steps that happened),
n agents, p pairs in lexicographic order.
"""

from collections.abc import Iterator

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.explain.baselines import mean_utilities
from na2q.explain.coalitions import acting_together, unary_terms
from na2q.explain.interventions import scores
from na2q.explain.masks import typical
from na2q.explain.probe import Probe
from na2q.explain.purification import purified
from na2q.theory.dividends import MOST, groups, interactions, members

OWN_TERMS = ("credit", "shape", "contribution")  # of a method with a term for each agent, or pair
NODES = 33  # of the grid of utilities on which pairs are purified

OUTSIDE = ("occlusion", "nearness", "paid", "acting together", "random", "uniform")
"""Answers that do not come from what a method says of credit; the others are the method's own."""


@checks_arguments
def of_agents(probe: Probe, seed: Whole = 0) -> dict[str, Float[ndarray, "e t n"]]:
    """Return every answer on agents that a trained network and its recording can give.

    The network's own are those of `na2q.explain.interventions.scores`, and slope: dQ_tot / dQ_i, the weight of an agent
    where a method has no other; credit, shape and contribution: alpha_i, f_i and their product, where it has a term for
    each single agent.
    Shapley values take absent agents to have their mean utility of the recording.

    From outside: occlusion, what Q_tot (without one, Q_i) loses when the agent's present observation is replaced by the
    mean one; nearness, how near the agent is to food or to a living enemy; paid, the reward that the game itself
    pays the agent in this step; random; and uniform, the same for all.
    """
    recording, found = probe.recording, scores(probe)
    if "q_tot" in recording:
        found["slope"] = probe.spread(probe.slopes())
    if "credit" in recording and _each_has_a_term(recording):
        alone = unary_terms(recording)
        found |= {
            name: recording[name].values[..., alone].astype(float) for name in ("credit", "shape", "contribution")
        }
    found["occlusion"] = probe.spread(_occlusion(probe))
    found |= dict(_from_recording(recording))
    blank = np.where(probe.filled, 1.0, np.nan)[..., None] * np.ones(probe.q.shape[1])
    return found | {"random": blank * np.random.default_rng(seed).random(blank.shape), "uniform": blank}


@checks_arguments
def of_pairs(probe: Probe, seed: Whole = 0) -> dict[str, Float[ndarray, "e t p"]]:
    """Return every answer on pairs of agents: the network's terms of pairs, and what its joint value says of them.

    credit, shape, contribution and purified are those of terms of two agents, where a method has one for each pair.
    interaction is the Shapley interaction index of Q_tot over utilities, absent agents having their mean utility. From
    outside: acting together, 1 for pairs that eat, attack or heal the same thing; nearness, how near two agents are to
    each other; random; and uniform.
    """
    recording, n = probe.recording, probe.q.shape[1]
    pairs, found = groups(n, 2), {}
    terms = _terms_of_pairs(recording, pairs)
    if terms is not None:
        found = {name: recording[name].values[..., terms].astype(float) for name in OWN_TERMS}
        if set(recording["member"].values.sum(1).tolist()) == {1, 2}:
            nodes = np.linspace(probe.q.min(0), probe.q.max(0), NODES, axis=-1)
            found["purified"] = purified(recording, probe.shape_grid(nodes))["contribution"].values[..., terms]
    if "q_tot" in recording and n <= MOST:
        found["interaction"] = probe.spread(interactions(joint_worth(probe)))
    place = _places(recording)
    if place is not None:
        found["nearness"] = -np.linalg.norm(place[..., pairs[:, 0], :] - place[..., pairs[:, 1], :], axis=-1)
    if "loaded" in recording or "unit_alive" in recording:
        found["acting together"] = np.where(probe.filled[..., None], acting_together(recording, pairs), np.nan)
    blank = np.where(probe.filled, 1.0, np.nan)[..., None] * np.ones(len(pairs))
    return found | {"random": blank * np.random.default_rng(seed).random(blank.shape), "uniform": blank}


@checks_arguments
def joint_worth(probe: Probe) -> Float[ndarray, "r b"]:
    """What Q_tot says of every subset of the agents, the others having their mean utility; a game of `dividends`."""
    baseline = mean_utilities(probe.recording)
    return np.stack([probe.q_tot(np.where(who, probe.q, baseline)) for who in members(probe.q.shape[1])], -1)


def _each_has_a_term(recording: xr.Dataset) -> bool:
    member = recording["member"].values
    return bool((member[member.sum(1) == 1].sum(0) == 1).all())


def _terms_of_pairs(recording: xr.Dataset, pairs: Int[ndarray, "p 2"]) -> Int[ndarray, " p"] | None:
    """Which term each pair has; None unless every pair has one."""
    member = recording["member"].values
    if not len(member) or "contribution" not in recording:
        return None
    mine = np.stack([member[:, i] & member[:, j] & (member.sum(1) == 2) for i, j in pairs])
    return mine.argmax(1) if (mine.sum(1) == 1).all() else None


def _occlusion(probe: Probe) -> Float[ndarray, "r n"]:
    fill = typical(probe.recording)
    blind = probe.utilities(lambda obs: np.broadcast_to(fill, obs.shape).astype(obs.dtype))
    unseeing = np.take_along_axis(blind, probe.taken.numpy()[..., None], -1)[..., 0].astype(float)
    if "q_tot" not in probe.recording:
        return probe.q - unseeing
    now, each = probe.q_tot(probe.q), np.eye(probe.q.shape[1], dtype=bool)
    return np.stack([now - probe.q_tot(np.where(who, unseeing, probe.q)) for who in each], -1)


def _from_recording(recording: xr.Dataset) -> Iterator[tuple[str, Float[ndarray, "e t n"]]]:
    """What pictures of the environment say, where it shows itself."""
    place, targets = _places(recording), _targets(recording)
    if place is not None and targets is not None:
        where, there = targets
        apart = np.linalg.norm(place[..., :, None, :] - where[..., None, :, :], axis=-1)
        nearest = np.where(there[..., None, :], apart, np.inf).min(-1)
        filled = recording["filled"].values[..., None]
        far = np.max(nearest, initial=0, where=np.isfinite(nearest) & filled) + 1  # where nothing is left to be near to
        yield "nearness", np.where(filled, -np.minimum(nearest, far), np.nan)
    if "player_reward" in recording:
        yield "paid", recording["player_reward"].values.astype(float)


def _places(recording: xr.Dataset) -> Float[ndarray, "e t n 2"] | None:
    """Where agents stand; None where the recording does not show it."""
    filled = recording["filled"].values[..., None, None]
    for name in ("player_position", "unit_position"):
        if name in recording:
            shown = recording[name].values[..., : recording.sizes["agent"], :].astype(float)
            return np.where(filled, shown, np.nan)
    return None


def _targets(recording: xr.Dataset) -> tuple[Float[ndarray, "e t m 2"], ndarray] | None:
    """Where food or enemies are, and which of them are there, bool (e, t, m); None where neither is shown."""
    if "food_position" in recording:
        present = recording["food_present"].values.astype(bool)
        where = recording["food_position"].values[:, None].astype(float)
        return np.broadcast_to(where, (*present.shape, 2)), present
    if "unit_enemy" in recording:
        enemy = recording["unit_enemy"].values.astype(bool)
        alive = recording["unit_alive"].values.astype(bool)
        return recording["unit_position"].values[..., enemy, :].astype(float), alive[..., enemy]
    return None
