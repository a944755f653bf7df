"""Make the table of the book's speed chapter: python benchmarks/speed.py --out data/speed.csv

Each line is one `na2q bench` in a process of its own, on one core; about eight minutes in all.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from na2q.config import SCENARIOS
from na2q.training.origin import git_commit

TASK = "lbf-4p-2f"
METHODS = ("na2q", "vdn", "qmix", "qtran", "qatten", "qplex", "wqmix", "cds", "dvd", "shaq", "iql")
CASES: list[tuple[str, str, list[str]]] = [  # what is varied, its value, flags
    *(("method", method, ["--method", method, "--env", TASK]) for method in METHODS),
    *(("agents", str(n), ["--env", f"lbf-{n}p-2f"]) for n in (3, 4, 6, 8, 10)),
    *(("order", "-".join(o), ["--env", TASK, "--options.orders", *o]) for o in (["1"], ["1", "2"], ["1", "2", "3"])),
    *(("batch", str(b), ["--env", TASK, "--replay.batch", str(b)]) for b in (8, 16, 32, 64)),
    *(("map", name, ["--env", f"battle-{name}"]) for name in SCENARIOS),
    *(("environments", str(e), ["--env", TASK, "--n-envs", str(e)]) for e in (1, 2, 4, 8)),
]


def measure(flags: list[str], steps: int) -> dict[str, float]:
    """Run one benchmark and flatten its numbers; times are medians in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.json"
        command = [sys.executable, "-m", "na2q.cli", "bench", "--preset", "released", *flags]
        command += ["--steps", str(steps), "--json", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        numbers = json.loads(out.read_text())
    parts = {f"{name}_ms": part["median"] for name, part in numbers.pop("parts").items()}
    return numbers | parts


def main() -> None:
    """Measure every case and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/speed.csv"))
    parser.add_argument("--steps", type=int, default=1_200)
    parser.add_argument("--only", help="measure only what varies this, and keep the other lines of the table")
    args = parser.parse_args()
    rows = []
    if args.only:
        kept = pd.read_csv(args.out)
        rows = kept[kept["varied"] != args.only].to_dict("records")
    for varied, value, flags in CASES:
        if args.only not in (None, varied):
            continue
        rows.append({"varied": varied, "value": value} | measure(flags, args.steps) | {"commit": git_commit()})
        print(f"{varied} {value}: {rows[-1]['steps_per_second']:.0f} steps/s, {rows[-1]['episode_floors']:.2f} floors")
    pd.DataFrame(rows).to_csv(args.out, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
