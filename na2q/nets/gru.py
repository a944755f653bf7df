r"""The GRU over whole episodes, with a backward pass of its own.

**Forward.** With the input x and the state h of one slot, and one block of the weights for each gate r, z and n::

    r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
    z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
    m  = W_hn h + b_hn
    n  = tanh(W_in x + b_in + r m)
    h' = n + z (h - n)

Products with x need no state, so that all slots share one product for each gate; only the products with h have to
wait for the slot before.

**Backward.** Let g be the derivative of the loss in h'. Call a_r, a_z and a_n the arguments of the three gates. Since
sigmoid' = r (1 - r) and tanh' = 1 - n^2, the derivatives of h' in what the weights produce are::

    dh'/da_n = (1 - z) (1 - n^2)  =: s
    dh'/dm   = s r
    dh'/da_r = s m r (1 - r)
    dh'/da_z = (h - n) z (1 - z)

None of them contains g. They are therefore computed for all slots at once, before the loop. The loop runs from the last
slot to the first and does what must be done in order: g is what arrives from above plus what the later slot carries
back, and what is carried on is::

    z g + W_hr' (g dh'/da_r) + W_hz' (g dh'/da_z) + W_hn' (g dh'/dm)

The gradient of each weight is again one product over all slots, with x for the input weights and with h for the
recurrent ones. Only the input weights of gate n differ: they see g s instead of g s r.

torch steps autograd through every gate of every slot and multiplies the gradients of weights slot by slot, which
takes longer on a CPU.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence


class GRU(nn.GRU):
    """A one-layer GRU, weights named as torch names them."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)

    def unroll(self, x: Float[Tensor, "p i"], sizes: Int[Tensor, " t"]) -> Float[Tensor, "p h"]:
        """Outputs of all slots of a packed sequence, from a state of zeros; see `unroll`."""
        return unroll([self], [x], sizes)[0]

    def cell(self, x: Float[Tensor, "e n i"], hidden: Float[Tensor, "e n h"]) -> Float[Tensor, "e n h"]:
        """Advance the states of all agents by one step: one fused call instead of a GRU over one step."""
        rows, before = x.flatten(0, 1), hidden.flatten(0, 1)
        return torch.gru_cell(rows, before, *self.all_weights[0]).view_as(hidden)


class GRUBank(nn.Module):
    """K one-layer GRUs of one size, one for each agent, stepped side by side as batched matrix products.

    Weights are named as torch names them, laid out (k, ...) like those of K GRUs stacked, and initialised like them.
    """

    def __init__(self, count: int, inputs: int, hidden: int) -> None:
        super().__init__()
        shapes = {
            "weight_ih_l0": (3 * hidden, inputs),
            "weight_hh_l0": (3 * hidden, hidden),
            "bias_ih_l0": (3 * hidden,),
            "bias_hh_l0": (3 * hidden,),
        }
        for name, shape in shapes.items():
            weight = torch.empty(count, *shape).uniform_(-(hidden**-0.5), hidden**-0.5)
            self.register_parameter(name, nn.Parameter(weight))

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """Weights of input and state, then biases of both, of the only layer, as torch lists them."""
        return [list(self.parameters())]

    def unroll_with(self, x: Float[Tensor, "p k i"]) -> Iterator[tuple[Tensor, ...]]:
        """Yield for each GRU what `Unrolled` takes: its inputs (p, i) and its weights."""
        return zip(*(a.unbind(axis) for a, axis in ((x, 1), *((w, 0) for w in self.parameters()))), strict=True)

    def cell(self, x: Float[Tensor, "e k i"], hidden: Float[Tensor, "e k h"]) -> Float[Tensor, "e k h"]:
        """Advance state k by GRU k, by the formulas of this module."""
        w_ih, w_hh, b_ih, b_hh = self.parameters()
        into, before = x.transpose(0, 1), hidden.transpose(0, 1)
        i_r, i_z, i_n = torch.baddbmm(b_ih.unsqueeze(1), into, w_ih.mT).chunk(3, -1)
        h_r, h_z, m = torch.baddbmm(b_hh.unsqueeze(1), before, w_hh.mT).chunk(3, -1)
        r, z = (i_r + h_r).sigmoid(), (i_z + h_z).sigmoid()
        return torch.lerp((i_n + r * m).tanh(), before, z).transpose(0, 1)


def unroll_banks(
    banks: Sequence[GRUBank], xs: Sequence[Float[Tensor, "p k i"]], sizes: Int[Tensor, " t"]
) -> list[Float[Tensor, "p k h"]]:
    """Do as `unroll` for banks of one size: all their GRUs share one loop over the slots."""
    rows = [arrays for bank, x in zip(banks, xs, strict=True) for arrays in bank.unroll_with(x)]
    outs: Any = Unrolled.apply(tuple(sizes.tolist()), *itertools.chain(*rows))
    return [torch.stack(outs[i : i + len(outs) // len(banks)], 1) for i in range(0, len(outs), len(outs) // len(banks))]


def unroll(
    grus: Sequence[GRU], xs: Sequence[Float[Tensor, "p i"]], sizes: Int[Tensor, " t"]
) -> tuple[Float[Tensor, "p h"], ...]:
    """Outputs of several GRUs of one size for all slots of a packed sequence, from states of zeros.

    Args:
        grus: such as the one that is trained and its older copy, which share one loop over the slots.
        xs: for each GRU, the inputs of slot 0, then those of slot 1, and so on.
        sizes: rows of each slot, never rising; row i of a slot goes on from row i of the slot before.
    """
    if xs[0].is_cuda:  # cuDNN
        return tuple(gru(PackedSequence(x, sizes))[0].data for gru, x in zip(grus, xs, strict=True))
    arrays = (a for gru, x in zip(grus, xs, strict=True) for a in (x, *gru.all_weights[0]))
    return Unrolled.apply(tuple(sizes.tolist()), *arrays)  # type: ignore[return-value]  # a tensor for each GRU


class Unrolled(torch.autograd.Function):
    """The formulas of this module, for one or more GRUs of which each takes five arrays: x and its weights.

    Arrays over gates have them side by side, in torch's order r, z, n. Before the rows `forward` has an axis over GRUs,
    of which `backward` sees those that are trained one by one.

    tanh(a) = 2 sigmoid(2 a) - 1, of which torch computes the right side ten times faster. The weights of gate n carry
    that factor of 2, so that m and a_n stand for their doubles in `forward`; doubling changes no rounding.
    """

    @staticmethod
    def forward(ctx: Any, sizes: tuple[int, ...], *arrays: Tensor) -> tuple[Tensor, ...]:
        """Return h' of every row, (p, h), of each GRU, for inputs x of shape (p, i)."""
        grus = [arrays[i : i + 5] for i in range(0, len(arrays), 5)]
        x, width = arrays[0], arrays[2].shape[1]
        gates, m, out = (x.new_empty(len(grus), len(x), w) for w in (3 * width, width, width))
        double = x.new_tensor([1.0, 1.0, 2.0]).repeat_interleave(width)
        for into, (inputs, w_ih, _, b_ih, b_hh) in zip(gates, grus, strict=True):
            biases = torch.cat([b_ih[: 2 * width] + b_hh[: 2 * width], 2 * b_ih[2 * width :]])
            torch.addmm(biases, inputs, w_ih.t() * double, out=into)
        w_t = torch.stack([w_hh.t() * double for _, _, w_hh, _, _ in grus])
        b_n, minus_one = torch.stack([2 * b_hh[None, 2 * width :] for *_, b_hh in grus]), x.new_tensor(-1.0)
        (r_z, n), state = gates.split((2 * width, width), 2), x.new_zeros(len(grus), sizes[0], width)
        by_slot = (a.split(sizes, 1) for a in (r_z, gates[..., :width], gates[..., width : 2 * width], n, m, out))
        product = x.new_empty(len(grus), 0, 3 * width)
        for size, r_z_t, r_t, z_t, n_t, m_t, out_t in zip(sizes, *by_slot, strict=True):
            if size != product.shape[1]:
                state, product = state[:, :size], x.new_empty(len(grus), size, 3 * width)
                product_r_z, product_n = product.split((2 * width, width), 2)
            torch.bmm(state, w_t, out=product)
            r_z_t.add_(product_r_z).sigmoid_()
            torch.add(product_n, b_n, out=m_t)
            torch.add(minus_one, n_t.addcmul_(r_t, m_t).sigmoid_(), alpha=2, out=n_t)
            state = torch.lerp(n_t, state, z_t, out=out_t)
        outs = out.unbind()
        ctx.sizes, ctx.trained = sizes, [any(ctx.needs_input_grad[1 + 5 * k : 6 + 5 * k]) for k in range(len(grus))]
        ctx.mark_non_differentiable(*(h for h, trained in zip(outs, ctx.trained, strict=True) if not trained))
        kept = ((*grus[k][:3], gates[k], m[k], outs[k]) for k, trained in enumerate(ctx.trained) if trained)
        ctx.save_for_backward(*itertools.chain(*kept))
        return outs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and of the weights."""
        saved, found = iter(ctx.saved_tensors), list[Tensor | None]([None])
        for arriving, trained in zip(grads, ctx.trained, strict=True):
            found += gradients(arriving, ctx.sizes, *(next(saved) for _ in range(6))) if trained else [None] * 5
        return tuple(found)


def gradients(
    arriving: Float[Tensor, "p h"],
    sizes: tuple[int, ...],
    x: Float[Tensor, "p i"],
    w_ih: Float[Tensor, "h3 i"],
    w_hh: Float[Tensor, "h3 h"],
    gates: Float[Tensor, "p h3"],
    m: Float[Tensor, "p h"],
    out: Float[Tensor, "p h"],
) -> list[Tensor]:
    """Gradients of x and of the weights of one GRU, given that of its outputs and what `Unrolled.forward` computed."""
    width = w_hh.shape[1]
    (r, z, n), states = gates.split(width, 1), states_before(out, sizes)
    keep, half = 1 - z, x.new_tensor(0.5)
    s = torch.addcmul(keep, keep, n.square(), value=-1)
    slopes = torch.empty_like(gates)  # of h' in a_r, a_z and m
    by_r, by_z, by_m = slopes.split(width, 1)
    torch.mul(s, r, out=by_m)
    torch.mul(by_m, m, out=by_r).mul_(torch.add(half, r, alpha=-0.5))  # m is doubled
    torch.sub(states, n, out=by_z).mul_(z).mul_(keep)
    g, carried = arriving.clone(), out.new_zeros(0, width)
    arrays = (a.split(sizes)[::-1] for a in (g, z, slopes, slopes.unflatten(1, (3, width))))
    for size, g_t, z_t, slopes_t, by_gate in zip(sizes[::-1], *arrays, strict=True):
        (g_t if len(carried) == size else g_t[: len(carried)]).add_(carried)
        by_gate.mul_(g_t.unsqueeze(1))
        carried = torch.mul(g_t, z_t).addmm_(slopes_t, w_hh)
    d_w_hh, d_b_hh = slopes.t() @ states, slopes.sum(0)
    torch.mul(g, s, out=by_m)
    return [slopes @ w_ih, slopes.t() @ x, d_w_hh, slopes.sum(0), d_b_hh]


def states_before(out: Float[Tensor, "p h"], sizes: tuple[int, ...]) -> Float[Tensor, "p h"]:
    """State that each row began its slot with: zeros, then the rows of the slot before that go on."""
    going_on = (slot[:size] for slot, size in zip(out.split(sizes), sizes[1:], strict=False))
    return torch.cat([out.new_zeros(sizes[0], out.shape[1]), *going_on])
