"""What tests of explanations share: a network that has learned nothing, with episodes that it played."""

import pytest
from untrained import SHORT, blind, save_untrained

from na2q.config import configure
from na2q.explain.probe import Probe
from na2q.explain.recording import record


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    """Look into NA2Q with agents that are blind for one feature."""
    folder = tmp_path_factory.mktemp("run")
    save_untrained(configure("na2q", **SHORT), folder, blind)
    return Probe.load(folder, record(folder, episodes=4, epsilon=0.3))
