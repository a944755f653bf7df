"""A camera keeps what the environment and the agents show at every step while episodes are played."""

from typing import Any

import numpy as np
from jaxtyping import Int
from numpy import ndarray
from torch import Tensor

from na2q.envs.base import VectorEnv
from na2q.envs.offers import Labelled, Recordable, Snapshot
from na2q.training.rollout import Slot


class Camera:
    """Keeps what each slot shows, and lets the agents play the actions that they chose."""

    def __init__(self, env: VectorEnv) -> None:
        self.env = env if isinstance(env, Recordable) else None
        self.n_envs, self.limit = env.n_envs, env.spec.episode_limit
        self.q: list[Tensor] = []
        self.frames: dict[str, tuple[tuple[str, ...], ndarray]] = {}
        self.lengths = np.zeros(self.n_envs, int)

    def __call__(self, slot: Slot) -> Int[ndarray, "e n"]:
        """Keep one slot and return the actions that were chosen."""
        self.q.append(slot.q)
        for e in np.flatnonzero(slot.running).tolist():
            shot = self._shoot(e)
            self._keep(shot.now, e, slot.t)
            if slot.t:
                self._keep(shot.happened, e, slot.t - 1)
        self.lengths += slot.running
        return slot.chosen

    def _shoot(self, e: int) -> Snapshot:
        return self.env.snapshot(e) if self.env else Snapshot({}, {}, {}, {})

    def _keep(self, arrays: Labelled, e: int, t: int) -> None:
        for name, (axes, values) in arrays.items():
            if name not in self.frames:
                shape = (self.n_envs, self.limit, *values.shape)
                self.frames[name] = (("episode", "step", *axes), blank(shape, values.dtype))
            self.frames[name][1][e, t] = values

    def developed(self) -> dict[str, tuple[tuple[str, ...], ndarray]]:
        """Return all that the environment showed; call before its next reset."""
        last = [self._shoot(e) for e in range(self.n_envs)]
        for e, shot in enumerate(last):
            self._keep(shot.happened, e, int(self.lengths[e]) - 1)
        steps = self.lengths.max()
        frames = {name: (axes, values[:, :steps]) for name, (axes, values) in self.frames.items()}
        for name, (axes, _) in last[0].episode.items():
            frames[name] = (("episode", *axes), np.stack([shot.episode[name][1] for shot in last]))
        return frames | dict(last[0].task)


def blank(shape: tuple[int, ...], dtype: Any) -> ndarray:
    """Return an array of NaN, -1 or False, whichever stands for nothing in this type."""
    filler = {"f": np.nan, "i": -1, "b": False}[np.dtype(dtype).kind]
    return np.full(shape, filler, dtype)
