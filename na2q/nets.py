"""Small networks that several methods share."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers of the given widths with ReLU between them and none after the last."""
    layers: list[nn.Module] = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        layers += [nn.ReLU()] * (i > 0) + [nn.Linear(fan_in, fan_out)]
    return nn.Sequential(*layers)


class LinearBank(nn.Module):
    """K linear maps of equal shape, applied side by side as one batched matrix product.

    Weights are laid out (k, out, in), like K stacked `nn.Linear`, and initialised like them.
    """

    def __init__(self, count: int, fan_in: int, fan_out: int) -> None:
        super().__init__()
        bound = fan_in**-0.5
        self.weight = nn.Parameter(torch.empty(count, fan_out, fan_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(count, fan_out).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "k r i"], weight: Tensor | None = None) -> Float[Tensor, "k r o"]:
        """Map input k by linear map k; `weight` stands in for the stored weights where given."""
        weight = self.weight if weight is None else weight
        return torch.baddbmm(self.bias.unsqueeze(1), x, weight.mT)
