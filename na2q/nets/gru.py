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

torch steps autograd through every gate of every slot and multiplies the gradients of weights slot by slot, which
takes longer on a CPU.
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
    """The formulas of this module; arrays over gates have them side by side, in torch's order r, z, n.

    tanh(a) = 2 sigmoid(2 a) - 1, of which torch computes the right side ten times faster. The weights of gate n carry
    that factor of 2, so that m and a_n stand for their doubles in `forward`; doubling changes no rounding.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sizes: tuple[int, ...], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        """Return h' of every row, (p, h), for inputs x of shape (p, i)."""
        width = w_hh.shape[1]
        double = torch.tensor([1.0, 1.0, 2.0], dtype=x.dtype).repeat_interleave(width)
        b_n, minus_one = 2 * b_hh[2 * width :], x.new_tensor(-1.0)
        biases = torch.cat([b_ih[: 2 * width] + b_hh[: 2 * width], 2 * b_ih[2 * width :]])
        gates = torch.addmm(biases, x, w_ih.t() * double)
        w_t, (r_z, n) = w_hh.t() * double, gates.split((2 * width, width), 1)
        m, out, state = x.new_empty(len(x), width), x.new_empty(len(x), width), x.new_zeros(sizes[0], width)
        arrays = (a.split(sizes) for a in (r_z, gates[:, :width], gates[:, width : 2 * width], n, m, out))
        product = x.new_empty(0, 3 * width)
        for size, r_z_t, r_t, z_t, n_t, m_t, out_t in zip(sizes, *arrays, strict=True):
            if size != len(product):
                state, product = state[:size], x.new_empty(size, 3 * width)
                product_r_z, product_n = product.split((2 * width, width), 1)
            torch.mm(state, w_t, out=product)
            r_z_t.add_(product_r_z).sigmoid_()
            torch.add(product_n, b_n, out=m_t)
            torch.add(minus_one, n_t.addcmul_(r_t, m_t).sigmoid_(), alpha=2, out=n_t)
            state = torch.lerp(n_t, state, z_t, out=out_t)
        ctx.sizes = sizes
        ctx.save_for_backward(x, w_ih, w_hh, gates, m, out)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and of the weights."""
        x, w_ih, w_hh, gates, m, out = ctx.saved_tensors
        (arriving,), sizes, width = grads, ctx.sizes, w_hh.shape[1]
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
        return slopes @ w_ih, None, slopes.t() @ x, d_w_hh, slopes.sum(0), d_b_hh


def states_before(out: Float[Tensor, "p h"], sizes: tuple[int, ...]) -> Float[Tensor, "p h"]:
    """State that each row began its slot with: zeros, then the rows of the slot before that go on."""
    going_on = (slot[:size] for slot, size in zip(out.split(sizes), sizes[1:], strict=False))
    return torch.cat([out.new_zeros(sizes[0], out.shape[1]), *going_on])
