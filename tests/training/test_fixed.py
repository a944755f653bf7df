"""Learning from one batch is what a learner does by itself, update by update."""

import torch

from na2q.config import MatrixOptions, configure
from na2q.envs.matrix import MatrixGame
from na2q.evaluation.games import every_episode, solve
from na2q.methods import METHODS
from na2q.training.fixed import learn_from
from na2q.training.learner import Learner


def test_weights_are_those_of_a_learner_that_is_told_by_hand() -> None:
    config = configure("qmix", "matrix-qtran", "fair", seed=3, target_interval=2)
    spec, batch = MatrixGame("matrix-qtran", MatrixOptions()).spec, every_episode("matrix-qtran")
    learned = learn_from(config, spec, batch, 5)
    by_hand = Learner(
        lambda: METHODS["qmix"](spec, config.agent, config.options), config.optim, config.gamma, config.seed
    )
    for update in range(5):
        by_hand.update(batch)
        if update in (1, 3):
            by_hand.sync_target()
    for name in ("online", "target"):
        one, two = (getattr(learner, name).state_dict() for learner in (learned, by_hand))
        assert all(torch.equal(one[key], two[key]) for key in one)
    assert solve("qmix", "matrix-qtran", seed=3, updates=1).q_tot.shape == (1, 3, 3)
