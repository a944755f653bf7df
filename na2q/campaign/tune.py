"""Search for settings with Optuna: any setting of a run, pruned at its tests, resumed by the same command."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from na2q.arguments import checks_arguments
from na2q.config import TrainConfig, as_dict, changed, flat
from na2q.config.checks import Count
from na2q.files import as_path, make_folder, replacing
from na2q.training.trainer import DivergedError, Trainer

JOURNAL, TRIALS, IMPORTANCE = "study.log", "trials.csv", "importance.csv"
LAST = 4
"""A trial's score is the mean return of the last quarter of its tests."""
RANGE = re.compile(r"(?P<low>[^,]+?)\.\.(?P<high>[^,]+?)(?P<log>:log)?")
HOW = "write NAME=LOW..HIGH, NAME=LOW..HIGH:log or NAME=VALUE,VALUE, for example optim.lr=1e-4..1e-2:log"


@dataclass(frozen=True)
class Axis:
    """One setting that is searched: values to choose from, or a range where there are none."""

    name: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False

    def suggest(self, trial: Any) -> Any:
        """Ask an Optuna trial for a value; whole numbers where both ends of a range are."""
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)
        suggest = trial.suggest_int if isinstance(self.low, int) else trial.suggest_float
        return suggest(self.name, self.low, self.high, log=self.log)


@checks_arguments
def axis(text: str, config: TrainConfig) -> Axis:
    """Read what is searched, such as ``optim.lr=1e-4..1e-2:log`` or ``agent.hidden=32,64,128``.

    Args:
        text: name and range, or name and values.
        config: the run whose setting it is; its checks decide what is allowed.

    Raises:
        ValueError: the run has no such setting, or it may not have such a value.
    """
    name, equals, rest = text.partition("=")
    if not equals or not rest:
        raise ValueError(f"search is {text!r}: {HOW}")
    if name not in (known := flat(config)):
        raise ValueError(f"search is {text!r}, but a run has no setting {name!r}; it has {', '.join(known)}")
    if match := RANGE.fullmatch(rest):
        low, high = (_value(match[end], text) for end in ("low", "high"))
        if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high)) or low >= high:
            raise ValueError(f"search is {text!r}, must go from a number to a larger one: {HOW}")
        if match["log"] and low <= 0:
            raise ValueError(f"search is {text!r}, but a range of logarithms must begin above 0")
        found = Axis(name, low=low, high=high, log=match["log"] is not None)
    else:
        found = Axis(name, choices=tuple(_value(value, text) for value in rest.split(",")))
        if len(set(found.choices)) < 2:
            raise ValueError(f"search is {text!r}, which leaves nothing to choose: {HOW}")
    for value in found.choices or (found.low, found.high):
        try:
            changed(config, **{name: value})  # refuses what the setting may not be
        except ValueError as error:
            raise ValueError(f"search is {text!r}, but {error}") from None
    return found


def _value(text: str, whole: str) -> Any:
    """Number, truth or word of a setting."""
    if not text:
        raise ValueError(f"search is {whole!r}: {HOW}")
    if text in ("True", "False"):
        return text == "True"
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class Found:
    """What a search has found so far."""

    trials: pd.DataFrame
    """Number, state, score and the settings tried, one row for each trial."""
    importance: pd.Series
    """Share of the spread of scores among the better trials that each setting accounts for; empty below two trials."""
    best: TrainConfig | None
    """Settings of the trial of highest score; None before one is complete."""


@checks_arguments
def tune(config: TrainConfig, search: Sequence[str], out: Path | str, trials: Count = 20) -> Found:
    """Try settings until there are `trials` trials in the folder `out`; the same call goes on after a stop.

    Trials that fall behind the median of the others at the same test are cut off. All train with the seed of
    `config`, so that what wins has to be tried with other seeds. Several processes may search in one folder.

    Args:
        config: settings of all trials but for those searched.
        search: what is searched, see `axis`.
        out: folder of the search.
        trials: how many trials the folder is to hold, those cut off and those that diverged among them.

    Raises:
        ImportError: Optuna is not installed.
        ValueError: `search` or `trials` cannot be, or the folder holds another search.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise ImportError(f"tune needs Optuna: pip install 'na2q[tune]' ({error})") from error
    axes = [axis(text, config) for text in search]
    if len({found.name for found in axes}) < len(axes) or not axes:
        raise ValueError(f"search is {list(search)}, must name one or more settings, each once")
    folder = as_path(out, "out")
    make_folder(folder)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=config.test_interval)
    try:
        storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
        study = optuna.create_study(
            storage=storage, study_name="na2q", direction="maximize", load_if_exists=True, pruner=pruner
        )
    except Exception as error:  # whatever Optuna makes of a damaged file
        raise ValueError(_unread(folder, error)) from error
    try:
        _claim(study, config, search, folder)
        # a search that goes on does not try again what its seed began with
        study.sampler = optuna.samplers.TPESampler(seed=config.seed + len(study.trials))
        while len(study.trials) < trials:
            study.optimize(lambda trial: _score(trial, config, axes), n_trials=1, catch=(DivergedError,))
        return _write(study, config, folder)
    except json.JSONDecodeError as error:  # Optuna reads the rest of its file when it is asked for more
        raise ValueError(_unread(folder, error)) from error


def _unread(folder: Path, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    return f"{folder / JOURNAL} cannot be read: {reason}; remove it to search anew"


def _claim(study: Any, config: TrainConfig, search: Sequence[str], folder: Path) -> None:
    """Note in the study what it searches, or refuse where that is something else."""
    about = json.dumps({"config": as_dict(config), "search": sorted(search)}, sort_keys=True)
    if "about" not in study.user_attrs:
        study.set_user_attr("about", about)
    elif study.user_attrs["about"] != about:
        raise ValueError(f"{folder} holds a search of other settings, or from another run: choose another folder")


def _score(trial: Any, config: TrainConfig, axes: Sequence[Axis]) -> float:
    """Train with the settings of a trial, which may be cut off after each test."""
    from optuna import TrialPruned

    tried = changed(config, **{found.name: found.suggest(trial) for found in axes})
    with closing(Trainer(tried)) as trainer:

        def tested() -> None:
            if trainer.step:  # before the first step there is nothing to tell settings apart by
                trial.report(trainer.rows[-1]["test_return_mean"], trainer.step)
                if trial.should_prune():
                    raise TrialPruned

        trainer.run(tested)
    returns = [row["test_return_mean"] for row in trainer.rows[1:]]
    return float(np.mean(returns[-math.ceil(len(returns) / LAST) :]))


def _write(study: Any, config: TrainConfig, folder: Path) -> Found:
    import optuna

    rows = [
        {"trial": trial.number, "state": trial.state.name.lower(), "score": trial.value, **trial.params}
        for trial in study.trials
    ]
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    importance = pd.Series(_importances(study) if len(complete) > 1 else {}, dtype=float, name="importance")
    best = changed(config, **study.best_params) if complete else None
    table = pd.DataFrame(rows)
    for name, values in ((TRIALS, table.set_index("trial")), (IMPORTANCE, importance.rename_axis("setting"))):
        with replacing(folder / name) as part:
            values.to_csv(part)
    return Found(table, importance, best)


def _importances(study: Any) -> Mapping[str, float]:
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
