"""Facts of the real game beside what the engine does, counted and tabulated for the chapter on battles."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from na2q.envs.battle import MAPS, known
from na2q.envs.battle.known import Fact, Measured


class Agreement(NamedTuple):
    """What is known of the game, and what the first and the newest engine make of it."""

    facts: dict[str, Fact]
    first: dict[str, Measured]  # engine 1
    now: list[Measured]

    def agrees(self, row: Measured) -> bool:
        """Whether a measurement agrees with the game."""
        return known.agrees(self.facts[row.id], row)

    def networks(self, alike: bool | None = None) -> list[Measured]:
        """Networks that were trained in the game; with `alike`, on maps whose sides have one type of unit, or not."""
        found = [row for row in self.now if self.facts[row.id].player.startswith("network")]
        return [row for row in found if alike in (None, not MAPS[self.facts[row.id].map].ally_types)]


def read(data: Path) -> Agreement:
    """Read known_of_the_game.csv and battle_agreement.csv in a folder."""
    facts = {fact.id: fact for fact in known.facts(data / "known_of_the_game.csv")}
    rows = known.measured(data / "battle_agreement.csv")
    newest = max(row.engine for row in rows)
    first = {row.id: row for row in rows if row.engine == 1}
    return Agreement(facts, first, [row for row in rows if row.engine == newest])


def counts(found: Agreement) -> dict[str, int]:
    """Count the facts, those measured, and those that agree: in all, and in the groups that the chapter names."""
    groups = {
        "kept": [row for row in found.now if found.facts[row.id].role == "tests"],
        "alike": found.networks(alike=True),
        "networks": found.networks(),
    }
    numbers = {"facts": len(found.facts), "measured": len(found.now), "agreeing": sum(map(found.agrees, found.now))}
    numbers["earlier"] = sum(map(found.agrees, found.first.values()))
    for name, rows in groups.items():
        numbers |= {name: len(rows), f"{name}_agreeing": sum(map(found.agrees, rows))}
    return numbers


def table(found: Agreement) -> pd.DataFrame:
    """List what was measured by quantity, player and map: the game's value, ours with its interval, and engine 1's."""
    rows = []
    for row in found.now:
        fact, first = found.facts[row.id], found.first.get(row.id)
        about = {"map": fact.map, "player": fact.player or "half won", "what": fact.quantity}
        about |= {"game": float(fact.value), "engine": f"{row.ours:.2f} [{row.low:.2f}, {row.high:.2f}]"}
        about |= {"engine 1": first.ours if first else None, "agrees": "yes" if found.agrees(row) else "no"}
        rows.append(about | {"status": fact.status, "role": fact.role})
    ordered = pd.DataFrame(rows).sort_values(["what", "player", "map"], ascending=[False, True, True])
    return ordered.set_index(["what", "player", "map"])


class Mechanisms(NamedTuple):
    """The mechanisms of the engine that were tried, numbered in their order."""

    adopted: pd.DataFrame
    """What each stands on, where it is known from, what it predicts, and whether it was adopted."""
    tried: pd.DataFrame
    """What was measured, a row each, with every mechanism as a column by its name."""
    numbered: pd.DataFrame
    """The same with the mechanisms by their number, as columns that fit a page."""


def mechanisms(data: Path) -> Mechanisms:
    """Read battle_mechanisms.csv in a folder."""
    stored = pd.read_csv(data / "battle_mechanisms.csv", comment="#").set_index("change")
    words = {"on_top_of": "on top of", "known_from": "known from", "predicts": "predicts", "verdict": "verdict"}
    tried = stored.drop(columns=list(words)).T.rename_axis(index="measured", columns=None)
    first = ("the game", "engine 1")
    changes = [name for name in stored.index if name not in first]
    numbers = {name: str(place) for place, name in enumerate(changes, 1)}
    adopted = stored.loc[changes, list(words)].rename(columns=words).fillna("")
    adopted = adopted.reset_index(names="mechanism").set_index(pd.Index(range(1, len(changes) + 1), name="no."))
    return Mechanisms(adopted, tried, tried.rename(columns=numbers))
