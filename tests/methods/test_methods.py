"""Properties that hold for every method, or for exactly the methods that are said to have them."""

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
from random_task import SPEC, VARIANTS, Variant, derive, random_batch
from torch import Tensor

from na2q.config import METHOD_OPTIONS, NoOptions, configure
from na2q.evaluation.igm import SMALL, chosen, joint_action_contexts, measure, random_weights, slopes
from na2q.methods import METHODS
from na2q.methods.vdn import VDN
from na2q.nets.slots import plan_slots
from na2q.training.learner import Learner
from na2q.types import MixContext

EVERY = pytest.mark.parametrize("variant", VARIANTS, ids=str)
NOT_MONOTONE = {"shaq", "iql"}  # SHAQ by construction; IQL has no Q_tot
MIXING = [v for v in VARIANTS if v.method not in NOT_MONOTONE]
KEEPS_PADDING = {"na2q", "cds"}  # in preset exact, bugs of the released code
CANCELS = {"mixer.key.bias"}  # Qatten: a shift inside a softmax


def gradients(learner: Learner, step: Any) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Loss terms, and gradients after the main step's backward pass."""
    logged = learner.backward(learner.losses(step))
    grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in learner.online.parameters()]
    return logged, [g.clone() for g in grads]


def assert_same(a: tuple[dict[str, Tensor], list[Tensor]], b: tuple[dict[str, Tensor], list[Tensor]]) -> None:
    torch.testing.assert_close(a[0], b[0], rtol=1e-5, atol=1e-6)
    scale = max(float(g.abs().max()) for g in a[1])
    for x, y in zip(a[1], b[1], strict=True):
        assert float((x - y).abs().max()) <= 1e-5 * scale


def test_methods_and_their_options_have_the_same_names() -> None:
    assert list(METHODS) == list(METHOD_OPTIONS)


# --- decomposition ------------------------------------------------------------------------------------


@EVERY
def test_credits_times_contributions_plus_bias_is_q_tot(variant: Variant) -> None:
    learner = variant.learner()
    step = derive(learner, random_batch())
    out = learner.online.mix(step.q_taken, step.live)
    if variant.method == "iql":
        assert out.credits is None
        assert learner.online.coalitions == ()
        return
    assert out.credits is not None
    assert out.contributions is not None
    assert out.bias is not None
    assert out.q_tot.shape == out.bias.shape == step.reward.shape
    assert out.credits.shape == out.contributions.shape == (*step.reward.shape, len(learner.online.coalitions))
    torch.testing.assert_close((out.credits * out.contributions).sum(-1) + out.bias, out.q_tot, rtol=1e-5, atol=1e-5)


@EVERY
def test_coalitions_are_different_sets_of_agents(variant: Variant) -> None:
    named = [c for c in variant.learner().online.coalitions if c is not None]
    assert len(set(named)) == len(named)
    assert all(list(c) == sorted(set(c)) and set(c) <= set(range(SPEC.n_agents)) for c in named)


@EVERY
def test_mixing_works_with_any_leading_axes(variant: Variant) -> None:
    learner = variant.learner()
    step = derive(learner, random_batch())
    flat = learner.online.mix(step.q_taken, step.live).q_tot
    shaped = MixContext(**{name: x.unflatten(0, (3, -1)) for name, x in vars(step.live).items()})
    q_tot = learner.online.mix(step.q_taken.unflatten(0, (3, -1)), shaped).q_tot
    torch.testing.assert_close(q_tot.flatten(0, 1), flat, rtol=1e-5, atol=1e-6)


class Watched(MixContext):
    """A context that notes which of its fields are read."""

    def __getattribute__(self, name: str) -> Any:
        if name in MixContext.__annotations__:
            READ.add(name)
        return super().__getattribute__(name)


READ: set[str] = set()


@EVERY
def test_losses_read_of_a_context_what_the_method_declares(variant: Variant) -> None:
    learner = variant.learner()
    step = derive(learner, random_batch())
    step = replace(step, live=Watched(**vars(step.live)), ahead=Watched(**vars(step.ahead)))
    READ.clear()
    learner.online.losses(step, learner.target)
    uniform = getattr(learner.online.options, "credits", None) == "uniform"  # these credits need nothing at all
    declared = set(learner.online.context_reads)
    assert READ - {"semantics", "orders"} <= declared
    assert uniform or declared <= READ


def test_a_field_that_was_not_gathered_is_an_error_that_names_it() -> None:
    step = derive(Variant("qmix").learner(), random_batch())
    with pytest.raises(AttributeError, match="hidden"):
        _ = step.live.hidden
    with pytest.raises(TypeError, match="sate"):
        MixContext(sate=step.live.state)


@pytest.mark.parametrize("variant", MIXING, ids=str)
def test_q_tot_never_decreases_in_any_utility(variant: Variant) -> None:
    for seed in range(8):
        learner = variant.learner(seed)
        q, ctx = joint_action_contexts(learner.online, seed)
        online = random_weights(learner.online, seed)
        with torch.no_grad():
            assert float(slopes(online, chosen(q, ctx), ctx).min()) >= -1e-6


@pytest.mark.parametrize("variant", MIXING, ids=str)
def test_joint_greedy_equals_individual_greedy(variant: Variant) -> None:
    for seed in range(8):
        learner = variant.learner(seed)
        q, ctx = joint_action_contexts(learner.online, seed)
        online = random_weights(learner.online, seed)
        with torch.no_grad():
            q_tot = online.mix(chosen(q, ctx), ctx).q_tot
        at_greedy = q_tot[ctx.greedy.all(-1)]
        torch.testing.assert_close(at_greedy, q_tot.max().expand_as(at_greedy), rtol=1e-9, atol=1e-9)


def test_shaq_promises_neither() -> None:
    falls, misses = 0, 0
    for seed in range(8):
        learner = Variant("shaq").learner(seed)
        q, ctx = joint_action_contexts(learner.online, seed)
        online = learner.online.double()
        with torch.no_grad():
            q_tot = online.mix(chosen(q, ctx), ctx).q_tot
            falls += int((slopes(online, chosen(q, ctx), ctx) < -1e-6).any())
        misses += int(q_tot.max() > q_tot[ctx.greedy.all(-1)] + 1e-6)
    assert falls > 0
    assert misses > 0


@pytest.mark.parametrize("method", METHODS)
def test_brute_force_tells_who_keeps_igm(method: str) -> None:
    values = measure(method, weight_sets=4)
    if method == "iql":
        assert values == {}
        return
    measured = values["Q_tot"]
    assert measured.joint_actions == 4**3
    kept = 4 if method not in NOT_MONOTONE else 0
    assert (measured.igm, measured.monotone) == (kept, kept)
    assert (measured.lowest_slope >= -1e-6) == (kept == 4)


@pytest.mark.parametrize(("method", "value"), [("qtran", "Q_jt"), ("wqmix", "Q*")])
def test_unrestricted_values_do_not_keep_igm(method: str, value: str) -> None:
    assert measure(method, weight_sets=8)[value].igm < 4


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_only_the_method_knows_what_its_noise_is(rank: int) -> None:
    class Noisy(VDN):
        """VDN that draws numbers of some shape, which its mixer does not read."""

        def draw_noise(self, transitions: int, generator: torch.Generator) -> torch.Tensor:
            return torch.rand((transitions,) * rank, generator=generator)

    online = Noisy(SMALL, configure("vdn").agent, NoOptions())
    assert joint_action_contexts(online, 0)[1].orders is None
    shaq = Variant("shaq").learner().online
    places = joint_action_contexts(shaq, 0)[1].orders
    assert places is not None
    assert set(places.unique().tolist()) == set(range(shaq.spec.n_agents))


# --- learning -------------------------------------------------------------------------------------------


@EVERY
def test_every_parameter_is_trained_by_exactly_one_optimiser(variant: Variant) -> None:
    learner = variant.learner()
    owned = [id(p) for group in learner.groups for p in group.parameters]
    assert sorted(owned) == sorted(id(p) for p in learner.online.parameters())
    before = copy.deepcopy(learner.online.state_dict())
    for seed in range(3):
        learner.update(random_batch(seed=seed))
    for name, parameter in learner.online.named_parameters():
        assert parameter.grad is not None, name
        assert name in CANCELS or not torch.equal(parameter, before[name]), name


@EVERY
def test_loss_falls_on_a_fixed_batch(variant: Variant) -> None:
    learner, batch = variant.learner(), random_batch()
    losses = [learner.update(batch) for _ in range(30)]
    td = "loss_td" if "loss_td" in losses[0] else "loss_weighted_td"
    assert losses[-1][td] < losses[0][td]


@EVERY
def test_appended_padding_changes_neither_loss_nor_gradient(variant: Variant) -> None:
    learner = variant.learner()
    assert_same(*(gradients(learner, derive(learner, random_batch(padding=k))) for k in (0, 3)))


@EVERY
def test_computing_padded_slots_changes_neither_loss_nor_gradient(variant: Variant) -> None:
    learner, batch = variant.learner(), random_batch()
    some, every = (plan_slots(batch, skip_padding=skip) for skip in (True, False))
    noise = learner.online.draw_noise(len(every.now), torch.Generator().manual_seed(0))
    if isinstance(noise, tuple):
        fewer: Any = type(noise)(*(x[some.transition] for x in noise))
    elif variant.method == "shaq":
        fewer = noise[some.transition]
    else:
        fewer = None
    dense = gradients(learner, derive(learner, batch, noise=noise, slots=every))
    assert_same(gradients(learner, derive(learner, batch, noise=fewer, slots=some)), dense)


@pytest.mark.parametrize("method", METHODS)
def test_only_the_exact_preset_of_two_methods_looks_at_padding(method: str) -> None:
    learner = Variant(method, "exact").learner()
    torch.manual_seed(0)
    a, b = (gradients(learner, derive(learner, random_batch(padding=k)))[0]["loss"] for k in (0, 3))
    assert bool(torch.isclose(a, b, rtol=1e-5)) == (method not in KEEPS_PADDING)


@EVERY
def test_terminal_step_does_not_bootstrap(variant: Variant) -> None:
    learner = variant.learner()
    step = derive(learner, random_batch())
    online, target = learner.online, learner.target
    with torch.no_grad():
        y, reward = online.td_target(step, target), online.reward(step, target)
    bonus = (y - (reward if y.dim() == 1 else reward[:, None])).reshape(len(reward), -1).abs().amax(-1)
    assert float(bonus[step.terminated == 1].max()) == 0
    assert float(bonus[step.terminated == 0].min()) > 0


@EVERY
def test_targets_move_only_when_synchronised(variant: Variant) -> None:
    learner = variant.learner()
    before = copy.deepcopy(learner.target.state_dict())
    learner.update(random_batch())
    torch.testing.assert_close(learner.target.state_dict(), before, rtol=0, atol=0)
    assert any(not torch.equal(x, before[name]) for name, x in learner.online.state_dict().items())
    learner.sync_target()
    torch.testing.assert_close(learner.target.state_dict(), learner.online.state_dict(), rtol=0, atol=0)


@EVERY
def test_targets_carry_no_gradient(variant: Variant) -> None:
    learner = variant.learner()
    step = derive(learner, random_batch())
    assert not learner.online.td_target(step, learner.target).requires_grad
    learner.backward(learner.losses(step))
    assert all(p.grad is None for p in learner.target.parameters())


# --- reproducibility -------------------------------------------------------------------------------------


@EVERY
def test_same_seed_gives_same_numbers(variant: Variant) -> None:
    def weights(seed: int) -> dict[str, Tensor]:
        learner = variant.learner(seed)
        for i in range(2):
            learner.update(random_batch(seed=i))
        return learner.online.state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert any(not torch.equal(x, other[name]) for name, x in first.items())


@EVERY
def test_a_saved_learner_goes_on_as_if_never_interrupted(variant: Variant) -> None:
    first, second = variant.learner(1), variant.learner(2)
    first.update(random_batch(seed=0))
    second.networks.load_state_dict(copy.deepcopy(first.networks.state_dict()))
    for new, old in zip(second.optimizers, first.optimizers, strict=True):
        new.load_state_dict(copy.deepcopy(old.state_dict()))
    second.generator.set_state(first.generator.get_state())
    logged = [learner.update(random_batch(seed=1)) for learner in (first, second)]
    assert logged[0] == logged[1]
    torch.testing.assert_close(second.networks.state_dict(), first.networks.state_dict(), rtol=0, atol=0)
