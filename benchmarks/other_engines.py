"""Play the same scripted teams on this package's battle engine, on SMAClite and on SMAX, and measure their speed.

Each engine runs in an environment of its own, unmodified, with this script and NumPy:

    python benchmarks/other_engines.py na2q --out na2q.csv
    python benchmarks/other_engines.py smaclite --battles 20 --out smaclite.csv
    python benchmarks/other_engines.py smax --out smax.csv

and ``python benchmarks/other_engines.py join na2q.csv smaclite.csv smax.csv --out data/battle_peers.csv`` puts the
tables together. Speed is in steps a second of processor time, all threads counted, so that other work on the machine
matters little, under random play. A step has the observations and the available actions of all agents with it. The
choice of actions is counted for SMAX alone, which plays in one compiled loop, as it is meant to. SMAClite needs a newer
rtree than the one that it names. Battles have the seeds 0, 1, ...; one that is not over after 200 steps is not won.
"""

import argparse
import csv
import importlib.metadata
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MAPS = {
    "na2q": ("2s3z", "3s5z", "3s_vs_5z", "2s_vs_1sc", "3m", "8m"),
    "smaclite": ("2s3z", "3s5z", "3s_vs_5z", "2s_vs_1sc"),
    "smax": ("2s3z", "3s5z", "3s_vs_5z", "3m", "8m"),
}
TIMED = ("2s3z", "3s5z")  # by the speed of all three
LIMIT = 200
STEPS = 50  # of one run of SMAX's loop, about the length of an episode
COLUMNS = ("engine", "version", "map", "what", "copies", "battles", "value", "low", "high")


class View(NamedTuple):
    """What a scripted team sees of one battle: places (units, 2), health with shield, who lives, and its actions."""

    allies: Any
    enemies: Any
    worth: Any
    alive: Any
    enemies_alive: Any
    avail: Any  # (n, a) in the engine's own numbering


class Na2q:
    """One or more battles on this package's engine."""

    none, stop, moves, first = 0, 1, {2: (0, 1), 3: (0, -1), 4: (1, 0), 5: (-1, 0)}, 6
    several = 64

    def __init__(self, name: str, copies: int = 1) -> None:
        from na2q.envs.battle.env import BattleEnv

        self.env, self.version = BattleEnv(name, n_envs=copies), f"{importlib.metadata.version('na2q')}, engine 2"

    def reset(self, seed: int) -> None:
        self.seen = self.env.reset([seed + i for i in range(self.env.n_envs)])
        self.over = np.zeros(self.env.n_envs, bool)

    def avail(self) -> Any:
        return self.seen.avail

    def step(self, actions: Any) -> None:
        self.seen, _, self.over, *_ = self.env.step(actions)

    def view(self) -> View:
        n, units = self.env.spec.n_agents, self.env.units[0]
        places, alive = np.stack([units["x"], units["y"]], -1), units["alive"] == 1
        worth = (units["hp"] + units["shield"])[n:]
        return View(places[:n], places[n:], worth, alive[:n], alive[n:], self.seen.avail[0])

    def won(self) -> bool:
        return bool(self.env.battles[0]["won"])


class SMAClite:
    """One battle of SMAClite, github.com/uoe-agents/smaclite."""

    none, stop, moves, first = Na2q.none, Na2q.stop, Na2q.moves, Na2q.first
    several = None

    def __init__(self, name: str, copies: int = 1) -> None:
        import gymnasium
        import smaclite  # noqa: F401  # registers its maps

        self.env: Any = gymnasium.make(f"smaclite/{name}-v0").unwrapped
        self.version = importlib.metadata.version("smaclite")

    def reset(self, seed: int) -> None:
        self.env.reset(seed=seed)
        self.over = np.zeros(1, bool)

    def avail(self) -> Any:
        return np.array(self.env.get_avail_actions(), bool)[None]

    def step(self, actions: Any) -> None:
        _, _, done, *_ = self.env.step(actions[0].tolist())
        self.over = np.array([done])

    def view(self) -> View:
        env = self.env

        def side(units: Any, count: int) -> tuple[Any, Any, Any]:
            places, worth, alive = np.full((count, 2), np.nan), np.full(count, np.inf), np.zeros(count, bool)
            for i, unit in units.items():
                places[i], worth[i], alive[i] = unit.pos, unit.hp + unit.shield, True
            return places, worth, alive

        allies, _, alive = side(env.agents, env.n_agents)
        enemies, worth, enemies_alive = side(env.enemies, env.n_enemies)
        return View(allies, enemies, worth, alive, enemies_alive, self.avail()[0])

    def won(self) -> bool:
        return not self.env.enemies


class SMAX:
    """One or more battles of SMAX against its own scripted enemy, github.com/FLAIROx/JaxMARL."""

    none, stop, moves, first = 4, 4, {0: (0, 1), 1: (1, 0), 2: (0, -1), 3: (-1, 0)}, 5
    several = 64

    def __init__(self, name: str, copies: int = 1) -> None:
        import jax
        import jax.numpy as jnp
        from jaxmarl import make
        from jaxmarl.environments.smax import map_name_to_scenario

        self.jax, self.copies, self.version = jax, copies, importlib.metadata.version("jaxmarl")
        env = self.env = make("HeuristicEnemySMAX", scenario=map_name_to_scenario(name))

        def step(keys: Any, states: Any, actions: Any) -> Any:
            named = {agent: actions[:, i] for i, agent in enumerate(env.agents)}
            seen, states, _, dones, _ = jax.vmap(env.step_env)(keys, states, named)
            return seen, states, dones["__all__"], avail(states)

        def avail(states: Any) -> Any:
            found = jax.vmap(env.get_avail_actions)(states)
            return jnp.stack([found[agent] for agent in env.agents], 1)

        def at_random(key: Any) -> Any:
            def once(carry: Any, key: Any) -> Any:
                states, masks = carry
                draw, act = jax.random.split(key)
                actions = (masks * (1 + jax.random.uniform(draw, masks.shape))).argmax(-1)
                seen, states, _, masks = step(jax.random.split(act, copies), states, actions)
                return (states, masks), sum(x.sum() for x in seen.values())  # or nobody would compute what is seen

            begin, on = jax.random.split(key)
            _, states = jax.vmap(env.reset)(jax.random.split(begin, copies))
            return jax.lax.scan(once, (states, avail(states)), jax.random.split(on, STEPS))

        self._reset, self._step, self._avail = jax.jit(jax.vmap(env.reset)), jax.jit(step), jax.jit(avail)
        self._at_random = jax.jit(at_random)

    def rate(self, seed: int) -> float:
        began = time.process_time()
        self.jax.block_until_ready(self._at_random(self.jax.random.PRNGKey(seed)))
        return STEPS * self.copies / (time.process_time() - began)

    def reset(self, seed: int) -> None:
        self.key, key = self.jax.random.split(self.jax.random.PRNGKey(seed))
        _, self.states = self._reset(self.jax.random.split(key, self.copies))
        self.masks, self.over = self._avail(self.states), np.zeros(self.copies, bool)

    def avail(self) -> Any:
        return np.asarray(self.masks, bool)

    def step(self, actions: Any) -> None:
        self.key, key = self.jax.random.split(self.key)
        keys = self.jax.random.split(key, self.copies)
        seen, self.states, over, self.masks = self._step(keys, self.states, actions)
        self.jax.block_until_ready(seen)
        self.over = np.asarray(over)

    def view(self) -> View:
        n, state = self.env.num_agents, self.states.state
        places, alive, worth = (np.asarray(x)[0] for x in (state.unit_positions, state.unit_alive, state.unit_health))
        return View(places[:n], places[n:], worth[n:], alive[:n], alive[n:], self.avail()[0])

    def won(self) -> bool:
        seen = self.view()
        return bool(seen.alive.any() and not seen.enemies_alive.any())


ENGINES: dict[str, Any] = {"na2q": Na2q, "smaclite": SMAClite, "smax": SMAX}


def scripted(engine: Any, rule: str) -> Any:
    """Choose as `na2q.envs.battle.scripts` does: attack the nearest or the weakest in reach, else walk or stand."""
    seen = engine.view()
    gaps = np.linalg.norm(seen.allies[:, None] - seen.enemies[None], axis=-1)
    gaps = np.where(seen.enemies_alive & np.isfinite(gaps), gaps, np.inf)
    price = seen.worth[None] + 1e-3 * gaps if rule == "focus" else gaps
    price = np.where(seen.avail[:, engine.first : engine.first + gaps.shape[1]] & seen.enemies_alive, price, np.inf)
    chosen = []
    for i in range(len(gaps)):
        if not seen.alive[i]:
            chosen.append(engine.none)
        elif np.isfinite(price[i]).any():
            chosen.append(engine.first + int(price[i].argmin()))
        else:
            way = seen.enemies[gaps[i].argmin()] - seen.allies[i]
            free = [a for a in engine.moves if seen.avail[i, a] and rule != "stand" and np.isfinite(gaps[i]).any()]
            chosen.append(max(free, key=lambda a: float(way @ np.array(engine.moves[a])), default=engine.stop))
    return np.array([chosen])


def win_rate(engine: Any, rule: str, battles: int) -> tuple[float, float, float]:
    """Share of battles won, with Wilson's interval of 95 %."""
    won = 0
    for seed in range(battles):
        engine.reset(seed)
        for _ in range(LIMIT):
            engine.step(scripted(engine, rule))
            if engine.over.all():
                break
        won += engine.won()
    p, z = won / battles, 1.96
    middle, half = p + z**2 / (2 * battles), z * np.sqrt(p * (1 - p) / battles + z**2 / (4 * battles**2))
    low, high = ((middle + sign * half) / (1 + z**2 / battles) for sign in (-1, 1))
    return p, max(low, 0.0), min(high, 1.0)


def speed(engine: Any, seconds: float) -> tuple[float, float, float]:
    """Steps of all copies in a second of processor time, under random play: median and quartiles over episodes."""
    rates: list[float] = []
    rate = engine.rate if hasattr(engine, "rate") else lambda seed: played(engine, seed)
    rate(0)  # compiles
    began = time.process_time()
    while time.process_time() - began < seconds or len(rates) < 5:
        rates.append(rate(len(rates) + 1))
    low, middle, high = np.quantile(rates, [0.25, 0.5, 0.75])
    return middle, low, high


def played(engine: Any, seed: int) -> float:
    """Play one episode at random and return its steps a second of processor time."""
    rng, steps, used = np.random.default_rng(seed), 0, 0.0
    engine.reset(seed)
    while not engine.over.any() and steps < LIMIT * len(engine.over):
        masks = engine.avail()
        actions = (masks * (1 + rng.random(masks.shape))).argmax(-1)
        began = time.process_time()
        engine.step(actions)
        engine.avail()
        used += time.process_time() - began
        steps += len(actions)
    return steps / used


def measure(name: str, battles: int, seconds: float, out: Path) -> None:
    """Write the table of one engine."""
    with out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for where in MAPS[name]:
            engine = ENGINES[name](where)
            for rule in ("nearest", "focus", "stand"):
                found = [f"{value:.3f}" for value in win_rate(engine, rule, battles)]
                writer.writerow([name, engine.version, where, rule, 1, battles, *found])
                file.flush()
            for copies in ([1] + [engine.several] * (engine.several is not None)) * (where in TIMED):
                found = [f"{value:.0f}" for value in speed(ENGINES[name](where, copies), seconds)]
                writer.writerow([name, engine.version, where, "steps_per_cpu_second", copies, "", *found])
                file.flush()


def main() -> None:
    """Measure one engine, or put tables together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("engine", choices=[*ENGINES, "join"])
    parser.add_argument("tables", nargs="*", type=Path, help="tables to put together")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--battles", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5.0, help="processor time of each measurement of speed")
    given = parser.parse_args()
    if given.engine == "join":
        lines = [path.read_text().splitlines() for path in given.tables]
        given.out.write_text("\n".join([lines[0][0], *(line for table in lines for line in table[1:])]) + "\n")
    else:
        measure(given.engine, given.battles, given.seconds, given.out)


if __name__ == "__main__":
    main()
