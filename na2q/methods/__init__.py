"""The methods of the paper's comparison, one file for each paper."""

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
