"""What tells one learning curve from another: method, preset, and the settings that depart from it."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from na2q.config.presets import defaults
from na2q.config.run import TrainConfig, departures

LENGTH = ("total_steps", "test_interval")
"""Settings that make a curve longer or finer, and no other curve."""

SHORT: dict[tuple[str, Any], str] = {
    ("options.orders", (1,)): "order 1",
    ("options.orders", (1, 2, 3)): "order 3",
    ("options.credits", "state"): "w/o semantic",
    ("options.credits", "uniform"): "w/o attention",
    ("options.shape", "two_sided"): "two-sided",
    ("options.anchored", True): "anchored",
    ("options.mixer_optimizer", "rmsprop"): "mixer RMSprop",
    ("options.mixer_optimizer", "adam"): "mixer Adam",
    ("agent.kind", "two_head"): "two heads",
    ("agent.kind", "one_head"): "one head",
}
"""What chapters call a setting."""


class Curve(NamedTuple):
    """Identity of a curve: runs that share it differ in nothing but seed, task and length."""

    method: str
    preset: str = "released"
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, config: TrainConfig) -> "Curve":
        """Curve of a run. The preset is `released` where its own sets the same, as `paper` does for every baseline."""
        return cls(*_identity(config))

    @property
    def name(self) -> str:
        """The curve in words: its method, what is not preset `released`, and its settings."""
        words = [self.method]
        if self.preset != "released":
            words.append(f"preset {self.preset}")
        words += [SHORT.get(setting, "{}={}".format(*setting)) for setting in self.settings]
        return " ".join(words)

    @property
    def variant(self) -> str:
        """The settings alone, in words; empty where there is none."""
        return ", ".join(f"{name}={value}" for name, value in self.settings)


@functools.lru_cache(maxsize=4096)  # tables of sweeps ask for the same runs again and again
def _identity(config: TrainConfig) -> tuple[str, str, tuple[tuple[str, Any], ...]]:
    """Fields of a run's curve."""
    same = defaults(config.method, config.env, config.preset) == defaults(config.method, config.env, "released")
    settings = {name: value for name, value in departures(config).items() if name not in LENGTH}
    return config.method, "released" if same else config.preset, tuple(settings.items())


def trial(method: str, settings: Mapping[str, Any]) -> Curve:
    """Curve of a method in preset `released` with some settings of its own."""
    return Curve(method, "released", tuple(settings.items()))
