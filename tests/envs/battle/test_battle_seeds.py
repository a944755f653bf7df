"""Seeds, copies and compiled code of the battle engine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from battles import run

from na2q.envs.battle.env import BattleEnv
from na2q.envs.compiled import drop_stale


@pytest.mark.parametrize("name", ["3m", "MMM2", "corridor"])
def test_same_seed_gives_same_battle_on_any_number_of_copies(name):
    together = run(BattleEnv(name, n_envs=3), [5, 6, 7], 30)
    alone = run(BattleEnv(name, n_envs=1), [6], 30)
    for many, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(many[1], one[0])


def test_different_seeds_give_different_battles():
    obs = BattleEnv("8m", n_envs=2).reset([1, 2]).obs
    assert not np.array_equal(obs[0], obs[1])


def test_reset_forgets_the_former_battle():
    env = BattleEnv("2s3z")
    first = run(env, [3], 20)
    run(env, [4], 20)
    for before, after in zip(first, run(env, [3], 20), strict=True):
        np.testing.assert_array_equal(before, after)


PLAIN = """
import sys
if sys.argv[1] == "plain":
    sys.modules["numba"] = None
import hashlib
import numpy as np
from na2q.envs.battle import make
from na2q.envs.compiled import COMPILED
assert COMPILED == (sys.argv[1] == "compiled")
digest = hashlib.sha256()
for name, steps in (("3m", 9), ("2s_vs_1sc", 4), ("MMM2", 9)):
    env, rng = make(name), np.random.default_rng(0)
    avail = env.reset([1]).avail
    for _ in range(steps):
        transition = env.step((avail * rng.random(avail.shape) * np.linspace(1, 9, avail.shape[-1])).argmax(-1))
        avail = transition.observation.avail
        for array in (*transition.observation, transition.reward):
            digest.update(np.ascontiguousarray(array).tobytes())
    for field in ("x", "y", "hp", "shield", "cooldown"):
        digest.update(np.round(env.units[field], 9).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_plain_python_equals_compiled():
    """Without numba the engine runs as plain Python, with the same results."""
    root = str(Path(__file__).parents[3])
    env = os.environ | {"PYTHONPATH": root}
    command = [sys.executable, "-c", PLAIN]
    plain, compiled = (
        subprocess.run([*command, mode], env=env, capture_output=True, text=True, check=True)
        for mode in ("plain", "compiled")
    )
    assert plain.stdout == compiled.stdout
    assert plain.stderr.count("not compiled") == 1, "three environments of one process warn once"
    assert 'pip install "na2q[battle]"' in plain.stderr
    assert "not compiled" not in compiled.stderr


def test_compiled_code_older_than_a_source_is_dropped(tmp_path):
    """numba does not notice; and several processes may do it at once."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name, time in {"old.nbi": 1, "new.nbi": 3}.items():
        (cache / name).touch()
        os.utime(cache / name, (time, time))
    (cache / "gone.nbi").symlink_to(tmp_path / "nowhere")  # listed, but no longer there when looked at
    (tmp_path / "source.py").touch()
    os.utime(tmp_path / "source.py", (2, 2))
    assert drop_stale(tmp_path, cache)
    assert [path.name for path in sorted(cache.iterdir())] == ["gone.nbi", "new.nbi"]


def test_a_stale_cache_that_belongs_to_somebody_else_is_not_used(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    for name, time in (("source.py", 3), ("old.nbi", 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    monkeypatch.setattr(Path, "unlink", refuse)
    assert not drop_stale(tmp_path, tmp_path)


NO_FOLDER = """
from numba.core import caching
caching.CacheImpl._locator_classes = []  # what a read-only install and home come to, for root too
from na2q.envs.compiled import compiled, layer
def double(x):
    return 2 * x
assert compiled(double)(4) == layer(double)(4) == 8
"""


def test_without_a_folder_for_the_cache_the_engine_compiles_without_one(tmp_path):
    pytest.importorskip("numba")
    (tmp_path / "code.py").write_text(NO_FOLDER)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, tmp_path / "code.py"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
