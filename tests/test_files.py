"""Files are whole or not there, whoever else writes and whatever the disk says."""

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from na2q.files import PREFIX, WriteError, as_path, check_target, replacing

WRITER = """import sys, time
from na2q.files import replacing
with replacing(sys.argv[1]) as part:
    part.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(PREFIX)]


def writer(target: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, target], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def write_and_raise(target: Path, error: BaseException) -> None:
    with replacing(target) as part:
        part.write_text("half")
        raise error


def test_many_writers_of_one_file_each_write_a_whole_one(tmp_path: Path) -> None:
    target, errors = tmp_path / "out.csv", []

    def write(text: str) -> None:
        try:
            for _ in range(20):
                with replacing(target) as part:
                    part.write_text(text)
        except Exception as error:
            errors.append(error)

    texts = [str(i) * 5000 for i in range(6)]
    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert target.read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_leftovers_of_a_killed_writer_go_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before")
    killed, alive = writer(tmp_path / "a.txt"), writer(tmp_path / "b.txt")
    assert len(leftovers(tmp_path)) == 2
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with replacing(tmp_path / "c.txt") as part:
        part.write_text("c")
    assert len(leftovers(tmp_path)) == 1
    assert (tmp_path / "a.txt").read_text() == "before"
    alive.kill()
    alive.communicate()


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_mode_of_new_files_follows_the_umask(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "x.safetensors") as part:
            save_file({"x": torch.zeros(2)}, part)  # which makes its files private
    finally:
        os.umask(before)
    assert (tmp_path / "x.safetensors").stat().st_mode & 0o777 == 0o666 & ~mask


def test_mode_of_a_file_that_is_replaced_stays(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o640)
    with replacing(tmp_path / "x") as part:
        part.write_text("new")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640


def test_what_a_link_points_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "real")
    for text in ("one", "two"):
        with replacing(tmp_path / "link") as part:
            part.write_text(text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "far" / "real").read_text() == text


def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "to-pipe").symlink_to(tmp_path / "pipe")
    for name, kind in (("pipe", "a device or pipe"), ("folder", "a folder"), ("to-pipe", "a device or pipe")):
        with pytest.raises(WriteError, match=f"cannot write .*{name}: it is {kind}, not a file, and stays"):
            check_target(tmp_path / name)
        with pytest.raises(WriteError), replacing(tmp_path / name) as part:
            part.write_text("x")
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(WriteError, match="/dev/null"), replacing("/dev/null") as part:
        part.write_text("x")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_says_what_is_intact_and_what_to_change(code: int, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("before")
    with pytest.raises(WriteError, match=r"cannot write .*x: .*; what was there before is intact; free some space"):
        write_and_raise(tmp_path / "x", OSError(code, "full"))
    assert (tmp_path / "x").read_text() == "before"
    assert not leftovers(tmp_path)


def test_library_that_only_spells_the_error_out_is_understood(tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        message = r"cannot write .*x\.safetensors: File too large; .* free some space"
        with pytest.raises(WriteError, match=message), replacing(tmp_path / "x.safetensors") as part:
            save_file({"x": torch.zeros(9999)}, part)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())


def test_errors_that_are_not_of_writing_pass_as_they_are(tmp_path: Path) -> None:
    for error in (ValueError("wrong"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            write_and_raise(tmp_path / "x", error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["", "a\0b", 3, None, b"bytes", "~nobody-of-that-name/x"])
def test_what_names_no_place_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="run_dir is"):
        as_path(given, "run_dir")  # type: ignore[arg-type]


def test_tilde_is_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with replacing("~/deep/x.txt") as part:
        part.write_text("x")
    assert (tmp_path / "deep" / "x.txt").read_text() == "x"
    assert as_path("~") == tmp_path


def test_a_writer_does_not_wait_for_another(tmp_path: Path) -> None:
    other = writer(tmp_path / "x")
    with replacing(tmp_path / "x") as part:
        part.write_text("mine")
    assert other.poll() is None
    assert (tmp_path / "x").read_text() == "mine"
    other.kill()
    other.communicate()
