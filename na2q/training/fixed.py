"""Learning from one batch that never changes, where every joint action is seen equally often, without luck."""

from na2q.config import TrainConfig
from na2q.methods import METHODS
from na2q.spec import EnvSpec
from na2q.training.learner import Learner
from na2q.types import EpisodeBatch


def learn_from(config: TrainConfig, spec: EnvSpec, batch: EpisodeBatch, updates: int) -> Learner:
    """Return a learner after so many updates on one batch; `target_interval` counts updates here.

    Arrays of the batch have the shapes (b, ...) of `EpisodeBatch`, with the sizes of `spec`.
    """
    method = METHODS[config.method]
    learner = Learner(
        lambda: method(spec, config.agent, config.options), config.optim, config.gamma, config.seed, config.device
    )
    for update in range(updates):
        learner.update(batch)
        if (update + 1) % config.target_interval == 0:
            learner.sync_target()
    return learner
