"""NA2Q (Liu, Zhu and Chen, ICML 2023): a neural additive model over agents and pairs, with attention credits."""

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import elu

from na2q.config import AgentConfig, NA2QOptions
from na2q.methods.base import Coalition, Group, QLearning, Step, owned
from na2q.nets import LinearBank, mlp
from na2q.spec import EnvSpec
from na2q.types import Loss, MixContext, MixerOutput, masked_mean
from na2q.vae import VAE, Posterior


class Noise(NamedTuple):
    """Standard normal draws of one update, (r, n, z) each."""

    vae: Tensor  # sample behind mask and VAE loss
    live: Tensor  # sample behind the online credits
    ahead: Tensor  # sample behind the target credits


def two_sided_elu(x: Float[Tensor, "... i"]) -> Float[Tensor, "... i"]:
    """Apply ELU(x) to the first half of the units and its mirror image -ELU(-x) to the others.

    Both rise everywhere; one is convex and the other concave.
    """
    convex, concave = x.tensor_split(2, -1)
    return torch.cat([elu(convex), -elu(-concave)], -1)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"table4": elu, "two_sided": two_sided_elu}
"""Hidden units of a shape function by `NA2QOptions.shape`."""


class ShapeFunctions(nn.Module):
    """Monotone MLPs d -> 8 -> 4 -> 1 for all coalitions of one order d (Table 4).

    Weights count by absolute value, biases are free, so that no shape function ever falls in any
    of its utilities. With Table 4's units each is also convex and supermodular; the two-sided units
    lift that restriction.
    """

    members: Tensor
    layers: Any  # a ModuleList of LinearBank: torch's type forgets its elements

    def __init__(self, n_agents: int, order: int, options: NA2QOptions) -> None:
        super().__init__()
        self.coalitions = tuple(combinations(range(n_agents), order))
        widths = (order, *options.shape_hidden, 1)
        count = len(self.coalitions)
        banks = [LinearBank(count, a, b) for a, b in pairwise(widths)]
        self.layers = nn.ModuleList(banks)
        self.activation = ACTIVATIONS[options.shape]
        self.in_graph = options.nonneg == "abs"
        self.register_buffer("members", torch.tensor(self.coalitions), persistent=False)
        self.project()

    def project(self) -> None:
        """Replace the weights by their absolute values, where these are not taken in the graph."""
        if not self.in_graph:
            with torch.no_grad():
                for layer in self.layers:
                    layer.weight.abs_()

    def forward(self, q: Float[Tensor, "r n"]) -> Float[Tensor, "r k"]:
        """Evaluate f_k(Q_k) of every coalition of this order."""
        x = q[:, self.members].transpose(0, 1)  # (k, r, order)
        for i, layer in enumerate(self.layers):
            x = self.activation(x) if i else x
            x = layer(x, layer.weight.abs() if self.in_graph else None)
        return x.squeeze(-1).T


class Credits(nn.Module):
    """Attention between semantics and state that gives every coalition its credit (Eq. 8).

    As released: key = ReLU(V W_k z), query = reshape(U W_q s, (m, m)), and the credits are the softmax
    of (query key) / sqrt(m). With relu_on="state" the ReLU moves to the query, as Eq. (8) prints.
    """

    def __init__(self, spec: EnvSpec, semantics: int, terms: int, options: NA2QOptions) -> None:
        super().__init__()
        self.key_in = nn.Linear(semantics, options.embed)
        self.key_out = nn.Linear(options.embed, terms, bias=False)
        self.query_in = nn.Linear(spec.state_dim, options.embed)
        self.query_out = nn.Linear(options.embed, terms * terms, bias=False)
        self.relu_on_state = options.relu_on == "state"
        self.scale = terms**-0.5 if options.scale_credits else 1.0

    def forward(self, z: Float[Tensor, "r nz"], state: Float[Tensor, "r s"]) -> Float[Tensor, "r k"]:
        """Credits alpha_k > 0 that sum to one."""
        key = self.key_out(self.key_in(z))
        query = self.query_out(self.query_in(state)).unflatten(-1, (key.shape[-1], -1))
        if self.relu_on_state:
            query = query.relu()
        else:
            key = key.relu()
        return torch.softmax(torch.einsum("rkj,rj->rk", query, key) * self.scale, -1)


class NA2QMixer(nn.Module):
    """Q_tot = f_0(s) + sum_k alpha_k(s, z) f_k(Q_k) over coalitions k (Eq. 7)."""

    shapes: Any  # a ModuleList of ShapeFunctions: torch's type forgets its elements

    def __init__(self, spec: EnvSpec, hidden: int, options: NA2QOptions) -> None:
        super().__init__()
        wrong = [order for order in options.orders if not 1 <= order <= spec.n_agents]
        if wrong or not options.orders or len(set(options.orders)) < len(options.orders):
            raise ValueError(
                f"orders is {options.orders}: give different coalition sizes between 1 and "
                f"the number of agents, {spec.n_agents}"
            )
        self.shapes = nn.ModuleList(ShapeFunctions(spec.n_agents, d, options) for d in sorted(options.orders))
        self.coalitions: tuple[Coalition, ...] = sum((shape.coalitions for shape in self.shapes), ())
        self.credits = Credits(spec, spec.n_agents * hidden, len(self.coalitions), options)
        self.bias = mlp(spec.state_dim, *options.bias_hidden, 1)

    def forward(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix utilities, given state and semantics in `ctx`."""
        if ctx.semantics is None:
            raise ValueError("NA2Q mixes with identity semantics, but the context holds none")
        lead = q.shape[:-1]
        q, state, z = q.flatten(0, -2), ctx.state.flatten(0, -2), ctx.semantics.flatten(-2).flatten(0, -2)
        contributions = torch.cat([shape(q) for shape in self.shapes], -1)
        credits = self.credits(z, state)
        bias = self.bias(state).squeeze(-1)
        q_tot = (credits * contributions).sum(-1) + bias
        return MixerOutput(*(x.reshape(*lead, *x.shape[1:]) for x in (q_tot, credits, contributions, bias)))


class NA2Q(QLearning):
    """Two-headed agents, the additive mixer, and a VAE whose semantics z_i inform the credits."""

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: NA2QOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = NA2QMixer(spec, agent.hidden, options)
        self.vae = VAE(agent.hidden, options.vae_hidden, spec.obs_dim, options.log_std_range)

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """All coalitions of the chosen orders, smallest first."""
        return self.mixer.coalitions

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Eq. (7)."""
        return self.mixer(q, ctx)

    def draw_noise(self, transitions: int, generator: torch.Generator) -> Noise:
        """Draw three samples per agent and transition, in the order of the released code."""
        shape = (3, transitions, self.spec.n_agents, self.agent.config.hidden)
        return Noise(*torch.randn(shape, generator=generator, device=generator.device))

    def prepare(self, step: Step, target: QLearning) -> Step:
        """Sample the semantics that the credits see, online and target."""
        options = self.options
        assert isinstance(target, NA2Q)
        posterior = self.vae.encode(step.live.hidden)
        noise = step.noise.vae if options.share_sample else step.noise.live
        source = posterior if options.td_to_encoder else posterior.detach()
        with torch.no_grad():
            encoder = target.vae if options.target_encoder else self.vae
            ahead = encoder.encode(step.ahead.hidden).sample(step.noise.ahead)
        return step._replace(
            live=step.live._replace(semantics=source.sample(noise)),
            ahead=step.ahead._replace(semantics=ahead),
            extra=posterior,
        )

    @property
    def computes_padding(self) -> bool:
        """The released VAE loss averages over padded slots (A10)."""
        return not self.options.mask_padding

    def losses(self, step: Step, target: QLearning) -> dict[str, Loss]:
        """TD error + beta L_G (Eq. 9); L_G trains the agent's trunk too (A6)."""
        beta = self.options.beta
        terms = self.vae_terms(step.extra, step.noise.vae, step.live.obs, step.weight)
        return super().losses(step, target) | {name: Loss(value, beta) for name, value in terms.items()}

    def vae_terms(
        self, posterior: Posterior, noise: Tensor, obs: Float[Tensor, "r n o"], weight: Float[Tensor, " r"]
    ) -> dict[str, Tensor]:
        """Reconstruction error, KL divergence and L1 norm of the masks (Eq. 6)."""
        mask = self.vae.mask(posterior.sample(noise))
        terms = {"reconstruction": (mask * obs - obs).square(), "kl": posterior.kl(), "mask_l1": mask}
        if not self.options.mask_padding:
            weight = torch.ones_like(weight)
        mean = {name: masked_mean(x, weight) for name, x in terms.items()}
        if self.options.vae_reduction == "mean":
            return mean
        return {name: value * terms[name].shape[1:].numel() for name, value in mean.items()}

    def parameter_groups(self) -> list[Group]:
        """RMSprop for the agent, Adam for the VAE (App. F.3) and, as released, the mixer (A13)."""
        if self.options.mixer_optimizer == "adam":
            return [
                Group("agent", owned(self.agent), "rmsprop"),
                Group("mixer", owned(self.mixer, self.vae), "adam"),
            ]
        return [
            Group("agent", owned(self.agent, self.mixer), "rmsprop"),
            Group("vae", owned(self.vae), "adam"),
        ]

    def after_step(self, step: Step) -> dict[str, float]:
        """Project the shape functions' weights back to non-negative ones (A14)."""
        for shape in self.mixer.shapes:
            shape.project()
        return {}
