"""What a recorded moment shows: where things stand, and how each agent's mask falls on them."""

import re
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpy import ndarray

from na2q.arguments import checks_arguments
from na2q.config import family_of
from na2q.envs.battle.frame import Frame

WHOLE = "mean"  # of all features of one thing
MOVES = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
STRIDE = 2.0  # map units, the length of a move's arrow: about what a unit covers in half a second


class Moment(NamedTuple):
    """One step of one recorded episode."""

    recording: xr.Dataset
    episode: int
    step: int


class View(NamedTuple):
    """What one agent sees of a board; cells of the board are (top + row, left + column)."""

    top: int
    left: int
    mask: Float[ndarray, "side side"]  # NaN where nothing is seen
    out_of_sight: float  # mean mask of the slots that stand for nothing; NaN where there are none


@checks_arguments
def one_episode(recording: xr.Dataset, episode: int) -> xr.Dataset:
    """Return one episode of a recording without its padding.

    Raises ValueError where there is no such episode.
    """
    count = recording.sizes["episode"]
    if not 0 <= episode < count:
        raise ValueError(f"episode is {episode}, but the recording has episodes 0 to {count - 1}")
    chosen = recording.isel(episode=episode)
    length = int(chosen["length"])
    return chosen.isel(step=slice(0, length)).assign_coords(step=np.arange(length))


@checks_arguments
def at_step(recording: xr.Dataset, episode: int, step: int) -> xr.Dataset:
    """Return one step of one episode.

    Raises ValueError where there is no such episode or step.
    """
    played = one_episode(recording, episode)
    if not 0 <= step < played.sizes["step"]:
        raise ValueError(f"step is {step}, but episode {episode} has steps 0 to {played.sizes['step'] - 1}")
    return played.isel(step=step)


@checks_arguments
def require(recording: xr.Dataset, *names: str) -> None:
    """Raise ValueError unless the recording holds all these variables."""
    missing = [name for name in names if name not in recording]
    if missing:
        what = f"{recording.attrs.get('method', 'this method')} on {recording.attrs.get('env', 'this environment')}"
        raise ValueError(f"the recording of {what} holds no {', '.join(missing)}")


@checks_arguments
def shown_as(coalition: str) -> str:
    """Return how pages and figures write a coalition's label: agents count from 1 there, as in the paper.

    "0,1" becomes "1,2". Recordings count from 0, as arrays do. Labels of latent units stay as they are.
    """
    members = coalition.split(",")
    return ",".join(str(int(i) + 1) for i in members) if all(i.isdigit() for i in members) else coalition


@checks_arguments
def in_words(coalition: str) -> str:
    """Return what a sentence calls a coalition by its label: "agent 1", "the pair 1,2" or "agents 1,2,3"."""
    members = coalition.count(",") + 1
    kind = {1: "agent", 2: "the pair"}.get(members, "agents")
    return f"{kind} {shown_as(coalition)}"


@checks_arguments
def has_coalitions(recording: xr.Dataset) -> bool:
    """Whether the terms of Q_tot belong to agents and groups of agents, which QMIX's hidden units do not."""
    return "contribution" in recording and bool(recording["member"].any("agent").all())


@checks_arguments
def things(recording: xr.Dataset) -> dict[str, dict[str, int]]:
    """Return what observations tell of, as ``{"food 0": {"y": 0, "x": 1, "level": 2}}``: features by their place."""
    found: dict[str, dict[str, int]] = {}
    for place, name in enumerate(recording["obs_feature"].values):
        thing = re.match(r"(?:food|other|enemy|ally) \d+|self|own|move|", str(name))
        assert thing is not None
        found.setdefault(thing.group() or "other features", {})[str(name)[thing.end() :].strip()] = place
    return found


def view(moment: xr.Dataset, agent: int, feature: str = "level") -> View:
    """Return one agent's field of view on a board, with the mask of one feature on every thing it sees.

    Args:
        moment: one step, from `at_step`.
        agent: number of the agent.
        feature: "y", "x" or "level", or "mean" of the three. The released code draws the level's.

    Raises:
        ValueError: an unknown feature.
    """
    sight = int(moment["sight"])
    top, left = (max(int(p) - sight, 0) for p in moment["player_position"].values[agent])
    obs, mask = moment["obs"].values[agent], moment["mask"].values[agent]
    cells, nowhere = np.full((2 * sight + 1, 2 * sight + 1), np.nan), []
    for places in things(moment).values():
        if feature not in {WHOLE, *places}:
            raise ValueError(f"feature is {feature!r}, must be one of {', '.join([*places, WHOLE])}")
        value = float(mask[list(places.values())].mean() if feature == WHOLE else mask[places[feature]])
        if obs[places["level"]] == 0:
            nowhere.append(value)
        else:
            cells[int(obs[places["y"]]), int(obs[places["x"]])] = value
    return View(top, left, cells, float(np.mean(nowhere)) if nowhere else float("nan"))


def unit_of(thing: str, agent: int, n_agents: int) -> int | None:
    """Return which unit a thing in an agent's observation is; None for what is no unit."""
    kind, _, number = thing.partition(" ")
    if kind == "own":
        return agent
    if kind == "enemy":
        return n_agents + int(number)
    if kind == "ally":  # counts the others
        return int(number) + (int(number) >= agent)
    return None


def unit_masks(played: xr.Dataset, agent: int) -> Float[ndarray, "t u"]:
    """Return the mean mask of one agent over all that it is told of each unit; `played` is an episode."""
    n_agents = played.sizes["agent"]
    masks = np.full((played.sizes["step"], played.sizes["unit"]), np.nan)
    for thing, places in things(played).items():
        unit = unit_of(thing, agent, n_agents)
        if unit is not None:
            masks[:, unit] = played["mask"].values[:, agent, list(places.values())].mean(-1)
    return masks


def battle_frame(moment: xr.Dataset) -> Frame:
    """Return one step of a battle in the form that pictures are drawn from."""
    env = str(moment.attrs["env"])
    return Frame(
        map_name=env.removeprefix(f"{family_of(env)}-"),
        step=int(moment["step"]),
        types=tuple(map(str, moment["unit_type"].values)),
        enemy=moment["unit_enemy"].values.astype(bool),
        alive=moment["unit_alive"].values.astype(bool),
        position=moment["unit_position"].values.astype(float),
        health=moment["unit_health"].values.astype(float),
        shield=moment["unit_shield"].values.astype(float),
        radius=moment["unit_radius"].values.astype(float),
        target=moment["unit_target"].values.astype(int),
        action=moment["action_taken"].values.astype(int),
        outcome="running",
    )


def aim(moment: xr.Dataset, agent: int, action: int) -> Float[ndarray, "2"] | None:
    """Return where an arrow for an action of an agent in battle ends, in map units; None for standing still."""
    name, positions = str(moment["action"].values[action]), moment["unit_position"].values.astype(float)
    if name in MOVES:
        return positions[agent] + STRIDE * np.array(MOVES[name])
    if not name.startswith("target "):
        return None
    heals = str(moment["unit_type"].values[agent]) == "medivac"
    return positions[int(name.removeprefix("target ")) + (0 if heals else moment.sizes["agent"])]


def shown_action(name: str) -> str:
    """Return how pages write the name of an action: targets of units count from 1 there, as the units do."""
    kind, _, number = name.partition(" ")
    return f"{kind} {int(number) + 1}" if kind == "target" and number.isdigit() else name


@checks_arguments
def best_episode(recording: xr.Dataset) -> int:
    """Return the episode of the highest return, the first of several."""
    return int(recording["return"].values.argmax())


@checks_arguments
def eventful_step(recording: xr.Dataset, episode: int, greedy: bool = False) -> int:
    """Return the step of the largest reward, the first of several; with `greedy` among those without exploration.

    The last step is left out where there are others: in battles its reward is the bonus for winning.

    Raises ValueError where no step is left to choose from.
    """
    played = one_episode(recording, episode)
    allowed = (played["action_taken"] == played["greedy_action"]).all("agent").values | (not greedy)
    allowed[1:] &= played["step"].values[1:] < played.sizes["step"] - 1
    if not allowed.any():
        raise ValueError(f"some agent explores at every step of episode {episode}")
    return int(np.where(allowed, played["reward"].values, -np.inf).argmax())


@checks_arguments
def regretted(recording: xr.Dataset) -> Moment:
    """Return the step at which executed actions fall short of greedy ones by most, summed over agents' Q_i.

    Raises ValueError where every agent acts greedily throughout.
    """
    greedy = np.take_along_axis(recording["q"].values, recording["greedy_action"].values[..., None].astype(int), -1)
    short = np.where(recording["filled"].values, (greedy[..., 0] - recording["q_taken"].values).sum(-1), -np.inf)
    if not short.max() > 0:
        raise ValueError("all recorded actions are greedy: record with epsilon above 0")
    episode, step = np.unravel_index(short.argmax(), short.shape)
    return Moment(recording, int(episode), int(step))
