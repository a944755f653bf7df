"""The methods of the paper's comparison, one file for each paper."""

from na2q.config import METHOD_OPTIONS, NoOptions, Settings, check_name
from na2q.methods.base import QLearning
from na2q.methods.cds import CDS
from na2q.methods.dvd import DVD
from na2q.methods.iql import IQL
from na2q.methods.na2q import NA2Q
from na2q.methods.qatten import Qatten
from na2q.methods.qmix import QMIX
from na2q.methods.qplex import QPLEX
from na2q.methods.qtran import QTRAN
from na2q.methods.shaq import SHAQ
from na2q.methods.vdn import VDN
from na2q.methods.wqmix import WQMIX

METHODS: dict[str, type[QLearning]] = {
    "vdn": VDN,
    "qmix": QMIX,
    "qtran": QTRAN,
    "qatten": Qatten,
    "qplex": QPLEX,
    "wqmix": WQMIX,
    "cds": CDS,
    "dvd": DVD,
    "shaq": SHAQ,
    "na2q": NA2Q,
    "iql": IQL,
}
"""Classes by the names of `TrainConfig.method`: the paper's legend in its order, then the control."""

OURS = tuple(METHODS)


def register(name: str, method: type[QLearning], options: Settings | None = None) -> None:
    """Add a method of one's own, for this process; a second call replaces the first.

    Args:
        name: what `TrainConfig.method` takes.
        method: its class.
        options: the method's default settings, an instance of a frozen dataclass derived from Settings.

    Raises:
        ValueError: the name belongs to this package, or is none that a folder could have.
    """
    check_name("method", name)
    if name in OURS:
        raise ValueError(f"method {name!r} belongs to na2q, as do {', '.join(OURS)}: choose another name")
    METHODS[name] = method
    METHOD_OPTIONS[name] = options or NoOptions()


__all__ = ["METHODS", "QLearning", "register"]
