"""Battles for tests: random play, a duel, a skirmish, and single loops of the engine."""

from dataclasses import replace

import numpy as np

from na2q.envs.battle import engine, records
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.records import ATTACK_MOVE


def random_actions(avail, rng):
    return (avail * rng.random(avail.shape)).argmax(-1)


def run(env, seeds, steps, player_seed=0):
    """Observations, rewards and ends of random play in which each copy has random numbers of its own."""
    rngs = [np.random.default_rng([player_seed, seed]) for seed in seeds]
    observation = env.reset(seeds)
    record = [observation.obs]
    for _ in range(steps):
        actions = np.stack([random_actions(a, rng) for a, rng in zip(observation.avail, rngs, strict=True)])
        observation, reward, terminated, _, _ = env.step(actions)
        record += [observation.obs, observation.state, reward[:, None], terminated[:, None]]
    return record


def duel(ally, enemy, name="8m"):
    """World and units of one ally and one enemy of the given types, far apart, nobody else."""
    battle_map = replace(MAPS[name], allies=(ally,), enemies=(enemy,), ally_types=(), enemy_types=())
    units = records.new_units(battle_map, 1)[0]
    world = records.world(name).copy()
    world["n_allies"], world["n_enemies"] = 1, 1
    units["x"], units["y"] = [10.0, 20.0], 16.0
    return world[0], units


def loops(world, units, count):
    fight = np.zeros(1, records.BATTLE)[0]
    fight.rng = 12345
    scratch = np.zeros(1, records.SCRATCH)[0]
    scratch.by_x[: len(units)] = np.arange(len(units))
    for loop in range(count):
        engine.advance(world, units, fight, scratch, loop % 2 == 1)


def skirmish(allies, enemies, xs):
    """World and units of the given types in a row along y = 16, enemies on an attack-move, nobody able to walk."""
    battle_map = replace(MAPS["8m"], allies=allies, enemies=enemies, ally_types=(), enemy_types=())
    units = records.new_units(battle_map, 1)[0]
    world = records.world("8m").copy()
    world["n_allies"], world["n_enemies"] = len(allies), len(enemies)
    units["x"], units["y"], units["top_speed"] = xs, 16.0, 0
    units["order"][len(allies) :] = ATTACK_MOVE
    return world[0], units
