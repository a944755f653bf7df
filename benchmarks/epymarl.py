"""Collect runs of EPyMARL, which is run unmodified beside this package, as data for the page that compares the two.

In a checkout of github.com/uoe-agents/epymarl, at the commit that the data names and with its own environment:

    python src/main.py --config=vdn --env-config=gymma with env_args.time_limit=50 \\
        env_args.key=lbforaging:Foraging-5x5-2p-1f-coop-v3 seed=1 t_max=100000 use_cuda=False lr=0.0003 \\
        hidden_dim=128 use_rnn=True epsilon_anneal_time=50000 test_interval=10000 log_interval=10000

or, for a battle on this package's engine, with the one import changed that book/engine.md names,

    python src/main.py --config=qmix --env-config=sc2 with env_args.map_name=3m seed=1 t_max=100000 use_cuda=False \\
        lr=0.0003 hidden_dim=128 use_rnn=True epsilon_anneal_time=50000 test_interval=10000 test_nepisode=100 \\
        log_interval=10000

and here: ``python benchmarks/epymarl.py EPYMARL/results/sacred --out data/epymarl.json``. The file is in the format of
marl-eval, steps rounded down to the interval of tests; beside it goes a table of the runs with commit, versions and
settings. Runs that the file holds already stay in it, unless a longer one of the same task, method and seed is found.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

SETTINGS = (
    "lr",
    "hidden_dim",
    "use_rnn",
    "epsilon_anneal_time",
    "target_update_interval_or_tau",
    "standardise_rewards",
)
SETTINGS += ("obs_last_action", "batch_size", "buffer_size", "gamma", "test_nepisode", "t_max")
PACKAGES = ("torch", "numpy")


class Collected:
    """Runs of EPyMARL: their returns in marl-eval's format, and a row for each."""

    def __init__(self, written: dict[str, Any] | None = None, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """Begin with what is stored already, or with nothing."""
        self.written = written or {}
        self.rows: dict[tuple[str, str, int], dict[str, Any]] = {
            (row["task"], row["method"], int(row["seed"])): dict(row) for row in rows
        }

    @classmethod
    def stored(cls, path: Path) -> "Collected":
        """Read what an earlier call wrote; nothing where there is no such file."""
        if not path.exists():
            return cls()
        rows = pd.read_csv(path.with_suffix(".csv"), dtype=str).to_dict("records")
        return cls(json.loads(path.read_text()), [{**row, "steps": int(row["steps"])} for row in rows])

    def add(self, folder: Path) -> str:
        """Take the run of one folder of sacred, unless a longer one of its task, method and seed is here; say which."""
        try:
            config, run, metrics = (
                json.loads((folder / f"{n}.json").read_text()) for n in ("config", "run", "metrics")
            )
        except (FileNotFoundError, json.JSONDecodeError) as error:
            return f"left out, since it was killed before it wrote everything: {error}"
        if "test_return_mean" not in metrics:
            return "left out, since it has no test"
        played = config["env_args"]
        battle = "map_name" in played
        task = f"battle-{played['map_name']}" if battle else played["key"].partition(":")[2]
        key = task, config["name"], config["seed"]
        row = _row(task, config, run, metrics["test_return_mean"]["steps"][-1])
        if key in self.rows and self.rows[key]["steps"] > row["steps"]:
            return "left out, since a longer one is stored"
        family = self.written.setdefault("battle" if battle else "lbf", {})
        family.setdefault(task, {}).setdefault(config["name"], {})[f"seed_{config['seed']}"] = _tests(config, metrics)
        self.rows[key] = row
        return "taken"

    def table(self) -> pd.DataFrame:
        """Return the rows, in order."""
        return pd.DataFrame([self.rows[key] for key in sorted(self.rows)])


def _tests(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    means, deviations = metrics["test_return_mean"], metrics["test_return_std"]
    began = pd.Timestamp(means["timestamps"][0])
    return {
        f"step_{i}": {
            "step_count": step // config["test_interval"] * config["test_interval"],
            "elapsed_time": (pd.Timestamp(time) - began).total_seconds(),
            "return": [mean],
            "return_std": [deviation],
        }
        for i, (step, time, mean, deviation) in enumerate(
            zip(means["steps"], means["timestamps"], means["values"], deviations["values"], strict=True)
        )
    }


def _row(task: str, config: Mapping[str, Any], run: Mapping[str, Any], steps: int) -> dict[str, Any]:
    source = run["experiment"]["repositories"][0]
    versions = dict(item.split("==") for item in run["experiment"]["dependencies"])
    return (
        {"task": task, "method": config["name"], "seed": config["seed"], "steps": steps}
        | {"status": "complete" if run["status"] == "COMPLETED" else "stopped"}
        | {"commit": source["commit"], "changed": source["dirty"], "python": run["host"]["python_version"]}
        | {name: versions.get(name, "") for name in PACKAGES}
        | {name: config[name] for name in SETTINGS}
    )


def main() -> None:
    """Write the runs below a folder beside those that are stored already."""
    parser = argparse.ArgumentParser(description="Collect runs of EPyMARL.")
    parser.add_argument("results", type=Path, help="folder of sacred, or any above it")
    parser.add_argument("--out", type=Path, required=True, help="JSON file that gets the runs; those in it are kept")
    given = parser.parse_args()
    runs = Collected.stored(given.out)
    for path in sorted(given.results.rglob("config.json")):
        print(f"{path.parent.relative_to(given.results)}: {runs.add(path.parent)}")
    given.out.write_text(json.dumps(runs.written, indent=1) + "\n")
    runs.table().to_csv(given.out.with_suffix(".csv"), index=False)
    print(runs.table().iloc[:, :6].to_string(index=False))


if __name__ == "__main__":
    main()
