"""Sphinx extension: an index of modules sends on whoever asks it for a member that a page below it has.

The reference was once a page for each room of the package, and links such as
`api/training.html#na2q.training.run.train` are still about. A page that has others below it looks up where their
modules are.
"""

import json
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SEND = """
<script>
(() => {
  const places = %s, name = decodeURIComponent(location.hash.slice(1));
  const home = Object.keys(places).filter(place => name === place || name.startsWith(place + "."));
  if (home.length && !document.getElementById(name))
    location.replace(places[home.sort((a, b) => b.length - a.length)[0]] + location.hash);
})();
</script>
"""


def below(env: BuildEnvironment, page: str) -> Iterator[str]:
    """Pages under one in the table of contents, at any depth."""
    for entry in env.toctree_includes.get(page, []):
        yield entry
        yield from below(env, entry)


def send_on(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add to an index where the modules below it are."""
    pages = set(below(app.env, page)) if page != app.config.root_doc and "body" in context else set()
    modules = app.env.get_domain("py").data["modules"]
    places = {
        name: app.builder.get_relative_uri(page, module.docname)
        for name, module in sorted(modules.items())
        if module.docname in pages
    }
    if places:
        context["body"] += SEND % json.dumps(places)


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at each page as it is written."""
    app.connect("html-page-context", send_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
