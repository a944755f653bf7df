"""A diagonal Gaussian that a network puts out: samples, and its divergence from N(0, I)."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


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

    def sample_and_kl(self, noise: Float[Tensor, "... z"]) -> tuple[Float[Tensor, "... z"], Float[Tensor, " ..."]]:
        """Return `sample` and `kl`, which train faster together than one by one."""
        return SampleAndKL.apply(self.mean, self.log_std, self.std.detach(), noise)  # type: ignore[return-value]


class SampleAndKL(torch.autograd.Function):
    """z = mean + std noise and KL = (|mean|^2 + |std|^2 - dim) / 2 - sum log std, with std = exp(log std).

    With g and k the derivatives of the loss in z and KL, those in mean and log std are ``g + k mean`` and
    ``std (g noise + k std) - k``, in four passes over the arrays, of which autograd makes twelve.
    """

    @staticmethod
    def forward(ctx: Any, mean: Tensor, log_std: Tensor, std: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z, (..., z), and KL, (...), for four arrays of shape (..., z)."""
        ctx.save_for_backward(mean, std, noise)
        posterior = Posterior(mean, log_std, std)
        return posterior.sample(noise), posterior.kl()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of mean and log std."""
        (mean, std, noise), (g, k) = ctx.saved_tensors, (grads[0], grads[1].unsqueeze(-1))
        by_log_std = torch.mul(g, noise).addcmul_(k, std).mul_(std).sub_(k)
        return torch.addcmul(g, k, mean), by_log_std, None, None
