"""Pixels of an environment, for programs that show or film it by themselves."""

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from na2q.envs.base import VectorEnv


def picture(env: VectorEnv, copy: int = 0) -> UInt8[ndarray, "h w 3"]:
    """Draw one copy of an environment as it stands; height and width are those of the drawing."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # matplotlib is loaded by who draws
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    env.draw(figure.subplots(), copy)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), np.uint8)[..., :3].copy()
