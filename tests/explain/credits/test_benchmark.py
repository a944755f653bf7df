"""The benchmark from runs to a table: what each method offers, what is kept, and the command."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from untrained import SHORT, save_untrained

from na2q.cli import main
from na2q.config import METHOD_OPTIONS, changed, configure
from na2q.explain.credits import benchmark as module
from na2q.explain.credits.answers import OUTSIDE, joint_worth, of_agents, of_pairs
from na2q.explain.credits.benchmark import benchmark, measured
from na2q.explain.credits.truth import Setting
from na2q.explain.probe import Probe
from na2q.explain.recording import record
from na2q.theory.dividends import shapley_values

TERMS = {"credit", "shape", "contribution"}


@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_every_method_answers_by_what_it_offers(method: str, tmp_path: Path) -> None:
    save_untrained(configure(method, "lbf-3p-3f", **SHORT), tmp_path)
    probe = Probe.load(tmp_path, record(tmp_path, episodes=2))
    agents, pairs = of_agents(probe), of_pairs(probe)
    outside = set(OUTSIDE) - {"acting together"}
    assert set(agents) >= {"q"} | outside
    assert ("shapley" in agents) == ("slope" in agents) == ("interaction" in pairs) == (method != "iql")
    assert ("purified" in pairs) == (method == "na2q")
    assert len(TERMS & set(agents)) == (0 if method in ("iql", "qmix", "wqmix") else 3)  # which have latent units
    for answers in (agents, pairs):
        for name, values in answers.items():
            assert values.shape == (*probe.filled.shape, 3), name
            np.testing.assert_array_equal(np.isfinite(values).all(-1), probe.filled, name)
    if method != "iql":
        shares = shapley_values(joint_worth(probe))
        np.testing.assert_allclose(agents["shapley"][probe.filled], shares, atol=1e-8)


@pytest.mark.parametrize(("env", "near"), [("lbf-4p-2f", True), ("battle-2s3z", True), ("matrix-climbing", False)])
def test_nearness_is_offered_where_places_are_shown(env: str, near: bool, tmp_path: Path) -> None:
    save_untrained(configure("vdn", env), tmp_path)
    probe = Probe.load(tmp_path, record(tmp_path, episodes=2))
    for answers in (of_agents(probe), of_pairs(probe)):
        assert ("nearness" in answers) == near
    if near:
        assert np.nanmax(of_agents(probe)["nearness"]) <= 0


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for seed in (1, 2):
        config = configure("na2q", "lbf-3p-3f", seed=seed, **SHORT)
        save_untrained(config, tmp_path / "runs" / "lbf-3p-3f" / "na2q" / f"seed-{seed}")
    save_untrained(configure("qmix", "matrix-climbing"), tmp_path / "runs" / "matrix" / "seed-1")
    return tmp_path / "runs"


@pytest.mark.slow
def test_the_table_scores_models_alone_and_together(runs: Path) -> None:
    table = benchmark([runs], episodes=3, setting=Setting(horizon=3, absence="random"))
    assert set(table["model"]) == {"seed-1", "seed-2", "2 models"}
    assert not table.duplicated(["env", "kind", "model", "level", "answer", "target", "score"]).any()
    ranks = table[table["score"] == "rank"]
    assert ranks["value"].dropna().between(-1, 1).all()
    assert (ranks.query("answer == 'uniform'")["value"].dropna() == 0).all()
    game = table.query("env == 'matrix-climbing' and level == 'team' and rows > 0")
    assert len(game) == 2  # two agents have no third order
    assert game["value"].sum() == pytest.approx(1)


def test_models_trained_by_other_settings_are_another_kind(tmp_path: Path) -> None:
    departures = {"free": {}, "anchored": {"options.anchored": True}, "longer": {"env_options.time_limit": 60}}
    for name, settings in departures.items():
        save_untrained(changed(configure("na2q", "lbf-3p-3f", "released"), **settings), tmp_path / name)
    found = {name: measured(tmp_path / name, 1, Setting(1, 1, every=50)).attrs["kind"] for name in departures}
    assert found.pop("anchored") == "na2q_released options.anchored=True"
    assert set(found.values()) == {"na2q_released"}


@pytest.mark.slow
def test_what_was_measured_is_kept_and_found_again(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = benchmark([runs], 2, Setting(horizon=2), tmp_path / "kept")
    assert len(list((tmp_path / "kept").glob("*.nc"))) == 3

    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(module, "record", never)
    pd.testing.assert_frame_equal(benchmark([runs], 2, Setting(horizon=2), tmp_path / "kept"), first)
    with pytest.raises(AssertionError, match="measured again"):
        measured(runs / "matrix" / "seed-1", 2, Setting(horizon=3), tmp_path / "kept")


@pytest.mark.slow
def test_the_command_writes_the_table(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "credits.csv"
    main(["credits", str(runs), "--episodes", "2", "--horizon", "2", "--out", str(out)])
    assert "rows" in capsys.readouterr().out
    assert set(pd.read_csv(out)["env"]) == {"lbf-3p-3f", "matrix-climbing"}
    assert (tmp_path / "credits.kept").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--horizon", "0"], "horizon is 0, must be a whole number, at least 1"),
        (["--episodes", "0"], "episodes is 0, must be a whole number, at least 1"),
        (["--absence", "dead"], "idle"),
    ],
)
def test_mistakes_are_named(
    arguments: list[str], message: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["credits", str(runs), "--out", str(tmp_path / "x.csv"), *arguments])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()
