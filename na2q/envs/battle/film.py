"""Films of a battle of a scripted player: ``python -m na2q.envs.battle.film 8m --out battle.gif``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.animation import FuncAnimation

from na2q.arguments import checks_arguments
from na2q.config.checks import Whole
from na2q.envs.battle import scripts
from na2q.envs.battle.env import BattleEnv
from na2q.envs.battle.frame import Frame
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.picture import LABEL, draw_battle


@checks_arguments
def animate_battle(
    frames: Sequence[Frame], agent: int | None = None, interval_ms: int = 150, **draw: Any
) -> FuncAnimation:
    """Return an animation of an episode's frames; save it with ``.save("battle.gif", writer="pillow")``.

    Args:
        frames: of one episode, one for each step.
        agent: as in `draw_battle`, as are further arguments. The whole map is shown unless told otherwise.
        interval_ms: milliseconds each frame is shown; a step is 500 ms of game time.

    Raises:
        ValueError: if there are no frames.
    """
    if not frames:
        raise ValueError("frames is empty, an animation needs at least one")
    figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
    settings = {"whole_map": True} | draw

    def show(index: int) -> list[Any]:
        ax.clear()
        draw_battle(frames[index], ax, agent, **settings)
        return []

    return FuncAnimation(figure, show, frames=len(frames), interval=interval_ms)


@checks_arguments
def scripted_frames(name: str, player: str = "focus", seed: Whole = 0) -> list[Frame]:
    """Return all frames of one battle of a scripted player on the map called `name`.

    Raises:
        ValueError: for an unknown map or player.
    """
    if player not in scripts.PLAYERS:
        raise ValueError(f"no scripted player {player!r}; there are {', '.join(scripts.PLAYERS)}")
    env = BattleEnv(name)
    avail = env.reset([seed]).avail
    frames = [env.frame()]
    while frames[-1].outcome == "running":
        avail = scripts.act(env, scripts.PLAYERS[player], avail).observation.avail
        frames.append(env.frame())
    return frames


def main() -> None:
    """Show or save the animation of a scripted battle from the command line."""
    parser = argparse.ArgumentParser(description=f"Draw a battle of a scripted player ({LABEL}).")
    parser.add_argument("map", choices=list(MAPS))
    parser.add_argument("--player", choices=list(scripts.PLAYERS), default="focus")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--agent", type=int, default=0, help="agent whose sight and range are shown")
    parser.add_argument("--out", type=Path, help="GIF file to write; shown on screen without it")
    arguments = parser.parse_args()
    frames = scripted_frames(arguments.map, arguments.player, arguments.seed)
    animation = animate_battle(frames, arguments.agent, whole_map=False)
    if arguments.out is None:
        plt.show()
    else:
        animation.save(arguments.out, writer="pillow")


if __name__ == "__main__":
    main()
