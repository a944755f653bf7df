"""The computed truth: what theory demands of it, boards whose answer is plain, and the recorded episodes themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from untrained import SHORT, always, save_untrained

from na2q.config import LBFOptions, changed, configure
from na2q.envs.base import Observation, stack
from na2q.envs.lbf import LBF
from na2q.explain.credits import truth as module
from na2q.explain.credits.truth import Setting, measure, truth
from na2q.explain.recording import record
from na2q.theory.dividends import differences, interactions, pure, shapley_values
from na2q.training.policy import load

NORTH, LOAD = 1, 5


class Arranged(LBF):
    """Foraging on a board that is laid out by hand."""

    def __init__(self, players: Sequence[tuple[int, int, int]], foods: Sequence[tuple[int, int, int]]) -> None:
        super().__init__(f"lbf-{len(players)}p-{len(foods)}f", LBFOptions(time_limit=8, step_penalty=0), 1)
        self.layout = players, foods

    def reset(self, seeds: Sequence[int]) -> Observation:
        super().reset(seeds)
        (board,), (players, foods) = self.boards, self.layout
        board.field[:] = 0
        for y, x, level in foods:
            board.field[y, x] = level
        board._food_spawned = board.field.sum()
        for player, (y, x, level) in zip(board.players, players, strict=True):
            player.position, player.level = (y, x), level
        board._gen_valid_moves()
        self.last = [board.observe(board._make_gym_obs())]
        return stack(self.last)


class Real:
    """An environment without `clone`, as the real game is."""

    def __init__(self) -> None:
        self.n_envs, self.spec = 1, LBF("lbf-4p-2f", LBFOptions(), 1).spec

    def reset(self, seeds: Any) -> Any: ...

    def step(self, actions: Any) -> Any: ...

    def draw(self, axes: Any, copy: int = 0) -> None: ...

    def close(self) -> None: ...


def northward(method: Any) -> None:
    """Load where there is food beside, else go north, else stay."""
    always(LOAD)(method)
    method.agent.head.bias[NORTH] = 0.5


def values(folder: Path, env: Arranged, **setting: Any) -> np.ndarray:
    """Worth of every subset at the first step."""
    config = configure("vdn", f"lbf-{env.spec.n_agents}p-{len(env.layout[1])}f")
    save_untrained(config, folder, northward)
    found, _ = measure(env, load(folder).agent, [0], Setting(**setting))
    return found["worth"].values[0, 0, 0]


def test_a_food_that_needs_two_agents_gives_all_to_the_pair(tmp_path: Path) -> None:
    """Agents 1 and 2 stand beside a food of the sum of their levels; agent 0 looks on from another corner."""
    worth = values(tmp_path, Arranged([(9, 9, 2), (2, 1, 1), (2, 3, 2)], [(2, 2, 3)]))
    assert shapley_values(worth) == pytest.approx([0, 0.5, 0.5])
    assert pure(worth) == pytest.approx([0, 0, 1])
    assert interactions(worth) == pytest.approx([0, 0, 1])


def test_an_agent_that_is_walled_off_from_all_food_earns_nothing(tmp_path: Path) -> None:
    """Agent 3 is caught in a corner by agents that do not move, and its team eats without it."""
    board = Arranged([(4, 4, 2), (1, 0, 2), (0, 1, 2), (0, 0, 3)], [(3, 4, 2), (1, 1, 4)])
    worth = values(tmp_path, board)
    found = shapley_values(worth)
    assert found[3] == 0
    assert found == pytest.approx([2 / 6, 2 / 6, 2 / 6, 0])


def test_mirrored_agents_earn_the_same(tmp_path: Path) -> None:
    """The board is its own mirror image from left to right, agents 0 and 1 are each other's, and all have to walk."""
    board = Arranged([(6, 2, 2), (6, 7, 2), (9, 4, 1)], [(2, 2, 2), (2, 7, 2), (7, 4, 3)])
    worth = values(tmp_path, board)
    found = shapley_values(worth)
    assert found[0] == found[1] == pytest.approx(2 / 7)
    assert worth[0b001] == worth[0b010] > 0
    assert found[2] == 0  # its food is too heavy for one


def test_who_can_be_replaced_shares_with_who_replaces_it(tmp_path: Path) -> None:
    """Two agents beside one food that each can lift: together they are worth what each is alone."""
    worth = values(tmp_path, Arranged([(2, 1, 2), (2, 3, 2), (9, 9, 1)], [(2, 2, 2)]))
    assert shapley_values(worth) == pytest.approx([0.5, 0.5, 0])
    assert differences(worth) == pytest.approx([0, 0, 0])
    assert pure(worth) == pytest.approx([-1, 0, 0])


def test_nothing_is_earned_beyond_the_horizon(tmp_path: Path) -> None:
    board = Arranged([(6, 2, 2), (9, 9, 1), (9, 7, 1)], [(2, 2, 2)])
    assert values(tmp_path, board, horizon=3).max() == 0
    assert values(tmp_path, board, horizon=4)[0b001] == 1


@pytest.mark.parametrize("env", ["lbf-3p-3f", "battle-3m", "matrix-climbing"])
@pytest.mark.parametrize("absence", ["idle", "random"])
def test_values_add_up_and_repeat(env: str, absence: Any, tmp_path: Path) -> None:
    save_untrained(configure("vdn", env), tmp_path)
    greedy, setting = record(tmp_path, episodes=2), Setting(4, 2, absence, every=7)
    found = truth(tmp_path, greedy, setting)
    looked = np.isfinite(found["shapley"].values)
    expected = greedy["filled"].values & (np.arange(greedy.sizes["step"]) % 7 == 0)
    np.testing.assert_array_equal(looked.all((0, 3)), expected)
    worth = found["worth"].values
    total = worth[..., -1] - worth[..., 0]
    np.testing.assert_allclose(found["shapley"].values.sum(-1), total, atol=1e-9)
    np.testing.assert_array_equal(truth(tmp_path, greedy, setting)["worth"].values, worth)
    known = env != "battle-3m" and absence == "idle"
    assert found.sizes["half"] == (1 if known else 2)
    assert not known or (found["shapley_se"].values[expected] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["na2q", "qmix"])
def test_the_whole_team_goes_on_as_the_episode_did(method: str, tmp_path: Path) -> None:
    """Memories and last actions are those of the moment: the continuation of all is the recorded episode."""
    save_untrained(changed(configure(method, "lbf-3p-3f"), **{"env_options.time_limit": 20}), tmp_path)
    greedy = record(tmp_path, episodes=12, seed=3)
    worth = truth(tmp_path, greedy, Setting(horizon=6))["worth"].values[0, ..., -1]
    reward = np.nan_to_num(greedy["reward"].values)
    ahead = np.stack([reward[:, t : t + 6].sum(1) for t in range(reward.shape[1])], 1)
    filled = greedy["filled"].values
    np.testing.assert_allclose(worth[filled], ahead[filled], atol=1e-6)


@pytest.mark.slow
def test_sampled_subsets_agree_with_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_untrained(configure("vdn", "lbf-4p-2f", **SHORT), tmp_path)
    greedy = record(tmp_path, episodes=6, seed=1)
    exact = truth(tmp_path, greedy)["shapley"].values[0]
    monkeypatch.setattr(module, "MOST_AGENTS", 3)
    found = truth(tmp_path, greedy, Setting(precision=1e-3, most=64))
    assert "worth" not in found
    sampled, error = found["shapley"].values.mean(0), found["shapley_se"].values
    filled = greedy["filled"].values
    assert (error[filled] <= 1e-3).mean() > 0.5
    assert (np.abs(sampled - exact)[filled] <= 5 * error[filled] + 1e-9).all()
    rough = truth(tmp_path, greedy, Setting(precision=10.0))["shapley_se"].values
    assert np.nanmax(rough) >= np.nanmax(error)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"horizon": 0}, "horizon is 0, must be a whole number, at least 1"),
        ({"streams": -1}, "streams is -1, must be a whole number, at least 1 and at most 10,000"),
        ({"every": 1.5}, "every is 1.5, must be a whole number"),
        ({"horizon": "ten"}, "horizon is 'ten', must be a whole number"),
        ({"most": 0}, "most is 0"),
        ({"seed": -1}, "seed is -1, must be a whole number, at least 0"),
        ({"precision": 0.0}, "precision is 0.0, must be a number, above 0"),
        ({"absence": "dead"}, "absence is 'dead', must be one of 'idle', 'random'"),
    ],
)
def test_settings_out_of_range_are_named(setting: dict[str, Any], message: str, tmp_path: Path) -> None:
    save_untrained(configure("vdn", **SHORT), tmp_path)
    with pytest.raises(ValueError, match=message):
        truth(tmp_path, record(tmp_path, 1), Setting(**setting))


def test_what_cannot_be_played_on_is_refused(tmp_path: Path) -> None:
    save_untrained(configure("vdn", **SHORT), tmp_path)
    with pytest.raises(ValueError, match=r"epsilon is 0\.5, must be 0"):
        truth(tmp_path, record(tmp_path, 1, 0.5))

    with pytest.raises(ValueError, match=r"starcraft cannot be played on from a step: it has no `clone`"):
        measure(Real(), load(tmp_path).agent, [0], title="starcraft")
