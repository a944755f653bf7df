"""Does a contribution say what an agent is worth? Replace the agent's actions, and see how much return is lost.

Letters in shapes are those of `na2q.types`: e episodes, t steps, n agents, k coalitions, r rows, which are the steps
that happened.
"""

import itertools
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from jaxtyping import Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Repeats, Whole
from na2q.explain.baselines import mean_utilities
from na2q.explain.coalitions import pair_terms, unary_terms
from na2q.explain.probe import Probe
from na2q.explain.purification import purified
from na2q.stats import Estimate, rank_correlation
from na2q.training.policy import Policy, load_method, make_env
from na2q.training.rollout import Slot, play


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


@checks_arguments
def interventions(
    path: str | Path,
    greedy: xr.Dataset,
    steps: Repeats = 5,
    trials: Repeats = 1,
    kind: Literal["idle", "random"] = "idle",
    seed: Whole = 0,
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

    - q: its utility.
    - slope x q: dQ_tot / dQ_i times its utility.
    - shapley: its share of Q_tot, against every agent's mean utility.
    - to idle: what Q_tot loses, by its own account, with the first available action in place of that taken.
    - contribution: its own term.
    - with pairs: its own term and half of every pair's that it is in.
    - purified, and purified with pairs: the last two after purification.
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
            "shapley": probe.shapley(mean_utilities(recording)),
            "to idle": np.stack(swapped, -1),
        }
    sizes = set(recording["member"].values.sum(1).tolist())
    if "contribution" in recording and sizes == {1, 2}:
        nodes = np.linspace(q.min(0), q.max(0), 33, axis=-1)
        pure = purified(recording, probe.shape_grid(nodes))
        for name, terms in (("contribution", recording), ("purified", pure)):
            found |= _shares(name, recording, terms["contribution"].values[probe.filled].astype(float))
    return {name: probe.spread(rows) for name, rows in found.items()}


def _shares(name: str, recording: xr.Dataset, terms: Float[ndarray, "r k"]) -> dict[str, Float[ndarray, "r n"]]:
    member, pairs = recording["member"].values, pair_terms(recording)
    alone = terms[:, unary_terms(recording)]
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
