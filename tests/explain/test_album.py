"""One command draws all that runs and recordings support, and says what they do not."""

from pathlib import Path

import pytest
from untrained import save_untrained

from na2q.cli import main
from na2q.config import configure
from na2q.explain import album
from na2q.explain.recording import record, save


def run_of(method: str, env: str, folder: Path, seed: int = 1) -> Path:
    path = folder / env / method / f"seed-{seed}"
    save_untrained(configure(method, env, seed=seed), path)
    return path


@pytest.mark.slow
def test_one_command_draws_a_foraging_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of("na2q", "lbf-3p-3f", tmp_path)
    main(["explain", str(run), "--episodes", "2", "--out", str(tmp_path / "out")])
    written = {path.name for path in (tmp_path / "out").iterdir()}
    drawn = {"figure-5-masks.png", "figure-7-shapes.png", "figure-10-masks.png", "figure-11b-contributions.png"}
    assert written == {"player.html"} | drawn
    said = capsys.readouterr().out
    assert "no figure-6-keyframes: the recording of na2q on lbf-3p-3f holds no unit_position" in said
    assert "no figure-11a-health" in said


@pytest.mark.slow
def test_one_command_draws_battles_of_several_methods_and_recordings(tmp_path: Path) -> None:
    runs = [run_of(method, "battle-3m", tmp_path) for method in ("vdn", "qmix", "na2q")]
    save(record(runs[0], episodes=2), tmp_path / "vdn.nc")
    paths = [tmp_path / "vdn.nc", *runs[1:]]
    shown = album.gather(paths, 2, 0.5, 0, None, None)
    assert [one.attrs["method"] for one in shown.greedy] == ["vdn", "qmix", "na2q"]
    assert [one.attrs["method"] for one in shown.exploring] == ["qmix", "na2q"]
    assert shown.first.attrs["method"] == "na2q", "the first with masks"
    written, reasons = album.write(shown, tmp_path / "out")
    assert set(reasons) == {"figure-5-masks", "figure-10-masks"}
    assert all(path.stat().st_size > 1000 for path in written)
    assert len(written) == 1 + len(album.FIGURES) - 2


def test_models_of_several_seeds_make_figure_7(tmp_path: Path) -> None:
    paths = [run_of("na2q", "lbf-3p-3f", tmp_path, seed) for seed in (1, 2)]
    shown = album.gather([*paths, run_of("vdn", "lbf-3p-3f", tmp_path)], 4, 0.0, 0, None, None)
    assert not shown.exploring
    figure = album.FIGURES["figure-7-shapes"](shown)
    assert "over 2 models" in figure.get_suptitle()


def test_what_is_not_there_ends_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of("vdn", "matrix-two_step", tmp_path)
    for arguments, message in (
        ([str(run), "--episode", "7"], "episode is 7, but the recording has episodes 0 to 1"),
        ([str(run), "--step", "5"], "step is 5, but episode 0 has steps 0 to 1"),
        ([str(tmp_path / "none.nc")], "none.nc does not exist"),
        ([str(tmp_path / "none")], "none does not exist: give a weights file"),
        ([], "give at least one run or recording"),
    ):
        with pytest.raises(SystemExit):
            main(["explain", *arguments, "--episodes", "2", "--out", str(tmp_path / "out")])
        assert message in " ".join("".join(capsys.readouterr()).split())
