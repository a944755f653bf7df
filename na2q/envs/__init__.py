"""Environments behind one interface, found by name."""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from na2q.arguments import checks_arguments
from na2q.config import ENV_OPTIONS, NoOptions, Settings, check_name, configure, family_of
from na2q.config.checks import Copies
from na2q.config.foraging import HOW
from na2q.envs.base import Observation, Transition, VectorEnv
from na2q.envs.offers import Clonable, Recordable, Snapshot
from na2q.envs.pettingzoo import from_pettingzoo

if TYPE_CHECKING:
    from na2q.envs.battle.starcraft2 import MultiAgentEnv, StarCraft2Env
    from na2q.envs.parallel import ParallelTask
    from na2q.envs.team_env import TeamEnv

Constructor = Callable[[str, Any, int], VectorEnv]
"""Makes copies of an environment from its full name, the options of its family and the number of copies."""


def deferred(module: str, function: str) -> Constructor:
    """Import a constructor when it is first called."""
    return lambda *args: getattr(importlib.import_module(module), function)(*args)


class Family(NamedTuple):
    """How the environments of one family are made, and how their names are written."""

    constructor: Constructor
    names: str


ENVS: dict[str, Family] = {
    "lbf": Family(deferred("na2q.envs.lbf", "LBF"), "lbf-<players>p-<foods>f, for example lbf-4p-2f"),
    "Foraging": Family(deferred("na2q.envs.lbf", "registered"), HOW),
    "matrix": Family(deferred("na2q.envs.matrix", "MatrixGame"), "matrix-qtran, matrix-climbing, matrix-two_step"),
    "battle": Family(
        deferred("na2q.envs.battle", "make"), "battle-<map>, for example battle-3m (embedded, not StarCraft II)"
    ),
    "smac": Family(deferred("na2q.envs.smac", "make"), "smac-<map>, for example smac-8m (needs StarCraft II)"),
}
"""Families by their names; an environment is named after its family, or its family, a dash and more."""

OURS = tuple(ENVS)


@checks_arguments
def register(family: str, constructor: Constructor, options: Settings | None = None, names: str = "") -> None:
    """Add a family of environments of one's own, for this process; a second call replaces the first.

    Args:
        family: its name. `TrainConfig.env` takes it, alone or followed by a dash and more, as in spread-3.
        constructor: called with the full name, `TrainConfig.env_options` and the number of copies.
        options: the family's default settings, an instance of a frozen dataclass derived from Settings.
        names: what `na2q envs` shows of how names are written.

    Raises:
        ValueError: the name belongs to this package, or is none that a folder could have.
    """
    check_name("family", family)
    if family_of(family) in OURS:
        raise ValueError(f"environment family {family!r} belongs to na2q, as do {', '.join(OURS)}: choose another name")
    ENVS[family] = Family(constructor, names or family)
    ENV_OPTIONS[family] = options or NoOptions()


@checks_arguments
def make(name: str, options: Any, n_envs: Copies = 1) -> VectorEnv:
    """Build `n_envs` copies of an environment; raise ValueError for an unknown name."""
    family = family_of(name)
    if family not in ENVS:
        raise ValueError(f"unknown environment {name!r}; families are {', '.join(ENVS)}")
    return ENVS[family].constructor(name, options, n_envs)


@checks_arguments
def to_pettingzoo(env: str | VectorEnv, render_mode: str | None = None, **options: Any) -> "ParallelTask":
    """Return an environment of this package as a ParallelEnv of PettingZoo.

    Args:
        env: its name, or a VectorEnv of one copy.
        render_mode: rgb_array for pictures by `render`; None for none.
        options: settings of the environment where `env` is a name, such as ``sight=3``.

    Raises:
        ImportError: PettingZoo is not installed.
        ValueError: an unknown environment or setting, a setting for a VectorEnv that is made already, several copies.
    """
    try:
        from na2q.envs.parallel import ParallelTask
    except ImportError as error:
        raise ImportError(f"to_pettingzoo needs PettingZoo: pip install 'na2q[pettingzoo]' ({error})") from error
    return ParallelTask(*_one_copy(env, options), render_mode)


@checks_arguments
def to_gymnasium(env: str | VectorEnv, render_mode: str | None = None, **options: Any) -> "TeamEnv":
    """Return an environment of this package as an Env of Gymnasium in which one agent moves the whole team.

    Gymnasium's own classes make a VectorEnv of it: ``SyncVectorEnv([lambda: to_gymnasium("battle-3m")] * 8)``.

    Args:
        env: its name, or a VectorEnv of one copy.
        render_mode: rgb_array for pictures by `render`; None for none.
        options: settings of the environment where `env` is a name, such as ``sight=3``.

    Raises:
        ValueError: an unknown environment or setting, a setting for a VectorEnv that is made already, several copies.
    """
    from na2q.envs.team_env import TeamEnv

    return TeamEnv(*_one_copy(env, options), render_mode)


def _one_copy(env: str | VectorEnv, options: dict[str, Any]) -> tuple[VectorEnv, str]:
    """Return an environment of one copy, and its name, which for one that is made already is that of its class."""
    if not isinstance(env, str):
        if options:
            raise ValueError(f"settings {sorted(options)} are for environments given by name, but env is {env!r}")
        return env, type(env).__name__
    settings = {f"env_options.{name}": value for name, value in options.items()}
    return make(env, configure(env=env, **settings).env_options), env


def __getattr__(name: str) -> Any:
    """Import SMAC's interface when it is first used: it brings the battle engine along."""
    if name not in ("MultiAgentEnv", "StarCraft2Env"):
        raise AttributeError(f"module 'na2q.envs' has no attribute {name!r}")
    return getattr(importlib.import_module("na2q.envs.battle.starcraft2"), name)


__all__ = [
    "ENVS",
    "Clonable",
    "Family",
    "MultiAgentEnv",
    "Observation",
    "Recordable",
    "Snapshot",
    "StarCraft2Env",
    "Transition",
    "VectorEnv",
    "from_pettingzoo",
    "make",
    "register",
    "to_gymnasium",
    "to_pettingzoo",
]
