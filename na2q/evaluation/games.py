"""Which method solves which payoff game: learning from all joint actions equally, without luck of exploration."""

import argparse
import json
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import MatrixOptions, configure
from na2q.config.checks import Repeats, Whole
from na2q.envs.matrix import GAMES, MatrixGame
from na2q.methods import METHODS
from na2q.training.fixed import learn_from
from na2q.training.learner import Learner
from na2q.types import NO_ACTION, EpisodeBatch

ALL_GAMES = tuple(f"matrix-{game}" for game in GAMES)
"""Every game by its environment name."""

FAST = {"optim.lr": 1e-3}
"""Settings that the stored comparison departs from preset `fair` by: twice the usual learning rate."""


class Solution(NamedTuple):
    """What a method makes of a game."""

    payoff: float  # what the greedy joint actions earn
    optimum: float  # what the best joint actions would
    q_tot: Float[ndarray, "states a a"] | None  # what `mix` says; None without Q_tot (IQL)

    @property
    def solved(self) -> bool:
        """Whether the agents act at their best."""
        return self.payoff == self.optimum


@checks_arguments
def every_episode(game: str) -> EpisodeBatch:
    """Play each sequence of joint actions of a game once."""
    spec = MatrixGame(game, MatrixOptions()).spec
    joint = list(product(range(spec.n_actions), repeat=spec.n_agents))
    plays = np.array(list(product(joint, repeat=spec.episode_limit)))  # (e, t, n)
    env = MatrixGame(game, MatrixOptions(), len(plays))
    observations, outcomes = [env.reset(range(len(plays)))], []
    for t in range(spec.episode_limit):
        outcomes.append(env.step(plays[:, t]))
        observations.append(outcomes[-1].observation)
    obs, state, avail = (torch.from_numpy(np.stack(x, 1)) for x in zip(*observations, strict=True))
    return EpisodeBatch(
        obs=obs,
        state=state,
        avail=avail,
        actions=torch.from_numpy(np.pad(plays, ((0, 0), (0, 1), (0, 0)), constant_values=NO_ACTION)),
        reward=torch.from_numpy(np.stack([x.reward for x in outcomes], 1)),
        terminated=torch.from_numpy(np.stack([x.terminated for x in outcomes], 1)).float(),
        valid=torch.ones(plays.shape[:2], dtype=torch.bool),
    ).validate()


@checks_arguments
def solve(method: str, game: str, seed: Whole = 1, updates: Repeats = 2_000, **settings: Any) -> Solution:
    """Train on every episode of a game in each update and report what the agents then do.

    Settings are those of preset `fair`, changed by `settings` as in `configure`; `target_interval` counts
    updates here, as each of them sees every episode. Raise ValueError for unknown methods, games and settings.
    """
    cfg = configure(method, game, "fair", seed=seed, **settings)
    batch, spec = every_episode(game), MatrixGame(game, MatrixOptions()).spec
    return read_out(learn_from(cfg, spec, batch, updates), batch, game)


def read_out(learner: Learner, batch: EpisodeBatch, game: str) -> Solution:
    """Play greedily among the episodes of `every_episode` and tabulate Q_tot over states and joint actions."""
    with torch.no_grad():
        step = learner.step(batch)
        q_tot = learner.online.mix(step.q_taken, step.live).q_tot
    follows = (step.taken == step.at_now(step.greedy)).all(-1).unflatten(0, batch.valid.shape).all(1)
    payoff = float(batch.reward[follows].sum())  # one episode alone is greedy throughout
    tables = MatrixGame(game, MatrixOptions()).game
    if q_tot.dim() > 1:
        return Solution(payoff, tables.optimum, None)
    total, count = np.zeros(tables.payoff.shape), np.zeros(tables.payoff.shape)
    n_states = learner.online.spec.obs_dim
    cell = (step.at_now(step.obs)[:, 0, :n_states].argmax(-1).numpy(), *step.taken.T.numpy())
    np.add.at(total, cell, q_tot.numpy())
    np.add.at(count, cell, 1)
    return Solution(payoff, tables.optimum, total / count)  # mean over the histories that lead to a state


@checks_arguments
def compare(
    methods: Iterable[str],
    games: Iterable[str],
    seeds: Iterable[int] = (1, 2, 3),
    updates: Repeats = 1_000,
    settings: Mapping[str, Any] = FAST,
) -> pd.DataFrame:
    """Solve every game with every method and seed; one row for each, with all that is needed to repeat it.

    ``python -m na2q.evaluation.games --out data/matrix_games.csv`` makes the stored table.
    """
    rows = []
    for game, method, seed in product(games, methods, seeds):
        solution = solve(method, game, seed, updates, **settings)
        rows.append((method, game, seed, solution.payoff, solution.optimum, updates, json.dumps(dict(settings))))
    return pd.DataFrame(rows, columns=["method", "game", "seed", "payoff", "optimum", "updates", "settings"])


@checks_arguments
@checks_arguments
def payoff_table(game: str, state: Whole = 0) -> pd.DataFrame:
    """Lay out what the joint actions of a payoff game earn in one of its states; actions are counted from 1."""
    table = pd.DataFrame(GAMES[game].payoff[state].astype(int))
    table = table.rename(index=lambda i: i + 1, columns=lambda i: i + 1)
    return table.rename_axis(index="agent 1", columns="agent 2")


def outcome_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Lay out `compare`'s rows as method by game: number of seeds that found the optimum, then all payoffs."""
    runs = runs.assign(solved=runs["payoff"] == runs["optimum"])

    def cell(part: pd.DataFrame) -> str:
        payoffs = ", ".join(f"{payoff:g}" for payoff in part.sort_values("seed")["payoff"])
        return f"{int(part['solved'].sum())} of {len(part)} ({payoffs})"

    table = {
        game: {method: cell(part) for method, part in rows.groupby("method", sort=False)}
        for game, rows in runs.groupby("game", sort=False)
    }
    return pd.DataFrame(table).rename_axis("method")


def main() -> None:
    """Write the table of all methods and games from the command line."""
    parser = argparse.ArgumentParser(description="Which method finds the best joint action of which payoff game?")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    compare(METHODS, ALL_GAMES).to_csv(parser.parse_args().out, index=False)


if __name__ == "__main__":
    main()
