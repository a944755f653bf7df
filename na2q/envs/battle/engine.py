"""The battle engine: orders, game loops and whole steps of many battles at once.

An embedded engine with SMAC's interface; its dynamics follow the game's data where those are known
and are assumed otherwise (see the modules' docstrings). It is not StarCraft II: win rates on it
compare algorithms with each other, never with results on the game.
"""

from numpy import ndarray

from na2q.envs.battle.combat import choose_targets, land_shots, use_weapons
from na2q.envs.battle.features import write_avail, write_features
from na2q.envs.battle.maps import FIRST_TARGET, MOVE
from na2q.envs.battle.motion import move_units
from na2q.envs.battle.outcome import settle
from na2q.envs.battle.records import ATTACK, HEAL, IDLE, NOBODY, WALK, Record, Records
from na2q.envs.battle.units import LOOPS_PER_STEP
from na2q.envs.compiled import compiled, layer, part

LEGAL = -1


@part
def _give_order(world: Record, units: Records, agent: int, action: int):
    """Replace a living agent's order.

    A new target, a move or a stop cancels a shot being wound up; any order ends a backswing.
    """
    unit = units[agent]
    unit.recover = 0.0
    if action >= FIRST_TARGET:
        heals = unit.heal > 0
        target = action - FIRST_TARGET + (0 if heals else world.n_allies)
        if target != unit.target:
            unit.windup = -1.0
        unit.order, unit.target = HEAL if heals else ATTACK, target
        return
    unit.windup = -1.0
    unit.target = NOBODY
    unit.order = IDLE
    if action >= 2:
        unit.order = WALK
        unit.goal_x = unit.x + (MOVE if action == 4 else -MOVE if action == 5 else 0.0)
        unit.goal_y = unit.y + (MOVE if action == 2 else -MOVE if action == 3 else 0.0)


@part
def _pass_time(units: Records):
    """Regenerate, run down the timers and remove the dead."""
    for index in range(units.shape[0]):
        unit = units[index]
        if unit.alive == 0:
            continue
        if unit.hp <= 0:
            unit.alive = 0
            unit.windup = -1.0
            continue
        unit.hp = min(unit.hp_max, unit.hp + unit.life_regen)
        if unit.unhurt >= unit.shield_delay:
            unit.shield = min(unit.shield_max, unit.shield + unit.shield_regen)
        unit.energy = min(unit.energy_max, unit.energy + unit.energy_regen)
        unit.unhurt += 1.0
        unit.cooldown = max(0.0, unit.cooldown - 1.0)
        unit.recover = max(0.0, unit.recover - 1.0)
        unit.call_wait = max(0.0, unit.call_wait - 1.0)


@layer
def advance(world: Record, units: Records, battle: Record, scratch: Record, westward: bool):
    """Run one game loop of one battle; `scratch` and `westward` as in `move_units`."""
    choose_targets(world, units)
    use_weapons(units, battle)
    land_shots(world, units)
    move_units(world, units, scratch, westward)
    _pass_time(units)


@layer
def first_illegal(world: Record, units: Records, battles: Records, actions: ndarray, avail: ndarray) -> int:
    """Return e * n_agents + i of the first unavailable action in a running battle, or LEGAL; fill `avail` up to it."""
    n_agents = world.n_allies
    for e in range(units.shape[0]):
        for agent in range(0 if battles[e].over else n_agents):
            action = actions[e, agent]
            write_avail(world, units[e], agent, avail[e, agent])
            if action < 0 or action >= world.n_actions or not avail[e, agent, action]:
                return e * n_agents + agent
    return LEGAL


@layer
def _step(world: Record, units: Records, battle: Record, scratch: Record, actions: ndarray):
    for agent in range(world.n_allies):
        units[agent].last_action = actions[agent]
        if units[agent].alive == 1:
            _give_order(world, units, agent, actions[agent])
    for index in range(units.shape[0]):
        scratch.by_x[index] = index
    for loop in range(LOOPS_PER_STEP):
        advance(world, units, battle, scratch, loop % 2 == 1)
    battle.step += 1
    settle(world, units, battle)


@compiled
def observe(worlds: Records, units: Records, obs: ndarray, state: ndarray, avail: ndarray):
    """Write the features of every battle; `worlds` as in `play`, shapes (e, n, o), (e, s), (e, n, a)."""
    for e in range(units.shape[0]):
        write_features(worlds[0], units[e], obs[e], state[e], avail[e])


@compiled
def play(
    worlds: Records,
    units: Records,
    battles: Records,
    scratch: Records,
    actions: ndarray,
    obs: ndarray,
    state: ndarray,
    avail: ndarray,
    checked: bool,
) -> int:
    """Play one step of every battle that is not over, and write what the agents see then.

    Args:
        worlds: (1,) WORLD, facts of the map; an array because Python passes those faster than records.
        units: (e, u) UNIT records, changed in place.
        battles: (e,) BATTLE records, changed in place; reward and end of the step are read there.
        scratch: (1,) SCRATCH, overwritten.
        actions: (e, n) int64.
        obs: (e, n, o) float32, written.
        state: (e, s) float32, written.
        avail: (e, n, a) bool, written.
        checked: whether to refuse unavailable actions.

    Returns:
        LEGAL, or e * n + i of the first unavailable action: then no battle has been changed, and
        `avail` says what that agent could have done.
    """
    world = worlds[0]
    if checked:
        illegal = first_illegal(world, units, battles, actions, avail)
        if illegal != LEGAL:
            return illegal
    for e in range(units.shape[0]):
        if battles[e].over:
            battles[e].reward = 0.0
        else:
            _step(world, units[e], battles[e], scratch[0], actions[e])
    observe(worlds, units, obs, state, avail)
    return LEGAL
