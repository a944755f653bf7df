"""Payoff games for two agents whose best joint actions are known: seconds to learn, and they tell methods apart."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from na2q.config import MatrixOptions
from na2q.envs.base import Observation, Transition, check_seeds
from na2q.envs.offers import Snapshot, check_sources
from na2q.spec import EnvSpec

END = -1  # successor that ends the episode


class PayoffGame(NamedTuple):
    """Tables of a deterministic game that starts in its state 0."""

    payoff: Float[ndarray, "states a a"]
    successor: Int[ndarray, "states a a"]  # next state, or END
    steps: int  # length of every episode

    @property
    def optimum(self) -> float:
        """Largest sum of payoffs from the start."""
        best = np.zeros(len(self.payoff) + 1)  # the entry at END, the last one, stays 0
        for _ in range(self.steps):
            best[:-1] = (self.payoff + best[self.successor]).max((1, 2))
        return float(best[0])


def one_shot(payoff: Sequence[Sequence[int]]) -> PayoffGame:
    """Build a game of one joint action; rows are the first agent's actions, columns the second's."""
    table = np.array([payoff], np.float32)
    return PayoffGame(table, np.full(table.shape, END), steps=1)


GAMES: dict[str, PayoffGame] = {
    # Son et al., 2019, Table 1a: one agent's departure from the best joint action costs 20.
    "qtran": one_shot([[8, -12, -12], [-12, 0, 0], [-12, 0, 0]]),
    # Claus and Boutilier, 1998: beside the best joint action lies the worst, beside the second best a safe one.
    "climbing": one_shot([[11, -30, 0], [-30, 7, 6], [0, 0, 5]]),
    # Rashid et al., 2018, section 5: agent 0 first chooses between a constant game and one that is not a sum.
    "two_step": PayoffGame(
        np.array([[[0, 0], [0, 0]], [[7, 7], [7, 7]], [[0, 1], [1, 8]]], np.float32),
        np.array([[[1, 1], [2, 2]], [[END, END], [END, END]], [[END, END], [END, END]]]),
        steps=2,
    ),
}
"""Games by what follows `matrix-` in an environment's name."""


class MatrixGame:
    """E copies of one game; both agents observe its state one-hot, and the state is both observations."""

    chance = False

    def __init__(self, name: str, options: MatrixOptions, n_envs: int = 1) -> None:
        """Read the game from the name, such as matrix-qtran."""
        family, _, game = name.partition("-")
        if family != "matrix" or game not in GAMES:
            known = ", ".join(f"matrix-{known}" for known in GAMES)
            raise ValueError(f"unknown task {name!r}: matrix games are {known}")
        self.game, self.n_envs = GAMES[game], n_envs
        states, actions = self.game.payoff.shape[:2]
        self.spec = EnvSpec(2, actions, states, 2 * states, self.game.steps, unit_dim=states)

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Put every copy in state 0; the games know no chance."""
        check_seeds(seeds, self.n_envs)
        self.state = np.zeros(self.n_envs, int)
        self.running = np.ones(self.n_envs, bool)
        return self._observe()

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Play one joint action in every copy that has not ended."""
        played = (self.state, *actions.T)
        reward = np.where(self.running, self.game.payoff[played], 0).astype(np.float32)
        after = np.where(self.running, self.game.successor[played], END)
        self.running = after != END
        self.state = np.where(self.running, after, self.state)
        return Transition(self._observe(), reward, ~self.running, np.zeros(self.n_envs, bool), {})

    def clone(self, sources: Sequence[int], seeds: Sequence[int] | None = None) -> "MatrixGame":
        """Copy games as they stand; see `na2q.envs.offers.Clonable`."""
        chosen = check_sources(sources, seeds, self.n_envs)
        other = copy.copy(self)
        other.n_envs, other.state, other.running = len(chosen), self.state[chosen], self.running[chosen]
        return other

    def _observe(self) -> Observation:
        n, actions = self.spec.n_agents, self.spec.n_actions
        one_hot = np.eye(self.spec.obs_dim, dtype=np.float32)[self.state]
        return Observation(
            obs=np.repeat(one_hot[:, None], n, axis=1),
            state=np.tile(one_hot, n),
            avail=np.ones((self.n_envs, n, actions), bool),
        )

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Draw the payoff table of the state that a copy is in."""
        payoff = self.game.payoff[self.state[copy]]
        axes.matshow(payoff, cmap="viridis")
        axes.set(xlabel="action of agent 2", ylabel="action of agent 1")
        for (row, column), value in np.ndenumerate(payoff):
            axes.text(column, row, f"{value:g}", color="white", ha="center", va="center")

    def labels(self) -> dict[str, list[str]]:
        """Name states and actions by their numbers."""
        states = [f"in state {i}" for i in range(self.spec.obs_dim)]
        return {
            "obs_feature": states,
            "state_feature": [f"agent {i}: {name}" for i in range(self.spec.n_agents) for name in states],
            "action": [f"action {i}" for i in range(self.spec.n_actions)],
        }

    def snapshot(self, copy: int) -> Snapshot:
        """Return the number of the state, and all payoffs."""
        axes = ("game_state", "action_0", "action_1")
        return Snapshot(
            now={"game_state_now": ((), np.array(self.state[copy]))},
            happened={},
            episode={},
            task={"payoff": (axes, self.game.payoff)},
        )

    def close(self) -> None:
        """Nothing to release."""
