"""The paper's Tables 1 to 4 and the cost of its figures, computed from this package and its measurements."""

from collections.abc import Iterable, Mapping

import pandas as pd
import torch
from torch import Tensor, nn

from na2q import envs
from na2q.campaign import sweeps
from na2q.config import SCENARIOS, SUBJECT, NA2QOptions, TrainConfig, configure, flat
from na2q.envs.battle import MAPS, make
from na2q.methods.na2q import NA2Q, ShapeFunctions


def training_settings(configs: Mapping[str, TrainConfig]) -> pd.DataFrame:
    """Set the settings of training that Tables 1 and 3 share side by side, one column for each configuration."""
    columns = {
        name: {
            "batch size (episodes)": config.replay.batch,
            "test interval (steps)": config.test_interval,
            "test episodes": config.test_episodes,
            "replay size (episodes)": config.replay.capacity,
            "discount factor": config.gamma,
            "exploration": f"{config.explore.start:g} to {config.explore.finish:g}",
            "annealed over (steps)": config.explore.anneal_steps,
            "target update interval (episodes)": config.target_interval,
        }
        for name, config in configs.items()
    }
    return pd.DataFrame(columns, dtype=object)


def foraging_settings(env: str) -> pd.DataFrame:
    """Table 1: how NA2Q is trained on a task of Level-Based Foraging."""
    config = configure(SUBJECT, env)
    game = {
        "max player level": flat(config)["env_options.max_player_level"],
        "max episode length (steps)": flat(config)["env_options.time_limit"],
    }
    shared = training_settings({"value": config})["value"]
    game |= {**shared[:"discount factor"], "total steps": config.total_steps, **shared["exploration":]}
    return pd.DataFrame({"value": game}, dtype=object).rename_axis("Table 1")


def starcraft_settings(maps: Iterable[str]) -> pd.DataFrame:
    """Table 3: how NA2Q is trained on maps of StarCraft II, one for each level of difficulty."""
    configs = {f"{SCENARIOS[name].level} ({name})": configure(SUBJECT, f"smac-{name}") for name in maps}
    game = {name: {"difficulty": flat(config)["env_options.difficulty"]} for name, config in configs.items()}
    return pd.concat([pd.DataFrame(game, dtype=object), training_settings(configs)]).rename_axis("Table 3")


def maps_table() -> pd.DataFrame:
    """Table 2: the units of each map, its sizes, its level and its length of training."""
    rows = {}
    for name, battle in MAPS.items():
        spec, scenario = make(name).spec, SCENARIOS[name]
        rows[name] = {
            "allies": _counted(battle.allies),
            "enemies": _counted(battle.enemies),
            "n": spec.n_agents,
            "A": spec.n_actions,
            "O": spec.obs_dim,
            "S": spec.state_dim,
            "type": scenario.level,
            "steps": f"{scenario.total_steps / 1e6:g}M",
        }
    return pd.DataFrame(rows).T.rename_axis("map")


def _counted(units: Iterable[str]) -> str:
    counts = pd.Series(list(units)).value_counts()
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def shape_layers(env: str) -> pd.DataFrame:
    """Table 4: the layers of NA2Q's shape functions on one task, with the smallest weight that counts in each."""
    config = configure(SUBJECT, env)
    spec = envs.make(config.env, config.env_options, 1).spec
    options = config.options
    assert isinstance(options, NA2QOptions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # so that the page shows the same weights each time
        mixer = NA2Q(spec, config.agent, options).mixer
    rows = {}
    for order, shapes in zip(options.orders, mixer.shapes, strict=True):
        for number, layer in enumerate(shapes.layers, 1):
            terms, outputs, inputs = layer.weight.shape
            sizes = {"terms": terms, "inputs": inputs, "outputs": outputs}
            rows[f"order {order}", number] = sizes | {"smallest weight": _effective(shapes, layer).min().item()}
    table = pd.DataFrame(rows).T.rename_axis(["Table 4", "layer"])
    return table.astype(dict.fromkeys(("terms", "inputs", "outputs"), int))


def _effective(shapes: ShapeFunctions, layer: nn.Module) -> Tensor:
    """Weights as the forward pass uses them."""
    weight = layer.get_parameter("weight")
    return weight.abs() if shapes.in_graph else weight


def core_hours(sweep: str, speed: pd.DataFrame) -> float:
    """Hours that all runs of a sweep take on one core.

    Args:
        sweep: its name.
        speed: table of data/speed.csv. Battles were measured for NA2Q only, and are scaled for the other methods.
    """
    per_step = 1 / speed.set_index(["varied", "value"])["steps_per_second"]
    methods, maps = per_step["method"], per_step["map"]
    hours = 0.0
    for config in (run.config for run in sweeps.runs_of(sweep)):
        name = config.env.removeprefix("battle-")
        scale = maps[name] / methods[SUBJECT] if name in maps.index else 1.0
        hours += config.total_steps * methods[config.method] * scale / 3600
    return hours
