"""Serve the built book on this machine and find a browser to look at it with; nothing is downloaded."""

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OFFLINE = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
MOVED: dict[str, str] = yaml.safe_load((ROOT / "book" / "_moved.yml").read_text())


def find_browser() -> str:
    """Path of a browser; exit with a message where there is none."""
    names = (os.environ["CHROMIUM"],) if "CHROMIUM" in os.environ else BROWSERS
    for path in map(shutil.which, names):
        if path:
            return path
    sys.exit(f"no browser ({', '.join(names)}): install Debian's chromium, or name one in $CHROMIUM")


class Files(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Serves on when a page is closed before all its files came."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what a page misses, the page reports."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine."""
    server = Server(("127.0.0.1", 0), partial(Files, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def pages() -> list[str]:
    """Addresses of all pages below the site, without those that only send readers on; exit where there are none."""
    found = [path.relative_to(SITE) for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts]
    front = Path("index.html")
    names = [path.as_posix() for path in found if path != front and path.with_suffix("").as_posix() not in MOVED]
    if not names:
        sys.exit(f"no pages in {SITE}: run `make book` first")
    return names
