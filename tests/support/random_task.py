"""Random batches of episodes, and learners of every variant of every method, for property tests."""

from dataclasses import dataclass, field
from typing import Any

import torch

from na2q.config import configure
from na2q.methods import METHODS
from na2q.spec import EnvSpec
from na2q.training.learner import Learner
from na2q.types import NO_ACTION, EpisodeBatch

SPEC = EnvSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=15, episode_limit=8, unit_dim=5)
LENGTHS = (4, 2, 6)


@dataclass(frozen=True)
class Variant:
    """A method with settings; its id names both."""

    method: str
    preset: str = "released"
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join([self.method, self.preset, *(f"{k.split('.')[1]}={v}" for k, v in self.settings.items())])

    def config(self) -> Any:
        return configure(self.method, preset=self.preset, **self.settings)

    def learner(self, seed: int = 0, spec: EnvSpec = SPEC) -> Learner:
        cfg = self.config()
        return Learner(lambda: METHODS[self.method](spec, cfg.agent, cfg.options), cfg.optim, cfg.gamma, seed)


VARIANTS = [
    *(Variant(method) for method in METHODS),
    *(Variant(method, settings={"agent.kind": "two_head"}) for method in ("vdn", "qmix")),
    Variant("qatten", "fair"),
    *(Variant("dvd", settings={"options.alive": alive}) for alive in ("sum", "all")),
    Variant("na2q", "fair"),
    Variant("na2q", "paper"),
    *(Variant("na2q", settings={"options.orders": orders}) for orders in ((1,), (1, 2, 3))),
    Variant("na2q", settings={"options.credits": "state"}),
    Variant("na2q", settings={"options.credits": "state", "options.keep_vae": True}),
    Variant("na2q", settings={"options.credits": "uniform"}),
    Variant(
        "na2q",
        settings={"options.credits": "uniform", "options.uniform_credit": "mean", "options.state_bias": False},
    ),
]


def random_batch(
    spec: EnvSpec = SPEC, lengths: tuple[int, ...] = LENGTHS, seed: int = 0, padding: int = 0
) -> EpisodeBatch:
    """Episodes of the given lengths, every second of them terminated, with `padding` empty slots at the end."""
    rng = torch.Generator().manual_seed(seed)
    b, t, n, a = len(lengths), max(lengths), spec.n_agents, spec.n_actions
    length = torch.tensor(lengths)
    time = torch.arange(t + 1)
    filled, valid = time <= length[:, None], time[:-1] < length[:, None]
    avail = torch.rand(b, t + 1, n, a, generator=rng) < 0.7
    avail[..., 0] |= ~avail.any(-1)
    actions = (torch.rand(avail.shape, generator=rng) * avail).argmax(-1)
    last = time[:-1] == length[:, None] - 1
    batch = EpisodeBatch(
        obs=torch.randn(b, t + 1, n, spec.obs_dim, generator=rng) * filled[..., None, None],
        state=torch.randn(b, t + 1, spec.state_dim, generator=rng) * filled[..., None],
        avail=avail & filled[..., None, None],
        actions=torch.where((time < length[:, None])[..., None], actions, NO_ACTION),
        reward=torch.randn(b, t, generator=rng) * valid,
        terminated=(last & (torch.arange(b) % 2 == 0)[:, None]).float(),
        valid=valid,
    )
    if not padding:
        return batch.validate()
    fill = EpisodeBatch(*(NO_ACTION if name == "actions" else 0 for name in EpisodeBatch._fields))
    padded = (
        torch.cat([x, torch.full_like(x[:, :1], value).expand(-1, padding, *x.shape[2:])], 1)
        for x, value in zip(batch, fill, strict=True)
    )
    return EpisodeBatch(*padded).validate()


def derive(learner: Learner, batch: EpisodeBatch, seed: int = 0, **choice: Any) -> Any:
    """One step's quantities with random numbers of their own seed."""
    return learner.step(batch, torch.Generator().manual_seed(seed), **choice)
