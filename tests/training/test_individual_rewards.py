"""Rewards of each agent's own go from the environment to the learner, and methods with a joint value refuse them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import interrupted_after
from random_task import SPEC, Variant, random_batch
from relay import relay

import na2q
from na2q.config import METHOD_OPTIONS, LBFOptions, changed, configure, flat, from_dict
from na2q.config.stored import as_dict
from na2q.envs import from_pettingzoo, make, to_pettingzoo
from na2q.explain.recording import record
from na2q.spec import EnvSpec
from na2q.training.policy import evaluate
from na2q.training.replay import Replay
from na2q.training.rollout import play
from na2q.training.run import train
from na2q.training.standardised import Standardised
from na2q.types import EpisodeBatch

OWN = EnvSpec(**vars(SPEC) | {"individual_rewards": True})
APART = {"agent.share_parameters": False}
CONFIG = configure("iql", "lbf-3p-2f", "smoke", total_steps=300, **{"env_options.reward": "individual"})


def batch_of_own() -> EpisodeBatch:
    batch = random_batch()
    rewards = torch.randn(*batch.reward.shape, SPEC.n_agents, generator=torch.Generator().manual_seed(1))
    return batch._replace(reward=rewards * batch.valid[..., None]).validate()


@pytest.mark.parametrize("step_cost", ["team", "move"])
def test_what_lbforaging_pays_each_adds_up_to_the_teams_reward(step_cost: str) -> None:
    team, own = (
        make("lbf-3p-3f", LBFOptions(field_size=6, step_cost=step_cost, step_penalty=0.01, reward=reward), 20)  # type: ignore[arg-type]
        for reward in ("team", "individual")
    )
    assert (team.spec.reward_shape, own.spec.reward_shape) == ((), (3,))
    seen, rng, paid = team.reset(range(20)), np.random.default_rng(0), 0
    own.reset(range(20))
    for _ in range(50):
        actions = (rng.random((20, 3, 6)) * seen.avail).argmax(-1)
        together, each = team.step(actions), own.step(actions)
        seen = together.observation
        np.testing.assert_allclose(each.team_reward, together.reward, atol=1e-6)
        np.testing.assert_array_equal(together.team_reward, together.reward)
        ate = [[player.reward for player in board.players] for board in own.boards]  # type: ignore[attr-defined]
        running = each.reward.any(1)
        paid += int(((np.array(ate) > 0).sum(1) == 1)[running].sum())
        if step_cost == "team":
            expected = np.array(ate) - 0.01 / 3
            np.testing.assert_allclose(each.reward[running], expected[running], atol=1e-6)
    assert paid > 0  # some player ate alone, and only it was paid


def test_replay_gives_back_what_was_played() -> None:
    env = make("lbf-3p-2f", LBFOptions(field_size=5, reward="individual"), 4)
    agent = Variant("iql").learner(spec=env.spec).online.agent
    played = play(env, agent, 1.0, np.random.default_rng(0), range(4))
    batch = played.batch
    assert batch.reward.shape == (*batch.valid.shape, 3)
    np.testing.assert_allclose(played.returns, batch.reward.sum((1, 2)), atol=1e-6)
    replay = Replay(env.spec, 4)
    replay.add(batch)
    found = replay.sample(4, np.random.default_rng(0)).validate()
    assert sorted(found.reward.sum((1, 2)).tolist()) == pytest.approx(sorted(played.returns.tolist()), abs=1e-6)
    assert found.reward.shape[2] == 3


def test_each_agent_learns_from_its_own_reward_alone() -> None:
    batch, learner = batch_of_own(), Variant("iql", settings=APART).learner(spec=OWN)
    step = learner.step(batch)
    ahead = learner.online.bootstrap(step, learner.target)
    going_on = step.gamma * (1 - step.terminated)[:, None]
    torch.testing.assert_close(learner.online.td_target(step, learner.target), step.reward + going_on * ahead)

    def gradients(reward: torch.Tensor) -> list[torch.Tensor]:
        learner.backward(learner.losses(learner.step(batch._replace(reward=reward), torch.Generator())))
        return [p.grad.clone() for p in learner.online.agent.parameters() if p.grad is not None]

    other = batch.reward.clone()
    other[..., 1] += 1
    for one, two in zip(gradients(batch.reward), gradients(other), strict=True):
        torch.testing.assert_close(one[[0, 2]], two[[0, 2]], rtol=0, atol=0)
        assert not torch.equal(one[1], two[1])


def test_equal_rewards_of_all_are_the_teams_reward() -> None:
    batch, learner = random_batch(), Variant("iql").learner()
    own = Variant("iql").learner(spec=OWN)
    same = batch._replace(reward=batch.reward[..., None].expand(-1, -1, 3))
    assert own.update(same) == pytest.approx(learner.update(batch), rel=1e-6)


def test_each_agent_has_its_own_standard() -> None:
    batch, shared = batch_of_own(), Standardised((3,))
    found = shared.learn(batch).reward
    for i in range(3):
        alone = Standardised().learn(batch._replace(reward=batch.reward[..., i])).reward
        torch.testing.assert_close(found[..., i][batch.valid], alone[batch.valid])


@pytest.mark.parametrize("method", [name for name in METHOD_OPTIONS if name != "iql"])
def test_methods_with_a_joint_value_refuse_individual_rewards(method: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"learns one value from the team's reward: .*env_options.reward team"):
        train(changed(CONFIG, method=method), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_stopped_run_goes_on_and_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = changed(CONFIG, **{"optim.standardise_rewards": True, **APART})
    whole = train(config, tmp_path / "whole")
    interrupted_after(2, config, tmp_path / "stopped", monkeypatch)
    again = train(config, tmp_path / "stopped")
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), whole.drop(columns="seconds"), check_exact=True)
    policy = na2q.load(tmp_path / "stopped")
    assert policy.spec.individual_rewards
    assert policy.config == config
    assert len(evaluate(tmp_path / "stopped", 4)) == 4
    recording = record(tmp_path / "stopped", 3)
    team = recording["reward"].sum("step").values
    np.testing.assert_allclose(team, recording["return"].values, atol=1e-5)


def test_other_packages_get_individual_rewards_too() -> None:
    env = to_pettingzoo("lbf-2p-2f", field_size=5, reward="individual", step_cost="move", step_penalty=0.25)
    seen, _ = env.reset(seed=1)
    free = seen["agent_0"]["action_mask"][1:5].argmax() + 1
    _, rewards, *_ = env.step({"agent_0": free, "agent_1": 0})
    assert rewards == {"agent_0": -0.25, "agent_1": 0.0}


def test_environments_of_pettingzoo_keep_individual_rewards() -> None:
    own, added = (
        from_pettingzoo(relay(rewards={"a": 1.0, "b": 3.0}), episode_limit=10, reward=kind)
        for kind in ("individual", "sum")
    )  # type: ignore[arg-type]
    own.reset([1])
    added.reset([1])
    assert own.spec.individual_rewards
    for _ in range(3):
        actions = np.zeros((1, own.spec.n_agents), int)
        each, team = own.step(actions), added.step(actions)
        assert each.reward.shape == (1, own.spec.n_agents)
        np.testing.assert_allclose(each.team_reward, team.reward)


def test_older_files_mean_the_teams_reward() -> None:
    stored = as_dict(configure("iql"))
    del stored["env_options"]["reward"]
    assert flat(from_dict(stored, 4))["env_options.reward"] == "team"
