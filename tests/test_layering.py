"""Who may import whom: the rooms of the house and the arrows between them."""

import ast
import re
from pathlib import Path

import pytest

import na2q

PACKAGE = Path(na2q.__file__).parent
GROUND = {"spec", "types", "config", "nets", "paths", "files", "terminal", "arguments"}
MAY_IMPORT = {  # module or room -> what of na2q it may import besides itself
    "spec": set(),
    "config": set(),
    "paths": set(),
    "files": set(),
    "terminal": set(),
    "arguments": {"config", "files"},
    "stats": {"arguments", "config"},
    "style": {"arguments", "config"},
    "types": {"spec"},
    "nets": {"config", "spec", "types"},
    "methods": {"config", "nets", "spec", "types"},
    "envs": {"arguments", "config", "spec"},
    "theory": {"arguments", "config"},
    "training": GROUND | {"methods", "envs"},
    "campaign": GROUND | {"training"},
    "evaluation": GROUND | {"stats", "style", "methods", "envs", "theory", "training", "campaign"},
    "explain": GROUND | {"stats", "style", "methods", "envs", "theory", "training"},
    "book": GROUND | {"stats", "style", "methods", "envs", "theory", "training", "campaign", "evaluation", "explain"},
    "cli": GROUND | {"methods", "envs", "training", "campaign", "evaluation", "explain", "book"},
    "__init__": {"config", "methods", "training"},
}
NO_TORCH = {"spec", "config", "paths", "stats", "style", "envs", "theory", "campaign", "training.records"} | {
    *(f"evaluation.{name}" for name in ("comparison", "exchange", "figures", "matching", "protocol", "results")),
    *(
        f"explain.{name}"
        for name in ("baselines", "coalitions", "events", "pictures", "player", "purification", "scene", "shapes")
    ),
}


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "na2q"
                else {node.module or ""}
            )
    return found


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_imports_point_down(path: Path) -> None:
    room = name_of(path).partition(".")[0]
    allowed = MAY_IMPORT[room] | {room, "__version__"}
    for module in imports(path):
        top, _, rest = module.partition(".")
        if top == "na2q" and rest:
            assert any(rest == a or rest.startswith(a + ".") for a in allowed), f"{room} imports {module}"


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_environments_theory_and_figures_know_nothing_of_torch(path: Path) -> None:
    if any(name_of(path) == room or name_of(path).startswith(room + ".") for room in NO_TORCH):
        assert not any(module.split(".")[0] in {"torch", "safetensors"} for module in imports(path))


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_no_branch_on_a_method_name_and_no_global_randomness(path: Path) -> None:
    from na2q.config import METHOD_OPTIONS

    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                assert not (isinstance(side, ast.Constant) and side.value in METHOD_OPTIONS), ast.unparse(node)
        text = ast.unparse(node) if isinstance(node, ast.Call) else ""
        assert not text.startswith(("np.random.seed", "np.random.rand", "random.seed")), text
        assert ".cuda()" not in text, text


def test_the_picture_of_the_rooms_shows_every_room() -> None:
    picture = (PACKAGE.parent / "book" / "_static" / "rooms.svg").read_text()
    shown = set(re.findall(r'class="name"[^>]*>([^<]+)<', picture))
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= {name for names in shown for name in names.split(", ")}
