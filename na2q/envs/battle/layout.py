"""SMAC's layout: what each number of an observation and of the state means, and how many there are.

The real game and the embedded engine share it. The widths that `features` writes by and the sizes of an
environment follow from the names, so that neither can contradict the other.
"""

from dataclasses import dataclass

from na2q.envs.battle.maps import FIRST_TARGET, BattleMap
from na2q.spec import EnvSpec

MOVES = ("north", "south", "east", "west")
ACTION_NAMES = ("no-op", "stop", *MOVES)
PLACE = ("distance", "x", "y")
SEEN_ENEMY = ("in reach", *PLACE)
"""What an observation says of another unit before its health: an enemy, then a comrade."""
SEEN_ALLY = ("visible", *PLACE)
AGENT_STATE = ("health", "cooldown", "x", "y")
"""What the state says of a unit before its shield and its type: an agent, then an enemy."""
ENEMY_STATE = ("health", "x", "y")


@dataclass(frozen=True)
class Layout:
    """The layout of one map; `shield` says whether the rows of a side hold a shield."""

    battle: BattleMap
    ally_shield: bool
    enemy_shield: bool

    @property
    def ally_unit(self) -> tuple[str, ...]:
        """What is shown of an agent that is seen: health, shield and bits of its type."""
        return _unit(self.ally_shield, self.battle.ally_types)

    @property
    def enemy_unit(self) -> tuple[str, ...]:
        """What is shown of an enemy that is seen."""
        return _unit(self.enemy_shield, self.battle.enemy_types)

    def labels(self) -> dict[str, list[str]]:
        """Name features and actions in the order of `features` (SMAC 1.0).

        In observations "ally 0" is the first of the *other* agents, whoever looks; in the state "agent 0" is
        agent 0. x and y of others are relative to the one who looks, in sight ranges.
        """
        n, m = len(self.battle.allies), len(self.battle.enemies)
        ally, enemy = self.ally_unit, self.enemy_unit
        obs = [f"move {direction}" for direction in MOVES]
        obs += [f"enemy {k} {what}" for k in range(m) for what in (*SEEN_ENEMY, *enemy)]
        obs += [f"ally {k} {what}" for k in range(n - 1) for what in (*SEEN_ALLY, *ally)]
        obs += [f"own {what}" for what in ally]
        actions = [*ACTION_NAMES, *(f"target {k}" for k in range(self.battle.n_actions - FIRST_TARGET))]
        state = [f"agent {i} {what}" for i in range(n) for what in (*AGENT_STATE, *ally[1:])]
        state += [f"enemy {k} {what}" for k in range(m) for what in (*ENEMY_STATE, *enemy[1:])]
        state += [f"agent {i} last {action}" for i in range(n) for action in actions]
        return {"obs_feature": obs, "state_feature": state, "action": actions}

    def spec(self) -> EnvSpec:
        """Return the sizes of an environment with this layout."""
        names = self.labels()
        return EnvSpec(
            n_agents=len(self.battle.allies),
            n_actions=len(names["action"]),
            obs_dim=len(names["obs_feature"]),
            state_dim=len(names["state_feature"]),
            episode_limit=self.battle.episode_limit,
            unit_dim=len(AGENT_STATE) + len(self.ally_unit) - 1,
        )


def smac_layout(battle: BattleMap, shield_bits: str = "race") -> Layout:
    """Return the layout of a map: shields for Protoss sides only ("race", SMAC), or for both sides ("always").

    Raises ValueError for another value of `shield_bits`.
    """
    if shield_bits not in ("race", "always"):
        raise ValueError(f"shield_bits is {shield_bits!r}, must be 'race' or 'always'")
    always = shield_bits == "always"
    return Layout(battle, always or battle.ally_race == "P", always or battle.enemy_race == "P")


def _unit(shield: bool, types: tuple[str, ...]) -> tuple[str, ...]:
    return ("health", *["shield"] * shield, *(f"is {name}" for name in types))
