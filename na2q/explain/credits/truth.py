"""Who really earned it: the worth of every subset of agents, computed by playing an episode on in a simulator.

From a step of a greedy episode, the episode is copied for every subset of the agents. Agents in the subset go on
greedily, with the memories that they have; the others are absent (`continuation.Absence`). The subset is worth the
return of that continuation over a number of steps. Every copy of one stream has the same random numbers at its start,
so that subsets are compared under equal luck, and all is averaged over several streams.

Letters in shapes: e episodes, t steps, r rows (episodes of a step), k streams, b subsets (2^n), n agents.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Count, Positive, Repeats, Whole, checked
from na2q.envs.base import Observation, VectorEnv
from na2q.envs.offers import Clonable
from na2q.explain.credits.continuation import Absence, play_on, preferences
from na2q.nets.agents import RecurrentAgent
from na2q.terminal import progress
from na2q.theory.dividends import members, shapley_values
from na2q.training.policy import Policy, load_method, make_env
from na2q.training.rollout import Slot, play
from na2q.training.trainer import MAX_SEED

MOST_AGENTS = 5
"""Agents up to which all subsets are played; of more, subsets are sampled."""

MOST_COPIES = 4096
"""Copies that are played at once: a bound on memory."""

ROUND = 8
"""Orders of agents that are drawn at a time, where subsets are sampled; each is played forwards and backwards."""


class Setting(NamedTuple):
    """What is meant by the truth."""

    horizon: Repeats = 10
    """Steps that a continuation lasts, unless its episode ends before."""
    streams: Copies = 8
    """Continuations of every subset with other random numbers; one is enough where nothing is random."""
    absence: Absence = "idle"
    """What absent agents do."""
    every: Count = 1
    """The first step of an episode is looked at, and then one in so many."""
    seed: Whole = 0
    """Decides random numbers."""
    precision: Positive = 0.05
    """Standard error, in units of return, below which no more subsets are drawn where they are sampled."""
    most: Repeats = 256
    """Orders of agents after which no more are drawn in any case where subsets are sampled."""

    def check(self) -> "Setting":
        """Return these settings as plain numbers; raise ValueError for the first one that is out of range."""
        hints = get_type_hints(Setting, include_extras=True)
        return Setting(**{name: checked(name, value, hints[name]) for name, value in self._asdict().items()})


@checks_arguments
def truth(path: str | Path, greedy: xr.Dataset, setting: Setting = Setting()) -> xr.Dataset:  # noqa: B008  # immutable
    """Compute what agents earn from every step of recorded episodes on.

    Args:
        path: folder of a finished run, or a weights file.
        greedy: recording of its greedy episodes; they are played again with their seeds.
        setting: what is meant by the truth.

    Returns:
        shapley (half, episode, step, agent), the Shapley values of the agents, and shapley_se (episode, step, agent),
        their standard errors: 0 where nothing is random, NaN where one stream leaves them unknown. For up to 5 agents
        also worth (half, episode, step, subset), from which `na2q.theory.dividends` makes all else; subsets are
        numbered as there. The two halves are independent measurements, each from half of the streams; where
        nothing is random there is one. Steps that were not looked at, or did not happen, are NaN.

    Raises:
        ValueError: a setting out of range, a recording that explores, an environment whose state cannot be copied, or
            one that does not repeat the recorded episodes.
    """
    if greedy.attrs["epsilon"]:
        raise ValueError(f"the recording's epsilon is {greedy.attrs['epsilon']}, must be 0")
    method, config = load_method(path)
    env, seeds = greedy.attrs["env"], greedy["episode_seed"].values.tolist()
    vector = make_env(Policy(method.agent, config, method.spec), len(seeds), None if env == config.env else env)
    found, returns = measure(vector, method.agent, seeds, setting, f"{env} {config.method}")
    vector.close()
    if not np.allclose(returns, greedy["return"].values, atol=1e-5):
        raise ValueError(f"{env} does not repeat the recorded episodes: what follows them cannot be computed")
    return found.assign_attrs(env=env, run=greedy.attrs["run"])


@checks_arguments
def measure(
    env: VectorEnv,
    agent: RecurrentAgent,
    seeds: Sequence[int],
    setting: Setting = Setting(),  # noqa: B008  # immutable
    title: str = "",
) -> tuple[xr.Dataset, Float[ndarray, " e"]]:
    """Play greedy episodes, and play on from each of their steps.

    Args:
        env: one copy for each episode.
        agent: the trained agents.
        seeds: of the episodes.
        setting: what is meant by the truth.
        title: of the bar that shows how far it is.

    Returns:
        The data set that `truth` describes, and the return of each episode.

    Raises:
        ValueError: a setting out of range, or an environment whose state cannot be copied.
    """
    setting = setting.check()
    if not isinstance(env, Clonable):
        raise ValueError(f"{title or env} cannot be played on from a step: it has no `clone` (na2q.envs.Clonable)")
    with progress(unit="step", desc=title, leave=False) as bar:
        director = _Director(env, agent, setting, bar)
        played = play(env, agent, 0.0, np.random.default_rng(0), seeds, director)
    axes = {"shapley": ("half", "agent"), "shapley_se": ("agent",), "worth": ("half", "subset")}
    steps = played.batch.valid.shape[1]
    found = {
        name: ((*axes[name][:-1], "episode", "step", axes[name][-1]), values[..., :steps, :])
        for name, values in director.found.items()
    }
    about = setting._asdict() | {"random": int(director.random)}
    return xr.Dataset(found, {"agent": np.arange(env.spec.n_agents)}, about), played.returns


class _Director:
    """Sees every slot of the episodes, and plays on from it before the episodes themselves go on."""

    def __init__(self, env: Any, agent: RecurrentAgent, setting: Setting, bar: Any) -> None:
        self.env, self.agent, self.setting, self.bar = env, agent, setting, bar
        self.rng = np.random.default_rng([setting.seed, 1])
        self.n = env.spec.n_agents
        self.random = env.chance or setting.absence == "random"
        self.found: dict[str, ndarray] = {}

    def __call__(self, slot: Slot) -> Int[ndarray, "e n"]:
        """Keep what a slot is worth, and let the agents play the actions that they chose."""
        who = np.flatnonzero(slot.running)
        if slot.t % self.setting.every == 0:
            subsets = 2**self.n if self.n <= MOST_AGENTS else self.n + 1
            size = max(1, MOST_COPIES // (self.setting.streams * subsets))
            for rows in np.split(who, range(size, len(who), size)):
                measured = self._exact(slot, rows) if self.n <= MOST_AGENTS else self._sampled(slot, rows)
                for name, values in measured.items():
                    self._keep(name, values, rows, slot.t)
        self.bar.update(len(who))
        return slot.chosen

    def _keep(self, name: str, values: Float[ndarray, "..."], rows: Int[ndarray, " r"], t: int) -> None:
        """Put values (..., r, x) into the whole array (..., e, t, x)."""
        if name not in self.found:
            shape = (*values.shape[:-2], self.env.n_envs, self.env.spec.episode_limit, values.shape[-1])
            self.found[name] = np.full(shape, np.nan)
        self.found[name][..., rows, t, :] = values

    def _exact(self, slot: Slot, rows: Int[ndarray, " r"]) -> dict[str, ndarray]:
        streams = self.setting.streams if self.random else 1
        present = np.broadcast_to(members(self.n), (len(rows), streams, 2**self.n, self.n))
        worth = self._worth(slot, rows, present).swapaxes(0, 1)  # (k, r, b)
        halves = _halves(worth)
        return {
            "worth": halves,
            "shapley": shapley_values(halves),
            "shapley_se": self._error(shapley_values(worth)),
        }

    def _sampled(self, slot: Slot, rows: Int[ndarray, " r"]) -> dict[str, ndarray]:
        """Average the gains of agents that join in random orders, each order forwards and backwards."""
        samples = np.empty((0, len(rows), self.n))
        while len(samples) < self.setting.most:
            gains = []
            orders = self.rng.permuted(np.tile(np.arange(self.n), (ROUND, 1)), axis=1)
            for both in ((order, order[::-1]) for order in orders):
                present = np.stack([np.argsort(order) < np.arange(self.n + 1)[:, None] for order in both])
                each = np.broadcast_to(present.reshape(1, 1, -1, self.n), (len(rows), 1, 2 * self.n + 2, self.n))
                worth = self._worth(slot, rows, each).reshape(len(rows), 2, self.n + 1)
                joined = np.diff(worth)  # by place in the order
                gains.append(sum(joined[:, side, np.argsort(order)] for side, order in enumerate(both)) / 2)
            samples = np.concatenate([samples, gains])
            error = samples.std(0, ddof=1) / np.sqrt(len(samples))
            if error.max() <= self.setting.precision:
                break
        return {"shapley": _halves(samples), "shapley_se": error}

    def _error(self, samples: Float[ndarray, "k r n"]) -> Float[ndarray, "r n"]:
        if not self.random:
            return np.zeros(samples.shape[1:])
        if len(samples) == 1:
            return np.full(samples.shape[1:], np.nan)
        return samples.std(0, ddof=1) / np.sqrt(len(samples))

    def _worth(
        self, slot: Slot, rows: Int[ndarray, " r"], present: Bool[ndarray, "r k b n"]
    ) -> Float[ndarray, "r k b"]:
        """Return of the continuations of each row, stream and subset; subsets of one stream share their luck."""
        shape, setting = present.shape[:3], self.setting
        lucks = self.rng.integers(MAX_SEED, size=shape[:2])
        liked = preferences(
            setting.absence, setting.horizon, shape[:2], self.n, self.env.spec.n_actions, self.rng
        )  # (j, r, k, n, a)
        wide = np.broadcast_to(liked[:, :, :, None], (len(liked), *shape, *liked.shape[3:]))
        source = np.repeat(rows, shape[1] * shape[2])
        seeds = np.repeat(lucks.ravel(), shape[2])
        clone: VectorEnv = self.env.clone(source.tolist(), seeds.tolist() if self.env.chance else None)
        total = play_on(
            clone,
            self.agent,
            Observation(*(x[source] for x in slot.observation)),
            slot.chosen[source],
            slot.hidden[source],
            present.reshape(-1, self.n),
            wide.reshape(len(wide), -1, *wide.shape[4:]),
        )
        clone.close()
        return total.reshape(shape)


def _halves(samples: Float[ndarray, "k ..."]) -> Float[ndarray, "half ..."]:
    """Means over two halves of the samples; of a single one that alone."""
    cut = len(samples) // 2
    return np.stack([samples[a:b].mean(0) for a, b in pairwise((0, cut, len(samples)) if cut else (0, 1))])
