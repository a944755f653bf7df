"""Which of NA2Q's two presets is the package's default, by a rule fixed before the runs."""

from typing import NamedTuple

import pandas as pd

from na2q.arguments import checks_arguments
from na2q.campaign.sweeps import LBF
from na2q.config import SUBJECT, Curve
from na2q.config.checks import Repeats, Whole
from na2q.evaluation import protocol
from na2q.stats import Estimate, stratified

PRESET_SEEDS = 3  # that a choice between presets needs on every task


class PresetDecision(NamedTuple):
    """Comparison of NA2Q's two presets."""

    winner: str
    reason: str
    by_task: pd.DataFrame
    difference: Estimate  # interquartile mean of released minus that of paper, over all tasks


@checks_arguments
def choose_preset(runs: pd.DataFrame, reps: Repeats = 2_000, seed: Whole = 0) -> PresetDecision:
    """Decide between NA2Q's presets `released` and `paper` by the interquartile mean of their scores.

    Over both foraging tasks, PRESET_SEEDS seeds each. The higher one wins; where the interval of the difference
    holds 0 they are equal within noise, and `paper` wins.

    Args:
        runs: table of `results.name_curves`, one sweep.
        reps: number of resamples.
        seed: of the resamples.

    Raises:
        ValueError: several sweeps, or a preset has too few seeds that ran on both tasks.
    """
    if runs["sweep"].nunique() != 1:
        raise ValueError(f"runs of {' and '.join(map(repr, runs['sweep'].unique()))}: compare presets within one sweep")
    names = {preset: Curve(SUBJECT, preset).name for preset in ("released", "paper")}
    table = protocol.scores(runs[runs["curve"].isin(list(names.values()))])
    tasks = list(LBF)
    released, paper = (protocol.matrix(table, curve, tasks) for curve in names.values())
    if min(len(released), len(paper)) < PRESET_SEEDS:
        raise ValueError(
            f"{len(released)} and {len(paper)} seeds on all tasks, {PRESET_SEEDS} are needed of each preset"
        )
    difference = Estimate(*stratified(protocol.iqm_difference, released, paper, reps=reps, seed=seed)[:, 0])
    winner = "released" if difference.low > 0 else "paper"
    text = f"released minus paper: {difference}, {len(released)} and {len(paper)} seeds on {len(tasks)} tasks"
    relation = "released is higher" if difference.low > 0 else "paper is higher" if difference.high < 0 else "equal"
    return PresetDecision(winner, f"{relation} ({text})", protocol.summary(table, reps, seed), difference)
