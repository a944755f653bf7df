"""What other papers tuned for each map of StarCraft."""

from typing import Any


def _cds(beta1: float, beta2: float, beta: float, **more: Any) -> dict[str, Any]:
    return {"options.beta1": beta1, "options.beta2": beta2, "options.beta": beta, **more}


_CDS_SLOW = {"explore.anneal_steps": 500_000}
_SHAQ_SLOW = {"explore.anneal_steps": 1_000_000}

ORIGINAL: dict[str, dict[str, dict[str, Any]]] = {
    "cds": {
        "5m_vs_6m": _cds(2.0, 1.0, 0.01),
        "3s_vs_5z": _cds(0.5, 0.5, 0.04),
        "3s5z_vs_3s6z": _cds(2.0, 1.0, 0.03, **_CDS_SLOW),
        "6h_vs_8z": _cds(2.0, 1.0, 0.1, **_CDS_SLOW),
        "MMM2": _cds(2.0, 1.0, 0.07, **_CDS_SLOW),
        "corridor": _cds(0.5, 0.5, 0.1),
    },
    "shaq": {
        "2c_vs_64zg": {"options.alpha_lr": 2e-3},
        "3s_vs_5z": {"options.alpha_lr": 1e-3},
        "5m_vs_6m": {"options.alpha_lr": 5e-4},
        "6h_vs_8z": {"options.alpha_lr": 5e-4, **_SHAQ_SLOW},
        "corridor": {"options.alpha_lr": 5e-4, **_SHAQ_SLOW},
        "8m": {"options.alpha_lr": 3e-4},
        "3s5z": {"options.alpha_lr": 3e-4},
        "3s5z_vs_3s6z": {"options.alpha_lr": 3e-4, **_SHAQ_SLOW},
        "1c3s5z": {"options.alpha_lr": 2e-4},
        "10m_vs_11m": {"options.alpha_lr": 1e-4},
        "MMM2": {"options.alpha_lr": 1e-4, **_SHAQ_SLOW},
    },
}
"""Settings of the methods' own repositories, by method and SMAC map, as `configure` takes them.

CDS: configurations of its SMAC code (Li et al., 2021), which also takes two gradient steps for each
episode and, on corridor, lets beta fall after a million steps; neither is offered here.
SHAQ: launch settings of its repository (Wang et al., 2022); its default elsewhere is 1e-3.
"""


def original(method: str, task: str) -> dict[str, Any]:
    """Return what a method's own paper sets on a SMAC map; raise ValueError where nothing is known.

    Example: ``configure("shaq", "smac-8m", **original("shaq", "8m"))``.
    """
    for what, name, known in (("method", method, ORIGINAL), ("map", task, ORIGINAL.get(method, {}))):
        if name not in known:
            raise ValueError(f"no original settings for {what} {name!r}; known are {', '.join(known)}")
    return dict(ORIGINAL[method][task])
