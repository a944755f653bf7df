"""Movement and collisions in one game loop (assumed throughout, except speeds and radii).

All units first move as if alone, then those that overlap are pushed apart. A unit that stands gives
way less than one that moves, and not at all to a moving unit of the other side, so that a closed
line holds. A unit that makes no headway walks around what is in front of it.
"""

import math

from numpy import ndarray

from na2q.envs.battle.compiled import compiled, inlined
from na2q.envs.battle.maps import SIZE
from na2q.envs.battle.records import AIR, ATTACK_MOVE, GROUND, IDLE, NOBODY, WALK, Record, World
from na2q.envs.battle.units import LOOPS_PER_SECOND, UNITS

STANDING = 0.1  # readiness to give way of a unit that stands; one that moves has 1
PUSHES = 2  # rounds of pushing apart in each loop
HEADWAY = 0.3  # a unit with less than this share of its step is blocked
DETOUR_LOOPS = 8
DETOUR_COS, DETOUR_SIN = 0.5, math.sqrt(0.75)  # it then walks at 60 degrees to its way
ARRIVED = 1.0  # distance to the attack point at which an enemy stops
EPSILON = 1e-9
WIDEST = max(unit.separation for unit in UNITS)


@inlined
def passable(walk: ndarray, layer: int, x: float, y: float) -> bool:
    """Whether the centre of a unit of that layer may be at (x, y)."""
    if not (0 <= x < SIZE and 0 <= y < SIZE):
        return False
    return walk[layer, int(y), int(x)]


@inlined
def _shift(walk: ndarray, unit: Record, dx: float, dy: float):
    """Move a unit by (dx, dy), or along the wall where one is in the way."""
    if passable(walk, unit.layer, unit.x + dx, unit.y + dy):
        unit.x += dx
        unit.y += dy
    elif passable(walk, unit.layer, unit.x + dx, unit.y):
        unit.x += dx
    elif passable(walk, unit.layer, unit.x, unit.y + dy):
        unit.y += dy


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
def _goal(rules: Record, unit: Record, target: Record) -> tuple[float, float, float]:
    """Return where a unit wants to go and how near; its own place where it wants to stand.

    `target` is the unit itself where it has none.
    """
    if unit.order == WALK:
        return unit.goal_x, unit.goal_y, 0.0
    if unit.order != IDLE and unit.windup < 0:
        if unit.target != NOBODY and target.alive == 1 and _serves(unit, target):
            return target.x, target.y, _reach(unit, target)
        if unit.order == ATTACK_MOVE and rules.attack_move == 1:
            return unit.goal_x, unit.goal_y, ARRIVED
    return unit.x, unit.y, 0.0


@inlined
def _waypoint(way: ndarray, near: ndarray, unit: Record, x: float, y: float) -> tuple[float, float]:
    """Return the point to walk to next on the way to (x, y): the nearest corner, or (x, y) itself."""
    column = int(min(max(x, 0.0), SIZE - 1.0))
    row = int(min(max(y, 0.0), SIZE - 1.0))
    here, there = int(unit.y) * SIZE + int(unit.x), near[row * SIZE + column]
    if here == there:
        return x, y
    corner = way[here, there]
    if corner < 0 or corner == there:
        return x, y
    return corner % SIZE + 0.5, corner // SIZE + 0.5


@inlined
def _halt(unit: Record):
    """Let a unit stand; a move order has then reached its end."""
    unit.moving = 0
    unit.speed = 0.0
    unit.detour_loops = 0
    if unit.order == WALK:
        unit.order = IDLE


@inlined
def _stride(unit: Record, x: float, y: float, gap: float):
    """Set a unit's step of this loop towards (x, y), at most `gap` long, building up its speed."""
    unit.moving = 1
    unit.speed = min(unit.top_speed, unit.speed + unit.acceleration / LOOPS_PER_SECOND)
    dx, dy = x - unit.x, y - unit.y
    part = min(gap, unit.speed / LOOPS_PER_SECOND) / max(math.sqrt(dx * dx + dy * dy), EPSILON)
    dx, dy = dx * part, dy * part
    if unit.detour_loops > 0:
        unit.detour_loops -= 1
        side = unit.detour * DETOUR_SIN
        dx, dy = dx * DETOUR_COS - dy * side, dy * DETOUR_COS + dx * side
    unit.want_x, unit.want_y = dx, dy


@compiled
def _advance(world: World, units: ndarray):
    """Move all living units as if each were alone."""
    rules, walk, way, near = world.rules[0], world.walk, world.way, world.near
    for index in range(units.shape[0]):
        unit = units[index]
        if unit.alive == 0:
            continue
        x, y, enough = _goal(rules, unit, units[unit.target] if unit.target != NOBODY else unit)
        gap = math.sqrt((x - unit.x) ** 2 + (y - unit.y) ** 2)
        if gap <= enough or unit.top_speed == 0:
            _halt(unit)
            continue
        if rules.open == 0 and unit.layer == GROUND:
            x, y = _waypoint(way, near, unit, x, y)
        _stride(unit, x, y, gap)
        _shift(walk, unit, unit.want_x, unit.want_y)


@inlined
def _give_way(unit: Record, other: Record) -> float:
    """Return a unit's readiness to give way to another."""
    if unit.structure == 1:
        return 0.0
    if unit.moving == 1:
        return 1.0
    return 0.0 if other.moving == 1 and other.enemy != unit.enemy else STANDING


@inlined
def _collide(a: Record, b: Record):
    """Add to both units' shifts what parts them, if they overlap."""
    room = a.separation + b.separation
    dx, dy = b.x - a.x, b.y - a.y
    square = dx * dx + dy * dy
    if square >= room * room or a.layer != b.layer:
        return
    gap = math.sqrt(square)
    if gap < EPSILON:  # on the same spot: part them along x
        dx, gap = EPSILON, EPSILON
    ready_a, ready_b = _give_way(a, b), _give_way(b, a)
    total = ready_a + ready_b
    if total == 0:
        return
    push = (room - gap) / gap / total
    a.shift_x -= dx * push * ready_a
    a.shift_y -= dy * push * ready_a
    b.shift_x += dx * push * ready_b
    b.shift_y += dy * push * ready_b


@compiled
def _sort_by_x(units: ndarray, by_x: ndarray):
    """Sort unit numbers from west to east; quick where they are nearly sorted already."""
    for place in range(1, by_x.shape[0]):
        held = by_x[place]
        x = units[held].x
        before = place - 1
        while before >= 0 and units[by_x[before]].x > x:
            by_x[before + 1] = by_x[before]
            before -= 1
        by_x[before + 1] = held


@compiled
def _push_apart(units: ndarray, by_x: ndarray):
    """Add to the shifts of all units, which are zero before; only units near each other along x are compared."""
    _sort_by_x(units, by_x)
    for place in range(by_x.shape[0]):
        unit = units[by_x[place]]
        if unit.alive == 0:
            continue
        end = unit.x + unit.separation + WIDEST
        for after in range(place + 1, by_x.shape[0]):
            other = units[by_x[after]]
            if other.x >= end:
                break
            if other.alive == 1:
                _collide(unit, other)


@inlined
def _seek_detour(index: int, unit: Record, pushed_x: float, pushed_y: float):
    """Begin to walk around what blocks a unit, on the side to which it is pushed anyway."""
    step = unit.want_x**2 + unit.want_y**2
    headway = step + pushed_x * unit.want_x + pushed_y * unit.want_y
    if unit.detour_loops > 0 or headway >= HEADWAY * step:
        return
    turn = unit.want_x * pushed_y - unit.want_y * pushed_x
    if abs(turn) < 1e-3 * step:
        turn = 1.0 if index % 2 == 0 else -1.0
    unit.detour = 1 if turn > 0 else -1
    unit.detour_loops = DETOUR_LOOPS


@compiled
def move_units(world: World, units: ndarray, by_x: ndarray):
    """Move all living units by one loop and part those that overlap.

    `by_x` holds the unit numbers in any order; it is kept from loop to loop, sorted from west to east.
    """
    walk = world.walk
    _advance(world, units)
    for round_ in range(PUSHES):
        _push_apart(units, by_x)
        for index in range(units.shape[0]):
            unit = units[index]
            if unit.shift_x != 0.0 or unit.shift_y != 0.0:
                _shift(walk, unit, unit.shift_x, unit.shift_y)
                if round_ == 0 and unit.moving == 1:
                    _seek_detour(index, unit, unit.shift_x, unit.shift_y)
                unit.shift_x, unit.shift_y = 0.0, 0.0
