"""Begin a run with the weights of another one."""

import warnings
from pathlib import Path
from typing import Any

from na2q.arguments import checks_arguments
from na2q.training.records import RunError
from na2q.training.trainer import Trainer
from na2q.training.weights import read_weights


@checks_arguments
def borrow(trainer: Trainer, source: Path) -> dict[str, Any]:
    """Copy weights of another run into online and target network; return which, and warn of those that do not fit.

    Raises RunError where none fits.
    """
    trained = read_weights(source)
    online = trainer.learner.online
    own = online.state_dict()
    fitting = {name: x for name, x in trained.weights.items() if name in own and own[name].shape == x.shape}
    fresh = sorted(own.keys() - fitting.keys())
    if not fitting:
        raise RunError(f"no weight of {source} fits {trainer.config.method} on {trainer.config.env}")
    if fresh:
        warnings.warn(f"{len(fresh)} weights start afresh, since {source} has none that fit: {fresh}", stacklevel=2)
    online.load_state_dict(own | fitting)
    trainer.learner.sync_target()
    return {"method": trained.config.method, "env": trained.config.env, "seed": trained.config.seed, "fresh": fresh}
