"""What the battle engine shows and takes: sizes, available actions, errors."""

import numpy as np
import pytest

from na2q.config import ENV_OPTIONS, SCENARIOS, BattleOptions, configure
from na2q.envs import battle
from na2q.envs.battle import film, picture, scripts
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.records import ATTACK
from na2q.envs.battle.units import unit_type

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
