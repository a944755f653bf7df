"""Who does the runs of a sweep: processes of this machine, or the workers of a Dask cluster."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from na2q.campaign.folders import KEPT
from na2q.config import TrainConfig
from na2q.files import WriteError
from na2q.training.records import BusyError, RunError, read_record

if TYPE_CHECKING:
    from distributed import Client

GRACE = 30.0  # seconds that a run which was told to stop has for saving its state


@dataclass(frozen=True)
class Ending:
    """What became of one attempt at a run."""

    state: Literal["complete", "failed", "busy", "stopped", "crashed"]
    """A failed run met an error that would come again, a crashed one may go on; another process holds a busy one."""
    reason: str = ""
    files: dict[str, bytes] = field(default_factory=dict)  # of complete runs, where workers do not share the folder


def work(config: TrainConfig, folder: str | None, stop: threading.Event | None = None) -> Ending:
    """Train one run in this process, below a folder of its own where `folder` is None, for lack of a shared one."""
    if folder is None:
        with tempfile.TemporaryDirectory() as place:
            outcome = work(config, place, stop)
            complete = outcome.state == "complete"
            return replace(outcome, files={name: (Path(place) / name).read_bytes() for name in KEPT if complete})
    from na2q.training.checkpoint import NAME, CheckpointError
    from na2q.training.run import train  # torch is imported in the worker, not where sweeps are listed
    from na2q.training.trainer import DivergedError

    try:
        train(config, folder, stop=stop)
        if read_record(Path(folder))["status"] != "complete":
            return Ending("stopped", "stopped before its last step")
        (Path(folder) / NAME).unlink(missing_ok=True)  # holds the whole replay: too large to keep by the hundred
    except BusyError as error:
        return Ending("busy", str(error))
    except (ValueError, RunError, WriteError, CheckpointError, DivergedError, ImportError, MemoryError) as error:
        return Ending("failed", str(error) or type(error).__name__)
    except Exception as error:  # of the environment, most likely
        return Ending("crashed", f"{type(error).__name__}: {error}")
    return Ending("complete")


class Workers(ABC):
    """Does runs side by side, and can be told to stop them all."""

    @abstractmethod
    def submit(self, config: TrainConfig, folder: str | None) -> "Future[Ending]":
        """Queue one run, see `work`; the future raises where the worker is lost."""

    @abstractmethod
    def stop(self) -> None:
        """Tell all runs that are being done to save their state and end; return at once."""

    def check(self) -> None:  # noqa: B027  # most are never lost
        """Raise RunError where the workers are lost for good."""


class Processes(Workers):
    """Each run in a process of its own, so that one that dies takes no other with it.

    A process ends when this one does, however that ends: each holds a pipe that closes then.
    """

    def __init__(self, count: int) -> None:
        most = 4 * (os.cpu_count() or 1)
        if not 1 <= count <= most:
            raise ValueError(f"workers is {count}, must be from 1 to {most}, four for each core of this machine")
        resource_tracker.ensure_running()  # starting it later would let Ctrl-C through to the processes
        self.threads = ThreadPoolExecutor(count, initializer=_block_interrupts)
        self.running: dict[BaseProcess, Connection] = {}
        self.stopped = False

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what is queued; after an error let the processes save their state first, after a signal do not."""
        if kind is not None:
            self.stop()
            deadline = time.monotonic() + (GRACE if issubclass(kind, Exception) else 0)
            while self.running and time.monotonic() < deadline:
                time.sleep(0.1)
        if self.stopped:
            for process in list(self.running):
                process.kill()
        self.threads.shutdown()

    def submit(self, config: TrainConfig, folder: str | None) -> "Future[Ending]":
        """Queue one run."""
        return self.threads.submit(self._isolated, config, folder)

    def stop(self) -> None:
        """Tell each process to save its state and end; what is queued is cancelled."""
        self.stopped = True
        self.threads.shutdown(wait=False, cancel_futures=True)
        for lifeline in list(self.running.values()):
            with contextlib.suppress(OSError):
                lifeline.send("stop")

    def _isolated(self, config: TrainConfig, folder: str | None) -> Ending:
        """Do one run in a new process; raise ConnectionError where that dies."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, config, folder))
        process.start()
        theirs.close()
        self.running[process] = ours
        if self.stopped:  # meanwhile
            self.stop()
        try:
            return ours.recv()
        except EOFError:
            process.join()
            raise ConnectionError(f"its process ended with status {process.exitcode}") from None
        finally:
            process.join()
            del self.running[process]
            ours.close()


def _block_interrupts() -> None:
    """Keep Ctrl-C, which a terminal sends to all processes, from those that this thread starts."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve(pipe: Connection, config: TrainConfig, folder: str | None) -> None:
    """Do one run in a process of its own and send what became of it."""
    _block_interrupts()
    stop, begun = threading.Event(), threading.Event()
    threading.Thread(target=_listen, args=(pipe, stop, begun), daemon=True).start()
    import na2q.training.run  # noqa: F401  # torch, which takes a while

    begun.set()
    outcome = work(config, folder, stop)
    with contextlib.suppress(OSError):  # nobody listens any more
        pipe.send(outcome)


def _listen(pipe: Connection, stop: threading.Event, begun: threading.Event) -> None:
    """Set `stop` when told so or when the other end is gone; end the process if it then goes on for too long."""
    wait([pipe])
    stop.set()
    if begun.is_set():  # else there is nothing to save
        time.sleep(GRACE)
    os._exit(1)


class Cluster(Workers):
    """The workers of a Dask cluster."""

    def __init__(self, client: "Client", address: str) -> None:
        self.client, self.address = client, address
        self.executor = client.get_executor(pure=False)
        self.name = f"na2q-{uuid.uuid4().hex}"
        self.lost_since: float | None = None

    def submit(self, config: TrainConfig, folder: str | None) -> "Future[Ending]":
        """Queue one run."""
        return self.executor.submit(_on_cluster, config, folder, self.name)

    def stop(self) -> None:
        """Set the event that every run of ours looks at."""
        from distributed import Event

        Event(self.name, client=self.client).set()

    def check(self) -> None:
        """Raise RunError where the scheduler has been gone for as long as it may take to come back."""
        if self.client.status == "running":
            self.lost_since = None
            return
        self.lost_since = self.lost_since or time.monotonic()
        if self.client.status != "connecting" or time.monotonic() - self.lost_since > GRACE:
            raise RunError(f"the scheduler at {self.address} is gone; the same command goes on with another")


def _on_cluster(config: TrainConfig, folder: str | None, name: str) -> Ending:
    """Do one run on a worker; stop it when the client says so or the worker is about to end."""
    from distributed import Event, get_client, get_worker

    stop, over = threading.Event(), threading.Event()
    asked = Event(name, client=get_client())
    if asked.is_set():
        return Ending("stopped", "stopped before it began")
    threading.Thread(target=_watch, args=(get_worker(), asked, stop, over), daemon=True).start()
    try:
        return work(config, folder, stop)
    finally:
        over.set()


def _watch(worker: Any, asked: Any, stop: threading.Event, over: threading.Event) -> None:
    """Look every second whether a run on a worker has to stop."""
    while not over.wait(1):
        try:
            if worker.status.name not in ("running", "paused") or asked.is_set():
                break
        except Exception:  # no way to the scheduler; the worker's status will tell whether it gives up
            continue
    stop.set()


@contextmanager
def dask(address: str) -> Iterator[Cluster]:
    """Connect to a Dask scheduler, whose workers then do the runs.

    Raises ImportError without the package distributed, RunError where no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("--scheduler needs the package distributed: pip install 'na2q[cluster]'") from error
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise RunError(f"no scheduler answers at {address}: {error}") from error
    try:
        yield Cluster(client, address)
    finally:
        client.close(timeout=5)
