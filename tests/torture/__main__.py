"""Try to break the package: bad inputs, damaged files, kills, full disks, lost workers. `make torture` runs it.

Prints what became of every kind and ends with status 1 where anything was wrong, ended with a traceback, hung or left
a process behind. Names of parts as arguments run only those.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import damage
import foreign
import inputs
import kills
import material
import places
from heeded import heed_signals
from tally import Tally

PARTS: dict[str, Callable[[Tally, material.Material, Path], None]] = {
    "functions": lambda tally, *_: inputs.functions(tally),
    "settings": lambda tally, *_: inputs.settings(tally),
    "commands": inputs.commands,
    "files": damage.damaged_files,
    "foreign": foreign.foreign,
    "full": places.full,
    "forbidden": places.forbidden,
    "runs": kills.runs,
    "sweeps": kills.sweeps,
    "schedulers": kills.schedulers,
}


def main(names: list[str]) -> int:
    """Run the parts named, or all."""
    if unknown := [name for name in names if name not in PARTS]:
        print(f"no part is named {', '.join(unknown)}; there are {', '.join(PARTS)}")
        return 2
    heed_signals()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        made = material.make(Path(folder) / "material")
        for name in names or PARTS:
            began = time.monotonic()
            PARTS[name](tally, made, Path(folder) / name)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print("\n".join(tally.faults))
    print(tally)
    return int(tally.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
