"""Groups of settings that all methods share, each number with its source.

Sources: "Table 1", "App. F.3" are the paper's; "released" is the authors' published code; row labels such as "A6"
are those of `na2q.config.deviations`.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from na2q.config.checks import Count, Decay, Norm, Positive, Share, Since, Width, checked, hints_of


@dataclass(frozen=True)
class Settings:
    """A group of settings; refuses a value that the type of its field does not allow.

    A group of one's own is a frozen dataclass derived from this one.
    """

    def __post_init__(self) -> None:
        """Check each field, and keep the plain Python value of what was given."""
        for name, hint in hints_of(type(self)).items():
            object.__setattr__(self, name, checked(name, getattr(self, name), hint))

    def playable(self) -> "Settings":
        """Return the settings under which this package plays an environment on which a model was trained with these."""
        return self


@dataclass(frozen=True)
class NoOptions(Settings):
    """A method or environment without settings of its own."""


@dataclass(frozen=True)
class AgentConfig(Settings):
    """The recurrent utility network, with one set of weights for all agents unless `share_parameters` is off."""

    kind: Literal["one_head", "two_head"] = "one_head"
    """two_head adds a linear head of its own for each agent (A1; released NA2Q and CDS)."""
    hidden: Width = 64
    """Width of input layer and GRU (App. F.3)."""
    last_action: bool = True
    """Feed the previous action, one-hot (section 4)."""
    agent_id: bool = True
    """Feed the agent's index, one-hot (A2: on for baselines, off for NA2Q)."""
    share_parameters: Annotated[bool, Since(5, True)] = True
    """Train one network for all agents (section 4); off: each agent has its own, as in iql_ns, vdn_ns and qmix_ns of
    EPyMARL."""

    def __post_init__(self) -> None:
        """Refuse own heads beside a shared one where nothing is shared."""
        super().__post_init__()
        if self.kind == "two_head" and not self.share_parameters:
            raise ValueError(
                "agent.share_parameters is False, but agent.kind is 'two_head', which adds each agent's own head to a "
                "shared one: agents with networks of their own take 'one_head', and a method that needs both heads "
                "has to share"
            )


@dataclass(frozen=True)
class OptimConfig(Settings):
    """Optimisers; all constants as in the released code unless a source is given."""

    lr: Share = 5e-4
    """Learning rate of every optimiser (App. F.2, F.3)."""
    rmsprop_alpha: Decay = 0.99
    """Smoothing of RMSprop."""
    rmsprop_eps: Positive = 1e-5
    """Added outside the root."""
    adam_betas: tuple[Decay, Decay] = (0.9, 0.999)
    """Adam's moment decay rates."""
    adam_eps: Positive = 1e-8
    """Added outside the root."""
    weight_decay: Share = 0.0
    """L2 decay of RMSprop. App. F.3 names one without a value; the released code has none (A13)."""
    clip: Norm = 10.0
    """Largest L2 norm of the gradient of one optimiser's parameters; infinity clips nothing."""
    algorithm: Annotated[Literal["own", "adam"], Since(3, "own")] = "own"
    """own: each method's own optimisers (App. F.2, F.3); adam: Adam for all (EPyMARL)."""
    target_share: Annotated[Share, Since(3, 0.0)] = 0.0
    """Share of the online weights that each update mixes into the targets; 0 copies them every `target_interval`
    episodes instead (Table 1). EPyMARL calls it tau; its paper has 0.01 for some methods."""
    standardise_rewards: Annotated[bool, Since(3, False)] = False
    """Learn from rewards less their running mean, over their running deviation (EPyMARL)."""


@dataclass(frozen=True)
class ExploreConfig(Settings):
    """Linear epsilon-greedy schedule over environment steps (Tables 1 and 3)."""

    start: Share = 1.0
    """Exploration probability at step 0."""
    finish: Share = 0.05
    """Exploration probability from `anneal_steps` on."""
    anneal_steps: Count = 50_000
    """Environment steps from start to finish."""

    def __post_init__(self) -> None:
        """Refuse exploration that would grow."""
        super().__post_init__()
        if self.finish > self.start:
            raise ValueError(f"explore.finish is {self.finish}, must not exceed explore.start, which is {self.start}")


@dataclass(frozen=True)
class ReplayConfig(Settings):
    """Episode replay (Table 1)."""

    capacity: Count = 5_000
    """Whole episodes kept, oldest dropped first."""
    batch: Count = 32
    """Episodes in one update."""
    warmup: Count = 32
    """Episodes stored before the first update (A18: 100 for NA2Q in the released code)."""

    def __post_init__(self) -> None:
        """Refuse a replay that could never hold what an update waits for."""
        super().__post_init__()
        for name in ("batch", "warmup"):
            if getattr(self, name) > self.capacity:
                raise ValueError(
                    f"replay.{name} is {getattr(self, name)}, must not exceed replay.capacity, which is {self.capacity}"
                )
