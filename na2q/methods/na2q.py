"""NA2Q (Liu, Zhu and Chen, ICML 2023): a neural additive model over agents and pairs, with attention credits."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import combinations, pairwise
from typing import Any, NamedTuple, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import elu, hardtanh

from na2q.config import AgentConfig, NA2QOptions
from na2q.methods.base import Coalition, Group, QLearning, Step, owned
from na2q.nets.blocks import LinearBank, in_a_row, mlp, two_sided_elu
from na2q.nets.gaussian import Posterior
from na2q.spec import EnvSpec
from na2q.types import Loss, MixContext, MixerOutput, masked_mean


class Noise(NamedTuple):
    """Standard normal draws of one update, (r, n, z) each."""

    vae: Tensor  # sample behind mask and VAE loss
    live: Tensor  # sample behind the online credits
    ahead: Tensor  # sample behind the target credits


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"table4": elu, "two_sided": partial(two_sided_elu, axis=-2)}
"""Hidden units of shape functions, (coalitions, units, rows), by `NA2QOptions.shape`.

:meta hide-value:"""


class ShapeFunctions(nn.Module):
    """Monotone MLPs d -> 8 -> 4 -> 1 for all coalitions of one order d (Table 4).

    Weights count by absolute value, biases are free, so that no shape function ever falls in any of its utilities.
    With Table 4's units each is also convex and supermodular; the two-sided units lift that restriction.
    """

    members: Tensor
    layers: Any  # a ModuleList of LinearBank: torch's type forgets its elements

    def __init__(self, n_agents: int, order: int, options: NA2QOptions) -> None:
        super().__init__()
        self.coalitions = tuple(combinations(range(n_agents), order))
        widths, count = (order, *options.shape_hidden, 1), len(self.coalitions)
        self.layers = nn.ModuleList(LinearBank(count, a, b) for a, b in pairwise(widths))
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
        x = q.T.index_select(0, self.members.flatten()).unflatten(0, self.members.shape)  # (k, order, r)
        for i, layer in enumerate(self.layers):
            x = self.activation(x) if i else x
            x = layer.columns(x, layer.weight.abs() if self.in_graph else None)
        return x.squeeze(1).T


class Credits(nn.Module):
    """Attention between semantics and state that gives every coalition its credit (Eq. 8).

    As released: key = ReLU(V W_k z), query = reshape(U W_q s, (m, m)), and the credits are the softmax
    of (query key) / sqrt(m). With relu_on="state" the ReLU moves to the query, as Eq. (8) prints.
    """

    def __init__(self, spec: EnvSpec, source: int, terms: int, options: NA2QOptions) -> None:
        """Build for a key side of width `source`."""
        super().__init__()
        self.key_in = nn.Linear(source, options.embed)
        self.key_out = nn.Linear(options.embed, terms, bias=False)
        self.query_in = nn.Linear(spec.state_dim, options.embed)
        self.query_out = nn.Linear(options.embed, terms * terms, bias=False)
        self.relu_on_state = options.relu_on == "state"
        self.scale = terms**-0.5 if options.scale_credits else 1.0

    def forward(self, source: Float[Tensor, "r i"], state: Float[Tensor, "r s"]) -> Float[Tensor, "r k"]:
        """Credits alpha_k > 0 that sum to one; `source` is (z_1 ... z_n), or the state in the ablation."""
        key = in_a_row(source, self.key_in, self.key_out)
        query = in_a_row(state, self.query_in, self.query_out).unflatten(-1, (key.shape[-1], -1))
        if self.relu_on_state:
            query = query.relu()
        else:
            key = key.relu()
        return torch.softmax((query * key.unsqueeze(1)).sum(-1) * self.scale, -1)


class UniformCredits(nn.Module):
    """The same credit for every coalition: the ablation without attention (section 5.3)."""

    def __init__(self, terms: int, options: NA2QOptions) -> None:
        super().__init__()
        self.terms, self.value = terms, 1.0 if options.uniform_credit == "one" else 1 / terms

    def forward(self, source: Float[Tensor, "r i"], state: Float[Tensor, "r s"]) -> Float[Tensor, "r k"]:
        """Credits that depend on nothing."""
        return state.new_full((len(state), self.terms), self.value)


def usable_orders(orders: tuple[int, ...], agents: int) -> tuple[int, ...]:
    """Return the sizes of coalitions that a team has; a single agent leaves order 1 of the default orders.

    Raises ValueError where the team is smaller than a size that was asked for.
    """
    if agents == 1 and orders == NA2QOptions().orders:
        warnings.warn(f"a single agent forms no pair: of the default orders {orders}, only 1 is used", stacklevel=2)
        return (1,)
    if max(orders) > agents:
        raise ValueError(f"options.orders is {orders}, must not exceed the number of agents, {agents}")
    return orders


class NA2QMixer(nn.Module):
    """Q_tot = f_0(s) + sum_k alpha_k(s, z) f_k(Q_k) over coalitions k (Eq. 7)."""

    shapes: Any  # a ModuleList of ShapeFunctions: torch's type forgets its elements

    def __init__(self, spec: EnvSpec, hidden: int, options: NA2QOptions) -> None:
        super().__init__()
        orders = sorted(usable_orders(options.orders, spec.n_agents))
        self.shapes = nn.ModuleList(ShapeFunctions(spec.n_agents, d, options) for d in orders)
        self.coalitions: tuple[Coalition, ...] = sum((shape.coalitions for shape in self.shapes), ())
        self.anchored = options.anchored
        self.source, terms = options.credits, len(self.coalitions)
        width = {"semantics": spec.n_agents * hidden, "state": spec.state_dim}.get(self.source)
        self.credits = Credits(spec, width, terms, options) if width else UniformCredits(terms, options)
        self.bias = mlp(spec.state_dim, *options.bias_hidden, 1) if options.state_bias else None

    def forward(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Mix utilities, given state and semantics in `ctx`."""
        lead = q.shape[:-1]
        q, state, source = (x.reshape(-1, x.shape[-1]) for x in (q, ctx.state, self.key_source(ctx)))
        contributions = self.shape_functions(q)
        credits = self.credits(source, state)
        bias = state.new_zeros(len(state)) if self.bias is None else self.bias(state).squeeze(-1)
        q_tot = (credits * contributions).sum(-1) + bias
        return MixerOutput(*(x.reshape(*lead, *x.shape[1:]) for x in (q_tot, credits, contributions, bias)))

    def shape_functions(self, q: Float[Tensor, "r n"]) -> Float[Tensor, "r k"]:
        """Evaluate f_k(Q_k) of every coalition, or where they are anchored f_k(Q_k) - f_k(0)."""
        values = torch.cat([shape(q) for shape in self.shapes], -1)
        if not self.anchored:
            return values
        return values - torch.cat([shape(torch.zeros_like(q[:1])) for shape in self.shapes], -1)

    def key_source(self, ctx: MixContext) -> Float[Tensor, "... i"]:
        """Return what the key side of the credits sees (Eq. 8): all agents' semantics, or in ablations the state.

        Raises ValueError where the context holds no semantics.
        """
        if self.source != "semantics":
            return ctx.state
        if ctx.semantics is None:
            raise ValueError("NA2Q mixes with identity semantics, but the context holds none")
        return ctx.semantics.flatten(-2)


class VAE(nn.Module):
    """Encoder h_i -> N(mu, sigma) and decoder z_i -> mask M_i, shared by all agents (App. F.3, A12)."""

    def __init__(self, inputs: int, hidden: int, obs_dim: int, log_std_range: tuple[float, float]) -> None:
        """Build for GRU states of width `inputs`, which is also the width of z (released code)."""
        super().__init__()
        self.log_std_range = log_std_range
        self.encoder = nn.Sequential(mlp(inputs, hidden, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, inputs)
        self.log_std = nn.Linear(hidden, inputs)
        self.decoder = mlp(inputs, hidden, hidden, obs_dim)

    def encode(self, hidden: Float[Tensor, "... h"]) -> Posterior:
        """Posterior of z_i given the agent's history, summarised by its GRU state."""
        features = self.encoder(hidden)
        log_std = hardtanh(self.log_std(features), *self.log_std_range, inplace=True)  # clamp, with a cheaper backward
        return Posterior(self.mean(features), log_std, log_std.exp())

    def mask(self, semantics: Float[Tensor, "... z"]) -> Float[Tensor, "... o"]:
        """Mask M_i in (0, 1) over the features of agent i's observation."""
        return torch.sigmoid(self.decoder(semantics))


class NA2Q(QLearning[NA2QOptions, Noise | None, Posterior | None]):
    """Two-headed agents, the additive mixer, and a VAE whose semantics z_i inform the credits."""

    context_reads = ("state",)

    def __init__(self, spec: EnvSpec, agent: AgentConfig, options: NA2QOptions) -> None:
        super().__init__(spec, agent, options)
        self.mixer = NA2QMixer(spec, agent.hidden, options)
        sizes = (agent.hidden, options.vae_hidden, spec.obs_dim)
        needs_vae = options.credits == "semantics" or options.keep_vae
        self.vae = VAE(*sizes, options.log_std_range) if needs_vae else None

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """All coalitions of the chosen orders, smallest first."""
        return self.mixer.coalitions

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Eq. (7)."""
        return self.mixer(q, ctx)

    def draw_noise(self, transitions: int, generator: torch.Generator) -> Noise | None:
        """Draw three samples per agent and transition, in the order of the released code."""
        if self.vae is None:
            return None
        shape = (3, transitions, self.spec.n_agents, self.agent.config.hidden)
        return Noise(*torch.randn(shape, generator=generator, device=generator.device))

    def prepare(self, step: Step[Noise | None, Any], target: Self) -> Step[Noise | None, Posterior | None]:
        """Encode the semantics, and sample those that the credits see, online and target."""
        if self.vae is None or target.vae is None or step.noise is None:  # an ablation: all three or none
            return step
        options, posterior = self.options, self.vae.encode(step.at_now(step.online.hidden))
        if options.credits != "semantics":
            return replace(step, extra=posterior)
        noise = step.noise.vae if options.share_sample else step.noise.live
        source = posterior if options.td_to_encoder else posterior.detach()
        with torch.no_grad():
            encoder = target.vae if options.target_encoder else self.vae
            ahead = encoder.encode(step.at_next(step.target.hidden)).sample(step.noise.ahead)
        live = step.live.replace(semantics=source.sample(noise))
        return replace(step, live=live, ahead=step.ahead.replace(semantics=ahead), extra=posterior)

    def inspect(
        self, ctx: MixContext, generator: torch.Generator, samples: int = 0
    ) -> tuple[MixContext, dict[str, Tensor]]:
        """Take the posterior mean as semantics; show mask, posterior, and on request the mask averaged over samples."""
        if self.vae is None:
            return ctx, {}
        posterior = self.vae.encode(ctx.hidden)
        shown = {"mask": self.vae.mask(posterior.mean), "z_mean": posterior.mean, "z_std": posterior.std}
        if samples:
            total = torch.zeros_like(shown["mask"])
            for _ in range(samples):
                noise = torch.randn(posterior.mean.shape, generator=generator, dtype=posterior.mean.dtype)
                total += self.vae.mask(posterior.sample(noise))
            shown["mask_sampled"] = total / samples
        return ctx.replace(semantics=posterior.mean), shown

    @property
    def computes_padding(self) -> bool:
        """The released VAE loss averages over padded slots (A10)."""
        return self.vae is not None and not self.options.mask_padding

    def losses(self, step: Step[Noise | None, Posterior | None], target: Self) -> dict[str, Loss]:
        """TD error + beta L_G (Eq. 9); L_G trains the agent's trunk too (A6)."""
        losses = super().losses(step, target)
        if self.vae is None or step.extra is None or step.noise is None:
            return losses
        sample, kl = step.extra.sample_and_kl(step.noise.vae)
        terms = self.vae_terms(kl, self.vae.mask(sample), step.at_now(step.obs), step.weight)
        return losses | {name: Loss(value, self.options.beta) for name, value in terms.items()}

    def vae_terms(
        self,
        kl: Float[Tensor, "r n"],
        mask: Float[Tensor, "r n o"],
        obs: Float[Tensor, "r n o"],
        weight: Float[Tensor, " r"],
    ) -> dict[str, Tensor]:
        """Reconstruction error, KL divergence and L1 norm of the masks (Eq. 6)."""
        sums = {  # over the features of one agent, each with their number
            "reconstruction": ((mask * obs - obs).square().sum(-1), obs.shape[-1]),
            "kl": (kl, self.agent.config.hidden),
            "mask_l1": (mask.sum(-1), mask.shape[-1]),
        }
        if not self.options.mask_padding:
            weight = torch.ones_like(weight)
        n = self.spec.n_agents
        per_transition = {name: (n * masked_mean(x, weight), n * features) for name, (x, features) in sums.items()}
        averaged = self.options.vae_reduction == "mean"
        return {name: total / size if averaged else total for name, (total, size) in per_transition.items()}

    def parameter_groups(self) -> list[Group]:
        """RMSprop for the agent, Adam for the VAE (App. F.3) and, as released, the mixer (A13)."""
        vae = [] if self.vae is None else owned(self.vae)
        if self.options.mixer_optimizer == "adam":
            return [Group("agent", owned(self.agent), "rmsprop"), Group("mixer", owned(self.mixer) + vae, "adam")]
        agent = Group("agent", owned(self.agent, self.mixer), "rmsprop")
        return [agent, Group("vae", vae, "adam")] if vae else [agent]

    def after_step(self, step: Step[Any, Any], optimizers: Mapping[str, torch.optim.Optimizer]) -> dict[str, float]:
        """Project the shape functions' weights back to non-negative ones (A14)."""
        for shape in self.mixer.shapes:
            shape.project()
        return {}
