"""Shared networks agree with torch's own."""

import torch
from torch import nn

from na2q.nets import GRU, LinearBank


def test_gru_equals_torch_forward_and_backward() -> None:
    torch.manual_seed(0)
    ours, torchs = GRU(5, 7), nn.GRU(5, 7)
    torchs.load_state_dict(ours.state_dict())
    results = []
    for gru in (ours, torchs):
        x, h = (torch.randn(*shape, generator=torch.Generator().manual_seed(1)) for shape in ((9, 4, 5), (1, 4, 7)))
        x.requires_grad_(), h.requires_grad_()
        out, last = gru(x, h)
        (out.square().sum() + (3 * last).sum()).backward()
        results.append([out, last, x.grad, h.grad, *(p.grad for p in gru.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_gru_gradient_is_that_of_finite_differences() -> None:
    gru = GRU(2, 3).double()
    x, h = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((4, 2, 2), (1, 2, 3)))
    assert torch.autograd.gradcheck(lambda x, h: gru(x, h)[0], (x, h))


def test_gru_over_chunks_equals_one_pass() -> None:
    gru, x = GRU(3, 3), torch.randn(6, 2, 3)
    whole, _ = gru(x, torch.zeros(1, 2, 3))
    first, carried = gru(x[:4], torch.zeros(1, 2, 3))
    second, _ = gru(x[4:], carried)
    torch.testing.assert_close(torch.cat([first, second]), whole)


def test_linear_bank_is_its_maps_side_by_side() -> None:
    bank, x = LinearBank(3, 4, 2), torch.randn(3, 5, 4)
    for k in range(3):
        torch.testing.assert_close(bank(x)[k], nn.functional.linear(x[k], bank.weight[k], bank.bias[k]))
    torch.testing.assert_close(bank.shared(x[0])[1], nn.functional.linear(x[0], bank.weight[1], bank.bias[1]))
