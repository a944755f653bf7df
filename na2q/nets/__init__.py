"""Networks: layers, the GRU, the agents, and the order in which slots are computed."""

from na2q.nets.agents import RecurrentAgent, Unroll, mask_unavailable, unroll_together
from na2q.nets.blocks import LinearBank, MLPBank, mlp
from na2q.nets.gru import GRU, GRUBank
from na2q.nets.slots import Slots, plan_slots

__all__ = [
    "GRU",
    "GRUBank",
    "LinearBank",
    "MLPBank",
    "RecurrentAgent",
    "Slots",
    "Unroll",
    "mask_unavailable",
    "mlp",
    "plan_slots",
    "unroll_together",
]
