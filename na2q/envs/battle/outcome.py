"""Reward, victory and defeat of one step, as SMAC 1.0 computes them with default arguments."""

from na2q.envs.battle.records import Record, Records
from na2q.envs.compiled import layer, part

DEATH_VALUE = 10.0
WIN_VALUE = 200.0
SCALE = 20.0  # the rewards of a won episode sum to about this


@part
def _damage_dealt(world: Record, units: Records) -> float:
    """Return the enemies' loss of hit points and shields in this step, a death counting 10 more."""
    total = 0.0
    for k in range(world.n_allies, units.shape[0]):
        unit = units[k]
        if unit.last_hp <= 0:  # dead before this step: counted then
            continue
        total += unit.last_hp + unit.last_shield
        total += DEATH_VALUE if unit.alive == 0 else -(unit.hp + unit.shield)
    return total


@part
def _count(units: Records, start: int, stop: int) -> tuple[int, int]:
    """Return how many of units[start:stop] live, and how many of these are not medivacs."""
    living, fighting = 0, 0
    for index in range(start, stop):
        living += units[index].alive
        if units[index].heal == 0:
            fighting += units[index].alive
    return living, fighting


@part
def _judge(world: Record, battle: Record, allies: tuple[int, int], enemies: tuple[int, int]):
    """Set the flags of an episode's end. Defeat comes before victory, both before the limit."""
    if (allies[0] == 0 and enemies[0] > 0) or (world.medivac_rules and allies[1] == 0):
        battle.over = True
    elif (allies[0] > 0 and enemies[0] == 0) or (world.medivac_rules and enemies[0] == 1 and enemies[1] == 0):
        battle.over, battle.won = True, True
    elif allies[0] == 0 and enemies[0] == 0:
        battle.over, battle.draw = True, True
    elif battle.step >= world.limit:
        battle.over, battle.timeout = True, True


@layer
def settle(world: Record, units: Records, battle: Record):
    """Set a battle's reward and end after a step, and remember the enemies' health for the next.

    The reward is the absolute value of the summed damage (SMAC's quirk: regeneration alone is paid),
    plus the bonus for a victory, over a twentieth of the largest possible sum. `battle.step` must
    count this step already.
    """
    reward = abs(_damage_dealt(world, units))
    allies = _count(units, 0, world.n_allies)
    enemies = _count(units, world.n_allies, units.shape[0])
    battle.dead_allies = world.n_allies - allies[0]
    battle.dead_enemies = world.n_enemies - enemies[0]
    _judge(world, battle, allies, enemies)
    if battle.won:
        reward += WIN_VALUE
    battle.reward = reward / (world.max_reward / SCALE)
    for index in range(units.shape[0]):
        units[index].last_hp = units[index].hp
        units[index].last_shield = units[index].shield
