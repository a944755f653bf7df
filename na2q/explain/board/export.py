"""A trained network as a script that a web page reads: its settings, its task, and its weights as text."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Integer
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import LBFOptions, NA2QOptions, QMIXOptions, TrainConfig
from na2q.envs.lbf import LBF
from na2q.methods import METHODS, QLearning
from na2q.methods.na2q import NA2Q
from na2q.methods.qmix import QMIX
from na2q.methods.vdn import VDN
from na2q.style import look
from na2q.training.policy import Policy, load_method, make_env
from na2q.training.rollout import Slot, play

DIGITS = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"<\\')
"""The 91 printable characters that a script can hold in a string as they are."""

BASE = len(DIGITS)
LARGEST = (BASE**3 - 1) // 2
"""Weights are whole multiples of their row's scale, from -LARGEST to LARGEST, three digits each."""

UNUSED = ("vae.log_std.",)
"""Tensors that a page has no use for: it shows posterior means."""

EPISODES = 64
"""Greedy episodes that a team's mean return and the ranges of the page's axes are taken from."""


class NotOnBoardError(ValueError):
    """A run that the board cannot show; the message says why."""


@checks_arguments
def model(path: str | Path) -> dict[str, Any]:
    """Return what the page reads of a run: labels, task, settings, ranges of its axes, and weights.

    Args:
        path: folder of a finished run, or a weights file.

    Raises:
        NotOnBoardError: a run on another environment than Level-Based Foraging, or of a method whose mixer the
            page does not compute.
        RunError: the weights cannot be read.
    """
    method, config = load_method(path)
    agent, task, options = config.agent, _task(method, config), _options(method, config)
    if not agent.share_parameters:
        raise NotOnBoardError(
            "the board computes one network for all agents, but the run has agent.share_parameters off"
        )
    tensors = {name: x for name, x in method.state_dict().items() if not name.startswith(UNUSED)}
    layout, weights = pack(tensors)
    ends, mean_return, first = _play(Policy(method.agent, config, method.spec))
    return {
        "method": config.method,
        "label": look(config.method).label,
        "preset": config.preset,
        "env": config.env,
        "seed": config.seed,
        "meanReturn": mean_return,
        "episodes": EPISODES,
        "firstSeed": first,
        "range": ends,
        "task": task,
        "agent": {
            "actions": method.spec.n_actions,
            "hidden": agent.hidden,
            "lastAction": agent.last_action,
            "agentId": agent.agent_id,
        },
        "options": options,
        "tensors": layout,
        "weights": weights,
    }


def _play(policy: Policy) -> tuple[list[float], float, int]:
    """Play greedy episodes of seeds 1 to EPISODES.

    Returns:
        The lowest and the highest utility of an available action, to a tenth; the mean return; and the first seed
        whose board is cleared, 1 where none is.
    """
    env, seeds = make_env(policy, EPISODES), range(1, EPISODES + 1)
    utilities: list[ndarray] = []

    def watch(slot: Slot) -> Integer[ndarray, "e n"]:
        shown = slot.observation.avail & slot.running[:, None, None]
        utilities.append(slot.q.cpu().numpy()[shown])
        return slot.chosen

    played = play(env, policy.agent, 0.0, np.random.default_rng(0), seeds, watch)
    env.close()
    q, cleared = np.concatenate(utilities), np.flatnonzero(played.info["cleared"])
    first = seeds[int(cleared[0])] if len(cleared) else 1
    return [float(np.floor(10 * q.min()) / 10), float(np.ceil(10 * q.max()) / 10)], float(played.returns.mean()), first


def script(found: Mapping[str, Any], name: str) -> str:
    """Return a classic script that hands a model to the page under a name; it holds no character that HTML minds."""
    text = json.dumps({"name": name, **found}, separators=(",", ":")).replace("<", "\\u003c")
    return f"(globalThis.na2qModels ??= []).push({text});\n"


def pack(tensors: Mapping[str, torch.Tensor]) -> tuple[list[list[Any]], str]:
    """Write tensors of shape (..., width) as text: for each row a scale, then each weight as a multiple of it.

    A row is the last axis. The error of a weight is at most half its row's scale, 1.3e-6 of the row's largest weight.

    Returns:
        The name and sizes of each tensor, then text with five digits of a row's scale (the bits of a float32, most
        significant first), then three digits for each weight of the row.
    """
    layout, text = [], []
    for name, tensor in tensors.items():
        values = tensor.detach().cpu().double().numpy()
        layout.append([name, *values.shape])
        rows = values.reshape(-1, values.shape[-1])
        scale = (np.abs(rows).max(1) / LARGEST).astype(np.float32)
        steps = np.rint(rows / np.where(scale > 0, scale, 1)[:, None]).clip(-LARGEST, LARGEST).astype(np.int64)
        head = _digits(scale.view(np.uint32).astype(np.int64), 5)
        body = _digits(steps + LARGEST, 3)
        text += [head[i] + "".join(body[i]) for i in range(len(rows))]
    return layout, "".join(text)


def unpack(layout: list[list[Any]], text: str) -> dict[str, torch.Tensor]:
    """Read back what `pack` wrote, as the page does."""
    place = {digit: i for i, digit in enumerate(DIGITS)}
    codes = np.array([place[digit] for digit in text], np.int64)
    found, at = {}, 0
    for name, *sizes in layout:
        width, rows = sizes[-1], int(np.prod(sizes[:-1], dtype=int))
        block = codes[at : at + rows * (5 + 3 * width)].reshape(rows, -1)
        at += block.size
        scale = _number(block[:, :5]).astype(np.uint32).view(np.float32).astype(float)
        steps = _number(block[:, 5:].reshape(rows, width, 3)) - LARGEST
        found[name] = torch.tensor((steps * scale[:, None]).reshape(sizes), dtype=torch.float32)
    return found


def _digits(numbers: Integer[ndarray, "..."], count: int) -> Any:
    """Numbers as `count` digits each, most significant first; lists nested as the array is."""
    places = BASE ** np.arange(count - 1, -1, -1)
    characters = np.array(list(DIGITS))[numbers[..., None] // places % BASE]
    return np.ascontiguousarray(characters).view(f"U{count}")[..., 0].tolist()


def _number(digits: Integer[ndarray, "... d"]) -> Integer[ndarray, "..."]:
    return digits @ BASE ** np.arange(digits.shape[-1] - 1, -1, -1)


def _task(method: QLearning, config: TrainConfig) -> dict[str, Any]:
    if not isinstance(config.env_options, LBFOptions):
        raise NotOnBoardError(
            "the board plays Level-Based Foraging (lbf-...), whose rules fit into a page, but the run is on "
            f"{config.env}"
        )
    for name in ("mask", "start"):
        if (value := getattr(config.env_options, name)) != (known := getattr(LBFOptions, name)):
            raise NotOnBoardError(f"the board plays with env_options.{name} {known!r}, but the run has {value!r}")
    env = make_env(Policy(method.agent, config, method.spec), 1)
    assert isinstance(env, LBF)
    return rules_of(env)


def rules_of(env: LBF) -> dict[str, Any]:
    """Return what the page needs to play a task by its rules."""
    board, options = env.boards[0], env.options
    return {
        "players": board.n_agents,
        "foods": board.max_num_food,
        "layout": board.layout.tolist(),
        "size": options.field_size,
        "sight": options.sight,
        "limit": options.time_limit,
        "maxLevel": int(board.max_player_level[0]),
        "legacyLevels": options.levels == "legacy",
        "forceCoop": options.force_coop,
        "stepCost": options.step_cost,
        "stepPenalty": options.step_penalty,
        "state": options.state,
    }


def _na2q(options: NA2QOptions) -> dict[str, Any]:
    return {
        "orders": sorted(options.orders),
        "credits": options.credits,
        "uniformCredit": options.uniform_credit,
        "twoSided": options.shape == "two_sided",
        "anchored": options.anchored,
        "reluOnState": options.relu_on == "state",
        "scaleCredits": options.scale_credits,
        "stateBias": options.state_bias,
    }


def _qmix(options: QMIXOptions) -> dict[str, Any]:
    return {"embed": options.embed}


MIXERS: dict[type[QLearning], Callable[[Any], dict[str, Any]]] = {NA2Q: _na2q, QMIX: _qmix, VDN: lambda _: {}}
"""Methods whose mixer the page computes, with what it reads of their settings; `network.mjs` computes them."""


def _options(method: QLearning, config: TrainConfig) -> dict[str, Any]:
    if type(method) not in MIXERS:
        known = ", ".join(look(name).label for name, each in METHODS.items() if each in MIXERS)
        raise NotOnBoardError(f"the board computes {known}, but the run is of {look(config.method).label}")
    return MIXERS[type(method)](config.options)
