"""The layout that the engine and the adapter of the game share, and the order of the engine's modules."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import na2q
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.layout import smac_layout
from na2q.envs.battle.maps import MAPS
from na2q.envs.smac import SMACEnv

PACKAGE = Path(na2q.__file__).parent


def modules() -> dict[str, set[str]]:
    """Every module of the environments with the modules of them that it imports anywhere, also inside functions."""
    files = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (PACKAGE / "envs").rglob("*.py")
    }
    graph: dict[str, set[str]] = {name: set() for name in files}
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names} & set(files)
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names} & set(files)
                own = node.module in files and len(whole) < len(node.names)
                graph[name] |= whole | ({node.module} if own else set())
    return graph


def test_no_module_of_the_environments_imports_itself_through_others() -> None:
    TopologicalSorter(modules()).prepare()  # raises CycleError and names the circle


@pytest.mark.parametrize("name", MAPS)
def test_engine_and_game_have_the_same_sizes_and_labels(name: str) -> None:
    engine, game = BattleEnv(name), SMACEnv(name, launcher=lambda *_: None)  # pyright: ignore[reportArgumentType] never started
    assert engine.spec == game.spec
    assert engine.labels() == game.labels()
    sizes = (engine.spec.n_actions, engine.spec.obs_dim, engine.spec.state_dim)
    assert (
        tuple(len(names) for names in (engine.labels()[k] for k in ("action", "obs_feature", "state_feature"))) == sizes
    )


def test_another_value_of_shield_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="'sometimes', must be 'race' or 'always'"):
        smac_layout(MAPS["3m"], "sometimes")
