"""Play an episode on from a step in many copies, with some of the agents absent.

Letters in shapes: c copies, n agents, a actions, h hidden features.
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from na2q.arguments import checks_arguments
from na2q.config.checks import Count
from na2q.envs.base import Observation, VectorEnv
from na2q.nets.actor import step_function
from na2q.nets.agents import RecurrentAgent
from na2q.training.rollout import epsilon_greedy

Absence = Literal["idle", "random"]
"""What an absent agent does. With idle it takes the first available action, which is none in foraging and stop in
battles (no-op for the dead), and with random any available action. Its body stays where it is and is
seen by the others in both cases."""


@checks_arguments
@torch.inference_mode()
def play_on(
    env: VectorEnv,
    agent: RecurrentAgent,
    observation: Observation,
    chosen: Int[ndarray, "c n"],
    hidden: Float[Tensor, "c n h"],
    present: Bool[ndarray, "c n"],
    preference: Float[ndarray, "j c n a"],
) -> Float[ndarray, " c"]:
    """Play j steps, or to the end of an episode; agents that are present act greedily, with memories of their own.

    Args:
        env: copies to play in; they are used up.
        agent: the trained agents.
        observation: what they see now.
        chosen: their greedy actions now.
        hidden: their memories, which have seen `observation`.
        present: who acts greedily.
        preference: for each step, which action an absent agent likes best among those that are available to it.

    Returns:
        The undiscounted return of each copy.
    """
    total, running = np.zeros(env.n_envs), np.ones(env.n_envs, bool)
    step = step_function(agent, env.n_envs)
    for liked in preference:
        instead = np.where(observation.avail, liked, -1).argmax(-1)  # of equals the first
        actions = np.where(present, chosen, instead)
        outcome = env.step(actions)
        observation = outcome.observation
        total += outcome.team_reward  # which is 0 in copies that have ended
        running &= ~(outcome.terminated | outcome.truncated)
        if not running.any():
            break
        q, hidden = step(torch.from_numpy(observation.obs), torch.from_numpy(actions), hidden)
        chosen = epsilon_greedy(q.numpy(), observation.avail, 0.0, np.random.default_rng(0))
    return total


@checks_arguments
def preferences(
    absence: Absence, steps: Count, shape: tuple[int, ...], n_agents: Count, n_actions: Count, rng: np.random.Generator
) -> Float[ndarray, "j ... n a"]:
    """Return what absent agents like: all actions alike where they idle, drawn anew for each step where they do not.

    Args:
        absence: the definition of absence.
        steps: of the continuation, j.
        shape: of the continuations that differ, such as (episodes, streams).
        n_agents: number of agents.
        n_actions: number of actions.
        rng: of random actions.
    """
    whole = (steps, *shape, n_agents, n_actions)
    return rng.random(whole, np.float32) if absence == "random" else np.ones(whole, np.float32)
