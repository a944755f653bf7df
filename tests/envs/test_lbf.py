"""Level-Based Foraging: the wrapper changes nothing of the package but what its options say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from lbforaging.foraging.environment import ForagingEnv

from na2q.config import LBFOptions
from na2q.envs import make
from na2q.envs.board import Board
from na2q.envs.room import room

OPTIONS = LBFOptions()


def raw_env(players: int, foods: int, size: int = 10) -> ForagingEnv:
    return ForagingEnv(
        players=players, min_player_level=1, max_player_level=3, min_food_level=1, max_food_level=None,
        field_size=(size, size), max_num_food=foods, sight=2, max_episode_steps=50, force_coop=False,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "players", "foods"), [("lbf-4p-2f", 4, 2), ("lbf-3p-3f", 3, 3)])
def test_wrapper_equals_the_raw_package_step_by_step(name: str, players: int, foods: int) -> None:
    env, rng = make(name, OPTIONS, 2), np.random.default_rng(0)
    for seed in range(12):
        raw = raw_env(players, foods)
        seen = env.reset([seed, 1000 + seed])
        raw_obs, _ = raw.reset(seed=seed)
        over = False
        while not over:
            valid = np.zeros((players, 6), bool)
            for i, player in enumerate(raw.players):
                valid[i, [a.value for a in raw._valid_actions[player]]] = True
            np.testing.assert_array_equal(seen.obs[0], np.stack(raw_obs))
            np.testing.assert_array_equal(seen.state[0], np.concatenate(raw_obs))
            np.testing.assert_array_equal(seen.avail[0], valid)
            actions = (rng.random((2, players, 6)) * seen.avail).argmax(-1)
            seen, reward, terminated, _, _ = env.step(actions)
            raw_obs, raw_rewards, over, _, _ = raw.step(actions[0])
            assert reward[0] == pytest.approx(sum(raw_rewards) - 0.002, abs=1e-6)
            assert terminated[0] == over


def test_copies_with_equal_seeds_are_equal_and_others_differ() -> None:
    seen = make("lbf-4p-2f", OPTIONS, 3).reset([5, 5, 6])
    np.testing.assert_array_equal(seen.obs[0], seen.obs[1])
    assert (seen.obs[0] != seen.obs[2]).any()


def test_board_depends_on_its_seed_and_not_on_the_episode_before() -> None:
    env = make("lbf-6p-1f", LBFOptions(field_size=5), 1)  # crowded, so that a remembered cell would matter
    boards = []
    for before in range(20):
        env.reset([before])
        boards.append(env.reset([99]).obs)
    for board in boards:
        np.testing.assert_array_equal(board, boards[0])


def test_finished_copy_repeats_its_last_observation_without_reward() -> None:
    env = make("lbf-3p-3f", replace(OPTIONS, time_limit=3), 1)
    env.reset([0])
    for _ in range(3):
        last = env.step(np.zeros((1, 3), int))
    assert last.terminated[0]
    after = env.step(np.ones((1, 3), int))
    np.testing.assert_array_equal(after.observation.obs, last.observation.obs)
    assert after.reward[0] == 0
    assert not after.terminated[0]


@pytest.mark.parametrize(("timeout", "terminated"), [("terminal", True), ("bootstrap", False)])
def test_time_limit_ends_the_value_only_when_terminal(timeout: str, terminated: bool) -> None:
    env = make("lbf-4p-2f", replace(OPTIONS, timeout=timeout, time_limit=2), 1)
    env.reset([0])
    env.step(np.zeros((1, 4), int))
    out = env.step(np.zeros((1, 4), int))
    assert (bool(out.terminated[0]), bool(out.truncated[0])) == (terminated, not terminated)


def drawn_levels(levels: str) -> tuple[set[int], list[tuple[int, list[int]]]]:
    env = make("lbf-4p-2f", replace(OPTIONS, levels=levels), 1)
    players, foods = set(), []
    for seed in range(300):
        env.reset([seed])
        board = env.boards[0]
        own = sorted(int(p.level) for p in board.players)
        players |= set(own)
        foods.append((sum(own[:3]), board.field[board.field > 0].tolist()))
    return players, foods


def test_inclusive_levels_follow_table_1_literally() -> None:
    players, foods = drawn_levels("inclusive")
    assert players == {1, 2, 3}
    assert all(1 <= level <= most for most, levels in foods for level in levels)
    assert any(level == most for most, levels in foods for level in levels)


def test_legacy_levels_are_those_of_lbforaging_1_1_1() -> None:
    players, foods = drawn_levels("legacy")
    assert players == {1, 2}
    assert all(1 <= level <= most - 1 for most, levels in foods for level in levels)
    assert any(level == most - 1 for most, levels in foods for level in levels)


def test_move_cost_is_charged_for_each_agent_that_changes_its_cell() -> None:
    env = make("lbf-4p-2f", replace(OPTIONS, step_cost="move"), 1)
    seen, rng = env.reset([3]), np.random.default_rng(3)
    for _ in range(20):
        before = [p.position for p in env.boards[0].players]
        actions = (rng.random((1, 4, 6)) * seen.avail).argmax(-1)
        seen, reward, *_ = env.step(actions)
        players = env.boards[0].players
        moved = sum(a != p.position for a, p in zip(before, players, strict=True))
        assert reward[0] == pytest.approx(sum(p.reward for p in players) - 0.002 * moved, abs=1e-6)


def test_full_state_holds_absolute_positions_of_unseen_food() -> None:
    env = make("lbf-4p-2f", replace(OPTIONS, state="full"), 1)
    state = env.reset([1]).state[0].reshape(6, 3)
    board = env.boards[0]
    for y, x, level in state[:2]:
        assert board.field[int(y), int(x)] == level > 0
    assert [tuple(row[:2]) for row in state[2:]] == [p.position for p in board.players]
    assert env.spec.state_dim == 18


@pytest.mark.parametrize("name", ["lbf-4-2", "lbf-0p-2f", "lbf-4p-0f", "lbf", "lbf-4p-2f-coop"])
def test_wrong_task_name_says_how_names_are_written(name: str) -> None:
    with pytest.raises(ValueError, match=r"lbf-<players>p-<foods>f"):
        make(name, OPTIONS, 1)


@pytest.mark.parametrize(
    ("name", "size"),
    [("lbf-2p-30f", 10), ("lbf-2p-14f", 10), ("lbf-2p-3f", 5), ("lbf-2p-2f", 3), ("lbf-2p-2f", 4), ("lbf-9p-1f", 3)],
)
def test_what_can_never_fit_is_refused_when_made(name: str, size: int) -> None:
    with pytest.raises(ValueError, match=rf"{name}: .* do not fit on a board of {size}\^2 cells"):
        make(name, replace(OPTIONS, field_size=size), 1)


def assert_dealt(board: Board, players: int, foods: int) -> None:
    """Check that a board holds what it should, where the package may put it."""
    cells = np.argwhere(board.field > 0)
    assert len(cells) == foods
    assert ((cells > 0) & (cells < len(board.field) - 1)).all()
    distance = np.abs(cells[:, None] - cells).sum(-1)
    assert (distance[~np.eye(foods, dtype=bool)] >= 3).all()
    taken = {player.position for player in board.players}
    assert len(taken) == players
    assert not taken & set(map(tuple, cells.tolist()))
    np.testing.assert_array_equal(board.dealt[:, :2], cells)


@pytest.mark.parametrize(
    ("name", "size"),
    [("lbf-3p-3f", 6), ("lbf-2p-2f", 5), ("lbf-8p-1f", 3), ("lbf-1p-6f", 7), ("lbf-2p-13f", 10), ("lbf-62p-1f", 8)],
)
def test_where_the_package_gives_up_the_board_is_dealt_again(name: str, size: int) -> None:
    players, foods = (int(part[:-1]) for part in name.split("-")[1:])
    env, other = (make(name, replace(OPTIONS, field_size=size), 1) for _ in range(2))
    given_up = 0
    for seed in range(100):
        raw = raw_env(players, foods, size)
        raw.reset(seed=seed)
        given_up += np.count_nonzero(raw.field) < foods
        seen = env.reset([seed])
        assert_dealt(env.boards[0], players, foods)
        np.testing.assert_array_equal(seen.obs, other.reset([seed]).obs)
        assert seen.avail[:, :, 0].all()
        other.step(np.ones((1, players), int))  # what was played before must not matter
        if given_up == 3:
            break
    assert given_up or players == 62  # there it is the players' cells that the package may give up on


def test_room_is_found_wherever_there_is_some() -> None:
    for size in range(1, 7):
        inner = list(itertools.product(range(1, size - 1), repeat=2))

        def most(cells: list[tuple[int, int]]) -> int:
            """Largest number of cells three or more steps apart, by trying all."""
            if not cells:
                return 0
            (y, x), *rest = cells
            return max(most(rest), 1 + most([c for c in rest if abs(c[0] - y) + abs(c[1] - x) >= 3]))

        best = most(inner)
        for foods in range(1, size**2):
            found = room(size, foods)
            assert (found is not None) == (foods <= best)
            assert found is None or len({tuple(cell) for cell in found.tolist()} & set(inner)) == foods


@pytest.mark.parametrize(("name", "highest"), [("lbf-2p-1f", 3), ("lbf-3p-3f", 3), ("lbf-5p-2f", 4)])
def test_legacy_food_for_cooperation_needs_the_full_sum_of_levels(name: str, highest: int) -> None:
    env = make(name, replace(OPTIONS, levels="legacy", force_coop=True, max_player_level=highest), 1)
    seen = set()
    for seed in range(100):
        env.reset([seed])
        board = env.boards[0]
        levels = sorted(int(player.level) for player in board.players)
        assert set(board.field[board.field > 0].tolist()) == {sum(levels[:3])}  # of the three lowest, as in 1.1.1
        seen |= set(levels)
    assert seen == set(range(1, highest))


def test_seed_for_each_copy_is_required() -> None:
    with pytest.raises(ValueError, match="got 1 seeds, but there are 2 copies"):
        make("lbf-2p-1f", OPTIONS, 2).reset([0])


def test_unknown_family_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="families are lbf"):
        make("chess", OPTIONS, 1)


@pytest.mark.parametrize(
    ("players", "foods", "changes"),
    [(4, 2, {}), (3, 3, {}), (1, 1, {}), (8, 1, {"field_size": 5}), (6, 4, {"sight": 9}), (4, 2, {"force_coop": True})],
)
@pytest.mark.parametrize("seed", range(4))
def test_compiled_step_equals_the_package_to_the_bit(players: int, foods: int, changes: dict, seed: int) -> None:
    options, rng = replace(OPTIONS, **changes), np.random.default_rng(seed)
    layout = room(options.field_size, foods)
    assert layout is not None
    board = Board(players, layout, options)
    for episode in range(5):
        board.reset(seed=100 * seed + episode)
        over = False
        while not over:
            plain = board.twin()
            eager = np.where(rng.random(players) < 0.4 * board.available[:, 5], 5, rng.integers(6, size=players))
            found, expected = board.step(eager), ForagingEnv.step(plain, eager)  # also actions that are not available
            np.testing.assert_array_equal(found[0], expected[0])
            assert found[1:] == expected[1:]
            np.testing.assert_array_equal(board.field, plain.field)
            np.testing.assert_array_equal(board.available, plain.available)
            for a, b in zip(board.players, plain.players, strict=True):
                assert (a.position, a.reward, a.score, a.level) == (b.position, b.reward, b.score, b.level)
            over = found[2]


def test_board_steps_alike_with_and_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, ways = np.random.default_rng(0), [make("lbf-4p-2f", OPTIONS, 2) for _ in range(2)]
    seen = [env.reset([1, 2]) for env in ways]
    for _ in range(50):
        actions = (rng.random((2, 4, 6)) * seen[0].avail).argmax(-1)
        outcomes = []
        for env, compiled in zip(ways, (True, False), strict=True):
            monkeypatch.setattr("na2q.envs.board.COMPILED", compiled)
            outcomes.append(env.step(actions))
        seen = [outcome.observation for outcome in outcomes]
        for a, b in zip(
            *((*outcome.observation, *outcome[1:4], outcome.info["cleared"]) for outcome in outcomes), strict=True
        ):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("action", [-1, 6])
def test_unknown_action_is_refused(action: int) -> None:
    env = make("lbf-3p-3f", OPTIONS, 1)
    env.reset([0])
    with pytest.raises(ValueError, match=str(action)):
        env.step(np.array([[0, action, 0]]))
