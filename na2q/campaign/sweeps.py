"""Sweeps: named lists of runs, as data."""

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from na2q.arguments import checks_arguments
from na2q.config import DEVIATIONS, METHOD_OPTIONS, TrainConfig, changed, configure, departures
from na2q.config.checks import Count

PAPER = ("na2q", "vdn", "qmix", "qtran", "qatten", "qplex", "wqmix", "cds", "dvd", "shaq")  # section 5
LBF = ("lbf-4p-2f", "lbf-3p-3f")


class Run(NamedTuple):
    """One run of a sweep and its folder below the folder of all sweeps."""

    folder: str
    config: TrainConfig


def grid(
    methods: Sequence[str],
    tasks: Sequence[str],
    seeds: Iterable[int],
    presets: Sequence[str] = ("released",),
    **more: Any,
) -> list[TrainConfig]:
    """All combinations, seed by seed, so that one seed of everything comes first."""
    return [
        configure(method, task, preset, seed=seed, **more)
        for seed, task, method, preset in itertools.product(seeds, tasks, methods, presets)
    ]


ABLATIONS: tuple[dict[str, Any], ...] = (  # of NA2Q, section 5.3
    {"options.orders": (1,)},
    {"options.orders": (1, 2, 3)},
    {"options.credits": "state"},
    {"options.credits": "uniform"},
)


ROWS: dict[str, dict[str, Any]] = {row.label: row.trial for row in DEVIATIONS if row.trial}
"""Rows of the table of deviations, each as the one step that it takes NA2Q away from preset `released`."""

TWO_HEADS: dict[str, Any] = {"agent.kind": "two_head"}
CONTROLS: tuple[tuple[str, str, dict[str, Any]], ...] = (  # method, preset, departures
    ("na2q", "released", {}),
    ("vdn", "released", {}),
    ("qmix", "released", {}),
    ("qatten", "released", {}),
    ("na2q", "fair", {}),
    ("qatten", "fair", {}),
    ("vdn", "released", TWO_HEADS),
    ("qmix", "released", TWO_HEADS),
    ("na2q", "released", {"options.shape": "two_sided"}),
    *(("na2q", "released", settings) for settings in ROWS.values()),
)


def _controls() -> list[TrainConfig]:
    """What the paper does not show: equal agents and inputs, other shapes, and each deviation by itself."""
    return [
        configure(method, "lbf-3p-3f", preset, seed=seed, total_steps=100_000, **settings)
        for seed, (method, preset, settings) in itertools.product((1, 2), CONTROLS)
    ]


def _figure3() -> list[TrainConfig]:
    """Ten methods, and NA2Q in preset paper too, on both foraging tasks (Table 1)."""
    plain = [(method, "released") for method in PAPER] + [("na2q", "paper")]
    return [
        configure(method, task, preset, seed=seed)
        for seed, task, (method, preset) in itertools.product(range(1, 6), LBF, plain)
    ]


def _pilot() -> list[TrainConfig]:
    """Small and honest: a tenth of the paper's steps, two seeds, and three where presets are compared."""
    steps = 100_000
    runs = grid(PAPER, LBF, (1, 2), total_steps=steps)
    runs += grid(("na2q",), LBF, (1, 2, 3), ("released", "paper"), total_steps=steps)
    for seed, settings in itertools.product((1, 2), ABLATIONS):
        runs.append(configure("na2q", "lbf-3p-3f", "released", seed=seed, total_steps=steps, **settings))
    maps = ("battle-8m", "battle-2s3z", "battle-3s_vs_5z")
    runs += grid(("na2q", "qmix", "vdn", "qplex"), maps, (1, 2), total_steps=2 * steps)
    return list(dict.fromkeys(runs))


FIGURE12 = ("8m", "2s3z", "2s_vs_1sc", "3s5z", "3s_vs_5z", "MMM2")  # Appendix H
FIGURE4 = ("5m_vs_6m", "8m_vs_9m", "2c_vs_64zg", "3s5z_vs_3s6z", "corridor", "6h_vs_8z")  # the others of Table 2
FIGURE8 = ("5m_vs_6m", "3s5z_vs_3s6z", "corridor")  # our choice: section 5.3 does not name its three maps


def _maps(family: str, maps: Sequence[str]) -> list[TrainConfig]:
    """Ten methods on StarCraft maps, five seeds (Tables 2 and 3)."""
    return grid(PAPER, [f"{family}-{name}" for name in maps], range(1, 6))


def _figure8(tasks: Sequence[str], seeds: Iterable[int]) -> list[TrainConfig]:
    """NA2Q, its ablations, VDN and Qatten (section 5.3)."""
    variants = [("na2q", {}), *(("na2q", settings) for settings in ABLATIONS), ("vdn", {}), ("qatten", {})]
    return [
        configure(method, task, "released", seed=seed, **settings)
        for seed, task, (method, settings) in itertools.product(seeds, tasks, variants)
    ]


def _explained() -> list[TrainConfig]:
    """Models of full length for the chapters on battles: three of NA2Q, one each to compare with."""
    task, steps = ("battle-3s_vs_5z",), 2_000_000
    return grid(("na2q",), task, (1, 2, 3), total_steps=steps) + grid(("vdn", "qmix"), task, (1,), total_steps=steps)


def _tenth() -> list[TrainConfig]:
    """A first look at all twelve maps: four methods, a tenth of the paper's steps, two seeds."""
    full = grid(("na2q", "vdn", "qmix", "qplex"), [f"battle-{name}" for name in FIGURE12 + FIGURE4], (1, 2))
    return [changed(config, total_steps=config.total_steps // 10) for config in full]


def _epymarl() -> list[TrainConfig]:
    """What EPyMARL was run on beside this package, with its settings but for shorter runs and exploration."""
    short: dict[str, Any] = {"explore.anneal_steps": 50_000}
    small = "Foraging-5x5-2p-1f-coop-v3"
    others = ("Foraging-8x8-2p-1f-v3", "Foraging-5x5-2p-2f-coop-v3", "Foraging-10x10-3p-3f-v3")
    length: dict[str, Any] = {"total_steps": 100_000, "test_interval": 10_000, **short}
    runs = grid(("vdn",), (small,), (1, 2, 3, 4, 5), ("epymarl",), **length)
    runs += grid(("iql",), (small,), (1, 2), ("epymarl",), **length)
    # three seeds where QMIX seemed to learn more slowly here
    runs += grid(("qmix",), (small, others[0]), (1, 2, 3), ("epymarl",), **length)
    runs += grid(("vdn", "iql", "qmix"), others, (1,), ("epymarl",), **length)
    runs += grid(("qmix",), ("battle-3m",), (1, 2), ("epymarl",), **length)  # EPyMARL plays it on this engine
    large = ("Foraging-8x8-2p-2f-coop-v3",)
    return runs + grid(("vdn",), large, (1,), ("epymarl",), total_steps=60_000, test_interval=15_000, **short)


def _smoke() -> list[TrainConfig]:
    """Every method for a few seconds."""
    return grid(tuple(METHOD_OPTIONS), ("lbf-3p-3f",), (1,), ("smoke",))


SWEEPS: dict[str, Callable[[], list[TrainConfig]]] = {
    "figure3": _figure3,
    "figure4": partial(_maps, "battle", FIGURE4),
    "figure8": partial(_figure8, [f"battle-{name}" for name in FIGURE8], range(1, 6)),
    "figure8-foraging": partial(_figure8, ("lbf-3p-3f",), range(1, 4)),
    "figure12": partial(_maps, "battle", FIGURE12),
    "figure4-game": partial(_maps, "smac", FIGURE4),
    "figure8-game": partial(_figure8, [f"smac-{name}" for name in FIGURE8], range(1, 6)),
    "figure12-game": partial(_maps, "smac", FIGURE12),
    "pilot": _pilot,
    "controls": _controls,
    "explained": _explained,
    "tenth": _tenth,
    "epymarl": _epymarl,
    "smoke": _smoke,
}
"""Sweeps by name; the order of a sweep is the order in which its runs begin. Those that end in -game need
StarCraft II, the others of the same figures use the embedded engine."""

SHARED = {"figure8": "figure4", "figure8-foraging": "figure3", "figure8-game": "figure4-game"}
"""Sweeps that compare runs of another sweep with their own: what both ask for lies in the other's folder."""


@checks_arguments
def runs_of(sweep: str) -> list[Run]:
    """List the runs of a sweep, those that it shares with another sweep in the folder of that one.

    Raises ValueError for an unknown name.
    """
    if sweep not in SWEEPS:
        raise ValueError(f"unknown sweep {sweep!r}; known are {', '.join(SWEEPS)}")
    other = SHARED.get(sweep)
    shared = _configs(SWEEPS[other]) if other else {}
    configs = _configs(SWEEPS[sweep])
    return [Run(f"{other if config in shared else sweep}/{folder_of(config)}", config) for config in configs]


@cache  # the scoreboard asks for the same sweeps claim by claim
def _configs(definition: Callable[[], list[TrainConfig]]) -> dict[TrainConfig, None]:
    """Configurations of a sweep, in order."""
    return dict.fromkeys(definition())


@checks_arguments
def selection(sweep: str, total_steps: Count | None = None, **only: Collection[Any]) -> list[Run]:
    """List the runs of a sweep whose settings are among those given, all where a collection is empty.

    Example: ``selection("figure3", env=["lbf-3p-3f"], method=["vdn"], seed=[1])``.

    Args:
        sweep: name of the sweep.
        total_steps: length of each run in place of the sweep's own, with ten tests where it is short.
        only: allowed values by the name of a setting.
    """
    kept = []
    for folder, config in runs_of(sweep):
        if all(not values or getattr(config, name) in values for name, values in only.items()):
            if total_steps:
                interval = max(1, min(config.test_interval, total_steps // 10))
                config = changed(config, total_steps=total_steps, test_interval=interval)
            kept.append(Run(folder, config))
    return kept


@lru_cache(maxsize=4096)  # tables of sweeps ask for the same runs again and again
def folder_of(config: TrainConfig) -> str:
    """Folder of a run below its sweep: task, method with preset and departures, seed."""
    words = [config.method, config.preset]
    for name, value in departures(config).items():
        if name not in ("total_steps", "test_interval"):
            text = "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words.append(f"{name.rpartition('.')[2]}={text}")
    return f"{config.env}/{'_'.join(words)}/seed-{config.seed}"
