"""Small networks that several methods share."""

import itertools
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear


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
        """Map input k by linear map k; `weight` (k, o, i) stands in for the stored weights where given."""
        weight = self.weight if weight is None else weight
        return torch.baddbmm(self.bias.unsqueeze(1), x, weight.mT)

    def across(
        self, x: Float[Tensor, "... k i"], weight: Float[Tensor, "k o i"], bias: Float[Tensor, "k o"]
    ) -> Float[Tensor, "... k o"]:
        """Map entry k of the last axis but one by linear map k, with the given weights."""
        rows = x.reshape(-1, *x.shape[-2:]).transpose(0, 1)
        return torch.baddbmm(bias.unsqueeze(1), rows, weight.mT).transpose(0, 1).reshape(*x.shape[:-1], -1)

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
            out = layer(out.relu())
        out = out.transpose(0, 1)
        return out.reshape(*x.shape[:-1], *out.shape[1:])


class GRU(nn.GRU):
    """A one-layer GRU over time-major input; on a CPU a fifth faster than torch's, forward and backward.

    torch steps autograd through every gate of every slot and multiplies weight gradients slot by slot. Here one
    backward function keeps only the products with the carried gradient inside its loop.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)

    def forward(
        self, input: Float[Tensor, "t b i"], hx: Float[Tensor, "1 b h"]
    ) -> tuple[Float[Tensor, "t b h"], Float[Tensor, "1 b h"]]:
        """Outputs of all slots and the last one again."""
        if input.is_cuda:  # cuDNN
            return super().forward(input, hx)
        out: Any = _GRUFunction.apply(input, hx[0], *self.all_weights[0])
        return out, out[-1:]


class _GRUFunction(torch.autograd.Function):
    """h' = n + z (h - n) with r, z = sigmoid(gates) and n = tanh(x_n + r h_n); gate order r, z, n.

    Arrays over gates have the gate first, so that each gate of a slot is one dense block.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        slots, rows, width = *x.shape[:2], h.shape[-1]
        b_rzn = torch.cat([b_ih[: 2 * width] + b_hh[: 2 * width], b_ih[2 * width :]])
        gates = x.new_empty(3, slots, rows, width)
        for gate, w, b in zip(gates.flatten(1, 2), w_ih.chunk(3), b_rzn.chunk(3), strict=True):
            torch.addmm(b, x.flatten(0, 1), w.t(), out=gate)
        h_n, part = gates.new_empty(slots, rows, width), gates.new_empty(rows, 3 * width)
        part_rz, part_n = part[:, : 2 * width].unflatten(1, (2, width)).transpose(0, 1), part[:, 2 * width :]
        w_t, b_n = w_hh.t().contiguous(), b_hh[2 * width :]
        states = gates.new_empty(slots + 1, rows, width)
        states[0] = h
        for before, after, rz, n, n_part in zip(states, states[1:], gates[:2].unbind(1), gates[2], h_n, strict=False):
            torch.mm(before, w_t, out=part)
            rz.add_(part_rz).sigmoid_()
            torch.add(part_n, b_n, out=n_part)
            # tanh(a) = 2 sigmoid(2 a) - 1, of which torch computes the right side ten times faster
            n.addcmul_(rz[0], n_part).mul_(2).sigmoid_().mul_(2).sub_(1)
            torch.lerp(n, before, rz[1], out=after)
        ctx.save_for_backward(x, w_ih, w_hh, gates, h_n, states)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]  # one output
        x, w_ih, w_hh, (r, z, n), h_n, states = ctx.saved_tensors
        (grad,) = grads
        slots, rows, width = grad.shape
        keep = 1 - z
        slope_n = torch.addcmul(keep, keep, n.square(), value=-1)  # (1 - z)(1 - n^2): of h' in n's argument
        # of h' in the arguments of r and z, and in the recurrent part of n's
        scaled = grad.new_empty(3, slots, rows, width)
        torch.mul(slope_n, r, out=scaled[2])
        torch.mul(scaled[2], h_n, out=scaled[0]).mul_(1 - r)
        torch.sub(states[:-1], n, out=scaled[1]).mul_(z).mul_(keep)
        total, carry, blocks = torch.empty_like(grad), torch.zeros_like(grad[0]), w_hh.view(3, width, width)
        for arriving, whole, kept, parts in zip(
            *(x.unbind(0)[::-1] for x in (grad, total, z)), scaled.unbind(1)[::-1], strict=True
        ):
            torch.add(arriving, carry, out=whole)
            parts.mul_(whole)
            carry = torch.addbmm(torch.mul(whole, kept, out=carry), parts, blocks)
        flat, before, inputs = scaled.flatten(1, 2), states[:-1].flatten(0, 1), x.flatten(0, 1)
        d_w_hh, d_b_hh = torch.cat([part.t() @ before for part in flat]), flat.sum(1).flatten()
        torch.mul(total, slope_n, out=scaled[2])  # the input part of n's argument has no factor r
        d_w_ih, d_b_ih = torch.cat([part.t() @ inputs for part in flat]), flat.sum(1).flatten()
        d_x = torch.zeros_like(inputs)
        for part, block in zip(flat, w_ih.chunk(3), strict=True):
            d_x.addmm_(part, block)
        return d_x.view_as(x), carry, d_w_ih, d_w_hh, d_b_ih, d_b_hh
