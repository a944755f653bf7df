"""Tables of runs with known returns, as `na2q.evaluation.results.load_runs` makes them."""

from collections.abc import Mapping

import pandas as pd

POINTS = (0, 10_000, 20_000)


def runs(
    curves: Mapping[str, Mapping[int, list[float]]], env: str = "lbf-4p-2f", sweep: str = "pilot", **more: object
) -> pd.DataFrame:
    """A table as `load_runs` makes it: returns at POINTS by curve and seed."""
    rows = [
        {"sweep": sweep, "env": env, "curve": curve, "method": curve.split()[0], "seed": seed, "step": point + 3}
        | {"preset": "released", "variant": "", "earlier": "", "label": curve, "total_steps": 20_000, "point": point}
        | {"test_return_mean": value}
        for curve, seeds in curves.items()
        for seed, values in seeds.items()
        for point, value in zip(POINTS, values, strict=True)
    ]
    return pd.DataFrame(rows).assign(**more)
