"""Settings that comparisons with others need: Adam for all, targets that follow, rewards made standard."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import interrupted_after
from random_task import Variant, random_batch

from na2q.config import PRESETS, configure, flat
from na2q.training.run import train
from na2q.training.standardised import Standardised
from na2q.training.trainer import Trainer


def test_adam_for_all_steps_every_group() -> None:
    own = Variant("na2q", "released").learner().optimizers
    assert {type(optimizer) for optimizer in own} == {torch.optim.RMSprop, torch.optim.Adam}
    every = Variant("na2q", "released", {"optim.algorithm": "adam"}).learner().optimizers
    assert {type(optimizer) for optimizer in every} == {torch.optim.Adam}


def test_targets_follow_by_their_share_after_each_update() -> None:
    learner = Variant("qmix", settings={"optim.target_share": 0.25}).learner()
    batch = random_batch()
    expected = [x.clone() for x in learner.target.parameters()]
    for _ in range(3):
        learner.update(batch)
        expected = [0.75 * old + 0.25 * new for old, new in zip(expected, learner.online.parameters(), strict=True)]
    for target, value in zip(learner.target.parameters(), expected, strict=True):
        torch.testing.assert_close(target, value)


def test_targets_that_follow_are_not_copied_as_well() -> None:
    config = configure("vdn", "matrix-two_step", "smoke", **{"optim.target_share": 0.01, "target_interval": 1})
    trainer = Trainer(config)
    while trainer.updates < 3:
        trainer.advance()
    pairs = zip(trainer.learner.target.parameters(), trainer.learner.online.parameters(), strict=True)
    assert not any(torch.equal(old, new) for old, new in pairs)


def test_standard_rewards_have_the_mean_and_deviation_of_all_so_far() -> None:
    standard, seen = Standardised(), []
    rng = np.random.default_rng(0)
    for _ in range(20):
        batch = random_batch()
        batch = batch._replace(reward=torch.as_tensor(rng.normal(3, 2, batch.reward.shape), dtype=torch.float32))
        seen.append(batch.reward[batch.valid])
        done = standard.learn(batch)
    every = torch.cat(seen)
    expected = (seen[-1] - every.mean()) / every.std(correction=0)
    torch.testing.assert_close(done.reward[batch.valid], expected, rtol=1e-3, atol=1e-3)


def test_padding_is_no_reward() -> None:
    batch = random_batch()
    padded = batch._replace(reward=torch.where(batch.valid, batch.reward, 1e6))
    one, two = Standardised(), Standardised()
    torch.testing.assert_close(one.learn(batch).reward[batch.valid], two.learn(padded).reward[batch.valid])


def test_equal_rewards_and_a_single_one_stay_finite() -> None:
    batch = random_batch()
    for value in (0.0, 5.0):
        standard = Standardised()
        done = standard.learn(batch._replace(reward=torch.full_like(batch.reward, value)))
        assert done.reward[batch.valid].isfinite().all()
    only = torch.zeros_like(batch.valid)
    only[0, 0] = True
    alone = batch._replace(valid=only)
    assert Standardised().learn(alone).reward.isfinite().all()


def test_a_stopped_run_goes_on_with_the_same_standard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"optim.standardise_rewards": True, "optim.target_share": 0.1, "optim.algorithm": "adam"}
    config = configure("qmix", "matrix-two_step", "smoke", total_steps=60, **settings)
    whole = train(config, tmp_path / "whole")
    interrupted_after(5, config, tmp_path / "stopped", monkeypatch)
    again = train(config, tmp_path / "stopped")
    same = ["step", "updates", "test_return_mean", "loss"]
    pd.testing.assert_frame_equal(again[same], whole[same], check_exact=True)


@pytest.mark.parametrize("method", ["iql", "vdn", "qmix", "na2q"])
def test_preset_epymarl_has_epymarls_values(method: str) -> None:
    """As its gymma.yaml and iql.yaml have them."""
    found = flat(configure(method, "Foraging-8x8-2p-2f-coop-v3", "epymarl"))
    assert found["optim.lr"] == 0.0003
    assert found["agent.hidden"] == 128
    assert found["explore.anneal_steps"] == 200_000
    assert found["test_episodes"] == 100
    assert found["total_steps"] == 2_050_000
    assert not found["agent.last_action"]
    assert not found["env_options.mask"]
    assert "EPyMARL" in PRESETS["epymarl"].meaning
