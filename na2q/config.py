"""Every number of a run, with its source, and the presets that tell paper and released code apart.

Sources: "Table 1", "App. F.3" are the paper's; "released" is the authors' published code; row
labels such as "A6" are those of the book's table of deviations. This module imports nothing but
the standard library: it is the ground that command line, notebooks, methods and trainer share.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

FROM_PRESET: Any = None  # a field left at this value is filled in by method, environment and preset
DEFAULT_PRESET = "paper"  # it ended higher than "released" in the pilot (chapter 7 of the book has rule and numbers)


@dataclass(frozen=True)
class Settings:
    """A group of settings; refuses a value that is not among the choices of its field."""

    def __post_init__(self) -> None:
        """Compare each field that has choices with them."""
        for name, hint in get_type_hints(type(self)).items():
            value, choices = getattr(self, name), get_args(hint)
            if get_origin(hint) is Literal and value not in choices:
                raise ValueError(f"{name} is {value!r}, must be one of {', '.join(map(repr, choices))}")


@dataclass(frozen=True)
class AgentConfig(Settings):
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
class OptimConfig(Settings):
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
class ExploreConfig(Settings):
    """Linear epsilon-greedy schedule over environment steps (Tables 1 and 3)."""

    start: float = 1.0
    """Exploration probability at step 0."""
    finish: float = 0.05
    """Exploration probability from `anneal_steps` on."""
    anneal_steps: int = 50_000
    """Environment steps from start to finish."""


@dataclass(frozen=True)
class ReplayConfig(Settings):
    """Episode replay (Table 1)."""

    capacity: int = 5_000
    """Whole episodes kept, oldest dropped first."""
    batch: int = 32
    """Episodes in one update."""
    warmup: int = 32
    """Episodes stored before the first update (A18: 100 for NA2Q in the released code)."""


@dataclass(frozen=True)
class NoOptions(Settings):
    """A method or environment without settings of its own."""


@dataclass(frozen=True)
class QMIXOptions(Settings):
    """QMIX mixing network (released code; the widths of the WQMIX repository)."""

    embed: int = 32
    """Hidden units of the mixing network."""
    hyper: int = 64
    """Hidden units of the hypernetworks."""


@dataclass(frozen=True)
class QTRANOptions(Settings):
    """QTRAN-base (released code; the constants of the WQMIX and QPLEX repositories)."""

    embed: int = 64
    """Hidden units of the joint value and of V(s)."""
    opt: float = 1.0
    """Weight of L_opt, the equality at the greedy joint action (QTRAN paper, lambda_opt)."""
    nopt: float = 0.1
    """Weight of L_nopt, the bound at the joint action taken (released code)."""


@dataclass(frozen=True)
class QattenOptions(Settings):
    """Qatten's attention over agents (released code)."""

    heads: int = 4
    """Attention heads (Qatten paper, section 4)."""
    embed: int = 32
    """Width of queries and keys, and of the bias net c(s)."""
    hyper: int = 64
    """Hidden units of query and head-weight nets."""
    unit_dim: int = 1
    """State features that key i sees; 0 takes the task's `EnvSpec.unit_dim`.

    The released configuration holds a boolean here, which the code reads as 1 (C6).
    """


@dataclass(frozen=True)
class QPLEXOptions(Settings):
    """QPLEX's duplex dueling mixer (released code; QPLEX's didactic configuration)."""

    kernels: int = 10
    """Summands of the importance lambda_i(s, u)."""
    hyper: int = 64
    """Hidden units of all nets."""


@dataclass(frozen=True)
class WQMIXOptions(QMIXOptions):
    """OW-QMIX: QMIX and its unrestricted central value (released code; defaults of WQMIX's own)."""

    weight: float = 0.1
    """Weight w of transitions whose Q_tot is not below the target (WQMIX paper used 0.5 on SMAC)."""
    central_hidden: int = 256
    """Hidden units of the central mixer."""


@dataclass(frozen=True)
class CDSOptions(QPLEXOptions):
    """CDS: QPLEX's mixer and rewards for behaviour that tells agents apart (released code).

    The defaults are CDS's own for 5m_vs_6m, which NA2Q's comparison uses on every task;
    `original` has those of other maps.
    """

    beta1: float = 2.0
    """Weight of what the agent's index tells about its next observation; sharpness of pi_i."""
    beta2: float = 1.0
    """Weight of the divergence of pi_i from the mean policy."""
    beta: float = 0.01
    """Weight of the intrinsic reward."""
    local_l1: float = 0.1
    """Weight of the L1 norm of the local heads' utilities."""
    predictor_hidden: int = 128
    """Hidden units of the two predictors."""
    predictor_lr: float = 1e-3
    """Learning rate of the predictors' Adam."""
    predictor_clip: float = 1.0
    """Largest L2 norm of a predictor's gradient."""
    predictor_batch: int = 256
    """Rows in one step of the predictors; one row is one agent in one transition."""
    mask_padding: bool = True
    """Keep padding out of the L1 norm and the predictor minibatches (the released code does not)."""


@dataclass(frozen=True)
class DVDOptions(Settings):
    """DVD's mixer with trajectory-graph credits (released code)."""

    embed: int = 32
    """Embedding of each agent made from the state, and width of the bias net V(s)."""
    hyper: int = 64
    """Hidden units of the embedding net."""
    attention: int = 16
    """Width of the encoded histories that the graph compares."""
    alive: Literal["any", "sum", "all"] = "any"
    """Which agents take part: any feature of o_i not 0; released: sum of o_i > 0; or all of them.

    On LBF, whose observations use -1 as filler, the released test drops two agents in five.
    """


@dataclass(frozen=True)
class SHAQOptions(Settings):
    """SHAQ's coefficients over sampled coalitions (released code)."""

    samples: int = 10
    """Orders of the agents drawn for each transition."""
    embed: int = 32
    """Hidden units of the coefficient net."""
    hyper: int = 64
    """Hidden units of its hypernetworks."""
    alpha_lr: float = 5e-4
    """Learning rate of the coefficient net; `original` has SHAQ's own for each map."""


@dataclass(frozen=True)
class NA2QOptions(Settings):
    """The NA2Q mixer and its VAE; each field that tells paper and code apart names its row."""

    orders: tuple[int, ...] = (1, 2)
    """Sizes of the coalitions that get a shape function (section 4; section 5.3 ablates 1, 2, 3)."""
    credits: Literal["semantics", "state", "uniform"] = "semantics"
    """What credits come from (section 5.3): state is w/o semantic, uniform is w/o attention.

    The released code has neither ablation. Ours drop the VAE, which nothing uses then: see `keep_vae`.
    """
    uniform_credit: Literal["one", "mean"] = "one"
    """Value of uniform credits: 1, a plain sum, or 1 / number of terms, the scale of attention credits.

    Section 5.3 does not say which.
    """
    state_bias: bool = True
    """Add f_0(s). Section 5.3 says of w/o attention that it lacks state information, which may mean off."""
    keep_vae: bool = False
    """Train the VAE for its masks even where no credit depends on it (not in the paper)."""
    shape_hidden: tuple[int, int] = (8, 4)
    """Hidden widths of a shape function (Table 4)."""
    shape: Literal["table4", "two_sided"] = "table4"
    """Hidden units: ELU(x) as in Table 4, which makes Q_tot - f_0 convex in the utilities, or half of
    them -ELU(-x), as monotone but free to bend down (not in the paper)."""
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
    """Make weights absolute after each step, or take absolute values in the graph (A14, Table 4)."""
    mixer_optimizer: Literal["adam", "rmsprop"] = "adam"
    """Optimiser of the mixer (A13: App. F.3 names none for it; the VAE always has Adam)."""


@dataclass(frozen=True)
class LBFOptions(Settings):
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
class MatrixOptions(Settings):
    """Payoff games have no settings beyond their name."""


@dataclass(frozen=True)
class BattleOptions(Settings):
    """The embedded battle engine; it is not StarCraft II, see `na2q.envs.battle`."""

    shield_bits: Literal["race", "always"] = "race"
    """race: a shield feature for Protoss sides only (SMAC); always: for both sides on every map (released; C1)."""


@dataclass(frozen=True)
class SMACOptions(Settings):
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
    preset: str = DEFAULT_PRESET
    """released, paper, exact, fair or smoke: which differences between paper and code apply."""
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
    options: Settings = FROM_PRESET
    """Settings of the method itself."""
    env_options: Settings = FROM_PRESET
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


def configure(
    method: str = "na2q", env: str = "lbf-4p-2f", preset: str = DEFAULT_PRESET, **settings: Any
) -> TrainConfig:
    """Build a TrainConfig from flat settings; a dot reaches into a group.

    Example: ``configure("na2q", seed=2, **{"options.orders": (1,), "replay.warmup": 32})``.

    Raises:
        ValueError: an unknown method, environment, preset, group or setting, or a value out of range.
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


def from_dict(record: dict[str, Any]) -> TrainConfig:
    """Rebuild a TrainConfig from `dataclasses.asdict`, after a round trip through JSON."""
    settings: dict[str, Any] = {}
    for name, value in record.items():
        pairs = value.items() if isinstance(value, dict) else ()
        settings |= {f"{name}.{k}": tuple(v) if isinstance(v, list) else v for k, v in pairs}
        if not isinstance(value, dict):
            settings[name] = value
    return configure(**settings)


def flat(config: TrainConfig) -> dict[str, Any]:
    """List all settings, those of a group as group.name."""
    settings: dict[str, Any] = {}
    for name, value in dataclasses.asdict(config).items():
        settings |= {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
    return settings


def departures(config: TrainConfig) -> dict[str, Any]:
    """List the settings in which a run departs from its method, environment and preset."""
    plain = flat(TrainConfig(method=config.method, env=config.env, preset=config.preset))
    named = ("method", "env", "preset", "seed")
    return {name: value for name, value in flat(config).items() if name not in named and value != plain.get(name)}


def _groups(settings: dict[str, Any]) -> list[str]:
    return [name for name, value in settings.items() if dataclasses.is_dataclass(value)]


# --- what each method, environment and preset sets -------------------------------------------------

METHOD_OPTIONS: dict[str, Any] = {
    "vdn": NoOptions(),
    "qmix": QMIXOptions(),
    "qtran": QTRANOptions(),
    "qatten": QattenOptions(),
    "qplex": QPLEXOptions(),
    "wqmix": WQMIXOptions(),
    "cds": CDSOptions(),
    "dvd": DVDOptions(),
    "shaq": SHAQOptions(),
    "na2q": NA2QOptions(),
    "iql": NoOptions(),
}
"""Settings type of each method, with the values of preset `released`."""

METHOD_GROUPS: dict[str, dict[str, Any]] = {
    "qatten": {"agent": AgentConfig(last_action=False, agent_id=False)},  # C6
    "cds": {"agent": AgentConfig(kind="two_head", agent_id=False)},  # A1
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
"""Settings type of each family of environments."""


def family_of(env: str) -> str:
    """Family of an environment: the longest known one that its name is or begins with, else what is before a dash."""
    known = [family for family in ENV_OPTIONS if f"{env}-".startswith(f"{family}-")]
    return max(known, key=len, default=env.partition("-")[0])


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
    family = family_of(env)
    scenario = env[len(family) + 1 :]
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
    if isinstance(base["options"], CDSOptions):
        base["options"] = dataclasses.replace(base["options"], mask_padding=False)
    if isinstance(base["options"], DVDOptions):
        base["options"] = dataclasses.replace(base["options"], alive="sum")
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


def _fair(method: str, base: dict[str, Any]) -> dict[str, Any]:
    """Equal inputs and equal warm-up for all methods, and none with a handicap that its paper does not have.

    NA2Q and CDS keep their two-headed agents; ``agent.kind="two_head"`` gives them to VDN and QMIX as controls.
    """
    base["agent"] = dataclasses.replace(base["agent"], last_action=True, agent_id=True)  # A2, C6
    base["replay"] = dataclasses.replace(base["replay"], warmup=ReplayConfig().warmup)  # A18
    if isinstance(base["options"], QattenOptions):
        base["options"] = dataclasses.replace(base["options"], unit_dim=0)  # C6
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
    "fair": _fair,
    "smoke": _smoke,
}


# --- what other papers tuned for each map ----------------------------------------------------------


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
