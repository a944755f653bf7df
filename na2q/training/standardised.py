"""Rewards on one scale, for comparisons with EPyMARL; off unless `optim.standardise_rewards` asks for it."""

import torch
from torch import Tensor, nn

from na2q.types import EpisodeBatch


class Standardised(nn.Module):
    """Rewards less their mean over all updates so far, over their deviation, as EPyMARL has them.

    Agents with rewards of their own have means and deviations of their own. EPyMARL counts the zeros behind the end of
    an episode as rewards; here transitions that happened count.
    """

    count: Tensor
    mean: Tensor
    variance: Tensor

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        super().__init__()
        for name, size, value in (("count", (), 1e-4), ("mean", shape, 0.0), ("variance", shape, 1.0)):
            self.register_buffer(name, torch.full(size, value))  # as EPyMARL begins

    def learn(self, batch: EpisodeBatch) -> EpisodeBatch:
        """Count a batch's rewards, and return it with what they are then."""
        fresh = batch.reward[batch.valid]
        n, total = len(fresh), self.count + len(fresh)
        delta = fresh.mean(0) - self.mean
        spread = self.variance * self.count + fresh.var(0, correction=0) * n + delta.square() * self.count * n / total
        self.mean, self.variance, self.count = self.mean + delta * n / total, spread / total, total
        return batch._replace(reward=(batch.reward - self.mean) / self.variance.sqrt())
