r"""Train methods on one task, some seeds each, and draw their learning curves.

    python examples/train_and_compare.py --steps 20000
    python examples/train_and_compare.py --methods na2q qmix --env battle-3m \
        --seeds 1 2 --steps 100000

Runs that are complete are not repeated, stopped ones go on.
"""

from itertools import product
from pathlib import Path

import tyro

import na2q
from na2q import style
from na2q.config import DEFAULT_PRESET
from na2q.evaluation import figures, results


def main(
    methods: tuple[str, ...] = ("na2q", "vdn", "qmix"),
    env: str = "lbf-4p-2f",
    seeds: tuple[int, ...] = (1, 2, 3),
    steps: int = 20_000,
    preset: str = DEFAULT_PRESET,
    folder: Path = Path("runs/compare"),
    out: Path = Path("curves.png"),
) -> None:
    """Train, print the last test of each run, and draw all tests.

    Args:
        methods: names as `na2q methods` lists them.
        env: task, see `na2q envs`.
        seeds: one run of each method for each.
        steps: environment steps of a run, the first half with falling exploration.
        preset: which differences between paper and code apply.
        folder: where the runs are kept.
        out: picture to write.
    """
    for seed, method in product(seeds, methods):
        config = na2q.configure(
            method,
            env,
            preset,
            seed=seed,
            total_steps=steps,
            test_interval=max(1, steps // 10),
            **{"explore.anneal_steps": max(1, steps // 2)},
        )
        na2q.train(config, folder / method / f"seed-{seed}")
    runs = results.load_runs(folder)
    print(results.final_returns(runs).round(3).to_string())
    style.use_style()
    figures.learning_curves(runs).savefig(out)
    print(out)


if __name__ == "__main__":
    tyro.cli(main)
