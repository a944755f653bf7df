"""Runs first in the kernel of a page: notes which files of the repository the page reads, and how tables are shown.

It needs nothing but Python.

The list is written after each cell to the file that NA2Q_PAGE_READS names, one path a line: a file, a folder with a
slash at its end if its names were listed, or the root itself if the page starts another process, whose reads are not
seen from here.
"""

import os
import sys


def _watch(root: str, out: str) -> None:
    seen: set[str] = set()
    folders = {"os.listdir": "/", "os.scandir": "/"}

    def note(event: str, given: tuple) -> None:
        if event == "subprocess.Popen" and os.fsdecode(given[0]) == sys.executable:
            seen.add(root)
        elif event in ("open", *folders) and given and isinstance(given[0], str | bytes | os.PathLike):
            if event == "open" and given[1] and set(str(given[1])) & set("wax+"):
                return
            path = os.path.realpath(os.fsdecode(given[0]))
            if path.startswith(root + os.sep):
                seen.add(path + folders.get(event, ""))

    def write(*_: object) -> None:
        modules = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        if {"multiprocessing.popen_spawn_posix", "multiprocessing.popen_fork"} & set(sys.modules):
            seen.add(root)
        inside = {path for path in map(os.path.realpath, modules - {""}) if path.startswith(root + os.sep)}
        with open(out, "w") as file:
            file.write("\n".join(sorted(seen | inside)))

    sys.addaudithook(note)
    get_ipython().events.register("post_run_cell", write)  # type: ignore[name-defined]  # a builtin of IPython


def _draw(table: object) -> str:
    from na2q.book.frames import as_html  # where a table is shown, pandas and the package have been imported

    return as_html(table)  # type: ignore[arg-type]  # pandas is not imported yet, so that its type has no name here


def _show_tables() -> None:
    html = get_ipython().display_formatter.formatters["text/html"]  # type: ignore[name-defined]  # as above
    for module in ("pandas", "pandas.core.frame"):  # where pandas 3 says that its class lives, and where pandas 2 does
        html.for_type_by_name(module, "DataFrame", _draw)


if os.environ.get("NA2Q_PAGE_READS"):
    _show_tables()
    _watch(os.path.realpath(os.environ["NA2Q_PAGE_ROOT"]), os.environ["NA2Q_PAGE_READS"])
