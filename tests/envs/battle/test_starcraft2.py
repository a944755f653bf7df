"""The battle engine behind SMAC's interface: types, sizes, statistics, and a loop as PyMARL has it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from na2q.envs import StarCraft2Env
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.starcraft2 import FIXED, MultiAgentEnv

# env_args of PyMARL's and EPyMARL's sc2.yaml, but for the map
SC2_YAML = FIXED | {
    "continuing_episode": False, "game_version": None, "replay_dir": "", "replay_prefix": "",
    "state_last_action": True, "seed": None, "debug": False,
}  # fmt: skip


def random_actions(env: StarCraft2Env, rng: np.random.Generator) -> list[int]:
    return [int(rng.choice(np.flatnonzero(avail))) for avail in env.get_avail_actions()]


def episode(env: StarCraft2Env, rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    """Play as PyMARL's episode runner does: observe, act, step, until the end."""
    env.reset()
    seen: list[Any] = []
    terminated = False
    while not terminated:
        seen.append((env.get_state(), env.get_obs(), env.get_avail_actions()))
        reward, terminated, info = env.step(random_actions(env, rng))
        seen.append(reward)
    seen.append((env.get_state(), env.get_obs(), env.get_avail_actions()))
    return seen, info


def test_the_arguments_of_pymarl_are_taken_as_they_are() -> None:
    env = StarCraft2Env(map_name="3m", **SC2_YAML)
    assert isinstance(env, MultiAgentEnv)
    assert env.get_env_info() | {"agent_features": None, "enemy_features": None} == {
        "state_shape": 48, "obs_shape": 30, "n_actions": 9, "n_agents": 3, "episode_limit": 60,
        "agent_features": None, "enemy_features": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["3m", "2s3z", "MMM2"])
def test_a_loop_as_in_pymarl_sees_smacs_types_and_the_engines_numbers(name: str) -> None:
    env = StarCraft2Env(map_name=name, seed=3)
    info = env.get_env_info()
    seen, end = episode(env, np.random.default_rng(0))
    state, obs, avail = seen[0]
    assert state.shape == (info["state_shape"],)
    assert state.dtype == np.float32
    assert isinstance(obs, list)
    assert [o.shape for o in obs] == [(info["obs_shape"],)] * info["n_agents"]
    assert all(type(bit) is int for row in avail for bit in row)
    assert [len(row) for row in avail] == [info["n_actions"]] * info["n_agents"]
    assert all(type(reward) is float for reward in seen[1::2])
    assert set(end) == {"battle_won", "dead_allies", "dead_enemies"}
    assert type(end["battle_won"]) is bool
    engine = BattleEnv(name)
    first = engine.reset([env._battle_seed])
    np.testing.assert_array_equal(first.state[0], state)
    np.testing.assert_array_equal(first.obs[0], np.array(obs))


@pytest.mark.parametrize("name", ["3m", "2s3z", "MMM2", "2s_vs_1sc", "6h_vs_8z"])
def test_parts_of_an_observation_add_up(name: str) -> None:
    env = StarCraft2Env(name)
    enemies, allies = env.get_obs_enemy_feats_size(), env.get_obs_ally_feats_size()
    parts = env.get_obs_move_feats_size() + int(np.prod(enemies)) + int(np.prod(allies)) + env.get_obs_own_feats_size()
    assert parts == env.get_obs_size()
    info = env.get_env_info()
    rows = env.n_agents * len(info["agent_features"]) + env.n_enemies * len(info["enemy_features"])
    assert rows + env.n_agents * env.n_actions == env.get_state_size()


def test_the_state_may_do_without_last_actions() -> None:
    """As EPyMARL's sc2.yaml asks for."""
    full, short = StarCraft2Env("3m", seed=1), StarCraft2Env("3m", seed=1, state_last_action=False)
    for env in (full, short):
        env.reset()
        env.step([1, 1, 1])
    assert short.get_state().shape == (short.get_state_size(),) == (48 - 3 * 9,)
    np.testing.assert_array_equal(short.get_state(), full.get_state()[:21])


def test_a_seed_decides_all_battles() -> None:
    def series(env: StarCraft2Env) -> list[list[float]]:
        return [env.reset()[1].tolist() for _ in range(3)]

    one = StarCraft2Env("3m", seed=5)
    first = series(one)
    assert first == series(StarCraft2Env("3m", seed=5))
    assert first[0] != first[1]
    assert one.seed(5) == 5
    assert series(one) == first
    unseeded = StarCraft2Env("3m")
    assert series(unseeded) == series(StarCraft2Env("3m", seed=unseeded.seed()))


def test_statistics_count_battles() -> None:
    env = StarCraft2Env("3m", seed=1)
    assert env.get_stats() == dict.fromkeys(
        ("battles_won", "battles_game", "battles_draw", "win_rate", "timeouts", "restarts"), 0
    )
    rng = np.random.default_rng(0)
    won = [episode(env, rng)[1]["battle_won"] for _ in range(20)]
    stats = env.get_stats()
    assert stats["battles_game"] == 20
    assert stats["battles_won"] == sum(won)
    assert stats["win_rate"] == sum(won) / 20


@pytest.mark.parametrize("continuing", [True, False])
def test_a_battle_out_of_time_counts_as_smac_counts_it(continuing: bool) -> None:
    env = StarCraft2Env("2s_vs_1sc", continuing_episode=continuing)  # the crawler stays where it is
    env.reset()
    terminated, steps = False, 0
    while not terminated:
        avail = env.get_avail_actions()
        _, terminated, info = env.step([next(a for a in (3, 1, 0) if row[a]) for row in avail])
        steps += 1
    assert steps == env.episode_limit
    assert info.get("episode_limit", False) is continuing
    assert env.get_stats()["timeouts"] == env.get_stats()["battles_draw"] == 1


def test_a_replay_is_a_film_of_the_battle_so_far(tmp_path: Path) -> None:
    env = StarCraft2Env("3m", seed=1, replay_dir=str(tmp_path / "films"), replay_prefix="mine")
    env.reset()
    for _ in range(2):
        env.step([1, 1, 1])
    path = Path(env.save_replay())
    assert path == tmp_path / "films" / "mine_0.gif"
    with Image.open(path) as film:
        assert getattr(film, "n_frames", 1) == 3
    assert env.render("rgb_array").shape[2] == 3  # type: ignore[union-attr]
    env.close()


def test_what_the_engine_lacks_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"step_mul is 4, but the embedded engine knows 8 only"):
        StarCraft2Env("3m", step_mul=4)
    with pytest.raises(ValueError, match=r"\['dificulty'\] are not SMAC's; it has"):
        StarCraft2Env("3m", dificulty="7")
    with pytest.raises(ValueError, match="4m"):
        StarCraft2Env("4m")
    env = StarCraft2Env("3m")
    for early in (env.get_state, env.save_replay, lambda: env.step([1, 1, 1])):
        with pytest.raises(RuntimeError, match="call reset"):
            early()
    env.reset()
    with pytest.raises(ValueError, match="agent 0 cannot perform action 0; available are 1"):
        env.step([0, 1, 1])
    with pytest.raises(ValueError, match="mode is 'ansi'"):
        env.render("ansi")
