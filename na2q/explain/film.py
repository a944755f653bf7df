"""Film what trained agents do, in any environment that can draw itself."""

from collections.abc import Generator, Iterable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter

from na2q.training.policy import load, make_env, watch

FRAMES_PER_SECOND = 4
SUFFIXES = (".gif", ".mp4", ".html")


def film(run_dir: str | Path, seeds: Iterable[int], out: str | Path) -> None:
    """Write a film of one greedy episode for each seed, as .gif, .mp4 (needs ffmpeg) or .html (one file).

    Raises:
        ValueError: the suffix of `out` is another one, or .mp4 is asked for without ffmpeg.
        RunError: the run's weights cannot be read.
    """
    out = Path(out)
    if out.suffix not in SUFFIXES:
        raise ValueError(f"{out} ends in {out.suffix!r}, must end in one of {', '.join(SUFFIXES)}")
    if out.suffix == ".mp4" and not FFMpegWriter.isAvailable():
        raise ValueError(f"{out}: .mp4 needs the program ffmpeg, which is not installed; .gif and .html do not")
    policy = load(run_dir)
    env, seeds = make_env(policy, 1), list(seeds)
    figure, axes = plt.subplots(figsize=(4.5, 4.8))

    def draw(frame: tuple[int, object]) -> None:
        axes.clear()
        env.draw(axes)
        axes.set_title(f"{policy.config.method} on {policy.config.env}, step {frame[0]}")

    def frames() -> Generator[tuple[int, object], None, None]:
        step = 0
        for _, actions in watch(policy, env, seeds):
            yield step, actions
            step = 0 if actions is None else step + 1

    longest = len(seeds) * (env.spec.episode_limit + 1)
    animation = FuncAnimation(figure, draw, frames, init_func=lambda: None, save_count=longest, interval=250)
    if out.suffix == ".html":
        out.write_text(animation.to_jshtml(fps=FRAMES_PER_SECOND))
    else:
        writer = PillowWriter if out.suffix == ".gif" else FFMpegWriter
        animation.save(out, writer=writer(fps=FRAMES_PER_SECOND))
    plt.close(figure)
