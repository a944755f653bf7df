"""Level-Based Foraging (Christianos et al., 2020) from the `lbforaging` package, as the paper sets it up."""

import copy
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from lbforaging.foraging.environment import Action
from numpy import ndarray

from na2q.config import LBFOptions
from na2q.config.foraging import foraging_task
from na2q.envs.base import Observation, Transition, check_seeds, stack
from na2q.envs.board import Board
from na2q.envs.offers import Snapshot, check_sources
from na2q.envs.room import room
from na2q.spec import EnvSpec

NAME = re.compile(r"lbf-([1-9][0-9]*)p-([1-9][0-9]*)f")
N_ACTIONS = len(Action)


class LBF:
    """E boards stepped together; reward is the team's sum of food values minus the step cost, or each player's part."""

    chance = False  # in a step; boards are dealt at random

    def __init__(self, name: str, options: LBFOptions, n_envs: int) -> None:
        """Read players and foods from the name, such as lbf-4p-2f; raise ValueError where they can never fit."""
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"unknown task {name!r}: write lbf-<players>p-<foods>f, for example lbf-4p-2f")
        players, foods = map(int, match.groups())
        self.options, self.n_envs = options, n_envs
        layout = room(options.field_size, foods)
        if layout is None or players + foods > options.start_side**2:
            raise ValueError(
                f"{name}: {players} players and {foods} foods do not fit on a board of {options.field_size}^2 cells "
                "(env_options.field_size); food stands off the border, and three steps or more from other food"
            )
        self.boards = [Board(players, layout, options) for _ in range(n_envs)]
        obs_dim = 3 * (foods + players)
        by_observation = options.state == "observations"
        self.spec = EnvSpec(
            n_agents=players,
            n_actions=N_ACTIONS,
            obs_dim=obs_dim,
            state_dim=obs_dim * (players if by_observation else 1),
            episode_limit=options.time_limit,
            unit_dim=obs_dim if by_observation else 0,
            individual_rewards=options.reward == "individual",
        )

    def reset(self, seeds: Sequence[int]) -> Observation:
        """Deal new boards."""
        check_seeds(seeds, self.n_envs)
        self.last = [
            board.observe(board.reset(seed=int(seed))[0]) for board, seed in zip(self.boards, seeds, strict=True)
        ]
        self.running = np.ones(self.n_envs, bool)
        return stack(self.last)

    def step(self, actions: Int[ndarray, "e n"]) -> Transition:
        """Move all players of the boards still in play."""
        reward = np.zeros((self.n_envs, *self.spec.reward_shape), np.float32)
        terminated, truncated, cleared = (np.zeros(self.n_envs, bool) for _ in range(3))
        for e in np.flatnonzero(self.running):
            board = self.boards[e]
            before = [player.position for player in board.players]
            obs, rewards, over, _, _ = board.step(actions[e])
            self.last[e] = board.observe(obs)
            if self.spec.individual_rewards:
                reward[e] = np.subtract(rewards, self._own_costs(before, board))
            else:
                reward[e] = sum(rewards) - self._cost(before, board)
            cleared[e] = not board.field.any()
            ends_value = cleared[e] or self.options.timeout == "terminal"  # B4
            terminated[e], truncated[e] = over and ends_value, over and not ends_value
            self.running[e] = not over
        return Transition(stack(self.last), reward, terminated, truncated, {"cleared": cleared})

    def _cost(self, before: Sequence[tuple[Any, Any]], board: Board) -> float:
        if self.options.step_cost == "team":
            return self.options.step_penalty
        return self.options.step_penalty * sum(self._moved(before, board))

    def _own_costs(self, before: Sequence[tuple[Any, Any]], board: Board) -> list[float]:
        """Each player's part of the cost of a step, which add up to it."""
        if self.options.step_cost == "team":
            return [self.options.step_penalty / len(board.players)] * len(board.players)
        return [self.options.step_penalty * moved for moved in self._moved(before, board)]

    def _moved(self, before: Sequence[tuple[Any, Any]], board: Board) -> list[bool]:
        return [a != player.position for a, player in zip(before, board.players, strict=True)]

    def clone(self, sources: Sequence[int], seeds: Sequence[int] | None = None) -> "LBF":
        """Copy boards as they stand; see `na2q.envs.offers.Clonable`."""
        chosen = check_sources(sources, seeds, self.n_envs)
        other = copy.copy(self)
        other.n_envs = len(chosen)
        other.boards = [self.boards[k].twin(s) for k, s in zip(chosen, seeds or [None] * len(chosen), strict=True)]
        other.last = [self.last[k] for k in chosen]  # whose arrays are replaced and never written to
        other.running = self.running[chosen]
        return other

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Draw a board: players as circles, food as squares, each with its level; shaded cells are in sight."""
        from matplotlib.patches import Rectangle  # matplotlib is loaded by who draws

        board, size, sight = self.boards[copy], self.options.field_size, self.options.sight
        axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xticks=[], yticks=[], aspect="equal")
        axes.hlines(np.arange(size) - 0.5, -0.5, size - 0.5, colors="0.85", linewidth=0.5)
        axes.vlines(np.arange(size) - 0.5, -0.5, size - 0.5, colors="0.85", linewidth=0.5)
        for y, x in np.argwhere(board.field):
            axes.plot(x, y, "s", color="tab:green", markersize=16)
            axes.text(x, y, board.field[y, x], color="white", ha="center", va="center")
        for i, player in enumerate(board.players):
            y, x = player.position
            axes.plot(x, y, "o", color=f"C{i}", markersize=16)
            axes.text(x, y, player.level, color="white", ha="center", va="center")
            corner = (x - sight - 0.5, y - sight - 0.5)
            axes.add_patch(Rectangle(corner, 2 * sight + 1, 2 * sight + 1, color=f"C{i}", alpha=0.08))

    def labels(self) -> dict[str, list[str]]:
        """Name features and actions.

        Foods and other players stand in an observation in the order in which they are in sight, so that
        "food 0" is the first one seen and no food in particular; rows (y) and columns (x) count from the
        corner of the field of view. In the state of whole boards they count from the board's corner.
        """
        foods = [f"food {i}" for i in range(self.boards[0].max_num_food)]
        n = self.spec.n_agents
        obs = _triples([*foods, "self", *(f"other {i}" for i in range(n - 1))])
        by_observation = self.options.state == "observations"
        return {
            "obs_feature": obs,
            "state_feature": [f"agent {i}: {name}" for i in range(n) for name in obs]
            if by_observation
            else _triples([*foods, *(f"agent {i}" for i in range(n))]),
            "action": [action.name.lower() for action in Action],
        }

    def snapshot(self, copy: int) -> Snapshot:
        """Return positions, levels and food.

        `loaded` marks players that ate, `player_reward` is what the package pays each of them for it, and `food_left`
        is what their step left.
        """
        board = self.boards[copy]
        players, (ys, xs, levels) = board.players, board.dealt.T
        food = (("food",), board.field[ys, xs] > 0)
        return Snapshot(
            now={
                "player_position": (("agent", "yx"), np.array([player.position for player in players])),
                "food_present": food,
            },
            happened={
                "loaded": (("agent",), np.array([player.reward > 0 for player in players])),
                "player_reward": (("agent",), np.array([player.reward for player in players], np.float32)),
                "food_left": food,
            },
            episode={
                "player_level": (("agent",), np.array([player.level for player in players])),
                "food_position": (("food", "yx"), np.stack([ys, xs], -1)),
                "food_level": (("food",), levels),
            },
            task={
                "field_size": ((), np.array(self.options.field_size)),
                "sight": ((), np.array(self.options.sight)),
            },
        )

    def close(self) -> None:
        """Close the boards."""
        for board in self.boards:
            board.close()


def registered(name: str, options: LBFOptions, n_envs: int) -> LBF:
    """Return a task by the name under which lbforaging registers it; raise ValueError for any other.

    Args:
        name: such as Foraging-8x8-2p-2f-coop-v3.
        options: what the name decides is filled in by `na2q.configure`.
        n_envs: number of boards E.
    """
    task = foraging_task(name)
    return LBF(f"lbf-{task.players}p-{task.foods}f", options, n_envs)


def _triples(things: Sequence[str]) -> list[str]:
    return [f"{thing} {what}" for thing in things for what in ("y", "x", "level")]
