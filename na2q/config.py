"""Every number of a run, with its source, and the presets that tell paper and released code apart.

Sources: "Table 1", "App. F.3" are the paper's; "released" is the authors' published code; row
labels such as "A6" are those of the book's table of deviations. This module imports nothing but
the standard library: it is the ground that command line, notebooks, methods and trainer share.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

FROM_PRESET: Any = None  # a field left at this value is filled in by method, environment and preset


@dataclass(frozen=True)
class AgentConfig:
    """The recurrent utility network, one set of weights for all agents."""

    kind: Literal["one_head", "two_head"] = "one_head"
    """two_head adds a linear head of its own for each agent (A1; released NA2Q and CDS)."""
    hidden: int = 64
    """Width of input layer and GRU (App. F.3)."""
    last_action: bool = True
    """Feed the previous action, one-hot (section 4)."""
    agent_id: bool = True
    """Feed the agent's index, one-hot (A2: on for baselines, off for NA2Q)."""


@dataclass(frozen=True)
class OptimConfig:
    """Optimisers; all constants as in the released code unless a source is given."""

    lr: float = 5e-4
    """Learning rate of every optimiser (App. F.2, F.3)."""
    rmsprop_alpha: float = 0.99
    """Smoothing of RMSprop."""
    rmsprop_eps: float = 1e-5
    """Added outside the root."""
    adam_betas: tuple[float, float] = (0.9, 0.999)
    """Adam's moment decay rates."""
    adam_eps: float = 1e-8
    """Added outside the root."""
    weight_decay: float = 0.0
    """L2 decay of RMSprop. App. F.3 names one without a value; the released code has none (A13)."""
    clip: float = 10.0
    """Largest L2 norm of the gradient of one optimiser's parameters."""


@dataclass(frozen=True)
class ExploreConfig:
    """Linear epsilon-greedy schedule over environment steps (Tables 1 and 3)."""

    start: float = 1.0
    """Exploration probability at step 0."""
    finish: float = 0.05
    """Exploration probability from `anneal_steps` on."""
    anneal_steps: int = 50_000
    """Environment steps from start to finish."""


@dataclass(frozen=True)
class ReplayConfig:
    """Episode replay (Table 1)."""

    capacity: int = 5_000
    """Whole episodes kept, oldest dropped first."""
    batch: int = 32
    """Episodes in one update."""
    warmup: int = 32
    """Episodes stored before the first update (A18: 100 for NA2Q in the released code)."""


@dataclass(frozen=True)
class NoOptions:
    """A method or environment without settings of its own."""


@dataclass(frozen=True)
class QMIXOptions:
    """QMIX mixing network (released code; the widths of the WQMIX repository)."""

    embed: int = 32
    """Hidden units of the mixing network."""
    hyper: int = 64
    """Hidden units of the hypernetworks."""


@dataclass(frozen=True)
class NA2QOptions:
    """The NA2Q mixer and its VAE; each field that tells paper and code apart names its row."""

    orders: tuple[int, ...] = (1, 2)
    """Sizes of the coalitions that get a shape function (section 4; section 5.3 ablates 1, 2, 3)."""
    shape_hidden: tuple[int, int] = (8, 4)
    """Hidden widths of a shape function (Table 4)."""
    embed: int = 64
    """Width of the attention maps w_s and w_z (App. F.3)."""
    bias_hidden: tuple[int, int] = (64, 32)
    """Hidden widths of f_0(s) (A15)."""
    vae_hidden: int = 32
    """Hidden width of encoder and decoder (App. F.3; A12)."""
    beta: float = 0.1
    """Weight of the VAE loss (App. F.3)."""
    relu_on: Literal["semantics", "state"] = "semantics"
    """Side of Eq. (8) that passes a ReLU (A3: the paper prints the state side)."""
    scale_credits: bool = True
    """Divide the logits of Eq. (8) by the root of the number of terms (A4)."""
    td_to_encoder: bool = False
    """Let the TD error train the encoder (A6: Eq. (9) does, the released code does not)."""
    share_sample: bool = False
    """Use one sample of z for mask and credits (A7: section 4 does, the released code draws twice)."""
    target_encoder: bool = True
    """Encode target hidden states with a target copy of the VAE (A8)."""
    vae_reduction: Literal["mean", "sum"] = "mean"
    """Average the terms of Eq. (6) over agents and features, or sum them as printed (A9)."""
    mask_padding: bool = True
    """Keep padded slots out of the VAE loss (A10: a bug of the released code)."""
    log_std_range: tuple[float, float] = (-10.0, 2.0)
    """Clamp of the encoder's log standard deviation (A11)."""
    nonneg: Literal["project", "abs"] = "project"
    """Keep weights non-negative by W <- |W| after each step, or use |W| in the graph (A14, Table 4)."""
    mixer_optimizer: Literal["adam", "rmsprop"] = "adam"
    """Optimiser of the mixer (A13: App. F.3 names none for it; the VAE always has Adam)."""


@dataclass(frozen=True)
class LBFOptions:
    """Level-Based Foraging (Table 1, App. F.1)."""

    field_size: int = 10
    """Side of the square board."""
    sight: int = 2
    """Agents see the (2 sight + 1)^2 cells around them (section 5.1)."""
    time_limit: int = 50
    """Steps of the longest episode (Table 1)."""
    max_player_level: int = 3
    """Highest agent level (Table 1); see `levels`."""
    levels: Literal["inclusive", "legacy"] = "inclusive"
    """legacy: what lbforaging <= 1.1.1 makes of max_player_level (exclusive bounds; B2)."""
    timeout: Literal["terminal", "bootstrap"] = "terminal"
    """Whether the time limit ends the value (released) or only the episode (B4)."""
    step_cost: Literal["team", "move"] = "team"
    """Charge `step_penalty` once a step (released) or once for each agent that moves (App. F.1; B3)."""
    step_penalty: float = 0.002
    """Reward lost for each charge (App. F.1)."""
    state: Literal["observations", "full"] = "observations"
    """Global state: all partial observations (released) or the whole board (B5)."""
    force_coop: bool = False
    """Make every food need all agents (B7)."""


@dataclass(frozen=True)
class MatrixOptions:
    """One-step matrix games have no settings beyond their name."""


@dataclass(frozen=True)
class BattleOptions:
    """The embedded battle engine; it is not StarCraft II, see `na2q.envs.battle`."""

    shield_bits: Literal["race", "always"] = "race"
    """race: a shield feature for Protoss sides only (SMAC); always: for both sides on every map (released; C1)."""


@dataclass(frozen=True)
class SMACOptions:
    """The real game through SMAC 1.0, whose own defaults hold for all that is not named here."""

    difficulty: str = "7"
    """Level of the built-in AI (Table 3)."""
    save_replays: bool = False
    """Write a replay after each tested episode, named after run and step."""
    replay_dir: str = "replays"
    """Folder of the replays, inside the game's own replay folder unless absolute."""
    max_crashes: int = 3
    """Crashes of the game process in a row after which the run stops."""


@dataclass(frozen=True)
class TrainConfig:
    """One training run. Fields left out are filled in by `preset`, for this method and environment."""

    method: str = "na2q"
    """Method, one of `na2q methods`."""
    env: str = "lbf-4p-2f"
    """Environment, see `na2q envs`."""
    seed: int = 1
    """Seed of weights, exploration, environments and replay."""
    preset: str = "released"
    """released, paper, exact or smoke: which differences between paper and code apply."""
    total_steps: int = FROM_PRESET
    """Environment steps of the run (Table 1: 1,050,000 on LBF)."""
    test_interval: int = FROM_PRESET
    """Environment steps between tests (Table 1)."""
    test_episodes: int = FROM_PRESET
    """Greedy episodes of one test, played at once (Table 1)."""
    target_interval: int = FROM_PRESET
    """Episodes between copies into the target network (Table 1)."""
    gamma: float = FROM_PRESET
    """Discount factor (Table 1)."""
    n_envs: int = 1
    """Environments acted in at once; still one update for each episode collected."""
    threads: int = 1
    """CPU threads of torch."""
    device: str = "cpu"
    """Where the networks live: cpu, cuda, cuda:1, ..."""
    agent: AgentConfig = FROM_PRESET
    """Recurrent utility network."""
    optim: OptimConfig = FROM_PRESET
    """Optimisers."""
    explore: ExploreConfig = FROM_PRESET
    """Exploration schedule."""
    replay: ReplayConfig = FROM_PRESET
    """Episode replay."""
    options: NA2QOptions | QMIXOptions | NoOptions = FROM_PRESET
    """Settings of the method itself."""
    env_options: LBFOptions | MatrixOptions | BattleOptions | SMACOptions = FROM_PRESET
    """Settings of the environment itself."""

    def __post_init__(self) -> None:
        """Fill in what was left to the preset, then refuse values that cannot work."""
        filled = defaults(self.method, self.env, self.preset)
        for name, value in filled.items():
            if getattr(self, name) is FROM_PRESET:
                object.__setattr__(self, name, value)
        for name in ("options", "env_options"):
            if type(getattr(self, name)) is not type(filled[name]):
                raise ValueError(
                    f"{name} is {type(getattr(self, name)).__name__}, but method {self.method!r} on "
                    f"{self.env!r} takes {type(filled[name]).__name__}"
                )
        self._check()

    def _check(self) -> None:
        at_least_one = ("total_steps", "test_interval", "test_episodes", "target_interval", "n_envs", "threads")
        for name in at_least_one:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at least 1")
        if not 0 <= self.gamma <= 1:
            raise ValueError(f"gamma is {self.gamma}, must lie between 0 and 1")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}, must be 0 or more")
        if not self.replay.batch <= self.replay.capacity:
            raise ValueError(
                f"replay.batch is {self.replay.batch}, must not exceed replay.capacity {self.replay.capacity}"
            )
        if not 0 <= self.explore.finish <= self.explore.start <= 1:
            raise ValueError(
                f"explore runs from {self.explore.start} to {self.explore.finish}, "
                "must fall within 1 >= start >= finish >= 0"
            )


def configure(method: str = "na2q", env: str = "lbf-4p-2f", preset: str = "released", **settings: Any) -> TrainConfig:
    """Build a TrainConfig from flat settings; a dot reaches into a group.

    Example: ``configure("na2q", seed=2, **{"options.orders": (1,), "replay.warmup": 32})``.
    """
    groups = defaults(method, env, preset)
    plain: dict[str, Any] = {}
    for name, value in settings.items():
        group, _, field = name.partition(".")
        if not field:
            plain[name] = value
            continue
        if not dataclasses.is_dataclass(groups.get(group)):
            raise ValueError(f"{name!r}: no group {group!r}; groups are {_groups(groups)}")
        current = plain.get(group, groups[group])
        known = [f.name for f in dataclasses.fields(current)]
        if field not in known:
            raise ValueError(f"{name!r}: {type(current).__name__} has no {field!r}; it has {known}")
        plain[group] = dataclasses.replace(current, **{field: value})
    unknown = set(plain) - {f.name for f in dataclasses.fields(TrainConfig)}
    if unknown:
        raise ValueError(f"no setting named {sorted(unknown)}; a setting of a group is written group.name")
    return TrainConfig(method=method, env=env, preset=preset, **plain)


def _groups(settings: dict[str, Any]) -> list[str]:
    return [name for name, value in settings.items() if dataclasses.is_dataclass(value)]


# --- what each method, environment and preset sets -------------------------------------------------

METHOD_OPTIONS: dict[str, Any] = {
    "iql": NoOptions(),
    "vdn": NoOptions(),
    "qmix": QMIXOptions(),
    "na2q": NA2QOptions(),
}
"""Settings type of each method, with the values of preset `released`."""

METHOD_GROUPS: dict[str, dict[str, Any]] = {
    "na2q": {
        "agent": AgentConfig(kind="two_head", agent_id=False),  # A1, A2
        "replay": ReplayConfig(warmup=100),  # A18
    },
}
"""Groups in which preset `released` departs from their defaults."""

ENV_OPTIONS: dict[str, Any] = {
    "lbf": LBFOptions(),
    "matrix": MatrixOptions(),
    "battle": BattleOptions(),
    "smac": SMACOptions(),
}
"""Settings type of each family of environments; the family is the name up to its first dash."""


@dataclass(frozen=True)
class Scenario:
    """Length of training on one StarCraft map, on the real game and on the embedded engine alike."""

    level: Literal["easy", "hard", "super hard"]
    """Table 2."""
    total_steps: int = 2_000_000
    """Environment steps (Table 2)."""

    @property
    def anneal_steps(self) -> int:
        """Environment steps of the epsilon schedule (Table 3)."""
        return 100_000 if self.level == "super hard" else 50_000


SCENARIOS: dict[str, Scenario] = {
    "3m": Scenario("easy", 200_000),  # not in the paper: for tests and first runs
    "8m": Scenario("easy"),
    "2s3z": Scenario("easy"),
    "2s_vs_1sc": Scenario("easy"),
    "3s5z": Scenario("hard"),
    "3s_vs_5z": Scenario("hard"),
    "2c_vs_64zg": Scenario("hard"),
    "5m_vs_6m": Scenario("hard"),
    "8m_vs_9m": Scenario("hard"),
    "MMM2": Scenario("super hard"),
    "3s5z_vs_3s6z": Scenario("super hard", 5_000_000),
    "corridor": Scenario("super hard", 5_000_000),
    "6h_vs_8z": Scenario("super hard", 5_000_000),
}
"""Table 2, by the name of the map."""

SCENARIO_FAMILIES = ("battle", "smac")


def _schedule(family: str, scenario: str) -> dict[str, Any]:
    """Return what Tables 2 and 3 say of one map; nothing for other families of environments."""
    if family not in SCENARIO_FAMILIES:
        return {}
    if scenario not in SCENARIOS:
        raise ValueError(f"unknown map {scenario!r} of {family!r}; known are {', '.join(SCENARIOS)}")
    found = SCENARIOS[scenario]
    return {"total_steps": found.total_steps, "explore": ExploreConfig(anneal_steps=found.anneal_steps)}


def defaults(method: str, env: str, preset: str) -> dict[str, Any]:
    """Return the value of every field that a preset decides; raise ValueError for unknown names."""
    family, _, scenario = env.partition("-")
    for what, name, known in (
        ("method", method, METHOD_OPTIONS),
        ("environment family", family, ENV_OPTIONS),
        ("preset", preset, PRESETS),
    ):
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}; known are {', '.join(known)}")
    base = {
        "total_steps": 1_050_000,  # Table 1
        "test_interval": 10_000,
        "test_episodes": 32,
        "target_interval": 200,
        "gamma": 0.99,
        "agent": AgentConfig(),
        "optim": OptimConfig(),
        "explore": ExploreConfig(),
        "replay": ReplayConfig(),
        "options": METHOD_OPTIONS[method],
        "env_options": ENV_OPTIONS[family],
    }
    base |= _schedule(family, scenario) | METHOD_GROUPS.get(method, {})
    return PRESETS[preset](method, base)


def _released(method: str, base: dict[str, Any]) -> dict[str, Any]:
    """What produced the paper's figures, with plain bugs mended."""
    return base


def _exact(method: str, base: dict[str, Any]) -> dict[str, Any]:
    """The released code with its bugs, for comparison with its numbers."""
    if isinstance(base["options"], NA2QOptions):
        unclamped = (-float("inf"), float("inf"))
        base["options"] = dataclasses.replace(base["options"], mask_padding=False, log_std_range=unclamped)
    return base


def _paper(method: str, base: dict[str, Any]) -> dict[str, Any]:
    """What the paper's text and equations say where the released code differs."""
    if isinstance(base["options"], NA2QOptions):
        base["options"] = dataclasses.replace(
            base["options"],
            relu_on="state",
            scale_credits=False,
            td_to_encoder=True,
            share_sample=True,
            target_encoder=False,
            vae_reduction="sum",
            nonneg="abs",
            mixer_optimizer="rmsprop",
        )
        base |= {"agent": AgentConfig(), "replay": ReplayConfig()}
    return base


def _smoke(method: str, base: dict[str, Any]) -> dict[str, Any]:
    """A run of seconds that passes through every part."""
    return base | {
        "total_steps": 500,
        "test_interval": 250,
        "test_episodes": 4,
        "target_interval": 4,
        "explore": ExploreConfig(anneal_steps=250),
        "replay": ReplayConfig(capacity=16, batch=4, warmup=4),
    }


PRESETS: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "released": _released,
    "paper": _paper,
    "exact": _exact,
    "smoke": _smoke,
}
