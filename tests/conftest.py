"""Checks every annotated type and shape while tests run; training itself pays nothing for it."""

import os
from collections.abc import Iterator
from unittest.mock import patch

os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported

import pytest
import torch
from heeded import heed_signals
from jaxtyping import install_import_hook

torch.set_num_threads(1)
heed_signals()
# all but config, whose own errors name the value and what is allowed
ROOMS = "book campaign envs evaluation explain methods nets theory training types"
install_import_hook([f"na2q.{name}" for name in ROOMS.split()], "typecheck.check")


@pytest.fixture
def registry() -> Iterator[None]:
    """Forget what a test registers."""
    from na2q.config import ENV_OPTIONS, METHOD_OPTIONS  # after the hook
    from na2q.envs import ENVS
    from na2q.methods import METHODS

    with patch.dict(ENVS), patch.dict(ENV_OPTIONS), patch.dict(METHODS), patch.dict(METHOD_OPTIONS):
        yield
