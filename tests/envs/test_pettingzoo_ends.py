"""Agents that leave, return or are still listed, and ends of episodes, as PettingZoo's environments report them."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from gymnasium import spaces
from pettingzoo import ParallelEnv
from relay import relay

from na2q.envs import from_pettingzoo
from na2q.envs.pettingzoo import PettingZooEnv


class Scripted(ParallelEnv):
    """Agents that each see the time and always get 1, with all that may be odd in an environment to be overridden.

    `flags` says at which step an agent is flagged, and how; `listed` which agents the environment lists at a time.
    """

    metadata: ClassVar = {"name": "scripted"}
    possible_agents: ClassVar = ["a", "b", "c"]
    flags: ClassVar[dict[str, tuple[str, int]]] = {}
    listed: ClassVar[dict[int, list[str]]] = {}
    withheld: ClassVar[tuple[str, ...]] = ()  # of "rewards", "infos", "terminations", "truncations", "observations"
    paid: ClassVar[dict[str, float]] = {}

    def action_space(self, agent: str) -> spaces.Space:
        return spaces.Discrete(3)

    def observation_space(self, agent: str) -> spaces.Space:
        return spaces.Box(0, 99, (1,))

    def _seen(self) -> dict:
        everyone = reversed(self.possible_agents)  # an order of its own
        return {} if "observations" in self.withheld else {agent: np.full(1, self.time + 1.0) for agent in everyone}

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        self.time, self.log = 0, []
        self.agents = self.listed.get(0, list(self.possible_agents))
        return self._seen(), {agent: {} for agent in self.possible_agents}

    def step(self, actions: dict) -> tuple[dict, dict, dict, dict, dict]:
        self.time += 1
        self.log.append(sorted(actions))
        self.agents = self.listed.get(self.time, self.agents)
        answer = {"rewards": {agent: self.paid.get(agent, 1.0) for agent in self.possible_agents}}
        for flag in ("terminations", "truncations"):
            answer[flag] = {agent: self.flags.get(agent) == (flag, self.time) for agent in self.possible_agents}
        answer["infos"] = {}
        answer = {name: {} if name in self.withheld else values for name, values in answer.items()}
        return self._seen(), *answer.values()


def scripted(**rules: Any) -> PettingZooEnv:
    reward = rules.pop("reward", "shared")
    return from_pettingzoo(type("Changed", (Scripted,), rules), episode_limit=8, reward=reward)


class Story(NamedTuple):
    """What an episode of Scripted looked like, step by step."""

    acted: list[list[str]]
    seen: list[list[float]]
    choices: list[list[int]]
    end: str


def play_out(env: PettingZooEnv) -> Story:
    first = env.reset([3])
    seen, choices = [first.obs[0, :, 0].tolist()], [first.avail[0].sum(1).tolist()]
    for _ in range(8):
        now, reward, terminated, truncated, _ = env.step(np.zeros((1, 3), int))
        seen.append(now.obs[0, :, 0].tolist())
        choices.append(now.avail[0].sum(1).tolist())
        assert now.avail[0, :, 0].all()
        assert reward[0] == 1
        if terminated[0] or truncated[0]:
            assert terminated[0] != truncated[0]
            return Story(env.teams[0].env.log, seen, choices, "terminated" if terminated[0] else "truncated")
    raise AssertionError("no end")


@pytest.mark.parametrize(("flag", "end"), [("terminations", "terminated"), ("truncations", "truncated")])
@pytest.mark.parametrize("last", [1, 3, 8])
def test_an_end_that_is_flagged_ends_the_episode_though_all_agents_stay_listed(flag: str, end: str, last: int) -> None:
    story = play_out(scripted(flags={agent: (flag, last) for agent in "abc"}))
    assert len(story.acted) == last
    assert story.end == end
    assert story.seen[-1] == [last + 1.0] * 3
    assert story.choices[-1] == ([1] * 3 if end == "terminated" else [3] * 3)


def test_agents_that_left_have_no_part_though_they_are_still_reported() -> None:
    ends = {"a": ("terminations", 2), "b": ("truncations", 3), "c": ("terminations", 5)}
    story = play_out(scripted(flags=ends))
    assert story.acted == [["a", "b", "c"]] * 2 + [["b", "c"]] + [["c"]] * 2
    assert story.seen == [[1, 1, 1], [2, 2, 2], [3, 3, 3], [0, 4, 4], [0, 0, 5], [0, 0, 6]]
    assert story.choices == [[3, 3, 3]] * 2 + [[1, 3, 3]] + [[1, 1, 3]] * 2 + [[1, 1, 1]]
    assert story.end == "terminated"


def test_agents_that_are_no_longer_listed_have_left_without_a_flag() -> None:
    story = play_out(scripted(listed={2: ["a", "c"], 4: []}))
    assert story.acted == [["a", "b", "c"]] * 2 + [["a", "c"]] * 2
    assert story.choices == [[3, 3, 3]] * 2 + [[3, 1, 3]] * 2 + [[3, 1, 3]]
    assert story.end == "truncated"  # nothing said that no value follows


def test_agents_may_come_later_and_do_not_come_back() -> None:
    flags = {"a": ("terminations", 1), "b": ("terminations", 4), "c": ("truncations", 4)}
    story = play_out(scripted(listed={0: ["a", "b"], 2: ["c", "b"], 3: ["c", "b", "a"]}, flags=flags))
    assert story.acted == [["a", "b"], ["b"], ["b", "c"], ["b", "c"]]
    assert story.seen[:2] == [[1, 1, 0], [2, 2, 0]]
    assert story.choices == [[3, 3, 1], [1, 3, 1], [1, 3, 3], [1, 3, 3], [1, 1, 3]]
    assert story.end == "truncated"


def test_infos_and_flags_may_be_left_out() -> None:
    assert play_out(scripted(withheld=("infos", "terminations"), listed={3: []})).end == "truncated"
    left_out = scripted(step=lambda self, actions: (*Scripted.step(self, actions)[:4], None), listed={2: []})
    assert len(play_out(left_out).acted) == 2


def test_rewards_are_those_of_agents_that_acted() -> None:
    left = {"flags": {"a": ("terminations", 1), "b": ("terminations", 3), "c": ("terminations", 3)}}
    env = scripted(paid={"a": 5.0}, reward="sum", **left)
    env.reset([0])
    assert [float(env.step(np.zeros((1, 3), int)).reward[0]) for _ in range(3)] == [7, 2, 2]
    for reward in ("sum", "shared"):
        env = scripted(withheld=("rewards",), reward=reward)
        env.reset([0])
        with pytest.raises(
            ValueError, match=r"agents \['a', 'b', 'c'\] acted, but the environment gave them no reward"
        ):
            env.step(np.zeros((1, 3), int))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"withheld": ("observations",)}, "'a' takes part, but the environment gave it no observation"),
        ({"listed": {0: ["a", "z"]}}, r"agents \['z'\] are not among possible_agents \['a', 'b', 'c'\]"),
        ({"listed": {0: []}}, "no agent takes part after reset"),
        ({"_seen": lambda self: dict.fromkeys("abc", np.zeros(2))}, "'a' observes 2 numbers, but Box.* has 1"),
        ({"_seen": lambda self: dict.fromkeys("abc", np.zeros(0))}, "'a' observes 0 numbers, but Box.* has 1"),
        (
            {
                "observation_space": lambda self, agent: spaces.Discrete(3),
                "_seen": lambda self: dict.fromkeys("abc", 7),
            },
            r"'a' observes 7, which is not in Discrete\(3\)",
        ),
        ({"reset": lambda self, seed=None: {}}, r"reset\(\) gave dict, must give a tuple of 2"),
        ({"possible_agents": []}, "no possible_agents"),
    ],
)
def test_what_does_not_fit_at_reset_is_named(rules: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scripted(**rules).reset([0])


def test_answers_of_older_versions_are_named() -> None:
    env = scripted(step=lambda self, actions: Scripted.step(self, actions)[:4])
    env.reset([0])
    with pytest.raises(ValueError, match=r"step\(\) gave 4, must give a tuple of 5"):
        env.step(np.zeros((1, 3), int))


class Wrapper:
    """Passes everything on to the environment that it wraps."""

    def __init__(self, env: Any) -> None:
        self.env = self.unwrapped = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self.env, name)


def test_one_object_for_several_copies_is_refused() -> None:
    one = Scripted()
    for make in (lambda: one, lambda: Wrapper(one)):
        with pytest.raises(ValueError, match="one object for several copies"):
            from_pettingzoo(make, 2, episode_limit=5)
        assert from_pettingzoo(make, 1, episode_limit=5).n_envs == 1
    kinds = iter([Scripted(), relay()()])
    with pytest.raises(ValueError, match=r"copies differ .*\(3, 3, 1, 3\) and \(2, 4, 3, 6\)"):
        from_pettingzoo(lambda: next(kinds), 2, episode_limit=5)
