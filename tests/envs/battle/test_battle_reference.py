"""The battle engine's interface equals SMAC's own code on the reference arrays of all twelve maps.

Each array file holds situations with the observations, state, available actions, reward and outcome
that the public SMAC 1.0 code gave for them. Positions and damages are synthetic: they test the
interface, not the dynamics.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from na2q.envs.battle import spawn
from na2q.envs.battle.features import write_features
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.outcome import settle
from na2q.envs.battle.records import BATTLE, new_units, world

FOLDER = Path(os.environ.get("NA2Q_SMAC_REFERENCE_DIR", Path(__file__).parent / "reference"))
REFERENCE_MAPS = [name for name in MAPS if name != "3m"]  # 3m is not one of SMAC's maps in the paper
TOLERANCE = 1e-6


def load(name):
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def units_of(name, reference, k, before=False):
    """The units of configuration k, after the step or before it."""
    units = new_units(MAPS[name], 1)[0]
    n = len(MAPS[name].allies)
    for part, side in ((units[:n], "ally"), (units[n:], "enemy")):
        prefix = f"prev_{side}" if before else side
        position, hp = reference[f"{prefix}_pos"][k], reference[f"{prefix}_hp"][k]
        part["x"], part["y"], part["hp"] = position[:, 0], position[:, 1], hp
        part["shield"] = reference[f"{prefix}_shield"][k]
        part["cooldown"], part["energy"] = reference[f"{side}_cooldown"][k], reference[f"{side}_energy"][k]
        part["alive"] = hp > 0
        part["last_hp"] = reference[f"prev_{side}_hp"][k]
        part["last_shield"] = reference[f"prev_{side}_shield"][k]
    units[:n]["last_action"] = reference["last_action"][k]
    return units


def features(name, units):
    battle = MAPS[name]
    reference = load(name)
    obs = np.full(reference["obs"].shape[1:], np.nan, np.float32)
    state = np.full(reference["state"].shape[1:], np.nan, np.float32)
    avail = np.zeros((len(battle.allies), battle.n_actions), np.bool_)
    write_features(world(name)[0], units, obs, state, avail)
    return obs, state, avail


@pytest.mark.parametrize("name", REFERENCE_MAPS)
def test_unit_tables_equal_the_reference(name):
    reference, units = load(name), new_units(MAPS[name], 1)[0]
    n = len(MAPS[name].allies)
    for part, side in ((units[:n], "ally"), (units[n:], "enemy")):
        np.testing.assert_array_equal(part["hp"], reference[f"{side}_hp_max"])
        np.testing.assert_array_equal(part["shield"], reference[f"{side}_shield_max"])
    assert list(MAPS[name].allies) == list(reference["ally_type"])
    assert list(MAPS[name].enemies) == list(reference["enemy_type"])


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCE_MAPS)
def test_observations_and_state_equal_smac(name):
    reference = load(name)
    for k, kind in enumerate(reference["kind"]):
        obs, state, _ = features(name, units_of(name, reference, k))
        np.testing.assert_allclose(obs, reference["obs"][k], atol=TOLERANCE, rtol=0, err_msg=str(kind))
        np.testing.assert_allclose(state, reference["state"][k], atol=TOLERANCE, rtol=0, err_msg=str(kind))


@pytest.mark.parametrize("name", REFERENCE_MAPS)
def test_available_actions_equal_smac(name):
    reference = load(name)
    for k, kind in enumerate(reference["kind"]):
        units = units_of(name, reference, k)
        np.testing.assert_array_equal(features(name, units)[2], reference["avail"][k], err_msg=str(kind))
        if reference["has_transition"][k]:
            before = units_of(name, reference, k, before=True)
            np.testing.assert_array_equal(features(name, before)[2], reference["prev_avail"][k], err_msg=str(kind))


@pytest.mark.parametrize("name", REFERENCE_MAPS)
def test_reward_and_outcome_equal_smac(name):
    reference = load(name)
    for k in np.flatnonzero(reference["has_transition"]):
        kind = str(reference["kind"][k])
        battle = np.zeros(1, BATTLE)[0]
        battle.step = reference["episode_step"][k]
        settle(world(name)[0], units_of(name, reference, k), battle)
        assert battle.reward == pytest.approx(reference["reward"][k], abs=TOLERANCE), kind
        assert battle.over == reference["terminated"][k], kind
        assert battle.won == reference["battle_won"][k], kind
        assert battle.timeout == reference["timeouts"][k], kind
        assert battle.dead_allies == reference["dead_allies"][k], kind
        assert battle.dead_enemies == reference["dead_enemies"][k], kind


@pytest.mark.parametrize("name", REFERENCE_MAPS)
def test_agents_are_numbered_by_type_then_place(name):
    reference = load(name)
    for k in np.flatnonzero(~reference["has_transition"]):
        sorted_units = units_of(name, reference, k)
        n = len(MAPS[name].allies)
        units = sorted_units.copy()
        units[:n] = sorted_units[:n][reference["spawn_raw_order"][k]]  # as the game lists them
        spawn.number_agents(units, n)
        np.testing.assert_array_equal(units[:n], sorted_units[:n])
