"""Ways around walls, worked out once for each map.

Ground units walk straight where they can. Where a wall is in between, they go to the farthest cell
on a shortest path (eight neighbours, no corner cut) that can be reached in a straight line with room
for a small unit. Both the path and the line are between centres of cells.
"""

from functools import cache

import numpy as np
from jaxtyping import Bool, Int
from numpy import ndarray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from na2q.envs.battle.maps import SIZE, BattleMap, battle_map

CLEARANCE = 0.375  # separation radius of marine, zealot and zergling
UNREACHABLE = -1


def is_open(battle: BattleMap) -> bool:
    """Whether the walkable cells form one rectangle, so that every straight line is free."""
    rows, columns = battle.walkable.any(1), battle.walkable.any(0)
    return bool(battle.walkable.sum() == rows.sum() * columns.sum())


def routes(battle: BattleMap) -> tuple[Int[ndarray, "c c"], Int[ndarray, " c"]]:
    """Return `way` and `near`; cell (x, y) has number 32 y + x.

    `way[a, b]` is the cell to walk to next on the way from a to b, b itself where the line is free.
    `near[a]` is the reachable cell nearest to a. Both are empty on open maps, which need neither.
    """
    return _routes(battle.name)


@cache
def _routes(name: str) -> tuple[ndarray, ndarray]:
    battle = battle_map(name)
    if is_open(battle):
        return np.zeros((0, 0), np.int16), np.zeros(0, np.int16)
    graph = _neighbours(battle.walkable)
    start = _cell(*battle.ally_spawn[0])
    reachable = np.flatnonzero(np.isfinite(dijkstra(graph, indices=start)))
    # before[g, c]: the cell before c on the path from g, hence the next one from c towards g
    before = dijkstra(graph, directed=False, indices=reachable, return_predecessors=True)[1]
    free = _visible(battle.walkable, reachable)
    way = np.full((SIZE * SIZE, SIZE * SIZE), UNREACHABLE, np.int16)
    for row, goal in enumerate(reachable):
        way[reachable, goal] = _corners(reachable, int(goal), before[row], free[:, row])
    for goal in reachable:  # let each cell see past its next step: the farthest visible cell on its path
        way[reachable, goal] = _pull(reachable, way[:, goal], free)
    return way, _nearest(reachable)


def _cell(x: float, y: float) -> int:
    return int(y) * SIZE + int(x)


def _neighbours(walkable: Bool[ndarray, "y x"]) -> coo_array:
    """Return the graph of steps between walkable cells, weighted by length."""
    ends: list[tuple[int, int, float]] = []
    for y, x in np.argwhere(walkable):
        for dx, dy in ((1, 0), (0, 1), (1, 1), (-1, 1)):
            there = (y + dy, x + dx)
            if not (0 <= there[0] < SIZE and 0 <= there[1] < SIZE and walkable[there]):
                continue
            if walkable[y, there[1]] and walkable[there[0], x]:
                ends.append((y * SIZE + x, there[0] * SIZE + there[1], float(np.hypot(dx, dy))))
    a, b, length = (np.array(column) for column in zip(*ends, strict=True))
    both = (np.concatenate([length, length]), (np.concatenate([a, b]), np.concatenate([b, a])))
    return coo_array(both, shape=(SIZE * SIZE, SIZE * SIZE))


def _visible(walkable: Bool[ndarray, "y x"], cells: Int[ndarray, " c"]) -> Bool[ndarray, "c c"]:
    """Whether a unit can walk in a straight line between the centres of two cells."""
    x, y = cells % SIZE + 0.5, cells // SIZE + 0.5
    free = np.ones((len(cells), len(cells)), np.bool_)
    for row in range(len(cells)):
        dx, dy = x - x[row], y - y[row]
        length = np.maximum(np.hypot(dx, dy), 1e-9)
        side_x, side_y = -dy / length * CLEARANCE, dx / length * CLEARANCE
        part = np.linspace(0, 1, 4 * SIZE)[:, None]
        for offset in (-1, 0, 1):
            px = np.clip(x[row] + dx * part + offset * side_x, 0, SIZE - 1e-9).astype(int)
            py = np.clip(y[row] + dy * part + offset * side_y, 0, SIZE - 1e-9).astype(int)
            free[row] &= walkable[py, px].all(0)
    return free


def _corners(cells: ndarray, goal: int, before: ndarray, sees_goal: ndarray) -> ndarray:
    """Return the next cell towards the goal: the goal where it is in sight, else the next on the path."""
    return np.where(sees_goal | (cells == goal), goal, before[cells])


def _pull(cells: ndarray, step: ndarray, free: Bool[ndarray, "c c"]) -> ndarray:
    """Follow the path from every cell as far as it stays in sight."""
    row_of = np.full(SIZE * SIZE, 0)
    row_of[cells] = np.arange(len(cells))
    here = step[cells].astype(int)
    for _ in range(2 * SIZE):
        ahead = step[here]
        seen = free[np.arange(len(cells)), row_of[ahead]]
        if not (seen & (ahead != here)).any():
            break
        here = np.where(seen, ahead, here)
    return here


def _nearest(cells: Int[ndarray, " c"]) -> Int[ndarray, " cells"]:
    every = np.arange(SIZE * SIZE)
    gap = (every[:, None] % SIZE - cells % SIZE) ** 2 + (every[:, None] // SIZE - cells // SIZE) ** 2
    return cells[gap.argmin(1)].astype(np.int16)
