"""Commands that look at trained models: their episodes, films, recordings and explanations."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from na2q.config.checks import Copies, Count, Repeats, Samples, Share, Whole
from na2q.files import check_folder, check_target, replacing


def evaluate(
    run_dir: Annotated[str, tyro.conf.Positional],
    episodes: Copies = 32,
    seed: Whole = 0,
    env: str | None = None,
    out: Path | None = None,
) -> None:
    """Play greedy episodes with the weights of a run and print their mean metrics.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        episodes: how many episodes to play, all at once.
        seed: seed of the episodes.
        env: another environment of the same sizes.
        out: CSV file to write one line for each episode to.
    """
    from na2q.training import policy

    if out:
        check_target(out)
    table = policy.evaluate(run_dir, episodes, seed, env)
    if out:
        with replacing(out) as part:
            table.to_csv(part, index=False)
    for name in table.columns.drop(["episode", "seed"]):
        print(f"{name:10} mean {table[name].mean():.4f}  std {table[name].std(ddof=0):.4f}")


def watch(
    run_dir: Annotated[str, tyro.conf.Positional],
    episodes: Copies = 3,
    seed: Whole = 0,
    out: Path = Path("episode.gif"),
) -> None:
    """Film greedy episodes of a run.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        episodes: how many episodes to film.
        seed: seed of the first; the next ones follow.
        out: file to write, .gif, .mp4 or .html.
    """
    from na2q.explain import film

    check_target(out)
    film.film(run_dir, range(seed, seed + episodes), out)
    print(out)


def record(
    run_dir: Annotated[str, tyro.conf.Positional],
    out: Path,
    episodes: Copies = 32,
    epsilon: Share = 0.0,
    seed: Whole = 0,
    env: str | None = None,
    samples: Samples = 0,
) -> None:
    """Record episodes of a run: what agents see, choose and earn at every step.

    Args:
        run_dir: folder of a finished run, a weights file, or an address: https://... or hf:owner/name.
        out: netCDF file to write, such as episodes.nc.
        episodes: how many episodes to play, all at once.
        epsilon: probability of a random action.
        seed: seed of the episodes.
        env: another environment of the same sizes.
        samples: average masks over that many posterior samples too.
    """
    from na2q.explain import recording as recorder

    check_target(out)
    recording = recorder.record(run_dir, episodes, epsilon, seed, env=env, samples=samples)
    recorder.save(recording, out)
    print(f"{out}: {episodes} episodes, mean return {float(recording['return'].mean()):.3f}")


def explain(
    paths: Annotated[list[Path], tyro.conf.Positional],
    out: Path = Path("explained"),
    episodes: Copies = 32,
    epsilon: Share = 0.2,
    seed: Whole = 0,
    episode: Whole | None = None,
    step: Whole | None = None,
    interactive: Path | None = None,
) -> None:
    """Draw what runs have learned: the paper's Figures 5, 6, 7, 10 and 11, and an episode to step through.

    With --interactive, write one page instead: the board of a foraging run, with its team, that reacts to the reader.

    Args:
        paths: runs, weights files or recordings (.nc); several methods for Figure 6, several seeds for Figure 7.
        out: folder to write to.
        episodes: how many to record of each run, without and with exploration.
        epsilon: probability of a random action in the latter; 0 leaves them out.
        seed: seed of the episodes.
        episode: the one drawn, of the first path with masks; by default that of the highest return.
        step: the one drawn; by default that of the largest reward.
        interactive: HTML file to write instead of figures, of one run; for other tasks and methods than the page
            knows it steps through a recorded episode.
    """
    if interactive is not None:
        from na2q.explain.board import page

        check_target(interactive)
        if len(paths) != 1:
            raise ValueError(f"--interactive shows one run, but {len(paths)} paths are given")
        reason = page.save(paths[0], interactive)
        print(interactive if reason is None else f"{interactive}: {reason}")
        return
    from na2q.explain import album

    check_folder(out)
    written, reasons = album.write(album.gather(paths, episodes, epsilon, seed, episode, step), out)
    for path in written:
        print(path)
    for name, reason in reasons.items():
        print(f"no {name}: {reason}")


def credits(
    paths: Annotated[list[Path], tyro.conf.Positional],
    out: Path = Path("credits.csv"),
    episodes: Copies = 16,
    horizon: Repeats = 10,
    streams: Copies = 8,
    absence: Literal["idle", "random"] = "idle",
    every: Count = 1,
    seed: Whole = 0,
) -> None:
    """Compare what methods say of who earned the reward with what a simulator says; the same command goes on.

    Beside the table, a folder named after it keeps what was measured of each run.

    Args:
        paths: runs, folders of runs, or weights files.
        out: CSV file to write, a row for each run, answer, truth and score.
        episodes: greedy episodes of each run.
        horizon: steps for which an episode is played on from each of its steps.
        streams: continuations with other random numbers, where something is random.
        absence: what absent agents do: idle, or random actions.
        every: look at each such step of an episode only.
        seed: of episodes and random numbers.
    """
    import torch

    from na2q.explain.credits import benchmark as bench
    from na2q.explain.credits.truth import Setting
    from na2q.explain.measuring import save

    check_target(out)
    torch.set_num_threads(1)
    setting = Setting(horizon, streams, absence, every, seed)
    table = bench.benchmark(paths, episodes, setting, out.with_suffix(".kept"))
    save(table, out)
    print(bench.summary(table).to_string())
    print(f"{out}: {len(table)} rows")
