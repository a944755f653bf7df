"""The page's scripts say what Python says: in Node where it is there, in any case in a browser."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from board_cases import network_case, rules_case
from headless import launched, needs_browser
from untrained import save_untrained

from na2q.book.board import TEAMS
from na2q.config import LBFOptions, configure
from na2q.explain.board import export, page
from na2q.paths import repo_root

HERE = Path(__file__).parent
NODE = shutil.which("node") or ""
needs_node = pytest.mark.skipif(not NODE, reason="no node on PATH; the browser runs the same checks")
MODELS = repo_root() / "data" / "models"
BAR = 1e-4

Compare = Callable[[dict[str, Any]], dict[str, list[dict[str, float]]]]


def in_node(cases: dict[str, Any], folder: Path) -> dict[str, Any]:
    file = folder / "cases.json"
    file.write_text(json.dumps(cases))
    command = [NODE, str(HERE / "board.test.mjs")]
    run = subprocess.run(command, env={**os.environ, "NA2Q_BOARD_CASES": str(file)}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def browser_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page from the file system that holds the bundle, the comparisons and the small tests."""
    scripts = [page.bundle(), *((HERE / name).read_text() for name in ("checks.mjs", "units.mjs"))]
    text = "\n".join(page.EXPORT.sub("", script) for script in scripts)
    names = "Random, Network, mixingNetwork, Session, deal, observe, stateOf, available, step, foodFits, playerFits"
    text += f"\nglobalThis.board = {{ {names}, number, termName, agentName, compareAll, UNITS }};"
    file = tmp_path_factory.mktemp("board") / "scripts.html"
    file.write_text(f'<!doctype html><meta charset="utf-8"><script type="module">\n{text}\n</script>', encoding="utf-8")
    with launched() as browser:
        opened = browser.new_page()
        opened.goto(file.as_uri())
        yield opened


@pytest.fixture(params=[pytest.param("node", marks=needs_node), pytest.param("browser", marks=needs_browser)])
def compare(request: pytest.FixtureRequest, tmp_path: Path) -> Compare:
    if request.param == "node":
        return lambda cases: in_node(cases, tmp_path)
    opened = request.getfixturevalue("browser_page")
    return lambda cases: opened.evaluate("cases => board.compareAll(board, cases)", cases)


def worst(found: dict[str, float]) -> float:
    return max(value for kind, value in found.items() if kind != "steps")


@needs_node
def test_small_tests_pass_in_node() -> None:
    run = subprocess.run([NODE, "--test", str(HERE)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "# fail 0" in run.stdout


@needs_browser
def test_small_tests_pass_in_a_browser(browser_page: Any) -> None:
    run = """Object.entries(board.UNITS).map(([name, unit]) => {
        try { unit(board); return null; } catch (error) { return `${name}: ${error}`; }
    })"""
    found = browser_page.evaluate(run)
    assert len(found) > 5
    assert not any(found), found


@pytest.fixture(scope="module")
def stored() -> list[dict[str, Any]]:
    runs = [MODELS / team for team in TEAMS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "EPISODES", 2)
        return [network_case(run, 4) for run in runs]


def test_trained_teams_equal_torch(stored: list[dict[str, Any]], compare: Compare) -> None:
    found = compare({"networks": stored})["networks"]
    assert sum(one["steps"] for one in found) > 500
    for case, one in zip(stored, found, strict=True):
        assert worst(one) < BAR, (case["model"]["env"], case["model"]["method"], one)


VARIANTS: dict[str, dict[str, Any]] = {
    "one order": {"orders": (1,)},
    "pairs only": {"orders": (2,)},
    "three orders": {"orders": (1, 2, 3)},
    "paper": {"relu_on": "state", "scale_credits": False},
    "two-sided": {"shape": "two_sided", "shape_hidden": (5, 3)},
    "anchored": {"anchored": True},
    "state credits": {"credits": "state", "keep_vae": True},
    "no attention": {"credits": "uniform"},
    "mean credits": {"credits": "uniform", "uniform_credit": "mean", "state_bias": False},
    "deep bias": {"bias_hidden": (16, 8), "vae_hidden": 16, "embed": 20},
    "abs": {"nonneg": "abs"},
}


def test_every_variant_equals_torch(compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EPISODES", 2)
    rng, cases = np.random.default_rng(1), []
    for k, change in enumerate(VARIANTS.values()):
        config = configure("na2q", "lbf-3p-2f")
        agent = replace(
            config.agent, kind=["one_head", "two_head"][k % 2], last_action=k % 3 > 0, agent_id=k % 4 > 0, hidden=24
        )
        rules = replace(config.env_options, state=["full", "observations"][k % 2], time_limit=12)
        config = replace(config, options=replace(config.options, **change), agent=agent, env_options=rules)
        folder = tmp_path / str(k)

        def stir(method: torch.nn.Module) -> None:
            for x in method.parameters():
                x.add_(torch.as_tensor(rng.normal(0, 0.2, x.shape), dtype=x.dtype))

        save_untrained(config, folder, stir)
        cases.append(network_case(folder, 2))
    for name, one in zip(VARIANTS, compare({"networks": cases})["networks"], strict=True):
        assert worst(one) < BAR, (name, one)


TASKS = [
    ("lbf-4p-2f", LBFOptions(time_limit=25), 200),
    ("lbf-3p-3f", LBFOptions(time_limit=25), 200),
    ("lbf-8p-2f", LBFOptions(field_size=6, levels="legacy", step_cost="move", state="full", time_limit=15), 200),
    ("lbf-2p-1f", LBFOptions(force_coop=True, sight=3, field_size=5, time_limit=20), 150),
    (
        "lbf-3p-2f",
        LBFOptions(force_coop=True, levels="legacy", sight=1, field_size=8, max_player_level=4, time_limit=15),
        100,
    ),
    ("lbf-10p-4f", LBFOptions(field_size=8, time_limit=15, max_player_level=1), 100),
    ("lbf-12p-1f", LBFOptions(field_size=4, time_limit=10), 50),
    ("lbf-14p-2f", LBFOptions(field_size=5, time_limit=10), 20),
]


@pytest.fixture(scope="module")
def episodes() -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    return [rules_case(name, options, count, rng) for name, options, count in TASKS]


@pytest.mark.slow
def test_a_thousand_random_episodes_go_as_in_the_package(
    episodes: list[dict[str, Any]], compare: Compare, request: pytest.FixtureRequest
) -> None:
    played = [one for case in episodes for one in case["episodes"]]
    assert len(played) >= 1000
    assert sum(any(slot.get("rewards", [])) for one in played for slot in one["slots"]) > 100
    share = 20 if NODE and "browser" in request.node.name else 1  # all of them once, and some in the other place
    some = [{**case, "episodes": case["episodes"][::share]} for case in episodes]
    for case, found in zip(some, compare({"tasks": some})["tasks"], strict=True):
        assert worst(found) < 1e-6, (case["task"], found)


def test_random_numbers_are_those_of_numpy(compare: Compare) -> None:
    cases = []
    for seed in (0, 1, 12345, 2**31 - 2, 2**32 - 1):
        rng, bounds = np.random.default_rng(seed), [(0, 1), (0, 10), (-3, 4), (1, 2**31), (0, 3 * 2**30)] * 20
        permutations = [rng.permutation(count).tolist() for count in (1, 2, 3, 5, 17)]
        integers = [(low, high, int(rng.integers(low, high))) for low, high in bounds]
        cases.append({"seed": seed, "permutations": permutations, "integers": integers})
    for found in compare({"seeds": cases})["seeds"]:
        assert worst(found) == 0


def test_weights_lose_less_than_their_row_says() -> None:
    rng = np.random.default_rng(3)
    tensors = {
        "matrix": torch.as_tensor(rng.normal(size=(7, 5)), dtype=torch.float32),
        "bank": torch.as_tensor(rng.normal(size=(3, 2, 1)) * 1e-5, dtype=torch.float32),
        "vector": torch.tensor([1e-12, -3.0, 0.0, 2.999]),
        "nothing": torch.zeros(4),
    }
    layout, text = export.pack(tensors)
    assert set(text) <= set(export.DIGITS)
    found = export.unpack(layout, text)
    for name, x in tensors.items():
        rows = x.abs().reshape(-1, x.shape[-1]).max(1).values.clamp(min=1e-30)
        error = (found[name] - x).abs().reshape(-1, x.shape[-1]) / rows[:, None]
        assert error.max() < 1.4e-6
        assert found[name].shape == x.shape


@pytest.mark.slow
@pytest.mark.parametrize(
    "script", [*Path(page.__file__).parent.glob("*.mjs"), *HERE.glob("*.mjs")], ids=lambda p: p.name
)
def test_scripts_are_tidy(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.count("\n") < 300
    assert not re.search(r"[ \t]$", text, re.M)
    assert text.startswith("// ")  # what the module is for
    for what, rule in {"loose comparison": r"[^=!]==[^=]|!=[^=]", "var": r"\bvar "}.items():
        assert not re.search(rule, re.sub(r"//.*", "", text), re.M), what
    for names in re.findall(r"^import \{([^}]*)\}", text, re.M):
        for name in names.split(","):
            assert len(re.findall(rf"\b{name.strip()}\b", text)) > 1, f"{name} is imported and not used"
    if NODE:
        assert subprocess.run([NODE, "--check", str(script)], check=False).returncode == 0
