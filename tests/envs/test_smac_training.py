"""Crashed episodes of the game stay out of training and of tests."""

import numpy as np
import pytest
from smac_stand_in import StandIn

from na2q import envs
from na2q.config import SMACOptions, configure
from na2q.envs import smac


class CrashesInEverySecondEpisode(StandIn):
    """Reports a crash in the third step of its first, third, fifth ... episode."""

    episodes = 0

    def reset(self):
        self.episodes += 1
        self.since = 0
        return super().reset()

    def step(self, actions):
        self.since += 1
        if self.since == 3 and self.episodes % 2:
            return 0, True, {}
        return super().step(actions)


@pytest.fixture
def crashing(registry):
    """Battles on 3m, of which every second is cut off by a crash, as a family of environments."""
    made = []

    def make(name, options, n_envs):
        options = SMACOptions(max_crashes=9, save_replays=True, replay_dir=options.replay_dir)
        made.append(smac.SMACEnv("3m", options, n_envs, launcher=CrashesInEverySecondEpisode))
        return made[-1]

    envs.register("crashing", make, SMACOptions())
    return made


@pytest.mark.slow
def test_crashed_episodes_are_neither_learned_from_nor_counted_and_games_end(crashing, tmp_path):
    from na2q.training.run import train  # here, for the games' processes import this file
    from na2q.training.trainer import Trainer

    settings = {"env_options.replay_dir": str(tmp_path), "test_episodes": 2, "n_envs": 2}
    config = configure("vdn", "crashing", "smoke", total_steps=100, test_interval=50, **settings)
    trainer = Trainer(config)
    lengths = []
    trainer.collect()
    assert (len(trainer.replay), trainer.step) == (0, 0)  # the first episode of both copies has crashed
    trainer.learn()
    assert trainer.episode == 0
    trainer.collect()
    trainer.learn()
    assert (len(trainer.replay), trainer.episode) == (2, 2)
    lengths = [place.length for place in trainer.replay.places]
    assert trainer.step == sum(lengths) > 6
    batch = trainer.replay.sample(2, np.random.default_rng(0))
    assert batch.terminated.sum() == 2
    trainer.test()
    assert trainer.rows[0]["test_length_mean"] > 3
    assert trainer.rows[0]["test_crashed_mean"] == 0
    name = f"vdn_crashing_smoke_seed1_step{trainer.step}_copy"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}0", f"{name}1"]
    trainer.close()
    assert not any(copy._process for env in crashing for copy in env._copies)
    crashing.clear()
    assert train(config)["test_crashed_mean"].eq(0).all()
    assert crashing
    assert not any(copy._process for env in crashing for copy in env._copies)
