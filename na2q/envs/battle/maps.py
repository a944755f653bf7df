"""The maps of the paper's Table 2 (and battle-3m): units, spawn points, orders, terrain, sizes.

Certainty of the data:
  certain: units, races, episode limits, type orders, spawn points, enemy orders, from SMAC's map
      registry and the scripts in its map files; map size 32 x 32.
  reading: terrain. Cells are blocked where the map file's cell flags say so, except that cells of
      diagonal cliff blocks are opened where at least half of them lies on the walkable side
      (without that, corridor has no passage). Only the running game's pathing grid is proof.
  assumed: the enemies' numbering is the order of creation; all of battle-3m, which is 8m with three
      marines a side and its limit of 60 steps.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.envs.battle.units import unit_type

SIZE = 32  # cells along each side of every map
SIGHT = 9.0  # SMAC's sight range, centre to centre, for every unit
SHOOT = 6.0  # SMAC's range of the attack and heal actions, centre to centre, whatever the weapon
MOVE = 2.0  # length of a move order
FIRST_TARGET = 6  # the action that means target 0; before it: no-op, stop, north, south, east, west

# Terrain, north up. '#' blocked, '.' walkable, and where there are levels '.' is the lower ground, '^' the
# plateau, '/' a ramp, 'c' a cliff that only colossi cross.
LANE = ("#" * SIZE,) * 8 + ("." * SIZE,) * 16 + ("#" * SIZE,) * 8
OPEN = ("." * SIZE,) * SIZE
CRAWLER = (
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "..........########..............",
    "..........########..............",
    "........###......###............",
    "........##........##............",
    "......###..........###..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......##............##..........",
    "......################..........",
    "......################..........",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
)
ARENA = (
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "........##############..........",
    "........##############..........",
    "......###............###........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......##..............##........",
    "......###............###........",
    "........##############..........",
    "........##############..........",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
    "................................",
)
CORRIDOR = (
    "################################",
    "################################",
    "###################...........##",
    "##################............##",
    "#################.............##",
    "################..............##",
    "###############...............##",
    "##############................##",
    "#############.................##",
    "############..................##",
    "############..................##",
    "############..................##",
    "############..................##",
    "############..................##",
    "############..................##",
    "#############................###",
    "#############...............####",
    "############...............#####",
    "###########.....################",
    "##########.....#################",
    "##............##################",
    "##...........###################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "##..........####################",
    "################################",
    "################################",
)
PLATEAU = (
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "########^^^^^^^^^^^^^^^^########",
    "########^^^^^^^^^^^^^^^^########",
    "#...///^^^^^^^^^^^^^^^^^^///...#",
    "....///^^^^^^^^^^^^^^^^^^///....",
    "....///^^^^^^^^^^^^^^^^^^///....",
    "....///^^^^^^^^^^^^^^^^^^///....",
    "....cccccccccccccccccccccccc....",
    "....cccccccccccccccccccccccc....",
    "................................",
    "................................",
    "................................",
    "#..............................#",
    "##............................##",
    "###..........................###",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
    "################################",
)


@dataclass(frozen=True)
class BattleMap:
    """One scenario. Points are (x, y), x east and y north, from the south-west corner."""

    name: str
    allies: tuple[str, ...]
    """Type of each agent, in the order of their numbers."""
    enemies: tuple[str, ...]
    """Type of each enemy, in the order of their numbers."""
    ally_race: Literal["T", "P", "Z"]
    enemy_race: Literal["T", "P", "Z"]
    episode_limit: int
    """Environment steps."""
    terrain: tuple[str, ...] = LANE
    ally_spawn: tuple[tuple[float, float], ...] = ((9.0, 16.0),)
    """One point for all allies, or one for each."""
    enemy_spawn: tuple[tuple[float, float], ...] = ((23.0, 16.0),)
    order: Literal["attack_move", "attack_group", "none"] = "attack_move"
    """What the enemies are told at the start: go to `attack_point` and fight on the way, hunt the allies, nothing."""
    attack_point: tuple[float, float] = (9.0, 16.0)
    ally_types: tuple[str, ...] = ()
    """Order of the one-hot type bits in the rows of allies; empty where a side has one type."""
    enemy_types: tuple[str, ...] = ()
    """The same for enemies: reversed on the stalker and zealot maps, as in SMAC."""

    @property
    def n_actions(self) -> int:
        """No-op, stop, four moves and one action for each enemy."""
        return FIRST_TARGET + len(self.enemies)

    @property
    def medivac_rules(self) -> bool:
        """Whether a side that has only medivacs left counts as beaten (MMM2)."""
        return "medivac" in self.allies

    @property
    def max_reward(self) -> float:
        """Unscaled sum of rewards of a win without enemy regeneration (SMAC 1.0)."""
        kinds = [unit_type(name) for name in self.enemies]
        return 200.0 + 10.0 * len(kinds) + sum(kind.hp + kind.shield for kind in kinds)

    def cells(self, symbols: str) -> Bool[ndarray, "y x"]:
        """Mark the cells whose terrain is one of `symbols`; row 0 is the south."""
        rows = [[symbol in symbols for symbol in row] for row in reversed(self.terrain)]
        return np.array(rows, dtype=np.bool_)

    @cached_property
    def walkable(self) -> Bool[ndarray, "y x"]:
        """Cells that ground units can enter."""
        return ~self.cells("#c")

    @cached_property
    def levels(self) -> Int[ndarray, "y x"]:
        """Cliff levels in half steps: 2 low, 3 ramp, 4 plateau."""
        return (2 + self.cells("/") + 2 * self.cells("^")).astype(np.int64)


STALKERS_AND_ZEALOTS = {"ally_types": ("stalker", "zealot"), "enemy_types": ("zealot", "stalker")}
INFANTRY = ("marauder", "marine", "medivac")


def _mirror(name: str, allies: tuple[str, ...], enemies: tuple[str, ...], limit: int, race: str, **more) -> BattleMap:
    """Return a map on which both sides have the same race and meet head-on along y = 16."""
    return BattleMap(name, allies, enemies, race, race, limit, **more)  # pyright: ignore[reportArgumentType] race is T or P


MAPS: dict[str, BattleMap] = {
    battle.name: battle
    for battle in (
        _mirror("3m", ("marine",) * 3, ("marine",) * 3, 60, "T"),
        _mirror("8m", ("marine",) * 8, ("marine",) * 8, 120, "T"),
        _mirror("2s3z", ("stalker",) * 2 + ("zealot",) * 3, ("stalker",) * 2 + ("zealot",) * 3, 120, "P",
                **STALKERS_AND_ZEALOTS),
        BattleMap("2s_vs_1sc", ("stalker",) * 2, ("spine_crawler",), "P", "Z", 300, CRAWLER,
                  ((11.1208, 10.338), (16.976, 10.3662)), ((13.92, 20.0397),), "none"),
        _mirror("3s5z", ("stalker",) * 3 + ("zealot",) * 5, ("stalker",) * 3 + ("zealot",) * 5, 150, "P",
                **STALKERS_AND_ZEALOTS),
        _mirror("3s_vs_5z", ("stalker",) * 3, ("zealot",) * 5, 250, "P", terrain=OPEN),
        BattleMap("2c_vs_64zg", ("colossus",) * 2, ("zergling",) * 64, "P", "Z", 400, PLATEAU,
                  ((16.0, 16.0),), ((16.0, 9.0),), "attack_group"),
        _mirror("5m_vs_6m", ("marine",) * 5, ("marine",) * 6, 70, "T"),
        _mirror("8m_vs_9m", ("marine",) * 8, ("marine",) * 9, 120, "T"),
        _mirror("MMM2", ("marauder",) * 2 + ("marine",) * 7 + ("medivac",),
                ("marine",) * 8 + ("marauder",) * 3 + ("medivac",), 180, "T",
                ally_types=INFANTRY, enemy_types=INFANTRY),
        _mirror("3s5z_vs_3s6z", ("stalker",) * 3 + ("zealot",) * 5, ("stalker",) * 3 + ("zealot",) * 6, 170, "P",
                **STALKERS_AND_ZEALOTS),
        BattleMap("corridor", ("zealot",) * 6, ("zergling",) * 24, "P", "Z", 400, CORRIDOR,
                  ((19.0397, 19.1198),), ((27.91, 28.24),), "attack_move", (4.47, 4.3298)),
        BattleMap("6h_vs_8z", ("hydralisk",) * 6, ("zealot",) * 8, "Z", "P", 150, ARENA,
                  ((14.5998, 9.49),), ((14.41, 16.7597),), "attack_move", (14.5998, 9.49)),
    )
}  # fmt: skip
"""All maps by their SMAC name."""


@checks_arguments
def battle_map(name: str) -> BattleMap:
    """Return the map of that SMAC name; raise ValueError if there is none."""
    if name not in MAPS:
        raise ValueError(f"no battle map {name!r}; there are {', '.join(MAPS)}")
    return MAPS[name]
