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


class MLPBank(nn.Module):
    """K MLPs of equal widths on one input: `mlp`, K times side by side."""

    layers: Any  # a ModuleList of LinearBank: torch's type forgets its elements

    def __init__(self, count: int, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LinearBank(count, a, b) for a, b in itertools.pairwise(widths))

    def forward(self, x: Float[Tensor, "... i"]) -> Float[Tensor, "... k o"]:
        """Outputs of all K MLPs."""
        weights, biases = zip(*((layer.weight, layer.bias) for layer in self.layers), strict=True)
        out: Any = SideBySide.apply(x.reshape(-1, x.shape[-1]), *weights, *biases)
        out = out.transpose(0, 1)
        return out.reshape(*x.shape[:-1], *out.shape[1:])


class SideBySide(torch.autograd.Function):
    """K MLPs on one input, given all weights, then all biases; in a quarter less time than by torch's own gradients.

    Gradients stay in the order of the maps, (k, r, o), and where a ReLU let nothing through they become zero in place.
    """

    @staticmethod
    def forward(ctx: Any, x: Float[Tensor, "r i"], *arrays: Tensor) -> Float[Tensor, "k r o"]:
        """Return the outputs, for weights of shape (k, o, i) and biases of shape (k, o)."""
        (w, *weights), (b, *biases) = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
        # one product for all maps, since the input is the same
        out = linear(x, w.flatten(0, 1), b.flatten()).unflatten(-1, b.shape).transpose(0, 1)
        hidden = []
        for weight, bias in zip(weights, biases, strict=True):
            hidden.append(out.relu_())
            out = torch.baddbmm(bias.unsqueeze(1), out, weight.mT)
        ctx.save_for_backward(x, w, *weights, *hidden)
        return out

    @staticmethod
    def backward(ctx: Any, *arriving: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the input, the weights and the biases."""
        (x, w, *saved), (g,) = ctx.saved_tensors, arriving
        layers, by_weight, by_bias = len(saved) // 2, list[Tensor](), list[Tensor]()
        for weight, hidden in zip(reversed(saved[:layers]), reversed(saved[layers:]), strict=True):
            by_weight.insert(0, g.mT @ hidden)
            by_bias.insert(0, g.sum(1))
            g = g @ weight
            torch.ops.aten.threshold_backward.grad_input(g, hidden, 0, grad_input=g)
        by_x = (g @ w).sum(0) if ctx.needs_input_grad[0] else None
        return by_x, g.mT @ x, *by_weight, g.sum(1), *by_bias
