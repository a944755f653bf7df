"""The table of peers is whole, every line says what was measured, and workers take turns."""

import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from benchmark_scripts import BENCHMARKS, benchmark

from na2q.book import peers as beside
from na2q.paths import repo_root

TIMES = [f"{clock}_{what}" for clock in ("cpu", "wall") for what in ("ms", "low_ms", "high_ms")]
TOY = """import sys
sys.path.insert(0, {workers!r})
from turns import Turns
turns = Turns()
for k in range({turns}):
    turns.wait()
    print("a line of the package's own")
    turns.measure("work", lambda: {steps} + k, 2)
    turns.tell()
raise RuntimeError("out of breath")
"""


@pytest.fixture(scope="module")
def peers() -> ModuleType:
    return benchmark("peers")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(
        repo_root() / "data" / "peers.csv", keep_default_na=False, na_values={name: [""] for name in TIMES}
    )


def test_table_has_a_line_for_every_package_in_every_case(peers: ModuleType, table: pd.DataFrame) -> None:
    found = list(table[["measure", "of", "copies", "package"]].itertuples(index=False, name=None))
    parts = [(part, of, copies) for measure, of, copies in peers.CASES for part in peers.PARTS[measure]]
    sides = {"floor": (peers.OURS,)}
    expected = [(*case, name) for case in parts for name in sides.get(case[0], (peers.OURS, *peers.PEERS))]
    assert sorted(found) == sorted(expected)


def test_every_line_has_either_whole_numbers_or_a_reason(table: pd.DataFrame) -> None:
    measured = table["why"] == ""
    assert table.loc[~measured, TIMES].isna().all(axis=None)
    numbers = table.loc[measured]
    assert (numbers["repeats"].astype(int) >= 12).all()
    for clock in ("cpu", "wall"):
        assert (numbers[f"{clock}_low_ms"] > 0).all()
        assert (numbers[f"{clock}_low_ms"] <= numbers[f"{clock}_ms"]).all()
        assert (numbers[f"{clock}_ms"] <= numbers[f"{clock}_high_ms"]).all()
    assert (numbers["cpu_ms"] <= 1.05 * numbers["wall_ms"]).all(), "more than one thread was at work"
    assert set(numbers["package"]) >= {"na2q", "benchmarl"}


def test_every_line_names_its_version_and_the_run_it_is_of(peers: ModuleType, table: pd.DataFrame) -> None:
    asked = {name: wanted[0].partition("==")[2] for name, wanted in peers.PEERS.items()}
    for name, rows in table.groupby("package"):
        assert rows["version"].nunique() == 1
        assert rows["version"].iloc[0] == asked.get(str(name), rows["version"].iloc[0]) != ""
    assert table.loc[table["why"] == "", "backend"].str.fullmatch(r"(torch|jax) \d+\.\d+\S*").all()
    for name in ("commit", "date", "cores", "load"):
        assert table[name].nunique() == 1, "one run on one machine"
    assert table["commit"].str.fullmatch("[0-9a-f]{40}").all(), "measured from a commit that others have too"
    assert table["date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()


@pytest.fixture
def command(tmp_path: Path):
    def make(name: str, turns: int, steps: int) -> list[str]:
        script = tmp_path / f"{name}.py"
        script.write_text(TOY.format(workers=str(BENCHMARKS / "workers"), turns=turns, steps=steps))
        return [sys.executable, str(script)]

    return make


def test_workers_take_turns_and_what_warms_up_does_not_count(peers: ModuleType, command) -> None:
    with peers.worker(command("a", 9, 10), {}) as a, peers.worker(command("b", 9, 20), {}) as b:
        measured = peers.alternate({"a": a, "b": b}, rounds=2, warm_up=1)
    assert [span["steps"] for span in measured["a"]] == [11, 11, 12, 12]
    assert [span["steps"] for span in measured["b"]] == [21, 21, 22, 22]
    summary = peers.row(measured["a"])
    assert (summary["steps"], summary["repeats"]) == (11.5, 4)
    assert 0 <= summary["wall_low_ms"] <= summary["wall_ms"] <= summary["wall_high_ms"]


def test_worker_that_ends_is_named_with_the_last_it_said(peers: ModuleType, command) -> None:
    with peers.worker(command("brief", 1, 0), {}) as brief, pytest.raises(peers.WorkerError) as caught:
        peers.alternate({"brief": brief}, rounds=1, warm_up=1)
    assert "brief.py" in str(caught.value)
    assert "RuntimeError: out of breath" in str(caught.value)


def test_peer_that_cannot_be_installed_is_in_the_table_with_the_reason(
    peers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, folder: Path) -> Path:
        raise peers.WorkerError("no matching distribution")

    monkeypatch.setattr(peers, "install", fail)
    found = peers.side("benchmarl", tmp_path)
    assert found.facts["version"] == peers.PEERS["benchmarl"][0].partition("==")[2]
    monkeypatch.setattr(peers, "alternate", lambda workers, rounds: {})
    rows = peers.table({"benchmarl": found}, 1, tmp_path)
    assert {row["why"] for row in rows} == {"cannot be installed: no matching distribution"}


def test_packages_stand_side_by_side_with_their_versions(table: pd.DataFrame) -> None:
    shown = beside.beside(beside.read())
    rows = {
        ("update", "qmix", 1): "update of QMIX, ms",
        ("update", "vdn", 1): "update of VDN, ms",
        ("training", "qmix", 1): "training with QMIX, steps a second",
        ("training", "vdn", 1): "training with VDN, steps a second",
        ("environment", "battle-3m", 1): "map 3m alone, one copy, steps a second",
        ("environment", "battle-3m", 32): "map 3m alone, 32 copies, steps a second",
    }
    assert list(shown.index) == list(rows.values())
    versions = table.drop_duplicates("package").set_index("package")["version"]
    for column, (package, version) in zip(shown.columns, versions.items(), strict=True):
        assert column.startswith(f"{beside.LABELS[str(package)]} {version} (")
    lines = table.set_index(["measure", "of", "copies"])
    for key, row in rows.items():
        absent = lines.loc[[key]].set_index("package")["why"] != ""
        assert [cell == "no such part" for cell in shown.loc[[row]].to_numpy()[0]] == list(absent[versions.index])


def test_words_and_cells_say_what_the_numbers_are() -> None:
    rows = [
        {"measure": measure, "of": of, "copies": 1, "package": package, "version": "1", "backend": "torch 2", "why": ""}
        | {"cpu_ms": ms, "cpu_low_ms": ms / 2, "cpu_high_ms": 2 * ms, "wall_ms": 3 * ms, "steps": steps}
        for of in ("qmix", "vdn")
        for package, factor in (("na2q", 1), ("benchmarl", 2))
        for measure, ms, steps in (("update", 10 * factor, 0), ("training", 50, 100), ("collecting", 10 * factor, 100))
    ]
    run = {"cores": 2, "load": 7.6, "date": "2026-01-02", "commit": 4 * "0123456789"}
    made = pd.DataFrame(rows).assign(**run)
    assert beside.words(beside.read()).keys() == (words := beside.words(made)).keys()
    assert [words[name] for name in ("update_qmix", "wall", "load", "measured_at")] == ["2.0", "3.0", "8", "0123456789"]
    assert (words["collecting_vdn_na2q"], words["collecting_vdn_benchmarl"]) == ("20 %", "40 %")
    assert beside.missing(made) == ""
    lacking = made.iloc[:1].assign(measure="environment", of="battle-3m", why="there is none")
    made = pd.concat([made, *(lacking.assign(copies=copies) for copies in (1, 32))])
    shown = beside.beside(made)
    cells = {row: list(cells) for row, *cells in shown.itertuples(name=None)}
    assert cells["update of QMIX, ms"] == ["10.0 (5.0 to 20.0)", "20.0 (10.0 to 40.0)"]
    assert cells["training with VDN, steps a second"] == 2 * ["2,000 (1,000 to 4,000)"]
    assert cells["map 3m alone, one copy, steps a second"][0] == "no such part"
    assert "there is none" in beside.missing(made)
