"""Explain a trained run: what its values are made of, and what its masks keep.

    python examples/explain_run.py data/models/lbf-4p-2f/na2q_released/seed-1

The command line draws more of this: na2q explain RUN --out explained.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import tyro

from na2q import style
from na2q.explain import pictures, player, shapes
from na2q.explain.recording import record, save


def main(
    run_dir: tyro.conf.Positional[Path],
    episodes: int = 32,
    out: Path = Path("explained"),
) -> None:
    """Record a run and write curves, a map of contributions and a player of an episode.

    Args:
        run_dir: folder of a finished run, or a weights file.
        episodes: how many greedy episodes to record.
        out: folder to write to.
    """
    out.mkdir(parents=True, exist_ok=True)
    recording = record(run_dir, episodes)
    save(recording, out / "episodes.nc")
    print(
        recording[["credit", "contribution"]]
        .mean(("episode", "step"))
        .to_dataframe()
        .round(3)
        .to_string()
    )
    style.use_style()
    for name, figure in {
        "curves": pictures.shape_functions(shapes.curves([recording])),
        "contributions": pictures.contribution_map(recording),
    }.items():
        figure.savefig(out / f"{name}.png")
        plt.close(figure)
    best = int(recording["return"].values.argmax())
    player.player(recording, best).save(out / "episode.html")
    print(f"{out}: episodes.nc, curves.png, contributions.png, episode.html")


if __name__ == "__main__":
    tyro.cli(main)
