"""Scripted players under the field's names, and the table of how they fare on every map.

Run ``python -m na2q.envs.battle.scripts --out FILE`` to make the table of `calibrate`. Its numbers are those of
the embedded engine, not of StarCraft II; `known_of_the_game.csv` says how far they agree.

Every player sees the whole situation and chooses for all copies of an environment at once. Arrays have the axes
e (copy), n (agent), m (enemy) and k (target action; a medivac's targets are agents, those of others enemies).
"""

import argparse
import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config.checks import Copies, Repeats
from na2q.envs.base import Transition
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.maps import FIRST_TARGET, MAPS, SHOOT, SIGHT
from na2q.envs.battle.records import AIR, ATTACK, HEAL

Player = Callable[[BattleEnv, Bool[ndarray, "e n a"]], Int[ndarray, "e n"]]
"""Chooses one joint action for each battle."""

STOP = 1
MOVES = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])  # north, south, east, west
STEP_LENGTH = 1.2  # about how far a unit gets in one step, map units
RETREAT_BELOW = 5.0  # kite: distance to the nearest enemy below which a unit backs off
CLOSE = 2.6  # kite: distance below which it backs off from a slower enemy even when it could shoot
MELEE = 1.0  # weapons of less range are melee weapons
SPACING = 1.15  # line: distance of neighbours, in diameters
COOLING = 5.0  # kite: loops of cooldown above which a step back costs no shot


def stand(env: BattleEnv, avail: ndarray) -> ndarray:
    """Never move; attack the nearest enemy that may be attacked, else stop."""
    return _attack(env, avail, _gaps(env), _all(env, STOP))


def nearest(env: BattleEnv, avail: ndarray) -> ndarray:
    """Attack the nearest enemy that may be attacked, else walk towards the nearest."""
    return _attack(env, avail, _gaps(env), _towards(env, avail, _closest(env)))


def focus(env: BattleEnv, avail: ndarray) -> ndarray:
    """Attack the enemy that may be attacked with the least health and shield, else walk towards the nearest."""
    enemies = env.units[:, env.spec.n_agents :]
    worth = (enemies["hp"] + enemies["shield"])[:, None] + 1e-3 * _gaps(env)
    return _attack(env, avail, worth, _towards(env, avail, _closest(env)))


def team(env: BattleEnv, avail: ndarray) -> ndarray:
    """Attack the enemy that is closest to the middle of the team, else walk towards it."""
    allies, enemies = env.units[:, : env.spec.n_agents], env.units[:, env.spec.n_agents :]
    alive = allies["alive"] == 1
    middle = {axis: (allies[axis] * alive).sum(1) / np.maximum(alive.sum(1), 1) for axis in "xy"}
    gaps = np.hypot(*(enemies[axis] - middle[axis][:, None] for axis in "xy"))
    chosen = np.where(enemies["alive"] == 1, gaps, np.inf).argmin(1)
    only = np.where(np.arange(enemies.shape[1]) == chosen[:, None], 0.0, np.inf)[:, None]
    whole = np.broadcast_to(only, (env.n_envs, env.spec.n_agents, enemies.shape[1]))
    return _attack(env, avail, whole, _towards(env, avail, np.broadcast_to(chosen[:, None], alive.shape)))


def random(env: BattleEnv, avail: ndarray) -> ndarray:
    """Choose evenly among the available actions; the draws depend on the copies' own random numbers."""
    draws = [np.random.default_rng([int(battle["rng"]), int(battle["step"])]) for battle in env.battles]
    chances = np.stack([draw.random(avail.shape[1:]) for draw in draws])
    return (avail * (1 + chances)).argmax(-1)


def line(env: BattleEnv, avail: ndarray) -> ndarray:
    """As `focus`, but spread out across the enemy's way while it is farther than an agent sees."""
    allies, enemies = env.units[:, : env.spec.n_agents], env.units[:, env.spec.n_agents :]
    way = {axis: np.abs(allies[axis].mean(1) - enemies[axis].mean(1)) for axis in "xy"}
    along_x = (way["x"] > way["y"])[:, None]  # they come along x, the line stands along y
    across = np.where(along_x, allies["y"], allies["x"])
    place = across.argsort(1, kind="stable").argsort(1) - (across.shape[1] - 1) / 2
    shift = across.mean(1, keepdims=True) + SPACING * 2 * allies["separation"] * place - across
    direction = np.where(along_x, np.where(shift > 0, 0, 1), np.where(shift > 0, 2, 3))
    free = np.take_along_axis(avail, 2 + direction[..., None], -1)[..., 0] & (np.abs(shift) >= STEP_LENGTH / 2)
    spread = np.where(free, 2 + direction, STOP)
    early = (_gaps(env).min((1, 2)) > SIGHT)[:, None] & (enemies["top_speed"].max(1) > 0)[:, None]
    return np.where(early, _living(env, spread), focus(env, avail))


def kite(env: BattleEnv, avail: ndarray) -> ndarray:
    """Wait for the enemy and attack the nearest; shooters back off from near enemies while their weapon cools down.

    From an enemy that is slower they keep their distance even when they could shoot.
    """
    n = env.spec.n_agents
    allies, enemies = env.units[:, :n], env.units[:, n:]
    gaps = _gaps(env)
    near = gaps.argmin(-1)
    slower = np.take_along_axis(enemies["top_speed"], near, 1) < allies["top_speed"]
    limit = np.where(allies["cooldown"] > COOLING, RETREAT_BELOW, np.where(slower, CLOSE, 0.0))
    back = (gaps.min(-1) < limit) & (allies["range"] > MELEE) & avail[..., 2:FIRST_TARGET].any(-1)
    waits = (gaps.min((1, 2)) > SHOOT) & (enemies["top_speed"].max(1) > 0)
    approach = np.where(waits[:, None], STOP, _towards(env, avail, _closest(env)))
    return np.where(back & (allies["alive"] == 1), _retreat(env, avail), _attack(env, avail, gaps, approach))


def march(env: BattleEnv, avail: ndarray) -> ndarray:
    """Attack the nearest enemy, however far, until it dies; medivacs heal the nearest that is hurt until it is whole.

    This is the scripted player of SMAC's code (`heuristic_ai`), whose orders go through `BattleEnv.command`: it is
    no policy for agents, since they can order an attack from distance 6 on only.
    """
    n = env.spec.n_agents
    units, allies = env.units, env.units[:, :n]
    enemies = units[:, n:]
    reach = np.where((enemies["layer"] == AIR)[:, None] & (allies["hits_air"] == 0)[..., None], np.inf, _gaps(env))
    hurt = (allies["alive"] == 1) & (allies["hp"] < allies["hp_max"]) & (allies["heal"] == 0)
    between = np.where(hurt[:, None], _distances(allies, allies), np.inf)
    heals = allies["heal"] > 0
    kept = np.where(heals, allies["order"] == HEAL, allies["order"] == ATTACK) & (allies["target"] >= 0)
    held = np.where(heals, allies["target"], allies["target"] - n)
    chosen = np.where(kept, held, np.where(heals, between.argmin(-1), reach.argmin(-1)))
    possible = kept | np.isfinite(np.where(heals, between.min(-1), reach.min(-1)))
    return _living(env, np.where(possible, FIRST_TARGET + chosen, STOP))


PLAYERS: dict[str, Player] = {
    "stand": stand,
    "nearest": nearest,
    "focus": focus,
    "team": team,
    "march": march,
    "random": random,
    "line": line,
    "kite": kite,
}
"""Scripted players by name; all but the last two are defined alike for other engines."""


def act(env: BattleEnv, player: Player, avail: ndarray) -> Transition:
    """Let a scripted player make its move in every battle."""
    return (env.command if player is march else env.step)(player(env, avail))


def _all(env: BattleEnv, action: int) -> Int[ndarray, "e n"]:
    return np.full((env.n_envs, env.spec.n_agents), action)


def _living(env: BattleEnv, actions: ndarray) -> Int[ndarray, "e n"]:
    """Return the actions, no-op for the dead."""
    return np.where(env.units["alive"][:, : env.spec.n_agents] == 1, actions, 0)


def _distances(units: ndarray, others: ndarray) -> Float[ndarray, "e i j"]:
    """Return the distances of centres, infinite to the dead."""
    gaps = np.hypot(*(units[axis][..., None] - others[axis][:, None] for axis in "xy"))
    return np.where(others["alive"][:, None] == 1, gaps, np.inf)


def _gaps(env: BattleEnv) -> Float[ndarray, "e n m"]:
    """Return the distances from agents to enemies, infinite to the dead."""
    return _distances(env.units[:, : env.spec.n_agents], env.units[:, env.spec.n_agents :])


def _closest(env: BattleEnv) -> Int[ndarray, "e n"]:
    return _gaps(env).argmin(-1)


def _attack(env: BattleEnv, avail: ndarray, worth: ndarray, otherwise: ndarray) -> Int[ndarray, "e n"]:
    """Return the available attack on the enemy of least worth, a medivac's on the most hurt, else another action."""
    n, slots = env.spec.n_agents, avail.shape[-1] - FIRST_TARGET
    allies, enemies = env.units[:, :n], env.units[:, n:]
    useless = (enemies["layer"] == AIR)[:, None] & (allies["hits_air"] == 0)[..., None]
    share = np.full((env.n_envs, n, slots), np.inf)
    share[..., : min(n, slots)] = (allies["hp"] / allies["hp_max"])[:, None, :slots]
    price = np.where((allies["heal"] > 0)[..., None], share, np.where(useless, np.inf, worth))
    price = np.where(avail[..., FIRST_TARGET:], price, np.inf)
    return _living(env, np.where(np.isfinite(price.min(-1)), FIRST_TARGET + price.argmin(-1), otherwise))


def _towards(env: BattleEnv, avail: ndarray, goal: ndarray) -> Int[ndarray, "e n"]:
    """Return the available move that leads most directly from each agent to the enemy of number `goal`, else stop."""
    allies, enemies = env.units[:, : env.spec.n_agents], env.units[:, env.spec.n_agents :]
    way = np.stack([np.take_along_axis(enemies[axis], goal, 1) - allies[axis] for axis in "xy"], axis=-1)
    along = np.where(avail[..., 2:FIRST_TARGET], way @ MOVES.T, -np.inf)
    return np.where(avail[..., 2:FIRST_TARGET].any(-1), 2 + along.argmax(-1), STOP)


def _retreat(env: BattleEnv, avail: ndarray) -> Int[ndarray, "e n"]:
    """Return the move that leads farthest from the enemies, near ones counting most, and not into a corner."""
    allies, enemies = env.units[:, : env.spec.n_agents], env.units[:, env.spec.n_agents :]
    here = np.stack([allies["x"], allies["y"]], axis=-1)
    there = here[:, :, None] + STEP_LENGTH * MOVES  # e n 4 2
    foes = np.stack([enemies["x"], enemies["y"]], axis=-1)[:, None, None]  # e 1 1 m 2
    square = np.maximum(((there[:, :, :, None] - foes) ** 2).sum(-1), 0.01)
    danger = np.where(enemies["alive"][:, None, None] == 1, 1 / square, 0.0).sum(-1)
    danger += 0.1 / np.maximum(np.minimum(there, 32 - there).min(-1), 0.1) ** 2
    return 2 + np.where(avail[..., 2:FIRST_TARGET], danger, np.inf).argmin(-1)


OUTCOMES = ("win_rate", "timeout_rate", "return", "steps", "allies_left", "enemies_left")


@checks_arguments
def play(
    name: str, player: Player, battles: Repeats = 200, n_envs: Copies = 50
) -> dict[str, Float[ndarray, " battles"]]:
    """Play `battles` battles with seeds 0, 1, ... and return, of each, what `OUTCOMES` names.

    Returns:
        win_rate and timeout_rate (0 or 1), return (scaled reward of an episode), steps (length),
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
    return dict(zip(OUTCOMES, np.concatenate(rows).T, strict=True))


@checks_arguments
def contest(name: str, player: Player, battles: Repeats = 200, n_envs: Copies = 50) -> dict[str, float]:
    """Return the means over the battles of `play`, whose arguments and errors it shares."""
    return {key: float(values.mean()) for key, values in play(name, player, battles, n_envs).items()}


def calibrate(out: Path, battles: int = 200, names: Iterable[str] = tuple(MAPS)) -> None:
    """Write the table of all scripted players on the maps called `names` as CSV."""
    with out.open("w", newline="") as file:
        file.write("# embedded engine, not StarCraft II; scripted players; means over battles with seeds 0, 1, ...\n")
        file.write(f"# made by: python -m na2q.envs.battle.scripts --out {out.name} --battles {battles}\n")
        writer = csv.DictWriter(file, ["map", "player", "battles", *OUTCOMES], lineterminator="\n")
        writer.writeheader()
        for name in names:
            for label, player in PLAYERS.items():
                means = {key: round(value, 3) for key, value in contest(name, player, battles).items()}
                writer.writerow({"map": name, "player": label, "battles": battles, **means})


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
