"""Baselines of Shapley values: what an agent's utility is when the agent counts as absent."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy import ndarray


def mean_utilities(recording: xr.Dataset) -> Float[ndarray, "r n"]:
    """Baseline for Shapley values: each agent's mean Q of the actions taken, over the recording."""
    q = recording["q_taken"].values[recording["filled"].values].astype(float)
    return np.broadcast_to(q.mean(0), q.shape).copy()
