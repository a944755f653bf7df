"""Payoff games: their rules and answers, and which methods can learn them."""

from itertools import product

import numpy as np
import pytest

from na2q.config import MatrixOptions
from na2q.envs.matrix import GAMES, MatrixGame
from na2q.evaluation.games import every_episode, payoff_table, solve

NAMES = [f"matrix-{game}" for game in GAMES]


def play(name: str, *joint_actions: tuple[int, int]) -> float:
    env = MatrixGame(name, MatrixOptions())
    env.reset([0])
    return sum(float(env.step(np.array([actions])).reward[0]) for actions in joint_actions)


@pytest.mark.parametrize(
    ("game", "best", "optimum"),
    [("qtran", [(0, 0)], 8), ("climbing", [(0, 0)], 11), ("two_step", [(1, 0), (1, 1)], 8)],
)
def test_known_answer_is_the_best_of_all_plays(game: str, best: list[tuple[int, int]], optimum: float) -> None:
    rewards = every_episode(f"matrix-{game}").reward.sum(1)
    assert play(f"matrix-{game}", *best) == optimum == GAMES[game].optimum == float(rewards.max())
    assert int((rewards == optimum).sum()) <= 2  # two_step: agent 1's first action has no effect


@pytest.mark.parametrize("second", list(product(range(2), repeat=2)))
def test_two_step_first_choice_of_agent_0_picks_the_game(second: tuple[int, int]) -> None:
    for first_of_agent_1 in range(2):
        assert play("matrix-two_step", (0, first_of_agent_1), second) == 7
        assert play("matrix-two_step", (1, first_of_agent_1), second) == {0: 0, 1: 1, 2: 8}[sum(second)]


@pytest.mark.parametrize("name", NAMES)
def test_copies_follow_the_environment_protocol(name: str) -> None:
    env = MatrixGame(name, MatrixOptions(), 3)
    spec, first = env.spec, env.reset([0, 1, 2])
    assert first.obs.shape == (3, spec.n_agents, spec.obs_dim)
    assert first.state.shape == (3, spec.state_dim)
    assert first.avail.shape == (3, spec.n_agents, spec.n_actions)
    assert first.avail.all()
    np.testing.assert_array_equal(first.state, first.obs.reshape(3, -1))
    actions = np.zeros((3, 2), int)
    for t in range(spec.episode_limit):
        outcome = env.step(actions)
        assert outcome.terminated.all() == (t == spec.episode_limit - 1)
        assert not outcome.truncated.any()
    after = env.step(actions)
    assert not after.reward.any()
    np.testing.assert_array_equal(after.observation.obs, outcome.observation.obs)


def test_reset_needs_a_seed_for_each_copy() -> None:
    with pytest.raises(ValueError, match="2 copies"):
        MatrixGame("matrix-qtran", MatrixOptions(), 2).reset([0])


@pytest.mark.parametrize("name", ["matrix-chess", "qtran", "lbf-qtran"])
def test_unknown_game_is_an_error_that_names_the_known(name: str) -> None:
    with pytest.raises(ValueError, match="matrix-qtran, matrix-climbing, matrix-two_step"):
        MatrixGame(name, MatrixOptions())


def test_every_episode_is_played_once() -> None:
    batch = every_episode("matrix-two_step")
    plays = batch.actions[:, :-1].flatten(1)
    assert len(plays) == len({tuple(play) for play in plays.tolist()}) == 4**2
    assert batch.terminated.tolist() == [[0, 1]] * len(plays)


QUICK = {"updates": 600, "optim.lr": 2e-3}
SEEDS = (2, 1, 3)  # measured: OW-QMIX solves with all three, QTRAN with 2 and 3, QPLEX with 1 and 3


@pytest.mark.slow
@pytest.mark.parametrize("method", ["vdn", "qmix"])
def test_monotone_mixing_without_help_fails_the_qtran_game(method: str) -> None:
    solutions = [solve(method, "matrix-qtran", seed, **QUICK) for seed in SEEDS[:2]]
    assert [solution.payoff for solution in solutions] == [0, 0]
    # a monotone fit gives up the best joint action for the sake of the other eight
    assert all(solution.q_tot is not None and solution.q_tot[0, 0, 0] < 0 for solution in solutions)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["qtran", "qplex", "wqmix"])
def test_methods_beyond_monotone_fitting_can_solve_the_qtran_game(method: str) -> None:
    assert any(solve(method, "matrix-qtran", seed, **QUICK).solved for seed in SEEDS)


def test_payoffs_are_tabulated_with_actions_counted_from_1() -> None:
    table = payoff_table("qtran")
    assert table.loc[1, 1] == 8
    assert table.index.tolist() == table.columns.tolist() == [1, 2, 3]
    assert table.index.name == "agent 1"
