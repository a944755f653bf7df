"""The real StarCraft Multi-Agent Challenge (SMAC 1.0) as a VectorEnv, one game process for each copy.

This adapter has not been run against StarCraft II itself: the game cannot be installed where it was
written. Its tests replace the game by a stand-in with the methods of `smac.env.StarCraft2Env`.

Needed are SMAC (from its repository; the package called `smac` on PyPI is an unrelated optimiser),
PySC2, a protobuf below 3.21, StarCraft II 4.10 and SMAC's maps: `requirements-smac.txt` has the recipe,
`missing` says what a machine lacks. Build environments with ``make(name, options, n_envs)``.
"""

from na2q.envs.smac.env import SMACEnv, make
from na2q.envs.smac.installed import SMACMissingError, missing
from na2q.envs.smac.process import GameCrashedError

__all__ = ["GameCrashedError", "SMACEnv", "SMACMissingError", "make", "missing"]
