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
settings.
"""

import argparse
import json
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


def collect(results: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read all finished runs below a folder of sacred: returns in marl-eval's format, and a row for each run."""
    written: dict[str, Any] = {}
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}  # the last run of each task, method and seed
    for path in sorted(results.rglob("config.json")):
        config, run, metrics = (
            json.loads((path.parent / f"{n}.json").read_text()) for n in ("config", "run", "metrics")
        )
        if "test_return_mean" not in metrics:
            continue
        played = config["env_args"]
        battle = "map_name" in played
        task = f"battle-{played['map_name']}" if battle else played["key"].partition(":")[2]
        source = run["experiment"]["repositories"][0]
        versions = dict(item.split("==") for item in run["experiment"]["dependencies"])
        means, deviations = metrics["test_return_mean"], metrics["test_return_std"]
        began = pd.Timestamp(means["timestamps"][0])
        runs = written.setdefault("battle" if battle else "lbf", {}).setdefault(task, {}).setdefault(config["name"], {})
        runs[f"seed_{config['seed']}"] = {
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
        rows[task, config["name"], config["seed"]] = (
            {"task": task, "method": config["name"], "seed": config["seed"], "steps": means["steps"][-1]}
            | {
                "status": "complete" if run["status"] == "COMPLETED" else "stopped",
                "commit": source["commit"],
                "changed": source["dirty"],
            }
            | {"python": run["host"]["python_version"]}
            | {name: versions.get(name, "") for name in PACKAGES}
            | {name: config[name] for name in SETTINGS}
        )
    return written, pd.DataFrame(list(rows.values()))


def main() -> None:
    """Write the runs below a folder."""
    parser = argparse.ArgumentParser(description="Collect runs of EPyMARL.")
    parser.add_argument("results", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    written, rows = collect(given.results)
    given.out.write_text(json.dumps(written, indent=1) + "\n")
    rows.to_csv(given.out.with_suffix(".csv"), index=False)
    print(rows.iloc[:, :6].to_string(index=False))


if __name__ == "__main__":
    main()
