"""The experiments of the theory chapters measure what they say."""

import numpy as np
import pytest
import sympy
import torch

from na2q.book import experiments, mixers, risks
from na2q.config import LBFOptions, defaults
from na2q.envs import make
from na2q.methods import METHODS
from na2q.nets.agents import RecurrentAgent
from na2q.spec import EnvSpec
from na2q.training.rollout import play
from na2q.types import EpisodeBatch, MixContext

TASK = "lbf-3p-3f"


@pytest.fixture(scope="module")
def batch() -> tuple[EnvSpec, EpisodeBatch]:
    """Two episodes of foraging, played at random."""
    env = make(TASK, LBFOptions(), 2)
    agent = RecurrentAgent(env.spec, defaults("na2q", TASK, "released")["agent"])
    return env.spec, play(env, agent, 1.0, np.random.default_rng(0), range(2)).batch


def test_ordered_tuples_give_a_polynomial_back_and_subsets_halve_a_product() -> None:
    q = sympy.symbols("Q1:3")
    ordered = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1)]
    g = 1 + 3 * q[0] + q[0] * q[1] + q[1] ** 2
    assert experiments.taylor_sum(g, q, ordered) == sympy.expand(g)
    assert experiments.taylor_sum(q[0] * q[1], q, [(), (0,), (1,), (0, 1)]) == q[0] * q[1] / 2


def test_terms_of_a_sum_add_up_with_credits_of_one() -> None:
    spec = EnvSpec(2, 3, obs_dim=4, state_dim=8, episode_limit=1)
    settings = defaults("vdn", "matrix-game", "released")
    vdn = METHODS["vdn"](spec, settings["agent"], settings["options"])
    utilities = torch.randn(5, 2, 3)
    joint = torch.cartesian_prod(torch.arange(3), torch.arange(3)).repeat(5, 1)
    q = utilities.repeat_interleave(9, 0).gather(2, joint.unsqueeze(-1)).squeeze(-1)
    nothing = dict.fromkeys(("obs", "hidden", "q_max", "greedy"))
    out = vdn.mix(q, MixContext(state=torch.zeros(45, 8), actions=joint, **nothing))
    found = experiments.general_form(out, utilities)
    assert found["largest error of Eq. 10"] < 1e-6
    assert (found["credits sum to"], found["weak IGM"], found["strict IGM"]) == ("2.00 .. 2.00", 1.0, 1.0)


def test_untrained_mixer_is_the_same_function_each_time() -> None:
    q = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(
        experiments.untrained_mixer("qmix", 3, 1)(q), experiments.untrained_mixer("qmix", 3, 1)(q)
    )


def test_training_on_one_batch_lowers_its_loss_and_its_codes_can_be_measured(batch: tuple) -> None:
    spec, episodes = batch
    learner, log = experiments.trained(episodes, TASK, spec, "mean", 12, 0)
    assert log["loss"].iloc[-1] < log["loss"].iloc[0]
    torch.manual_seed(0)
    found = experiments.held(learner, episodes)
    assert found.features.shape[1] == len(found.sampled) == len(found.at_mean) == spec.obs_dim
    assert found.nats > 0
    assert ((found.sampled >= 0) & (found.sampled <= 1)).all()


def test_first_update_differs_where_an_option_acts_at_once_and_only_there(batch: tuple) -> None:
    spec, episodes = batch
    plain = experiments.first_update(spec, TASK, episodes, 0)
    assert experiments.first_update(spec, TASK, episodes, 0) == plain
    later = experiments.first_update(spec, TASK, episodes, 0, target_encoder=False)
    assert later == pytest.approx(plain, rel=1e-3)
    sums = experiments.first_update(spec, TASK, episodes, 0, vae_reduction="sum")
    assert sums["β L_G"] > 10 * plain["β L_G"]


@pytest.mark.parametrize("n", [2, 3])
def test_mixers_keep_the_greedy_principle_as_built_and_lose_it_with_credits_of_random_signs(n: int) -> None:
    torch.manual_seed(0)
    assert all(mixers.keeps_igm(n) for _ in range(10))
    assert all(mixers.keeps_target(n) for _ in range(10))
    assert not all(mixers.keeps_igm(n, credit_signs=True) for _ in range(10))
    assert not all(mixers.keeps_igm(n, flipped=0.5) for _ in range(10))


def test_units_of_table_4_bend_up_and_two_sided_ones_both_ways() -> None:
    torch.manual_seed(0)
    assert (mixers.least_bends("table4", 5) > -1e-9).all()
    assert (mixers.least_bends("two_sided", 5) < -1e-3).all()


def test_shape_functions_fit_a_target_that_they_can_represent() -> None:
    def double(q: torch.Tensor) -> torch.Tensor:
        return 2 * q[:, 0]

    net = mixers.fit_shape(1, double, "table4", 300, 0)
    q = torch.linspace(-1, 1, 21)[:, None]
    assert (net(q)[:, 0] - double(q)).abs().max() < 0.2


def test_staircase_is_fitted_from_below_to_above() -> None:
    low, high = mixers.fit_staircase(100, 0)(np.array([[0.0, 0.0], [1.0, 1.0]]))
    assert low < 0.3 < 0.7 < high


def test_excess_risk_is_zero_at_the_target_and_bounded_by_the_corrected_bound() -> None:
    rng = np.random.default_rng(0)
    target = risks.noisy_target(4, rng)
    assert target.rank == 6
    assert target.excess(np.zeros(3)) == 0
    noise = rng.uniform(-target.noise, target.noise, 200_000)
    drawn = np.abs(0.05 + noise).mean() - np.abs(noise).mean()
    assert target.excess(np.array([0.05])) == pytest.approx(drawn, abs=1e-3)
    found = risks.excess_risks(target, (6, 2), (32, 128), 3, 0.05, rng)
    assert (found["found"] <= found["corrected"]).all()
    assert (found["found"] > -1e-9).all()


def test_gap_under_coin_labels_falls_with_the_samples_and_its_exponent_is_found() -> None:
    gaps = risks.coin_gaps(4, (16, 64, 256), 4, 0.05, np.random.default_rng(0))
    assert (gaps["found"] <= gaps["corrected"]).all()
    assert -0.9 < risks.exponent(gaps) < -0.2
    assert risks.exponent(gaps.assign(found=gaps["b"] ** -0.5)) == pytest.approx(-0.5)
