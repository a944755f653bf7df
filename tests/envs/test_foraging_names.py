"""Tasks of foraging by the names that lbforaging registers: its own games, and those of its earlier versions."""

import re

import gymnasium
import lbforaging  # noqa: F401  # registers its tasks
import numpy as np
import pytest

from na2q import envs
from na2q.config import configure, departures
from na2q.envs.lbf import LBF
from na2q.training.run import train

REGISTERED = sorted(name for name in gymnasium.registry if name.startswith("Foraging-"))


def task(name: str) -> LBF:
    env = envs.make(name, configure("iql", name).env_options)
    assert isinstance(env, LBF)
    return env


def test_every_registered_name_has_the_registered_settings() -> None:
    assert len(REGISTERED) > 1000
    for name in REGISTERED:
        registered = gymnasium.spec(name).kwargs
        options = configure("iql", name).env_options
        assert (options.field_size,) * 2 == registered["field_size"]
        assert options.sight == registered["sight"]
        assert options.time_limit == registered["max_episode_steps"]
        assert options.force_coop == registered["force_coop"]
        assert options.max_player_level == registered["max_player_level"]
        assert options.levels == "inclusive"
        assert not options.mask
        assert options.step_penalty == registered["penalty"] == 0


@pytest.mark.filterwarnings("ignore::UserWarning")  # gymnasium's checks of lbforaging
@pytest.mark.parametrize(
    "name",
    ["Foraging-8x8-2p-2f-coop-v3", "Foraging-2s-10x10-3p-3f-v3", "Foraging-15x15-4p-3f-v3", "Foraging-2s-5x5-2p-1f-v3"],
)
def test_episodes_are_those_of_the_registered_task(name: str) -> None:
    mine = task(name)
    for seed in range(3):
        theirs = gymnasium.make(name)  # anew, since it remembers the cells of the episode before
        seen, observed = theirs.reset(seed=seed)[0], mine.reset([seed])
        rng, over = np.random.default_rng(seed), False
        while not over:
            np.testing.assert_array_equal(observed.obs[0], np.array(seen))
            np.testing.assert_array_equal(observed.state[0], np.concatenate(seen))
            assert observed.avail.all()
            actions = rng.integers(6, size=mine.spec.n_agents)  # those that can do nothing too
            seen, rewards, over, _, _ = theirs.step(actions.tolist())
            observed, reward, terminated, _, _ = mine.step(actions[None])
            assert reward[0] == pytest.approx(sum(rewards), abs=1e-6)
            assert bool(terminated[0]) == over


@pytest.mark.parametrize(("version", "foods_below", "last"), [(1, True, False), (2, True, True), (3, False, True)])
def test_versions_differ_in_levels_and_starts(version: int, foods_below: bool, last: bool) -> None:
    env = task(f"Foraging-8x8-3p-2f-v{version}")
    players, gaps, in_last = set(), set(), False
    for seed in range(400):
        env.reset([seed])
        board = env.boards[0]
        players |= {int(player.level) for player in board.players}
        gaps |= {sum(int(p.level) for p in board.players) - int(level) for level in board.field[board.field > 0]}
        in_last |= any(7 in player.position for player in board.players)
    assert players == {1, 2}
    assert min(gaps) == foods_below
    assert in_last == last


@pytest.mark.parametrize("version", [1, 2, 3])
def test_food_for_cooperation_needs_everybody_in_every_version(version: int) -> None:
    env = task(f"Foraging-8x8-2p-2f-coop-v{version}")
    for seed in range(50):
        env.reset([seed])
        needed = sum(int(player.level) for player in env.boards[0].players)
        assert set(env.boards[0].field[env.boards[0].field > 0]) == {needed}


def test_starts_off_the_last_lines_are_uniform_over_the_rest() -> None:
    env = task("Foraging-5x5-2p-1f-v1")
    counts = np.zeros((5, 5))
    for seed in range(2000):
        env.reset([seed])
        for player in env.boards[0].players:
            counts[player.position] += 1
    assert counts[4].sum() == counts[:, 4].sum() == 0
    assert 160 < counts[:4, :4].min() <= counts[:4, :4].max() < 345  # 250 each, five deviations to either side
    assert counts.sum() == 4000


def test_a_setting_of_a_named_task_can_be_changed_and_is_a_departure() -> None:
    config = configure("vdn", "Foraging-8x8-2p-2f-coop-v3", **{"env_options.sight": 3})
    assert departures(config) == {"env_options.sight": 3}


@pytest.mark.parametrize(
    "name",
    ["Foraging", "Foraging-8x9-2p-2f-v3", "Foraging-8x8-2p-2f-coop", "Foraging-8x8-2p-2f-v4", "Foraging-8x8-0p-2f-v3"],
)
def test_other_names_are_refused_with_how_they_are_written(name: str) -> None:
    with pytest.raises(ValueError, match=rf"unknown task '{re.escape(name)}': write Foraging\[-<sight>s\]"):
        configure("iql", name)


def test_grids_and_crowds_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="grids for observations are not offered"):
        configure("iql", "Foraging-grid-2s-8x8-2p-2f-v3")
    with pytest.raises(ValueError, match="2 players and 4 foods do not fit on a board of 5"):
        task("Foraging-5x5-2p-4f-v3")
    with pytest.raises(ValueError, match="do not fit"):
        task("Foraging-5x5-16p-1f-v1")  # of 4 x 4 cells to start from


def test_a_named_task_trains() -> None:
    assert len(train(configure("iql", "Foraging-2s-5x5-2p-1f-v2", "smoke", total_steps=100))) == 2
