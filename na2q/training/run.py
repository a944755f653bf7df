"""A whole run: train to the last step, keep its folder, survive being stopped at any moment."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pandas as pd

from na2q.arguments import checks_arguments
from na2q.config import TrainConfig
from na2q.config.checks import Copies, Weight
from na2q.files import Address
from na2q.terminal import progress, signals
from na2q.training import checkpoint
from na2q.training.addresses import located
from na2q.training.borrow import borrow
from na2q.training.loggers import LOGGERS, Log, check_loggers
from na2q.training.memory import keep_freed_memory
from na2q.training.records import METRICS, METRICS_CHECKSUM, checksum_of_metrics, read_metrics
from na2q.training.runlog import RunFolder
from na2q.training.trainer import STREAMS, DivergedError, Trainer, evaluate
from na2q.training.weights import BEST, WEIGHTS, read_weights


@checks_arguments
def train(
    config: TrainConfig,
    run_dir: str | Path | None = None,
    *,
    checkpoint_minutes: Weight = 10,
    tensorboard: bool = False,
    wandb: bool = False,
    init_from: Address | None = None,
    stop: threading.Event | None = None,
) -> pd.DataFrame:
    """Train as `config` says; return the metrics, one row for each test.

    With `run_dir` the run is kept on disk: run.json, metrics.csv, weights.safetensors (last), best.safetensors
    (highest test return) and, every `checkpoint_minutes` and at the end, checkpoint.safetensors. Called again, a
    stopped run goes on from its checkpoint and a complete one returns its metrics. On SIGTERM or once `stop` is set,
    the state is saved and the metrics so far are returned, between two episodes; Ctrl-C raises KeyboardInterrupt after
    that, and a second signal ends at once. `init_from` names a run whose weights a new run starts from, as far as
    their shapes fit. `tensorboard` and `wandb` write the metrics for TensorBoard and Weights & Biases too, see
    `na2q.training.loggers`.

    Raises:
        ValueError: `checkpoint_minutes` is negative or not finite, or there is no folder beside which to log.
        ImportError: `tensorboard` or `wandb` is not installed.
        RunError: the folder is in use, cannot be written, or holds a run with other settings.
        CheckpointError: the checkpoint is damaged or cannot be written.
        DivergedError: a loss or gradient is not finite.
    """
    path = None if run_dir is None else Path(run_dir)
    source = None if init_from is None else located(init_from)
    switched_on = [name for name, on in {"tensorboard": tensorboard, "wandb": wandb}.items() if on]
    check_loggers(switched_on)
    if path is None and switched_on:
        raise ValueError(f"{' and '.join(switched_on)} log beside the files of a run: give run_dir")
    keep_freed_memory()
    stop = stop or threading.Event()
    with closing(Trainer(config)) as trainer:  # first, so that settings that cannot work leave no folder behind
        borrowed = None if source is None else borrow(trainer, source)
        if path is None:
            _with_bar(trainer, lambda: None, stop.is_set)
            return pd.DataFrame(trainer.rows)
        with RunFolder(path, config) as folder:
            if folder.complete:
                return read_metrics(folder.path, folder.record)
            folder.begin(init_from=borrowed)
            checkpoint.restore(trainer, folder.path)
            with ExitStack() as closing_logs:
                logs = [LOGGERS[name].begin(folder, trainer.rows) for name in switched_on]
                for log in logs:
                    closing_logs.callback(log.close)
                return _train_in(folder, trainer, checkpoint_minutes, logs, stop)


def _train_in(
    folder: RunFolder, trainer: Trainer, checkpoint_minutes: float, logs: Sequence[Log], stop: threading.Event
) -> pd.DataFrame:
    saved, saved_step = time.monotonic(), trainer.step

    def tested() -> None:
        folder.metrics(trainer.rows)
        returns = [row["test_return_mean"] for row in trainer.rows]
        if returns[-1] >= max(returns):
            folder.weights(BEST, trainer.learner.online.state_dict(), trainer.env.spec)
        for log in logs:
            log.add(trainer.rows[-1])

    with signals() as caught:

        def interrupt() -> bool:
            nonlocal saved, saved_step
            stopped = bool(caught) or stop.is_set()
            if stopped or time.monotonic() - saved >= 60 * checkpoint_minutes:
                checkpoint.save(trainer, folder.path)
                saved, saved_step = time.monotonic(), trainer.step
            return stopped

        try:
            _with_bar(trainer, tested, interrupt)
        except DivergedError as error:
            folder.note(status="diverged")
            raise DivergedError(f"{error}; the last good checkpoint is of step {saved_step}") from None
    if trainer.step >= folder.config.total_steps:
        checkpoint.save(trainer, folder.path)
        folder.weights(WEIGHTS, trainer.learner.online.state_dict(), trainer.env.spec)
        facts = {
            "steps": trainer.step,
            "seconds": round(trainer.seconds, 1),
            "absolute": absolute(trainer, folder.path),
            METRICS_CHECKSUM: checksum_of_metrics((folder.path / METRICS).read_bytes()),
        }
        folder.note(status="complete", **facts)
    return pd.DataFrame(trainer.rows)


@checks_arguments
def absolute(trainer: Trainer, run_dir: Path, rounds: Copies = 10) -> dict[str, float]:
    """Test a run's best weights on fresh episodes, ten times as many as one test has; return mean metrics.

    The absolute metric of Gorsane et al. (2022): the choice of the best test is not paid for by its luck.
    """
    trainer.learner.online.load_state_dict(read_weights(run_dir / BEST).weights)
    rng = np.random.default_rng(np.random.SeedSequence(trainer.config.seed).spawn(STREAMS + 1)[-1])
    tests = [evaluate(trainer.test_env, trainer.learner.online.agent, rng) for _ in range(rounds)]
    means = {name: float(np.mean([test[name] for test in tests])) for name in tests[0]}
    return {"episodes": rounds * trainer.config.test_episodes} | means


def _with_bar(trainer: Trainer, tested: Callable[[], None], interrupt: Callable[[], bool]) -> None:
    """Run a trainer under a progress bar."""
    config = trainer.config
    bar = progress(
        total=config.total_steps,
        initial=trainer.step,
        unit="step",
        desc=f"{config.method} {config.env} seed {config.seed}",
    )

    def show_test() -> None:
        bar.set_postfix_str(f"test return {trainer.rows[-1]['test_return_mean']:.2f}")
        tested()

    def show_steps() -> bool:
        bar.update(trainer.step - bar.n)
        return interrupt()

    with bar:
        trainer.run(show_test, show_steps)
        bar.update(trainer.step - bar.n)
