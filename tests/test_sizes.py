"""No file of the package is longer than can be read in one sitting, and neither is the way of QMIX through it."""

import re
from pathlib import Path

import na2q

LINES = 300


def test_every_module_has_fewer_than_300_lines() -> None:
    package = Path(na2q.__file__).parent
    lengths = {path: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    assert {str(path.relative_to(package)): n for path, n in lengths.items() if n >= LINES} == {}


def test_qmix_can_be_read_end_to_end_in_the_files_that_contributors_are_told() -> None:
    root = Path(__file__).parents[1]
    section = (root / "CONTRIBUTING.md").read_text().partition("## Read QMIX end to end")[2].partition("\n## ")[0]
    named = re.findall(r"^\d+\. `(na2q/[\w/]+\.py)`", section, re.MULTILINE)
    assert len(named) == len(set(named)) <= 12
    assert "na2q/methods/qmix.py" in named
    assert sum(len((root / name).read_text().splitlines()) for name in named) <= 1_320
