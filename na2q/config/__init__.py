"""Every number of a run, with its source, and the presets that tell paper and released code apart.

This is the ground that command line, notebooks, methods and trainer share; it imports nothing of the package and no
numerical library. Where paper and code differ is in `na2q.config.deviations`, setting by setting.
"""

from na2q.config.checks import Since, check_name, checked
from na2q.config.curve import Curve
from na2q.config.deviation import Deviation
from na2q.config.deviations import DEVIATIONS
from na2q.config.envs import (
    ENV_OPTIONS,
    SCENARIO_FAMILIES,
    SCENARIOS,
    BattleOptions,
    LBFOptions,
    MatrixOptions,
    Scenario,
    SMACOptions,
    family_of,
)
from na2q.config.methods import (
    METHOD_OPTIONS,
    SUBJECT,
    CDSOptions,
    DVDOptions,
    NA2QOptions,
    QattenOptions,
    QMIXOptions,
    QPLEXOptions,
    QTRANOptions,
    SHAQOptions,
    WQMIXOptions,
)
from na2q.config.presets import DEFAULT_PRESET, PRESETS, Preset, defaults
from na2q.config.published import ORIGINAL, original
from na2q.config.run import TrainConfig, changed, configure, departures, flat
from na2q.config.settings import AgentConfig, ExploreConfig, NoOptions, OptimConfig, ReplayConfig, Settings
from na2q.config.stored import (
    VERSION,
    as_dict,
    as_texts,
    config_of,
    curve_of,
    facts,
    from_dict,
    from_texts,
    meant_by,
)

__all__ = [
    "DEFAULT_PRESET",
    "DEVIATIONS",
    "ENV_OPTIONS",
    "METHOD_OPTIONS",
    "ORIGINAL",
    "PRESETS",
    "SCENARIOS",
    "SCENARIO_FAMILIES",
    "SUBJECT",
    "VERSION",
    "AgentConfig",
    "BattleOptions",
    "CDSOptions",
    "Curve",
    "DVDOptions",
    "Deviation",
    "ExploreConfig",
    "LBFOptions",
    "MatrixOptions",
    "NA2QOptions",
    "NoOptions",
    "OptimConfig",
    "Preset",
    "QMIXOptions",
    "QPLEXOptions",
    "QTRANOptions",
    "QattenOptions",
    "ReplayConfig",
    "SHAQOptions",
    "SMACOptions",
    "Scenario",
    "Settings",
    "Since",
    "TrainConfig",
    "WQMIXOptions",
    "as_dict",
    "as_texts",
    "changed",
    "check_name",
    "checked",
    "config_of",
    "configure",
    "curve_of",
    "defaults",
    "departures",
    "facts",
    "family_of",
    "flat",
    "from_dict",
    "from_texts",
    "meant_by",
    "original",
]
