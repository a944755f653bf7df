"""Events of a battle, and what contributions are before and after them.

Letters in shapes are those of `na2q.types`: e episodes, t steps, u units, k coalitions.
"""

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from numpy import ndarray


def harmed(recording: xr.Dataset) -> Bool[ndarray, "e t u"]:
    """Mark steps at which a unit has less health or shield than at the step before.

    Raises:
        ValueError: the recording is not of a battle.
    """
    for name in ("unit_health", "unit_shield"):
        if name not in recording:
            raise ValueError(f"{recording.attrs['env']} has no units with health: give a recording of a battle")
    left = recording["unit_health"].values + recording["unit_shield"].values
    less = np.zeros(left.shape, bool)
    less[:, 1:] = left[:, 1:] < left[:, :-1] - 1e-9
    return less


def by_deaths(recording: xr.Dataset, values: Float[ndarray, "e t k"]) -> Float[ndarray, "k 2"]:
    """Average each coalition's values over steps with all its members alive, and over those with one dead.

    Raises:
        ValueError: the recording is not of a battle.
    """
    if "unit_alive" not in recording:
        raise ValueError(f"{recording.attrs['env']} has no units that die: give a recording of a battle")
    member, filled = recording["member"].values, recording["filled"].values
    alive = recording["unit_alive"].values[..., : member.shape[1]]
    found = np.full((len(member), 2), np.nan)
    for k, who in enumerate(member):
        whole = alive[..., who].all(-1)
        for side, here in enumerate((filled & whole, filled & ~whole)):
            if here.any():
                found[k, side] = values[..., k][here].mean()
    return found
