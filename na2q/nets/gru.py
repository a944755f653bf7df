r"""The GRU over whole episodes, with a backward pass of its own.

**Forward.** With the input x and the state h of one slot, and one block of the weights for each gate r, z and n,

    r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
    z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
    m  = W_hn h + b_hn
    n  = tanh(W_in x + b_in + r m)
    h' = n + z (h - n)

Products with x need no state, so that all slots share one product for each gate; only the products with h have to
wait for the slot before.

**Backward.** Let g be the derivative of the loss in h'. Call a_r, a_z and a_n the arguments of the three gates. Since
sigmoid' = r (1 - r) and tanh' = 1 - n^2, the derivatives of h' in what the weights produce are

    dh'/da_n = (1 - z) (1 - n^2)  =: s
    dh'/dm   = s r
    dh'/da_r = s m r (1 - r)
    dh'/da_z = (h - n) z (1 - z)

None of them contains g. They are therefore computed for all slots at once, before the loop. The loop runs from the last
slot to the first and does what must be done in order: g is what arrives from above plus what the later slot carries
back, and what is carried on is

    z g + W_hr' (g dh'/da_r) + W_hz' (g dh'/da_z) + W_hn' (g dh'/dm)

The gradient of each weight is again one product over all slots, with x for the input weights and with h for the
recurrent ones. Only the input weights of gate n differ: they see g s instead of g s r.

torch steps autograd through every gate of every slot, and multiplies the gradients of weights slot by slot, which
takes a quarter longer on a CPU.
"""

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
        """Outputs of all slots of a packed sequence, from a state of zeros.

        Args:
            x: the inputs of slot 0, then those of slot 1, and so on.
            sizes: rows of each slot, never rising; row i of a slot goes on from row i of the slot before.
        """
        if x.is_cuda:  # cuDNN
            return self(PackedSequence(x, sizes))[0].data
        return Unrolled.apply(x, tuple(sizes.tolist()), *self.all_weights[0])  # type: ignore[return-value]  # a tensor


class Unrolled(torch.autograd.Function):
    """The formulas of this module. Arrays over gates have the gate first, in torch's order r, z, n."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sizes: tuple[int, ...], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        """Return h' of every row."""
        rows, width = len(x), w_hh.shape[1]
        b_n = b_hh[2 * width :]  # belongs to m; the other recurrent biases may join those of the input
        biases = torch.cat([b_ih[: 2 * width] + b_hh[: 2 * width], b_ih[2 * width :]])
        gates = x.new_empty(3, rows, width)
        for gate, w, b in zip(gates, w_ih.chunk(3), biases.chunk(3), strict=True):
            torch.addmm(b, x, w.t(), out=gate)
        m, out = x.new_empty(rows, width), x.new_empty(rows, width)
        products, w_t = x.new_empty(sizes[0], 3 * width), w_hh.t().contiguous()
        state = x.new_zeros(sizes[0], width)
        for size, r_z, n, m_slot, after in zip(
            sizes, gates[:2].split(sizes, 1), gates[2].split(sizes), m.split(sizes), out.split(sizes), strict=True
        ):
            before = state[:size]
            product = torch.mm(before, w_t, out=products[:size])
            r_z.add_(product[:, : 2 * width].unflatten(1, (2, width)).transpose(0, 1)).sigmoid_()
            torch.add(product[:, 2 * width :], b_n, out=m_slot)
            # tanh(a) = 2 sigmoid(2 a) - 1, of which torch computes the right side ten times faster
            n.addcmul_(r_z[0], m_slot).mul_(2).sigmoid_().mul_(2).sub_(1)
            state = torch.lerp(n, before, r_z[1], out=after)
        ctx.sizes = sizes
        ctx.save_for_backward(x, w_ih, w_hh, gates, m, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and of the weights."""
        x, w_ih, w_hh, (r, z, n), m, out = ctx.saved_tensors
        (arriving,), sizes, width = grads, ctx.sizes, w_hh.shape[1]
        states = states_before(out, sizes)
        keep = 1 - z
        s = torch.addcmul(keep, keep, n.square(), value=-1)
        slopes = out.new_empty(3, *out.shape)  # of h' in a_r, a_z and m
        torch.mul(s, r, out=slopes[2])
        torch.mul(slopes[2], m, out=slopes[0]).mul_(1 - r)
        torch.sub(states, n, out=slopes[1]).mul_(z).mul_(keep)
        g, blocks = arriving.clone(), w_hh.view(3, width, width)
        carried = out.new_zeros(0, width)
        for g_slot, z_slot, by_gate in zip(*(a.split(sizes, -2)[::-1] for a in (g, z, slopes)), strict=True):
            g_slot[: len(carried)].add_(carried)
            by_gate.mul_(g_slot)
            carried = torch.addbmm(g_slot * z_slot, by_gate, blocks)
        d_w_hh, d_b_hh = torch.cat([part.t() @ states for part in slopes]), slopes.sum(1).flatten()
        torch.mul(g, s, out=slopes[2])
        d_w_ih, d_b_ih = torch.cat([part.t() @ x for part in slopes]), slopes.sum(1).flatten()
        d_x = torch.zeros_like(x)
        for part, block in zip(slopes, w_ih.chunk(3), strict=True):
            d_x.addmm_(part, block)
        return d_x, None, d_w_ih, d_w_hh, d_b_ih, d_b_hh


def states_before(out: Float[Tensor, "p h"], sizes: tuple[int, ...]) -> Float[Tensor, "p h"]:
    """State that each row began its slot with: zeros, then the rows of the slot before that go on."""
    going_on = (slot[:size] for slot, size in zip(out.split(sizes), sizes[1:], strict=False))
    return torch.cat([out.new_zeros(sizes[0], out.shape[1]), *going_on])
