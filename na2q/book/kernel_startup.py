"""Runs first in the kernel of a page: notes which files of the repository the page reads. Needs nothing but Python.

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


if os.environ.get("NA2Q_PAGE_READS"):
    _watch(os.path.realpath(os.environ["NA2Q_PAGE_ROOT"]), os.environ["NA2Q_PAGE_READS"])
