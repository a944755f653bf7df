"""The benchmark of credits: every answer of trained models against the computed truth, as a table.

``na2q credits RUN... --out credits.csv``; a stopped command goes on where it was, since every model's truth and answers
are kept in files of their own, beside the table. The stored table is made by
``python -m na2q.explain.credits.benchmark --out data/credits.csv``.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Bool

from na2q.arguments import checks_arguments
from na2q.config import Curve
from na2q.config.checks import Copies, Whole
from na2q.explain.credits.answers import OUTSIDE, of_agents, of_pairs
from na2q.explain.credits.scoring import Rows, Scored, score
from na2q.explain.credits.truth import Setting, truth
from na2q.explain.measuring import asked, save
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.explain.signed import UnsignedError, read_signed, write_signed
from na2q.paths import repo_root
from na2q.stats import share
from na2q.terminal import progress
from na2q.theory.dividends import banzhaf_values, differences, interactions, pure, spectrum
from na2q.training.weights import WEIGHTS, read_weights

EPISODES = 16
SCHEMA = 2  # of the kept files; raised when what they hold changes
ORDERS = (1, 2, 3)  # that the table tells apart

AGENTS = {"shapley": None, "banzhaf": banzhaf_values, "difference": differences}
"""What agents really earn, and what of `na2q.theory.dividends` makes it of the worth of subsets."""
PAIRS = {"interaction": interactions, "dividend": pure}
"""The same of pairs: the Shapley interaction index, and the Harsanyi dividend."""
MAIN = ("shapley", "interaction")
"""What answers are compared with by every score; with the rest by ranks."""


@checks_arguments
def runs_in(paths: Sequence[Path]) -> list[Path]:
    """Expand folders of runs into their runs: whatever holds weights below a path that holds none itself."""
    found = []
    for path in paths:
        inside = [] if path.is_file() or (path / WEIGHTS).exists() else sorted(path.rglob(WEIGHTS))
        found += [one.parent for one in inside] or [path]
    return found


@checks_arguments
def measured(path: Path, episodes: Copies, setting: Setting, kept: Path | None = None) -> xr.Dataset:
    """Return the truth and all answers of one model, from a kept file where there is one.

    Args:
        path: folder of a finished run, or a weights file.
        episodes: greedy episodes.
        setting: what is meant by the truth; its seed decides the episodes too.
        kept: folder of such files; none is read or written without.

    Returns:
        The data set of `truth`, with agents (answer, episode, step, agent), pairs (pair_answer, episode, step, pair),
        and returned (episode).

    Raises:
        ValueError: as by `truth`, or fewer than one episode.
        RunError: the weights cannot be read.
    """
    trained = read_weights(path)
    weights = hashlib.sha256((path / WEIGHTS if path.is_dir() else path).read_bytes()).hexdigest()
    asked = json.dumps([SCHEMA, weights, episodes, setting])
    place = kept / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.nc" if kept else None
    if place and os.path.lexists(place):
        try:
            return read_signed(place, _measured)
        except UnsignedError as error:
            warnings.warn(f"{error}; it is measured again", stacklevel=2)
    greedy = record(path, episodes, seed=setting.seed)
    probe, real = Probe.load(path, greedy), truth(path, greedy, setting)
    said = {"answer": of_agents(probe, setting.seed), "pair_answer": of_pairs(probe, setting.seed)}
    axes = {"answer": ("agents", "agent"), "pair_answer": ("pairs", "pair")}
    answers = {
        name: ((axis, "episode", "step", last), np.stack(list(said[axis].values())))
        for axis, (name, last) in axes.items()
    }
    found = real.assign(answers | {"returned": greedy["return"]}).assign_coords(
        {axis: np.array(list(rows), dtype=object) for axis, rows in said.items()}
    )
    config = trained.config
    # what the game was in training is left out: all are measured on the game as it is played now
    trained_by = [f"{name}={value}" for name, value in Curve.of(config).settings if not name.startswith("env_options.")]
    kind = " ".join([f"{config.method}_{config.preset}", *trained_by])
    found = found.assign_attrs(kind=kind, model=path.name, steps=config.total_steps)
    if place:
        write_signed(found, place)
    return found


def _measured(found: xr.Dataset) -> xr.Dataset:
    if missing := {"shapley", "agents", "returned"} - set(found):
        raise ValueError(f"not a measurement: it has no {', '.join(sorted(missing))}")
    return found


@checks_arguments
def targets(real: xr.Dataset) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield what the answers are compared with: "agents" or "pairs", a name, and values (half, episode, step, m)."""
    yield "agents", "shapley", real["shapley"].values
    if "worth" in real:
        worth = real["worth"].values
        for name, function in AGENTS.items():
            if function is not None:
                yield "agents", name, function(worth)
        for name, function in PAIRS.items():
            yield "pairs", name, function(worth)


@checks_arguments
def table_of(models: Sequence[xr.Dataset], seed: Whole = 0) -> pd.DataFrame:
    """Score models of one kind on one task: each alone, and together where there are several.

    Args:
        models: what `measured` returned.
        seed: of the intervals.

    Returns:
        Columns env, kind (method and preset, then what else departs from it), model ("3 models" for all together),
        steps (of training), episodes, horizon, absence, return (mean over the episodes), level (agents, pairs or team),
        answer, source (method, outside or truth), target, score, value, low, high, chance, ceiling and rows (steps
        scored). Answers are scored by rank, top and slope, see `na2q.explain.credits.scoring.score`. Rows of the level
        team say how much of the worth of a random subset is of order 1, 2 or 3.
    """
    rows: list[dict[str, Any]] = []
    several = [list(models)] if len(models) > 1 else []
    for group in [[model] for model in models] + several:
        about = {name: group[0].attrs[name] for name in ("env", "kind", "model", "steps", "horizon", "absence")}
        if len(group) > 1:
            about["model"] = f"{len(group)} models"
        about["episodes"] = sum(one.sizes["episode"] for one in group)
        about["return"] = float(np.mean([one["returned"].mean() for one in group]))
        for level, answer, target, found in _scores(group, seed):
            source = "outside" if answer in OUTSIDE else "method"
            of = about | {"level": level, "answer": answer, "source": source, "target": target}
            rows += [of | {"score": name} | _numbers(one) for name, one in found.items()]
        rows += [about | row for row in _orders(group, seed)]
    return pd.DataFrame(rows)


def _numbers(one: Scored) -> dict[str, float]:
    return one.estimate._asdict() | {"chance": one.chance, "ceiling": one.ceiling, "rows": one.rows}


def _scores(group: Sequence[xr.Dataset], seed: int) -> Iterator[tuple[str, str, str, dict[str, Scored]]]:
    """Scores of one or several models together, row by row of those steps that were looked at."""
    looked = _looked(group)
    rows = _rows(looked)
    real = [list(targets(one)) for one in group]
    for k, (level, target, _) in enumerate(real[0]):
        true = np.concatenate([one[k][2][:, where] for one, where in zip(real, looked, strict=True)], 1)
        axis = "answer" if level == "agents" else "pair_answer"
        common = [a for a in group[0][axis].values if all(a in one[axis].values for one in group)]
        for answer in common:
            said = np.concatenate(
                [one[level].sel({axis: answer}).values[w] for one, w in zip(group, looked, strict=True)]
            )
            found = score(said, true, rows, seed)
            yield level, str(answer), target, found if target in MAIN else {"rank": found["rank"]}


def _looked(group: Sequence[xr.Dataset]) -> list[Bool[np.ndarray, "e t"]]:
    """Steps of each model that the truth is known of."""
    return [np.asarray(np.isfinite(one["shapley"].values).all((0, 3))) for one in group]


def _rows(looked: Sequence[np.ndarray]) -> Rows:
    episode = np.concatenate([np.nonzero(where)[0] for where in looked])
    return Rows(episode, np.repeat(np.arange(len(looked)), [int(where.sum()) for where in looked]))


def _orders(group: Sequence[xr.Dataset], seed: int) -> Iterator[dict[str, Any]]:
    """How much of the worth of a random subset is of each order, over all steps together."""
    if not all("worth" in one for one in group):
        return
    looked = _looked(group)
    rows = _rows(looked)
    worth = [one["worth"].values[:, where] for one, where in zip(group, looked, strict=True)]
    parts = np.concatenate([spectrum(w[0], w[-1]) for w in worth])
    for order, estimate in zip(range(1, parts.shape[1] + 1), share(parts, rows.episode, seed, rows.model), strict=True):
        if order in ORDERS:
            about = {"level": "team", "answer": "", "source": "truth", "target": "worth", "score": f"order {order}"}
            yield about | estimate._asdict() | {"chance": np.nan, "ceiling": np.nan, "rows": len(parts)}


@checks_arguments
def benchmark(
    paths: Sequence[Path],
    episodes: Copies = EPISODES,
    setting: Setting = Setting(),  # noqa: B008  # immutable
    kept: Path | None = None,
) -> pd.DataFrame:
    """Measure models and score them, those of one kind on one task together too; columns as of `table_of`.

    Args:
        paths: folders of runs, or folders of such folders, or weights files.
        episodes: greedy episodes of each model.
        setting: what is meant by the truth.
        kept: folder for what was measured of each model, from which a stopped benchmark goes on.

    Raises:
        ValueError: as by `truth`, or no paths.
        RunError: weights that cannot be read.
    """
    setting = setting.check()
    if not paths:
        raise ValueError("the benchmark got no runs: give folders of runs, or weights files")
    groups: dict[tuple[str, str], list[xr.Dataset]] = {}
    with progress(total=len(runs := runs_in(paths)), unit="model", desc="credits") as bar:
        for path in runs:
            one = measured(path, episodes, setting, kept)
            groups.setdefault((one.attrs["env"], one.attrs["kind"]), []).append(one)
            bar.update()
    return pd.concat([table_of(group, setting.seed) for _, group in sorted(groups.items())], ignore_index=True)


@checks_arguments
def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Rank correlations with the Shapley values, of all models of a kind together: a row for each answer."""
    whole = table[table["model"].str.endswith(" models")]
    alone = table[~table.set_index(["env", "kind"]).index.isin(whole.set_index(["env", "kind"]).index)]
    rows = pd.concat([whole, alone]).query("target == 'shapley' and score == 'rank'")
    cells = rows.assign(
        cell=[f"{v:.2f} [{a:.2f}, {b:.2f}]" for v, a, b in zip(rows["value"], rows["low"], rows["high"], strict=True)],
        of=rows["env"] + " " + rows["kind"],
    )
    return cells.pivot_table(index="answer", columns="of", values="cell", aggfunc="first").fillna("")


def main() -> None:
    """Make the stored table from the command line."""
    out, models, episodes = asked(str(__doc__), EPISODES)
    torch.set_num_threads(1)
    save(benchmark([models], episodes, kept=repo_root() / "_build" / "credits"), out)


if __name__ == "__main__":
    main()
