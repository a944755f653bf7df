"""The benchmark measures every part and says it in the promised words; it asserts no times."""

import json
from pathlib import Path

import pytest

from na2q.cli import main

KEYS = {
    "steps_per_second",
    "floor_ms",
    "episode_floors",
    "update_floors",
    "acting_floors",
    "peak_rss_mb",
    "mean_length",
    "parts",
    "method",
    "env",
}
PARTS = {"floor", "play", "environment", "replay", "forward", "backward", "optimiser"}


@pytest.mark.slow
@pytest.mark.parametrize(("method", "env"), [("cds", "lbf-3p-3f"), ("na2q", "battle-3m")])
def test_bench_writes_every_number_it_promises(
    method: str, env: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    flags = ["--preset", "smoke", "--method", method, "--env", env, "--steps", "120", "--json", str(out)]
    main(["bench", *flags])
    numbers = json.loads(out.read_text())
    assert numbers.keys() == KEYS
    assert numbers["parts"].keys() == PARTS
    for part in numbers["parts"].values():
        assert 0 < part["low"] <= part["median"] <= part["high"]
    assert numbers["episode_floors"] == pytest.approx(numbers["update_floors"] + numbers["acting_floors"])
    assert "environment steps a second" in capsys.readouterr().out
