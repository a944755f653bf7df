"""Commands that train one run or measure how fast one trains."""

from pathlib import Path
from typing import Annotated

import tyro

from na2q.config import TrainConfig
from na2q.config.checks import Repeats, Weight
from na2q.files import check_target, replacing


def train(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    run_dir: Path,
    checkpoint_minutes: Weight = 10,
    tensorboard: bool = False,
    wandb: bool = False,
    init_from: Path | None = None,
) -> None:
    """Train a method on an environment, or go on where a stopped run left off.

    Defaults are those of the chosen method, environment and preset.

    Args:
        config: settings of the run.
        run_dir: folder of the run: metrics.csv, run.json, weights and checkpoint.
        checkpoint_minutes: minutes between checkpoints.
        tensorboard: write the metrics as TensorBoard events too.
        wandb: send the metrics to Weights & Biases too; WANDB_MODE=offline keeps them in the folder.
        init_from: run whose weights a new run starts from, as far as they fit.
    """
    from na2q.training import run

    metrics = run.train(
        config,
        run_dir,
        checkpoint_minutes=checkpoint_minutes,
        tensorboard=tensorboard,
        wandb=wandb,
        init_from=init_from,
    )
    last = metrics.iloc[-1]
    state = "complete" if last["step"] >= config.total_steps else "stopped; the same command goes on"
    print(f"{run_dir}: {last['step']:.0f} steps, test return {last['test_return_mean']:.3f}, {state}")


def bench(
    config: Annotated[TrainConfig, tyro.conf.arg(name="")],
    steps: Repeats = 2_000,
    json: Path | None = None,
) -> None:
    """Measure the speed of training, in steps a second and in floors, part by part.

    Args:
        config: settings of the run.
        steps: environment steps to measure, with one update for each episode.
        json: file to write the numbers to.
    """
    from na2q.training import bench as benchmark

    if json:
        check_target(json)
    numbers = benchmark.bench(config, steps)
    print(benchmark.table(numbers))
    if json:
        with replacing(json) as part:
            part.write_text(benchmark.as_json(numbers))
