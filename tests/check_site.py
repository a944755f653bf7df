"""Look at the built book as a reader does, in a real browser: `python tests/check_site.py` after `make book`.

Serves `_build/html` to headless chromium, one for each core, and fails where a page logs an error, asks another host
for anything, misses a file, links to what is not there, shows a picture without alternative text, sets a formula wrong,
shows markup as it is written, is wider than a phone or hides there that something goes on, breaks a rule of axe-core
that it calls serious or critical, in light or dark, has a bright ground in dark, shrinks a figure until its type cannot
be read, cuts a formula at the edge of its column, is longer than a reader scrolls, or prints menus or lines wider than
its paper; and where the search does not find a chapter, an old address leads astray, an episode cannot be stepped
through or curves cannot be chosen by the keyboard. Findings and pictures go to `_build/browser/`. The browser is that
of $CHROMIUM, else the first one found; nothing is downloaded.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from axe_playwright_python.sync_playwright import Axe
from browser.scripts import FAINT, GLARING, LOOK, MISSED, SHRUNK, WIDER
from browser.serving import MOVED, OFFLINE, ROOT, SITE, find_browser, pages, served
from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

OUT = ROOT / "_build" / "browser"
DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
PAPER = ViewportSize(width=720, height=1020)  # what margins leave of A4, in pixels of 1/96 inch
SMALLEST = 0.62  # of a figure's own size: at 110 dots per inch type of 8 points is then 8 pixels high
LONGEST = 8_000  # pixels at the width of a desktop
LONGER = {"notebooks/": 14_000}  # chapters, which have parts and exercises
ENDLESS = ("genindex", "_modules/")  # an index and source code, which nobody reads from end to end
GRAVE = {"serious", "critical"}
MENUS = (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-area")  # never printed
RULES = {"resultTypes": ["violations"], "preload": False}  # preloading asks for style sheets in the wrong folder
LISTINGS = "_modules/"  # pages of source code, which differ in their text only: the first stands for all in looks
MEMBER = ("api/training.html#na2q.training.run.train", "api/training/loop.html#na2q.training.run.train")
PLAYERS = "notebooks/13"  # the chapters that must hold an episode to step through


@dataclass
class Seen:
    """What was found on pages: what is wrong, and by page where its links lead and which places it has."""

    findings: list[str] = field(default_factory=list)
    links: dict[str, set[str]] = field(default_factory=dict)
    anchors: dict[str, set[str]] = field(default_factory=dict)
    players: int = 0


class Check:
    """Visits pages and collects what is wrong with them."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context, self.origin = context, origin
        self.seen = Seen()
        self.axe = Axe()

    def found(self, name: str, what: str) -> None:
        """Note a finding."""
        self.seen.findings.append(f"{name}: {what}")

    @contextmanager
    def opened(self, name: str, leaves: bool = False) -> Iterator[Page]:
        """Open a page and note whatever goes wrong while it is open; one that leaves drops what it still loads."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.found(name, f"script fails: {error}"))

        def failed(request: Any) -> None:
            if not (leaves and request.failure == "net::ERR_ABORTED"):
                self.found(name, f"request fails: {request.url}")

        def answered(response: Any) -> None:
            if response.status >= 400:
                self.found(name, f"{response.status}: {response.url}")

        def logged(message: Any) -> None:
            if message.type in ("error", "warning"):
                self.found(name, f"console {message.type}: {message.text}")

        def asked(request: Any) -> None:
            if not request.url.startswith((self.origin, "data:", "blob:")):
                self.found(name, f"asks another host: {request.url}")

        page.on("requestfailed", failed)
        page.on("response", answered)
        page.on("console", logged)
        page.on("request", asked)
        page.goto(self.origin + name, wait_until="load")
        yield page
        page.close()

    def visit(self, name: str) -> None:
        """Check one page, on a desktop in light and dark, and on a phone."""
        alike = name.startswith(LISTINGS) and any(other.startswith(LISTINGS) for other in self.seen.anchors)
        with self.opened(name) as page:
            seen = page.evaluate(LOOK)
            self.seen.anchors[name] = set(seen["ids"])
            self.seen.links[name] = set(seen["links"])
            for source in seen["unnamed"]:
                self.found(name, f"no alternative text: {source[:120]}")
            for source in seen["empty"]:
                self.found(name, f"picture does not load: {source[:120]}")
            for formula in seen["formulas"]:
                self.found(name, f"formula fails: {formula}")
            for text in seen["markup"]:
                self.found(name, f"markup is shown as it is written: {text[:120]}")
            if seen["raw"]:
                self.found(name, f"{seen['raw']} formulas are not set")
            for text in seen["escaped"]:
                self.found(name, f"a cell shows the end of a line as \\n: {text[:120]}")
            self.shrunk(page, name, "desktop")
            for what in seen["cut"]:
                self.found(name, f"formula is cut at the edge of its column: {what}")
            most = next((height for start, height in LONGER.items() if name.startswith(start)), LONGEST)
            if seen["height"] > most and not name.startswith(ENDLESS):
                self.found(name, f"{seen['height']} pixels long, more than {most}")
            self.step(page, name)
            if not alike:
                self.look(page, name)

    def look(self, page: Page, name: str) -> None:
        """Take pictures of an open page and ask axe-core, as `visit` says."""
        self.picture(page, name, "light")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_timeout(300)  # colours fade
        self.picture(page, name, "dark")
        self.rules(page, name, "dark")
        for text in page.evaluate(FAINT):
            self.found(name, f"dark: text of a picture is too faint: {text}")
        for box in page.evaluate(GLARING):
            self.found(name, f"dark: a bright ground: {box}")
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(600)  # the theme waits for 300 ms before it lets the keyboard reach what now scrolls
        self.picture(page, name, "phone")
        self.rules(page, name, "phone")
        for culprit in page.evaluate(WIDER):
            self.found(name, f"wider than a phone: {culprit}")
        for what in page.evaluate(MISSED):
            self.found(name, f"phone: {what}")
        self.shrunk(page, name, "phone")
        self.choose(page, name)
        page.emulate_media(media="print")
        page.set_viewport_size(PAPER)
        for culprit in page.evaluate(WIDER):
            self.found(name, f"wider than its paper: {culprit}")
        for menu in MENUS:
            if page.locator(menu).first.is_visible():
                self.found(name, f"prints {menu}")

    def picture(self, page: Page, name: str, theme: str) -> None:
        """Save a screenshot."""
        shot = f"{name.removesuffix('.html').replace('/', '-')}-{theme}.png"
        page.screenshot(path=OUT / shot, full_page=True, animations="disabled")

    def rules(self, page: Page, name: str, theme: str) -> None:
        """Ask axe-core, in light on a phone and in dark on a desktop: the two differ in colour and in what scrolls."""
        for rule in self.axe.run(page, options=RULES).response["violations"]:
            if rule["impact"] in GRAVE:
                nodes = [f"{node['target'][0]} {node['html'][:100]}" for node in rule["nodes"]]
                self.found(name, f"{theme}: {rule['help']} ({rule['id']}, {len(nodes)}): {'; '.join(nodes[:3])}")

    def shrunk(self, page: Page, name: str, screen: str) -> None:
        """Find figures whose type gets too small on a screen."""
        for image, share in page.evaluate(SHRUNK, SMALLEST):
            self.found(name, f"{screen}: figure at {share:.0%} of its size, its type gets too small: {image}")

    def step(self, page: Page, name: str) -> None:
        """Step through each episode of a page."""
        for player in page.locator(".na2q-player").all():
            self.seen.players += 1
            before = player.get_by_role("status").inner_text()
            player.get_by_role("button", name="one step forward").click()
            if player.get_by_role("status").inner_text() == before:
                self.found(name, "the episode does not step")

    def choose(self, page: Page, name: str) -> None:
        """Choose a curve of each chooser by the keyboard, which must change the table of values below it."""
        for chooser in page.locator(".na2q-chooser").all():
            box, rows = chooser.get_by_role("checkbox").last, chooser.locator("tbody tr")
            before = rows.count()
            box.focus()
            page.keyboard.press("Space")
            if rows.count() == before:
                self.found(name, "choosing a curve by the keyboard changes nothing")

    def search(self, words: str, chapter: str) -> None:
        """Search as a reader does, from the front page."""
        with self.opened("index.html", leaves=True) as page:
            page.wait_for_url("**/intro.html")
            page.locator(".search-button__button:visible").first.click()
            page.locator("input[type=search]:visible").fill(words)
            page.keyboard.press("Enter")
            page.wait_for_url("**/search.html?q=*")
            try:
                page.locator(f"#search-results a[href*='{chapter}']").first.wait_for(timeout=20_000)
            except Exception:
                self.found("search.html", f"{words!r} does not find {chapter}")
            page.screenshot(path=OUT / "search.png")


@contextmanager
def checking(origin: str) -> Iterator[Check]:
    """Start a browser to check pages with."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=OFFLINE)
        yield Check(browser.new_context(viewport=DESKTOP), origin)
        browser.close()


def sent_on(origin: str, old: str, new: str) -> Seen:
    """Check that an old address leads to the new one, and to the place on it."""
    with checking(origin) as check:
        with check.opened(old, leaves=True) as page:
            try:
                page.wait_for_url(origin + new, timeout=20_000)
            except Exception:
                check.found(old, f"does not lead to {new} but to {page.url}")
        return check.seen


def visit(origin: str, names: Sequence[str]) -> Seen:
    """Check some pages in a browser of their own."""
    with checking(origin) as check:
        for name in names:
            check.visit(name)
        return check.seen


def search(origin: str) -> Seen:
    """Check the search."""
    with checking(origin) as check:
        check.search("regret bound", "03_regret_bound")
        return check.seen


def dead_links(origin: str, links: dict[str, set[str]], anchors: dict[str, set[str]]) -> Iterator[str]:
    """Find internal links of the pages visited that lead to no file, or to no place on another page visited."""
    for name, each in links.items():
        for link in sorted(each):
            address, anchor = urldefrag(urljoin(origin + name, link))
            if not address.startswith(origin):
                continue
            target = unquote(address.removeprefix(origin)).partition("?")[0]
            if not (SITE / target).exists():
                yield f"{name}: link to nowhere: {link}"
            elif anchor and target in anchors and unquote(anchor) not in anchors[target]:
                yield f"{name}: no such place: {link}"


def check_pages(origin: str, names: Sequence[str]) -> tuple[list[str], int]:
    """Check pages in as many browsers as there are cores; return the findings and the number of episodes."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        parts = [pool.submit(visit, origin, names[first::cores]) for first in range(cores)]
        chapters = [[f"{name}.html#somewhere" for name in each] for each in list(MOVED.items())[:1]]
        elsewhere = [pool.submit(sent_on, origin, *each) for each in [*chapters, MEMBER]]
        seen = [part.result() for part in [*parts, pool.submit(search, origin), *elsewhere]]
    links, anchors = (
        {name: found for part in seen for name, found in getattr(part, k).items()} for k in ("links", "anchors")
    )
    findings, players = [found for part in seen for found in part.findings], sum(part.players for part in seen)
    findings += dead_links(origin, links, anchors)
    if not players and any(name.startswith(PLAYERS) for name in names):
        findings.append(f"{PLAYERS}: holds no episode to step through")
    return findings, players


def main() -> None:
    """Check every page, or those named by a part of their name; exit with status 1 if there are findings."""
    find_browser()
    names = pages()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    chosen = [name for name in names if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    with served(SITE) as origin:
        findings, players = check_pages(origin, chosen)
    (OUT / "findings.txt").write_text("".join(f"{finding}\n" for finding in findings))
    print(*findings, f"{len(chosen)} pages, {players} episodes, {len(findings)} findings", sep="\n")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
