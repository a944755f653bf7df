r"""Plug in a method and an environment of one's own, then use the command line.

    python examples/plug_in.py train --method weighted --env spread \
        --total-steps 20000 --run-dir runs/spread
    python examples/plug_in.py evaluate runs/spread

The environment is simple_spread, from PettingZoo's particle worlds: pip install mpe2.
"""

from dataclasses import dataclass
from typing import Any

import torch
from mpe2 import simple_spread_v3

from na2q import envs, methods
from na2q.cli import main
from na2q.config import AgentConfig, Settings
from na2q.nets import mlp
from na2q.spec import EnvSpec
from na2q.types import MixContext, MixerOutput

# --- a method ------------------------------------------------------------


@dataclass(frozen=True)
class WeightedOptions(Settings):
    """Settings of the method, each also a flag: --options.hidden 16."""

    hidden: int = 32
    """Hidden units of the net that makes the weights."""


class Weighted(methods.QLearning[WeightedOptions, None, None]):
    """VDN with weights: Q_tot = sum_i w_i(s) Q_i, with w_i(s) >= 0."""

    def __init__(
        self, spec: EnvSpec, agent: AgentConfig, options: WeightedOptions
    ) -> None:
        super().__init__(spec, agent, options)
        self.weights = mlp(spec.state_dim, options.hidden, spec.n_agents)

    def mix(self, q: torch.Tensor, ctx: MixContext) -> MixerOutput:
        """Weigh the utilities q, of which the last axis has one for each agent."""
        credits = self.weights(ctx.state).abs()
        return MixerOutput(
            (credits * q).sum(-1), credits, q, torch.zeros_like(q[..., 0])
        )


methods.register("weighted", Weighted, WeightedOptions())

# --- an environment ------------------------------------------------------


def spread(name: str, options: Any, n_envs: int) -> envs.VectorEnv:
    """Three agents should cover three landmarks; local_ratio=0 rewards the team."""
    world = {"N": 3, "local_ratio": 0.0, "max_cycles": 25, "render_mode": "rgb_array"}
    return envs.from_pettingzoo(
        lambda: simple_spread_v3.parallel_env(**world), n_envs, episode_limit=25
    )


envs.register("spread", spread)

if __name__ == "__main__":
    main()
