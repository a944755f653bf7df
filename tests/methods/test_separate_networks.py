"""Agents with networks of their own: equal to as many networks that stand alone, in every method, stored and loaded."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from interrupted import interrupted_after
from random_task import SPEC, Variant, random_batch

import na2q
from na2q.config import METHOD_OPTIONS, AgentConfig, configure, flat, from_dict
from na2q.config.stored import as_dict
from na2q.nets.agents import RecurrentAgent, unroll_together
from na2q.nets.slots import plan_slots
from na2q.training.rollout import play
from na2q.training.run import train

APART = {"agent.share_parameters": False, "agent.kind": "one_head"}


def alone(agents: RecurrentAgent, i: int) -> RecurrentAgent:
    """A shared network with the weights that agent i has for itself."""
    single = RecurrentAgent(agents.spec, AgentConfig(**vars(agents.config) | {"share_parameters": True}))
    single.load_state_dict({name: x[i] for name, x in agents.state_dict().items()})
    return single


def test_each_agent_is_a_network_that_stands_alone() -> None:
    torch.manual_seed(0)
    online, target = (RecurrentAgent(SPEC, AgentConfig(share_parameters=False)) for _ in range(2))
    batch = random_batch()
    slots = plan_slots(batch, skip_padding=True)
    obs, last = (x.flatten(0, 1)[slots.index] for x in (batch.obs, batch.actions))
    inputs = online.inputs(obs, last)
    both = unroll_together([online, target], inputs, slots)
    weight = torch.randn_like(both[0].q)
    (both[0].q * weight).sum().backward()
    for i in range(SPEC.n_agents):
        for agents, found in zip((online, target), both, strict=True):
            single = alone(agents, i)
            expected = single.unroll(inputs, slots)
            torch.testing.assert_close(found.q[:, i], expected.q[:, i])
            torch.testing.assert_close(found.hidden[:, i], expected.hidden[:, i])
            if agents is online:
                (expected.q[:, i] * weight[:, i]).sum().backward()
                for name, parameter in single.named_parameters():
                    grad = online.get_parameter(name).grad
                    assert grad is not None
                    torch.testing.assert_close(grad[i], parameter.grad, rtol=1e-4, atol=1e-5)


def test_weights_begin_as_those_of_a_shared_network_do() -> None:
    torch.manual_seed(0)
    apart, shared = (RecurrentAgent(SPEC, AgentConfig(share_parameters=share)) for share in (False, True))
    for name, parameter in shared.named_parameters():
        own = apart.get_parameter(name)
        assert own.shape == (SPEC.n_agents, *parameter.shape)
        if parameter.numel() > 500:
            assert own.std(tuple(range(1, own.dim()))).tolist() == pytest.approx([float(parameter.std())] * 3, rel=0.1)
            assert not torch.equal(own[0], own[1])


@pytest.mark.parametrize("method", [name for name in METHOD_OPTIONS if name != "cds"])
def test_every_method_learns_with_agents_of_their_own(method: str) -> None:
    learner = Variant(method, "paper", APART).learner()
    before = [x.clone() for x in learner.online.agent.parameters()]
    logged = learner.update(random_batch())
    assert np.isfinite(list(logged.values())).all()
    for name, old, new in zip(
        learner.online.agent.state_dict(), before, learner.online.agent.parameters(), strict=True
    ):
        assert all((old[i] != new[i]).any() for i in range(SPEC.n_agents)), name


def test_what_one_agent_does_leaves_the_networks_of_others_as_they_are() -> None:
    learner = Variant("iql", settings=APART).learner()
    batch = random_batch()
    step = learner.step(batch)
    (step.q_taken[:, 0].sum()).backward()
    for parameter in learner.online.agent.parameters():
        assert parameter.grad is not None
        assert parameter.grad[0].any()
        assert not parameter.grad[1:].any()


def test_own_heads_beside_a_shared_one_need_a_shared_one() -> None:
    with pytest.raises(ValueError, match=r"agent.share_parameters is False, but agent.kind is 'two_head'"):
        configure("na2q", preset="released", **{"agent.share_parameters": False})
    with pytest.raises(ValueError, match="a method that needs both heads has to share"):
        configure("cds", **{"agent.share_parameters": False})
    with pytest.raises(ValueError, match="CDS penalises local heads"):
        Variant("cds", settings=APART).learner()


def test_a_stopped_run_goes_on_and_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("qmix", "lbf-3p-2f", "smoke", total_steps=300, **APART)
    whole = train(config, tmp_path / "whole")
    interrupted_after(2, config, tmp_path / "stopped", monkeypatch)
    again = train(config, tmp_path / "stopped")
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), whole.drop(columns="seconds"), check_exact=True)
    policy = na2q.load(tmp_path / "stopped")
    assert not policy.config.agent.share_parameters
    assert policy.agent.fc_in.weight.shape[0] == 3
    env = na2q.envs.make("lbf-3p-2f", config.env_options, 2)
    assert len(play(env, policy.agent, 0.0, np.random.default_rng(0), [1, 2]).returns) == 2


def test_weights_of_a_shared_network_do_not_fit() -> None:
    shared, apart = (Variant("vdn", settings={"agent.share_parameters": share}).learner() for share in (True, False))
    with pytest.raises(RuntimeError, match=re.escape("size mismatch for agent.fc_in.weight")):
        apart.online.load_state_dict(shared.online.state_dict())


def test_older_files_mean_a_shared_network() -> None:
    stored = as_dict(configure("vdn"))
    del stored["agent"]["share_parameters"]
    assert flat(from_dict(stored, 4))["agent.share_parameters"] is True
