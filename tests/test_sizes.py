"""No file of the package is longer than can be read in one sitting."""

from pathlib import Path

import na2q

LINES = 300


def test_every_module_has_fewer_than_300_lines() -> None:
    package = Path(na2q.__file__).parent
    lengths = {path: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    assert {str(path.relative_to(package)): n for path, n in lengths.items() if n >= LINES} == {}
