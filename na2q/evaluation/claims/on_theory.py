"""Rules for claims that the theory chapters settle, or stored measurements of speed."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from na2q.config import SUBJECT
from na2q.evaluation import igm
from na2q.evaluation.claims.case import Claim, Finding
from na2q.paths import repo_root
from na2q.theory import counterexamples, expansion, monotone, semantics


def enriches(claim: Claim) -> Finding:
    """Free additive models against Taylor polynomials, and Table 4's convex shapes against a saturating function."""
    grid, weights = expansion.gauss_grid(3, 2.0, 6)
    targets = {
        "complements": lambda q: np.exp(q.sum(1) / 2),
        "substitutes": lambda q: np.log(np.exp(q).sum(1)),
        "saturating": lambda q: -np.exp(-q.sum(1) / 2),
    }
    never_worse = []
    for g in targets.values():
        values = g(grid).reshape(6, 6, 6)
        for order in (1, 2):
            taylor = expansion.taylor_truncation(g, grid, order).reshape(values.shape)
            best = expansion.anova_truncation(values, weights, order)
            errors = [expansion.relative_rmse(values, fit, weights) for fit in (best, taylor)]
            never_worse.append(errors[0] <= errors[1])
    floor = monotone.concave_floor(lambda q: -np.exp(-q), -2.0, 2.0)
    text = (
        f"free shapes no worse in {sum(never_worse)} of {len(never_worse)} cases; those of Table 4 miss by {floor:.2f}"
    )
    return Finding(text, all(never_worse) and floor <= claim.margin)


def bounded(claim: Claim) -> Finding:
    """Instances that meet the printed assumptions, against the printed bounds."""
    found = {
        "Lemma B.3": counterexamples.lemma_counterexample(),
        "Theorem B.2": counterexamples.memorising_counterexample(),
    }
    words = [f"{name}: {example.found:.2f}, printed bound {example.printed:.2f}" for name, example in found.items()]
    return Finding("; ".join(words), all(example.found <= example.printed for example in found.values()))


def greedy(claim: Claim) -> Finding:
    """Random mixers, every joint action: greedy agents reach the largest value."""
    found = igm.measure(SUBJECT)["Q_tot"]
    text = f"{found.igm} of {found.weight_sets} weight sets, {found.joint_actions} joint actions each"
    return Finding(f"{text}; lowest slope {found.lowest_slope:.1e}", found.igm == found.weight_sets)


def adjusts(claim: Claim) -> Finding:
    """Eq. (5) against the effect of intervening, where the semantics are drawn from the present."""
    models = [semantics.history(True), semantics.hidden_confounder()]
    worst = max(models, key=lambda model: _gap(model))
    return Finding(f"largest gap {_gap(worst):.2f}, for {worst.graph}", _gap(worst) <= claim.margin)


def _gap(model: semantics.CausalModel) -> float:
    return float(np.abs(semantics.adjustment(model.joint) - model.do).max())


def separate(claim: Claim) -> Finding:
    """Mixed difference of a pair's simplest shape function, ELU of the sum."""
    mixed = monotone.mixed_difference(lambda q: monotone.elu(q.sum(1)), np.array([[-1.0, -1.0]]), 0, 1, 1.0)
    text = f"raising one utility by 1 adds {mixed.item():.2f} more when the other is raised too"
    return Finding(text, bool(np.abs(mixed).item() <= claim.margin))


def costly(claim: Claim) -> Finding:
    """Pace with three orders against one on four agents, from the stored measurements; then that of ten."""
    speed = pd.read_csv(repo_root() / "data" / "speed.csv")
    rows = speed[speed["varied"] == "order"].set_index("value")
    pace = rows["steps_per_second"].to_dict()
    slower = float(1 - pace["1-2-3"] / pace["1"])
    few, many = speed[speed["varied"] == "agents"].set_index("value")["steps_per_second"][["4", "10"]]
    grows = f"with pairs, ten agents cost {few / many:.1f} times as much as four"
    text = f"slower by {100 * slower:.0f} % on {rows['env'].iloc[0]}; {grows}"
    return Finding(text, slower > claim.margin)


RULES: dict[str, Callable[[Claim], Finding]] = {
    rule.__name__: rule for rule in (enriches, bounded, greedy, adjusts, separate, costly)
}
