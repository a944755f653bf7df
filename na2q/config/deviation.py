"""What one row of the table of deviations says."""

from dataclasses import dataclass
from typing import Any, Literal

Column = Literal["paper", "released", "exact", "fair"]
"""The columns of values, of which each preset takes one."""


@dataclass(frozen=True)
class Deviation:
    """One difference: who says what, and the value of the setting on each side."""

    label: str
    """How code and book cite it; parts of one matter share a label."""
    topic: str
    """What differs."""
    concerns: str
    """Methods or families of environments, separated by spaces; or all."""
    impact: Literal["H", "H-M", "M-H", "M", "L-M", "L"]
    """What was expected before any run: H can change curves or conclusions, M numbers, L is marginal."""
    says: str
    """What the paper says, with the place."""
    does: str
    """What the released code does; it has been read or run."""
    ours: str = ""
    """What this package does, where the values do not say it."""
    setting: str = ""
    """The setting that decides it, group.name; empty where none does."""
    used: str = ""
    """The file below na2q/ in which that setting takes effect; empty where there is none."""
    paper: Any = None
    """Value in the paper; None where it states none."""
    released: Any = None
    """Value in the released code, with plain bugs mended."""
    exact: Any = None
    """Value in the released code as it is; None where it is `released`."""
    fair: Any = None
    """Value that treats all methods alike; None where it is `released`."""
    always: Any = None
    """Value in every preset, of rows that presets leave alone: they change methods, never the game or its length."""
    other: Any = None
    """A further value that neither paper nor code has."""
    tried: Literal["", "paper", "released", "exact", "other"] = ""
    """Whose value sweep `controls` tries, as the only step away from preset `released`."""
    related: tuple[str, ...] = ()
    """Settings that belong to the matter and that presets leave at their defaults."""

    def names(self, concerned: str) -> bool:
        """Whether the row is about a method or a family of environments by its name."""
        return concerned in self.concerns.split()

    def value(self, column: Column) -> Any:
        """Value of the setting in the preset of that column; None where presets leave it alone."""
        if self.always is not None:
            return self.always
        stated = getattr(self, column)
        return self.released if stated is None else stated

    @property
    def trial(self) -> dict[str, Any]:
        """The setting and value that sweep `controls` tries; empty where it tries none."""
        return {self.setting: getattr(self, self.tried)} if self.tried else {}
