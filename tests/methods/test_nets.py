"""Shared networks agree with torch's own."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from na2q.nets import GRU, LinearBank, MLPBank, mlp
from na2q.nets.blocks import SideBySide, in_a_row
from na2q.nets.gaussian import Posterior
from na2q.nets.gru import Unrolled, unroll

SIZES = torch.tensor([4, 4, 3, 3, 1, 1, 1])  # rows of each slot


def test_gru_equals_torch_forward_and_backward() -> None:
    torch.manual_seed(0)
    ours, torchs = GRU(5, 7), nn.GRU(5, 7)
    torchs.load_state_dict(ours.state_dict())
    results = []
    for gru in (ours, torchs):
        x = torch.randn(int(SIZES.sum()), 5, generator=torch.Generator().manual_seed(1)).requires_grad_()
        out = gru.unroll(x, SIZES) if isinstance(gru, GRU) else gru(PackedSequence(x, SIZES))[0].data
        out.square().sum().backward()
        results.append([out, x.grad, *(p.grad for p in gru.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 1), (1,), (3, 2, 2, 1)])
def test_gru_gradient_is_that_of_finite_differences(sizes: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    gru = GRU(2, 3).double()
    x = torch.randn(sum(sizes), 2, dtype=torch.float64, requires_grad=True)
    weights = [w.detach().requires_grad_() for w in gru.all_weights[0]]
    assert torch.autograd.gradcheck(Unrolled.apply, (sizes, x, *weights))


def test_gru_gradients_side_by_side_are_those_of_each_alone() -> None:
    torch.manual_seed(0)
    grus, sizes = [GRU(2, 3).double() for _ in range(3)], (3, 2, 2, 1)
    grus[1].requires_grad_(False)
    xs = [torch.randn(sum(sizes), 2, dtype=torch.float64) for _ in grus]
    outs = unroll(grus, xs, torch.tensor(sizes))
    assert [out.requires_grad for out in outs] == [True, False, True]
    for gru, x, out in zip(grus, xs, outs, strict=True):
        alone = gru.unroll(x, torch.tensor(sizes))
        torch.testing.assert_close(out, alone, rtol=0, atol=0)
        if out.requires_grad:
            both = [
                torch.autograd.grad(y.square().sum(), list(gru.parameters()), retain_graph=True) for y in (out, alone)
            ]
            torch.testing.assert_close(*both)


def test_a_row_of_the_gru_goes_on_from_its_own_state_alone() -> None:
    gru, x = GRU(3, 3), torch.randn(int(SIZES.sum()), 3)
    whole = gru.unroll(x, SIZES)
    first = torch.cat([slot[:1] for slot in x.split(SIZES.tolist())])
    alone = gru.unroll(first, torch.ones_like(SIZES))
    torch.testing.assert_close(torch.cat([slot[:1] for slot in whole.split(SIZES.tolist())]), alone)


def test_linear_bank_is_its_maps_side_by_side() -> None:
    bank, x = LinearBank(3, 4, 2), torch.randn(3, 5, 4)
    for k in range(3):
        torch.testing.assert_close(bank(x)[k], nn.functional.linear(x[k], bank.weight[k], bank.bias[k]))


def test_linear_bank_maps_columns_as_it_maps_rows() -> None:
    bank, x = LinearBank(3, 4, 2), torch.randn(3, 5, 4)
    torch.testing.assert_close(bank.columns(x.mT), bank(x).mT)
    torch.testing.assert_close(bank.columns(x.mT, bank.weight.abs()), bank(x, bank.weight.abs()).mT)


@pytest.mark.parametrize("widths", [(4, 6), (5, 7, 3), (3, 8, 8, 2), (3, 4, 4, 4, 1)])
@pytest.mark.parametrize("rows", [(6,), (2, 3), ()])
def test_mlp_bank_is_its_mlps_side_by_side_forward_and_backward(widths: tuple[int, ...], rows: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    bank, each, x = MLPBank(3, *widths), [mlp(*widths) for _ in range(3)], torch.randn(*rows, widths[0])
    for k, net in enumerate(each):
        ours = {
            f"{2 * i}.{kind}": getattr(layer, kind)[k]
            for i, layer in enumerate(bank.layers)
            for kind in ("weight", "bias")
        }
        net.load_state_dict(ours)
    x.requires_grad_()
    outs = bank(x), torch.stack([net(x) for net in each], -2)
    torch.testing.assert_close(*outs)
    mine = torch.autograd.grad(outs[0].square().sum(), [x, *bank.parameters()])
    others = torch.autograd.grad(outs[1].square().sum(), [x, *(p for net in each for p in net.parameters())])
    stacked = [
        torch.stack(one)
        for one in zip(*(others[1 + k * len(mine[1:]) :][: len(mine[1:])] for k in range(3)), strict=True)
    ]
    for a, b in zip(mine, [others[0], *stacked], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_mlp_bank_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    bank, x = MLPBank(2, 4, 5, 3).double(), torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    weights, biases = zip(*((layer.weight, layer.bias) for layer in bank.layers), strict=True)
    assert torch.autograd.gradcheck(SideBySide.apply, (x, *weights, *biases))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [(9, 4, 2), (9, 2, 7), (3, 3, 3)])
def test_two_linear_maps_in_a_row_are_their_composition(widths: tuple[int, int, int], bias: bool) -> None:
    into, between, out = widths
    first, second = nn.Linear(into, between, bias=bias).double(), nn.Linear(between, out, bias=False).double()
    x = torch.randn(6, into, dtype=torch.double, requires_grad=True)
    inputs = [x, *first.parameters(), *second.parameters()]
    ways = [in_a_row(x, first, second), second(first(x))]
    torch.testing.assert_close(*ways)
    torch.testing.assert_close(*(torch.autograd.grad(y.square().sum(), inputs) for y in ways))


def test_sample_and_divergence_together_are_those_of_autograd() -> None:
    mean, log_std, noise = torch.randn(3, 4, 2, 5, dtype=torch.double)
    mean, log_std = mean.requires_grad_(), log_std.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda mean, log_std: Posterior(mean, log_std, log_std.exp()).sample_and_kl(noise), (mean, log_std)
    )
    posterior = Posterior(mean, log_std, log_std.exp())
    sample, kl = posterior.sample_and_kl(noise)
    torch.testing.assert_close(sample, posterior.sample(noise), rtol=0, atol=0)
    torch.testing.assert_close(kl, posterior.kl(), rtol=0, atol=0)
