"""Level-Based Foraging (Christianos et al., 2020) from the `lbforaging` package, as the paper sets it up."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from lbforaging.foraging.environment import Action, ForagingEnv
from matplotlib.patches import Rectangle
from numpy import ndarray

from na2q.config import LBFOptions
from na2q.envs.base import Observation, Snapshot, Transition, check_seeds, stack
from na2q.envs.room import room
from na2q.spec import EnvSpec

NAME = re.compile(r"lbf-([1-9][0-9]*)p-([1-9][0-9]*)f")
N_ACTIONS = len(Action)
UNSEEN = (-1, -1, 0)
DEALS = 10  # boards that lbforaging is asked for before the food is placed by a layout that is known to fit


class Board(ForagingEnv):
    """One board of lbforaging, with the rules that the paper's setting adds or changes."""

    players: list[Any]  # lbforaging has no types
    available: Bool[ndarray, "n a"]  # actions that each player may take now
    dealt: Int[ndarray, "f 3"]  # row, column and level of every food as the episode began

    def __init__(self, players: int, layout: Int[ndarray, "f 2"], options: LBFOptions) -> None:
        """Make a board with as many foods as `layout` has cells, which is one way to place them."""
        self.options, self.layout = options, layout
        legacy = options.levels == "legacy"
        super().__init__(
            players=players,
            min_player_level=1,
            max_player_level=max(1, options.max_player_level - legacy),  # exclusive until lbforaging 1.1.1 (B2)
            min_food_level=1,
            max_food_level=None,
            field_size=(options.field_size, options.field_size),
            max_num_food=len(layout),
            sight=options.sight,
            max_episode_steps=options.time_limit,
            force_coop=options.force_coop,
        )

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Deal a board that depends on the seed alone.

        The package keeps the players' last cells while it places them anew, so that a board would depend on
        how the episode before it ended, and a resumed run could not repeat it. It also gives up on a food after
        1,000 tries: then the board is dealt again, from where the random numbers of the seed stand.
        """
        for _ in range(DEALS):
            for player in self.players:
                player.position = None
            dealt = super().reset(seed=seed, options=options)
            if np.count_nonzero(self.field) == self.max_num_food:
                break
            seed = None  # the package then goes on with its random numbers
        else:
            self._lay_out()
            dealt = self._make_gym_obs(), self._get_info()
        ys, xs = np.nonzero(self.field)
        self.dealt = np.stack([ys, xs, self.field[ys, xs]], -1)
        return dealt

    def spawn_players(self, min_player_levels: ndarray, max_player_levels: ndarray) -> None:
        """Place the players, levels are arrays (players,); on a crowded board the package may give up on some."""
        super().spawn_players(min_player_levels, max_player_levels)
        for player in self.players:
            if player.position is None:
                taken = {other.position for other in self.players}
                free = [cell for cell in np.ndindex(*self.field_size) if cell not in taken]
                level = self.np_random.integers(min_player_levels[0], max_player_levels[0] + 1)  # one range for all
                player.setup(free[self.np_random.integers(len(free))], level, self.field_size)

    def spawn_food(self, max_num_food: int, min_levels: ndarray, max_levels: ndarray) -> None:
        """Place the food; its highest level was exclusive too until lbforaging 1.1.1, but for cooperation (B2, B7).

        Levels are arrays (foods,).
        """
        if self.options.levels == "legacy" and not self.force_coop:
            max_levels = np.maximum(min_levels, max_levels - 1)
        self._levels = (max_levels if self.force_coop else min_levels), max_levels
        super().spawn_food(max_num_food, min_levels, max_levels)

    def _lay_out(self) -> None:
        """Put the food on the layout, turned at random, and the players on other cells; they keep their levels."""
        rng, last = self.np_random, len(self.field) - 1
        cells = np.where(rng.integers(2, size=2), self.layout, last - self.layout)[:, :: 1 - 2 * int(rng.integers(2))]
        low, high = self._levels
        self.field[:] = 0
        self.field[tuple(cells.T)] = rng.integers(low, high + 1)
        self._food_spawned = self.field.sum()
        free = np.argwhere(self.field == 0)
        places = rng.choice(free, len(self.players), replace=False)
        for player, (y, x) in zip(self.players, places.tolist(), strict=True):
            player.position = (y, x)
        self._gen_valid_moves()

    def _gen_valid_moves(self) -> None:
        """List valid actions as the package does, several times faster, and keep them as an array too."""
        grid, last = self.field.tolist(), len(self.field) - 1
        rows = []
        for y, x in (player.position for player in self.players):
            around = (
                grid[y - 1][x] if y > 0 else None,
                grid[y + 1][x] if y < last else None,
                grid[y][x - 1] if x > 0 else None,
                grid[y][x + 1] if x < last else None,
            )
            rows.append([True, *(cell == 0 for cell in around), any(around)])
        self.available = np.array(rows)
        self._valid_actions = {
            player: [action for action, valid in zip(Action, row, strict=True) if valid]
            for player, row in zip(self.players, rows, strict=True)
        }

    def _make_gym_obs(self) -> Float[ndarray, "n o"]:
        """Observe as the package does, several times faster: it copies, checks and fills cell by cell.

        For each food, then each player (oneself first): row and column in the field of view, and level;
        (-1, -1, 0) for what is out of sight.
        """
        sight, n_foods = self.sight, self.max_num_food
        ys, xs = np.nonzero(self.field)
        foods = list(zip(ys.tolist(), xs.tolist(), self.field[ys, xs].tolist(), strict=True))
        players = [(*player.position, player.level) for player in self.players]
        rows = []
        for i, (y, x, _) in enumerate(players):
            # view coordinates begin at the board's edge where the view is cut off there
            top, left = max(y - sight, 0), max(x - sight, 0)
            seen = [
                (fy - top, fx - left, level) for fy, fx, level in foods if abs(fy - y) <= sight and abs(fx - x) <= sight
            ]
            seen += [UNSEEN] * (n_foods - len(seen))
            others = [(py - top, px - left, level) for py, px, level in (players[i], *players[:i], *players[i + 1 :])]
            seen += [p for p in others if min(p[:2]) >= 0 and max(p[:2]) <= 2 * sight]
            seen += [UNSEEN] * (n_foods + len(players) - len(seen))
            rows.append(seen)
        return np.array(rows, np.float32).reshape(len(players), -1)

    def observe(self, obs: Any) -> Observation:  # Any: an array of (n, o), which the package declares as a tuple
        """Add the state to observations and available actions."""
        state = obs.ravel() if self.options.state == "observations" else self.whole_board()
        return Observation(obs, state, self.available)

    def whole_board(self) -> Float[ndarray, " s"]:
        """Row, column and level of every food, then of every player; (-1, -1, 0) for eaten food."""
        rows = np.full((self.max_num_food + self.n_agents, 3), UNSEEN, np.float32)
        for i, (y, x) in enumerate(np.argwhere(self.field)):
            rows[i] = y, x, self.field[y, x]
        for i, player in enumerate(self.players):
            rows[self.max_num_food + i] = *player.position, player.level
        return rows.ravel()


class LBF:
    """E boards stepped together; reward is the team's sum of food values minus the step cost."""

    def __init__(self, name: str, options: LBFOptions, n_envs: int) -> None:
        """Read players and foods from the name, such as lbf-4p-2f; raise ValueError where they can never fit."""
        match = NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"unknown task {name!r}: write lbf-<players>p-<foods>f, for example lbf-4p-2f")
        players, foods = map(int, match.groups())
        self.options, self.n_envs = options, n_envs
        layout = room(options.field_size, foods)
        if layout is None or players + foods > options.field_size**2:
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
        reward = np.zeros(self.n_envs, np.float32)
        terminated, truncated, cleared = (np.zeros(self.n_envs, bool) for _ in range(3))
        for e in np.flatnonzero(self.running):
            board = self.boards[e]
            before = [player.position for player in board.players]
            obs, rewards, over, _, _ = board.step(actions[e])
            self.last[e] = board.observe(obs)
            reward[e] = sum(rewards) - self._cost(before, board)
            cleared[e] = not board.field.any()
            ends_value = cleared[e] or self.options.timeout == "terminal"  # B4
            terminated[e], truncated[e] = over and ends_value, over and not ends_value
            self.running[e] = not over
        return Transition(stack(self.last), reward, terminated, truncated, {"cleared": cleared})

    def _cost(self, before: Sequence[tuple[Any, Any]], board: Board) -> float:
        if self.options.step_cost == "team":
            return self.options.step_penalty
        moved = sum(a != player.position for a, player in zip(before, board.players, strict=True))
        return self.options.step_penalty * moved

    def draw(self, axes: Any, copy: int = 0) -> None:
        """Draw a board: players as circles, food as squares, each with its level; shaded cells are in sight."""
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
        """Return positions, levels and food; `loaded` marks players that ate, `food_left` what their step left."""
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


def _triples(things: Sequence[str]) -> list[str]:
    return [f"{thing} {what}" for thing in things for what in ("y", "x", "level")]
