"""One update of a method as the released code computed it: inputs, generated weights, expected numbers."""

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from na2q.config import configure
from na2q.methods import METHODS
from na2q.spec import EnvSpec
from na2q.training.learner import Learner
from na2q.types import NO_ACTION, EpisodeBatch

SYMBOLS = [  # symbol in the file -> attribute path in the package; groups are indices where marked [i]
    (r"agent\.fc_in\.(\w+)", r"agent.fc_in.\1"),
    (r"agent\.gru\.(\w+)", r"agent.gru.\1_l0"),
    (r"agent\.head(?:_shared)?\.(\w+)", r"agent.head.\1"),
    (r"agent\.head_local\[(\d+)\]\.(\w+)", r"agent.local_heads.\2[\1]"),
    (r"na2q\.shape\[(\d+)\]\[(\d+)\]\.layer(\d)\.(\w+)", r"mixer.shapes.order\1.layers.-\3.\4[\2]"),
    (r"na2q\.credit\.(.+)", r"mixer.credits.\1"),
    (r"na2q\.bias\.(.+)", r"mixer.bias.\1"),
    (r"vae\.enc(\d)\.(\w+)", r"vae.encoder.0.layer\1.\2"),
    (r"vae\.dec(\d)\.(\w+)", r"vae.decoder.layer\1.\2"),
    (r"vae\.(mean|log_std)\.(\w+)", r"vae.\1.\2"),
    (r"qmix\.(.+)", r"mixer.\1"),
    (r"qtran\.enc\.(.+)", r"encoder.\1"),
    (r"qtran\.q\.(.+)", r"joint.\1"),
    (r"qtran\.v\.(.+)", r"v.\1"),
    (r"qatten\.query\[(\d+)\]\.layer(\d)\.(\w+)", r"mixer.query.layers.-\2.\3[\1]"),
    (r"qatten\.key\[(\d+)\]\.(\w+)", r"mixer.key.\2[\1]"),
    (r"qatten\.(.+)", r"mixer.\1"),
    (r"qplex\.lambda\.(\w+)\[(\d+)\]\.layer(\d)\.(\w+)", r"mixer.importance.\1.layers.-\3.\4[\2]"),
    (r"qplex\.(.+)", r"mixer.\1"),
    (r"central_agent\.gru\.(\w+)", r"central_agent.gru.\1_l0"),
    (r"(central.+)", r"\1"),
    (r"predictor(\d)\.layer(\d)\.(\w+)", r"predictors.\1.layers.-\2.\3"),
    (r"dvd\.enc\.(\w+)", r"mixer.encoder.\1"),
    (r"dvd\.attn_(.+)", r"mixer.\1"),
    (r"dvd\.(.+)", r"mixer.\1"),
    (r"shaq\.(.+)", r"mixer.\1"),
]

CONSTANTS = {  # constant in the file -> option of the package
    "unit_dim": "unit_dim",
    "heads": "heads",
    "kernels": "kernels",
    "opt": "opt",
    "nopt": "nopt",
    "w": "weight",
    "beta1": "beta1",
    "beta2": "beta2",
    "beta": "beta",
    "local_l1": "local_l1",
    "samples": "samples",
    "beta_vae": "beta",
}


def generate(seed: str, name: str, shape: list[int], scale: float = 1.0) -> np.ndarray:
    """The numbers of a tensor, from its name (README of the reference files, section 2)."""
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(f"{seed}/{name}".encode())))
    return rng.standard_normal(tuple(shape)).astype(np.float32) * np.float32(scale)


@dataclass
class ReferenceCase:
    """A file of reference numbers, opened."""

    arrays: Any
    meta: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> "ReferenceCase":
        arrays = np.load(path)
        return cls(arrays, json.loads(str(arrays["meta"])))

    @property
    def method(self) -> str:
        return {"ow_qmix": "wqmix"}.get(self.meta["algorithm"], self.meta["algorithm"])

    def learner(self) -> Learner:
        """A learner of preset `exact` that carries the generated weights, online and target."""
        dims, agent = self.meta["dims"], self.meta["agent"]
        spec = EnvSpec(dims["n"], dims["A"], dims["O"], dims["S"], dims["T"], self.meta["config"].get("unit_dim", 0))
        settings: dict[str, Any] = {
            "agent.kind": {"A1": "one_head", "A2": "two_head"}[agent["kind"]],
            "agent.hidden": dims["H"],
            "agent.last_action": agent["last_action"],
            "agent.agent_id": agent["agent_id"],
        }
        constants = self.meta["config"]
        settings |= {f"options.{field}": constants[name] for name, field in CONSTANTS.items() if name in constants}
        if "orders" in constants:
            settings["options.orders"] = tuple(constants["orders"])
        cfg = configure(self.method, preset="exact", **settings)
        learner = Learner(
            lambda: METHODS[self.method](spec, cfg.agent, cfg.options), cfg.optim, self.meta["config"]["gamma"], 0
        )
        for symbol in self.meta["symbols"]:
            for copy, net in (("online", learner.online), ("target", learner.target)):
                if copy == "online" or symbol["target"]:
                    with torch.no_grad():
                        find(net, symbol["name"]).copy_(torch.from_numpy(self.weight(symbol, copy)))
        return learner

    def weight(self, symbol: dict[str, Any], copy: str) -> np.ndarray:
        scale = symbol["scale"]
        x = generate(self.meta["seed_string"], f"{copy}/{symbol['name']}", symbol["shape"], scale)
        if symbol["project"] == "nonneg":
            x = np.maximum(np.abs(x) - np.float32(0.25 * scale), np.float32(1e-4))
        return x

    def check_vector(self, name: str, shape: list[int]) -> np.ndarray:
        return generate(self.meta["seed_string"], f"check/{name}", shape)

    def batch(self) -> EpisodeBatch:
        """The inputs as a batch of episodes."""
        get = {key[3:]: torch.from_numpy(self.arrays[key]) for key in self.arrays.files if key.startswith("in/")}
        filled = get["filled"].bool()
        going_on = torch.cat([torch.ones_like(filled[:, :1]), ~get["terminated"].bool()], 1)
        return EpisodeBatch(
            obs=get["obs"],
            state=get["state"],
            avail=get["avail"].bool(),
            actions=get["actions"].long().masked_fill(~filled.unsqueeze(-1), NO_ACTION),
            reward=get["reward"],
            terminated=get["terminated"].float(),
            valid=(filled & going_on)[:, :-1],
        ).validate()

    def rows(self, key: str) -> Tensor:
        """An input array with its axes (B, T) joined."""
        return torch.from_numpy(self.arrays[key]).float().flatten(0, 1)


def find(net: nn.Module, symbol: str) -> Tensor:
    """The weight, or slice of one, that a symbol of the reference files names."""
    for pattern, replacement in SYMBOLS:
        if re.fullmatch(pattern, symbol):
            path, _, index = re.sub(pattern, replacement, symbol).partition("[")
            break
    else:
        raise KeyError(f"no rule for symbol {symbol!r}")
    here: Any = net
    for part in path.split("."):
        if match := re.fullmatch(r"layer(\d)", part):  # mlp: a ReLU stands between two layers
            here = here[2 * (int(match[1]) - 1)]
        elif match := re.fullmatch(r"-(\d)", part):  # plain list of layers
            here = here[int(match[1]) - 1]
        elif match := re.fullmatch(r"order(\d)", part):
            here = next(shape for shape in here if len(shape.coalitions[0]) == int(match[1]))
        else:
            here = here[int(part)] if part.isdigit() else getattr(here, part)
    return here[tuple(map(int, re.findall(r"\d+", index)))] if index else here
