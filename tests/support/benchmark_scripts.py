"""Scripts of benchmarks/, which are no package, as modules."""

import importlib.util
from typing import Any

from na2q.paths import repo_root

BENCHMARKS = repo_root() / "benchmarks"


def benchmark(name: str) -> Any:
    """Import benchmarks/NAME.py anew."""
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
