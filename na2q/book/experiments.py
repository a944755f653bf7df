"""Experiments of the theory chapters: what a method's terms add up to, training on one batch, one first update."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sympy
import torch
from numpy import ndarray
from torch import Tensor, nn

from na2q.config import SUBJECT, AgentConfig, configure, defaults
from na2q.methods import METHODS, NA2Q
from na2q.nets.agents import RecurrentAgent
from na2q.spec import EnvSpec
from na2q.theory.monotone import check_igm
from na2q.training.learner import Learner
from na2q.training.rollout import epsilon_greedy
from na2q.types import EpisodeBatch, MixerOutput


def general_form(out: MixerOutput, utilities: Tensor) -> dict[str, Any]:
    """Check Eq. (10) on a mixer's output for all joint actions: the sum of its terms, its credits, and Eq. (1).

    Args:
        out: of a method that has terms, for the joint actions of each context after each other.
        utilities: (contexts, agents, actions).
    """
    assert out.credits is not None
    assert out.contributions is not None
    assert out.bias is not None
    rebuilt = (out.credits * out.contributions).sum(-1) + out.bias
    q_tot, total = out.q_tot.view(len(utilities), -1), out.credits.sum(-1)
    checks = [check_igm(u.numpy(), t.numpy(), 1e-5) for u, t in zip(utilities, q_tot, strict=True)]
    return {
        "largest error of Eq. 10": float((rebuilt - out.q_tot).abs().max()),
        "credits sum to": f"{total.min():.2f} .. {total.max():.2f}",
        "smallest credit": float(out.credits.min()),
        "weak IGM": np.mean([check.weak for check in checks]),
        "strict IGM": np.mean([check.strict for check in checks]),
    }


def taylor_sum(g: sympy.Expr, variables: Sequence[sympy.Symbol], tuples: Sequence[tuple[int, ...]]) -> sympy.Expr:
    """Sum of alpha_t times the product of Q over tuples t of agents, with alpha as in Eq. (2), at the point 0."""
    total = sympy.Integer(0)
    for places in tuples:
        alpha = sympy.diff(g, *[variables[i] for i in places]) if places else g
        monomial = sympy.prod([variables[i] for i in places])
        total += alpha.subs(dict.fromkeys(variables, 0)) / factorial(len(places)) * monomial
    return sympy.expand(total)


def untrained_mixer(method: str, n_agents: int, seed: int) -> Callable[[ndarray], ndarray]:
    """Return the joint value of a method's untrained mixer at one state, as a function of utilities (rows, n)."""
    torch.manual_seed(seed)
    spec = EnvSpec(n_agents, 5, obs_dim=6, state_dim=6 * n_agents, episode_limit=1)
    settings = defaults(method, "matrix-game", "released")
    network: Any = METHODS[method](spec, settings["agent"], settings["options"]).double()
    state = torch.randn(spec.state_dim, dtype=torch.double)

    def q_tot(q: ndarray) -> ndarray:
        return network.mixer(torch.as_tensor(q), state.expand(len(q), -1)).q_tot.detach().numpy()

    return q_tot


def trained(
    batch: EpisodeBatch, env: str, spec: EnvSpec, reduction: str, updates: int, seed: int
) -> tuple[Learner, pd.DataFrame]:
    """Train NA2Q as released on one batch; return the learner and its log, one row for each update.

    Args:
        batch: episodes that every update sees.
        env: task that they are of.
        spec: its sizes.
        reduction: "mean" or "sum", how the loss of the autoencoder is reduced.
        updates: gradient steps.
        seed: of weights and noise.
    """
    config = configure(SUBJECT, env, "released", **{"options.vae_reduction": reduction})
    options: Any = config.options
    learner = Learner(lambda: NA2Q(spec, config.agent, options), config.optim, config.gamma, seed)
    return learner, pd.DataFrame([learner.update(batch) for _ in range(updates)])


class Held(NamedTuple):
    """What a trained autoencoder holds of the steps of a batch."""

    features: ndarray  # of every agent and step, (rows, features)
    sampled: ndarray  # mean mask of each feature, decoded from samples of z
    at_mean: ndarray  # the same, decoded from the posterior's mean
    nats: float  # of one agent's z
    swap: float  # mean change of a mask when z is that of another moment


@torch.no_grad()
def held(learner: Learner, batch: EpisodeBatch) -> Held:
    """Measure what the autoencoder of a NA2Q learner holds of a batch."""
    step = learner.step(batch)
    vae: Any = learner.online.vae
    posterior = vae.encode(step.at_now(step.online.hidden))
    noise = torch.randn_like(posterior.mean)
    at_mean, nats = vae.mask(posterior.sample(0.0 * noise)), posterior.kl().mean().item()
    other = at_mean[torch.randperm(len(at_mean))]
    sampled = vae.mask(posterior.sample(1.0 * noise))
    drawn, plain = (mask.flatten(0, 1).mean(0).numpy() for mask in (sampled, at_mean))
    seen = step.at_now(step.obs).flatten(0, 1).numpy()
    return Held(seen, drawn, plain, nats, (at_mean - other).abs().mean().item())


def gradient_norm(*parts: nn.Module) -> Tensor:
    """Length of the gradient of some modules together."""
    grads = [parameter.grad for part in parts for parameter in part.parameters()]
    return torch.stack([grad.square().sum() for grad in grads if grad is not None]).sum() ** 0.5


def first_update(
    spec: EnvSpec,
    env: str,
    batch: EpisodeBatch,
    seed: int,
    noise: Any = None,
    agent: AgentConfig | None = None,
    **changed: Any,
) -> dict[str, float]:
    """Return loss terms and gradient norms of a first update of NA2Q as released, with some of its options changed.

    Args:
        spec: sizes of the task.
        env: the task.
        batch: episodes of it.
        seed: of the weights.
        noise: of the autoencoder; drawn where it is left out.
        agent: network of the agents, where it is another.
        changed: options of the method by name.
    """
    settings = defaults(SUBJECT, env, "released")
    options, network = replace(settings["options"], **changed), agent or settings["agent"]
    learner = Learner(lambda: NA2Q(spec, network, options), settings["optim"], 0.99, seed)
    net: Any = learner.online
    step = learner.step(batch, noise=noise)
    losses = learner.losses(step)
    learner.backward(losses)
    own = torch.stack([loss.weight * loss.value for name, loss in losses.items() if name != "td"]).sum()
    found = {
        "TD loss": losses["td"].value,
        "β L_G": own,
        "gradient of agent": gradient_norm(net.agent),
        "gradient of encoder": gradient_norm(net.vae.encoder),
        "spread of credits": net.mix(step.q_taken, step.live).credits.std(-1).mean(),
    }
    return {name: value.item() for name, value in found.items()}


def acting(agent: RecurrentAgent, epsilon: float, rng: np.random.Generator) -> Callable[..., tuple[ndarray, Tensor]]:
    """Return one step of every agent as a function: Q_i and h_i from o_i, u_i and h_i, then epsilon-greedy actions."""

    @torch.no_grad()
    def act(seen: ndarray, avail: ndarray, last: ndarray, hidden: Tensor) -> tuple[ndarray, Tensor]:
        q, hidden = agent.step(torch.as_tensor(seen)[None], torch.as_tensor(last)[None], hidden)
        return epsilon_greedy(q.numpy(), avail[None], epsilon, rng)[0], hidden

    return act
