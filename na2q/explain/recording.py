"""Record what agents see, choose and earn, step by step, in one file with named axes.

Files are netCDF, written by xarray and h5netcdf with zlib: one file holds all arrays under the names of their
axes, nothing is unpickled when it is read, and other languages read it too.

A recording holds the slots before each action. What agents would see after the last action is left out: nobody
acts on it, and no value is learned from it. After the end of an episode arrays hold NaN, -1 or False.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy import ndarray
from torch import Tensor

import na2q
from na2q.arguments import checks_arguments
from na2q.config import as_dict
from na2q.config.checks import Copies, Samples, Share, Whole
from na2q.envs.base import MAX_SEED, VectorEnv
from na2q.envs.offers import Recordable
from na2q.explain.camera import Camera, blank
from na2q.explain.probe import Probe
from na2q.explain.signed import UnsignedError, read_signed, write_signed
from na2q.files import Address
from na2q.methods.base import Coalition, QLearning, take
from na2q.nets.agents import mask_unavailable
from na2q.training.origin import git_commit
from na2q.training.policy import Policy, load_method, make_env
from na2q.training.rollout import play
from na2q.training.weights import WEIGHTS
from na2q.types import EpisodeBatch

SCHEMA = 2
AXES: dict[str, tuple[str, ...]] = {
    "obs": ("agent", "obs_feature"),
    "state": ("state_feature",),
    "avail": ("agent", "action"),
    "action_taken": ("agent",),
    "greedy_action": ("agent",),
    "reward": (),
    "filled": (),
    "q": ("agent", "action"),
    "q_taken": ("agent",),
    "q_tot": (),
    "gradient": ("agent",),
    "credit": ("coalition",),
    "shape": ("coalition",),
    "contribution": ("coalition",),
    "bias": (),
    "mask": ("agent", "obs_feature"),
    "mask_sampled": ("agent", "obs_feature"),
    "z_mean": ("agent", "latent"),
    "z_std": ("agent", "latent"),
    "q_joint": (),
}
"""Arrays of a recording whose first axes are episode and step, with the axes that follow.

:meta hide-value:

action_taken was executed, greedy_action is the best available one, and q_taken, q_tot, credits and all that
follows belong to the actions taken. avail says which actions were available. filled marks steps that happened.
q_tot = sum of contribution + bias, contribution = credit * shape; gradient is dQ_tot / dQ_i.
Methods without a joint value have no q_tot and gradient, those without a decomposition (IQL) no credit, shape,
contribution and bias. The posterior z and the mask decoded from it are NA2Q's, q_joint is QTRAN's unrestricted value.
"""
ALWAYS = ("obs", "state", "avail", "action_taken", "greedy_action", "reward", "filled", "q", "q_taken")
TOGETHER = ("credit", "shape", "contribution", "bias")
ATTRIBUTES = ("schema", "method", "env", "seed", "run", "epsilon", "weights", "config", "na2q", "commit")


class RecordingError(ValueError):
    """A file or data set that is no recording, or one of another schema."""


@checks_arguments
def record(
    path: Address,
    episodes: Copies = 32,
    epsilon: Share = 0.0,
    seed: Whole = 0,
    *,
    env: str | None = None,
    samples: Samples = 0,
) -> xr.Dataset:
    """Play episodes with a run's weights and keep everything; with epsilon 0 those of `evaluate` with the same seed.

    Semantics z are the posterior means, without noise, and so are credits and masks made from them. Slopes are
    measured by central differences in double precision, since some methods cut the gradient in places.

    Args:
        path: folder of a finished run, or a weights file.
        episodes: how many to play, all at once.
        epsilon: probability of a random available action, from 0 to 1.
        seed: decides the episodes and the random actions.
        env: another environment of the same sizes.
        samples: average masks over that many posterior samples too, as `mask_sampled`.

    Returns:
        Arrays named as in `AXES`, and what the environment shows of itself. Axes are labelled, agents by number,
        coalitions by their members ("0", "0,1"; "unit 0" where a term stands for no coalition, as in QMIX),
        features and actions by the environment's names. For each episode there are length (steps), return,
        episode_seed and the environment's own outcome, such as won. member (coalition, agent) says who is in
        which coalition.

    Raises:
        ValueError: a number out of range, or an environment of other sizes.
        RunError: the weights cannot be read.
    """
    method, config = load_method(path)
    vector = make_env(Policy(method.agent, config, method.spec), episodes, env)
    if vector.spec.state_dim != method.spec.state_dim:
        raise ValueError(f"{env} has state_dim {vector.spec.state_dim}, but the run has {method.spec.state_dim}")
    rng = np.random.default_rng(seed)
    seeds = rng.integers(MAX_SEED, size=episodes)
    camera = Camera(vector)
    played = play(vector, method.agent, epsilon, rng, seeds.tolist(), camera)
    data = _policy(played.batch, camera.q) | camera.developed()
    data |= {name: (("episode",), np.asarray(values)) for name, values in played.info.items()}
    data |= {
        "length": (("episode",), played.lengths),
        "return": (("episode",), played.returns),
        "episode_seed": (("episode",), seeds),
        "member": (("coalition", "agent"), _members(method)),
    }
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    about = {
        "schema": SCHEMA,
        "method": config.method,
        "env": env or config.env,
        "seed": seed,
        "run": "/".join(folder.resolve().parts[-3:]),
        "epsilon": epsilon,
        "weights": WEIGHTS if Path(path).is_dir() else Path(path).name,
        "config": json.dumps(as_dict(config)),
        "na2q": na2q.__version__,
        "commit": git_commit() or "unknown",
    }
    names = _names(vector, method)
    vector.close()
    acted = xr.Dataset(data, names, about)
    if "crashed" in acted:  # what a failure of the environment cut off counts nowhere
        acted = acted.isel(episode=~acted["crashed"].values)
    return validate(acted.assign(_values(Probe(method, acted, samples))))


@checks_arguments
def save(recording: xr.Dataset, path: str | Path) -> None:
    """Write a recording to a netCDF file, compressed and with a checksum, whole or not at all."""
    write_signed(validate(recording), Path(path))


@checks_arguments
def load_recording(path: str | Path) -> xr.Dataset:
    """Read a recording into memory.

    Raises:
        RecordingError: the file does not exist, is damaged, or holds something else.
    """
    if not Path(path).exists():
        raise RecordingError(f"{path} does not exist: make it with `na2q record`")
    try:
        return read_signed(Path(path), validate)
    except UnsignedError as error:
        raise RecordingError(str(error)) from error


@checks_arguments
def validate(recording: xr.Dataset) -> xr.Dataset:
    """Return a recording that follows the schema; raise RecordingError naming the first thing that does not."""
    missing = [name for name in ATTRIBUTES if name not in recording.attrs]
    if missing:
        raise RecordingError(f"not a recording: it has no attributes {', '.join(missing)}")
    if np.ndim(recording.attrs["schema"]) or recording.attrs["schema"] != SCHEMA:
        raise RecordingError(f"schema is {recording.attrs['schema']}, this version reads {SCHEMA}: record it anew")
    partly = any(name in recording for name in TOGETHER)
    for name in ALWAYS + TOGETHER * partly:
        if name not in recording:
            raise RecordingError(f"array {name!r} is missing")
    for name, axes in AXES.items():
        if name in recording and recording[name].dims != ("episode", "step", *axes):
            raise RecordingError(f"{name} has axes {recording[name].dims}, must have {('episode', 'step', *axes)}")
    return recording


def _policy(batch: EpisodeBatch, utilities: list[Tensor]) -> dict[str, tuple[tuple[str, ...], ndarray]]:
    """What went in and out of the agents."""
    valid = batch.valid
    q, avail = torch.stack(utilities, 1)[valid], batch.avail[:, :-1][valid]
    taken = batch.actions[:, :-1][valid]
    rows = {
        "obs": batch.obs[:, :-1][valid],
        "state": batch.state[:, :-1][valid],
        "avail": avail,
        "action_taken": taken.to(torch.int16),
        "greedy_action": mask_unavailable(q, avail).argmax(-1).to(torch.int16),
        "reward": batch.team_reward[valid],
        "filled": torch.ones(len(q), dtype=torch.bool),
        "q": q,
        "q_taken": take(q, taken),
    }
    return _spread(rows, valid)


def _values(probe: Probe) -> dict[str, tuple[tuple[str, ...], ndarray]]:
    """What the mixer makes of the joint actions taken."""
    out, rows = probe.mix(probe.q), dict(probe.shown)
    if out.q_tot.dim() == 1:  # IQL has a value for each agent instead
        rows |= {"q_tot": out.q_tot, "gradient": torch.as_tensor(probe.slopes())}
    if out.credits is not None and out.contributions is not None and out.bias is not None:
        # the mixer's "contributions" are the shape functions' values, before the credits
        contribution = out.credits * out.contributions
        rows |= {"credit": out.credits, "shape": out.contributions, "contribution": contribution, "bias": out.bias}
    return _spread({name: x.float() for name, x in rows.items()}, torch.as_tensor(probe.filled))


def _spread(rows: Mapping[str, Tensor], valid: Tensor) -> dict[str, tuple[tuple[str, ...], ndarray]]:
    """Put rows, one for each step that happened, back into arrays over (episode, step)."""
    where, spread = valid.cpu().numpy(), {}
    for name, x in rows.items():
        values = x.cpu().numpy()
        whole = blank((*where.shape, *values.shape[1:]), values.dtype)
        whole[where] = values
        spread[name] = (("episode", "step", *AXES[name]), whole)
    return spread


def label(coalition: Coalition | None, index: int) -> str:
    """Name a term of a decomposition: "0,1" for a coalition, "unit 3" for a latent unit."""
    return f"unit {index}" if coalition is None else ",".join(map(str, coalition))


def _members(method: QLearning) -> ndarray:
    """Who is in which coalition, (coalition, agent); latent units have no members."""
    agents = range(method.spec.n_agents)
    rows = [[c is not None and i in c for i in agents] for c in method.coalitions]
    return np.array(rows, bool).reshape(len(rows), len(agents))


def _names(env: VectorEnv, method: QLearning) -> dict[str, Any]:
    """Labels of all axes."""
    spec = env.spec
    sizes = {"obs_feature": spec.obs_dim, "state_feature": spec.state_dim, "action": spec.n_actions}
    numbered = {axis: [f"{axis} {i}" for i in range(size)] for axis, size in sizes.items()}
    named = env.labels() if isinstance(env, Recordable) else numbered
    return {
        "agent": np.arange(spec.n_agents),
        "coalition": np.array([label(c, k) for k, c in enumerate(method.coalitions)], dtype=object),
    } | {axis: np.array(names, dtype=object) for axis, names in named.items()}
