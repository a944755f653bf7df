"""Whether the food of Level-Based Foraging fits on a board, and one way to place it."""

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from na2q.arguments import checks_arguments


@checks_arguments
def room(size: int, foods: int) -> Int[ndarray, "f 2"] | None:
    """Return cells on which that many foods can stand on a square board, or None where there is no room.

    The package keeps food off the border and three or more steps, counted along rows and columns, from other food:
    no cell of the board is, or has beside it, two foods. A fifth of the inner cells always has room, by the lattice
    y + 2 x = k (mod 5). More may fit since the border has none, which an integer program decides; None also where it
    finds nothing within ten seconds, which takes boards of 20^2 cells or more.
    """
    inner = np.stack(np.meshgrid(*2 * [np.arange(1, size - 1)], indexing="ij"), -1).reshape(-1, 2)
    lattice = (inner @ [1, 2]) % 5
    counts = np.bincount(lattice, minlength=5)
    if counts.max() >= foods:
        return inner[lattice == counts.argmax()][:foods]
    if foods > (size**2 - 4) // 5:  # each food takes five cells for itself, and none takes a corner
        return None
    return _crowded(size, foods, inner)


def _crowded(size: int, foods: int, inner: Int[ndarray, "c 2"]) -> Int[ndarray, "f 2"] | None:
    """Decide by an integer program over the inner cells."""
    # few boards are so full, and these modules would take 40 MB of every training process
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    every = np.stack(np.meshgrid(*2 * [np.arange(size)], indexing="ij"), -1).reshape(-1, 1, 2)
    near = csr_array(np.abs(every - inner).sum(-1) <= 1)
    one_at_most, enough = LinearConstraint(near, ub=1), LinearConstraint(np.ones((1, len(inner))), lb=foods)
    found = milp(
        np.zeros(len(inner)),
        integrality=np.ones(len(inner)),
        bounds=Bounds(0, 1),
        constraints=(one_at_most, enough),
        options={"time_limit": 10},
    )
    return None if found.x is None else inner[found.x > 0.5][:foods]
