"""What teams and boards do in Python, as plain data that the page's scripts are compared with."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from na2q.config import LBFOptions
from na2q.envs.lbf import LBF
from na2q.explain.board import export
from na2q.explain.recording import record

ARRAYS = {
    "obs": "obs", "state": "state", "actions": "action_taken", "q": "q", "total": "q_tot", "credit": "credit",
    "shape": "shape", "bias": "bias", "gradient": "gradient", "mask": "mask",
}  # fmt: skip


def network_case(run: Path, episodes: int) -> dict[str, Any]:
    """A team as the page reads it, and episodes of it with what torch makes of every step."""
    played = record(run, episodes, epsilon=0.3, seed=5)
    recorded = [_steps(played.isel(episode=e)) for e in range(episodes)]
    return {"model": export.model(run), "episodes": recorded}


def _steps(episode: xr.Dataset) -> list[dict[str, Any]]:
    arrays = {name: episode[source].values.tolist() for name, source in ARRAYS.items() if source in episode}
    return [{name: values[t] for name, values in arrays.items()} for t in range(int(episode["length"]))]


def rules_case(name: str, options: LBFOptions, episodes: int, rng: np.random.Generator) -> dict[str, Any]:
    """Random episodes of a task: every slot's board and observations, and every step's actions and rewards."""
    env = LBF(name, options, 1)
    seeds = rng.integers(2**31 - 1, size=episodes).tolist()
    return {"task": export.rules_of(env), "episodes": [_episode(env, seed, rng) for seed in seeds]}


def _episode(env: LBF, seed: int, rng: np.random.Generator) -> dict[str, Any]:
    board, seen, over, slots = env.boards[0], env.reset([seed]), False, []
    eager = rng.choice([1, 10])  # to load
    lawful = rng.random() < 0.7  # or else refused actions are tried too
    while True:
        ys, xs = np.nonzero(board.field)
        slots.append({
            "players": [[*map(int, player.position), int(player.level)] for player in board.players],
            "foods": np.stack([ys, xs, board.field[ys, xs]], -1).tolist(),
            "obs": seen.obs[0].tolist(), "state": seen.state[0].tolist(), "avail": seen.avail[0].tolist(),
        })  # fmt: skip
        if over:
            return {"seed": seed, "slots": slots}
        liking = rng.random(seen.avail[0].shape) ** (1 / np.array([1, 1, 1, 1, 1, eager]))
        actions = (liking * (seen.avail[0] if lawful else 1)).argmax(-1)
        outcome = env.step(actions[None])
        seen, over = outcome.observation, bool(outcome.terminated[0] or outcome.truncated[0])
        rewards = [float(player.reward) for player in board.players]
        slots[-1] |= {"actions": actions.tolist(), "reward": float(outcome.reward[0]), "rewards": rewards}
