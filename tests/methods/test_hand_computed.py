"""Two agents, nets of width 1 with unit weights and no bias: numbers that fit on the back of an envelope.

Unless a test says otherwise the utilities are q = (1, -3) and the state is s = 2, so that every such net
maps s to 2.
"""

from dataclasses import replace
from math import log
from typing import Any

import pytest
import torch
from hand_computed import NARROW, SPEC, assert_is, build, context, elu, mix, sigmoid
from torch import nn

from na2q.methods.base import derive_step
from na2q.methods.cds import PredictorRows
from na2q.nets.slots import plan_slots
from na2q.types import NO_ACTION, EpisodeBatch


def test_vdn_adds() -> None:
    assert_is(mix(build("vdn")).q_tot, -2.0)


def test_iql_keeps_utilities_apart() -> None:
    assert_is(mix(build("iql")).q_tot, 1.0, -3.0)


def test_qmix() -> None:
    hidden = elu(2 * 1 + 2 * -3 + 2)  # W_1 = (2, 2), b_1 = 2
    assert_is(mix(build("qmix", **NARROW)).q_tot, 2 * hidden + 2)  # w_2 = V = 2


def test_qmix_weights_count_by_absolute_value() -> None:
    model = build("qmix", **NARROW)
    with torch.no_grad():
        for net in (model.mixer.w1, model.mixer.w2):
            net[2].weight.neg_()
    assert_is(mix(model).q_tot, 2 * elu(-2) + 2)


def test_qtran_sum_and_joint_value() -> None:
    model = build("qtran", embed=1)
    assert_is(mix(model).q_tot, 1 - 3 + 2)
    # [h_i, one-hot] sums to 1.5 and 2; three units a layer triple it; three codes of 10.5 meet s = 2
    with torch.no_grad():
        assert_is(model.joint_value(context(), torch.tensor([[0, 1]])), 3 * (3 * 1.5 + 3 * 2.0) + 2)


def test_qatten() -> None:
    spec = replace(SPEC, state_dim=2)
    out = mix(build("qatten", spec, heads=2, **NARROW), context(state=[[0.25, 0.5]]))
    share = sigmoid(0.75 * (0.5 - 0.25))  # query 0.75 in both heads, keys 0.25 and 0.5
    credits = (2 * 0.75 * (1 - share), 2 * 0.75 * share)
    assert_is(out.credits, *credits)
    assert_is(out.q_tot, credits[0] - 3 * credits[1] + 0.75)


def test_qplex() -> None:
    importance = 2 * sigmoid(2) * sigmoid(2 + 2)  # the action net also sees two ones
    out = mix(build("qplex", kernels=1, hyper=1))
    assert_is(out.q_tot, (2 * 1 + 2) + (2 * -3 + 2) + (importance - 1) * 2 * (-3 - 0))
    assert_is(out.credits, 2, 2, 1)
    assert_is(out.bias, 4)


def test_qplex_gradient_passes_the_values_only() -> None:
    model = build("qplex", kernels=1, hyper=1)
    q = torch.tensor([[1.0, -3.0]], requires_grad=True)
    model.mix(q, context()).q_tot.sum().backward()
    assert_is(q.grad, 2, 2)  # not w_i lambda_i
    assert_is(model.mixer.w[2].bias.grad, 1, -3)  # dQ_tot/dw_i = q_i
    advantage, kernel = 2 * (-3 - 0), 2 * sigmoid(2)
    slope = sigmoid(4) * (1 - sigmoid(4))
    assert_is(model.mixer.importance.action.layers[2].bias.grad, 0, advantage * kernel * slope)


def test_wqmix_central_value_and_weights() -> None:
    model = build("wqmix", central_hidden=1, **NARROW)
    with torch.no_grad():
        assert_is(mix(model).q_tot, 2 * elu(-2) + 2)  # as QMIX
        assert_is(model.central(torch.tensor([[2.0]]), torch.tensor([[1.0, 0.5]])), (2 + 1 + 0.5) + 2)
    assert_is(model.td_weight(torch.tensor([-1.0, 0.0, 1.0])), 1.0, 0.1, 0.1)


def dvd(**options: Any) -> Any:
    model = build("dvd", attention=1, **NARROW, **options)
    with torch.no_grad():
        model.mixer.embed[2].weight[1] = 3.0  # E = (2, 6)
    return model


def test_dvd() -> None:
    out = mix(dvd())  # codes 0.5 and 1, so the logits' gaps are 0.25 and 0.5
    credits = (2 + 4 * sigmoid(0.25), 2 + 4 * sigmoid(0.5))
    assert_is(out.credits, *credits)
    assert_is(out.q_tot, credits[0] - 3 * credits[1] + 2)


@pytest.mark.parametrize(("alive", "second"), [("any", False), ("sum", False), ("all", True)])
def test_dvd_gives_an_agent_without_observation_no_credit(alive: str, second: bool) -> None:
    out = mix(dvd(alive=alive), context(obs=[[[1.0], [0.0]]]))
    assert_is(out.credits, *((2 + 4 * sigmoid(0.25), 2 + 4 * sigmoid(0.5)) if second else (2.0, 0.0)))


@pytest.mark.parametrize(("alive", "credited"), [("any", True), ("sum", False)])
def test_dvd_released_alive_test_drops_agents_whose_features_sum_below_zero(alive: str, credited: bool) -> None:
    out = mix(dvd(alive=alive), context(obs=[[[1.0], [-1.0]]]))
    assert out.credits is not None
    assert bool(out.credits[0, 1] > 0) == credited


def test_shaq() -> None:
    model = build("shaq", samples=2, **NARROW)
    ctx = context(orders=[[[0, 1], [1, 0]]])
    # agent 1 joins second after q_0 = 1, then first after nobody; w1 = (2, 2), b1 = w2 = b2 = 2
    second, first = (2 * elu(2 * team + 2 * -3 + 2) + 2 for team in (1, 0))
    alpha = 1 + (abs(second) + abs(first)) / 2
    out = mix(model, ctx)
    assert_is(out.credits, 1, alpha)
    assert_is(out.q_tot, 1 - 3 * alpha)


def test_shaq_teams_average_their_members() -> None:
    spec = replace(SPEC, n_agents=3)
    model = build("shaq", spec, samples=1, **NARROW)
    alpha = model.mixer(torch.tensor([[1.0, 5.0, 7.0]]), torch.tensor([[2.0]]), torch.tensor([[[0, 1, 2]]]))
    assert_is(alpha.detach(), *(1 + 2 * (2 * team + 2 * q + 2) + 2 for team, q in ((0, 1), (1, 5), (3, 7))))


def test_shaq_without_orders_is_an_error() -> None:
    with pytest.raises(ValueError, match="orders of agents"):
        mix(build("shaq"))


def one_step(terminated: float, model: Any, target: Any, noise: Any = None) -> Any:
    """A transition with reward 1 from one slot to the next."""
    batch = EpisodeBatch(
        obs=torch.ones(1, 2, 2, 1),
        state=torch.full((1, 2, 1), 2.0),
        avail=torch.ones(1, 2, 2, 2, dtype=torch.bool),
        actions=torch.tensor([[[0, 1], [NO_ACTION, NO_ACTION]]]),
        reward=torch.ones(1, 1),
        terminated=torch.full((1, 1), terminated),
        valid=torch.ones(1, 1, dtype=torch.bool),
    )
    return derive_step(model, target, batch, plan_slots(batch, skip_padding=True), 0.5, noise)


@pytest.mark.parametrize(("terminated", "y"), [(0.0, 1 + 0.5 * (7 + 7)), (1.0, 1.0)])
def test_td_loss(terminated: float, y: float) -> None:
    model, target = build("vdn"), build("vdn")
    for net, bias in ((model, 3.0), (target, 7.0)):  # utilities are the head's bias
        nn.init.zeros_(net.agent.head.weight)
        nn.init.constant_(net.agent.head.bias, bias)
    step = one_step(terminated, model, target)
    assert_is(model.td_loss(step, target).detach(), (6 - y) ** 2)


def test_double_q_values_the_online_choice_by_the_target_network() -> None:
    model, target = (build("qplex", kernels=1, hyper=1) for _ in range(2))
    for net, values in ((model, [3.0, 4.0]), (target, [9.0, 7.0])):
        nn.init.zeros_(net.agent.head.weight)
        with torch.no_grad():
            net.agent.head.bias.copy_(torch.tensor(values))
    step = one_step(0.0, model, target)
    assert_is(step.q_next, 7, 7)
    assert_is(step.ahead.q_max, 9, 9)  # QPLEX: advantage over the target network's own best


def test_qtran_penalties_leave_the_joint_value_alone() -> None:
    model, target = build("qtran", embed=1), build("qtran", embed=1)
    losses = model.losses(one_step(1.0, model, target), target)
    (losses["opt"].value + losses["nopt"].value).backward()
    assert all(p.grad is None for p in model.joint.parameters())
    assert model.v[4].bias.grad != 0
    assert model.agent.head.weight.grad.any()


def test_wqmix_target_is_the_target_networks_central_value() -> None:
    model, target = (build("wqmix", central_hidden=1, **NARROW) for _ in range(2))
    for net, central in ((model, 3.0), (target, 7.0)):
        nn.init.zeros_(net.central_agent.head.weight)
        nn.init.constant_(net.central_agent.head.bias, central)
    step = one_step(0.0, model, target)
    assert_is(model.td_target(step, target), 1 + 0.5 * ((2 + 7 + 7) + 2))
    assert_is(model.central_value(step).detach(), (2 + 3 + 3) + 2)


def test_cds_intrinsic_reward() -> None:
    model, target = (build("cds", kernels=1, hyper=1) for _ in range(2))
    for predictor, guess in zip(target.predictors, (0.0, 1.0), strict=True):
        for parameter in predictor.parameters():
            nn.init.zeros_(parameter)
        nn.init.constant_(predictor.layers[2].bias, guess)
    step = one_step(1.0, model, target)
    q = torch.tensor([[0.0, log(2)], [0.0, 0.0]])
    step = replace(
        step,
        online=step.online._replace(q=q.expand(2, 2, 2)),
        extra=PredictorRows(step.extra.inputs, torch.tensor([[[1.0], [2.0]]]), step.extra.weight),
    )
    # pi = (1, 4)/5 and (1, 1)/2 with beta_1 = 2 in the exponent; mean policy (1/3 + 1/2, 2/3 + 1/2)/2
    mean = (5 / 12, 7 / 12)
    kl = [sum(p * log(p / m) for p, m in zip(pi, mean, strict=True)) for pi in ((0.2, 0.8), (0.5, 0.5))]
    with torch.no_grad():
        assert_is(model.intrinsic_reward(step, target), 1 - 2 * 0 + kl[0], 4 - 2 * 1 + kl[1])
        assert_is(model.reward(step, target), 1 + 0.01 * (1 + 2 + sum(kl)) / 2)


def test_qtran_penalties() -> None:
    model, target = build("qtran", embed=1), build("qtran", embed=1)
    step = one_step(1.0, model, target)
    sums = model.mix(step.q_taken, step.live).q_tot.item()  # both actions have equal utilities
    joint = model.joint_value(step.live, step.taken).item()
    losses = {name: loss.value.item() for name, loss in model.losses(step, target).items()}
    assert sums < joint
    assert losses["td"] == pytest.approx((joint - 1) ** 2, rel=1e-5)
    assert losses["opt"] == pytest.approx((sums - joint) ** 2, rel=1e-5)
    assert losses["nopt"] == pytest.approx((sums - joint) ** 2, rel=1e-5)
    nn.init.constant_(model.v[4].bias, 2 * (joint - sums))  # now the sum lies above: no penalty
    assert model.losses(step, target)["nopt"].value.item() == 0
