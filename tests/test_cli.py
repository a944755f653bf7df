"""The command line, run as a user runs it."""

from pathlib import Path

import pytest

from na2q.cli import main
from na2q.config import METHOD_OPTIONS


def test_train_then_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    main(["train", "--preset", "smoke", "--method", "vdn", "--env", "lbf-3p-3f", "--seed", "2", "--run-dir", run])
    assert "test return" in capsys.readouterr().out
    main(["evaluate", run, "--episodes", "3"])
    assert "return     mean" in capsys.readouterr().out


def test_lists_every_method(capsys: pytest.CaptureFixture[str]) -> None:
    main(["methods"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == list(METHOD_OPTIONS)


def test_lists_environments_with_how_names_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    main(["envs"])
    assert "lbf-4p-2f" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--env", "lbf-9", "--run-dir", "x"], "write lbf-<players>p-<foods>f"),
        (["train", "--env", "chess-1", "--run-dir", "x"], "unknown environment family 'chess'"),
        (["train", "--method", "foo", "--run-dir", "x"], "invalid choice: 'foo'"),
        (["train", "--seed", "-3", "--run-dir", "x"], "seed is -3"),
        (["evaluate", "nowhere"], "does not exist: give a weights file"),
    ],
)
def test_mistakes_end_with_a_message_and_nothing_written(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["nonsense"], "nonsense"),
        (["methods", "extra"], "extra"),
        (["train", "--tensorboard=maybe", "--run-dir", "x"], "maybe"),
    ],
)
def test_words_that_no_command_knows_are_named(
    words: list[str], unknown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert f"Unrecognized options: {unknown}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["record", "run", "--out"],
        ["watch", "run", "--out"],
        ["explain", "run", "--interactive"],
        ["explain", "run", "--out"],
        ["sweep", "smoke", "--root"],
        ["figures", "--out"],
    ],
)
def test_places_that_cannot_be_written_to_are_named_before_the_work(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        main([*words, str(tmp_path / "file" / "below.gif")])
    assert stop.value.code == 2
    assert f"cannot write {tmp_path / 'file' / 'below.gif'}: Not a directory" in capsys.readouterr().err
