"""Where units stand when a battle begins, and which agent is which (assumed, except the numbering).

The game puts all units of a side on one point and pushes each to the nearest free place. Here every
unit, in a drawn order, takes the first free point of a fine lattice around that point.
"""

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from na2q.envs.battle.maps import BattleMap
from na2q.envs.battle.motion import passable
from na2q.envs.battle.records import ATTACK_MOVE, Record, Records
from na2q.envs.battle.units import UNITS
from na2q.envs.compiled import compiled, part

JITTER = 0.1  # largest random offset of a place, map units
N_KINDS = len(UNITS)


def seeded(seed: int) -> int:
    """Return the state of a battle's random numbers for any seed of 0 or more."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) or 1


@part
def uniform(battle: Record, low: float, high: float) -> float:
    """Draw a number from a battle's own generator (xorshift of 32 bits, the same when compiled or not)."""
    word = battle.rng
    word = word ^ ((word << 13) & 0xFFFFFFFF)
    word = word ^ (word >> 17)
    word = word ^ ((word << 5) & 0xFFFFFFFF)
    battle.rng = word
    return low + (high - low) * (word / 4294967296.0)


def lattice(spacing: float = 0.375, reach: float = 10.0) -> Float[ndarray, "p 2"]:
    """Return the points of a triangular lattice around the origin, nearest first."""
    rows = int(reach / spacing) + 1
    i, j = np.meshgrid(np.arange(-2 * rows, 2 * rows + 1), np.arange(-rows, rows + 1))
    points = spacing * np.stack([i + j / 2, j * math.sqrt(3) / 2], axis=-1).reshape(-1, 2)
    length = np.hypot(points[:, 0], points[:, 1])
    # ties by angle: a rotation of one sixth must not depend on rounding
    order = np.lexsort((np.round(np.arctan2(points[:, 1], points[:, 0]), 6), np.round(length, 6)))
    return np.ascontiguousarray(points[order][length[order] <= reach])


def spawn_points(battle: BattleMap) -> Float[ndarray, "u 2"]:
    """Return the spawn point of every unit, allies first."""
    sides = ((battle.ally_spawn, len(battle.allies)), (battle.enemy_spawn, len(battle.enemies)))
    return np.array([points[index % len(points)] for points, count in sides for index in range(count)])


@part
def _is_free(world: Record, units: Records, order: ndarray, placed: int, x: float, y: float) -> bool:
    """Whether unit order[placed] fits at (x, y) among those placed before it."""
    unit = units[order[placed]]
    if not passable(world, unit.layer, x, y):
        return False
    for index in range(placed):
        other = units[order[index]]
        room = unit.separation + other.separation
        if other.layer == unit.layer and (x - other.x) ** 2 + (y - other.y) ** 2 < room * room:
            return False
    return True


@part
def _shuffle(battle: Record, order: ndarray):
    for last in range(order.shape[0] - 1, 0, -1):
        pick = int(uniform(battle, 0.0, last + 1.0))
        held = order[last]
        order[last] = order[pick]
        order[pick] = held


@part
def _send(world: Record, units: Records):
    """Give the enemies the orders that they have from their spawn on."""
    for k in range(world.n_allies, units.shape[0]):
        units[k].order = ATTACK_MOVE
        units[k].goal_x, units[k].goal_y = world.attack_x, world.attack_y


def place(world: Record, units: Records, battle: Record, points: ndarray, offsets: ndarray):
    """Set each unit near its spawn point, without overlap and on walkable ground, and send the enemies off.

    Args:
        world: facts of the map.
        units: (u,) UNIT records of one battle.
        battle: BATTLE record, whose random numbers are used.
        points: (u, 2) spawn points.
        offsets: (p, 2) places to try around a point, nearest first.
    """
    _place(world, units, battle, points, offsets, np.arange(len(units)), np.zeros((2, N_KINDS), np.int64))


@compiled
def _place(
    world: Record,
    units: Records,
    battle: Record,
    points: ndarray,
    offsets: ndarray,
    order: ndarray,
    tried: ndarray,  # a place refused to one unit is refused to its like later
):
    _shuffle(battle, order)
    for placed in range(units.shape[0]):
        unit = units[order[placed]]
        point = points[order[placed]]
        spread = points[0, 0] != point[0] and unit.enemy == 0  # allies with spawn points of their own
        start = 0 if spread else tried[unit.enemy, unit.kind]
        for index in range(start, offsets.shape[0]):
            x = point[0] + offsets[index, 0] + uniform(battle, -JITTER, JITTER) / math.sqrt(2.0)
            y = point[1] + offsets[index, 1] + uniform(battle, -JITTER, JITTER) / math.sqrt(2.0)
            if _is_free(world, units, order, placed, x, y):
                unit.x = x
                unit.y = y
                if not spread:
                    tried[unit.enemy, unit.kind] = index + 1
                break
    _send(world, units)


def number_agents(units: Records, n_allies: int) -> None:
    """Put the allies in SMAC's order of agents: by type, then x, then y (in place)."""
    allies = units[:n_allies]
    units[:n_allies] = allies[np.lexsort((allies["y"], allies["x"], allies["type_column"]))]
