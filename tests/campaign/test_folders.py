"""How far runs are, damaged ones among them, and how results come together whole or not at all."""

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock

from na2q.campaign import folders, sweeps
from na2q.cli import main
from na2q.config import configure, facts
from na2q.files import WriteError
from na2q.training import records
from na2q.training.records import DamagedError, RunError, read_metrics, read_record
from na2q.training.run import train

COLUMNS = ("step", "test_return_mean", "seconds")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run, not to be changed."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(configure("vdn", "lbf-3p-3f", "smoke"), folder)
    return folder


def change(folder: Path, **facts: Any) -> Path:
    record = json.loads((folder / "run.json").read_text()) | facts
    record = {name: value for name, value in record.items() if "checksum" not in name}  # as older versions wrote it
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def copy(finished: Path, to: Path, keep: int | None = None, **facts: Any) -> Path:
    """A copy of a run, with the first rows of its metrics and other facts."""
    to.mkdir(parents=True)
    table = pd.read_csv(finished / "metrics.csv")
    table.head(keep or len(table)).to_csv(to / "metrics.csv", index=False)
    shutil.copy(finished / "run.json", to / "run.json")
    return change(to, **facts)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("metrics.csv", "run.json")}


RECORDS = {
    "empty": "",
    "null": "null",
    "list": "[1, 2]",
    "text": '"run"',
    "cut": '{"status": "complete", "config": {"met',
    "bytes": "\x00\x01",
    "deep": "[" * 100_000,
    "no config": '{"status": "complete"}',
    "config of another kind": '{"status": "complete", "config": [1]}',
    "no status": '{"config": {"method": "vdn"}}',
    "unknown status": '{"status": "paused", "config": {}}',
    "status of another kind": '{"status": {"complete": true}, "config": {}}',
    "settings of another kind": '{"status": "running", "config": {"method": "vdn", "env": 3}}',
}
TABLES = {
    "empty": "",
    "header": "step,test_return_mean,seconds\n",
    "no columns": "a,b\n1,2\n",
    "text": "step,test_return_mean,seconds\n0,much,1\n",
    "cut in a row": "step,test_return_mean,seconds\n0,0.0,0\n100,",
    "backwards": "step,test_return_mean,seconds\n100,0,0\n0,0,0\n",
    "without steps": "step,test_return_mean,seconds\n,0.1,0\n9,0.1,0\n",
    "bytes": "\x00\xff\x00",
}


@pytest.mark.parametrize("kind", RECORDS)
def test_damaged_record_is_named_and_a_row_of_its_own(kind: str, finished: Path, tmp_path: Path) -> None:
    copy(finished, tmp_path / "a" / "sound")
    bad = copy(finished, tmp_path / "b" / "bad") / "run.json"
    bad.write_text(RECORDS[kind])
    with pytest.raises(DamagedError, match=r"b/bad/run\.json cannot be read"):
        read_record(bad.parent)
    table = folders.status(tmp_path)
    assert table["status"].to_dict() == {"a/sound": "complete", "b/bad": "damaged"}
    assert str(bad) in table.loc["b/bad", "problem"]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("state", ["complete", "running"])
def test_damaged_metrics_are_named_and_a_row_of_their_own(
    kind: str, state: str, finished: Path, tmp_path: Path
) -> None:
    copy(finished, tmp_path / "sound", status=state)
    bad = copy(finished, tmp_path / "bad", status=state) / "metrics.csv"
    bad.write_text(TABLES[kind], encoding="latin-1")
    with pytest.raises(DamagedError, match=r"bad/metrics\.csv "):
        read_metrics(bad.parent)
    assert folders.status(tmp_path)["status"].to_dict() == {"bad": "damaged", "sound": state}


def test_run_without_speed_shows_none(finished: Path, tmp_path: Path) -> None:
    copy(finished, tmp_path / "begun", keep=1, status="running")
    assert "steps/s" not in folders.state_of(tmp_path / "begun")
    assert folders.state_of(tmp_path / "begun")["step"] == 0


def test_status_lists_missing_and_finished_runs(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy(finished, tmp_path / "a" / "b")
    main(["status", str(tmp_path)])
    assert "complete" in capsys.readouterr().out
    main(["status", str(tmp_path), "--sweep", "smoke"])
    assert capsys.readouterr().out.count("missing") == len(sweeps.runs_of("smoke"))
    with pytest.raises(RunError, match="c is no folder"):
        folders.status(tmp_path / "a" / "b" / "c")


def test_hidden_folders_and_links_are_no_runs(finished: Path, tmp_path: Path) -> None:
    copy(finished, tmp_path / "root" / ".trash" / "run")
    run = copy(finished, tmp_path / "root" / "run")
    (tmp_path / "root" / "again").symlink_to(run)
    assert folders.status(tmp_path / "root").index.tolist() == ["run"]


@pytest.mark.parametrize(
    ("there", "new", "outcome"),
    [
        ({}, {}, "kept"),
        ({"keep": 2, "status": "running"}, {}, "copied over an unfinished one"),
        ({}, {"keep": 2, "status": "running"}, "kept"),
        ({"keep": 2, "status": "running"}, {"keep": 3, "status": "running"}, "copied over a shorter one"),
        ({"keep": 3, "status": "diverged"}, {"keep": 2, "status": "running"}, "kept"),
        ({"status": "running"}, {}, "copied over an unfinished one"),  # as long, but only one is complete
        ({"status": "lost"}, {}, "copied over a damaged one"),
        ({}, {"status": "lost"}, "refused: "),
        ({}, {"keep": 2}, "refused: "),
    ],
)
def test_merge_keeps_the_better_run(there: dict, new: dict, outcome: str, finished: Path, tmp_path: Path) -> None:
    old, source = copy(finished, tmp_path / "here" / "r", **there), copy(finished, tmp_path / "there" / "r", **new)
    before, given = contents(old), contents(source)
    said = folders.merge(tmp_path / "there", tmp_path / "here")["r"]
    assert said.startswith(outcome)
    assert contents(old) == (given if said.startswith("copied") else before)
    assert contents(source) == given
    assert sorted(path.name for path in old.iterdir() if path.name != ".lock") == ["metrics.csv", "run.json"]


def test_merge_refuses_other_settings_links_and_runs_in_use(finished: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    config = json.loads((finished / "run.json").read_text())["config"]
    copy(finished, there / "other", config=config | {"seed": 7})
    copy(finished, here / "other", keep=2, status="running")
    copy(finished, there / "linked")
    (there / "linked" / "metrics.csv").unlink()
    (there / "linked" / "metrics.csv").symlink_to(finished / "metrics.csv")
    copy(finished, there / "through" / "link")
    (tmp_path / "elsewhere").mkdir()
    (here / "through").symlink_to(tmp_path / "elsewhere")
    copy(finished, there / "used")
    (here / "used").mkdir()
    with FileLock(here / "used" / ".lock"):
        outcomes = folders.merge(there, here)
    assert outcomes["other"] == "refused: other settings"
    assert outcomes["linked"].startswith("refused: ")
    assert outcomes["linked"].endswith("metrics.csv is a link")
    assert outcomes["through/link"].endswith("through is a link")
    assert outcomes["used"].startswith("refused: another process is training in")
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not (here / "used" / "run.json").exists()


def test_merge_compares_what_files_of_different_versions_mean(finished: Path, tmp_path: Path) -> None:
    now = facts(configure("vdn", "battle-3m", "smoke", **{"env_options.engine": 1}))
    older = {name: value for name, value in now["config"]["env_options"].items() if name != "engine"}
    copy(
        finished,
        tmp_path / "here" / "r",
        keep=2,
        status="running",
        version=1,
        config=now["config"] | {"env_options": older},
    )
    copy(finished, tmp_path / "there" / "r", **now)
    assert folders.merge(tmp_path / "there", tmp_path / "here") == {"r": "copied over an unfinished one"}
    copy(finished, tmp_path / "newer" / "r", **facts(configure("vdn", "battle-3m", "smoke")))
    assert folders.merge(tmp_path / "newer", tmp_path / "here") == {"r": "refused: other settings"}


def test_merge_says_what_it_did_for_nothing(tmp_path: Path, finished: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"no runs below .*empty: nothing was merged"):
        folders.merge(tmp_path / "empty", tmp_path / "into")
    with pytest.raises(RunError, match="nowhere is no folder: nothing was merged"):
        folders.merge(tmp_path / "nowhere", tmp_path / "into")
    with pytest.raises(RunError, match="source and into are both"):
        folders.merge(finished, finished.parent / "run")
    assert not (tmp_path / "into").exists()


@pytest.mark.slow
@pytest.mark.parametrize("strike", range(6))
def test_merge_that_is_cut_off_leaves_one_whole_run(
    strike: int, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails before one of the moves; readers see the old run or the new one, and the next merge ends it."""
    old = copy(finished, tmp_path / "here" / "r", keep=2, status="running")
    new = copy(finished, tmp_path / "there" / "r")
    moves = 0

    class PowerCutError(BaseException):
        pass

    def failing(name: str) -> None:
        plain = getattr(Path, name)

        def move(self: Path, to: Path) -> Path:
            nonlocal moves
            moves += 1
            if moves > strike:
                raise PowerCutError
            return plain(self, to)

        monkeypatch.setattr(Path, name, move)

    with monkeypatch.context():
        failing("replace")
        failing("rename")
        with contextlib.suppress(PowerCutError):
            folders.merge(tmp_path / "there", tmp_path / "here")
        monkeypatch.undo()
    found = (read_record(old), read_metrics(old))
    sides = [(read_record(side), read_metrics(side)) for side in (new,)]
    shorter = copy(finished, tmp_path / "copy", keep=2, status="running")
    sides.append((read_record(shorter), read_metrics(shorter)))
    assert any(found[0] == record and found[1].equals(table) for record, table in sides)
    folders.merge(tmp_path / "there", tmp_path / "here")
    assert contents(old) == contents(new)
    assert not (old / records.MERGED).exists()
    assert not (old / records.STAGED).exists()


def test_full_disk_while_merging_leaves_the_old_run(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = copy(finished, tmp_path / "here" / "r", keep=2, status="running")
    copy(finished, tmp_path / "there" / "r")
    before = contents(old)
    plain = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.suffix == ".json":
            raise OSError(28, "No space left on device")
        return plain(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(WriteError, match=r"run\.json: No space left on device; .*free some space"):
            folders.merge(tmp_path / "there", tmp_path / "here")
    assert contents(old) == before
    assert sorted(path.name for path in old.iterdir() if path.name != ".lock") == ["metrics.csv", "run.json"]


def test_merge_on_the_command_line_fails_where_it_refuses(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy(finished, tmp_path / "there" / "r", status="lost")
    with pytest.raises(SystemExit) as stop:
        main(["merge", str(tmp_path / "there"), str(tmp_path / "here")])
    assert stop.value.code == 1
    assert "run.json cannot be read: status is 'lost', must be one of running" in capsys.readouterr().out


def test_a_digit_that_is_another_is_noticed(finished: Path, tmp_path: Path) -> None:
    """The files stay whole and well formed, so that only a checksum can tell."""
    for name, old, new in (
        ("metrics.csv", "500,", "501,"),
        ("run.json", '"episodes": 40', '"episodes": 41'),
        ("run.json", '"seed": 1', '"seed": 2'),
        ("run.json", '"lr": 0.0005', '"lr": 0.0006'),
    ):
        run = tmp_path / f"{name} {old}".replace("/", "")
        shutil.copytree(finished, run)
        whole = (run / name).read_text()
        assert old in whole
        (run / name).write_text(whole.replace(old, new, 1))
        assert folders.state_of(run)["status"] == "damaged"
        with pytest.raises(DamagedError, match=rf"{name} .*(checksum|cut off)"):
            read_metrics(run)


def test_a_table_whose_end_is_missing_within_a_number_is_noticed(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    path = tmp_path / "run" / "metrics.csv"
    whole = path.read_bytes()
    for missing in range(1, len(whole.splitlines()[-1])):
        path.write_bytes(whole[:-missing])
        with pytest.raises(DamagedError, match=r"metrics\.csv"):
            read_metrics(tmp_path / "run")
    path.write_bytes(whole.replace(b"\n", b"\r\n"))  # as git may check it out
    assert len(read_metrics(tmp_path / "run")) == 3


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"curve": None}, "curve is None, must be a table of method, preset and settings"),
        ({"curve": {"method": "vdn", "preset": "smoke"}}, "curve is .*, must be a table"),
        ({"curve": {"method": 3, "preset": "smoke", "settings": {}}}, "curve is .*, must be a table"),
        ({"version": "two"}, "version is 'two', must be a whole number from 1"),
    ],
)
def test_a_curve_of_another_kind_is_damage(entry: dict[str, Any], message: str, finished: Path, tmp_path: Path) -> None:
    change(copy(finished, tmp_path / "run"), **entry)
    with pytest.raises(DamagedError, match=message):
        read_record(tmp_path / "run")
