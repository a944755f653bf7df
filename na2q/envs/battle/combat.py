"""Targets, weapons, damage and healing in one game loop.

Everything is resolved for all units before the dead are removed, so two units can kill each other
and no side goes first. Durations are rounded to the nearest loop. Rules that the game's data do not
state are marked (assumed).
"""

import math

from na2q.envs.battle.features import distance
from na2q.envs.battle.records import AIR, ATTACK, ATTACK_MOVE, HEAL, IDLE, NOBODY, Record, Records
from na2q.envs.battle.spawn import uniform
from na2q.envs.battle.units import MIN_DAMAGE, RANDOM_DELAY
from na2q.envs.compiled import inlined, part

HALF_LOOP = 0.5  # what is closer than this is due now
CALL_RADIUS = 4.0  # comrades this near to a unit under fire come to help (data)
CALL_WAIT = 32.0  # at most once each 2 s
EARLIEST_DELAY, LATEST_DELAY = RANDOM_DELAY


@inlined
def in_reach(unit: Record, other: Record, reach: float) -> bool:
    """Whether another unit's edge is within `reach` of this unit's edge."""
    span = reach + unit.radius + other.radius
    return (unit.x - other.x) ** 2 + (unit.y - other.y) ** 2 <= span * span


@inlined
def can_hit(unit: Record, other: Record) -> bool:
    """Whether the unit has a weapon against the other's layer."""
    return unit.armed == 1 and (unit.hits_air == 1 or other.layer != AIR)


@inlined
def _attacks(other: Record) -> bool:
    """Whether an agent carries out an attack. All that it does else is no threat: agents' units are passive."""
    return other.order == ATTACK and other.target != NOBODY


@inlined
def _best(world: Record, units: Records, unit: Record, reach: float) -> int:
    """Return the ally within reach that an enemy turns to, or NOBODY: attackers first, then the nearest."""
    best, best_gap, best_attacks = NOBODY, math.inf, False
    for i in range(world.n_allies):
        other = units[i]
        if other.alive == 0 or not can_hit(unit, other):
            continue
        if world.hunt == 0 and not in_reach(unit, other, reach):
            continue
        gap, attacks = distance(unit, other) - other.radius, _attacks(other)
        if (attacks and not best_attacks) or (attacks == best_attacks and gap < best_gap):
            best, best_gap, best_attacks = i, gap, attacks
    return best


@inlined
def _acquire(world: Record, units: Records, unit: Record):
    """Choose an enemy's target by the game's rules of automatic targeting (Liquipedia).

    A target in weapon range is kept, unless it does not attack while another one in range does. Else the
    unit turns to the best within its scan radius, and keeps what it has where there is none.
    """
    if unit.target != NOBODY and units[unit.target].alive == 0:
        unit.target = NOBODY
    if unit.windup >= 0:
        return
    held = unit.target != NOBODY and in_reach(unit, units[unit.target], unit.range)
    if held and _attacks(units[unit.target]):
        return
    best = _best(world, units, unit, unit.range if held else unit.scan)
    if best != NOBODY and (not held or _attacks(units[best])):
        unit.target = best


@part
def _answer_fire(world: Record, units: Records, unit: Record):
    """Let an enemy without a target turn to the unit that hit it, and call its comrades."""
    attacker = unit.attacker
    unit.attacker = NOBODY
    if attacker == NOBODY or unit.target != NOBODY:
        return
    if units[attacker].alive == 0 or not can_hit(unit, units[attacker]):
        return
    unit.target = attacker
    for k in range(world.n_allies, units.shape[0]):
        comrade = units[k]
        idle = comrade.alive == 1 and comrade.target == NOBODY and comrade.call_wait <= 0
        if idle and can_hit(comrade, units[attacker]) and distance(unit, comrade) <= CALL_RADIUS:
            comrade.target = attacker
            comrade.call_wait = CALL_WAIT


@part
def _choose_patient(world: Record, units: Records, unit: Record) -> int:
    """Return the comrade that an enemy medivac heals: lowest share of health, then nearest; or NOBODY."""
    best, best_share, best_gap = NOBODY, 1.0, math.inf
    for k in range(world.n_allies, units.shape[0]):
        other = units[k]
        share, gap = other.hp / other.hp_max, distance(unit, other)
        if other.alive == 0 or other.biological == 0 or share >= 1:
            continue
        if not in_reach(unit, other, unit.heal_acquire):
            continue
        if share < best_share or (share == best_share and gap < best_gap):
            best, best_share, best_gap = k, share, gap
    return best


@part
def choose_targets(world: Record, units: Records):
    """Let every enemy choose whom to fight or heal; allies have only the targets they were given."""
    n_allies = world.n_allies
    for k in range(n_allies, units.shape[0]):
        unit = units[k]
        if unit.alive == 0:
            continue
        if unit.heal > 0:
            unit.target = _choose_patient(world, units, unit) if unit.energy > 0 else NOBODY
        else:
            _acquire(world, units, unit)
    for k in range(n_allies, units.shape[0]):
        if units[k].attacker != NOBODY and units[k].alive == 1 and units[k].armed == 1:
            _answer_fire(world, units, units[k])
    for i in range(n_allies):
        unit = units[i]
        if unit.target != NOBODY and units[unit.target].alive == 0:
            unit.order, unit.target = IDLE, NOBODY


@part
def _launch(units: Records, unit: Record, battle: Record):
    """End a wind-up: the hit or projectile is under way and the weapon cools down."""
    target = units[unit.shot_target]
    unit.windup = -1.0
    unit.cooldown = unit.period + uniform(battle, EARLIEST_DELAY, LATEST_DELAY) - unit.damage_point
    unit.recover = unit.backswing
    unit.flight, unit.flight_target, unit.flight_hits = unit.flight_time, unit.shot_target, unit.hits
    start = unit if unit.missile > 0 else target
    unit.flight_x, unit.flight_y = start.x, start.y


@inlined
def _use_weapon(units: Records, unit: Record, battle: Record):
    """Continue a wind-up, or begin one when the target is in range and the weapon is ready."""
    if unit.windup >= 0:
        aim = units[unit.shot_target]
        if aim.alive == 1 and in_reach(unit, aim, unit.range + unit.slop):
            unit.windup = max(0.0, unit.windup - 1.0)
            if unit.windup < HALF_LOOP:
                _launch(units, unit, battle)
            return
        unit.windup = -1.0  # escaped: no cooldown is spent
    fighting = unit.order == ATTACK or unit.order == ATTACK_MOVE
    if not fighting or unit.target == NOBODY or unit.cooldown >= HALF_LOOP:
        return
    target = units[unit.target]
    if target.alive == 1 and can_hit(unit, target) and in_reach(unit, target, unit.range):
        unit.shot_target = unit.target
        unit.windup = unit.damage_point
        if unit.windup < HALF_LOOP:
            _launch(units, unit, battle)


@part
def _heal(units: Records, unit: Record):
    """Mend the target for one loop, as far as energy lasts; an ally's order ends at full health."""
    healing = unit.order == HEAL or unit.order == ATTACK_MOVE
    if not healing or unit.target == NOBODY:
        return
    target = units[unit.target]
    if target.hp >= target.hp_max or target.biological == 0:
        if unit.order == HEAL:
            unit.order, unit.target = IDLE, NOBODY
        return
    if target.alive == 1 and in_reach(unit, target, unit.heal_range):
        amount = min(unit.heal, target.hp_max - target.hp, unit.energy / unit.heal_cost)
        target.hp += amount
        unit.energy = max(0.0, unit.energy - amount * unit.heal_cost)


@part
def use_weapons(units: Records, battle: Record):
    """Let every living unit shoot or heal."""
    for index in range(units.shape[0]):
        unit = units[index]
        if unit.alive == 1 and unit.armed == 1:
            _use_weapon(units, unit, battle)
        elif unit.alive == 1 and unit.heal > 0:
            _heal(units, unit)


@part
def hit(units: Records, shooter: int, target: Record):
    """Deal one hit: shields absorb first and without armour; armour leaves at least half a point of the rest."""
    weapon = units[shooter]
    amount = weapon.damage
    amount += weapon.armored_bonus if target.armored == 1 else 0.0
    amount += weapon.light_bonus if target.light == 1 else 0.0
    absorbed = min(target.shield, amount)
    target.shield -= absorbed
    rest = amount - absorbed
    if rest > 0:
        target.hp = max(0.0, target.hp - max(rest - target.armor, MIN_DAMAGE))
    target.unhurt = 0.0
    target.attacker = shooter


@part
def _level(world: Record, x: float, y: float) -> int:
    return world.level[int(y), int(x)]


@part
def _splash(world: Record, units: Records, shooter: int):
    """Hit every other ground unit that touches a strip across the line of fire, on the target's level.

    The strip stands for two beams that sweep through the target (simplified). A ramp counts as
    level with both of its ends (assumed).
    """
    unit = units[shooter]
    dx, dy = unit.flight_x - unit.x, unit.flight_y - unit.y
    length = math.sqrt(dx * dx + dy * dy)
    if length == 0.0:
        dx, length = 1.0, 1.0
    dx, dy = dx / length, dy / length
    ground = _level(world, unit.flight_x, unit.flight_y)
    for index in range(units.shape[0]):
        other = units[index]
        if index == unit.flight_target or other.alive == 0 or other.enemy == unit.enemy or other.layer == AIR:
            continue
        rx, ry = other.x - unit.flight_x, other.y - unit.flight_y
        along = max(abs(rx * dx + ry * dy) - unit.splash_width / 2, 0.0)
        across = max(abs(rx * dy - ry * dx) - unit.splash_length / 2, 0.0)
        touches = along * along + across * across <= other.radius**2
        if touches and abs(_level(world, other.x, other.y) - ground) <= 1:
            hit(units, shooter, other)


@part
def _strike(world: Record, units: Records, shooter: int):
    """Land one hit of a unit's shot on its target, and on all others that it reaches."""
    unit = units[shooter]
    if units[unit.flight_target].alive == 1:
        hit(units, shooter, units[unit.flight_target])
    if unit.splash_length > 0:
        _splash(world, units, shooter)
    unit.flight_hits -= 1


@part
def _fly(units: Records, unit: Record) -> bool:
    """Move a projectile towards its target's present place; whether it arrives in this loop."""
    target = units[unit.flight_target]
    dx, dy = target.x - unit.flight_x, target.y - unit.flight_y
    gap = math.sqrt(dx * dx + dy * dy)
    speed = unit.missile
    if gap <= speed:
        return True
    unit.flight_x += dx / gap * speed
    unit.flight_y += dy / gap * speed
    return False


@part
def _land(world: Record, units: Records, shooter: int):
    """Continue the shot of a unit, which may be dead by now."""
    unit = units[shooter]
    target = units[unit.flight_target]
    if unit.missile > 0:
        if target.alive == 0:
            unit.flight = -1.0
        elif _fly(units, unit):
            _strike(world, units, shooter)
            unit.flight = -1.0
        return
    if target.alive == 1:
        unit.flight_x, unit.flight_y = target.x, target.y
    if unit.flight >= HALF_LOOP:
        unit.flight = max(0.0, unit.flight - 1.0)
        return
    if unit.alive == 0 and unit.hit_interval > 0:  # a later blow of a melee unit dies with it
        unit.flight = -1.0
        return
    _strike(world, units, shooter)
    while unit.flight_hits > 0 and unit.hit_interval == 0.0:
        _strike(world, units, shooter)
    unit.flight = unit.hit_interval if unit.flight_hits > 0 else -1.0


@part
def land_shots(world: Record, units: Records):
    """Move all projectiles and deal the damage that is due."""
    for index in range(units.shape[0]):
        if units[index].flight >= 0:
            _land(world, units, index)
