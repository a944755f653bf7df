"""A stand-in for StarCraft II: it plays by the embedded engine, and crashes and dies on demand."""

import os
from types import SimpleNamespace

import numpy as np

from na2q.envs.battle import BattleEnv


class StandIn:
    """`StarCraft2Env`'s methods, with the embedded engine's units in place of the game's."""

    replay_prefix = ""
    crash_at = ()  # steps, counted from the start of the process, at which SMAC reports a crash
    die_at = ()  # steps at which the process itself ends

    def __init__(self, name, options, seed):
        self.env, self.seed, self.steps = BattleEnv(name), seed, 0
        self.options = options
        self.observation = None

    def reset(self):
        self.observation = self.env.reset([self.seed])
        return self.get_obs(), self.get_state()

    def step(self, actions):
        self.steps += 1
        if self.steps in self.die_at:
            os._exit(1)
        if self.steps in self.crash_at:
            return 0, True, {}
        self.observation, reward, terminated, _, info = self.env.step(np.array([actions]))
        return float(reward[0]), bool(terminated[0]), {"battle_won": bool(info["won"][0]), "dead_allies": 0}

    def get_obs(self):
        return list(self.observation.obs[0])

    def get_state(self):
        return self.observation.state[0]

    def get_avail_actions(self):
        return self.observation.avail[0].astype(int).tolist()

    def save_replay(self):
        with open(os.path.join(self.options.replay_dir, self.replay_prefix), "w") as file:
            file.write("replay")

    def close(self):
        pass


class CrashesOnce(StandIn):
    crash_at = (3,)


class CrashesAlways(StandIn):
    crash_at = tuple(range(1, 100))


class DiesOnce(StandIn):
    die_at = (3,)


class TellsOfItsUnits(StandIn):
    """With the parts of `StarCraft2Env` that hold the units, filled from the engine."""

    def _side(self, enemy):
        frame = self.env.frame()
        rows = np.flatnonzero(frame.enemy == enemy)
        units = [
            SimpleNamespace(
                tag=100 + u,
                pos=SimpleNamespace(x=frame.position[u, 0], y=frame.position[u, 1]),
                health=45 * frame.health[u],
                health_max=45.0,
                shield=0.0,
                shield_max=0.0,
                engaged_target_tag=100 + frame.target[u] if frame.target[u] >= 0 else 0,
                radius=frame.radius[u],
            )
            for u in rows
        ]
        return dict(enumerate(units))

    @property
    def agents(self):
        return self._side(False)

    @property
    def enemies(self):
        return self._side(True)

    @property
    def _obs(self):
        return SimpleNamespace(observation=SimpleNamespace(game_loop=8 * self.steps))


class TellsAndDies(TellsOfItsUnits):
    die_at = (2,)
