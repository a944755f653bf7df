"""Movement on the maps, and how episodes end."""

import numpy as np
import pytest
from battles import duel, loops, random_actions

from na2q.envs.battle import scripts
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.records import ATTACK, IDLE, WALK
from na2q.envs.battle.units import UNITS, unit_type


@pytest.mark.parametrize("name", MAPS)
def test_units_never_overlap_or_leave_walkable_ground(name):
    env = BattleEnv(name)
    rng = np.random.default_rng(0)
    avail = env.reset([2]).avail
    separation, layer = env.units[0]["separation"], env.units[0]["layer"]
    room = separation[:, None] + separation
    pairs = np.triu(layer[:, None] == layer, 1)
    for step in range(25):
        units = env.units[0]
        x, y, alive = units["x"], units["y"], units["alive"] == 1
        gaps = np.hypot(x[:, None] - x, y[:, None] - y)
        assert (gaps - room)[pairs & alive[:, None] & alive].min(initial=9) > -1e-6
        assert env._world[0].walk[layer, y.astype(int), x.astype(int)].all()
        play = scripts.nearest(env, avail) if step % 2 else random_actions(avail, rng)
        transition = env.step(play)
        avail = transition.observation.avail
        if transition.terminated[0]:
            break


@pytest.mark.parametrize("kind", ["marine", "stalker", "zergling", "colossus"])
def test_a_unit_walks_half_its_speed_in_a_step(kind):
    world, units = duel(kind, "spine_crawler")
    units[0]["order"], units[0]["goal_x"], units[0]["goal_y"] = WALK, 10.0, 18.0
    loops(world, units, 8)
    assert units[0]["y"] - 16.0 == pytest.approx(unit_type(kind).speed / 2)
    loops(world, units, 8)
    assert units[0]["y"] == pytest.approx(18.0)  # two map units ahead the order ends
    assert units[0]["order"] == IDLE


def test_a_medivac_builds_up_its_speed():
    world, units = duel("medivac", "spine_crawler")
    units[0]["order"], units[0]["goal_x"], units[0]["goal_y"] = WALK, 10.0, 22.0
    loops(world, units, 8)
    assert 0 < units[0]["y"] - 16.0 < 2.75 / 4
    loops(world, units, 16)
    assert units[0]["speed"] == 2.75


def test_the_spine_crawler_never_moves():
    env = BattleEnv("2s_vs_1sc")
    avail = env.reset([0]).avail
    place = env.units[0][["x", "y"]][2].copy()
    for _ in range(60):
        transition = env.step(scripts.nearest(env, avail))
        avail = transition.observation.avail
        assert env.units[0][["x", "y"]][2] == place
        if transition.terminated[0]:
            break
    assert env.units[0]["hp"][2] < 300


def test_zerglings_go_round_the_cliff_and_colossi_over_it():
    env = BattleEnv("2c_vs_64zg")
    env.reset([0])
    for _ in range(30):
        before = env.units[0]["hp"][:2].sum() + env.units[0]["shield"][:2].sum()
        env.step(np.where(env.units["alive"][:, :2] == 1, 1, 0))
        if before < 700:
            break
    assert before < 700  # they have arrived and bite
    env.reset([0])
    env.units["alive"][0, 3:] = 0  # one zergling is left on the low ground
    env.units["top_speed"][0, 2] = 0
    colossus = env.units[0, 0]
    colossus["order"], colossus["target"] = ATTACK, 2
    env.units[0, 2]["x"], env.units[0, 2]["y"] = 16.0, 7.0
    loops(env._world[0], env.units[0], 13)
    assert env.units[0]["y"][0] < 15.5


@pytest.mark.parametrize("name", MAPS)
def test_agents_are_numbered_by_type_then_from_west_to_east(name):
    env = BattleEnv(name)
    env.reset([4])
    allies = env.units[0][: env.spec.n_agents]
    order = np.lexsort((allies["y"], allies["x"], allies["type_column"]))
    np.testing.assert_array_equal(order, np.arange(env.spec.n_agents))
    assert tuple(UNITS[kind].name for kind in allies["kind"]) == env.map.allies


def test_an_episode_ends_at_its_limit_without_a_win():
    env = BattleEnv("2s_vs_1sc")
    env.reset([0])
    for step in range(300):
        transition = env.step(np.array([[1, 1]]))
        assert transition.terminated[0] == (step == 299)
    assert transition.info["timeout"][0]
    assert not transition.info["won"][0]
    assert not transition.truncated[0]


@pytest.mark.parametrize("winner", ["allies", "enemies"])
def test_an_episode_ends_when_one_side_is_dead(winner):
    env = BattleEnv("3m")
    avail = env.reset([0]).avail
    weak = slice(3, None) if winner == "allies" else slice(0, 3)
    env.units["hp"][:, weak] = 1.0
    while True:
        transition = env.step(scripts.nearest(env, avail))
        avail = transition.observation.avail
        if transition.terminated[0]:
            break
    assert transition.info["won"][0] == (winner == "allies")
    assert (env.units["alive"][0, weak] == 0).all()
    assert env.frame().outcome == ("won" if winner == "allies" else "lost")


def test_rewards_of_a_won_episode_without_regeneration_sum_to_20():
    env = BattleEnv("3m")
    avail = env.reset([0]).avail
    env.units["hp"][:, :3] = env.units["hp_max"][:, :3] = 1e4
    total = 0.0
    while True:
        transition = env.step(scripts.focus(env, avail))
        avail = transition.observation.avail
        total += transition.reward[0]
        if transition.terminated[0]:
            break
    assert total == pytest.approx(20.0)
