"""What tests of explanations find for stored models: ``python -m na2q.explain.findings --out data/explanations.csv``.

The table has a row for each model and test, with a 95 % interval over episodes where there is one. The scoreboard
reads the table, so that it need not play thousands of episodes. The book's chapters run the same functions on the same
episodes and show what they find.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Whole
from na2q.explain import coalitions, events, interventions, masks, purification, shapes
from na2q.explain.coalitions import PairEffect
from na2q.explain.measuring import asked, save
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.stats import Estimate, mean_over
from na2q.training.origin import git_commit
from na2q.training.weights import WEIGHTS, read_weights

EPISODES = 64
ACTIONS = 5  # of one agent that are replaced in a row
TRIALS = 2  # times in each episode at which every agent is replaced
EPSILON = 0.2  # where agents explore (Figure 6)
SAMPLES = 16  # posterior samples that sampled masks are averaged over
NODES = 33  # of a grid of utilities


class Model(NamedTuple):
    """A trained network with a recording of its episodes."""

    path: Path
    recording: xr.Dataset
    probe: Probe


@checks_arguments
def load(path: Path, episodes: Copies = EPISODES, seed: Whole = 0) -> Model:
    """Record greedy episodes of a run's folder, masks of sampled semantics included where the method has masks."""
    recording = record(path, episodes, seed=seed, samples=SAMPLES)
    return Model(path, recording, Probe.load(path, recording))


@checks_arguments
def load_all(
    root: Path, kinds: Iterable[str], episodes: Copies = EPISODES, seed: Whole = 0
) -> dict[tuple[str, str], Model]:
    """Load every model in the folders METHOD_PRESET/seed-N below `root`, by (METHOD_PRESET, seed-N)."""
    found = [(kind, path) for kind in kinds for path in sorted((root / kind).glob("seed-*"))]
    return {(kind, path.name): load(path, episodes, seed) for kind, path in found}


@checks_arguments
def deletions(probe: Probe, seed: Whole = 0) -> dict[str, Estimate]:
    """Per cent of the greedy actions that change when the first feature of each ranking is deleted."""
    return {name: masks.mean_over_steps(probe, 100 * x, seed) for name, x in _first_deleted(probe, seed).items()}


def of_masks(probe: Probe, seed: int = 0) -> Iterator[tuple[str, Estimate]]:
    """Actions that change when the feature of the highest mask is deleted, less those for another's first feature.

    In percentage points, for the mask at the posterior mean and for the mask of sampled semantics. Where there is food,
    also its mean mask in sight less the highest mask of other things.
    """
    changed = _first_deleted(probe, seed)
    for mask in ("mask", "sampled mask"):
        for rival in ("chance", "size", "occlusion", f"mean {mask}"):
            ahead = masks.mean_over_steps(probe, 100 * (changed[f"highest {mask}"] - changed[rival]), seed)
            yield f"{mask} over {rival}", ahead
    seen = masks.masks_by_kind(probe.recording)["in sight"]
    if "food" in seen:
        ahead = seen["food"] - seen.drop("food").max()
        yield "mask of food over others", Estimate(ahead, ahead, ahead)


def _first_deleted(probe: Probe, seed: int) -> dict[str, np.ndarray]:
    fill = masks.typical(probe.recording)
    ranked = masks.rankings(probe, fill, seed)
    return {name: masks.delete(probe, score, 1, fill).changed for name, score in ranked.items()}


@checks_arguments
def pair_effects(probe: Probe, seed: Whole = 0) -> dict[str, PairEffect]:
    """Compare pairs that act together with the others of the same step, in everything that a pair has.

    Returns:
        The comparison of contributions, of purified contributions, of credits and of shape functions, and as "members
        alone" that of the own contributions of agents in such pairs with those of the other agents.
    """
    recording, filled = probe.recording, probe.filled
    pairs, together = coalitions.pair_terms(recording), coalitions.cooperating(recording)
    pure = purification.purified(recording, probe.shape_grid(_nodes(probe)))
    terms = {name: recording[name].values.astype(float) for name in ("contribution", "credit", "shape")}
    compared = {name: (x[..., pairs], together) for name, x in terms.items()}
    compared["purified"] = (pure["contribution"].values[..., pairs], together)
    members = np.any(together[..., None] & recording["member"].values[pairs], axis=2)
    compared["members alone"] = (terms["contribution"][..., coalitions.unary_terms(recording)], members)
    return {name: coalitions.pair_effect(x, where, filled, seed) for name, (x, where) in compared.items()}


def of_pairs(probe: Probe) -> Iterator[tuple[str, Estimate]]:
    """Contributions of pairs that act together, and of their members, less those of others, in standard deviations."""
    found = pair_effects(probe)
    yield "pairs that act together", found["contribution"].raw
    yield "their members alone", found["members alone"].raw


def between_models(recordings: Sequence[xr.Dataset]) -> dict[str, float]:
    """How far models of one kind agree: the numbers of `shapes.stability`, and rank correlations between models.

    Masks are compared by their means over the recording of each agent and feature, credits by those of each coalition.
    """
    found = shapes.stability(shapes.curves(recordings))._asdict()
    for name in ("mask", "credit"):
        means = pd.DataFrame([one[name].mean(["episode", "step"]).values.ravel() for one in recordings]).T
        ranks = means.corr("spearman").to_numpy()
        found[f"{name}s between models"] = ranks[np.triu_indices(len(recordings), 1)].mean()
    return found


def of_worth(path: Path, probe: Probe) -> Iterator[tuple[str, Estimate]]:
    """Rank correlation of what a method says of an agent with the return that is lost without its next actions."""
    lost = interventions.interventions(path, probe.recording, ACTIONS, TRIALS)
    said = interventions.scores(probe)
    for name in ("contribution", "slope x q", "q"):
        if name in said:
            yield f"{name} and loss", interventions.agreement(said[name], lost)["all"]


def lowest_slope(probe: Probe) -> float:
    """Smallest rise of any shape function between neighbours on a grid of utilities that occur; below 0 it falls."""
    grid = probe.shape_grid(_nodes(probe))
    pairs = grid["pairwise"].values
    rises = [np.diff(grid["unary"].values, axis=1), np.diff(pairs, axis=1), np.diff(pairs, axis=2)]
    return float(min(rise.min(initial=np.inf) for rise in rises))


def _nodes(probe: Probe) -> np.ndarray:
    """Utilities of each agent, evenly spaced between the smallest and the largest that occur, (n, g)."""
    return np.linspace(probe.q.min(0), probe.q.max(0), NODES, axis=-1)


def of_battles(greedy: xr.Dataset, exploring: xr.Dataset) -> Iterator[tuple[str, Estimate]]:
    """What Figures 6 and 11 are read for, over all steps of a recording.

    - off plan: contribution of a living agent whose action is not its greedy one, less its mean where it is; and the
      same of its utility.
    - pairs apart: contribution of living pairs that do not share a target, in means of those that do.
    - mask when hit: change of the mask of an agent's own health in the step of a hit, less the mean change in others.
    - pair alive: contribution of a pair whose members live, less its mean with one dead.
    """
    n = greedy.sizes["agent"]
    own = exploring["contribution"].values[..., coalitions.unary_terms(exploring)].astype(float)
    alive = exploring["filled"].values[..., None] & exploring["unit_alive"].values[..., :n].astype(bool)
    off = (exploring["action_taken"] != exploring["greedy_action"]).values
    yield "off plan", _shifted(own, alive & off, alive & ~off)
    yield "utility off plan", _shifted(exploring["q_taken"].values.astype(float), alive & off, alive & ~off)

    alive = greedy["filled"].values[..., None] & greedy["unit_alive"].values[..., :n].astype(bool)
    members = greedy["member"].values[coalitions.pair_terms(greedy)]
    pairs = greedy["contribution"].values[..., coalitions.pair_terms(greedy)].astype(float)
    whole = np.stack([alive[..., who].all(-1) for who in members], -1)
    together = coalitions.cooperating(greedy) & whole
    level = pairs[together].mean() if together.any() else np.nan
    yield "pairs apart", _mean(pairs / level, whole & ~together)
    broken = greedy["filled"].values[..., None] & ~whole
    yield "pair alive", _shifted(pairs, whole, broken)

    mask = greedy["mask"].sel(obs_feature="own health").values.astype(float)
    change = np.diff(mask, axis=1, prepend=np.nan)
    known, hurt = np.isfinite(change) & alive, events.harmed(greedy)[..., :n]
    yield "mask when hit", _shifted(change, known & hurt, known & ~hurt)


def _mean(values: np.ndarray, where: np.ndarray) -> Estimate:
    episode = np.broadcast_to(np.arange(len(values))[:, None, None], values.shape)
    return mean_over(values[where], episode[where])


def _shifted(values: np.ndarray, where: np.ndarray, against: np.ndarray) -> Estimate:
    """Mean of values somewhere, after the mean elsewhere of the same agent or pair was taken away."""
    level = np.nanmean(np.where(against, values, np.nan), (0, 1))
    return _mean(values - level, where & np.isfinite(level))


def of_model(model: Model) -> dict[str, Estimate]:
    """Run all tests that a model's method and task allow; "return" is the mean return of its greedy episodes."""
    path, recording, probe = model
    returns = recording["return"].values.astype(float)
    found = {"return": mean_over(returns, np.arange(len(returns)))} | dict(of_worth(path, probe))
    if "mask" in recording:
        found |= dict(of_masks(probe)) | dict(of_pairs(probe))
        slope = lowest_slope(probe)
        found["lowest slope"] = Estimate(slope, slope, slope)
        if "unit_alive" in recording:
            found |= dict(of_battles(recording, record(path, len(returns), EPSILON)))
    return found


@checks_arguments
def table(models: Path, episodes: Copies = EPISODES) -> pd.DataFrame:
    """Test every model below a folder ENV/METHOD_PRESET/seed-N; models of one kind are also compared (Figure 7).

    Returns:
        Columns env, kind, model, steps (of training), episodes, test, value, low, high; the comparison is a row with
        the number of models in place of a model's name and no interval.
    """
    rows = []
    for folder in sorted({path.parent.parent for path in models.rglob(WEIGHTS)}):
        recordings = []
        for path in sorted(path.parent for path in folder.glob(f"*/{WEIGHTS}")):
            model = load(path, episodes)
            found = of_model(model)
            recordings.append(model.recording)
            about = {"env": folder.parent.name, "kind": folder.name, "model": path.name}
            about |= {"steps": read_weights(path).config.total_steps, "episodes": episodes}
            rows += [about | {"test": name} | one._asdict() | {"episodes": episodes} for name, one in found.items()]
        if len(recordings) > 1 and "mask" in recordings[0]:
            spread = shapes.stability(shapes.curves(recordings)).unweighted
            rows.append(about | {"model": f"{len(recordings)} models", "test": "shapes apart", "value": spread})
    return pd.DataFrame(rows)


def main() -> None:
    """Write the table from the command line."""
    out, models, episodes = asked(str(__doc__), EPISODES)
    save(table(models, episodes).assign(commit=git_commit()), out)


if __name__ == "__main__":
    main()
