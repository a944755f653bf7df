"""What a configuration asks of the machine that it runs on."""

import os

import torch


def check_device(name: str) -> None:
    """Raise ValueError where torch has no such device, or cannot use it on this machine."""
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # as torch is built
        usable = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"device is {name!r}, must be one of {', '.join(usable)} here ({reason})") from error


def check_threads(threads: int) -> None:
    """Raise ValueError for more threads than could be of use on this machine, which has to keep them all."""
    most = 4 * (os.cpu_count() or 1)
    if threads > most:
        raise ValueError(f"threads is {threads}, must be at most {most} here, four for each core of this machine")
