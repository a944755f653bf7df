"""Shape functions: Table 4's rise and bend up only, two-sided ones rise and bend both ways."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import elu

from na2q.config import NA2QOptions
from na2q.methods.na2q import ShapeFunctions, two_sided_elu
from na2q.theory.monotone import check_igm, convexity_gap, joint_utilities, mixed_difference

SHAPES = ["table4", "two_sided"]


def build(shape: str, order: int, seed: int, nonneg: str = "project") -> ShapeFunctions:
    torch.manual_seed(seed)
    options = dataclasses.replace(NA2QOptions(), shape=shape, nonneg=nonneg)
    net = ShapeFunctions(order, order, options).double()
    with torch.no_grad():
        for layer in net.layers:
            layer.weight *= 6 / layer.weight.shape[-1] ** 0.5  # wide enough to leave the linear range
    return net


def as_function(net: ShapeFunctions):
    return lambda q: net(torch.as_tensor(q)).detach().numpy()[:, 0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nonneg", ["project", "abs"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_shape_functions_never_fall_in_any_utility(shape: str, nonneg: str, order: int) -> None:
    for seed in range(5):
        net = build(shape, order, seed, nonneg)
        q = torch.empty(200, order, dtype=torch.double).uniform_(-4, 4).requires_grad_()
        (slope,) = torch.autograd.grad(net(q).sum(), q)
        assert slope.min() >= 0
        assert slope.max() > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_functions_keep_greedy_agents_jointly_greedy(shape: str) -> None:
    for seed in range(20):
        f = as_function(build(shape, 3, seed))
        utilities = np.random.default_rng(seed).uniform(-2, 2, (3, 4))
        assert check_igm(utilities, f(joint_utilities(utilities))) == (True, True)


def test_only_two_sided_functions_bend_down_and_represent_substitutes() -> None:
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 500, 2))
    gaps = {s: [convexity_gap(as_function(build(s, 2, i)), x, y).min() for i in range(10)] for s in SHAPES}
    mixed = {s: [mixed_difference(as_function(build(s, 2, i)), x, 0, 1, 0.5).min() for i in range(10)] for s in SHAPES}
    for found in (gaps, mixed):
        assert min(found["table4"]) > -1e-10
        assert max(found["two_sided"]) < -0.1


def test_table_4_is_the_default_and_unchanged() -> None:
    assert NA2QOptions().shape == "table4"
    net = build("table4", 2, seed=0)
    q = torch.randn(7, 2, dtype=torch.double)
    w, b = [layer.weight[0].abs() for layer in net.layers], [layer.bias[0] for layer in net.layers]
    by_hand = elu(elu(q @ w[0].T + b[0]) @ w[1].T + b[1]) @ w[2].T + b[2]
    assert torch.allclose(net(q), by_hand, atol=1e-12)


def test_two_sided_units_are_mirror_images() -> None:
    x = torch.linspace(-3, 3, 7, dtype=torch.double)
    both = two_sided_elu(torch.stack([x, -x], -1))
    assert torch.allclose(both[:, 0], -both[:, 1], atol=1e-12)
    assert two_sided_elu(torch.zeros(5, 3)).shape == (5, 3)
