"""Acting: exploration, availability, and what a played episode holds."""

from typing import Any

import numpy as np
import pytest
import torch

from na2q.config import AgentConfig, ExploreConfig, LBFOptions
from na2q.envs import make
from na2q.nets.actor import Actor, step_function
from na2q.nets.agents import RecurrentAgent
from na2q.nets.slots import plan_slots
from na2q.training.rollout import epsilon_greedy, play
from na2q.training.trainer import epsilon_at
from na2q.types import NO_ACTION

HEADS: dict[str, dict[str, Any]] = {
    "one_head": {"kind": "one_head"},
    "two_head": {"kind": "two_head"},
    "apart": {"share_parameters": False},
}


@pytest.fixture(params=HEADS)
def agent(request: pytest.FixtureRequest) -> RecurrentAgent:
    torch.manual_seed(0)
    return RecurrentAgent(make("lbf-4p-2f", LBFOptions()).spec, AgentConfig(**HEADS[request.param]))


def test_epsilon_falls_linearly_and_then_stays() -> None:
    schedule = ExploreConfig(start=1.0, finish=0.05, anneal_steps=50_000)
    assert [epsilon_at(t, schedule) for t in (0, 25_000, 50_000, 900_000)] == pytest.approx([1.0, 0.525, 0.05, 0.05])


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_unavailable_actions_are_never_chosen(epsilon: float) -> None:
    rng = np.random.default_rng(0)
    avail = rng.random((2000, 3, 6)) < 0.3
    avail[..., 0] |= ~avail.any(-1)
    q = rng.standard_normal((2000, 3, 6)) + 100 * ~avail  # the forbidden ones look best
    chosen = epsilon_greedy(q, avail, epsilon, rng)
    assert np.take_along_axis(avail, chosen[..., None], -1).all()


def test_exploration_is_uniform_over_available_actions() -> None:
    rng = np.random.default_rng(0)
    avail = np.tile(np.array([True, False, True, True]), (30_000, 1, 1))
    chosen = epsilon_greedy(np.zeros((30_000, 1, 4)), avail, 1.0, rng)
    share = np.bincount(chosen.ravel(), minlength=4) / 30_000
    assert share == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=0.01)


def test_every_agent_explores_with_probability_epsilon_on_its_own() -> None:
    rng = np.random.default_rng(1)
    q = np.tile(np.eye(50)[0], (20_000, 2, 1))
    explored = epsilon_greedy(q, np.ones((20_000, 2, 50), bool), 0.2, rng) != 0
    assert explored.mean(0) == pytest.approx([0.2 * 49 / 50] * 2, abs=0.01)
    assert np.corrcoef(explored.T)[0, 1] == pytest.approx(0, abs=0.03)


def test_stepping_equals_unrolling(agent: RecurrentAgent) -> None:
    env = make("lbf-4p-2f", LBFOptions(), 3)
    batch = play(env, agent, 0.5, np.random.default_rng(0), [1, 2, 3]).batch
    slots = plan_slots(batch, skip_padding=False)
    last = torch.cat([torch.full_like(batch.actions[:, :1], NO_ACTION), batch.actions[:, :-1]], 1)
    obs, last = (x.flatten(0, 1)[slots.index] for x in (batch.obs, last))
    unrolled = torch.empty(3 * batch.obs.shape[1], 4, 6)
    unrolled[slots.index] = agent.unroll(agent.inputs(obs, last), slots).q
    hidden = agent.initial_hidden(3)
    for t in range(batch.obs.shape[1]):
        previous = batch.actions[:, t - 1] if t else torch.full((3, 4), NO_ACTION)
        q, hidden = agent.step(batch.obs[:, t], previous, hidden)
        torch.testing.assert_close(q, unrolled.view(3, -1, 4, 6)[:, t], atol=1e-5, rtol=0)


@pytest.mark.parametrize("last_action", [True, False])
@pytest.mark.parametrize("agent_id", [True, False])
@pytest.mark.parametrize("kind", HEADS)
def test_step_for_few_rows_equals_torchs(kind: str, last_action: bool, agent_id: bool) -> None:
    torch.manual_seed(0)
    spec = make("lbf-4p-2f", LBFOptions()).spec
    agent = RecurrentAgent(spec, AgentConfig(**HEADS[kind], last_action=last_action, agent_id=agent_id))
    actor, hidden = Actor(agent), agent.initial_hidden(3)
    with torch.inference_mode():
        for t in range(20):
            obs = 4 * torch.randn(3, 4, spec.obs_dim)
            last = torch.randint(0, spec.n_actions, (3, 4)) if t else torch.full((3, 4), NO_ACTION)
            (q, after), found = agent.step(obs, last, hidden), actor.step(obs, last, hidden)
            torch.testing.assert_close(found, (q, after), atol=1e-6, rtol=1e-6)
            hidden = after


def test_few_rows_are_stepped_with_the_weights_of_the_moment(agent: RecurrentAgent) -> None:
    obs, last, hidden = torch.randn(1, 4, agent.spec.obs_dim), torch.full((1, 4), NO_ACTION), agent.initial_hidden(1)
    for _ in range(2):
        with torch.no_grad():
            for parameter in agent.parameters():
                parameter.add_(0.1)
            expected = agent.step(obs, last, hidden)[0]
            torch.testing.assert_close(step_function(agent, 1)(obs, last, hidden)[0], expected, atol=1e-6, rtol=1e-6)
    assert step_function(agent, 5) == agent.step


def test_played_batch_is_zero_after_the_end_and_starts_without_action(agent: RecurrentAgent) -> None:
    env = make("lbf-4p-2f", LBFOptions(field_size=6), 8)  # small enough to be cleared by chance
    episodes = play(env, agent, 1.0, np.random.default_rng(0), range(8))
    batch = episodes.batch.validate()
    assert len(set(episodes.lengths)) > 1, "the seeds should give episodes of different lengths"
    for e, length in enumerate(episodes.lengths):
        assert batch.valid[e].sum() == length
        assert (batch.actions[e, length:] == NO_ACTION).all()
        assert not batch.avail[e, length + 1 :].any()
        assert not batch.obs[e, length + 1 :].any()
        assert batch.obs[e, length].any(), "the slot after the last transition is kept"
        assert batch.terminated[e].sum() == 1


def test_same_seeds_play_the_same_episodes(agent: RecurrentAgent) -> None:
    env = make("lbf-4p-2f", LBFOptions(), 2)
    first, second = (play(env, agent, 0.4, np.random.default_rng(7), [1, 2]).batch for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a, b)


def test_an_agent_of_ones_own_acts_as_it_says() -> None:
    """The faster step knows the package's agent only and would pass over what a subclass changes."""

    class Doubled(RecurrentAgent):
        def utilities(self, hidden: torch.Tensor) -> torch.Tensor:
            return 2 * super().utilities(hidden)

    own = Doubled(make("lbf-4p-2f", LBFOptions()).spec, AgentConfig())
    assert step_function(own, 1) == own.step
