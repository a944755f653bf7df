"""Movement and collisions in one game loop (assumed throughout, except speeds and radii).

Units are discs that never overlap within a layer, so a closed line of enemies holds. A unit whose way
is blocked turns by up to 120 degrees, to the side to which it turned last unless that is closed, and so
walks around walls, comrades and enemies; comrades that stand without fighting are pushed aside.
"""

import math

import numpy as np
from numpy import ndarray

from na2q.envs.battle.maps import SIZE
from na2q.envs.battle.records import AIR, ATTACK_MOVE, GROUND, IDLE, NOBODY, WALK, Record, Records
from na2q.envs.battle.units import LOOPS_PER_SECOND
from na2q.envs.compiled import inlined, part

TURNS = (30.0, 60.0, 90.0, 120.0)  # degrees by which a blocked unit turns, the first that is free
N_TURNS = len(TURNS)
TURN_COS = np.cos(np.radians(TURNS))
TURN_SIN = np.sin(np.radians(TURNS))
ARRIVED = 1.0  # distance to the attack point at which an enemy stops
EPSILON = 1e-9
MARGIN = 0.2  # more than a step: others may have moved since the units were sorted


@inlined
def passable(world: Record, layer: int, x: float, y: float) -> bool:
    """Whether the centre of a unit of that layer may be at (x, y)."""
    if not (0 <= x < SIZE and 0 <= y < SIZE):
        return False
    return world.walk[layer, int(y), int(x)] == 1


@inlined
def _reach(unit: Record, target: Record) -> float:
    """Return the distance of centres at which a unit can fight or heal its target, less a rounding."""
    span = unit.heal_range if unit.heal > 0 else unit.range
    return span + unit.radius + target.radius - EPSILON


@inlined
def _serves(unit: Record, target: Record) -> bool:
    """Whether walking up to the target makes sense: its weapon or beam works on it."""
    if unit.heal > 0:
        return target.biological == 1
    return unit.armed == 1 and (unit.hits_air == 1 or target.layer != AIR)


@inlined
def _goal(world: Record, unit: Record, target: Record) -> tuple[float, float, float]:
    """Return where a unit wants to go and how near; its own place where it wants to stand.

    `target` is the unit itself where it has none.
    """
    if unit.order == WALK:
        return unit.goal_x, unit.goal_y, 0.0
    if unit.order != IDLE and unit.windup < 0 and unit.recover < 0.5:
        if unit.target != NOBODY and target.alive == 1 and _serves(unit, target):
            return target.x, target.y, _reach(unit, target)
        if unit.order == ATTACK_MOVE and world.attack_move == 1:
            return unit.goal_x, unit.goal_y, ARRIVED
    return unit.x, unit.y, 0.0


@inlined
def _waypoint(world: Record, unit: Record, x: float, y: float) -> tuple[float, float]:
    """Return the point to walk to next on the way to (x, y): the nearest corner, or (x, y) itself."""
    column = int(min(max(x, 0.0), SIZE - 1.0))
    row = int(min(max(y, 0.0), SIZE - 1.0))
    here, there = int(unit.y) * SIZE + int(unit.x), world.near[row * SIZE + column]
    if here == there:
        return x, y
    corner = world.way[here, there]
    if corner < 0 or corner == there:
        return x, y
    return corner % SIZE + 0.5, corner // SIZE + 0.5


@inlined
def _halt(unit: Record):
    """Let a unit stand; a move order has then reached its end."""
    unit.moving = 0
    unit.blocked = 0
    unit.speed = 0.0
    if unit.order == WALK:
        unit.order = IDLE


@inlined
def _stride(unit: Record, x: float, y: float, gap: float):
    """Set a unit's step of this loop towards (x, y), at most `gap` long, building up its speed."""
    unit.moving = 1
    unit.speed = min(unit.top_speed, unit.speed + unit.acceleration / LOOPS_PER_SECOND)
    dx, dy = x - unit.x, y - unit.y
    part = min(gap, unit.speed / LOOPS_PER_SECOND) / max(math.sqrt(dx * dx + dy * dy), EPSILON)
    unit.want_x, unit.want_y = dx * part, dy * part


@inlined
def _touching(a: Record, b: Record, x: float, y: float) -> bool:
    """Whether unit a would overlap unit b at (x, y), more than it does now."""
    room = a.separation + b.separation
    square = (x - b.x) ** 2 + (y - b.y) ** 2
    return square < room * room - EPSILON and square < (a.x - b.x) ** 2 + (a.y - b.y) ** 2


@inlined
def _at_ease(unit: Record) -> bool:
    """Whether a unit stands without fighting, so that a comrade may push it aside."""
    return unit.moving == 0 and unit.target == NOBODY and unit.structure == 0


@part
def _nudge(world: Record, units: Records, index: int, dx: float, dy: float):
    """Push a unit at ease by (dx, dy), if there is room."""
    unit = units[index]
    x, y = unit.x + dx, unit.y + dy
    if not passable(world, unit.layer, x, y):
        return
    for other in range(units.shape[0]):
        same = other != index and units[other].alive == 1 and units[other].layer == unit.layer
        if same and _touching(unit, units[other], x, y):
            return
    unit.x, unit.y = x, y


@inlined
def _meets(crowd: ndarray, place: int, x: float, y: float) -> bool:
    """Whether a unit at (x, y) would overlap the one in column `place` of its crowd, more than it does now."""
    square = (x - crowd[0, place]) ** 2 + (y - crowd[1, place]) ** 2
    return (square < crowd[2, place]) & (square < crowd[3, place])


@inlined
def _is_free(world: Record, crowd: ndarray, count: int, unit: Record, dx: float, dy: float) -> bool:
    """Whether a unit can step by (dx, dy) without entering a wall or one of the `count` units of its crowd."""
    x, y = unit.x + dx, unit.y + dy
    met = 0
    for place in range(count):  # all of them: a processor guesses badly which is the first to be met
        met += _meets(crowd, place, x, y)
    return met == 0 and passable(world, unit.layer, x, y)


@part
def _push_comrades(world: Record, units: Records, scratch: Record, count: int, unit: Record) -> bool:
    """Push aside the comrades at ease that a unit's step meets; whether there are any."""
    crowd = scratch.crowd
    pushed = False
    for place in range(count):
        index = scratch.by_x[scratch.near[place]]
        other = units[index]
        meets = _meets(crowd, place, unit.x + unit.want_x, unit.y + unit.want_y)
        if meets and other.enemy == unit.enemy and _at_ease(other):
            _nudge(world, units, index, unit.want_x, unit.want_y)
            crowd[0, place], crowd[1, place] = other.x, other.y
            crowd[3, place] = (unit.x - other.x) ** 2 + (unit.y - other.y) ** 2
            pushed = True
    return pushed


@inlined
def _choose_side(crowd: ndarray, count: int, unit: Record):
    """Let a unit that has just been blocked turn away from the middle of what it meets."""
    across = 0.0
    for place in range(count):
        if _meets(crowd, place, unit.x + unit.want_x, unit.y + unit.want_y):
            across += unit.want_x * (crowd[1, place] - unit.y) - unit.want_y * (crowd[0, place] - unit.x)
    if across != 0.0:
        unit.detour = -1 if across > 0 else 1


@inlined
def _walk(world: Record, units: Records, scratch: Record, count: int, unit: Record) -> bool:
    """Carry out a unit's step, turned as little as walls and its crowd require; whether it pushed others."""
    crowd = scratch.crowd
    dx, dy = unit.want_x, unit.want_y
    if _is_free(world, crowd, count, unit, dx, dy):
        unit.x += dx
        unit.y += dy
        unit.blocked = 0
        return False
    pushed = _push_comrades(world, units, scratch, count, unit)
    if unit.blocked == 0:
        _choose_side(crowd, count, unit)
        unit.blocked = 1
    first_side = unit.detour  # all turns to this side come first: no swaying before an obstacle
    for turn in range(2 * N_TURNS):
        side = first_side if turn < N_TURNS else -first_side
        cos, sin = TURN_COS[turn % N_TURNS], side * TURN_SIN[turn % N_TURNS]
        turned_x, turned_y = dx * cos - dy * sin, dx * sin + dy * cos
        if _is_free(world, crowd, count, unit, turned_x, turned_y):
            unit.x += turned_x
            unit.y += turned_y
            unit.detour = side
            break
    return pushed


@inlined
def _gather(world: Record, scratch: Record, n: int, place: int, unit: Record) -> int:
    """Collect the units that one may touch in this loop: their places, and the columns of its crowd; return how many.

    A column holds x, y, the square of the distance that the two must keep, and that of their present distance.
    """
    ordered, layers, near, crowd = scratch.ordered, scratch.layers, scratch.near, scratch.crowd
    x, y, own = unit.x, unit.y, unit.separation
    reach = own + unit.speed / LOOPS_PER_SECOND
    span = reach + world.widest + MARGIN
    count = 0
    for step in (-1, 1):  # the neighbours to the west, then those to the east
        at = place + step
        while 0 <= at < n and abs(ordered[0, at] - x) < span:
            room, limit = own + ordered[2, at], reach + ordered[2, at]
            square = (x - ordered[0, at]) ** 2 + (y - ordered[1, at]) ** 2
            near[count] = at
            crowd[0, count], crowd[1, count] = ordered[0, at], ordered[1, at]
            crowd[2, count], crowd[3, count] = room * room - EPSILON, square
            count += (layers[at] == unit.layer) & (square < limit * limit)
            at += step
    return count


@inlined
def _plan(world: Record, unit: Record, target: Record):
    """Set the step that a living unit wants to make in this loop, or let it stand."""
    x, y, enough = _goal(world, unit, target)
    gap = math.sqrt((x - unit.x) ** 2 + (y - unit.y) ** 2)
    if gap <= enough or unit.top_speed == 0:
        _halt(unit)
        return
    if world.open == 0 and unit.layer == GROUND:
        x, y = _waypoint(world, unit, x, y)
    _stride(unit, x, y, gap)


@part
def _sort_by_x(units: Records, by_x: ndarray):
    """Sort unit numbers from west to east; quick where they are nearly sorted already."""
    for place in range(1, units.shape[0]):
        held = by_x[place]
        x = units[held].x
        before = place - 1
        while before >= 0 and units[by_x[before]].x > x:
            by_x[before + 1] = by_x[before]
            before -= 1
        by_x[before + 1] = held


@part
def move_units(world: Record, units: Records, scratch: Record, westward: bool):
    """Move all living units by one loop.

    One moves after the other, from west to east or back. `scratch.by_x` holds the unit numbers in any
    order; it is kept from loop to loop, sorted from west to east.
    """
    by_x, ordered, layers = scratch.by_x, scratch.ordered, scratch.layers
    _sort_by_x(units, by_x)
    n = units.shape[0]
    for index in range(n):
        unit = units[index]
        if unit.alive == 1:
            _plan(world, unit, units[unit.target] if unit.target != NOBODY else unit)
    for place in range(n):
        unit = units[by_x[place]]
        ordered[0, place], ordered[1, place], ordered[2, place] = unit.x, unit.y, unit.separation
        layers[place] = unit.layer if unit.alive == 1 else NOBODY
    for turn in range(n):
        place = n - 1 - turn if westward else turn
        unit = units[by_x[place]]
        if unit.alive == 0 or unit.moving == 0:
            continue
        count = _gather(world, scratch, n, place, unit)
        if _walk(world, units, scratch, count, unit):
            for at in range(n):
                ordered[0, at], ordered[1, at] = units[by_x[at]].x, units[by_x[at]].y
        ordered[0, place], ordered[1, place] = unit.x, unit.y
