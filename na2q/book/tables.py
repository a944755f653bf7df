"""Tables of the book's reference pages, read off the package itself so that they cannot drift."""

import ast
import dataclasses
import inspect
import re
from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd
import torch

from na2q import envs
from na2q.book import folding
from na2q.book.differences import deviations_shown
from na2q.config import PRESETS, OptimConfig, configure
from na2q.config.checks import hints_of, in_words
from na2q.evaluation import igm
from na2q.evaluation.games import outcome_table
from na2q.methods import METHODS, QLearning
from na2q.paths import repo_root

TASK = "lbf-4p-2f"
"""Task whose sizes the pages of the methods state."""


def settings_table(options: Any) -> pd.DataFrame:
    """List the fields of a configuration object: name, value there, what is allowed, meaning with its source."""
    meaning = field_docs(type(options))
    # as text before pandas sees a column of integers and fractions, and turns 64 into 64.0
    rows = [
        (name, str(getattr(options, name)), in_words(hint), " ".join(meaning[name].split()))
        for name, hint in hints_of(type(options)).items()
    ]
    return pd.DataFrame(rows, columns=["setting", "default", "allowed", "meaning"]).set_index("setting")


def field_docs(cls: type) -> dict[str, str]:
    """Read the docstring below each field of a dataclass and its bases."""
    docs: dict[str, str] = {}
    for base in reversed([c for c in cls.__mro__ if dataclasses.is_dataclass(c)]):
        body = ast.parse(inspect.getsource(base)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, after in pairwise(body.body):
            if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr):
                docs[ast.unparse(field.target)] = inspect.cleandoc(ast.literal_eval(after.value))
    return docs


def commands_in(overview: str) -> list[str]:
    """Names of the subcommands in the usage line that ``na2q --help`` begins with."""
    return re.findall(r"\{([\w,-]+)\}", overview)[0].split(",")


def dictionary(file: str) -> pd.DataFrame:
    """Describe the entries of a run's file, from data/dictionary.csv; raise ValueError for files not described."""
    table = pd.read_csv(repo_root() / "data" / "dictionary.csv", dtype=str, keep_default_na=False)
    if file not in set(table["file"]):
        raise ValueError(f"{file!r} is not described; described are {sorted(set(table['file']))}")
    return table[table["file"] == file].drop(columns="file").set_index("name")


UNFOLDED = 6
"""Rows up to which a table of facts lies open."""


class MethodFacts(NamedTuple):
    """What the page of a method says without anyone having typed it; shows itself in a notebook."""

    decomposition: pd.DataFrame  # terms of Eq. (10) and their credits
    igm: pd.DataFrame  # brute force, see `na2q.evaluation.igm`
    parameters: pd.DataFrame  # by part
    inputs: pd.DataFrame  # of the agents, by preset
    optimisers: pd.DataFrame
    games: pd.DataFrame  # from data/matrix_games.csv
    settings: pd.DataFrame
    deviations: pd.DataFrame

    def _repr_html_(self) -> str:
        """Every table under a title of its own; a note where one is empty."""
        titles = {
            "decomposition": f"Credits on {TASK}, weights as initialised",
            "igm": "Greedy actions and slopes, by brute force over random weights",
            "parameters": f"Parameters on {TASK}",
            "inputs": f"Agents and first update on {TASK}, by preset",
            "optimisers": "Optimisers",
            "games": "Payoff games: seeds that found the best joint action, and all payoffs",
            "settings": "Settings of the method",
            "deviations": "Where paper and released code differ",
        }
        return "\n".join(folding.table(title, getattr(self, name), most=UNFOLDED) for name, title in titles.items())


def method_facts(method: str) -> MethodFacts:
    """Measure and list everything that the book's page of a method states; raise ValueError for unknown ones."""
    config = configure(method, TASK, "released")
    spec = envs.make(TASK, config.env_options).spec
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        online = METHODS[method](spec, config.agent, config.options)
    parts = {name: count(part) for name, part in online.named_children()}
    parameters = pd.DataFrame({"parameters": parts | {"all": count(online)}}).rename_axis("part")
    return MethodFacts(
        decomposition=decomposition_table(online),
        igm=igm_table(method),
        parameters=parameters.map("{:,}".format),
        inputs=inputs_table(method),
        optimisers=optimiser_table(online, config.optim),
        games=games_table(method),
        settings=preset_table(method),
        deviations=deviations_shown(method).drop(columns="concerns"),
    )


def count(part: torch.nn.Module) -> int:
    """Number of trained numbers in a module."""
    return sum(parameter.numel() for parameter in part.parameters())


def decomposition_table(online: QLearning) -> pd.DataFrame:
    """Describe the terms of Eq. (10), from one pass over the joint actions of a random step."""
    if not online.coalitions:
        return pd.DataFrame()  # no Q_tot, no terms
    with torch.no_grad():
        q, ctx = igm.joint_action_contexts(online.double(), seed=0)
        out = online.mix(igm.chosen(q, ctx), ctx)
    assert out.credits is not None
    assert out.contributions is not None
    assert out.bias is not None
    missed = out.q_tot - (out.credits * out.contributions).sum(-1) - out.bias
    total = out.credits.sum(-1)
    facts = {
        "terms": f"{len(online.coalitions)}",
        "each stands for": spell(online),
        "credits": span(out.credits),
        "sum of the credits": span(total),
        "bias": span(out.bias),
        "largest error of the identity": f"{float(missed.abs().max()):.0e}",
    }
    return pd.DataFrame({"value": facts}).rename_axis("Eq. (10)")


def spell(online: QLearning) -> str:
    """Name the coalitions of a method, agents counted from 1 as in the paper."""
    named = [c for c in online.coalitions if c is not None]
    if not named:
        return "no coalition: latent units that see all agents"
    return ", ".join("{" + ",".join(str(agent + 1) for agent in c) + "}" for c in named)


def span(values: torch.Tensor) -> str:
    """Smallest and largest entry of an array of any shape, or the one value that all have."""
    low, high = f"{float(values.min()):.2g}", f"{float(values.max()):.2g}"
    return low if low == high else f"{low} to {high}"


def igm_table(method: str) -> pd.DataFrame:
    """Count how often the values of a method keep IGM and never fall, over random weights."""
    rows: dict[str, dict[str, str]] = {}
    for name, found in igm.measure(method).items():
        flat = found.lowest_slope == found.highest_slope == 0
        rows[name] = {
            "greedy joint action is best": f"{found.igm} of {found.weight_sets}",
            "never falls in a utility": "reads none" if flat else f"{found.monotone} of {found.weight_sets}",
            "lowest slope": "" if flat else f"{found.lowest_slope:.2g}",
            "joint actions tried": f"{found.joint_actions}",
        }
    return pd.DataFrame(rows).T.rename_axis("value")


def inputs_table(method: str) -> pd.DataFrame:
    """What agents are fed and when learning begins, in each preset for whole runs."""
    rows = {}
    for preset in whole_presets():
        config = configure(method, TASK, preset)
        agent, spec = config.agent, envs.make(TASK, config.env_options).spec
        network = METHODS[method](spec, agent, config.options).agent
        rows[preset] = {
            "heads": {"one_head": "shared", "two_head": "shared and own"}[agent.kind],
            "last action": "yes" if agent.last_action else "no",
            "agent index": "yes" if agent.agent_id else "no",
            "input width": network.fc_in.weight.shape[-1],
            "episodes before first update": config.replay.warmup,
        }
    return pd.DataFrame(rows).T.rename_axis("preset")


def whole_presets() -> list[str]:
    """Presets that are a column of the table of deviations and nothing more."""
    return [name for name, preset in PRESETS.items() if not preset.settings]


def optimiser_table(online: QLearning, optim: OptimConfig) -> pd.DataFrame:
    """List the groups of parameters that are stepped together and how."""
    rows = {}
    owner = {id(p): name for name, part in online.named_children() for p in part.parameters()}
    for group in online.parameter_groups():
        parts = dict.fromkeys(owner[id(p)] for p in group.parameters)
        rows[group.name] = {
            "parts": ", ".join(parts),
            "optimiser": {"rmsprop": "RMSprop", "adam": "Adam"}[group.optimizer],
            "learning rate": f"{optim.lr if group.lr is None else group.lr:g}",
            "gradient norm at most": f"{optim.clip if group.clip is None else group.clip:g}",
            "parameters": f"{sum(p.numel() for p in group.parameters):,}",
        }
    return pd.DataFrame(rows).T.rename_axis("group")


def stored_games() -> pd.DataFrame:
    """Read what `na2q.evaluation.games.compare` found, see there."""
    return pd.read_csv(repo_root() / "data" / "matrix_games.csv")


def games_table(method: str) -> pd.DataFrame:
    """Lay out one method's stored payoffs as game by length of training."""
    runs = stored_games()
    runs = runs[runs["method"] == method]
    by_length = {f"after {n:,} updates": outcome_table(part) for n, part in runs.groupby("updates")}
    return pd.DataFrame({length: table.loc[method] for length, table in by_length.items()}).rename_axis("game")


def overview() -> pd.DataFrame:
    """Compare all methods in one line each, from `method_facts`."""
    rows = {}
    for method in METHODS:
        facts = method_facts(method)
        terms = facts.decomposition["value"] if len(facts.decomposition) else {}
        checked = facts.igm.iloc[0] if len(facts.igm) else {}
        rows[method] = {
            "terms": terms.get("terms", "none"),
            "first credits": terms.get("credits", ""),
            "IGM": checked.get("greedy joint action is best", ""),
            "monotone": checked.get("never falls in a utility", ""),
            "parameters": facts.parameters.loc["all", "parameters"],
            "heads": facts.inputs.loc["released", "heads"],
        }
    return pd.DataFrame(rows).T.rename_axis("method")


def preset_table(method: str) -> pd.DataFrame:
    """`settings_table` of a method's options, with the values that other presets give them."""
    released = configure(method, TASK, "released").options
    table = settings_table(released)
    if not len(table):
        return table
    others: dict[str, str] = {}
    for preset in whole_presets():
        options = configure(method, TASK, preset).options
        for name in table.index:
            if getattr(options, name) != getattr(released, name):
                others[name] = "; ".join(filter(None, [others.get(name), f"{preset}: {getattr(options, name)}"]))
    changed = pd.Series(others, dtype=object).reindex(table.index).fillna("")
    if others:
        table.insert(1, "elsewhere", changed)
    return table
