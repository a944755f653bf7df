"""A small environment of PettingZoo with two unlike agents, whose rules a test can change."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv


class Relay(ParallelEnv):
    """Two unlike agents: `a` sees one number and leaves after step 2; `b` sees three, and the episode ends at 4.

    The rules can be changed from outside: what is seen, the masks, the rewards, whether the end cuts off.
    """

    metadata: ClassVar = {"name": "relay"}
    possible_agents: ClassVar = ["a", "b"]
    masks: ClassVar = {}
    rewards: ClassVar = {"a": 1.0, "b": 1.0}
    ends_by_limit: ClassVar = False

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(2) if agent == "a" else spaces.Discrete(4, start=1)

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Box(0, 9, (1,)) if agent == "a" else spaces.Box(0, 9, (3, 1))

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        self.agents, self.time, self.log = list(self.possible_agents), 0, []
        return self._seen(), self._infos()

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        self.log.append(actions)
        self.time += 1
        left = {"a": self.time >= 2, "b": self.time >= 4}
        over, cut = ({agent: left[agent] and self.ends_by_limit == c for agent in self.agents} for c in (False, True))
        rewards = {agent: self.rewards[agent] for agent in self.agents}
        answer = self._seen(), rewards, over, cut, self._infos()
        self.agents = [agent for agent in self.agents if not left[agent]]
        return answer

    def _seen(self) -> dict:
        full = {"a": np.full(1, self.time, np.float32), "b": np.full((3, 1), 5, np.float32)}
        return {agent: full[agent] for agent in self.agents}

    def _infos(self) -> dict:
        return {agent: {"action_mask": self.masks[agent]} if agent in self.masks else {} for agent in self.agents}


def relay(**rules: Any) -> Callable[[], ParallelEnv]:
    return type("Changed", (Relay,), rules)
