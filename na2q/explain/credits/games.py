"""Games whose terms are known: an additive payoff with tables in place of networks.

Each context c of a game pays a joint action a the sum r(c, a) = b(c) + sum over terms k of alpha_k(c) u_k(a_k), where
alpha are positive credits with sum one, and u_k is a table over the actions of the term's members: Eq. (7). Action 0 is
that of an absent agent, so that a subset of agents is worth r with all others at 0, and its dividends
(`na2q.theory.dividends`) are the terms that a payoff identifies. The u_k themselves it does not: terms of pairs may
take in parts of their members' own, see `na2q.theory.identification`.

Letters in shapes: c contexts, a actions, n agents, m terms, j joint actions, b subsets (2^n).
"""

from itertools import combinations, product
from typing import Annotated, Literal, NamedTuple, get_args

import numpy as np
from annotated_types import Interval
from jaxtyping import Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.theory.dividends import members

Kind = Literal["singles", "pairs", "substitutes", "triples"]
"""Pay goes to agents by themselves, also to pairs that help each other, to pairs of which either will do, to threes."""
KINDS: tuple[Kind, ...] = get_args(Kind)

Size = Annotated[int, Interval(ge=2, le=6)]
"""Agents or actions of a game, few enough that all joint actions can be seen at once."""
Contexts = Annotated[int, Interval(ge=1, le=1000)]


class KnownGame(NamedTuple):
    """A payoff with the terms that it was made of."""

    coalitions: tuple[tuple[int, ...], ...]
    """Members of each term."""
    bias: Float[ndarray, " c"]
    credits: Float[ndarray, "c m"]
    tables: tuple[Float[ndarray, "..."], ...]
    """Value of each term, with an axis for each of its members, as long as there are actions."""

    @property
    def agents(self) -> int:
        """Number of agents n."""
        return 1 + max(max(who) for who in self.coalitions)

    @property
    def joint(self) -> Int[ndarray, "j n"]:
        """All joint actions in lexicographic order."""
        return np.array(list(product(range(len(self.tables[0])), repeat=self.agents)))

    @property
    def terms(self) -> Float[ndarray, "j m"]:
        """Value of each term at each joint action."""
        return np.stack(
            [u[tuple(self.joint[:, list(w)].T)] for u, w in zip(self.tables, self.coalitions, strict=True)], -1
        )

    @property
    def payoff(self) -> Float[ndarray, "c j"]:
        """What each joint action is paid in each context."""
        return self.bias[:, None] + self.credits @ self.terms.T


@checks_arguments
def known_game(kind: Kind, seed: Whole = 0, agents: Size = 3, actions: Size = 3, contexts: Contexts = 8) -> KnownGame:
    """Draw a game.

    Args:
        kind: which terms it has. All rise with every action, so that NA2Q's shape functions could be them, but
            for those of substitutes, whose gains shrink, and of three agents.
        seed: of the draw.
        agents: n, at least 3 where three agents have a term.
        actions: of each agent; action 0 is that of an absent one.
        contexts: states, in which credits differ.

    Raises:
        ValueError: an argument out of range, or too few agents for the terms.
    """
    if kind == "triples" and agents < 3:
        raise ValueError(f"agents is {agents}, must be at least 3 for games with terms of three agents")
    rng = np.random.default_rng([KINDS.index(kind), seed])
    orders = {"singles": 1, "pairs": 2, "substitutes": 2, "triples": 3}[kind]
    who = tuple(one for size in range(1, orders + 1) for one in combinations(range(agents), size))
    either = kind == "substitutes"
    tables = tuple(rng.normal() + _rising(rng, actions, len(one), either and len(one) > 1) for one in who)
    logits = rng.normal(size=(contexts, len(who)))
    credits = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    return KnownGame(who, rng.normal(size=contexts), credits, tables)


def _rising(rng: np.random.Generator, actions: int, members_: int, either: bool) -> Float[ndarray, "..."]:
    """Sum steps that begin where all members, or where either is enough any member, do enough."""
    places = np.indices((actions,) * members_)
    total = np.zeros((actions,) * members_)
    for least in product(range(1, actions), repeat=members_):
        enough = places >= np.reshape(least, (-1, *[1] * members_))
        total += rng.uniform(0.5, 1.5) * (enough.any(0) if either else enough.all(0))
    return total * 4 / total.max()


@checks_arguments
def worth(game: KnownGame, values: Float[ndarray, "c j"]) -> Float[ndarray, "c j b"]:
    """What a table of values says of every subset of agents at every joint action, the others taking action 0.

    Args:
        game: which joint actions there are.
        values: payoffs, or a learned Q_tot.
    """
    joint, size = game.joint, (len(game.tables[0]),) * game.agents
    played = np.where(members(game.agents), joint[:, None], 0)
    return values[:, np.ravel_multi_index(tuple(np.moveaxis(played, -1, 0)), size)]
