"""The adapter to real SMAC, with a stand-in for the game: features, ends, crashes, messages.

None of this has been run against StarCraft II itself.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from smac_stand_in import CrashesAlways, CrashesOnce, DiesOnce, StandIn, TellsAndDies, TellsOfItsUnits

from na2q.config import SMACOptions
from na2q.envs import smac
from na2q.envs.battle import BattleEnv, scripts
from na2q.envs.battle.maps import MAPS


@pytest.fixture
def smac_env():
    made = []

    def make(launcher, name="3m", options=None, n_envs=1):
        made.append(smac.SMACEnv(name, options, n_envs, launcher=launcher))
        return made[-1]

    yield make
    for env in made:
        env.close()


def play(env, reference, seeds, steps=200):
    """Play the same scripted actions on adapter and engine, compare all that they report."""
    mine, theirs = env.reset(seeds), reference.reset(seeds)
    for _ in range(steps):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
        actions = scripts.nearest(reference, theirs.avail)
        one, two = env.step(actions), reference.step(actions)
        np.testing.assert_array_equal(one.reward, two.reward)
        np.testing.assert_array_equal(one.terminated, two.terminated)
        mine, theirs = one.observation, two.observation
        if one.terminated.all():
            return one, two
    raise AssertionError("no end")


@pytest.mark.slow
def test_adapter_passes_on_what_the_game_reports(smac_env):
    one, _ = play(smac_env(StandIn, n_envs=2), BattleEnv("3m", n_envs=2), [1, 2])
    assert not one.truncated.any()
    assert not one.info["crashed"].any()
    assert one.observation.obs.dtype == np.float32
    assert one.observation.avail.dtype == np.bool_


@pytest.mark.parametrize("name", MAPS)
def test_sizes_equal_those_of_the_embedded_engine(name, smac_env):
    assert smac_env(StandIn, name).spec == BattleEnv(name).spec


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [CrashesOnce, DiesOnce])
def test_a_crash_ends_the_episode_and_the_game_starts_again(launcher, smac_env):
    env = smac_env(launcher)
    env.reset([0])
    actions = np.array([[1, 1, 1]])
    for _ in range(2):
        assert not env.step(actions).terminated[0]
    crashed = env.step(actions)
    assert crashed.truncated[0]
    assert not crashed.terminated[0]
    assert crashed.reward[0] == 0
    assert crashed.info["crashed"][0]
    assert not crashed.info["won"][0]
    assert env.reset([0]).obs.any()
    assert not env.step(actions).info["crashed"][0]
    assert env.step(actions).info["restarts"][0] == 1


def test_three_crashes_in_a_row_are_an_error(smac_env):
    env = smac_env(CrashesAlways)
    actions = np.array([[1, 1, 1]])
    for _ in range(2):
        env.reset([0])
        assert env.step(actions).info["crashed"][0]
    env.reset([0])
    with pytest.raises(smac.GameCrashedError, match="3m crashed 3 times in a row"):
        env.step(actions)


def test_what_goes_wrong_in_a_game_process_reaches_the_caller(smac_env):
    env = smac_env(StandIn)
    env.reset([0])
    with pytest.raises(RuntimeError, match="agent 0 cannot perform action 0"):
        env.step(np.array([[0, 0, 0]]))


def play_to_the_end(env):
    transition, avail = None, env.reset([0] * env.n_envs).avail
    while transition is None or not (transition.terminated | transition.truncated).all():
        transition = env.step(np.where(avail[:, :, 1], 1, 0))
        avail = transition.observation.avail


@pytest.mark.slow
def test_replays_are_written_under_the_names_given_and_not_before(smac_env, tmp_path):
    env = smac_env(StandIn, options=SMACOptions(save_replays=True, replay_dir=str(tmp_path)), n_envs=2)
    play_to_the_end(env)
    assert not list(tmp_path.iterdir())
    env.keep_replays("run7_step500")
    play_to_the_end(env)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run7_step500_copy0", "run7_step500_copy1"]


def test_a_replay_that_cannot_be_written_costs_no_more_than_itself(smac_env, tmp_path):
    env = smac_env(StandIn, options=SMACOptions(save_replays=True, replay_dir=str(tmp_path / "nowhere")))
    env.keep_replays("run7")
    with pytest.warns(UserWarning, match=r"(?s)run7_copy0 could not be written.*No such file"):
        play_to_the_end(env)
    assert env.reset([0]).obs.any()


class Hangs(StandIn):
    """Answers the third step of its first process never."""

    def step(self, actions):
        if self.steps == 2:
            time.sleep(600)
        return super().step(actions)


class HangsForGood(Hangs):
    """Does not even heed SIGTERM."""

    def step(self, actions):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return super().step(actions)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [Hangs, HangsForGood])
def test_a_game_that_does_not_answer_is_ended_and_counts_as_crashed(launcher, smac_env):
    env = smac_env(launcher, options=SMACOptions(timeout=20.0))
    env.reset([0])
    processes = multiprocessing.active_children()
    actions = np.array([[1, 1, 1]])
    env.step(actions)
    env._copies[0]._options = SMACOptions(timeout=0.5)
    env.step(actions)
    crashed = env.step(actions)
    assert crashed.info["crashed"][0]
    assert not any(process.is_alive() for process in processes)
    env._copies[0]._options = SMACOptions(timeout=60.0)
    assert env.reset([0]).obs.any()


class Meets(StandIn):
    """Steps only once another copy is at its step too."""

    def step(self, actions):
        self.steps += 1
        mine = Path(self.options.replay_dir, f"{os.getpid()}-{self.steps}")
        mine.touch()
        deadline = time.monotonic() + 60
        while len(list(mine.parent.glob(f"*-{self.steps}"))) < 3:
            assert time.monotonic() < deadline, "the others wait for this one"
            time.sleep(0.01)
        return super().step(actions)


@pytest.mark.slow
def test_copies_step_at_the_same_time(smac_env, tmp_path):
    env = smac_env(Meets, options=SMACOptions(replay_dir=str(tmp_path)), n_envs=3)
    env.reset([0, 1, 2])
    assert not env.step(np.ones((3, 3), int)).terminated.any()


def test_an_error_of_one_copy_leaves_no_answer_of_another_behind(smac_env):
    env = smac_env(StandIn, n_envs=2)
    env.reset([0, 1])
    with pytest.raises(RuntimeError, match="cannot perform action 0"):
        env.step(np.array([[0, 0, 0], [1, 1, 1]]))
    np.testing.assert_array_equal(env.reset([0, 1]).obs[1], BattleEnv("3m").reset([1]).obs[0])


class ClosesLoudly(StandIn):
    def close(self):
        Path(self.options.replay_dir, f"closed-{os.getpid()}").touch()


PARENT = """
import os, sys, numpy as np
import test_smac
from na2q import envs
from na2q.config import SMACOptions, configure
from na2q.envs import smac
if __name__ == "__main__":
    env = smac.SMACEnv("3m", SMACOptions(replay_dir=sys.argv[1]), 2, launcher=test_smac.ClosesLoudly)
    env.reset([0, 1])
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), 9)
    if sys.argv[2] == "error":
        raise SystemExit(3)
    env.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", ["closed", "error", "killed"])
def test_games_are_closed_however_their_parent_ends(end, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    subprocess.run([sys.executable, tmp_path / "parent.py", tmp_path, end], env=environment, timeout=120)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("closed-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(list(tmp_path.glob("closed-*"))) == 2


def test_units_are_told_as_the_engine_tells_them(smac_env, tmp_path):
    options = SMACOptions(save_replays=True, replay_dir=str(tmp_path))
    env, engine = smac_env(TellsOfItsUnits, options=options), BattleEnv("3m")
    env.keep_replays("run7")
    seen, over, steps = engine.reset([4]), False, 0
    env.reset([4])
    assert env.labels() == engine.labels()
    while not over:
        mine, theirs = env.snapshot(0), engine.snapshot(0)
        assert mine.episode["replay"][1] == ""
        assert mine.now["game_loop"][1] == 8 * steps
        for name, (axes, values) in theirs.now.items():
            assert mine.now[name][0] == axes
            np.testing.assert_allclose(mine.now[name][1], values, atol=1e-12)
        for name, (_, values) in theirs.task.items():
            np.testing.assert_array_equal(mine.task[name][1], values)
        actions = scripts.nearest(engine, seen.avail)
        seen, over, steps = engine.step(actions).observation, env.step(actions).terminated[0], steps + 1
    assert env.snapshot(0).episode["replay"][1] == "run7_copy0"
    env.reset([5])
    assert env.snapshot(0).episode["replay"][1] == ""


def test_units_of_a_dead_game_are_those_told_last(smac_env):
    env = smac_env(TellsAndDies)
    env.reset([0])
    actions = np.array([[1, 1, 1]])
    env.step(actions)
    before = env.snapshot(0)
    assert env.step(actions).info["crashed"][0]
    np.testing.assert_array_equal(env.snapshot(0).now["unit_position"][1], before.now["unit_position"][1])
