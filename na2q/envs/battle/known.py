"""What is known of the real game, beside what the engine does.

Run ``python -m na2q.envs.battle.known --facts data/known_of_the_game.csv --out data/battle_agreement.csv``: every
fact about a scripted player is measured again, in a few minutes. Facts about networks that were trained in the
game need those networks: `benchmarks/game_networks.py` measures them and adds its rows to the same table.
"""

import argparse
import csv
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import BattleOptions
from na2q.config.checks import Repeats
from na2q.envs.battle.scripts import OUTCOMES, PLAYERS, play

Z = 1.96  # quantile of 95 % intervals
HALF = "return at win rate 0.5"
STAND_IN = "focus"
"""Script whose won and lost battles, weighed equally, stand for players that win half of theirs."""
TOLERANCE = {"win_rate": 0.15, "return": 0.1, "steps": 3.0, HALF: 0.5}
"""How far beyond the interval the game's value may lie for the two to agree."""


SYMMETRIC = ("3m", "8m", "2s3z", "3s5z")
"""Maps on which the stand-in wins and loses often enough."""


@dataclass(frozen=True)
class Fact:
    """One number about the real game: a row of `known_of_the_game.csv`."""

    id: str
    map: str
    player: str
    """A scripted player of `PLAYERS`, something else that played, or nothing."""
    quantity: str
    value: str
    source: str
    version: str
    """Of StarCraft II."""
    status: str
    """logged, printed or quoted from memory."""
    role: str
    """chooses or tests: whether the fact helped to choose the engine's rules, or was kept to test them."""
    what: str

    @property
    def measurable(self) -> bool:
        """Whether a scripted player can measure it again."""
        scripted = self.player in PLAYERS and self.quantity in OUTCOMES
        return scripted or (self.quantity == HALF and self.map in SYMMETRIC)


@dataclass(frozen=True)
class Measured:
    """What the engine does about a fact: mean over battles and its 95 % interval."""

    id: str
    engine: int
    battles: int
    ours: float
    low: float
    high: float


@checks_arguments
def facts(path: Path) -> list[Fact]:
    """Read all facts of a file.

    Raises ValueError for a status or a role that is none.
    """
    with path.open() as file:
        found = [Fact(**row) for row in csv.DictReader(line for line in file if not line.startswith("#"))]
    for fact in found:
        if fact.status not in ("logged", "printed", "quoted from memory"):
            raise ValueError(
                f"fact {fact.id} has status {fact.status!r}, must be logged, printed or quoted from memory"
            )
        if fact.role not in ("chooses", "tests"):
            raise ValueError(f"fact {fact.id} has role {fact.role!r}, must be chooses or tests")
    return found


def interval(values: ndarray) -> tuple[float, float, float]:
    """Return mean, lower and upper end of a 95 % interval: Wilson's for shares of 0 and 1, else the normal one."""
    n, mean = len(values), float(values.mean())
    if np.isin(values, (0, 1)).all():
        middle, spread = (mean + Z**2 / (2 * n)), Z * np.sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2))
        low, high = (float((middle + side * spread) / (1 + Z**2 / n)) for side in (-1, 1))
        return mean, min(max(low, 0.0), mean), max(min(high, 1.0), mean)  # roundings aside
    half = Z * float(values.std(ddof=1)) / np.sqrt(n)
    return mean, mean - half, mean + half


@checks_arguments
def measure(fact: Fact, engine: int, battles: Repeats) -> Measured:
    """Let the fact's scripted player play on this engine.

    Raises ValueError for a fact that no scripted player can measure.
    """
    if not fact.measurable:
        raise ValueError(f"fact {fact.id} is about {fact.player!r} and {fact.quantity!r}, which no script can measure")
    if fact.quantity == HALF:
        found = _half_won(play(fact.map, PLAYERS[STAND_IN], battles))
    else:
        found = interval(play(fact.map, PLAYERS[fact.player], battles)[fact.quantity])
    return Measured(fact.id, engine, battles, *(round(number, 3) for number in found))


def agrees(fact: Fact, ours: Measured) -> bool:
    """Whether the game's value lies in the interval of ours or beyond it by no more than `TOLERANCE`."""
    slack = TOLERANCE[fact.quantity]
    return ours.low - slack <= float(fact.value) <= ours.high + slack


def _half_won(battles: dict[str, ndarray]) -> tuple[float, float, float]:
    """Return mean and interval of the return if half of the battles were won."""
    won = battles["win_rate"] == 1
    parts = [interval(battles["return"][which]) for which in (won, ~won)]
    mean = sum(part[0] for part in parts) / 2
    half = math.hypot(*(part[2] - part[0] for part in parts)) / 2
    return mean, mean - half, mean + half


@checks_arguments
def measured(path: Path) -> list[Measured]:
    """Read what was measured."""
    with path.open() as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [
            Measured(
                row["id"], int(row["engine"]), int(row["battles"]), *(float(row[k]) for k in ("ours", "low", "high"))
            )
            for row in rows
        ]


def write(rows: Iterable[Measured], out: Path) -> None:
    """Write what was measured; rows of the file about other facts or other versions of the engine stay."""
    kept = {(row.id, row.engine): row for row in [*(measured(out) if out.exists() else ()), *rows]}
    with out.open("w", newline="") as file:
        file.write("# the embedded engine beside known_of_the_game.csv; see na2q.envs.battle.known\n")
        writer = csv.DictWriter(file, [field.name for field in fields(Measured)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(kept[key]) for key in sorted(kept))


def main() -> None:
    """Measure all facts about scripted players from the command line."""
    parser = argparse.ArgumentParser(description="What is known of the game, beside the embedded engine.")
    parser.add_argument("--facts", type=Path, required=True, help="known_of_the_game.csv")
    parser.add_argument("--out", type=Path, required=True, help="CSV file to write")
    parser.add_argument("--battles", type=int, default=200, help="battles for each fact, a multiple of 50")
    arguments = parser.parse_args()
    known = [fact for fact in facts(arguments.facts) if fact.measurable]
    write((measure(fact, BattleOptions().engine, arguments.battles) for fact in known), arguments.out)


if __name__ == "__main__":
    main()
