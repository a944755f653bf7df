"""Memory that an update frees serves the next one."""

import resource

import pytest
import torch

from na2q.training.memory import keep_freed_memory


def test_an_array_as_large_as_an_updates_asks_for_no_new_pages() -> None:
    if not keep_freed_memory():
        pytest.skip("only glibc can be told to keep memory")

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            torch.ones(1 << 20)  # 4 MB, 1,024 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert faults() < 1024
