"""Arithmetic of fights: damage, healing, targets, the times of weapons."""

from dataclasses import replace

import numpy as np
import pytest
from battles import duel, loops, skirmish

from na2q.envs.battle import combat, records
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.records import ATTACK, ATTACK_MOVE, HEAL, IDLE, NOBODY
from na2q.envs.battle.units import unit_type


@pytest.mark.parametrize(
    ("shooter", "target", "shield", "loss"),
    [  # loss of hit points and of shields by one hit, worked out by hand
        ("marine", "marauder", 0, (5, 0)),
        ("marauder", "marauder", 0, (19, 0)),
        ("stalker", "zealot", 0, (12, 0)),
        ("stalker", "stalker", 80, (0, 18)),
        ("stalker", "stalker", 0, (17, 0)),
        ("stalker", "stalker", 10, (7, 10)),  # 18: 10 on the shield, 8 - 1 armour on the rest
        ("zealot", "zealot", 0, (7, 0)),
        ("zealot", "hydralisk", 0, (8, 0)),
        ("zergling", "zealot", 0, (4, 0)),
        ("spine_crawler", "stalker", 80, (0, 30)),
        ("stalker", "spine_crawler", 0, (16, 0)),
        ("colossus", "zergling", 0, (15, 0)),
        ("colossus", "stalker", 80, (0, 10)),
        ("marine", "stalker", 5.5, (0.5, 5.5)),  # armour leaves half a point
    ],
)
def test_one_hit_deals_the_damage_worked_out_by_hand(shooter, target, shield, loss):
    _, units = duel(shooter, target)
    units[1]["shield"] = shield
    combat.hit(units, 0, units[1])
    assert units[1]["hp"] == pytest.approx(unit_type(target).hp - loss[0])
    assert units[1]["shield"] == pytest.approx(shield - loss[1])


@pytest.mark.slow
def test_zealot_strikes_twice_and_a_marine_every_14_loops_or_so():
    for kind, hits in (("zealot", 2), ("marine", 1)):
        world, units = duel(kind, "marauder")
        units["x"] = [10.0, 10.9]
        units["speed"], units["top_speed"], units["armed"][1] = 0, 0, 0
        units["hp"] = units["hp_max"] = 1e4
        units[0]["order"], units[0]["target"] = ATTACK, 1
        total = 640
        loops(world, units, total)
        weapon = unit_type(kind).weapon
        attacks = (1e4 - units[1]["hp"]) / ((weapon.damage - 1) * hits)
        expected = total / (weapon.period * 16 + 0.5)  # the random delay is half a loop in the mean
        assert attacks == pytest.approx(expected, rel=0.06)


def test_weapons_reach_from_edge_to_edge():
    span = 5 + 0.375 + 0.375
    for gap, fires in ((span - 0.01, True), (span + 0.01, False)):
        world, units = duel("marine", "marine")
        units["x"] = [10.0, 10.0 + gap]
        units["top_speed"] = 0
        units[0]["order"], units[0]["target"] = ATTACK, 1
        loops(world, units, 3)
        assert (units[1]["hp"] < 45) == fires


def test_an_enemy_looks_for_targets_in_every_loop_and_half_a_unit_beyond_its_range():
    span = 5.5 + 0.375 + 0.375
    for gap, seen in ((span - 0.01, 0), (span + 0.01, NOBODY)):
        world, units = skirmish(("marine",), ("marine",), [10.0, 10.0 + gap])
        loops(world, units, 1)
        assert units[1]["target"] == seen


def test_an_enemy_prefers_who_attacks_and_then_the_nearest():
    """Passive units are no threat while they do not attack: the rule of automatic targeting."""
    world, units = skirmish(("marine",) * 3, ("marine",), [11.0, 12.0, 13.0, 16.0])
    loops(world, units, 1)
    assert units[3]["target"] == 2
    units["target"][3], units["windup"][3] = NOBODY, -1
    units[0]["order"], units[0]["target"] = ATTACK, 3
    loops(world, units, 1)
    assert units[3]["target"] == 0


def test_an_enemy_keeps_an_attacker_in_range_and_leaves_who_stops_attacking():
    world, units = skirmish(("marine",) * 2, ("stalker",), [12.0, 13.0, 16.0])
    units["hp"], units["hp_max"] = 1e4, 1e4
    units["armed"][:2] = 0
    units["order"][0], units["target"][0] = ATTACK, 2
    loops(world, units, 1)
    assert units[2]["target"] == 0
    units["order"][1], units["target"][1] = ATTACK, 2  # nearer, and attacks as well
    loops(world, units, 60)
    assert units[2]["target"] == 0
    units["order"][0], units["target"][0] = IDLE, NOBODY
    loops(world, units, 10)
    assert units[2]["target"] == 1


def test_a_target_out_of_range_is_left_for_a_nearer_one():
    world, units = skirmish(("marine",) * 2, ("zealot",), [12.0, 14.0, 16.0])
    units[2]["target"] = 0
    loops(world, units, 1)
    assert units[2]["target"] == 1


@pytest.mark.parametrize(("kind", "backswing"), [("marine", 0.75), ("zealot", 0.5), ("marauder", 0.0)])
def test_an_enemy_stands_through_its_backswing(kind, backswing):
    """A new order ends it, which agents get in every step."""
    world, units = duel("marine", kind)
    assert unit_type(kind).weapon.backswing == backswing
    units["x"], units["hp"], units["hp_max"] = [10.0, 10.8], 1e4, 1e4
    units["top_speed"][0] = 0
    units[1]["order"], units[1]["target"] = ATTACK_MOVE, 0
    while units[0]["hp"] == 1e4 and units[1]["flight"] < 0:
        loops(world, units, 1)
    units["x"][0], place = 2.0, float(units["x"][1])  # out of its range and its sight: it marches on
    stood = 0
    while units["x"][1] == place:
        loops(world, units, 1)
        stood += 1
    assert stood == pytest.approx(16 * backswing, abs=1.5)


def test_an_order_ends_an_agents_backswing():
    env = BattleEnv("3m")
    env.reset([0])
    env.units[0]["recover"][:3] = 12
    place = env.units[0]["x"][:3].copy()
    env.step(np.full((1, 3), 5))
    assert (env.units[0]["x"][:3] < place - 1).all()


def test_an_enemy_whose_target_dies_takes_the_next_at_once():
    battle_map = replace(MAPS["8m"], allies=("marine",) * 2, enemies=("marine",))
    units = records.new_units(battle_map, 1)[0]
    world = records.world("8m").copy()
    world["n_allies"], world["n_enemies"] = 2, 1
    units["x"], units["y"], units["top_speed"] = [10.0, 10.0, 14.0], [16.0, 17.0, 16.0], 0
    units[2]["order"], units[2]["target"] = ATTACK_MOVE, 0
    units[0]["alive"] = 0
    loops(world[0], units, 2)
    assert units[1]["hp"] == 45 - 6


def test_a_move_order_during_the_windup_cancels_the_shot():
    env = BattleEnv("2s3z")
    env.reset([0])
    unit = env.units[0, 0]
    unit["windup"], unit["shot_target"], unit["target"], unit["order"] = 2.0, 5, 5, ATTACK
    env.step(np.array([[5, 1, 1, 1, 1]]))
    assert env.units[0]["windup"][0] == NOBODY
    assert env.units[0]["cooldown"][0] == 0


def test_two_units_can_kill_each_other_in_the_same_loop():
    world, units = duel("marine", "marine")
    units["x"], units["hp"] = [10.0, 13.0], 1.0
    units[0]["order"], units[0]["target"] = ATTACK, 1
    units[1]["order"], units[1]["target"] = ATTACK_MOVE, 0
    loops(world, units, 4)
    assert not units["alive"].any()


def test_shields_regenerate_after_ten_seconds_without_damage():
    world, units = duel("zealot", "zealot")
    units["x"], units["armed"] = [2.0, 30.0], 0
    units["top_speed"] = 0
    units[0]["shield"], units[0]["unhurt"] = 10.0, 0
    loops(world, units, 160)
    assert units[0]["shield"] == 10.0
    loops(world, units, 16)
    assert units[0]["shield"] == pytest.approx(12.0)
    loops(world, units, 16 * 60)
    assert units[0]["shield"] == 50.0


def test_zerg_regenerate_life_and_others_do_not():
    for kind, gain in (("hydralisk", 0.2734 * 4), ("zealot", 0.0)):
        world, units = duel(kind, "spine_crawler")
        units["x"] = [2.0, 30.0]
        units[0]["hp"] = 50.0
        loops(world, units, 64)
        assert units[0]["hp"] == pytest.approx(50.0 + gain)


def test_colossus_hits_all_across_the_line_of_fire_and_nobody_behind():
    env = BattleEnv("2c_vs_64zg")
    env.reset([0])
    units = env.units[0].copy()
    units["alive"][5:] = 0
    units["alive"][1] = 0
    units["x"][:5], units["y"][:5] = [16.0, 16.0, 17.3, 16.0, 18.5], [16.5, 0.5, 11.0, 9.5, 11.0]
    units["x"][1], units["y"][1] = 16.0, 11.0
    units["top_speed"], units["hp"][2:5] = 0, 35.0
    # unit 2 is the target; 3 stands behind it, 4 beside it
    units["x"][2], units["y"][2] = 16.0, 11.0
    units["x"][3], units["y"][3] = 16.0, 9.5
    units["x"][4], units["y"][4] = 17.3, 11.0
    units["order"][0], units["target"][0] = ATTACK, 2
    world = env._world[0]
    loops(world, units, 10)
    left = pytest.approx(35 - 2 * (10 + 5), abs=0.2)  # two beams, five more on light units; zerglings regenerate
    assert units["hp"][2] == left
    assert units["hp"][4] == left
    assert units["hp"][3] > 34


def test_colossus_splash_stays_on_the_targets_level():
    env = BattleEnv("2c_vs_64zg")
    env.reset([0])
    units = env.units[0].copy()
    units["alive"][4:] = 0
    units["alive"][1], units["top_speed"] = 0, 0
    units["x"][[0, 2, 3]], units["y"][[0, 2, 3]] = [12.0, 16.0, 16.0], [14.5, 14.3, 13.9]
    units["order"][0], units["target"][0] = ATTACK, 2
    world = env._world.copy()
    world["level"][0][13, :] = 2  # a ledge through the strip
    loops(world[0], units, 10)
    assert units["hp"][2] == pytest.approx(5, abs=0.2)
    assert units["hp"][3] > 34


def test_medivac_heals_for_energy_and_stops_at_full_health():
    env = BattleEnv("MMM2")
    env.reset([0])
    units = env.units[0].copy()
    units["alive"][10:] = 0
    patient, medivac = 3, 9
    units["x"][medivac], units["y"][medivac] = units["x"][patient] + 1, units["y"][patient]
    units["hp"][patient], units["energy"][medivac] = 20.0, 50.0
    units["order"][medivac], units["target"][medivac] = HEAL, patient
    world = env._world[0]
    loops(world, units, 16)
    assert units["hp"][patient] == pytest.approx(29.0)
    assert units["energy"][medivac] == pytest.approx(50 - 9 * 0.33 + 0.5625)
    loops(world, units, 48)
    assert units["hp"][patient] == 45
    assert units["order"][medivac] == IDLE
    units["hp"][patient], units["energy"][medivac], units["energy_regen"][medivac] = 20.0, 0.33, 0.0
    units["order"][medivac], units["target"][medivac] = HEAL, patient
    loops(world, units, 16)
    assert units["hp"][patient] == pytest.approx(21.0)


def test_ground_weapons_do_nothing_to_fliers():
    world, units = duel("marauder", "medivac")
    units["x"] = [10.0, 12.0]
    units[0]["order"], units[0]["target"] = ATTACK, 1
    loops(world, units, 32)
    assert units[1]["hp"] == 150
    assert units[0]["x"] == 10.0


def test_idle_allies_never_fight_by_themselves():
    env = BattleEnv("3m")
    env.reset([0])
    won = 0.0
    for _ in range(60):
        actions = np.where(env.units["alive"][:, :3] == 1, 1, 0)
        transition = env.step(actions)
        won += transition.reward[0]
        if transition.terminated[0]:
            break
    assert won == 0
    assert env.frame().outcome == "lost"
