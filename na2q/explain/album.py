"""Every figure that recordings support, and the player, written into one folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from na2q import style
from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Share, Whole
from na2q.explain import pictures, scene, shapes
from na2q.explain.player import player
from na2q.explain.recording import load_recording, record
from na2q.explain.scene import Moment
from na2q.files import make_folder, replacing

KEYFRAMES = 5  # boards of Figure 10
SUFFIX = ".nc"  # of recordings; everything else is a run


class Chosen(NamedTuple):
    """What an album is made from: recordings in the order given, and the moment shown of one of them."""

    first: xr.Dataset  # whose episode is shown
    greedy: list[xr.Dataset]
    exploring: list[xr.Dataset]  # with epsilon above 0
    episode: int
    step: int


@checks_arguments
def gather(
    paths: Sequence[Path], episodes: Copies, epsilon: Share, seed: Whole, episode: int | None, step: int | None
) -> Chosen:
    """Read recordings and record runs, these without exploration and, where `epsilon` is above 0, with it too.

    Args:
        paths: .nc files, folders of runs or weights files.
        episodes: to record of each run.
        epsilon: exploration of the second recording.
        seed: of the episodes recorded.
        episode: the one shown, of the first recording with masks or else of the first; by default that of the
            highest return.
        step: the one shown, by default that of the largest reward.

    Raises:
        ValueError: nothing to read, or an episode or step that was not recorded.
        RunError: the weights cannot be read.
    """
    if not paths:
        raise ValueError("give at least one run or recording")
    found = []
    for path in paths:
        if path.suffix == SUFFIX:
            found.append(load_recording(path))
        else:
            found += [record(path, episodes, e, seed) for e in dict.fromkeys((0.0, epsilon))]
    greedy = [one for one in found if one.attrs["epsilon"] == 0]
    exploring = [one for one in found if one.attrs["epsilon"] > 0]
    pool = greedy or exploring
    first = next((one for one in pool if "mask" in one), pool[0])
    episode = scene.best_episode(first) if episode is None else episode
    step = scene.eventful_step(first, episode) if step is None else step
    scene.at_step(first, episode, step)
    return Chosen(first, greedy, exploring, episode, step)


@checks_arguments
def write(shown: Chosen, out: Path) -> tuple[list[Path], dict[str, str]]:
    """Write all figures and the player into a folder.

    Returns:
        the files written, and for each figure that could not be drawn the reason.
    """
    make_folder(out)
    page = out / "player.html"
    player(shown.first, shown.episode).save(page)
    written, reasons = [page], {}
    with plt.rc_context():
        style.use_style()
        for name, draw in FIGURES.items():
            try:
                figure = draw(shown)
            except ValueError as reason:
                reasons[name] = str(reason)
                continue
            written.append(out / f"{name}.png")
            with replacing(written[-1]) as part:
                figure.savefig(part, format="png", dpi=150)
            plt.close(figure)
    return written, reasons


def _mask(shown: Chosen) -> Figure:
    return pictures.foraging_masks(shown.first, shown.episode, [shown.step])


def _masks(shown: Chosen) -> Figure:
    last = int(shown.first["length"][shown.episode]) - 1
    steps = np.unique(np.linspace(0, last, min(KEYFRAMES, last + 1)).round().astype(int)).tolist()
    return pictures.foraging_masks(shown.first, shown.episode, steps)


def _keyframes(shown: Chosen) -> Figure:
    rows = {}
    if shown.exploring:
        rows["an action explored"] = [scene.regretted(one) for one in shown.exploring]
    if shown.greedy:
        best = [(one, scene.best_episode(one)) for one in shown.greedy]
        rows["all actions greedy"] = [Moment(one, e, scene.eventful_step(one, e)) for one, e in best]
    return pictures.battle_keyframes(rows)


def _alike(shown: Chosen) -> list[xr.Dataset]:
    """Recordings of the first one's method and environment: models of different seeds."""
    pool = shown.greedy or shown.exploring
    return [one for one in pool if all(one.attrs[x] == shown.first.attrs[x] for x in ("method", "env"))]


def _shapes(shown: Chosen) -> Figure:
    if not scene.has_coalitions(shown.first):
        raise ValueError(f"{shown.first.attrs['method']} has no shape functions of agents")
    return pictures.shape_functions(shapes.curves(_alike(shown)))


FIGURES: dict[str, Callable[[Chosen], Figure]] = {
    "figure-5-masks": _mask,
    "figure-6-keyframes": _keyframes,
    "figure-7-shapes": _shapes,
    "figure-10-masks": _masks,
    "figure-11a-health": lambda shown: pictures.health_and_masks(shown.first, shown.episode),
    "figure-11b-contributions": lambda shown: pictures.contribution_map(shown.first, shown.episode),
}
"""Drawn in this order, each by its number in the paper; one that recordings do not support raises ValueError.

:meta hide-value:
"""
