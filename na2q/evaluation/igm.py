"""Brute force over all joint actions of one step: who keeps IGM, and whose value never falls in a utility?

IGM (individual-global-max, Eq. 1) asks that the joint action of individually greedy agents maximise Q_tot. A value
that never falls in any utility keeps it; the converse does not hold, so both are measured.
"""

from itertools import product
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from na2q.arguments import checks_arguments
from na2q.config import configure
from na2q.config.checks import Repeats, Whole
from na2q.methods import METHODS, QLearning
from na2q.spec import EnvSpec
from na2q.types import MixContext

SMALL = EnvSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=15, episode_limit=8, unit_dim=5)
"""A task of 64 joint actions, small enough to try them all."""

SLACK = 1e-6  # finite differences and sums in float64 are far more exact


class Counted(NamedTuple):
    """How often a value kept IGM and monotonicity, over weight sets drawn at random."""

    weight_sets: int
    joint_actions: int  # tried for each weight set
    igm: int  # weight sets whose greedy joint action maximises the value
    monotone: int  # weight sets whose value falls in no utility
    lowest_slope: float  # over weight sets, joint actions and agents
    highest_slope: float


@checks_arguments
def joint_action_contexts(online: QLearning, seed: Whole) -> tuple[Float[Tensor, "n a"], MixContext]:
    """Draw random utilities of one step, and a context for each joint action, in float64.

    State, observations, hidden states, semantics and noise are the same in every row.
    """
    rng, spec = torch.Generator().manual_seed(seed), online.spec

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng, dtype=torch.float64) * 2

    n, a, hidden = spec.n_agents, spec.n_actions, online.agent.config.hidden
    q = normal(n, a)
    actions = torch.tensor(list(product(range(a), repeat=n)))
    rows = len(actions)
    noise = online.draw_noise(1, rng)
    ctx = MixContext(
        state=normal(spec.state_dim).expand(rows, -1),
        obs=normal(n, spec.obs_dim).expand(rows, -1, -1),
        hidden=normal(n, hidden).expand(rows, -1, -1),
        actions=actions,
        q_max=q.amax(-1).expand(rows, -1),
        greedy=actions == q.argmax(-1),
        semantics=normal(n, hidden).expand(rows, -1, -1),
    )
    return q, online.with_noise(ctx, noise)


def chosen(q: Float[Tensor, "n a"], ctx: MixContext) -> Float[Tensor, "rows n"]:
    """Utilities of the joint action of each row."""
    return q.expand(len(ctx.actions), -1, -1).gather(-1, ctx.actions.unsqueeze(-1)).squeeze(-1)


@checks_arguments
def random_weights(online: QLearning, seed: Whole) -> QLearning:
    """Turn a network to float64 in place and scale each weight by 1 to 5, far from where initialisation leaves it."""
    online, rng = online.double(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in online.parameters():
            parameter.mul_(1 + 4 * torch.rand(parameter.shape, generator=rng, dtype=torch.float64))
    return online


def slopes(
    online: QLearning, q: Float[Tensor, "rows n"], ctx: MixContext, step: float = 1e-3, value: str = "Q_tot"
) -> Float[Tensor, "rows n"]:
    """Finite differences of one of the method's values in each utility, everything else fixed.

    Not autograd: QPLEX's detached advantages have slopes that no gradient shows.
    """
    up = [online.values(q + step * torch.eye(q.shape[-1])[i], ctx)[value] for i in range(q.shape[-1])]
    return (torch.stack(up, -1) - online.values(q, ctx)[value].unsqueeze(-1)) / step


@checks_arguments
def measure(
    method: str, preset: str = "released", weight_sets: Repeats = 20, spec: EnvSpec = SMALL
) -> dict[str, Counted]:
    """Count the weight sets for which each value of a method keeps IGM and monotonicity; empty without Q_tot."""
    config = configure(method, preset=preset)
    misses: dict[str, list[float]] = {}  # what the individually greedy joint action misses of the largest value
    ends: dict[str, list[tuple[float, float]]] = {}  # the lowest and highest slope
    for seed in range(weight_sets):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            online = METHODS[method](spec, config.agent, config.options)
            q, ctx = joint_action_contexts(online, seed)
            online = random_weights(online, seed)
            if not online.coalitions:
                return {}
            taken = chosen(q, ctx)
            for name, values in online.values(taken, ctx).items():
                low, high = slopes(online, taken, ctx, value=name).aminmax()
                misses.setdefault(name, []).append(float(values.max() - values[ctx.greedy.all(-1)].min()))
                ends.setdefault(name, []).append((float(low), float(high)))
    return {name: _measured(misses[name], ends[name], spec) for name in misses}


def _measured(misses: list[float], ends: list[tuple[float, float]], spec: EnvSpec) -> Counted:
    lowest, highest = zip(*ends, strict=True)
    return Counted(
        weight_sets=len(misses),
        joint_actions=spec.n_actions**spec.n_agents,
        igm=sum(miss <= SLACK for miss in misses),
        monotone=sum(slope >= -SLACK for slope in lowest),
        lowest_slope=min(lowest),
        highest_slope=max(highest),
    )
