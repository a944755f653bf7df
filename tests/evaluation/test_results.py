"""Stored runs come back as one table, and runs that differ never share a curve."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from na2q.campaign import sweeps
from na2q.campaign.sweeps import runs_of
from na2q.config import TrainConfig, configure
from na2q.evaluation.figures import learning_curves
from na2q.evaluation.results import (
    around,
    check_curves,
    describe,
    final_returns,
    load_runs,
    load_sweeps,
    missing,
    missing_in_words,
    name_curves,
    smooth,
)
from na2q.style import look
from na2q.training.records import DamagedRunWarning
from na2q.training.run import train
from na2q.training.runlog import RunFolder


def store(folder: Path, config: TrainConfig, returns: list[float], **facts: object) -> None:
    """A finished run with these test returns, ten thousand steps apart."""
    rows = [{"step": 10_000 * i + 7, "test_return_mean": x} for i, x in enumerate(returns)]
    with RunFolder(folder, config) as run:
        run.begin()
        run.metrics(rows)
        run.note(status="complete", steps=rows[-1]["step"], **facts)


def place(root: Path, config: TrainConfig, sweep: str = "pilot") -> Path:
    return root / sweep / sweeps.folder_of(config)


def test_table_has_a_row_for_each_test_with_what_the_run_was(tmp_path: Path) -> None:
    store(tmp_path / "a", configure("vdn", preset="released", seed=1), [0.0, 0.5])
    store(tmp_path / "b", configure("vdn", preset="released", seed=2), [0.0, 1.0])
    runs = load_runs(tmp_path)
    assert runs["point"].tolist() == [0, 10_000] * 2
    assert set(runs["variant"]) == {""}
    assert describe(runs) == "n = 2 seeds for each curve, 10,000 environment steps, preset released; no smoothing"
    finals = final_returns(runs, tests=1)
    assert finals[["seed 1", "seed 2", "mean", "std"]].to_numpy().ravel().tolist() == [0.5, 1.0, 0.75, 0.25]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "fair"}, "preset is fair and released"),
        ({"gamma": 0.9}, "variant is  and gamma=0.9"),
        ({"total_steps": 100_000}, "total_steps is 100000 and 1050000"),
    ],
)
def test_runs_that_differ_are_refused_in_one_curve(settings: dict, message: str, tmp_path: Path) -> None:
    plain = {"method": "na2q", "preset": "released"}
    store(tmp_path / "a", configure(**plain, seed=1), [0.0])
    store(tmp_path / "b", configure(**plain | settings, seed=2), [0.0])
    with pytest.raises(ValueError, match=f"na2q on lbf-4p-2f mixes runs whose {message}: select one"):
        check_curves(load_runs(tmp_path))


def test_presets_that_set_the_same_share_a_curve(tmp_path: Path) -> None:
    for seed, preset in ((1, "released"), (2, "paper")):
        store(tmp_path / preset, configure("vdn", preset=preset, seed=seed), [0.0])
    check_curves(load_runs(tmp_path))


def test_curves_show_mean_and_every_seed(tmp_path: Path) -> None:
    for seed, returns in ((1, [0.0, 0.4]), (2, [0.2, 0.8])):
        store(tmp_path / str(seed), configure("vdn", preset="released", seed=seed), returns)
    lines = [line.get_ydata().tolist() for line in learning_curves(load_runs(tmp_path)).axes[0].lines]
    assert lines == [[0.0, 0.4], [0.2, 0.8], pytest.approx([0.1, 0.6])]


def test_unfinished_runs_are_left_out_and_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no finished run below"):
        load_runs(tmp_path)
    store(tmp_path / "a", configure("vdn", preset="released"), [0.0])
    record = json.loads((tmp_path / "a" / "run.json").read_text()) | {"status": "running"}
    del record["checksum"]
    (tmp_path / "a" / "run.json").write_text(json.dumps(record))
    with pytest.raises(FileNotFoundError, match="no finished run below"):
        load_runs(tmp_path)


def test_what_training_writes_can_be_loaded(tmp_path: Path) -> None:
    metrics = train(configure("na2q", preset="smoke", **{"options.orders": (1,)}), tmp_path)
    runs = load_runs(tmp_path)
    assert set(runs["variant"]) == {"options.orders=(1,)"}
    pd.testing.assert_series_equal(runs["test_return_mean"], metrics["test_return_mean"], rtol=1e-4)


def test_sweep_and_last_evaluation_of_a_run_are_columns(tmp_path: Path) -> None:
    store(
        place(tmp_path, configure("vdn", preset="released", seed=1)),
        configure("vdn", preset="released", seed=1),
        [0.0],
        absolute={"episodes": 320},
    )
    store(
        place(tmp_path, configure("vdn", preset="released", seed=2)), configure("vdn", preset="released", seed=2), [0.0]
    )
    runs = load_sweeps(tmp_path, ["figure3", "pilot"])
    assert set(runs["sweep"]) == {"pilot"}
    assert runs["absolute_episodes"].fillna(-1).tolist() == [320, -1]
    with pytest.raises(FileNotFoundError, match="no finished run of figure3 or figure4 below"):
        load_sweeps(tmp_path, ["figure3", "figure4"])


def test_run_that_two_sweeps_ask_for_is_read_as_both_of_them(tmp_path: Path) -> None:
    for run in runs_of("figure8-foraging")[:2]:
        store(tmp_path / run.folder, run.config, [0.5])
    table = load_sweeps(tmp_path, ["figure3", "figure8-foraging"])
    found = set(table[["sweep", "label"]].itertuples(index=False, name=None))
    assert found == {("figure3", "na2q"), ("figure8-foraging", "na2q"), ("figure8-foraging", "na2q order 1")}
    assert len(missing("figure8-foraging", tmp_path)) == len(runs_of("figure8-foraging")) - 2


def test_settings_get_curves_of_their_own_when_named(tmp_path: Path) -> None:
    settings = {"options.orders": (1, 2, 3), "options.credits": "state"}
    for preset, more in (("released", {}), ("paper", {}), ("released", settings)):
        config = configure("na2q", preset=preset, **more)
        store(place(tmp_path, config), config, [0.0])
    named = name_curves(load_runs(tmp_path))
    check_curves(named)
    assert set(named["curve"]) == {"na2q", "na2q preset paper", "na2q order 3 w/o semantic"}
    assert describe(named).endswith("preset released and paper; no smoothing")


def test_pilot_and_full_runs_are_described_apart(tmp_path: Path) -> None:
    for sweep, length in (("pilot", 2), ("figure3", 4)):
        config = configure("vdn", preset="released", total_steps=10_000 * length)
        store(place(tmp_path, config, sweep), config, [0.0] * (length + 1))
    assert describe(load_runs(tmp_path)) == (
        "sweep figure3 with n = 1 seed for each curve, 40,000 environment steps, preset released; "
        "sweep pilot with n = 1 seed for each curve, 20,000 environment steps, preset released; no smoothing"
    )


def test_one_seed_twice_in_a_curve_is_refused(tmp_path: Path) -> None:
    for copy in ("a", "b"):
        store(tmp_path / copy, configure("vdn", preset="released"), [0.0])
    with pytest.raises(ValueError, match="vdn on lbf-4p-2f holds two runs of seed 1: select one"):
        check_curves(load_runs(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.csv", lambda whole: "\n".join(whole.splitlines()[:-1]) + "\n", "is cut off at step 10007 of 20007"),
        ("metrics.csv", lambda whole: whole[: whole.rindex(",")], "is cut off at step"),
        ("metrics.csv", lambda _: "", "cannot be read"),
        ("run.json", lambda _: "{", "cannot be read"),
        ("run.json", lambda _: "null", "cannot be read: it holds None"),
    ],
)
def test_damaged_run_is_named_in_a_warning_and_the_others_are_there(
    name: str, content: Callable[[str], str], message: str, tmp_path: Path
) -> None:
    for seed in (1, 2):
        store(tmp_path / str(seed), configure("vdn", preset="released", seed=seed), [0.0, 0.1, 0.2])
    path = tmp_path / "2" / name
    path.write_text(content(path.read_text()))
    with pytest.warns(DamagedRunWarning, match=rf"2/{name} {message}"):
        assert load_runs(tmp_path)["seed"].unique().tolist() == [1]


@pytest.mark.slow
def test_what_a_sweep_lacks_is_listed(tmp_path: Path) -> None:
    runs = runs_of("pilot")
    assert len(missing("pilot", tmp_path)) == len(runs)
    assert missing_in_words("pilot", tmp_path) == f"pilot has not begun: {len(runs)} runs"
    for folder, config in runs[:-1]:
        store(tmp_path / folder, config, [0.0])
    last = runs[-1].config
    assert missing("pilot", tmp_path)[["env", "curve", "seed", "state"]].to_numpy().tolist() == [
        [last.env, last.method, last.seed, "missing"]
    ]
    assert missing_in_words("pilot", tmp_path) == (
        f"pilot lacks 1 of {len(runs)} runs: {look(last.method).label} on {last.env} lacks seed {last.seed}"
    )
    store(tmp_path / runs[-1].folder, last, [0.0])
    assert missing_in_words("pilot", tmp_path) == f"pilot is complete: {len(runs)} runs"


def test_a_figure_shows_what_it_is_about_once_and_beside_what_ran_with_it() -> None:
    ran = [
        ("short", "a", "subject", 100), ("short", "a", "part", 100), ("short", "a", "other", 100),
        ("short", "a", "rival", 100),
        ("long", "a", "subject", 900), ("long", "a", "part", 900), ("long", "a", "rival", 900),
        ("short", "b", "subject", 100), ("short", "b", "rival", 100), ("controls", "a", "subject", 100),
    ]  # fmt: skip
    runs = pd.DataFrame(ran, columns=["sweep", "env", "curve", "point"]).assign(seed=1)
    runs = pd.concat([runs.assign(point=0), runs], ignore_index=True)

    def kept(*curves: str, seeds: int = 1) -> set[tuple[str, str, str]]:
        return set(around(runs, curves, seeds)[["sweep", "env", "curve"]].itertuples(index=False, name=None))

    long = {("long", "a", "subject"), ("long", "a", "part"), ("long", "a", "rival")}
    short = {("short", "a", "subject"), ("short", "a", "other"), ("short", "a", "rival")}
    assert kept("part") == long
    assert kept("other") == short | {("short", "a", "part")}
    assert kept("part", "other") == long | short
    assert kept() == set()
    assert len(around(runs, ["part"])) == 6, "tests of a run stay together"
    assert kept("part", seeds=2) == long, "where no sweep has so many seeds, the longest counts"
    runs = pd.concat([runs, runs[runs["sweep"] == "short"].assign(seed=2)])
    assert kept("part") == long
    assert kept("part", seeds=2) == {("short", "a", "part"), ("short", "a", "subject")} | short


def test_smoothing_averages_within_a_run_and_is_written_on_the_axis(tmp_path: Path) -> None:
    for seed in (1, 2):
        store(tmp_path / str(seed), configure("vdn", preset="released", seed=seed), [0.0, 0.5, 1.0 * seed])
    runs = load_runs(tmp_path)
    smoothed = smooth(runs, "test_return_mean", 2).sort_values(["seed", "step"])
    assert smoothed["test_return_mean"].tolist() == pytest.approx([0.0, 0.25, 0.75, 0.0, 0.25, 1.25])
    assert "moving average of 2 tests" in describe(runs, window=2)
    assert "moving average of 2 tests" in learning_curves(runs, window=2).get_supylabel()
    assert learning_curves(runs).get_supylabel() == "test return"
