"""Scripted players, and the table of how they fare on every map.

The table tells whether the engine behaves as players of the game expect: nearest-target play about
even or better on symmetric maps, focus fire better than that, standing lost and kiting won on
3s_vs_5z, no simple script winning the super-hard maps.

Among marines the table hangs on one assumption: how often an enemy without a target looks for one,
see `combat`. SMAC lets agents order an attack from distance 6 on, marines shoot from 5.75 on, and
agents choose every eighth loop. An enemy that looks in every loop shoots first at everyone who walks
up to it: who then goes for the nearest and stays with it wins 0.41 of the battles on 8m and 0.22 on
3m, but 0.69 and 0.65 if attacks may be ordered from distance 8 (400 battles each). It also matters
how agents stand when the enemy arrives: in a crowd half of them are out of reach, so `line` beats
`focus` on 8m.

On corridor, where all scripts should lose, `stand` wins 0.36 and `nearest` 0.58 of 200 battles. No single
assumption is at fault, but the battle is a close one, and each shifts it: zealots that keep 1.0 apart as
their default radius says, in place of the 0.75 of their unit entry, give 0.14 and 0.31; weapons without
random delays 0.15 and 0.28; blocked units that turn in steps of 10 degrees 0.33 and 0.43, along the exact
tangent and by up to 175 degrees 0.24 and 0.47, and by no more than 90 degrees 1.00 and 1.00, since
zerglings then no longer get around the group. It takes them five seconds to do so, and a dozen find room.

Run ``python -m na2q.envs.battle.scripts --out FILE`` to make the table.
Its numbers are those of the embedded engine, not of StarCraft II.
"""

import argparse
import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray

from na2q.envs.base import Transition
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import FIRST_TARGET, MAPS, SHOOT, SIGHT
from na2q.envs.battle.records import ATTACK, Record

Player = Callable[[BattleEnv, Bool[ndarray, "e n a"]], Int[ndarray, "e n"]]
"""Chooses one joint action for each battle; it sees the whole situation in `env.units`."""

STOP = 1
MOVES = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])  # north, south, east, west
STEP_LENGTH = 1.2  # about how far a unit gets in one step, map units
RETREAT_BELOW = 5.0  # kite: distance to the nearest enemy below which a unit backs off
CLOSE = 2.6  # kite: distance below which it backs off from a slower enemy even when it could shoot
MELEE = 1.0  # weapons of less range are melee weapons
SPACING = 1.15  # line: distance of neighbours, in diameters
COOLING = 5.0  # kite: loops of cooldown above which a step back costs no shot


def stand(env: BattleEnv, avail: ndarray) -> ndarray:
    """Wait for the enemy, shoot the nearest within reach; medivacs heal the most hurt."""
    return _each_agent(env, avail, _nearest_or_wait)


def nearest(env: BattleEnv, avail: ndarray) -> ndarray:
    """Wait until the enemy is there, then go for the nearest; a target in weapon range is kept.

    These are the targets of the built-in rule, chosen twice a second.
    """
    return _each_agent(env, avail, _nearest_or_join)


def focus(env: BattleEnv, avail: ndarray) -> ndarray:
    """As `nearest`, but units that shoot choose the enemy in reach with the least health and shield left.

    Melee units stay with the nearest: others would have to be reached first.
    """
    return _each_agent(env, avail, _weakest_or_join)


def line(env: BattleEnv, avail: ndarray) -> ndarray:
    """As `focus`, but spread out across the enemy's way while it is far."""
    return _each_agent(env, avail, _spread_or_fight)


def kite(env: BattleEnv, avail: ndarray) -> ndarray:
    """As `nearest`, but units that shoot back off from near enemies while their weapon cools down.

    From an enemy that is slower they keep their distance even when they could shoot.
    """
    return _each_agent(env, avail, _shoot_and_retreat)


def march(env: BattleEnv, avail: ndarray) -> ndarray:
    """Attack the nearest enemy, however far, until it dies; medivacs stay with the most hurt.

    This is the scripted player of SMAC's own code. It is no policy for agents: they can order an
    attack from distance 6 on only.
    """
    anything = np.zeros_like(avail)
    alive = env.units["alive"] == 1
    n, m = env.spec.n_agents, env.spec.n_actions - FIRST_TARGET
    anything[..., 0], anything[..., STOP] = ~alive[:, :n], alive[:, :n]
    heals = env.units["heal"][:, :n, None] > 0
    friends = np.pad(alive[:, :n] & (env.units["heal"][:, :n] == 0), ((0, 0), (0, max(0, m - n))))[:, :m]
    anything[..., FIRST_TARGET:] = np.where(heals, friends[:, None], alive[:, None, n:])
    return _each_agent(env, anything, _same_or_wait)


PLAYERS: dict[str, Player] = {
    "stand": stand,
    "nearest": nearest,
    "focus": focus,
    "line": line,
    "kite": kite,
    "march": march,
}
"""Scripted players by name."""


def act(env: BattleEnv, player: Player, avail: ndarray) -> Transition:
    """Let a scripted player make its move in every battle."""
    return (env.command if player is march else env.step)(player(env, avail))


def _each_agent(env: BattleEnv, avail: ndarray, choose: Callable[[ndarray, int, int, ndarray], int]) -> ndarray:
    n = env.spec.n_agents
    actions = np.zeros((env.n_envs, n), np.int64)
    for e in range(env.n_envs):
        for agent in range(n):
            if not avail[e, agent, 0]:  # alive
                actions[e, agent] = choose(env.units[e], n, agent, avail[e, agent])
    return actions


def _gaps(units: ndarray, agent: int) -> ndarray:
    """Return the distances from an agent to all units, infinite to the dead."""
    gaps = np.hypot(units["x"] - units["x"][agent], units["y"] - units["y"][agent])
    return np.where(units["alive"] == 1, gaps, np.inf)


def _target(units: ndarray, n: int, agent: int, avail: ndarray, worth: ndarray) -> int | None:
    """Return the attack or heal action of least `worth` (one number for each unit), or None."""
    slots = np.flatnonzero(avail[FIRST_TARGET:])
    if units["heal"][agent] > 0:
        worth, first = units["hp"] / units["hp_max"], 0
    else:
        first = n
        slots = slots[(units["layer"][n + slots] != 1) | (units["hits_air"][agent] == 1)]
    return None if len(slots) == 0 else int(FIRST_TARGET + slots[worth[first + slots].argmin()])


def _kept(units: ndarray, n: int, agent: int, avail: ndarray) -> int | None:
    """Return the attack that an agent is carrying out, or None where it has none or may not go on."""
    target = units["target"][agent]
    action = int(FIRST_TARGET + target - n)
    return action if units["order"][agent] == ATTACK and target >= n and avail[action] else None


def _aimed(units: ndarray, n: int, agent: int, avail: ndarray) -> int | None:
    """As `_kept`, None also where the target is out of weapon range."""
    action = _kept(units, n, agent, avail)
    unit, target = units[agent], units[units["target"][agent]]
    span = unit["range"] + unit["radius"] + target["radius"]
    return action if np.hypot(unit["x"] - target["x"], unit["y"] - target["y"]) <= span else None


def _contact(units: ndarray, n: int) -> float:
    """Return the smallest distance between an agent and an enemy."""
    return min(_gaps(units, int(agent))[n:].min() for agent in np.flatnonzero(units["alive"][:n]))


def _towards(agent: Record, goal: Record, avail: ndarray) -> int:
    """Return the available move that leads most directly from a unit to another, else stop."""
    along = MOVES @ np.array([goal["x"] - agent["x"], goal["y"] - agent["y"]])
    return int(2 + np.where(avail[2:FIRST_TARGET], along, -np.inf).argmax()) if avail[2:FIRST_TARGET].any() else STOP


def _join(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    """Return the move towards the nearest enemy once one is in reach of any agent or they will not come, else stop.

    Who walks up to an enemy that comes meets it deep within its range before being able to choose again.
    """
    if _contact(units, n) > SHOOT and units["top_speed"][n:].max() > 0:
        return STOP
    return _towards(units[agent], units[n + _gaps(units, agent)[n:].argmin()], avail)


def _nearest_or_wait(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    action = _target(units, n, agent, avail, _gaps(units, agent))
    return STOP if action is None else action


def _same_or_wait(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    action = _kept(units, n, agent, avail)
    return _nearest_or_wait(units, n, agent, avail) if action is None else action


def _nearest_or_join(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    action = _aimed(units, n, agent, avail)
    if action is None:
        action = _target(units, n, agent, avail, _gaps(units, agent))
    return _join(units, n, agent, avail) if action is None else action


def _weakest_or_join(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    if units["range"][agent] < MELEE:
        return _nearest_or_join(units, n, agent, avail)
    action = _target(units, n, agent, avail, units["hp"] + units["shield"] + 1e-3 * _gaps(units, agent))
    return _join(units, n, agent, avail) if action is None else action


def _spread_or_fight(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    if _contact(units, n) <= SIGHT or units["top_speed"][n:].max() == 0:
        return _weakest_or_join(units, n, agent, avail)
    ways = [np.abs(units[axis][:n].mean() - units[axis][n:].mean()) for axis in "xy"]
    across = "y" if ways[0] > ways[1] else "x"  # they come along the other axis
    place = np.argsort(np.argsort(units[across][:n], kind="stable"))[agent] - (n - 1) / 2
    goal = units[agent].copy()
    goal[across] = units[across][:n].mean() + SPACING * 2 * units["separation"][agent] * place
    close = abs(goal[across] - units[across][agent]) < STEP_LENGTH / 2
    return STOP if close else _towards(units[agent], goal, avail)


def _shoot_and_retreat(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    gaps = _gaps(units, agent)[n:]
    cooling = units["cooldown"][agent] > COOLING
    faster = units["top_speed"][agent] > units["top_speed"][n + gaps.argmin()]
    limit = RETREAT_BELOW if cooling else (CLOSE if faster else 0.0)
    shoots = units["range"][agent] > MELEE
    if shoots and gaps.min() < limit and avail[2:FIRST_TARGET].any():
        return _retreat(units, n, agent, avail)
    return _nearest_or_join(units, n, agent, avail)


def _retreat(units: ndarray, n: int, agent: int, avail: ndarray) -> int:
    """Return the move that leads farthest from the enemies, near ones counting most, and not into a corner."""
    here = np.array([units["x"][agent], units["y"][agent]])
    there = here + STEP_LENGTH * MOVES
    enemies = units[n:][units["alive"][n:] == 1]
    gaps = np.hypot(there[:, :1] - enemies["x"], there[:, 1:] - enemies["y"])
    danger = (1 / np.maximum(gaps, 0.1) ** 2).sum(1)
    edges = np.minimum(there, 32 - there).min(1)
    danger += 0.1 / np.maximum(edges, 0.1) ** 2
    return int(2 + np.where(avail[2:FIRST_TARGET], danger, np.inf).argmin())


def contest(name: str, player: Player, battles: int = 200, n_envs: int = 50) -> dict[str, float]:
    """Play `battles` battles with seeds 0, 1, ... and return means over them.

    Returns:
        win_rate and timeout_rate (0 to 1), return (scaled reward of an episode), steps (length),
        allies_left and enemies_left (units alive at the end).

    Raises:
        ValueError: unless `battles` is a multiple of `n_envs`.
    """
    if battles % n_envs:
        raise ValueError(f"battles is {battles}, must be a multiple of n_envs {n_envs}")
    env = BattleEnv(name, n_envs=n_envs)
    rows: list[ndarray] = []
    for first in range(0, battles, n_envs):
        avail = env.reset(range(first, first + n_envs)).avail
        total = np.zeros(n_envs)
        over = np.zeros(n_envs, np.bool_)
        while not over.all():
            transition = act(env, player, avail)
            avail, over = transition.observation.avail, transition.terminated
            total += transition.reward
        last = env.battles
        left = [len(env.map.allies) - last["dead_allies"], len(env.map.enemies) - last["dead_enemies"]]
        rows.append(np.stack([last["won"], last["timeout"], total, last["step"], *left], axis=-1))
    names = ("win_rate", "timeout_rate", "return", "steps", "allies_left", "enemies_left")
    return dict(zip(names, np.concatenate(rows).mean(0).tolist(), strict=True))


def calibrate(out: Path, battles: int = 200, names: Iterable[str] = tuple(MAPS)) -> None:
    """Write the table of all scripted players on the maps called `names` as CSV."""
    with out.open("w", newline="") as file:
        file.write("# embedded engine, not StarCraft II; scripted players; means over battles with seeds 0, 1, ...\n")
        file.write(f"# made by: python -m na2q.envs.battle.scripts --out {out.name} --battles {battles}\n")
        writer: csv.DictWriter[str] | None = None
        for name in names:
            for label, player in PLAYERS.items():
                means = {key: round(value, 3) for key, value in contest(name, player, battles).items()}
                row: dict[str, object] = {"map": name, "player": label, "battles": battles, **means}
                if writer is None:
                    writer = csv.DictWriter(file, list(row), lineterminator="\n")
                    writer.writeheader()
                writer.writerow(row)


def main() -> None:
    """Make the table from the command line."""
    parser = argparse.ArgumentParser(description="How scripted players fare on the embedded engine, not StarCraft II.")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--battles", type=int, default=200, help="battles on each map, a multiple of 50")
    parser.add_argument("--maps", nargs="*", default=tuple(MAPS), help="names of maps; all by default")
    arguments = parser.parse_args()
    calibrate(arguments.out, arguments.battles, arguments.maps)


if __name__ == "__main__":
    main()
