"""What came of everything that was tried, as one table."""

from collections import Counter

GOOD = ("clear error", "recovered")
BAD = ("wrong", "tracebacks", "hangs", "orphans")


class Tally:
    """Counts outcomes by kind, and keeps what is to be said of the bad ones."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.faults: list[str] = []

    def add(self, kind: str, outcome: str, case: str, detail: str = "") -> None:
        """Count one case; `detail` is printed where the outcome is bad."""
        row = self.counts.setdefault(kind, Counter())
        if outcome != "orphans":  # which come on top of what else became of a case
            row["tried"] += 1
        row[outcome] += 1
        if outcome in BAD:
            self.faults.append(
                f"{outcome}: {kind}: {case}\n" + "".join(f"    {x}\n" for x in detail.splitlines()[-12:])
            )

    @property
    def failed(self) -> bool:
        """Whether anything was not as it must be."""
        return any(row[name] for row in self.counts.values() for name in BAD)

    def __str__(self) -> str:
        columns = ("tried", *GOOD, *BAD)
        rows = [("kind", *columns)]
        rows += [(kind, *(f"{row[name]:,}" for name in columns)) for kind, row in self.counts.items()]
        total = sum(self.counts.values(), Counter())
        rows.append(("all", *(f"{total[name]:,}" for name in columns)))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True))])
            for row in rows
        ]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:-1], "-" * len(lines[0]), lines[-1]])
