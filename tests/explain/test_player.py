"""The player of an episode: its page runs in a browser without errors, and shows the recorded numbers."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from untrained import save_untrained

from na2q.config import configure
from na2q.explain import scene
from na2q.explain.player import Player, player
from na2q.explain.recording import record

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium on PATH: apt-get install chromium")
CASES = [("na2q", "lbf-4p-2f"), ("na2q", "battle-3m"), ("qmix", "battle-3m"), ("iql", "matrix-two_step")]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], xr.Dataset]:
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp(case[0])
        save_untrained(configure(*case), folder)
        found[case] = record(folder, episodes=2, epsilon=0.5)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)


def contents_of(made: Player) -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', made.fragment, re.S)
    assert found is not None
    return json.loads(found.group(1))


def opened(browser: Any, path: Path, errors: list[str], **settings: Any) -> Any:
    page = browser.new_context(**settings).new_page()
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else errors.append(request.url)
    )
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("case", CASES)
def test_contents_are_the_recorded_numbers(case: tuple[str, str], recordings: dict[Any, xr.Dataset]) -> None:
    recording = recordings[case]
    data, played = contents_of(player(recording, 1)), scene.one_episode(recording, 1)
    assert len(data["steps"]) == int(recording["length"][1])
    for t, step in enumerate(data["steps"]):
        moment = played.isel(step=t)
        np.testing.assert_allclose(step["q"], moment["q_taken"], rtol=1e-3)
        assert step["taken"] == [
            scene.shown_action(str(played["action"].values[u])) for u in moment["action_taken"].values
        ]
        if "mask" in played:
            np.testing.assert_allclose(step["mask"], moment["mask"], rtol=1e-3)
        if scene.has_coalitions(played):
            np.testing.assert_allclose(step["terms"], moment["contribution"], rtol=1e-3)
            assert step["total"] == pytest.approx(sum(step["terms"]) + step["bias"], abs=1e-2)
    assert max(max(step["terms"]) for step in data["steps"]) <= data["terms"]["high"]
    assert min(min(step["terms"]) for step in data["steps"]) >= data["terms"]["low"]


@needs_browser
@pytest.mark.parametrize("case", CASES)
def test_page_is_stepped_by_keyboard_slider_and_buttons(
    case: tuple[str, str], recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path
) -> None:
    made, errors = player(recordings[case]), []
    made.save(tmp_path / "deep" / "player.html")
    page = opened(browser, tmp_path / "deep" / "player.html", errors)
    steps = contents_of(made)["steps"]
    last = len(steps) - 1

    def at() -> int:
        found = re.match(rf"step (\d+) of {last}, reward (\W?[\d.]+)", page.locator(".status").inner_text())
        assert found is not None
        assert float(found.group(2).replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            steps[int(found.group(1))]["reward"], abs=6e-4
        )
        assert page.locator(".slider").input_value() == found.group(1)
        return int(found.group(1))

    assert at() == contents_of(made)["start"]
    page.keyboard.press("Tab")  # the player itself takes the focus first
    page.keyboard.press("Home")
    for key, step in (("ArrowRight", 1), ("End", last), ("ArrowRight", last), ("ArrowLeft", last - 1), ("Home", 0)):
        page.keyboard.press(key)
        assert at() == step
    page.locator(".slider").fill(str(last))
    assert at() == last
    page.locator(".slider").press("ArrowLeft")
    assert at() == last - 1
    page.locator(".forward").click()
    page.locator(".back").click()
    assert at() == last - 1
    for clicked in (".agents label:nth-of-type(2)", ".back", ".scene", ".closer"):
        if page.locator(clicked).first.is_visible():  # keys step and play after any click
            page.locator(clicked).first.click()
            page.wait_for_function("document.activeElement.classList.contains('na2q-player')")
            page.keyboard.press("Home")
            page.keyboard.press("ArrowRight")
            assert at() == min(1, last), clicked
    bars = page.locator(".terms rect")
    assert bars.count() == page.locator(".terms text").count() / 2
    page.locator(".agents input").nth(1).check()
    assert not errors


@needs_browser
def test_space_plays_to_the_end_and_pauses(recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path) -> None:
    errors: list[str] = []
    player(recordings[CASES[0]]).save(tmp_path / "player.html")
    page = opened(browser, tmp_path / "player.html", errors)
    page.locator(".na2q-player").press(" ")
    assert page.locator(".play").get_attribute("aria-label") == "pause"
    page.wait_for_function("Number(document.querySelector('.slider').value) >= 2")
    page.locator(".na2q-player").press(" ")
    assert page.locator(".play").get_attribute("aria-label") == "play"
    page.locator(".na2q-player").press("End")
    page.locator(".na2q-player").press("ArrowLeft")
    page.locator(".play").press(" ")  # a button's own key
    page.wait_for_function("document.querySelector('.play').getAttribute('aria-label') === 'play'")
    assert page.locator(".slider").input_value() == page.locator(".slider").get_attribute("max")
    assert not errors


@pytest.mark.parametrize("case", CASES)
def test_episode_opens_at_its_largest_reward_before_the_last_step(
    case: tuple[str, str], recordings: dict[Any, xr.Dataset]
) -> None:
    data = contents_of(player(recordings[case], 1))
    rewards = [step["reward"] for step in data["steps"]][:-1] or [0.0]
    assert rewards[data["start"]] == max(rewards)


def test_things_are_named_as_their_observer_would_with_agents_from_1(recordings: dict[Any, xr.Dataset]) -> None:
    board = contents_of(player(recordings["na2q", "lbf-4p-2f"]))["features"]["rows"]
    assert board[0][:2] == ["food 1", "food 2"]
    for agent, rows in enumerate(board, 1):
        others = [f"agent {other}" for other in (1, 2, 3, 4) if other != agent]
        assert sorted(rows[2:]) == sorted([f"agent {agent} itself", *others])
    battle = contents_of(player(recordings["na2q", "battle-3m"]))["features"]["rows"]
    assert {"enemy 1", "agent 2", "agent 3", "agent 1 itself"} <= set(battle[0])
    assert {"agent 1", "agent 3", "agent 2 itself"} <= set(battle[1])


@needs_browser
def test_scene_zooms_on_the_chosen_agent_and_speed_shortens_steps(
    recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path
) -> None:
    errors: list[str] = []
    player(recordings["na2q", "battle-3m"]).save(tmp_path / "player.html")
    page = opened(browser, tmp_path / "player.html", errors)
    page.locator(".na2q-player").press("Home")
    width = "Number(document.querySelector('.scene svg').getAttribute('viewBox').split(' ')[2])"
    whole = page.evaluate(width)
    page.locator(".na2q-player").press("+")
    assert page.evaluate(width) == pytest.approx(whole / 2)
    for _ in range(2):
        page.locator(".na2q-player").press("-")
    assert page.evaluate(width) == pytest.approx(whole)
    assert page.locator(".farther").is_disabled()
    page.evaluate("window.spaced = []; window.setInterval = (f, ms) => { spaced.push(ms); return 1; }; 0")
    page.locator(".na2q-player").press(" ")
    page.locator(".speed").select_option("4")
    assert page.evaluate("spaced[0] / spaced[1]") == 4
    assert not errors


@needs_browser
def test_two_players_in_one_page_are_independent(
    recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path
) -> None:
    errors: list[str] = []
    both = "".join(player(recordings[case])._repr_html_() for case in CASES[:2])
    (tmp_path / "both.html").write_text(f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{both}")
    page = opened(browser, tmp_path / "both.html", errors)
    page.locator(".na2q-player").nth(1).press("ArrowRight")
    starts = [contents_of(player(recordings[case]))["start"] for case in CASES[:2]]
    last = len(contents_of(player(recordings[CASES[1]]))["steps"]) - 1
    assert page.locator(".slider").nth(0).input_value() == str(starts[0])
    assert page.locator(".slider").nth(1).input_value() == str(min(starts[1] + 1, last))
    page.locator(".na2q-player").nth(0).locator("input[type=radio]").nth(2).check()
    assert page.locator(".na2q-player").nth(1).locator("input[type=radio]").nth(0).is_checked()
    assert not errors


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("case", CASES)
def test_page_meets_the_accessibility_rules_in_both_schemes_on_a_phone(
    case: tuple[str, str], scheme: str, recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    errors: list[str] = []
    player(recordings[case]).save(tmp_path / "player.html")
    page = opened(
        browser, tmp_path / "player.html", errors, color_scheme=scheme, viewport={"width": 390, "height": 800}
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert not errors


@needs_browser
def test_the_books_theme_wins_over_the_systems(recordings: dict[Any, xr.Dataset], browser: Any, tmp_path: Path) -> None:
    player(recordings[CASES[0]]).save(tmp_path / "player.html")
    ground = "getComputedStyle(document.querySelector('.na2q-player')).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(browser, tmp_path / "player.html", [], color_scheme=scheme)
        seen[scheme] = page.evaluate(ground)
        for theme in ("light", "dark"):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            seen[scheme, theme] = page.evaluate(ground)
    assert seen["light"] == seen["light", "light"] == seen["dark", "light"] == "rgb(255, 255, 255)"
    assert seen["dark"] == seen["light", "dark"] == seen["dark", "dark"] != seen["light"]


def test_names_cannot_break_out_of_the_page(recordings: dict[Any, xr.Dataset]) -> None:
    recording = recordings[CASES[0]].assign_attrs(env="</script><b>")
    for text in ("</script>", "<!--<script>"):  # the second one lets no script end where it should
        made = player(recording.assign_coords(action=[text] * recording.sizes["action"]))
        assert "</script><b>" not in made.page()
        assert "<!--" not in made.page()
        assert contents_of(made)["steps"][0]["taken"][0] == text


@pytest.mark.slow
def test_an_episode_that_is_not_there_is_refused(recordings: dict[Any, xr.Dataset]) -> None:
    with pytest.raises(ValueError, match="episode is 5"):
        player(recordings[CASES[0]], 5)
