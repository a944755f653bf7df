"""What compilation leaves alone: the log of a program that shows everything."""

import logging

import pytest

import na2q.envs.compiled  # noqa: F401  as every environment does


def test_a_program_that_logs_everything_is_not_told_of_every_step_of_the_compiler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    numba = pytest.importorskip("numba")
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled here")
    caplog.set_level(logging.DEBUG)

    @numba.njit(cache=False)  # what is kept on disk would not be compiled again
    def sum_of_squares(n: int) -> int:
        total = 0
        for i in range(n):
            total += i * i
        return total

    assert sum_of_squares(4) == 14
    assert not [record for record in caplog.records if record.name.startswith("numba")]
