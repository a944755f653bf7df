"""Film what trained agents do, in any environment that can draw itself."""

import math
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter

from na2q.arguments import checks_arguments
from na2q.files import Address, replacing
from na2q.style import literal
from na2q.training.policy import load, make_env, watch

FRAMES_PER_SECOND = 4
SUFFIXES = (".gif", ".mp4", ".html")


@checks_arguments
def film(run_dir: Address, seeds: Iterable[int], out: str | Path) -> None:
    """Write a film of one greedy episode for each seed, as .gif, .mp4 (needs ffmpeg) or .html (one file).

    Raises:
        ValueError: the suffix of `out` is another one, .mp4 is asked for without ffmpeg, or there are no seeds.
        RunError: the run's weights cannot be read.
        WriteError: the film cannot be written.
        Exception: whatever the environment raises in an episode.
    """
    out = Path(out)
    if out.suffix not in SUFFIXES:
        raise ValueError(f"{out} ends in {out.suffix!r}, must end in one of {', '.join(SUFFIXES)}")
    if out.suffix == ".mp4" and not FFMpegWriter.isAvailable():
        raise ValueError(f"{out}: .mp4 needs the program ffmpeg, which is not installed; .gif and .html do not")
    policy, seeds = load(run_dir), list(seeds)
    if not seeds:
        raise ValueError("seeds is empty, must hold the seed of each episode to film")
    env, failed = make_env(policy, 1), list[Exception]()
    figure, axes = plt.subplots(figsize=(4.5, 4.8))

    def draw(frame: tuple[int, object]) -> None:
        axes.clear()
        with _noting(failed):
            env.draw(axes)
        axes.set_title(literal(f"{policy.config.method} on {policy.config.env}, step {frame[0]}"))

    def frames() -> Generator[tuple[int, object], None, None]:
        step = 0
        with _noting(failed):
            for _, actions in watch(policy, env, seeds):
                yield step, actions
                step = 0 if actions is None else step + 1

    longest = len(seeds) * (env.spec.episode_limit + 1)
    animation = FuncAnimation(figure, draw, frames, init_func=lambda: None, save_count=longest, interval=250)
    try:
        with replacing(out) as part:
            if out.suffix == ".html":
                with plt.rc_context({"animation.embed_limit": math.inf}):  # all frames, or the film would just end
                    part.write_text(animation.to_jshtml(fps=FRAMES_PER_SECOND))
            else:
                writer = PillowWriter if out.suffix == ".gif" else FFMpegWriter
                animation.save(part, writer=writer(fps=FRAMES_PER_SECOND))
    except Exception:
        if failed:  # the writers' own complaint at an unfinished film says nothing
            raise failed[0] from None
        raise
    finally:
        plt.close(figure)
        env.close()


@contextmanager
def _noting(failed: list[Exception]) -> Iterator[None]:
    """Keep an exception that passes."""
    try:
        yield
    except Exception as error:
        failed.append(error)
        raise
