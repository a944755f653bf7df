"""Settings of the environments, and how long methods are trained on each StarCraft map."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from annotated_types import Interval, Len

from na2q.config.checks import Count, Positive, Since, Weight
from na2q.config.foraging import foraging_task
from na2q.config.settings import Settings

Difficulty = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "A"]
"""Levels of the built-in AI, as SMAC 1.0 names them."""


@dataclass(frozen=True)
class LBFOptions(Settings):
    """Level-Based Foraging (Table 1, App. F.1)."""

    field_size: Annotated[int, Interval(ge=3, le=1000)] = 10
    """Side of the square board."""
    sight: Count = 2
    """Agents see the (2 sight + 1)^2 cells around them (section 5.1)."""
    time_limit: Count = 50
    """Steps of the longest episode (Table 1)."""
    max_player_level: Count = 3
    """Highest agent level (Table 1); see `levels`."""
    levels: Literal["inclusive", "legacy"] = "inclusive"
    """legacy: what lbforaging <= 1.1.1 makes of max_player_level (exclusive bounds; B2)."""
    timeout: Literal["terminal", "bootstrap"] = "terminal"
    """Whether the time limit ends the value (released) or only the episode (B4)."""
    step_cost: Literal["team", "move"] = "team"
    """Charge `step_penalty` once a step (released) or once for each agent that moves (App. F.1; B3)."""
    step_penalty: Weight = 0.002
    """Reward lost for each charge (App. F.1)."""
    state: Literal["observations", "full"] = "observations"
    """Global state: all partial observations (released) or the whole board (B5)."""
    force_coop: bool = False
    """Make every food need all agents (B7)."""
    start: Annotated[Literal["anywhere", "not_last"], Since(3, "anywhere")] = "anywhere"
    """Where agents may start; not_last: never in the last row or column, as in lbforaging 1.0."""
    mask: Annotated[bool, Since(3, True)] = True
    """Tell agents which actions do something (B11); off: all are available, and the others do nothing (EPyMARL)."""
    reward: Annotated[Literal["team", "individual"], Since(5, "team")] = "team"
    """team: all get the sum of what lbforaging pays them (section 5.1); individual: each its own, less its part of the
    step cost, for methods that learn a value for each agent (EPyMARL's common_reward=False)."""

    @property
    def start_side(self) -> int:
        """Side of the square in which agents start, from the board's first row and column."""
        return self.field_size - (self.start == "not_last")


@dataclass(frozen=True)
class MatrixOptions(Settings):
    """Payoff games have no settings beyond their name."""


@dataclass(frozen=True)
class BattleOptions(Settings):
    """The embedded battle engine; it is not StarCraft II, see `na2q.envs.battle`."""

    shield_bits: Literal["race", "always"] = "race"
    """race: a shield feature for Protoss sides only (SMAC); always: for both sides on every map (released; C1)."""
    engine: Annotated[Literal[1, 2], Since(2, 1)] = 2
    """Version of the rules of battle, which SMAC 1.0 leaves to the game; this package plays the newest only."""

    def playable(self) -> "BattleOptions":
        """Let the newest engine play what was trained on an older one."""
        return replace(self, engine=BattleOptions.engine)


@dataclass(frozen=True)
class SMACOptions(Settings):
    """The real game through SMAC 1.0, whose own defaults hold for all that is not named here."""

    difficulty: Difficulty = "7"
    """Level of the built-in AI (Table 3)."""
    save_replays: bool = False
    """Write a replay after each tested episode, named after run and step."""
    replay_dir: Annotated[str, Len(1)] = "replays"
    """Folder of the replays, inside the game's own replay folder unless absolute."""
    max_crashes: Count = 3
    """Crashes of the game process in a row after which the run stops."""
    timeout: Positive = 300.0
    """Seconds in which the game has to answer, its start included; then it counts as crashed."""


ENV_OPTIONS: dict[str, Settings] = {
    "lbf": LBFOptions(),
    "Foraging": LBFOptions(),
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


def schedule_of(env: str) -> dict[str, Any]:
    """Settings that Tables 2 and 3 give one StarCraft map; raise ValueError for an unknown map."""
    family, _, name = env.partition("-")
    if name not in SCENARIOS:
        raise ValueError(f"env is {env!r}, but {family} has no map {name!r}; known are {', '.join(SCENARIOS)}")
    found = SCENARIOS[name]
    return {"total_steps": found.total_steps, "explore.anneal_steps": found.anneal_steps}


DECIDED_BY_NAME: dict[str, Callable[[str], dict[str, Any]]] = {
    **dict.fromkeys(SCENARIO_FAMILIES, schedule_of),
    "Foraging": lambda env: foraging_task(env).settings,
}
"""Families whose names decide settings, with what reads them off."""


def named_settings(env: str) -> dict[str, Any]:
    """Settings that the name of an environment decides; raise ValueError where its family has no such name."""
    family = family_of(env)
    return DECIDED_BY_NAME[family](env) if family in DECIDED_BY_NAME else {}
