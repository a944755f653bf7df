"""CDS's predictors: their minibatches, their inputs, and what they leave alone."""

import copy

import torch
from random_task import SPEC, Variant, derive, random_batch

CDS = Variant("cds")
IN_MINIBATCHES = Variant("cds", "exact", {"options.predictor_batch": 8})


def test_previous_hidden_state_is_that_of_the_same_episode() -> None:
    learner = CDS.learner()
    batch = random_batch()
    step = derive(learner, batch)
    width = learner.online.agent.config.hidden
    rows = {int(e): p for p, e in enumerate(step.slots.index)}
    slots = batch.avail.shape[1]
    for r, p in enumerate(step.slots.now):
        entry = int(step.slots.index[p])
        before = step.extra.inputs[r, :, :width]
        if entry % slots == 0:
            assert not before.any()
        else:
            torch.testing.assert_close(before, step.online.hidden[rows[entry - 1]])


def test_predictors_take_one_step_for_each_minibatch() -> None:
    learner = Variant("cds", settings={"options.predictor_batch": 8}).learner()
    batch = random_batch()
    learner.update(batch)
    rows = int(batch.valid.sum()) * SPEC.n_agents
    for optimizer in learner.optimizers[1:]:
        assert {int(state["step"]) for state in optimizer.state.values()} == {-(-rows // 8)}


def test_minibatches_of_padding_only_leave_the_predictors_finite() -> None:
    learner = IN_MINIBATCHES.learner()
    learner.update(random_batch(lengths=(9, 1, 1, 1, 1, 1)))  # 40 of 54 transitions are padding
    assert all(bool(p.isfinite().all()) for p in learner.online.parameters())


def test_predictors_learn_while_the_main_step_leaves_them_alone() -> None:
    learner = CDS.learner()
    step = derive(learner, random_batch())
    before = copy.deepcopy(learner.online.predictors.state_dict())
    learner.backward(learner.losses(step))
    learner.advance()
    torch.testing.assert_close(learner.online.predictors.state_dict(), before, rtol=0, atol=0)
    main = copy.deepcopy(learner.online.agent.state_dict())
    first = learner.after_step(step)
    for _ in range(20):
        last = learner.after_step(step)
    assert all(last[f"loss_predictor{i}"] < first[f"loss_predictor{i}"] for i in (0, 1))
    torch.testing.assert_close(learner.online.agent.state_dict(), main, rtol=0, atol=0)


def test_only_the_second_predictor_knows_the_agent() -> None:
    learner = CDS.learner()
    rows = derive(learner, random_batch()).extra
    same = rows._replace(inputs=rows.inputs[:, :1].expand_as(rows.inputs), next_obs=rows.next_obs[:, :1])
    agents = torch.arange(SPEC.n_agents).expand(rows.weight.shape)
    blind, informed = (predictor.error(same, agents) for predictor in learner.online.predictors)
    torch.testing.assert_close(blind, blind[:, :1].expand_as(blind))
    assert not torch.allclose(informed, informed[:, :1].expand_as(informed))
