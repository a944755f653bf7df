"""JaxMARL's worker for `benchmarks/peers.py`: its package on the index has environments, compiled by JAX."""
# pyright: reportMissingImports=false

import importlib.metadata
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # before jax is imported

import jax
import jax.numpy as jnp
import jaxmarl
from jaxmarl.environments.smax import map_name_to_scenario
from turns import Turns, facts

STEPS = 128  # of each copy in one call


def lacks() -> dict[str, str]:
    """Say why nothing is trained, having looked: raise RuntimeError where a release has brought the methods along."""
    files = [str(file) for file in importlib.metadata.files("jaxmarl") or []]
    if trained := [file for file in files if "qmix" in file.lower() or "vdn" in file.lower()]:
        raise RuntimeError(f"this release of jaxmarl has {trained}, so that its updates can be timed: add them here")
    reason = "the package on the index holds environments and wrappers, no QMIX, VDN or training loop"
    return {"update": reason, "training": reason, "collecting": reason}


def environment(turns: Turns, name: str, copies: int) -> None:
    """Play SMAX's map of the same name with random available actions, in one compiled call that begins anew."""
    env = jaxmarl.make("HeuristicEnemySMAX", scenario=map_name_to_scenario(name.removeprefix("battle-")))

    @jax.jit
    def play(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(carry, _):
            key, state = carry
            key, choosing, stepping = jax.random.split(key, 3)
            avail = jax.vmap(env.get_avail_actions)(state)
            keys = dict(zip(env.agents, jax.random.split(choosing, len(env.agents)), strict=True))
            actions = {
                agent: jax.random.categorical(keys[agent], jnp.where(avail[agent] > 0, 0.0, -jnp.inf))
                for agent in env.agents
            }
            answer = jax.vmap(env.step)(jax.random.split(stepping, copies), state, actions)
            obs, state, rewards, _, _ = answer
            return (key, state), sum(x.sum() for x in (*obs.values(), *rewards.values()))  # so that all is computed

        key, resetting = jax.random.split(key)
        _, state = jax.vmap(env.reset)(jax.random.split(resetting, copies))
        (key, _), sums = jax.lax.scan(step, (key, state), None, STEPS)
        return key, sums.sum()

    key = jax.random.PRNGKey(1)

    def once() -> int:
        nonlocal key
        key, total = play(key)
        total.block_until_ready()
        return STEPS * copies

    while True:
        turns.wait()
        turns.measure("environment", once, 4)
        turns.tell()


def main(measure: str, *of: str) -> None:
    """Do what `benchmarks/peers.py` asks for."""
    turns = Turns()
    if measure == "facts":
        turns.tell(facts("jaxmarl", "jax", lacks()))
    else:
        environment(turns, of[0], int(of[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
