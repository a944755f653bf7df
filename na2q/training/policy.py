"""Use what was trained: a policy from a weights file alone, its evaluation, and a film of what it does."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from na2q import envs
from na2q.arguments import checks_arguments
from na2q.config import TrainConfig, configure, family_of
from na2q.config.checks import Copies, Whole
from na2q.envs.base import MAX_SEED, Observation, VectorEnv
from na2q.envs.offers import KeepsReplays
from na2q.files import Address
from na2q.methods import METHODS
from na2q.methods.base import QLearning
from na2q.nets.agents import RecurrentAgent
from na2q.spec import EnvSpec
from na2q.training.addresses import located
from na2q.training.rollout import epsilon_greedy, play
from na2q.training.trainer import run_name
from na2q.training.weights import read_weights
from na2q.types import NO_ACTION


class Policy:
    """Decentralised agents that act on observations alone, with the memory of their GRU.

    Call `reset` before the first step of episodes, then `act` once for each step.
    """

    def __init__(self, agent: RecurrentAgent, config: TrainConfig, spec: EnvSpec) -> None:
        self.agent, self.config, self.spec = agent, config, spec
        self.rng = np.random.default_rng(0)
        self.reset(1)

    def reset(self, n_envs: int, seed: int | None = None) -> None:
        """Forget all history and expect `n_envs` copies; `seed` decides the exploration of `act`."""
        self.hidden = self.agent.initial_hidden(n_envs)
        self.last = np.full((n_envs, self.spec.n_agents), NO_ACTION)
        if seed is not None:
            self.rng = np.random.default_rng(seed)

    @torch.inference_mode()
    def q_values(self, obs: Float[ndarray, "e n o"]) -> Float[ndarray, "e n a"]:
        """Utilities of all actions, available or not, given the history so far and `obs`; nothing is remembered."""
        return self._step(obs)[0].cpu().numpy()

    @torch.inference_mode()
    def act(
        self, obs: Float[ndarray, "e n o"], avail: Bool[ndarray, "e n a"], epsilon: float = 0.0
    ) -> Int[ndarray, "e n"]:
        """Choose an available action for each agent and remember it with the observation."""
        q, self.hidden = self._step(obs)
        self.last = epsilon_greedy(q.cpu().numpy(), np.asarray(avail, bool), epsilon, self.rng)
        return self.last

    def _step(self, obs: ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        expected = (*self.last.shape, self.spec.obs_dim)
        if np.shape(obs) != expected:
            raise ValueError(f"obs has shape {np.shape(obs)}, must be {expected}; reset(n_envs) sets the first number")
        device = self.agent.fc_in.weight.device
        seen = torch.as_tensor(obs, dtype=torch.float32, device=device)
        return self.agent.step(seen, torch.as_tensor(self.last, device=device), self.hidden)


@checks_arguments
def load_method(path: Address) -> tuple[QLearning, TrainConfig]:
    """Rebuild the whole network of a run, mixer included, from its weights file; `path` as in `load`."""
    trained = read_weights(located(path))
    method = METHODS[trained.config.method](trained.spec, trained.config.agent, trained.config.options)
    method.load_state_dict(trained.weights)
    return method.eval(), trained.config


@checks_arguments
def load(path: Address) -> Policy:
    """Rebuild the agents of a run from its folder (last weights), from a weights file, or from an address.

    Args:
        path: a path, ``https://.../weights.safetensors`` or ``hf:owner/name[@revision][/file]``; an address may end in
            ``#sha256=`` and the checksum that its file must have.

    Raises:
        RunError: the file is missing, damaged, or another than its checksum says, or the address cannot be read.
    """
    method, config = load_method(path)
    return Policy(method.agent, config, method.spec)


@checks_arguments
def make_env(policy: Policy, n_envs: Copies, env: str | None = None) -> VectorEnv:
    """Build copies of the environment that a policy was trained on, or of another one of the same sizes.

    Another environment of the same family has the options of the run. Raises ValueError where the sizes differ.
    """
    config, name = policy.config, policy.config.env if env is None else env
    own = configure(config.method, name, config.preset)  # refuses an unknown environment
    options = config.env_options.playable() if family_of(name) == family_of(config.env) else own.env_options
    made = envs.make(name, options, n_envs)
    for size in ("n_agents", "n_actions", "obs_dim"):
        here, there = getattr(made.spec, size), getattr(policy.spec, size)
        if here != there:
            raise ValueError(f"{name} has {size} {here}, but the policy was trained with {there}")
    if isinstance(made, KeepsReplays):
        made.keep_replays(run_name(config))
    return made


@checks_arguments
def evaluate(path: Address, episodes: Copies = 32, seed: Whole = 0, env: str | None = None) -> pd.DataFrame:
    """Play greedy episodes with a run's weights, all at once; one row for each episode."""
    policy = load(path)
    vector = make_env(policy, episodes, env)
    rng = np.random.default_rng(seed)
    seeds = rng.integers(MAX_SEED, size=episodes).tolist()
    played = play(vector, policy.agent, 0.0, rng, seeds)
    vector.close()
    columns = {"episode": range(episodes), "seed": seeds, "return": played.returns, "length": played.lengths}
    table = pd.DataFrame(columns | played.info)
    return table[~table["crashed"]] if "crashed" in table else table  # what a failure cut off counts nowhere


def watch(policy: Policy, env: VectorEnv, seeds: Sequence[int]) -> Iterator[tuple[Observation, Any]]:
    """Play one greedy episode for each seed on a single copy; yield what is seen and the actions chosen on it.

    After the last step of an episode its final observation comes with None for the actions.
    """
    for seed in seeds:
        policy.reset(1)
        observation, over = env.reset([seed]), False
        while not over:
            actions = policy.act(observation.obs, observation.avail)
            yield observation, actions[0]
            outcome = env.step(actions)
            observation, over = outcome.observation, bool(outcome.terminated[0] or outcome.truncated[0])
        yield observation, None
