"""A whole run: train to the last step, keep its folder, survive being stopped at any moment."""

import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from na2q.config import TrainConfig
from na2q.training import checkpoint
from na2q.training.runlog import BEST, METRICS, WEIGHTS, RunError, RunFolder, read_weights
from na2q.training.trainer import STREAMS, DivergedError, Trainer, evaluate


def train(
    config: TrainConfig,
    run_dir: str | Path | None = None,
    *,
    checkpoint_minutes: float = 10,
    tensorboard: bool = False,
    init_from: str | Path | None = None,
) -> pd.DataFrame:
    """Train as `config` says; return the metrics, one row for each test.

    With `run_dir` the run is kept on disk: run.json, metrics.csv, weights.safetensors (last), best.safetensors
    (highest test return) and, every `checkpoint_minutes` and at the end, checkpoint.safetensors. Called again, a
    stopped run goes on from its checkpoint and a complete one returns its metrics. On SIGTERM the state
    is saved and the metrics so far are returned. `init_from` names a run whose weights a new run starts from,
    as far as their shapes fit.

    Raises:
        RunError: the folder is in use, cannot be written, or holds a run with other settings.
        CheckpointError: the checkpoint is damaged or cannot be written.
        DivergedError: a loss or gradient is not finite.
    """
    torch.set_num_threads(config.threads)
    trainer = Trainer(config)  # first, so that settings that cannot work leave no folder behind
    borrowed = borrow(trainer, Path(init_from)) if init_from else None
    if run_dir is None:
        _advance(trainer, lambda: None, lambda: False)
        return pd.DataFrame(trainer.rows)
    with RunFolder(Path(run_dir), config) as folder:
        if folder.complete:
            return pd.read_csv(folder.path / METRICS)
        folder.begin(init_from=borrowed)
        return _train_in(folder, trainer, checkpoint_minutes, tensorboard)


def _train_in(folder: RunFolder, trainer: Trainer, checkpoint_minutes: float, tensorboard: bool) -> pd.DataFrame:
    checkpoint.restore(trainer, folder.path)
    saved, saved_step = time.monotonic(), trainer.step
    events = _Events(folder.path, trainer.step) if tensorboard else None

    def tested() -> None:
        folder.metrics(trainer.rows)
        returns = [row["test_return_mean"] for row in trainer.rows]
        if returns[-1] >= max(returns):
            folder.weights(BEST, trainer.learner.online.state_dict(), trainer.env.spec)
        if events:
            events.add(trainer.rows[-1])

    with _signals() as stopped:

        def interrupt() -> bool:
            nonlocal saved, saved_step
            if stopped() or time.monotonic() - saved >= 60 * checkpoint_minutes:
                checkpoint.save(trainer, folder.path)
                saved, saved_step = time.monotonic(), trainer.step
            return stopped()

        try:
            _advance(trainer, tested, interrupt)
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
        }
        folder.note(status="complete", **facts)
    return pd.DataFrame(trainer.rows)


def absolute(trainer: Trainer, run_dir: Path, rounds: int = 10) -> dict[str, float]:
    """Test a run's best weights on fresh episodes, ten times as many as one test has; return mean metrics.

    The absolute metric of Gorsane et al. (2022): the choice of the best test is not paid for by its luck.
    """
    trainer.learner.online.load_state_dict(read_weights(run_dir / BEST).weights)
    rng = np.random.default_rng(np.random.SeedSequence(trainer.config.seed).spawn(STREAMS + 1)[-1])
    tests = [evaluate(trainer.test_env, trainer.learner.online.agent, rng) for _ in range(rounds)]
    means = {name: float(np.mean([test[name] for test in tests])) for name in tests[0]}
    return {"episodes": rounds * trainer.config.test_episodes} | means


def borrow(trainer: Trainer, source: Path) -> dict[str, Any]:
    """Copy weights of another run into online and target network; return which, and warn of those that do not fit.

    Raises RunError where none fits.
    """
    trained = read_weights(source)
    online = trainer.learner.online
    own = online.state_dict()
    fitting = {name: x for name, x in trained.weights.items() if name in own and own[name].shape == x.shape}
    fresh = sorted(own.keys() - fitting.keys())
    if not fitting:
        raise RunError(f"no weight of {source} fits {trainer.config.method} on {trainer.config.env}")
    if fresh:
        warnings.warn(f"{len(fresh)} weights start afresh, since {source} has none that fit: {fresh}", stacklevel=2)
    online.load_state_dict(own | fitting)
    trainer.learner.sync_target()
    return {"method": trained.config.method, "env": trained.config.env, "seed": trained.config.seed, "fresh": fresh}


def _advance(trainer: Trainer, tested: Callable[[], None], interrupt: Callable[[], bool]) -> None:
    """Play, learn and test until the last step or an interrupt, with a progress bar."""
    config = trainer.config
    bar = tqdm(
        total=config.total_steps,
        initial=trainer.step,
        unit="step",
        desc=f"{config.method} {config.env} seed {config.seed}",
        mininterval=1,
    )
    with bar:
        if not trainer.rows:
            trainer.test()
            tested()
        while trainer.step < config.total_steps and not interrupt():
            rows = len(trainer.rows)
            trainer.advance()
            bar.update(trainer.step - bar.n)
            if len(trainer.rows) > rows:
                tested()
                bar.set_postfix_str(f"test return {trainer.rows[-1]['test_return_mean']:.2f}")
        if config.total_steps <= trainer.step != trainer.rows[-1]["step"]:  # the interval does not end with the run
            trainer.test()
            tested()


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and Ctrl-C into a flag, so that a run stops between episodes and can be resumed exactly.

    Ctrl-C raises KeyboardInterrupt after that. Only the main thread may handle signals.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    handled = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda got, _: received.append(got)) for number in handled]
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
    if signal.SIGINT in received:
        raise KeyboardInterrupt


class _Events:
    """The same metrics as TensorBoard events, beside metrics.csv."""

    def __init__(self, path: Path, step: int) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("--tensorboard needs the package tensorboard: pip install 'na2q[tensorboard]'") from error
        self.writer = SummaryWriter(str(path), purge_step=step)

    def add(self, row: dict[str, int | float]) -> None:
        for name, value in row.items():
            self.writer.add_scalar(name, value, int(row["step"]))
        self.writer.flush()
