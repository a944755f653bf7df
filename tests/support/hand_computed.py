"""Two agents and nets of width 1 with unit weights and no bias, for numbers that can be worked out by hand."""

from dataclasses import replace
from math import exp
from typing import Any

import torch
from torch import Tensor, nn

from na2q.config import AgentConfig, configure
from na2q.methods import METHODS
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput

SPEC = EnvSpec(n_agents=2, n_actions=2, obs_dim=1, state_dim=1, episode_limit=1, unit_dim=1)
NARROW = {"embed": 1, "hyper": 1}


def build(method: str, spec: EnvSpec = SPEC, preset: str = "released", **options: Any) -> Any:
    """A method whose weights are all 1 and whose biases are all 0."""
    cfg = configure(method, preset=preset)
    agent: AgentConfig = replace(cfg.agent, hidden=1)
    model = METHODS[method](spec, agent, replace(cfg.options, **options))
    for name, parameter in model.named_parameters():
        nn.init.constant_(parameter, 0.0 if "bias" in name.rpartition(".")[2] else 1.0)
    return model


def context(**fields: Any) -> MixContext:
    plain = {
        "state": [[2.0]],
        "obs": [[[1.0], [1.0]]],
        "hidden": [[[0.5], [1.0]]],
        "actions": [[0, 1]],
        "q_max": [[1.0, 0.0]],
        "greedy": [[True, False]],
    } | fields
    return MixContext(**{name: torch.tensor(value) for name, value in plain.items()})


def mix(model: Any, ctx: MixContext | None = None) -> MixerOutput:
    with torch.no_grad():
        return model.mix(torch.tensor([[1.0, -3.0]]), ctx or context())


def assert_is(found: Tensor | None, *expected: float) -> None:
    assert found is not None
    torch.testing.assert_close(found.flatten(), torch.tensor(expected, dtype=torch.float32), rtol=1e-5, atol=1e-6)


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def elu(x: float) -> float:
    return x if x > 0 else exp(x) - 1
