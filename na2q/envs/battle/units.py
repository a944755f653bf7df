"""Unit types of the StarCraft Multi-Agent Challenge: their rules as a readable table.

All times are seconds of game time at speed "Normal", 16 game loops each; lengths are map units.

Certainty of the numbers:
  certain: hit points, shields, armour, attributes, speed, radii and energy of allied units, from the
      unit entries of SMAC's map files; the normalisers of observation and state, from SMAC's code.
  data: enemy units and all weapons, from the files of game client 4.10.3 with its multiplayer balance on
      top (mods Liberty, then LibertyMulti, then VoidMulti). That this balance holds although the maps name
      Liberty alone follows from logs of the game: the returns of untrained agents on 3s_vs_5z are sums of hits
      of 13 on shields and on 2s_vs_1sc of hits of 16 on the crawler, where Liberty alone has 10 and 12. SMAC's
      normalisers of cooldowns agree: a colossus has 24 loops, which is 1.5 s, not the 2.2 s of Liberty.
  assumed: the fields named in `ASSUMED`.
"""

from dataclasses import dataclass
from typing import Literal

LOOPS_PER_SECOND = 16
LOOPS_PER_STEP = 8  # SMAC's step_mul: half a second
RANDOM_DELAY = (-1.0, 2.0)  # game loops added to each weapon period, uniform (data: -.0625 s to +.125 s)
MIN_DAMAGE = 0.5  # what armour leaves of a hit (data)

ASSUMED = {
    "spine_crawler.flight": "about 0.3 s, the data name a projectile without a speed",
    "colossus.flight": "both beams land together at 0.375 s; in the data they sweep over 0.31 s",
    "zealot.radius": "0.5, the default of the data: the unit entry is silent",
    "marauder.separation": "0.5, the default of the data: the unit entry is silent",
    "hydralisk.separation": "0.5, the default of the data: the unit entry is silent",
}
"""Fields that no file states; everything else is certain or data, see the module's docstring."""


@dataclass(frozen=True)
class Weapon:
    """A weapon; `damage` is that of one hit."""

    damage: float
    period: float
    """Seconds from the start of one wind-up to the earliest start of the next, before the random delay."""
    damage_point: float
    """Wind-up: seconds from the start of the attack to its hit or to the launch of its projectile."""
    range: float
    """From edge to edge of the two units' radii."""
    armored_bonus: float = 0.0
    light_bonus: float = 0.0
    hits: int = 1
    hit_interval: float = 0.0
    """Seconds between the hits of one attack."""
    backswing: float = 0.5
    """Seconds after the end of the wind-up in which a unit without a new order stands."""
    min_scan: float = 5.0
    """Enemies look for targets at least this far, from edge to edge."""
    air: bool = False
    """Whether it reaches fliers; every weapon here reaches the ground."""
    speed: float = 0.0
    """Of the projectile, per second; 0 where there is none."""
    flight: float = 0.0
    """Seconds from launch to hit for weapons with a fixed delay."""
    slop: float = 1.0
    """How far beyond `range` a target may get during the wind-up without escaping."""
    splash_length: float = 0.0
    """Length of the strip across the line of fire in which every enemy ground unit is hit."""
    splash_width: float = 0.0


@dataclass(frozen=True)
class Heal:
    """The medivac's beam."""

    rate: float = 9.0
    """Hit points per second."""
    energy_per_hp: float = 0.33
    range: float = 4.0
    """From edge to edge."""
    acquire_range: float = 6.0
    """How far an enemy medivac looks for damaged units, edge to edge."""


@dataclass(frozen=True)
class UnitType:
    """All that the engine knows of a type of unit."""

    name: str
    hp: float
    armor: float
    speed: float
    """Map units per second."""
    radius: float
    """For ranges."""
    separation: float
    """For collisions."""
    cooldown_norm: float
    """Game loops (medivac: energy) that SMAC's state divides by."""
    shield: float = 0.0
    armored: bool = False
    light: bool = False
    biological: bool = False
    layer: Literal["ground", "air", "colossus"] = "ground"
    """Units collide within a layer. A colossus walks above other ground units and over cliffs."""
    structure: bool = False
    acceleration: float = 1000.0
    """Map units per second squared; 1000 is instant."""
    life_regen: float = 0.0
    """Hit points per second, always."""
    shield_regen: float = 2.0
    """Shield points per second once `shield_delay` has passed without damage."""
    shield_delay: float = 10.0
    energy: float = 0.0
    """At the start."""
    energy_max: float = 0.0
    energy_regen: float = 0.0
    """Energy per second."""
    weapon: Weapon | None = None
    heal: Heal | None = None


ZERG_REGEN = 0.2734

UNITS: tuple[UnitType, ...] = (
    UnitType("marine", 45.0, 0.0, 2.25, 0.375, 0.375, 15.0, light=True, biological=True,
             weapon=Weapon(6.0, 0.8608, 0.05, 5.0, backswing=0.75, min_scan=5.5, air=True)),
    UnitType("marauder", 125.0, 1.0, 2.25, 0.5625, 0.5, 25.0, armored=True, biological=True,
             weapon=Weapon(10.0, 1.5, 0.0, 6.0, armored_bonus=10.0, backswing=0.0, min_scan=6.5, speed=20.0)),
    UnitType("medivac", 150.0, 1.0, 2.75, 0.75, 0.75, 200.0, armored=True, layer="air", acceleration=2.3125,
             energy=50.0, energy_max=200.0, energy_regen=0.5625, heal=Heal()),
    UnitType("stalker", 80.0, 1.0, 2.9531, 0.625, 0.625, 35.0, shield=80.0, armored=True,
             weapon=Weapon(13.0, 1.87, 0.167, 6.0, armored_bonus=5.0, min_scan=6.5, air=True, speed=18.75)),
    UnitType("zealot", 100.0, 1.0, 2.25, 0.5, 0.375, 22.0, shield=50.0, light=True, biological=True,
             weapon=Weapon(8.0, 1.2, 0.0, 0.1, hits=2, hit_interval=0.28)),
    UnitType("colossus", 200.0, 1.0, 2.25, 1.0, 0.75, 24.0, shield=150.0, armored=True, layer="colossus",
             weapon=Weapon(10.0, 1.5, 0.0832, 7.0, light_bonus=5.0, min_scan=7.5, hits=2, flight=0.375, slop=0.0,
                           splash_length=2.8, splash_width=0.3)),
    UnitType("spine_crawler", 300.0, 2.0, 0.0, 0.875, 0.875, 15.0, armored=True, biological=True, structure=True,
             life_regen=ZERG_REGEN, weapon=Weapon(25.0, 1.85, 0.3332, 7.0, armored_bonus=5.0, flight=0.3, slop=0.0)),
    UnitType("zergling", 35.0, 0.0, 2.9531, 0.375, 0.375, 11.0, light=True, biological=True,
             life_regen=ZERG_REGEN, weapon=Weapon(5.0, 0.696, 0.167, 0.1)),
    UnitType("hydralisk", 80.0, 0.0, 2.25, 0.625, 0.5, 10.0, light=True, biological=True,
             life_regen=ZERG_REGEN, weapon=Weapon(12.0, 0.825, 0.208, 5.0, min_scan=5.5, air=True, speed=40.0)),
)  # fmt: skip
"""The nine types; a type's place in this tuple is its `kind` in the engine's arrays."""

KIND_OF: dict[str, int] = {unit.name: kind for kind, unit in enumerate(UNITS)}
"""Place of each type in `UNITS`."""


def unit_type(name: str) -> UnitType:
    """Return the type of that name; raise ValueError if there is none."""
    if name not in KIND_OF:
        raise ValueError(f"no unit type {name!r}; there are {', '.join(KIND_OF)}")
    return UNITS[KIND_OF[name]]
