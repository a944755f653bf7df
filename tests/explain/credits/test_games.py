"""Games with known terms: what their payoff identifies, what it does not, and that a method which fits recovers it."""

import numpy as np
import pytest

from na2q.explain.credits.games import KINDS, KnownGame, known_game, worth
from na2q.explain.credits.recovery import Learned, aligned, compare, exact, learn, recovered
from na2q.theory.dividends import dividends, members, pure
from na2q.theory.identification import changed_contributions, changed_credits, pairs_of


def changed(game: KnownGame, moved: np.ndarray) -> Learned:
    """An equal model, in which every pair has taken in parts of its members' own terms."""
    old = exact(game)
    assert old.shapes is not None
    credits = changed_credits(game.credits, moved)
    found = [changed_contributions(np.tile(c, (len(game.joint), 1)), game.terms, moved) for c in game.credits]
    shapes = np.stack(found) / credits[:, None]
    return old._replace(credits=np.broadcast_to(credits[:, None], shapes.shape), shapes=shapes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("agents", "actions"), [(3, 3), (4, 2)])
def test_a_payoff_has_exactly_the_orders_of_its_terms(kind: str, agents: int, actions: int) -> None:
    game = known_game(kind, 3, agents, actions, contexts=4)
    gains, size = dividends(worth(game, game.payoff)), members(agents).sum(1)
    orders = {"singles": 1, "pairs": 2, "substitutes": 2, "triples": 3}[kind]
    assert np.abs(gains[..., size > orders]).max(initial=0) < 1e-12
    assert np.abs(gains[..., size == orders]).max() > 0.01
    assert game.credits.min() > 0
    np.testing.assert_allclose(game.credits.sum(-1), 1)
    sign = -1 if kind == "substitutes" else 1  # of what pairs add
    assert (sign * pure(worth(game, game.payoff), 2) > -1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_payoffs_rise_with_every_action(kind: str) -> None:
    game = known_game(kind, 1)
    cube = game.payoff.reshape(-1, 3, 3, 3)
    assert all(np.diff(cube, axis=axis).min() > 0 for axis in (1, 2, 3))


def test_terms_of_a_payoff_are_the_known_ones_less_their_values_at_absence() -> None:
    game = known_game("pairs", 2)
    found = dividends(worth(game, game.payoff))
    for k, who in enumerate(game.coalitions):
        if len(who) == 2:
            u, (a, b) = game.tables[k], game.joint[:, list(who)].T
            alone = u[a, b] - u[a, 0] - u[0, b] + u[0, 0]
            np.testing.assert_allclose(found[..., sum(1 << i for i in who)], game.credits[:, k, None] * alone)


@pytest.mark.parametrize("seed", range(5))
def test_equal_models_have_other_credits_and_the_same_identified_terms(seed: int) -> None:
    game = known_game("pairs", seed)
    moved = np.random.default_rng(seed).uniform(-0.1, 0.3, (len(pairs_of(3)), 2))
    other = changed(game, moved)
    assert other.credits is not None
    assert other.shapes is not None
    total = (other.credits * other.shapes).sum(-1) + game.bias[:, None]
    np.testing.assert_allclose(total, game.payoff, atol=1e-10)
    values = {(level, answer): explained for level, answer, explained, _ in recovered(game, other)}
    assert values["pairs", "of q_tot"] == pytest.approx(1)
    assert values["pairs", "anchored"] == pytest.approx(1)  # what a pair takes in from its members is not its own
    assert values["agents", "contribution"] < 0.99
    found = aligned(game, other)
    assert found.credits < 0.99
    assert (found.agents, found.pairs, found.undone) == pytest.approx((1, 1, 1))


def test_a_model_that_is_not_equal_is_not_aligned() -> None:
    game = known_game("pairs", 0)
    other = exact(game)
    assert other.shapes is not None
    bent = other._replace(shapes=np.sign(other.shapes) * other.shapes**2)
    assert min(aligned(game, bent)[:2]) < 0.9


def test_only_models_with_the_terms_of_the_game_can_be_aligned() -> None:
    with pytest.raises(ValueError, match=r"terms of the game are \(\(0,\), \(1,\), \(2,\)\), must be those of all"):
        aligned(known_game("singles"), exact(known_game("pairs")))


def test_the_truth_itself_is_recovered_wholly() -> None:
    for kind in KINDS:
        game = known_game(kind)
        for level, answer, explained, correlation in recovered(game, exact(game)):
            if answer in ("q_tot", "of q_tot") and np.isfinite(explained):
                assert (explained, correlation) == pytest.approx((1, 1)), (kind, level)


def test_a_sum_is_learned_by_a_sum_and_its_shares_are_recovered() -> None:
    game = known_game("singles", 1, agents=2, contexts=2)
    found = {(level, answer): one for level, answer, one, _ in recovered(game, learn("vdn", game, updates=100))}
    assert found["team", "q_tot"] > 0.9
    assert found["agents", "of q_tot"] > 0.9
    assert found["agents", "anchored"] > 0.9
    assert np.isnan(found["pairs", "of q_tot"])  # there is nothing to recover


@pytest.mark.parametrize("method", ["na2q", "qplex", "iql"])
def test_the_table_has_what_each_method_offers(method: str) -> None:
    table = compare([method], ["pairs"], [1], updates=2)
    answers = set(table[table["seen"]][["level", "answer"]].itertuples(index=False, name=None))
    assert ("agents", "q") in answers
    assert (("team", "q_tot") in answers) == (method != "iql")
    assert (("pairs", "contribution") in answers) == (method == "na2q")
    assert (set(table.loc[~table["seen"], "answer"]) == set()) == (method != "na2q")
    assert not table.duplicated(["game", "seen", "method", "seed", "level", "answer"]).any()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "trios"}, "kind is 'trios', must be"),
        ({"agents": 1}, "agents is 1, must be"),
        ({"kind": "triples", "agents": 2}, "agents is 2, must be at least 3"),
        ({"contexts": 0}, "contexts is 0, must be"),
        ({"seed": -1}, "seed is -1, must be"),
    ],
)
def test_wrong_arguments_are_named(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        known_game(**({"kind": "pairs"} | given))
