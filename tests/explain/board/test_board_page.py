"""The page that holds the board: it works from the file system, by mouse, keyboard and on a phone, and is small."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from headless import launched, needs_browser
from untrained import save_untrained

from na2q.book import board
from na2q.cli import main
from na2q.config import configure
from na2q.explain.board import export, page

PHONE = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "EPISODES", 2)
        yield


@pytest.fixture(scope="module")
def site(quick: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert board.write(folder)
    return folder / board.FOLDER


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


class Watched:
    """A page with whatever goes wrong on it."""

    def __init__(self, browser: Any, file: Path, **settings: Any) -> None:
        self.wrong: list[str] = []
        self.page = browser.new_context(**settings).new_page()
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        local = ("file:", "data:")
        self.page.on("request", lambda request: request.url.startswith(local) or self.wrong.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_function("globalThis.na2qApp?.curves")

    def of(self, what: str) -> Any:
        """What the page's state says."""
        return self.page.evaluate(f"(() => {{ const app = na2qApp, {{ session }} = app; return {what}; }})()")

    def spot(self, selector: str) -> tuple[float, float]:
        """The middle of a piece that lies still."""
        self.page.locator(".board").scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)
        box = self.page.locator(selector).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def opened(browser: Any, site: Path) -> Iterator[Watched]:
    watched = Watched(browser, site / "index.html")
    yield watched
    assert watched.wrong == []
    watched.page.context.close()


def test_it_is_small(site: Path) -> None:
    sizes = {file.stem: file.stat().st_size for file in (site / "teams").iterdir()}
    assert (site / "index.html").stat().st_size < 300_000
    assert len(sizes) == len(board.TEAMS)
    for env in ("lbf-4p-2f", "lbf-3p-3f"):
        assert sum(sizes[f"{env}-{method}_released"] for method in ("na2q", "vdn", "qmix")) < 500_000


def test_it_is_written_once(site: Path) -> None:
    assert not board.write(site.parent)


def test_the_bundle_holds_every_module_after_those_it_imports() -> None:
    folder = Path(page.__file__).parent
    assert sorted(page.MODULES) == sorted(path.stem for path in folder.glob("*.mjs"))
    for place, name in enumerate(page.MODULES):
        imported = re.findall(r'from "\./(\w+)\.mjs"', (folder / f"{name}.mjs").read_text(encoding="utf-8"))
        assert set(imported) <= set(page.MODULES[:place]), name


def test_names_do_not_meet_in_the_bundle() -> None:
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", page.bundle(), re.M)
    assert len(names) > 50
    assert sorted(set(names)) == sorted(names)
    assert "import " not in re.sub(r"//.*|/\*.*?\*/", "", page.bundle())


@needs_browser
def test_play_step_back_reset_and_seed(opened: Watched) -> None:
    def press(name: str) -> None:
        opened.page.get_by_role("button", name=name, exact=True).click()

    press("Step")
    press("Step")
    assert opened.of("session.board.time") == 2
    assert "Step 2 of 50" in opened.page.get_by_role("status").first.inner_text()
    press("Back")
    assert opened.of("session.board.time") == 1
    press("Play")
    opened.page.wait_for_function("na2qApp.session.board.time >= 3")
    press("Pause")
    press("Reset")
    assert opened.of("[session.board.time, session.frames.length]") == [0, 1]
    before = opened.of("JSON.stringify(session.board)")
    opened.page.get_by_label("Seed").fill("77")
    opened.page.get_by_label("Seed").press("Enter")
    assert opened.of("session.seed") == 77
    assert opened.of("JSON.stringify(session.board)") != before


@needs_browser
def test_pieces_move_by_mouse_and_keys(opened: Watched) -> None:
    cell = opened.page.locator(".board").bounding_box()["width"] / 10
    at = opened.of("[session.board.players[1].y, session.board.players[1].x]")
    values = opened.page.locator(".card").nth(1).inner_text()
    x, y = opened.spot(".piece.player >> nth=1")
    down, right = (2 if at[0] < 5 else -2), (1 if at[1] < 5 else -1)  # to where there is board
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + right * cell, y + down * cell, steps=6)
    opened.page.mouse.up()
    assert opened.of("[session.board.players[1].y, session.board.players[1].x]") == [at[0] + down, at[1] + right]
    assert opened.of("session.frames.length") == 2  # one gesture, one change
    assert opened.page.locator(".card").nth(1).inner_text() != values
    piece = opened.page.locator(".piece.player").nth(1)
    piece.focus()
    opened.page.keyboard.press("ArrowUp")
    assert opened.of("session.board.players[1].y") == at[0] + down - 1
    assert f"row {at[0] + down}" in piece.get_attribute("aria-label")
    opened.page.get_by_role("button", name="Back", exact=True).click()
    opened.page.get_by_role("button", name="Back", exact=True).click()
    assert opened.of("[session.board.players[1].y, session.board.players[1].x]") == at


@needs_browser
def test_food_stays_where_it_may_lie(opened: Watched) -> None:
    x, y = opened.spot(".piece.food >> nth=0")
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    corner = opened.page.locator(".board").bounding_box()
    opened.page.mouse.move(corner["x"] + 5, corner["y"] + 5, steps=12)
    opened.page.mouse.up()
    y, x = opened.of("[session.board.foods[0].y, session.board.foods[0].x]")
    assert 1 <= y <= 8
    assert 1 <= x <= 8


@needs_browser
def test_levels_mute_hide_and_the_comparison(opened: Watched) -> None:
    card = opened.page.get_by_role("article", name="agent 2")
    for name, holds in {"mute": "session.muted.has(1)", "hide": "session.board.players[1].absent"}.items():
        button = card.get_by_role("button", name=name)
        button.click()
        assert opened.of(holds)
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert not opened.of(holds)
    level = opened.of("session.board.players[1].level")
    card.get_by_role("button", name="lower the level" if level > 1 else "raise the level").click()
    assert opened.of("session.board.players[1].level") == (level - 1 if level > 1 else level + 1)
    food, total = opened.of("session.board.foods[0].level"), opened.of("session.board.total")
    opened.page.get_by_role("button", name="raise the level: food 1").click()
    assert opened.of("[session.board.foods[0].level, session.board.total]") == [food + 1, total + 1]
    card.get_by_role("button", name="compare").click()
    comparison = opened.page.get_by_role("region", name="what if an agent were not here")
    opened.page.wait_for_function("document.querySelector('.verdict').textContent.includes('Played to the end')")
    wanted = opened.of("[session.frame, session.without(1)].map(frame => session.finish(frame).earned.toFixed(2))")
    for number in wanted:
        assert number.replace("-", "\u2212") in comparison.inner_text()


@needs_browser
def test_one_agent_is_steered_and_the_others_follow_their_policy(opened: Watched) -> None:
    opened.page.get_by_role("article", name="agent 3").get_by_role("button", name="steer").click()
    actions = opened.of("session.think().actions")
    open_moves = opened.of("session.think().allowed[2]")
    key, action = next(
        (k, a) for a, k in enumerate(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"], 1) if open_moves[a]
    )
    opened.page.keyboard.press(key)
    assert opened.of("session.board.time") == 1
    assert opened.of("session.frame.last") == [*actions[:2], action, actions[3]]
    opened.page.keyboard.press("Escape")
    assert opened.of("app.steered") is None


@needs_browser
def test_teams_and_tasks_change_on_the_same_board(opened: Watched) -> None:
    opened.page.get_by_role("button", name="Step", exact=True).click()
    before = opened.of("JSON.stringify(session.board)")
    for name in ("VDN", "QMIX", "NA²Q (paper)"):
        opened.page.get_by_role("button", name=name, exact=True).click()
        opened.page.locator(".teams button[aria-pressed=true]", has_text=name).wait_for()
        assert opened.of("JSON.stringify(session.board)") == before
        assert f"preset {'paper' if 'paper' in name else 'released'}" in opened.page.locator(".about").inner_text()
    opened.page.get_by_role("combobox").select_option("lbf-3p-3f")
    opened.page.wait_for_function("na2qApp.session.board.players.length === 3")
    assert opened.page.get_by_role("article").count() == 3


@needs_browser
def test_the_four_tasks_can_be_done(opened: Watched) -> None:
    tabs = opened.page.get_by_role("group", name="tasks").get_by_role("button")
    for k in range(tabs.count()):
        tabs.nth(k).click()
        opened.page.locator(".begin").click()
        if k == 0:
            assert opened.of("app.timer !== null")
            opened.page.evaluate("na2qApp.stop(); while (!na2qApp.session.frame.over) na2qApp.step()")
        opened.page.wait_for_function(f"document.querySelectorAll('.tabs button')[{k}].classList.contains('done')")
        assert len(opened.page.locator(".leaf .state").inner_text()) > 20


@needs_browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1400, "height": 1000}], ids=["phone", "desktop"])
def test_it_passes_axe_and_fits(browser: Any, site: Path, theme: str, size: dict[str, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    watched = Watched(browser, site / "index.html", viewport=size, color_scheme=theme, has_touch=size is PHONE)
    watched.page.evaluate("na2qApp.ask(1); na2qApp.steer(0); na2qApp.hide(2)")
    watched.page.wait_for_timeout(400)
    found = Axe().run(watched.page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in GRAVE] == []
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert watched.wrong == []
    watched.page.context.close()


@needs_browser
def test_a_run_of_ones_own_is_one_file(quick: None, browser: Any, tmp_path: Path, capsys: Any) -> None:
    config = configure("na2q", "lbf-5p-1f")
    config = replace(
        config, options=replace(config.options, orders=(1, 2, 3)), env_options=replace(config.env_options, field_size=6)
    )
    save_untrained(config, tmp_path / "run")
    main(["explain", str(tmp_path / "run"), "--interactive", str(tmp_path / "out.html")])
    assert capsys.readouterr().out.strip() == str(tmp_path / "out.html")
    watched = Watched(browser, tmp_path / "out.html")
    assert watched.page.get_by_role("article").count() == 5
    assert watched.page.locator(".terms tbody tr").count() == 1 + 5 + 10 + 10
    watched.page.get_by_role("button", name="Step", exact=True).click()
    assert watched.of("session.board.time") == 1
    assert watched.wrong == []


@pytest.mark.parametrize(
    ("method", "env", "why"),
    [
        ("vdn", "matrix-two_step", "Level-Based Foraging"),
        ("qplex", "lbf-2p-1f", "QPLEX"),
        ("vdn", "lbf-2p-1f", "agent.share_parameters"),
    ],
)
def test_what_the_board_cannot_show_is_a_player_that_says_why(
    method: str, env: str, why: str, tmp_path: Path, capsys: Any, quick: None
) -> None:
    config = configure(method, env, **{"agent.share_parameters": why != "agent.share_parameters"})
    save_untrained(config, tmp_path / "run")
    main(["explain", str(tmp_path / "run"), "--interactive", str(tmp_path / "out.html")])
    said, text = capsys.readouterr().out, (tmp_path / "out.html").read_text()
    for words in (said, text):
        assert why in words
        assert "recorded" in words
    assert "na2q-player" in text


@pytest.mark.slow
def test_the_command_shows_one_run(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "a", "b", "--interactive", str(tmp_path / "out.html")])
    assert "one run" in capsys.readouterr().err
