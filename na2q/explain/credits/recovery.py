"""Do methods recover who is paid for what, in games whose terms are known, once they fit the payoff?

Every joint action is seen equally often, so that there is no exploration and no luck. The stored table is made by
``python -m na2q.explain.credits.recovery --out data/credit_games.csv``.

Letters in shapes are those of `na2q.explain.credits.games`, and k terms of a learned model.
"""

import argparse
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from na2q.arguments import checks_arguments
from na2q.config import configure
from na2q.config.checks import Repeats, Whole
from na2q.explain.credits.games import KINDS, Kind, KnownGame, known_game, worth
from na2q.explain.measuring import save
from na2q.files import check_target
from na2q.methods import METHODS
from na2q.spec import EnvSpec
from na2q.terminal import progress
from na2q.theory.dividends import agents_in, dividends, groups, pure, shapley_values
from na2q.training.fixed import learn_from
from na2q.training.learner import Learner
from na2q.types import NO_ACTION, EpisodeBatch, MixContext

SETTINGS: dict[str, Any] = {"optim.lr": 3e-3, "agent.hidden": 32}
"""What training departs from preset `fair` by, which makes it a matter of seconds."""

CARRIER = "matrix-qtran"  # a payoff game, whose defaults these games have
UPDATES = 500
SIZES = {"agents": 1, "pairs": 2, "triples": 3}
COLUMNS = ("level", "answer", "explained", "correlation")


class Learned(NamedTuple):
    """What a method says of every context and joint action."""

    q: Float[ndarray, "c j n"]
    """Utilities of the actions."""
    q_tot: Float[ndarray, "c j"] | None
    """None without a joint value."""
    coalitions: tuple[tuple[int, ...], ...]
    """Members of each term; empty where the method has none, or terms that belong to nobody."""
    credits: Float[ndarray, "c j k"] | None
    shapes: Float[ndarray, "c j k"] | None


@checks_arguments
def exact(game: KnownGame) -> Learned:
    """Return a model that is the game itself, with the terms of agents as utilities."""
    whole = (len(game.credits), *game.terms.shape)
    credits, shapes = np.broadcast_to(game.credits[:, None], whole), np.broadcast_to(game.terms, whole)
    return Learned(shapes[..., : game.agents], game.payoff, game.coalitions, credits, shapes)


@checks_arguments
def learn(method: str, game: KnownGame, seed: Whole = 1, updates: Repeats = UPDATES, seen: bool = True) -> Learned:
    """Train a method on all contexts and joint actions at once, and look at what it says of them.

    Args:
        method: its name.
        game: what is to be learned.
        seed: of weights and noise.
        updates: on the whole game each.
        seen: whether agents see the context too. Otherwise only the mixer does, utilities cannot depend on it, and
            the theorem of the chapter on the expansion says what a payoff identifies.

    Raises:
        ValueError: a method that does not exist.
    """
    cfg = configure(method, CARRIER, "fair", seed=seed, **SETTINGS)
    n, contexts, actions = game.agents, len(game.credits), len(game.tables[0])
    spec = EnvSpec(n, actions, contexts if seen else 1, contexts, 1, unit_dim=max(1, contexts // n))
    batch = _everything(game, seen)
    return _looked_at(learn_from(cfg, spec, batch, updates), batch, game)


def _everything(game: KnownGame, seen: bool) -> EpisodeBatch:
    joint, contexts = game.joint, len(game.credits)
    state = np.repeat(np.eye(contexts, dtype=np.float32), len(joint), axis=0)  # rows: contexts, then joint actions
    shown = state if seen else np.ones((len(state), 1), np.float32)
    obs = np.repeat(shown[:, None], game.agents, axis=1)
    chosen = np.tile(joint, (contexts, 1))
    whole = (len(state), 1)
    return EpisodeBatch(
        obs=torch.from_numpy(np.stack([obs, obs], 1)),
        state=torch.from_numpy(np.stack([state, state], 1)),
        avail=torch.ones((len(state), 2, game.agents, len(game.tables[0])), dtype=torch.bool),
        actions=torch.from_numpy(np.stack([chosen, np.full_like(chosen, NO_ACTION)], 1)),
        reward=torch.from_numpy(game.payoff.reshape(whole).astype(np.float32)),
        terminated=torch.ones(whole),
        valid=torch.ones(whole, dtype=torch.bool),
    ).validate()


@torch.no_grad()
def _looked_at(learner: Learner, batch: EpisodeBatch, game: KnownGame) -> Learned:
    """Mix without the noise of training."""
    step, net = learner.step(batch), learner.online
    q = step.at_now(step.online.q)
    context = MixContext(
        state=batch.state[:, 0],
        obs=step.at_now(step.obs),
        hidden=step.at_now(step.online.hidden),
        actions=step.taken,
        q_max=q.amax(-1),
        greedy=step.taken == q.argmax(-1),
    )
    context, _ = net.inspect(context, learner.generator)
    out = net.mix(step.q_taken, context)

    def table(x: Tensor) -> Float[ndarray, "c j ..."]:
        return x.double().numpy().reshape(len(game.credits), len(game.joint), *x.shape[1:])

    q_tot = table(out.q_tot) if out.q_tot.dim() == 1 else None
    known = tuple(one for one in net.coalitions if one is not None)
    if q_tot is None or out.credits is None or out.contributions is None or len(known) != out.credits.shape[-1]:
        return Learned(table(step.q_taken), q_tot, (), None, None)
    return Learned(table(step.q_taken), q_tot, known, table(out.credits), table(out.contributions))


@checks_arguments
def recovered(game: KnownGame, said: Learned) -> Iterator[tuple[str, str, float, float]]:
    """Compare what was learned with the known terms.

    Yields:
        A level, an answer, its coefficient of determination (1 at the truth itself, 0 at a constant, below where it
        is further off), and its correlation with the truth. The level team has the payoff. Agents are compared with
        true Shapley values, and pairs and triples with true dividends: those of Q_tot; utilities q; contributions
        alpha_k f_k as they are; and anchored ones, less all that needs only some of a term's members.
    """
    true = _identified(worth(game, game.payoff))
    if said.q_tot is not None:
        yield "team", "q_tot", *_compared(said.q_tot, game.payoff)
        for level, values in _identified(worth(game, said.q_tot)).items():
            yield level, "of q_tot", *_compared(values, true[level])
    yield "agents", "q", *_compared(said.q, true["agents"])
    if said.credits is None or said.shapes is None:
        return
    terms = said.credits * said.shapes
    for level, real in true.items():
        wanted = [tuple(one) for one in groups(game.agents, SIZES[level]).tolist()]
        if not set(wanted) <= set(said.coalitions):
            continue
        place = [said.coalitions.index(one) for one in wanted]
        yield level, "contribution", *_compared(terms[..., place], real)
        pure_own = [dividends(worth(game, terms[..., k]))[..., _subset(said.coalitions[k])] for k in place]
        yield level, "anchored", *_compared(np.stack(pure_own, -1), real)


def _identified(worth_: Float[ndarray, "c j b"]) -> dict[str, Float[ndarray, "c j g"]]:
    """What every joint action is worth to agents, and what groups of them add."""
    larger = {name: size for name, size in SIZES.items() if 1 < size <= agents_in(worth_)}
    return {"agents": shapley_values(worth_)} | {name: pure(worth_, size) for name, size in larger.items()}


def _subset(who: tuple[int, ...]) -> int:
    return sum(1 << i for i in who)


def _compared(said: Float[ndarray, "..."], true: Float[ndarray, "..."]) -> tuple[float, float]:
    """Coefficient of determination, and correlation; NaN where there is nothing to tell."""
    varied = true - true.mean()
    total = float((varied**2).sum())
    if total < 1e-12:
        return np.nan, np.nan
    explained = 1 - float(((said - true) ** 2).sum()) / total
    mine = said - said.mean()
    size = np.sqrt(float((mine**2).sum()) * total)
    return explained, float((mine * varied).sum()) / size if size > 1e-12 else 0.0


class Aligned(NamedTuple):
    """How far learned terms are the known ones, up to what a payoff leaves open; coefficients of determination."""

    agents: float
    """Shape functions of agents, up to one constant for all of them."""
    pairs: float
    """Shape functions of pairs, as f_ij = b u_ij + b_i u_i + b_j u_j + c with numbers b of each pair's own."""
    credits: float
    """Credits as they are."""
    undone: float
    """Credits once b, b_i and b_j, found from the shape functions alone, are undone."""


@checks_arguments
def aligned(game: KnownGame, said: Learned) -> Aligned:
    """Find the member of the family of equal models that is nearest to the known terms.

    Parts of members fit much of any pair that rises: hold what is found against an unrelated game, `exact` of another
    seed, before it is called recovered.

    Args:
        game: with a term for each agent and each pair.
        said: of a model with the same terms, whose agents do not see the context.

    Raises:
        ValueError: the terms are not those.
    """
    n, expected = game.agents, [tuple(g) for size in (1, 2) for g in groups(game.agents, size).tolist()]
    for name, terms in {"the game": game.coalitions, "the model": said.coalitions}.items():
        if list(terms) != expected:
            raise ValueError(f"terms of {name} are {terms}, must be those of all agents and pairs, {expected}")
    assert said.shapes is not None
    assert said.credits is not None
    found, true, credits = said.shapes.mean(0), game.terms, said.credits.mean(1)
    constant = (found[:, :n] - true[:, :n]).mean()
    fits, undone = np.empty((len(true), len(expected) - n)), credits.copy()
    for k, (i, j) in enumerate(expected[n:]):
        design = np.stack([true[:, n + k], true[:, i], true[:, j], np.ones(len(true))], -1)
        (own, first, second, rest), *_ = np.linalg.lstsq(design, found[:, n + k], rcond=None)
        fits[:, k] = design @ (own, first, second, rest)
        undone[:, n + k] = own * credits[:, n + k]
        undone[:, i] += first * credits[:, n + k]
        undone[:, j] += second * credits[:, n + k]
    return Aligned(
        _compared(found[:, :n] - constant, true[:, :n])[0],
        _compared(fits, found[:, n:])[0],
        _compared(credits, game.credits)[0],
        _compared(undone, game.credits)[0],
    )


@checks_arguments
def compare(
    methods: Sequence[str] = tuple(METHODS),
    kinds: Sequence[Kind] = KINDS,
    seeds: Sequence[Whole] = (1,),
    updates: Repeats = UPDATES,
) -> pd.DataFrame:
    """Let every method learn every game, and compare what it then says with the known terms.

    Args:
        methods: by name.
        kinds: of games.
        seeds: each draws a game and the weights that learn it.
        updates: of each training.

    Returns:
        Columns game, seen (the context by the agents), method, seed, level, answer, explained and correlation as of
        `recovered`. Where a method has the terms of a game, rows with seen False and the level identified say what
        `aligned` finds.
    """
    rows = []
    with progress(total=len(seeds) * len(kinds) * len(methods), unit="training", desc="games") as bar:
        for seed, kind, method in product(seeds, kinds, methods):
            game = known_game(kind, seed)
            said = learn(method, game, seed, updates)
            about = {"game": kind, "seen": True, "method": method, "seed": seed}
            rows += [about | dict(zip(COLUMNS, one, strict=True)) for one in recovered(game, said)]
            if said.coalitions == game.coalitions and max(map(len, game.coalitions)) == 2:
                found = aligned(game, learn(method, game, seed, updates, seen=False))._asdict()
                for name, value in found.items():
                    row = "identified", name, value, np.nan
                    rows.append(about | {"seen": False} | dict(zip(COLUMNS, row, strict=True)))
            bar.update()
    return pd.DataFrame(rows)


def main() -> None:
    """Make the stored table from the command line."""
    parser = argparse.ArgumentParser(description="Which methods recover terms that are known?")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    given = parser.parse_args()
    check_target(given.out)
    torch.set_num_threads(1)
    save(compare(), given.out)


if __name__ == "__main__":
    main()
