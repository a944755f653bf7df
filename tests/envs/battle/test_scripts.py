"""Scripted players, their calibration, and pictures of battles."""

import numpy as np
import pytest

from na2q.envs.battle import film, picture, scripts
from na2q.envs.battle.env import BattleEnv


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
