"""One gradient step of any method: losses, clipping and stepping per optimiser group, target copies."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from na2q.config import OptimConfig
from na2q.methods.base import Group, QLearning, Step, derive_step
from na2q.nets.slots import Slots, plan_slots
from na2q.training.standardised import Standardised
from na2q.types import EpisodeBatch, Loss


class Learner:
    """Owns a method's networks with their target copies, its optimisers and the random numbers of its updates."""

    def __init__(
        self,
        build: Callable[[], QLearning],
        optim: OptimConfig,
        gamma: float,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        """Initialise the weights that `build` makes from `seed`, leaving the global generator alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.online = build().to(device)
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.rewards = Standardised(self.online.spec.reward_shape).to(device) if optim.standardise_rewards else None
        self.generator = torch.Generator(device).manual_seed(seed)
        self.optim, self.gamma = optim, gamma
        self.groups = self.online.parameter_groups()
        self.optimizers = [_optimizer(group, optim) for group in self.groups]

    @property
    def networks(self) -> nn.ModuleDict:
        """What updates change beside the optimisers, as a checkpoint holds it."""
        kept: dict[str, nn.Module] = {"online": self.online, "target": self.target}
        return nn.ModuleDict(kept | ({} if self.rewards is None else {"rewards": self.rewards}))

    def update(self, batch: EpisodeBatch) -> dict[str, float]:
        """Take one gradient step on a batch; return losses and gradient norms by name."""
        if self.rewards is not None:
            batch = self.rewards.learn(batch)
        step = self.step(batch)
        logged = self.backward(self.losses(step))
        logged |= self.clip()
        self.advance()
        if self.optim.target_share:
            self.blend_target(self.optim.target_share)
        return {name: float(value) for name, value in logged.items()} | self.after_step(step)

    def step(
        self,
        batch: EpisodeBatch,
        generator: torch.Generator | None = None,
        noise: Any = None,
        slots: Slots | None = None,
    ) -> Step:
        """Derive what the losses share; what is given replaces the usual choice."""
        slots = slots or plan_slots(batch, skip_padding=not self.online.computes_padding)
        if noise is None:
            noise = self.online.draw_noise(len(slots.now), generator or self.generator)
        return derive_step(self.online, self.target, batch, slots, self.gamma, noise)

    def losses(self, step: Step) -> dict[str, Loss]:
        """Terms of the minimised loss."""
        return self.online.losses(step, self.target)

    def backward(self, losses: dict[str, Loss]) -> dict[str, Tensor]:
        """Replace the gradients by those of the weighted sum of the losses; return its terms."""
        total = torch.stack([loss.weight * loss.value for loss in losses.values()]).sum()
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        total.backward()
        terms = {f"loss_{name}": loss.value for name, loss in losses.items()}
        return {name: value.detach() for name, value in ({"loss": total} | terms).items()}

    def clip(self) -> dict[str, Tensor]:
        """Clip the gradient of each group; return the norms before."""
        return {
            f"grad_norm_{group.name}": nn.utils.clip_grad_norm_(
                group.parameters, self.optim.clip if group.clip is None else group.clip, foreach=True
            )
            for group in self.groups
            if not group.stepped_by_method
        }

    def advance(self) -> None:
        """Step the optimisers of the summed loss."""
        for group, optimizer in zip(self.groups, self.optimizers, strict=True):
            if not group.stepped_by_method:
                optimizer.step()

    def after_step(self, step: Step) -> dict[str, float]:
        """Let the method do what follows the gradient step, with the optimisers that are its own to step."""
        pairs = zip(self.groups, self.optimizers, strict=True)
        own = {group.name: optimizer for group, optimizer in pairs if group.stepped_by_method}
        return self.online.after_step(step, own)

    def sync_target(self) -> None:
        """Copy the online weights into the target network."""
        self.target.load_state_dict(self.online.state_dict())

    @torch.no_grad()
    def blend_target(self, share: float) -> None:
        """Move every target weight by that share of the way to the online weight."""
        for old, new in zip(self.target.parameters(), self.online.parameters(), strict=True):
            old.lerp_(new, share)


def _optimizer(group: Group, optim: OptimConfig) -> torch.optim.Optimizer:
    lr = optim.lr if group.lr is None else group.lr
    if "adam" in (group.optimizer, optim.algorithm):
        return torch.optim.Adam(group.parameters, lr, optim.adam_betas, optim.adam_eps, fused=True)
    return torch.optim.RMSprop(
        group.parameters, lr, optim.rmsprop_alpha, optim.rmsprop_eps, weight_decay=optim.weight_decay, foreach=True
    )
