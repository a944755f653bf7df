"""What tests of explanations find for stored models: `python -m na2q.explain.findings --out data/explanations.csv`.

The table has a row for each model and test, with a 95 % interval over episodes where there is one. The scoreboard
reads it, so that it need not play thousands of episodes; chapters 10 and 12 run the same tests and show them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from na2q.explain import faithful, measures
from na2q.explain.faithful import Estimate, mean_over
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.paths import repo_root
from na2q.training.runlog import WEIGHTS, git_commit, read_weights

EPISODES = 64
ACTIONS = 5  # of one agent that are replaced in a row
EPSILON = 0.2  # where agents explore (Figure 6)
NODES = 33  # of a grid of utilities


def of_masks(probe: Probe) -> Iterator[tuple[str, Estimate]]:
    """Actions that change when the feature of the highest mask is deleted, less those for another's first feature.

    In percentage points. Where there is food, also its mean mask in sight less the highest of other things.
    """
    fill = faithful.typical(probe.recording)
    ranked = faithful.rankings(probe, fill)
    changed = {name: faithful.delete(probe, score, 1, fill).changed for name, score in ranked.items()}
    for rival in ("chance", "size", "mean mask"):
        yield f"mask over {rival}", faithful.mean_over_steps(probe, 100 * (changed["highest mask"] - changed[rival]))
    seen = measures.masks_by_kind(probe.recording)["in sight"]
    if "food" in seen:
        ahead = seen["food"] - seen.drop("food").max()
        yield "mask of food over others", Estimate(ahead, ahead, ahead, len(probe.filled))


def of_pairs(recording: xr.Dataset) -> Iterator[tuple[str, Estimate]]:
    """Contributions of pairs that act together, and of their members, less those of others, in standard deviations."""
    filled, together = recording["filled"].values, measures.cooperating(recording)
    pairs, values = measures.pair_terms(recording), recording["contribution"].values.astype(float)
    members = np.any(together[..., None] & recording["member"].values[pairs], axis=2)
    alone = measures.unary_terms(recording)
    yield "pairs that act together", faithful.pair_effect(values[..., pairs], together, filled).raw
    yield "their members alone", faithful.pair_effect(values[..., alone], members, filled).raw


def of_worth(path: Path, probe: Probe) -> Iterator[tuple[str, Estimate]]:
    """Rank correlation of what a method says of an agent with the return that is lost without its next actions."""
    lost = faithful.interventions(path, probe.recording, ACTIONS, trials=2)
    said = faithful.scores(probe)
    for name in ("contribution", "slope x q", "q"):
        if name in said:
            yield f"{name} and loss", faithful.agreement(said[name], lost)["all"]


def lowest_slope(probe: Probe) -> float:
    """Smallest rise of any shape function between neighbours on a grid of utilities that occur; below 0 it falls."""
    grid = probe.shape_grid(np.linspace(probe.q.min(0), probe.q.max(0), NODES, axis=-1))
    pairs = grid["pairwise"].values
    rises = [np.diff(grid["unary"].values, axis=1), np.diff(pairs, axis=1), np.diff(pairs, axis=2)]
    return float(min(rise.min(initial=np.inf) for rise in rises))


def of_battles(greedy: xr.Dataset, exploring: xr.Dataset) -> Iterator[tuple[str, Estimate]]:
    """What Figures 6 and 11 are read for, over all steps of a recording.

    off plan: contribution of a living agent whose action is not its greedy one, less its mean where it is; and the same
    of its utility. pairs apart: contribution of living pairs that do not share a target, in means of those that do.
    mask when hit: change of the mask of an agent's own health in the step of a hit, less the mean change in others.
    pair alive: contribution of a pair whose members live, less its mean with one dead.
    """
    n = greedy.sizes["agent"]
    own = exploring["contribution"].values[..., measures.unary_terms(exploring)].astype(float)
    alive = exploring["filled"].values[..., None] & exploring["unit_alive"].values[..., :n].astype(bool)
    off = (exploring["action_taken"] != exploring["greedy_action"]).values
    yield "off plan", _shifted(own, alive & off, alive & ~off)
    yield "utility off plan", _shifted(exploring["q_taken"].values.astype(float), alive & off, alive & ~off)

    alive = greedy["filled"].values[..., None] & greedy["unit_alive"].values[..., :n].astype(bool)
    members = greedy["member"].values[measures.pair_terms(greedy)]
    pairs = greedy["contribution"].values[..., measures.pair_terms(greedy)].astype(float)
    whole = np.stack([alive[..., who].all(-1) for who in members], -1)
    together = measures.cooperating(greedy) & whole
    level = pairs[together].mean() if together.any() else np.nan
    yield "pairs apart", _mean(pairs / level, whole & ~together)
    broken = greedy["filled"].values[..., None] & ~whole
    yield "pair alive", _shifted(pairs, whole, broken)

    mask = greedy["mask"].sel(obs_feature="own health").values.astype(float)
    change = np.diff(mask, axis=1, prepend=np.nan)
    known, hurt = np.isfinite(change) & alive, measures.harmed(greedy)[..., :n]
    yield "mask when hit", _shifted(change, known & hurt, known & ~hurt)


def _mean(values: np.ndarray, where: np.ndarray) -> Estimate:
    episode = np.broadcast_to(np.arange(len(values))[:, None, None], values.shape)
    return mean_over(values[where], episode[where])


def _shifted(values: np.ndarray, where: np.ndarray, against: np.ndarray) -> Estimate:
    """Mean of values somewhere, after the mean elsewhere of the same agent or pair was taken away."""
    level = np.nanmean(np.where(against, values, np.nan), (0, 1))
    return _mean(values - level, where & np.isfinite(level))


def of_model(path: Path, episodes: int = EPISODES) -> tuple[xr.Dataset, dict[str, Estimate]]:
    """Record a model of a run's folder, and run all tests that its method and task allow."""
    recording = record(path, episodes)
    probe = Probe.load(path, recording)
    found = dict(of_worth(path, probe))
    if "mask" in recording:
        found |= dict(of_masks(probe)) | dict(of_pairs(recording))
        slope = lowest_slope(probe)
        found["lowest slope"] = Estimate(slope, slope, slope, episodes)
        if "unit_alive" in recording:
            found |= dict(of_battles(recording, record(path, episodes, EPSILON)))
    return recording, found


def table(models: Path, episodes: int = EPISODES) -> pd.DataFrame:
    """Test every model below a folder ENV/METHOD_PRESET/seed-N; models of one kind are also compared (Figure 7).

    Returns:
        Columns env, kind, model, steps (of training), episodes, test, value, low, high; the comparison is a row with
        the number of models in place of a model's name and no interval.
    """
    rows = []
    for folder in sorted({path.parent.parent for path in models.rglob(WEIGHTS)}):
        recordings = []
        for path in sorted(path.parent for path in folder.glob(f"*/{WEIGHTS}")):
            recording, found = of_model(path, episodes)
            recordings.append(recording)
            about = {"env": folder.parent.name, "kind": folder.name, "model": path.name}
            about |= {"steps": read_weights(path).config.total_steps, "episodes": episodes}
            rows += [about | {"test": name} | one._asdict() | {"episodes": episodes} for name, one in found.items()]
        if len(recordings) > 1 and "mask" in recordings[0]:
            spread = measures.stability(measures.curves(recordings)).unweighted
            rows.append(about | {"model": f"{len(recordings)} models", "test": "shapes apart", "value": spread})
    return pd.DataFrame(rows)


def main() -> None:
    """Write the table from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--models", type=Path, default=repo_root() / "data" / "models", help="folder of models")
    parser.add_argument("--episodes", type=int, default=EPISODES, help="greedy episodes of each model")
    arguments = parser.parse_args()
    found = table(arguments.models, arguments.episodes).assign(commit=git_commit())
    found.to_csv(arguments.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
