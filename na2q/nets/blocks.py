"""Layers that several networks are built from."""

import itertools
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import elu, linear


def mlp(*widths: int) -> nn.Sequential:
    """Linear layers of the given widths with ReLU between them and none after the last."""
    layers: list[nn.Module] = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        layers += [nn.ReLU(inplace=True)] * (i > 0) + [nn.Linear(fan_in, fan_out)]
    return nn.Sequential(*layers)


def in_a_row(x: Float[Tensor, "r i"], first: nn.Linear, second: nn.Linear) -> Float[Tensor, "r o"]:
    """Apply two linear maps in a row, the second without bias: as one map where that takes fewer products."""
    into, between, out = first.in_features, first.out_features, second.out_features
    if into * out > (into + out) * between:
        return second(first(x))
    return linear(x, second.weight @ first.weight, None if first.bias is None else second.weight @ first.bias)


def two_sided_elu(x: Float[Tensor, "... i"], axis: int = -1) -> Float[Tensor, "... i"]:
    """Apply ELU(x), which is convex, to the first half of the units and its mirror image -ELU(-x) to the others."""
    convex, concave = x.tensor_split(2, axis)
    return torch.cat([elu(convex), -elu(-concave)], axis)


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
        """Map input k by linear map k; `weight` (k, o, i) stands in for the stored weights where given."""
        weight = self.weight if weight is None else weight
        return torch.baddbmm(self.bias.unsqueeze(1), x, weight.mT)

    def columns(self, x: Float[Tensor, "k i r"], weight: Tensor | None = None) -> Float[Tensor, "k o r"]:
        """Do as `forward` for rows that stand side by side, which is faster for maps of a few units.

        `weight` (k, o, i) stands in for the maps' own.
        """
        return torch.baddbmm(self.bias.unsqueeze(2), self.weight if weight is None else weight, x)

    def across(
        self, x: Float[Tensor, "... k i"], weight: Float[Tensor, "k o i"], bias: Float[Tensor, "k o"]
    ) -> Float[Tensor, "... k o"]:
        """Map entry k of the last axis but one by linear map k, with the given weights."""
        rows = x.reshape(-1, *x.shape[-2:]).transpose(0, 1)
        return torch.baddbmm(bias.unsqueeze(1), rows, weight.mT).transpose(0, 1).reshape(*x.shape[:-1], -1)

    def each(self, x: Float[Tensor, "... k i"]) -> Float[Tensor, "... k o"]:
        """Map entry k of the last axis but one by linear map k."""
        return self.across(x, self.weight, self.bias)

    def shared(self, x: Float[Tensor, "r i"]) -> Float[Tensor, "k r o"]:
        """Map one input by every linear map: a single product, since the input is the same."""
        out = linear(x, self.weight.flatten(0, 1), self.bias.flatten())
        return out.unflatten(-1, self.bias.shape).transpose(0, 1)


class MLPBank(nn.Module):
    """K MLPs of equal widths on one input: `mlp`, K times side by side."""

    layers: Any  # a ModuleList of LinearBank: torch's type forgets its elements

    def __init__(self, count: int, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LinearBank(count, a, b) for a, b in itertools.pairwise(widths))

    def forward(self, x: Float[Tensor, "... i"]) -> Float[Tensor, "... k o"]:
        """Outputs of all K MLPs."""
        first, *rest = self.layers
        out = first.shared(x.reshape(-1, x.shape[-1]))
        for layer in rest:
            out = layer(out.relu_())
        out = out.transpose(0, 1)
        return out.reshape(*x.shape[:-1], *out.shape[1:])
