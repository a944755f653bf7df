"""One battle at one moment, as pictures and recordings show it."""

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from numpy import ndarray


@dataclass(frozen=True)
class Frame:
    """One battle at one moment, for pictures; u units, allies first, m of them enemies."""

    map_name: str
    step: int
    types: tuple[str, ...]
    """Name of each unit's type."""
    enemy: Bool[ndarray, " u"]
    alive: Bool[ndarray, " u"]
    position: Float[ndarray, "u 2"]
    health: Float[ndarray, " u"]
    """Share of the type's hit points."""
    shield: Float[ndarray, " u"]
    """Share of the type's shields; 0 for types without."""
    radius: Float[ndarray, " u"]
    target: Int[ndarray, " u"]
    """Unit that is attacked or healed, -1 for none."""
    action: Int[ndarray, " n"]
    """Last action of each agent, -1 before the first step."""
    outcome: str
    """running, won, lost, draw or time limit."""
