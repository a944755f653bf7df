"""An embedded engine for the paper's twelve SMAC scenarios and `3m`; it is not StarCraft II.

Build environments with ``make(name, options, n_envs)``, where `name` is that of the map with or
without the family in front ("3s5z" or "battle-3s5z"), `options` a `na2q.config.BattleOptions` and
`n_envs` the number of battles stepped together. `MAPS` lists the maps.

Observations, state, available actions, reward and the end of episodes are SMAC 1.0's, tested against
arrays made by its code. The fighting itself is a reconstruction from the game's data and
assumptions: figures made with it must say "embedded engine, not StarCraft II".
"""

from na2q.arguments import checks_arguments
from na2q.config import BattleOptions
from na2q.config.checks import Copies
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.frame import Frame
from na2q.envs.battle.maps import MAPS, BattleMap, battle_map

FAMILY = "battle"

__all__ = ["FAMILY", "MAPS", "BattleEnv", "BattleMap", "Frame", "battle_map", "make"]


@checks_arguments
def make(name: str, options: BattleOptions | None = None, n_envs: Copies = 1) -> BattleEnv:
    """Return E battles on a map; see `BattleEnv`, whose errors are raised here.

    Args:
        name: a key of `MAPS`, optionally with "battle-" in front.
        options: None for SMAC's own layout.
        n_envs: number of copies E, at least 1.
    """
    return BattleEnv(name.removeprefix(f"{FAMILY}-"), options, n_envs)
