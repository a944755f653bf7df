"""The arrays that the engine works on: units, battles, and the fixed facts of a map.

A battle's units are one row of records, allies first (agent i is unit i), then enemies (enemy k is
unit n_allies + k). Records rather than separate arrays, because one unit's fields are used together
and compiled code then reads `unit.hp` as plain Python does. Times are game loops (16 a second)
unless a name says otherwise; flags are 0 or 1.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy import ndarray

from na2q.envs.battle import terrain
from na2q.envs.battle.layout import smac_layout
from na2q.envs.battle.maps import MAPS, SIZE, BattleMap, battle_map
from na2q.envs.battle.units import LOOPS_PER_SECOND, UNITS, UnitType, unit_type

Record = Any
"""One element of a record array; numpy has no static type for its fields."""

Records = Any
"""An array of records, of shape (units,) or as a docstring says."""

IDLE, WALK, ATTACK, HEAL, ATTACK_MOVE = range(5)
"""Orders: stand; go to the goal; fight, or mend, the target; go to the goal fighting on the way."""

NOBODY = -1
GROUND, AIR, COLOSSUS = range(3)


def _dtype(floats: str, whole: str, flags: str = "") -> np.dtype:
    parts = ((floats, np.float64), (whole, np.int64), (flags, np.bool_))
    fields = [(name, kind) for names, kind in parts for name in names.split()]
    return np.dtype((np.record, fields))


UNIT = _dtype(
    # the situation
    "x y hp shield energy cooldown speed "  # speed: now, map units a second; only fliers build it up
    "want_x want_y "  # its step in this loop as if it were alone
    "goal_x goal_y "  # end of a WALK or ATTACK_MOVE
    "windup "  # loops left of the wind-up; negative: none is running
    "recover "  # loops left of the backswing, in which the unit stands unless it gets a new order
    "flight flight_x flight_y "  # the shot under way: loops left (negative: none) and where it is
    "unhurt "  # loops since the last damage
    "call_wait "  # loops until the unit may again be called to help
    "last_hp last_shield "  # at the end of the former step, for the reward
    # what its type is and can do, see `units`; rates are per loop
    "hp_max shield_max energy_max armor top_speed acceleration radius separation cooldown_norm "
    "life_regen shield_regen shield_delay energy_regen "
    "damage armored_bonus light_bonus period damage_point backswing range slop missile flight_time hit_interval "
    "splash_length splash_width heal heal_cost heal_range heal_acquire "
    "scan",  # how far an enemy looks for targets, edge to edge
    # the situation
    "alive enemy order target shot_target flight_target flight_hits "
    "attacker "  # unit that hit it last, until it has reacted
    "moving "
    "blocked "  # whether something was in its way in the last loop
    "detour "  # side (-1 right, 1 left) to which it turned last to walk around something
    "last_action "  # negative: none since the reset
    # what its type is and can do
    "kind type_column layer armored light biological structure armed hits_air hits",
)
BATTLE = _dtype("reward", "rng step dead_allies dead_enemies", "over won draw timeout")
_RULES = _dtype(
    "attack_x attack_y max_reward widest",  # largest separation radius on the map
    "n_allies n_enemies n_actions limit ally_shield_bits enemy_shield_bits type_bits medivac_rules "
    "attack_move hunt open",
)


_CELLS = SIZE * SIZE
WORLD = np.dtype(
    (
        np.record,
        [
            *((name, _RULES[name]) for name in _RULES.names or ()),
            ("walk", np.int8, (3, SIZE, SIZE)),  # [layer, y, x], 1: where units of a layer may go
            ("level", np.int64, (SIZE, SIZE)),  # [y, x], see `BattleMap.levels`
            ("way", np.int16, (_CELLS, _CELLS)),  # see `terrain.routes`; unused on open maps
            ("near", np.int16, (_CELLS,)),
        ],
    )
)
"""Facts of a map that do not change in a battle, in one record."""

_MOST = max(len(battle.allies) + len(battle.enemies) for battle in MAPS.values())
SCRATCH = np.dtype(
    (
        np.record,
        [
            ("by_x", np.int64, (_MOST,)),  # unit numbers from west to east
            # by place in that order: x, y and separation, close together in memory, and the layer (NOBODY: dead)
            ("ordered", np.float64, (3, _MOST)),
            ("layers", np.int64, (_MOST,)),
            # those whom the unit that moves may touch: their places, and what `motion` says of a crowd's columns;
            # one column more, which is written before it is known whether it counts
            ("near", np.int64, (_MOST + 1,)),
            ("crowd", np.float64, (4, _MOST + 1)),
        ],
    )
)
"""Working memory of a battle's movement; nothing in it outlasts a step."""


def _facts(unit: UnitType) -> dict[str, float]:
    """Return the fields of UNIT that follow from a type, rates per game loop."""
    same = "armor acceleration radius separation cooldown_norm armored light biological structure energy_max"
    facts = {name: float(getattr(unit, name)) for name in same.split()}
    facts |= {
        "kind": UNITS.index(unit),
        "layer": {"ground": GROUND, "air": AIR, "colossus": COLOSSUS}[unit.layer],
        "hp_max": unit.hp,
        "shield_max": unit.shield,
        "top_speed": unit.speed,
        "shield_delay": unit.shield_delay * LOOPS_PER_SECOND,
    }
    facts |= {name: getattr(unit, name) / LOOPS_PER_SECOND for name in ("life_regen", "shield_regen", "energy_regen")}
    return facts | _weapon_facts(unit) | _heal_facts(unit)


def _weapon_facts(unit: UnitType) -> dict[str, float]:
    weapon = unit.weapon
    if weapon is None:
        return {}
    same = "damage armored_bonus light_bonus range slop splash_length splash_width hits"
    facts = {name: getattr(weapon, name) for name in same.split()}
    facts |= {
        name: getattr(weapon, name) * LOOPS_PER_SECOND
        for name in ("period", "damage_point", "backswing", "hit_interval")
    }
    return facts | {
        "armed": 1,
        "hits_air": weapon.air,
        "missile": weapon.speed / LOOPS_PER_SECOND,
        "flight_time": weapon.flight * LOOPS_PER_SECOND,
        "scan": max(weapon.range, weapon.min_scan),
    }


def _heal_facts(unit: UnitType) -> dict[str, float]:
    heal = unit.heal
    if heal is None:
        return {}
    return {
        "heal": heal.rate / LOOPS_PER_SECOND,
        "heal_cost": heal.energy_per_hp,
        "heal_range": heal.range,
        "heal_acquire": heal.acquire_range,
    }


@cache
def world(name: str, shield_bits: str = "race") -> ndarray:
    """Return the (1,) WORLD of a map; `shield_bits` as in `BattleOptions`.

    Raises:
        ValueError: for an unknown map or another value of `shield_bits`.
    """
    battle = battle_map(name)
    layout = smac_layout(battle, shield_bits)
    worlds = np.zeros(1, WORLD)
    row: Record = worlds[0]
    row.n_allies, row.n_enemies = len(battle.allies), len(battle.enemies)
    row.n_actions, row.limit, row.max_reward = battle.n_actions, battle.episode_limit, battle.max_reward
    row.ally_shield_bits, row.enemy_shield_bits = layout.ally_shield, layout.enemy_shield
    row.type_bits = len(battle.ally_types)
    row.medivac_rules = battle.medivac_rules
    row.attack_move, row.hunt = battle.order == "attack_move", battle.order == "attack_group"
    row.attack_x, row.attack_y = battle.attack_point
    row.widest = max(unit_type(unit).separation for unit in battle.allies + battle.enemies)
    # in the order of the layers: colossi step over cliffs, fliers over everything
    row.walk = np.stack([battle.walkable, np.ones_like(battle.walkable), ~battle.cells("#")])
    row.level = battle.levels
    row.open = terrain.is_open(battle)
    if not row.open:
        row.way, row.near = terrain.routes(battle)
    return worlds


def new_units(battle: BattleMap, n_envs: int) -> ndarray:
    """Return the (n_envs, units) UNIT records of a map, full of health at the origin."""
    units = np.zeros((n_envs, len(battle.allies) + len(battle.enemies)), UNIT)
    sides = ((battle.allies, battle.ally_types), (battle.enemies, battle.enemy_types))
    names = [(name, enemy, types) for enemy, (side, types) in enumerate(sides) for name in side]
    for index, (name, enemy, types) in enumerate(names):
        column = units[:, index]
        kind = unit_type(name)
        for field, value in _facts(kind).items():
            column[field] = value
        column["enemy"], column["alive"] = enemy, 1
        column["type_column"] = types.index(name) if types else 0
        column["hp"], column["shield"], column["energy"] = kind.hp, kind.shield, kind.energy
        column["last_hp"], column["last_shield"] = kind.hp, kind.shield
    units["detour"] = 1 - 2 * (np.arange(units.shape[1]) % 2)
    for field in ("last_action", "target", "shot_target", "flight_target", "attacker", "windup", "flight"):
        units[field] = NOBODY
    return units
