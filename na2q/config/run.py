"""All settings of one training run, and the two ways to have them: `configure`, and `changed` from others."""

import dataclasses
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any

from annotated_types import Predicate

from na2q.config.checks import Copies, Count, Share, Whole
from na2q.config.envs import ENV_OPTIONS, family_of
from na2q.config.methods import METHOD_OPTIONS, SUBJECT
from na2q.config.presets import DEFAULT_PRESET, defaults, replaced
from na2q.config.settings import AgentConfig, ExploreConfig, OptimConfig, ReplayConfig, Settings


def device_name(name: str) -> bool:
    """Such as cpu, cuda or cuda:1."""
    kind, colon, number = name.partition(":")
    return kind in ("cpu", "cuda", "mps", "xpu") and (not colon or (number.isascii() and number.isdigit()))


class Resolved(SimpleNamespace):
    """Names the method, environment and preset whose settings a TrainConfig holds.

    A namespace, since the command line offers no settings of such a type.
    """


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Settings):
    """One training run, with a value for every setting; `configure` makes it and `changed` changes it."""

    method: str
    """Method, one of `na2q methods`."""
    env: str
    """Environment, see `na2q envs`."""
    seed: Whole = 1
    """Seed of weights, exploration, environments and replay."""
    preset: str
    """released, paper, exact, fair, smoke or epymarl: which differences between paper and code apply."""
    total_steps: Count
    """Environment steps of the run (Table 1: 1,050,000 on LBF)."""
    test_interval: Count
    """Environment steps between tests (Table 1)."""
    test_episodes: Copies
    """Greedy episodes of one test, played at once (Table 1)."""
    target_interval: Count
    """Episodes between copies into the target network (Table 1)."""
    gamma: Share
    """Discount factor (Table 1)."""
    n_envs: Copies = 1
    """Environments acted in at once; still one update for each episode collected."""
    threads: Copies = 1
    """CPU threads of torch."""
    device: Annotated[str, Predicate(device_name)] = "cpu"
    """Where the networks live: cpu, cuda, cuda:1, ..."""
    agent: AgentConfig
    """Recurrent utility network."""
    optim: OptimConfig
    """Optimisers."""
    explore: ExploreConfig
    """Exploration schedule."""
    replay: ReplayConfig
    """Episode replay."""
    options: Settings
    """Settings of the method itself."""
    env_options: Settings
    """Settings of the environment itself."""
    resolved_for: Any = field(repr=False, compare=False)
    """What `configure` filled in the settings for; no setting, and in no file."""

    def __post_init__(self) -> None:
        """Refuse values that cannot work, and a label that the settings were not filled in for."""
        super().__post_init__()
        filled = vars(self.resolved_for) if isinstance(self.resolved_for, Resolved) else {}
        for name in ("method", "env", "preset"):
            if getattr(self, name) != filled.get(name):
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but the settings are those of {filled.get(name)!r}: "
                    f"make the run with na2q.configure, or with na2q.config.changed(config, {name}=...)"
                )
        for name, known in (
            ("options", METHOD_OPTIONS[self.method]),
            ("env_options", ENV_OPTIONS[family_of(self.env)]),
        ):
            if type(getattr(self, name)) is not type(known):
                raise ValueError(
                    f"{name} is {type(getattr(self, name)).__name__}, but method {self.method!r} on {self.env!r} takes "
                    f"{type(known).__name__}"
                )


IDENTITY = ("method", "env", "preset", "seed")
"""Settings that name a run, beside those in which it departs from its preset."""


def configure(
    method: str = SUBJECT, env: str = "lbf-4p-2f", preset: str = DEFAULT_PRESET, **settings: Any
) -> TrainConfig:
    """Build a TrainConfig from flat settings; a dot reaches into a group.

    Example: ``configure("na2q", seed=2, **{"options.orders": (1,), "replay.warmup": 32})``.

    Raises:
        ValueError: an unknown method, environment, preset, group or setting, or a value out of range.
    """
    filled = defaults(method, env, preset)
    known = {f.name for f in dataclasses.fields(TrainConfig)} - {"resolved_for"}
    unknown = [name for name in settings if "." not in name and name not in known]
    if unknown:
        raise ValueError(f"no setting named {unknown}; a setting of a group is written group.name")
    values = replaced(filled, settings)
    named = {"method": method, "env": env, "preset": preset}
    return TrainConfig(**named, resolved_for=Resolved(**named), **values)


def changed(config: TrainConfig, **settings: Any) -> TrainConfig:
    """Change some settings of a run; what its preset decides is decided again.

    What departs from the preset stays, so that ``changed(config, preset="paper")`` has the values of `paper` in all
    that the run had not set by itself.

    Raises:
        ValueError: as `configure`.
    """
    named = {name: getattr(config, name) for name in IDENTITY}
    return configure(**named | departures(config) | settings)


def flat(config: TrainConfig) -> dict[str, Any]:
    """List all settings, those of a group as group.name."""
    settings: dict[str, Any] = {}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        if isinstance(value, Settings):
            settings |= {f"{f.name}.{name}": x for name, x in dataclasses.asdict(value).items()}
        elif f.name != "resolved_for":
            settings[f.name] = value
    return settings


def departures(config: TrainConfig) -> dict[str, Any]:
    """List the settings in which a run departs from its method, environment and preset."""
    plain = flat(configure(config.method, config.env, config.preset))
    return {name: value for name, value in flat(config).items() if name not in IDENTITY and value != plain[name]}
