"""One step of foraging on arrays, for numba: the rules of lbforaging and what every player then sees and may do."""

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q.envs.compiled import compiled

NONE, NORTH, SOUTH, WEST, EAST, LOAD = range(6)  # lbforaging's actions


@compiled
def step(
    field: Int[ndarray, "y x"],
    players: Int[ndarray, "n 3"],
    actions: Int[ndarray, " n"],
    available: Bool[ndarray, "n a"],
    spawned: float,
    sight: int,
    foods: int,
    rewards: Float[ndarray, " n"],
    may: Bool[ndarray, "n a"],
    seen: Float[ndarray, "n o"],
) -> None:
    """Move the players and let them eat; write rewards, available actions and observations.

    Args:
        field: level of the food in each cell, 0 without; changed in place.
        players: row, column and level of each; changed in place.
        actions: what each tries; an action that is not available counts as none.
        available: actions that each may take now.
        spawned: sum of the levels of all food as the episode began.
        sight: cells that a player sees in each direction.
        foods: number of foods as the episode began.
        rewards: of each player, overwritten.
        may: actions that each may take then, overwritten; not the array `available`.
        seen: observation of each player, three numbers for every food and player, overwritten.
    """
    n, last = len(players), len(field) - 1
    targets, loading = players[:, :2].copy(), np.zeros(n, np.bool_)
    for i in range(n):
        action = actions[i] if available[i, actions[i]] else NONE
        targets[i, 0] += (action == SOUTH) - (action == NORTH)
        targets[i, 1] += (action == EAST) - (action == WEST)
        loading[i] = action == LOAD
    for i in range(n):  # players who want one cell all stay where they are
        alone = True
        for j in range(n):
            alone &= i == j or targets[i, 0] != targets[j, 0] or targets[i, 1] != targets[j, 1]
        if alone:
            players[i, :2] = targets[i]

    rewards[:] = 0
    for y in range(last + 1):  # each food by itself: no player stands beside two
        for x in range(last + 1):
            if field[y, x] == 0:
                continue
            together = 0
            for i in range(n):
                if loading[i] and abs(players[i, 0] - y) + abs(players[i, 1] - x) == 1:
                    together += players[i, 2]
            if together == 0 or together < field[y, x]:
                continue
            for i in range(n):
                if loading[i] and abs(players[i, 0] - y) + abs(players[i, 1] - x) == 1:
                    rewards[i] = float(players[i, 2] * field[y, x]) / float(together * spawned)
            field[y, x] = 0

    for i in range(n):
        y, x = players[i, 0], players[i, 1]
        up, down = field[y - 1, x] if y > 0 else -1, field[y + 1, x] if y < last else -1  # -1 beyond the border
        left, right = field[y, x - 1] if x > 0 else -1, field[y, x + 1] if x < last else -1
        may[i, NONE], may[i, LOAD] = True, up > 0 or down > 0 or left > 0 or right > 0
        may[i, NORTH], may[i, SOUTH], may[i, WEST], may[i, EAST] = up == 0, down == 0, left == 0, right == 0

    things = seen.reshape((n, foods + n, 3))
    things[:, :, :2], things[:, :, 2] = -1, 0  # what is out of sight is (-1, -1, 0)
    for i in range(n):
        y, x = players[i, 0], players[i, 1]
        top, left = max(y - sight, 0), max(x - sight, 0)  # coordinates begin at the board's edge where it cuts the view
        k = 0
        for fy in range(top, min(y + sight, last) + 1):
            for fx in range(left, min(x + sight, last) + 1):
                if field[fy, fx] != 0:
                    things[i, k, 0], things[i, k, 1], things[i, k, 2] = fy - top, fx - left, field[fy, fx]
                    k += 1
        k = foods
        for place in range(n):  # oneself first
            j = i if place == 0 else place - (place <= i)
            py, px = players[j, 0] - top, players[j, 1] - left
            if py >= 0 and px >= 0 and py <= 2 * sight and px <= 2 * sight:
                things[i, k, 0], things[i, k, 1], things[i, k, 2] = py, px, players[j, 2]
                k += 1
