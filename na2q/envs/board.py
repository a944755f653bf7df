"""One board of Level-Based Foraging: the package's rules with what the paper's setting adds or changes."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random
from jaxtyping import Bool, Float, Int
from lbforaging.foraging.environment import Action, ForagingEnv
from numpy import ndarray

from na2q.config import LBFOptions
from na2q.envs import forage
from na2q.envs.base import Observation
from na2q.envs.compiled import COMPILED

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

    def step(self, actions: Int[ndarray, " n"]) -> tuple[Any, Sequence[float], bool, bool, dict[str, Any]]:
        """Play a step as the package does; where numba is installed several times faster, and equal to the bit.

        Returns observations (n, o), the reward of each player, whether the episode is over, False, and no information.
        Raises ValueError for an action that there is not.
        """
        if not COMPILED:
            return super().step(actions)
        actions = np.asarray(actions)
        if actions.min() < 0 or actions.max() >= len(Action):
            raise ValueError(f"actions are {actions.tolist()}, must be 0 to {len(Action) - 1}")
        self.current_step += 1
        state = np.array([(*player.position, player.level) for player in self.players])
        n, food, sight, foods = len(state), int(self._food_spawned), self.sight, self.max_num_food
        rewards, may, obs = np.empty(n), np.empty((n, len(Action)), bool), np.empty((n, 3 * (foods + n)), np.float32)
        forage.step(self.field, state, actions, self.available, food, sight, foods, rewards, may, obs)
        self.available, gained = may, rewards.tolist()
        for player, (y, x, _), reward in zip(self.players, state.tolist(), gained, strict=True):
            player.position, player.reward = (y, x), reward
            player.score += reward
        self._valid_actions = None  # `available` says it all
        self._game_over = not self.field.any() or self._max_episode_steps <= self.current_step
        return obs, gained, self._game_over, False, {}

    def twin(self, seed: int | None = None) -> "Board":
        """Return a copy of the board as it stands, with the same random numbers or those of another seed."""
        other = copy.copy(self)
        other.field = self.field.copy()
        other.players = [copy.copy(player) for player in self.players]
        other._gen_valid_moves()
        other._np_random = copy.deepcopy(self._np_random) if seed is None else np_random(seed)[0]
        return other

    def spawn_players(self, min_player_levels: ndarray, max_player_levels: ndarray) -> None:
        """Place the players, levels are arrays (players,); on a crowded board the package may give up on some."""
        super().spawn_players(min_player_levels, max_player_levels)
        for player in self.players:
            if player.position is None:
                taken = {other.position for other in self.players}
                free = [cell for cell in np.ndindex(*self.field_size) if cell not in taken]
                level = self.np_random.integers(min_player_levels[0], max_player_levels[0] + 1)  # one range for all
                player.setup(free[self.np_random.integers(len(free))], level, self.field_size)
        if self.options.start == "not_last":
            self._leave_the_last_lines()

    def _leave_the_last_lines(self) -> None:
        """Move players from the last row and column to free cells of the rest, where all places stay as likely."""
        side = self.options.start_side
        for player in self.players:
            if side in player.position:
                taken = {other.position for other in self.players}
                free = [cell for cell in np.ndindex(side, side) if cell not in taken]
                player.position = free[self.np_random.integers(len(free))]

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
        side = self.options.start_side
        free = np.argwhere(self.field[:side, :side] == 0)
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
        return Observation(obs, state, self.available if self.options.mask else np.ones_like(self.available))

    def whole_board(self) -> Float[ndarray, " s"]:
        """Row, column and level of every food, then of every player; (-1, -1, 0) for eaten food."""
        rows = np.full((self.max_num_food + self.n_agents, 3), UNSEEN, np.float32)
        for i, (y, x) in enumerate(np.argwhere(self.field)):
            rows[i] = y, x, self.field[y, x]
        for i, player in enumerate(self.players):
            rows[self.max_num_food + i] = *player.position, player.level
        return rows.ravel()
