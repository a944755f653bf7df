"""The variational autoencoder G_omega of identity semantics and observation masks (section 4, App. C)."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import hardtanh

from na2q.nets import mlp


class Posterior(NamedTuple):
    """Diagonal Gaussian over identity semantics z_i."""

    mean: Float[Tensor, "... z"]
    log_std: Float[Tensor, "... z"]
    std: Float[Tensor, "... z"]

    def sample(self, noise: Float[Tensor, "... z"]) -> Float[Tensor, "... z"]:
        """Reparametrised sample; zero noise gives the mean."""
        return torch.addcmul(self.mean, self.std, noise)

    def detach(self) -> "Posterior":
        """Cut the gradient."""
        return Posterior(*(x.detach() for x in self))

    def kl(self) -> Float[Tensor, " ..."]:
        """Kullback-Leibler divergence from N(0, I), in nats."""
        squares = torch.linalg.vecdot(self.mean, self.mean) + torch.linalg.vecdot(self.std, self.std)
        return 0.5 * (squares - self.mean.shape[-1]) - self.log_std.sum(-1)


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
        log_std = hardtanh(self.log_std(features), *self.log_std_range)  # a clamp with a cheaper backward pass
        return Posterior(self.mean(features), log_std, log_std.exp())

    def mask(self, semantics: Float[Tensor, "... z"]) -> Float[Tensor, "... o"]:
        """Mask M_i in (0, 1) over the features of agent i's observation."""
        return torch.sigmoid(self.decoder(semantics))
