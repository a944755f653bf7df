"""What each number of an observation or state of SMAC's layout means; the real game and the engine share it."""

from na2q.envs.battle.maps import FIRST_TARGET, BattleMap

MOVES = ("north", "south", "east", "west")
ACTION_NAMES = ("no-op", "stop", *MOVES)


def labels(battle: BattleMap, ally_shield: bool, enemy_shield: bool) -> dict[str, list[str]]:
    """Name features and actions of a map, in the order of `features` (SMAC 1.0).

    In observations "ally 0" is the first of the *other* agents, whoever looks; in the state "agent 0" is
    agent 0. x and y of others are relative to the one who looks, in sight ranges.

    Args:
        battle: the map.
        ally_shield: whether the rows of allies hold a shield.
        enemy_shield: whether the rows of enemies do.
    """
    n, m = len(battle.allies), len(battle.enemies)
    ally = _unit(ally_shield, battle.ally_types)
    enemy = _unit(enemy_shield, battle.enemy_types)
    places = ["distance", "x", "y"]
    obs = [f"move {direction}" for direction in MOVES]
    obs += [f"enemy {k} {what}" for k in range(m) for what in ("in reach", *places, *enemy)]
    obs += [f"ally {k} {what}" for k in range(n - 1) for what in ("visible", *places, *ally)]
    obs += [f"own {what}" for what in ally]
    actions = [*ACTION_NAMES, *(f"target {k}" for k in range(battle.n_actions - FIRST_TARGET))]
    # the state puts x and y between health and shield
    state = [f"agent {i} {what}" for i in range(n) for what in (ally[0], "cooldown", "x", "y", *ally[1:])]
    state += [f"enemy {k} {what}" for k in range(m) for what in (enemy[0], "x", "y", *enemy[1:])]
    state += [f"agent {i} last {action}" for i in range(n) for action in actions]
    return {"obs_feature": obs, "state_feature": state, "action": actions}


def _unit(shield: bool, types: tuple[str, ...]) -> list[str]:
    return ["health", *["shield"] * shield, *(f"is {name}" for name in types)]
