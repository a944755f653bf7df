"""Signals that ask to stop: the first is heeded where work can end, a second one ends at once, none is a traceback."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from na2q.cli import main, words
from na2q.config import configure
from na2q.envs import make
from na2q.envs.compiled import COMPILED
from na2q.training import tensors

INTERRUPTED_IMPORT = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from na2q.cli import main
main({words!r})
"""


@pytest.mark.parametrize(
    "module", ["na2q.cli.words", "tyro", "numpy", "na2q.training.run", "torch", "torch.nn", "pandas", "na2q.envs.lbf"]
)
def test_interrupt_during_start_up_is_a_message_and_leaves_nothing(module: str, tmp_path: Path) -> None:
    words = ["train", "--method", "vdn", "--env", "lbf-3p-3f", "--preset", "smoke", "--run-dir", "run"]
    code = INTERRUPTED_IMPORT.format(module=module, words=words)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 130, done.stderr
    assert "stopped" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


HANGING = """
import signal, time
from na2q.terminal import signals

signal.signal(signal.SIGINT, signal.default_int_handler)
with signals() as caught:
    print("ready", flush=True)
    try:
        while True:  # work that never looks whether it should stop
            time.sleep(0.05)
            if caught:
                print("heard", flush=True)
                caught.clear()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs signals of POSIX")
@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(("second", "status"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGHUP", -1)])
def test_second_signal_ends_at_once_what_did_not_heed_the_first(first: str, second: str, status: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", HANGING], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, first))
        assert process.stdout.readline() == "heard\n"
        time.sleep(0.2)
        assert process.poll() is None, "the first signal ended it"
        process.send_signal(getattr(signal, second))
        assert process.wait(20) == status
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_weights_are_read_waits_until_they_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, heard, real = tmp_path / "w.safetensors", [], tensors.safe_open
    tensors.save_tensors(path, {"weight": torch.arange(6.0)}, {"of": "a test"})

    def interrupted(*args: Any) -> Any:
        signal.raise_signal(getattr(signal, name))
        assert not heard, "it was heard in the middle"
        return real(*args)

    monkeypatch.setattr(tensors, "safe_open", interrupted)
    before = signal.signal(getattr(signal, name), lambda number, _: heard.append(number))
    try:
        read, about = tensors.load_tensors(path)
        assert heard == [getattr(signal, name)]
    finally:
        signal.signal(getattr(signal, name), before)
    assert torch.equal(read["weight"], torch.arange(6.0))
    assert about == {"of": "a test"}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers of POSIX")
@pytest.mark.parametrize("task", ["lbf-4p-2f", "battle-3m"])
def test_interrupts_at_any_moment_of_a_step_end_a_command(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure("vdn", task)
    env, draw = make(task, config.env_options), np.random.default_rng(0)
    made: list[type[BaseException]] = []

    def run(_: list[str]) -> None:
        try:
            signal.setitimer(signal.ITIMER_REAL, float(draw.uniform(1e-4, 3e-3)))
            while True:
                env.step(env.reset([1]).avail.argmax(-1))
        except BaseException as error:
            made.append(type(error))
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    env.step(env.reset([1]).avail.argmax(-1))  # compiles
    monkeypatch.setattr(words, "run", run)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(100):
            with pytest.raises(SystemExit) as ended:
                main(["methods"])
            assert ended.value.code == 130
    finally:
        signal.signal(signal.SIGALRM, before)
    assert set(made) == {KeyboardInterrupt}


@pytest.mark.skipif(not COMPILED, reason="nothing is compiled here")
@pytest.mark.parametrize("task", ["lbf-4p-2f", "battle-3m"])
def test_compiled_code_hands_python_no_two_arrays(task: str) -> None:
    env = make(task, configure("vdn", task).env_options)
    env.step(env.reset([1]).avail.argmax(-1))
    entries = [
        entry
        for name, module in list(sys.modules.items())
        if name.startswith("na2q.envs")
        for entry in vars(module).values()
        if hasattr(entry, "nopython_signatures")
    ]
    returned = [signature.return_type for entry in entries for signature in entry.nopython_signatures]
    assert len(returned) >= 1
    assert not [kind for kind in returned if hasattr(kind, "types")], "a Ctrl-C between two of them is a crash"
