"""Observations, state and available actions in the exact layout of SMAC 1.0 (its code is the source).

Distances here are between centres, unlike those of the weapons. SMAC's quirks are kept: the first
feature of an enemy's row is the availability bit of the action with that number, which for a medivac
speaks of healing an ally; move actions test one cell one unit ahead; the state shows last actions of
the dead as no-op.
"""

import math

from numpy import ndarray

from na2q.envs.battle.layout import AGENT_STATE, ENEMY_STATE, MOVES, SEEN_ENEMY
from na2q.envs.battle.maps import FIRST_TARGET, SHOOT, SIGHT, SIZE
from na2q.envs.battle.records import GROUND, NOBODY, Record, Records
from na2q.envs.compiled import inlined, layer, part

N_MOVES = len(MOVES)
N_SEEN = len(SEEN_ENEMY)  # numbers on another unit before its health
N_AGENT, N_ENEMY = len(AGENT_STATE), len(ENEMY_STATE)
MIDDLE = SIZE / 2
PER_SIGHT = 1 / SIGHT


@inlined
def distance(a: Record, b: Record) -> float:
    """Return the distance of two units' centres, in map units."""
    return math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2)


@inlined
def _within(a: Record, b: Record, reach: float) -> bool:
    """Whether two centres are at most `reach` apart; most pairs need no root."""
    dx, dy = abs(a.x - b.x), abs(a.y - b.y)
    return dx <= reach and dy <= reach and math.sqrt(dx * dx + dy * dy) <= reach


@inlined
def can_move(world: Record, unit: Record, direction: int) -> bool:
    """Whether a unit may be ordered north, south, east or west (0 to 3)."""
    x, y = unit.x, unit.y
    if direction == 0:
        y += 1
    elif direction == 1:
        y -= 1
    elif direction == 2:
        x += 1
    else:
        x -= 1
    column, row = int(x), int(y)  # towards zero, as in SMAC: -0.5 is cell 0
    return 0 <= column < SIZE and 0 <= row < SIZE and world.walk[GROUND, row, column] == 1


@inlined
def can_attack(unit: Record, enemy: Record) -> bool:
    """Whether an attack on that enemy may be ordered; not of a medivac."""
    return unit.heal == 0 and enemy.alive == 1 and _within(unit, enemy, SHOOT)


@inlined
def can_heal(unit: Record, ally: Record) -> bool:
    """Whether a medivac may be told to heal that ally, whatever its health; never another medivac."""
    return unit.heal > 0 and ally.heal == 0 and ally.alive == 1 and _within(unit, ally, SHOOT)


@inlined
def _write_unit(unit: Record, shield_bits: int, type_bits: int, row: ndarray, at: int) -> int:
    """Write health, shield and type from position `at`; return the position behind them."""
    row[at] = unit.hp / unit.hp_max
    at += 1
    if shield_bits:
        row[at] = unit.shield / unit.shield_max if unit.shield_max > 0 else 0.0
        at += 1
    if type_bits:
        row[at + unit.type_column] = 1
    return at + type_bits


@part
def write_avail(world: Record, units: Records, agent: int, avail: ndarray):
    """Write which actions SMAC accepts of an agent in this situation."""
    unit = units[agent]
    avail[:] = False
    avail[0] = unit.alive == 0
    if unit.alive == 0:
        return
    avail[1] = True
    for direction in range(N_MOVES):
        avail[2 + direction] = can_move(world, unit, direction)
    if unit.heal > 0:
        for slot in range(world.n_allies):
            avail[FIRST_TARGET + slot] = can_heal(unit, units[slot])
    else:
        for slot in range(world.n_enemies):
            avail[FIRST_TARGET + slot] = can_attack(unit, units[world.n_allies + slot])


@part
def _write_obs(world: Record, units: Records, agent: int, avail: ndarray, row: ndarray):
    """Write one agent's observation into a row of zeros, given its available actions."""
    unit = units[agent]
    if unit.alive == 0:
        return
    for direction in range(N_MOVES):
        row[direction] = avail[2 + direction]
    at = N_MOVES
    n_allies, n_enemies = world.n_allies, world.n_enemies
    for place in range(n_enemies + n_allies):  # the rows of others: enemies first
        index = n_allies + place if place < n_enemies else place - n_enemies
        if index == agent:
            continue
        other = units[index]
        shield_bits = world.enemy_shield_bits if other.enemy == 1 else world.ally_shield_bits
        dx, dy = other.x - unit.x, other.y - unit.y
        near = other.alive == 1 and abs(dx) < SIGHT and abs(dy) < SIGHT
        gap = math.sqrt(dx * dx + dy * dy) if near else SIGHT
        if gap < SIGHT:
            row[at] = avail[FIRST_TARGET + place] if other.enemy == 1 else True
            row[at + 1] = gap * PER_SIGHT
            row[at + 2] = dx * PER_SIGHT
            row[at + 3] = dy * PER_SIGHT
            _write_unit(other, shield_bits, world.type_bits, row, at + N_SEEN)
        at += N_SEEN + 1 + shield_bits + world.type_bits
    _write_unit(unit, world.ally_shield_bits, world.type_bits, row, at)


@part
def _write_state(world: Record, units: Records, state: ndarray):
    """Write the global state into a row of zeros."""
    at = 0
    for index in range(units.shape[0]):
        unit = units[index]
        ally = unit.enemy == 0
        shield_bits = world.ally_shield_bits if ally else world.enemy_shield_bits
        width = (N_AGENT if ally else N_ENEMY) + shield_bits + world.type_bits
        if unit.alive == 1:
            # SMAC's order: health, (weapon or energy,) x, y, shield, type
            place = at + (2 if ally else 1)
            _write_unit(unit, shield_bits, world.type_bits, state, place + 1)
            state[at] = unit.hp / unit.hp_max
            if ally:
                state[at + 1] = (unit.energy if unit.heal > 0 else unit.cooldown) / unit.cooldown_norm
            state[place] = (unit.x - MIDDLE) / SIZE
            state[place + 1] = (unit.y - MIDDLE) / SIZE
        at += width
    for i in range(world.n_allies):
        if units[i].last_action != NOBODY:
            state[at + units[i].last_action] = 1
        at += world.n_actions


@layer
def write_features(world: Record, units: Records, obs: ndarray, state: ndarray, avail: ndarray):
    """Write what one battle's agents see.

    Args:
        world: facts of the map.
        units: (units,) UNIT records of one battle.
        obs: (n, o) float32, written whole.
        state: (s,) float32, written whole.
        avail: (n, a) bool, written whole.
    """
    obs[:] = 0
    state[:] = 0
    for agent in range(obs.shape[0]):
        write_avail(world, units, agent, avail[agent])
        _write_obs(world, units, agent, avail[agent], obs[agent])
    _write_state(world, units, state)
