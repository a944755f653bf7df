"""What NA2Q trains, what it leaves alone, and what its ablations leave out."""

import pytest
import torch
from random_task import Variant, derive, random_batch

from na2q.methods.base import owned

ABLATIONS = {"options.credits": "state"}, {"options.credits": "uniform"}


def test_shape_functions_keep_non_negative_weights() -> None:
    learner = Variant("na2q").learner()
    for optimizer in learner.optimizers:
        optimizer.param_groups[0]["lr"] = 0.05  # steps large enough to cross zero
    for seed in range(5):
        learner.update(random_batch(seed=seed))
        assert all(bool((layer.weight >= 0).all()) for shape in learner.online.mixer.shapes for layer in shape.layers)


@pytest.mark.parametrize("td_to_encoder", [False, True])
def test_td_error_trains_the_encoder_only_where_asked(td_to_encoder: bool) -> None:
    learner = Variant("na2q", settings={"options.td_to_encoder": td_to_encoder}).learner()
    step = derive(learner, random_batch())
    learner.online.td_loss(step, learner.target).backward()
    assert all((p.grad is not None) == td_to_encoder for p in learner.online.vae.mean.parameters())
    assert all(p.grad is None for p in learner.online.vae.decoder.parameters())


def test_vae_loss_trains_the_agents_trunk_but_not_the_mixer() -> None:
    learner = Variant("na2q").learner()
    losses = learner.losses(derive(learner, random_batch()))
    (losses["reconstruction"].value + losses["kl"].value + losses["mask_l1"].value).backward()
    assert learner.online.agent.gru.weight_hh_l0.grad.abs().sum() > 0
    assert all(p.grad is None for p in learner.online.mixer.parameters())


@pytest.mark.parametrize("orders", [(1,), (2,), (1, 2), (2, 1), (1, 2, 3)])
def test_coalitions_run_through_the_orders_from_small_to_large(orders: tuple[int, ...]) -> None:
    coalitions = Variant("na2q", settings={"options.orders": orders}).learner().online.coalitions
    everything = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    assert list(coalitions) == [c for c in everything if len(c) in orders]


@pytest.mark.parametrize("settings", ABLATIONS, ids=str)
def test_ablations_without_semantics_have_neither_vae_nor_its_loss(settings: dict[str, str]) -> None:
    learner = Variant("na2q", settings=settings).learner()
    assert learner.online.vae is None
    assert set(learner.losses(derive(learner, random_batch()))) == {"td"}


@pytest.mark.parametrize("settings", ABLATIONS, ids=str)
def test_a_kept_vae_changes_credits_in_nothing(settings: dict[str, str]) -> None:
    plain, kept = (Variant("na2q", settings=settings | more).learner() for more in ({}, {"options.keep_vae": True}))
    step = derive(kept, random_batch())
    kept.online.load_state_dict(plain.online.state_dict(), strict=False)
    assert set(kept.losses(step)) == {"td", "reconstruction", "kl", "mask_l1"}
    a, b = (learner.online.mix(step.q_taken, step.live) for learner in (plain, kept))
    torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert set(map(id, owned(kept.online.vae))) <= {id(p) for p in kept.groups[1].parameters}


def test_attention_credits_are_positive_and_sum_to_one() -> None:
    for credits in ("semantics", "state"):
        learner = Variant("na2q", settings={"options.credits": credits}).learner()
        step = derive(learner, random_batch())
        alpha = learner.online.mix(step.q_taken, step.live).credits
        assert bool((alpha > 0).all())
        torch.testing.assert_close(alpha.sum(-1), torch.ones_like(alpha[:, 0]))


def test_credits_from_the_state_do_not_move_with_semantics() -> None:
    for credits, moves in (("semantics", True), ("state", False)):
        learner = Variant("na2q", settings={"options.credits": credits}).learner()
        step = derive(learner, random_batch())
        live = step.live.replace(semantics=torch.randn(*step.taken.shape, learner.online.agent.config.hidden))
        a, b = (learner.online.mix(step.q_taken, x).credits for x in (live, live.replace(semantics=live.semantics + 1)))
        assert torch.equal(a, b) != moves


@pytest.mark.parametrize("orders", [(1,), (1, 2), (1, 2, 3)])
def test_anchored_shape_functions_are_those_of_the_paper_less_their_values_at_zero(orders: tuple[int, ...]) -> None:
    settings = {"options.orders": orders}
    free, anchored = (
        Variant("na2q", settings=settings | {"options.anchored": how}).learner().online for how in (False, True)
    )
    anchored.load_state_dict(free.state_dict())
    step = derive(Variant("na2q", settings=settings).learner(), random_batch())
    plain, out = (net.mix(step.q_taken, step.live) for net in (free, anchored))
    at_zero = free.mix(torch.zeros_like(step.q_taken), step.live)
    torch.testing.assert_close(out.contributions, plain.contributions - at_zero.contributions)
    torch.testing.assert_close(out.q_tot - out.bias, plain.q_tot - at_zero.q_tot)
    nothing = anchored.mix(torch.zeros_like(step.q_taken), step.live)
    assert (nothing.contributions == 0).all()
    torch.testing.assert_close(nothing.q_tot, nothing.bias)
