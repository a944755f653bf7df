"""Tests of explanations on several models at once, as pages tabulate them and sentences count them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Whole
from na2q.explain import findings, interventions, masks
from na2q.explain.coalitions import PairEffect
from na2q.explain.findings import Model
from na2q.stats import Estimate

Run = tuple[str, str]
"""METHOD_PRESET and seed-N, the names of a model."""
Rows = dict[str, dict[Run, Estimate]]
"""Estimates by what is estimated and by model; a model lacks what its method does not have."""


class Worth(NamedTuple):
    """What models say of their agents against the return that is lost without an agent's next actions."""

    overall: Rows  # rank correlations by score, those first that most models have
    apart: Rows  # the same between the agents of one situation
    losses: dict[Run, ndarray]  # (trial, episode, agent)


@checks_arguments
def worth(models: Mapping[Run, Model], steps: Copies, trials: Copies = 1, seed: Whole = 0) -> Worth:
    """Replace agents' actions in the episodes of every model and hold against the loss what it says of them.

    Args:
        models: to be tested, with recordings of greedy episodes.
        steps: actions of one agent that are replaced in a row.
        trials: times in each episode at which every agent is replaced.
        seed: of these times and of resampling.
    """
    found: dict[str, Rows] = {"all": {}, "between agents": {}}
    losses = {}
    for run, model in models.items():
        lost = interventions.interventions(model.path, model.recording, steps, trials, seed=seed)
        losses[run] = lost["loss"].values
        for name, score in interventions.scores(model.probe).items():
            for kind, estimate in interventions.agreement(score, lost, seed).items():
                found[kind].setdefault(name, {})[run] = estimate
    by_models = sorted(found["all"], key=lambda name: -len(found["all"][name]))
    overall, apart = ({name: rows[name] for name in by_models} for rows in found.values())
    return Worth(overall, apart, losses)


def deleted(
    models: Mapping[Run, Model], ranked: Mapping[Run, Mapping[str, ndarray]], counts: Sequence[int]
) -> pd.DataFrame:
    """Delete the features that rankings name first, in every model.

    Args:
        models: to be tested.
        ranked: scores of every feature, shape (r, n, o), by ranking, as `masks.rankings` gives them for each model.
        counts: how many features are deleted.

    Returns:
        The rows of `masks.deletion`, with the columns kind and run.
    """
    tables = [
        masks.deletion(model.probe, ranked[run], counts, masks.typical(model.recording)).assign(kind=run[0], run=run[1])
        for run, model in models.items()
    ]
    return pd.concat(tables)


def pair_panels(effects: Mapping[Run, Mapping[str, PairEffect]], names: Iterable[str]) -> dict[str, Rows]:
    """Sort the effects of acting together, as they are ("raw") and with each pair's mean taken away ("centred")."""
    return {
        what: {name: {run: getattr(found[name], what) for run, found in effects.items()} for name in names}
        for what in ("raw", "centred")
    }


def between_models(recordings: Mapping[Run, xr.Dataset]) -> pd.DataFrame:
    """Say how far the models of one kind agree, for each kind of which there are at least two.

    Returns:
        The numbers of `findings.between_models` and the number of models, one column for each kind.
    """
    kinds: dict[str, list[xr.Dataset]] = {}
    for (kind, _), recording in recordings.items():
        kinds.setdefault(kind, []).append(recording)
    several = {kind: one for kind, one in kinds.items() if len(one) > 1}
    return pd.DataFrame({kind: {"models": len(one)} | findings.between_models(one) for kind, one in several.items()})


def average(row: Mapping[Run, Estimate]) -> float:
    """Mean of one estimate over models."""
    return float(np.mean([found.value for found in row.values()]))
