"""na2q: a literate, tested reproduction of NA2Q and its baselines in cooperative multi-agent Q-learning."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from na2q.config import TrainConfig, configure
    from na2q.methods import METHODS
    from na2q.training.policy import load
    from na2q.training.run import train

__version__ = "0.1.0"
__all__ = ["METHODS", "TrainConfig", "configure", "load", "train"]
_HOMES = {
    "METHODS": "methods",
    "TrainConfig": "config",
    "configure": "config",
    "load": "training.policy",
    "train": "training.run",
}


def __getattr__(name: str) -> Any:
    """Import the public names when first used: torch takes a second that `na2q --help` need not wait."""
    if name not in _HOMES:
        raise AttributeError(f"module 'na2q' has no attribute {name!r}")
    return getattr(importlib.import_module(f"na2q.{_HOMES[name]}"), name)
