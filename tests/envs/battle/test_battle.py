"""Properties of the battle engine: fairness of seeds, arithmetic of fights, movement, ends of episodes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from na2q.config import ENV_OPTIONS, SCENARIOS, BattleOptions, configure
from na2q.envs import battle
from na2q.envs.battle import combat, engine, film, picture, records, scripts
from na2q.envs.battle.compiled import drop_stale
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.records import ATTACK, ATTACK_MOVE, HEAL, IDLE, NOBODY, WALK
from na2q.envs.battle.units import UNITS, unit_type


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


# --- seeds and copies ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["3m", "MMM2", "corridor"])
def test_same_seed_gives_same_battle_on_any_number_of_copies(name):
    together = run(BattleEnv(name, n_envs=3), [5, 6, 7], 30)
    alone = run(BattleEnv(name, n_envs=1), [6], 30)
    for many, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(many[1], one[0])


def test_different_seeds_give_different_battles():
    obs = BattleEnv("8m", n_envs=2).reset([1, 2]).obs
    assert not np.array_equal(obs[0], obs[1])


def test_reset_forgets_the_former_battle():
    env = BattleEnv("2s3z")
    first = run(env, [3], 20)
    run(env, [4], 20)
    for before, after in zip(first, run(env, [3], 20), strict=True):
        np.testing.assert_array_equal(before, after)


PLAIN = """
import sys
if sys.argv[1] == "plain":
    sys.modules["numba"] = None
import hashlib
import numpy as np
from na2q.envs.battle import make
from na2q.envs.battle.compiled import COMPILED
assert COMPILED == (sys.argv[1] == "compiled")
digest = hashlib.sha256()
for name, steps in (("3m", 9), ("2s_vs_1sc", 4), ("MMM2", 9)):
    env, rng = make(name), np.random.default_rng(0)
    avail = env.reset([1]).avail
    for _ in range(steps):
        transition = env.step((avail * rng.random(avail.shape) * np.linspace(1, 9, avail.shape[-1])).argmax(-1))
        avail = transition.observation.avail
        for array in (*transition.observation, transition.reward):
            digest.update(np.ascontiguousarray(array).tobytes())
    for field in ("x", "y", "hp", "shield", "cooldown"):
        digest.update(np.round(env.units[field], 9).tobytes())
print(digest.hexdigest())
"""


def test_plain_python_equals_compiled():
    """Without numba the engine runs as plain Python, with the same results."""
    root = str(Path(__file__).parents[3])
    env = os.environ | {"PYTHONPATH": root}
    command = [sys.executable, "-c", PLAIN]
    outputs = [
        subprocess.run([*command, mode], env=env, capture_output=True, text=True, check=True).stdout
        for mode in ("plain", "compiled")
    ]
    assert outputs[0] == outputs[1]


def test_compiled_code_older_than_a_source_is_dropped(tmp_path):
    """numba does not notice; and several processes may do it at once."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name, time in {"old.nbi": 1, "new.nbi": 3}.items():
        (cache / name).touch()
        os.utime(cache / name, (time, time))
    (cache / "gone.nbi").symlink_to(tmp_path / "nowhere")  # listed, but no longer there when looked at
    (tmp_path / "source.py").touch()
    os.utime(tmp_path / "source.py", (2, 2))
    assert drop_stale(tmp_path, cache)
    assert [path.name for path in sorted(cache.iterdir())] == ["gone.nbi", "new.nbi"]


def test_a_stale_cache_that_belongs_to_somebody_else_is_not_used(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    for name, time in (("source.py", 3), ("old.nbi", 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    monkeypatch.setattr(Path, "unlink", refuse)
    assert not drop_stale(tmp_path, tmp_path)


NO_FOLDER = """
from numba.core import caching
caching.CacheImpl._locator_classes = []  # what a read-only install and home come to, for root too
from na2q.envs.battle.compiled import compiled, layer
def double(x):
    return 2 * x
assert compiled(double)(4) == layer(double)(4) == 8
"""


def test_without_a_folder_for_the_cache_the_engine_compiles_without_one(tmp_path):
    pytest.importorskip("numba")
    (tmp_path / "code.py").write_text(NO_FOLDER)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, tmp_path / "code.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- interface -------------------------------------------------------------------------------------

SIZES = {  # obs, state with SMAC's own shield bits, then with shield bits everywhere
    "3m": (30, 48, 36, 54),
    "8m": (80, 168, 96, 184),
    "2s3z": (80, 120, 80, 120),
    "2s_vs_1sc": (17, 27, 18, 28),
    "3s5z": (128, 216, 128, 216),
    "3s_vs_5z": (48, 68, 48, 68),
    "2c_vs_64zg": (332, 342, 396, 406),
    "5m_vs_6m": (55, 98, 66, 109),
    "8m_vs_9m": (85, 179, 102, 196),
    "MMM2": (176, 322, 198, 344),
    "3s5z_vs_3s6z": (136, 230, 136, 230),
    "corridor": (156, 282, 180, 306),
    "6h_vs_8z": (78, 140, 84, 146),
}


@pytest.mark.parametrize("name", MAPS)
def test_sizes_are_smacs_and_those_of_the_released_fork(name):
    stock, fork = BattleEnv(name), BattleEnv(name, BattleOptions(shield_bits="always"))
    found = [stock.spec.obs_dim, stock.spec.state_dim, fork.spec.obs_dim, fork.spec.state_dim]
    assert found == list(SIZES[name])
    for env in (stock, fork):
        obs, state, avail = env.reset([0])
        assert obs.shape == (1, env.spec.n_agents, env.spec.obs_dim)
        assert state.shape == (1, env.spec.state_dim)
        assert avail.shape == (1, env.spec.n_agents, env.spec.n_actions)
        assert np.isfinite(obs).all()
        own = state[0, : env.spec.unit_dim]
        assert own[0] == 1  # full health heads the state's first unit


def test_shield_bits_of_units_without_shields_are_zero():
    env = BattleEnv("8m", BattleOptions(shield_bits="always"))
    state = env.reset([0]).state[0]
    allies = state[: 8 * env.spec.unit_dim].reshape(8, -1)
    np.testing.assert_array_equal(allies[:, 4], 0)


def test_dead_agents_have_no_op_only_and_see_nothing():
    env = BattleEnv("8m")
    avail = env.reset([0]).avail
    seen = False
    while True:
        observation, _, terminated, _, info = env.step(scripts.stand(env, avail))
        avail = observation.avail
        dead = env.units[0]["alive"][:8] == 0
        assert info["dead_allies"][0] == dead.sum()
        np.testing.assert_array_equal(avail[0, dead, 0], True)
        assert not avail[0, dead, 1:].any()
        assert not avail[0, ~dead, 0].any()
        assert not observation.obs[0, dead].any()
        seen |= dead.any()
        if terminated[0]:
            break
    assert seen


def test_copies_that_have_ended_repeat_themselves_without_reward():
    env = BattleEnv("3m", n_envs=2)
    avail = env.reset([0, 1]).avail
    last = None
    while True:
        transition = env.step(scripts.stand(env, avail))
        avail = transition.observation.avail
        if last is not None and last.terminated[0]:
            np.testing.assert_array_equal(transition.observation.obs[0], last.observation.obs[0])
            np.testing.assert_array_equal(transition.observation.state[0], last.observation.state[0])
            assert transition.reward[0] == 0
            assert transition.terminated[0]
        last = transition
        if transition.terminated.all():
            break


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: battle.make("9m"), ["9m", "2s3z"]),
        (lambda: battle.make("3m", BattleOptions(shield_bits="never")), ["never", "race", "always"]),  # pyright: ignore[reportArgumentType] wrong on purpose
        (lambda: battle.make("3m", None, 0), ["n_envs", "0", "at least 1"]),
        (lambda: battle.make("3m", None, 2).reset([1]), ["1 seeds", "2 copies"]),
        (lambda: battle.make("3m").reset([-1]), ["-1", "0 or more"]),
        (lambda: battle.make("3m").step(np.zeros((2, 3), int)), ["(2, 3)", "(1, 3)"]),
        (lambda: battle.make("3m").step(np.zeros((1, 3), int)), ["agent 0", "action 0", "1 (stop)"]),
        (lambda: battle.make("3m").step(np.full((1, 3), 99)), ["agent 0", "action 99"]),
        (lambda: battle.make("3m").command(np.full((1, 3), 99)), ["99", "0 to 8"]),
        (lambda: unit_type("ghost"), ["ghost", "marine"]),
        (lambda: picture.draw_battle(battle.make("3m").frame(), agent=3), ["3", "0 to 2"]),
        (lambda: film.animate_battle([]), ["empty"]),
        (lambda: film.scripted_frames("3m", "genius"), ["genius", "focus"]),
        (lambda: scripts.contest("3m", scripts.stand, 10, 4), ["10", "multiple of n_envs 4"]),
        (lambda: configure("na2q", "battle-9m"), ["9m", "corridor"]),
    ],
)
def test_errors_name_the_value_and_what_is_allowed(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 the words are checked below
        call()
    for word in words:
        assert word in str(caught.value)


def test_an_unavailable_action_changes_nothing():
    env = BattleEnv("3m")
    env.reset([0])
    before = env.units.copy()
    with pytest.raises(ValueError, match="agent 2 cannot perform action 6"):
        env.step(np.array([[1, 1, 6]]))
    np.testing.assert_array_equal(env.units, before)


def test_orders_at_any_distance_are_for_command_only():
    env = BattleEnv("3m")
    env.reset([0])
    env.command(np.array([[6, 7, 8]]))
    np.testing.assert_array_equal(env.units[0]["target"][:3], [3, 4, 5])
    np.testing.assert_array_equal(env.units[0]["order"][:3], ATTACK)


def test_every_map_has_the_schedule_of_tables_2_and_3():
    assert set(SCENARIOS) == set(MAPS)
    assert isinstance(ENV_OPTIONS["battle"], BattleOptions)
    found = {name: (configure("qmix", f"battle-{name}").total_steps, SCENARIOS[name].anneal_steps) for name in MAPS}
    long, hard = {"3s5z_vs_3s6z", "corridor", "6h_vs_8z"}, {"MMM2"}
    for name in set(MAPS) - {"3m"}:
        steps = 5_000_000 if name in long else 2_000_000
        assert found[name] == (steps, 100_000 if name in long | hard else 50_000)
    assert configure("qmix", "battle-MMM2").explore.anneal_steps == 100_000


# --- damage and healing ----------------------------------------------------------------------------


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


def skirmish(allies, enemies, xs):
    """World and units of the given types in a row along y = 16, enemies on an attack-move, nobody able to walk."""
    battle_map = replace(MAPS["8m"], allies=allies, enemies=enemies, ally_types=(), enemy_types=())
    units = records.new_units(battle_map, 1)[0]
    world = records.world("8m").copy()
    world["n_allies"], world["n_enemies"] = len(allies), len(enemies)
    units["x"], units["y"], units["top_speed"] = xs, 16.0, 0
    units["order"][len(allies) :] = ATTACK_MOVE
    return world[0], units


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


# --- movement --------------------------------------------------------------------------------------


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


# --- ends ------------------------------------------------------------------------------------------


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


# --- scripts and pictures --------------------------------------------------------------------------


def test_calibration_writes_one_row_for_each_map_and_player(tmp_path):
    out = tmp_path / "table.csv"
    scripts.calibrate(out, battles=50, names=["3m"])
    lines = out.read_text().splitlines()
    assert "not StarCraft II" in lines[0]
    assert lines[2].startswith("map,player,battles,win_rate")
    assert [line.split(",")[1] for line in lines[3:]] == list(scripts.PLAYERS)


def test_focus_fire_beats_nearest_fire_among_marines():
    found = {name: scripts.contest("3m", scripts.PLAYERS[name], 100)["return"] for name in ("nearest", "focus")}
    assert found["focus"] > found["nearest"]


@pytest.mark.parametrize("name", scripts.PLAYERS)
@pytest.mark.parametrize("battle_name", ["MMM2", "2s_vs_1sc", "2c_vs_64zg"])
def test_every_player_plays_every_kind_of_map_by_the_rules(battle_name, name):
    """The environment refuses unavailable actions; `march` alone may order attacks at any distance."""
    env, player = BattleEnv(battle_name, n_envs=2), scripts.PLAYERS[name]
    avail = env.reset([0, 1]).avail
    for _ in range(25):
        actions = player(env, avail)
        assert actions.shape == (2, env.spec.n_agents)
        avail = scripts.act(env, player, avail).observation.avail
        assert (actions[:, :] >= 0).all()


def test_march_keeps_its_target_and_heals_the_nearest_that_is_hurt():
    env = BattleEnv("MMM2")
    avail = env.reset([0]).avail
    assert scripts.march(env, avail)[0, 9] == 1  # nobody is hurt: the medivac waits
    env.units["hp"][0, [3, 5]] -= 10
    gaps = np.hypot(*(env.units[axis][0] - env.units[axis][0, 9] for axis in "xy"))
    first = scripts.march(env, avail)
    assert first[0, 9] == 6 + (3 if gaps[3] < gaps[5] else 5)
    env.command(first)
    others = [unit for unit in range(10, 22) if unit - 10 + 6 != first[0, 2] and env.units["layer"][0, unit] != 1]
    env.units["x"][0, others[0]], env.units["y"][0, others[0]] = env.units["x"][0, 2] + 1, env.units["y"][0, 2]
    assert scripts.march(env, avail)[0, 2] == first[0, 2]


def test_march_leaves_fliers_to_units_that_reach_them():
    env = BattleEnv("MMM2")
    avail = env.reset([0]).avail
    env.units["x"][0, 21], env.units["y"][0, 21] = env.units["x"][0, 0], env.units["y"][0, 0]  # the enemy medivac
    actions = scripts.march(env, avail)[0]
    assert 6 + 11 not in actions[:2]  # marauders


def test_team_shares_one_target_and_random_depends_on_the_battle_alone():
    env = BattleEnv("8m", n_envs=2)
    avail = env.reset([3, 4]).avail
    env.units["x"][:, 8:] -= 9  # into reach
    avail[..., 6:] = True
    assert len(set(scripts.team(env, avail)[0])) == 1
    alone = BattleEnv("8m")
    draws = scripts.random(alone, alone.reset([4]).avail)
    env.reset([3, 4])
    np.testing.assert_array_equal(scripts.random(env, env.reset([3, 4]).avail)[1], draws[0])


def test_pictures_show_units_circles_and_the_label(tmp_path):
    from matplotlib import pyplot as plt

    frames = film.scripted_frames("MMM2")
    assert frames[0].outcome == "running"
    assert frames[-1].outcome in {"lost", "won"}
    ax = picture.draw_battle(frames[12], agent=0)
    assert picture.LABEL in ax.get_title()
    texts = {text.get_text() for text in ax.texts}
    assert {"sight 9", "range 6"} <= texts
    film.animate_battle(frames[:2], agent=0).save(tmp_path / "battle.gif", writer="pillow")
    assert (tmp_path / "battle.gif").stat().st_size > 1000
    plt.close("all")
