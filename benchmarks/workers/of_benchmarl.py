"""BenchMARL's worker for `benchmarks/peers.py`: its own experiment, losses, optimisers and target updaters, unmodified.

Its environment holds this package too, so that it plays the same task, which reaches it as a ParallelEnv of PettingZoo
through TorchRL's wrapper.
"""
# pyright: reportMissingImports=false

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarl.algorithms import QmixConfig, VdnConfig
from benchmarl.environments.pettingzoo.common import PettingZooClass
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models import GruConfig, MlpConfig, SequenceModelConfig
from tensordict import TensorDict
from torch import nn
from torchrl.envs import PettingZooWrapper
from turns import Turns, facts, now

import na2q
from na2q.envs import to_pettingzoo

TASK = "lbf-4p-2f"
SIZES = na2q.configure("qmix", TASK, preset="released")  # of batch, replay and network
LIMIT = to_pettingzoo(TASK).env.spec.episode_limit
ALGORITHMS = {"qmix": QmixConfig, "vdn": VdnConfig}
LACKS = {"environment": "BenchMARL has no environments of its own: it trains on those of others"}
GROUP = "agent"  # TorchRL's name for agent_0, agent_1, ...


class Foraging(PettingZooClass):
    """The task, by BenchMARL's class for environments of PettingZoo."""

    def get_env_fun(self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any) -> Any:
        """Return a function that makes one environment."""
        return lambda: PettingZooWrapper(to_pettingzoo(TASK), use_mask=True, device=device, seed=seed)

    def supports_discrete_actions(self) -> bool:
        """Actions are numbers."""
        return True

    def has_state(self) -> bool:
        """No state: BenchMARL then mixes on all observations, which are this task's state here too."""
        return False

    def has_render(self, env: Any) -> bool:
        """No pictures."""
        return False

    def max_steps(self, env: Any) -> int:
        """Return the time limit."""
        return LIMIT


class EachIteration(Callback):
    """Takes a turn for every few iterations of an experiment."""

    def __init__(self, turns: Turns, repeats: int) -> None:
        super().__init__()
        self.turns, self.repeats, self.done = turns, repeats, 0

    def on_setup(self) -> None:
        """Wait for the first turn."""
        self.turns.wait()
        self.begun = now()

    def on_batch_collected(self, batch: Any) -> None:
        """Note how long collecting took."""
        self.turns.note("collecting", self.begun, batch.numel())
        self.frames = batch.numel()

    def on_train_end(self, training_td: Any, group: str) -> None:
        """Note how long the iteration took; what follows in it counts into the next."""
        self.turns.note("training", self.begun, self.frames)
        self.done += 1
        if self.done % self.repeats == 0:
            self.turns.tell()
            self.turns.wait()
        self.begun = now()


def experiment(method: str, folder: str, callbacks: list[Callback]) -> Experiment:
    """Make an experiment with BenchMARL's defaults but for what makes it train as this package does.

    One environment, one update of 32 sequences of 50 steps for every 50 steps, and agents of linear layer, GRU and
    linear layer of the same width. No tests, no logs.
    """
    config = ExperimentConfig.get_from_yaml()
    config.evaluation = config.create_json = config.render = False
    config.loggers, config.save_folder = [], folder
    config.off_policy_n_envs_per_worker = config.off_policy_n_optimizer_steps = 1
    config.off_policy_collected_frames_per_batch, config.off_policy_train_batch_size = LIMIT, SIZES.replay.batch * LIMIT
    config.off_policy_memory_size = SIZES.replay.capacity * LIMIT
    config.max_n_frames, config.max_n_iters = None, 10**6
    linear = MlpConfig(num_cells=[], layer_class=nn.Linear, activation_class=nn.ReLU)
    recurrent = GruConfig.get_from_yaml()
    recurrent.hidden_size, recurrent.mlp_num_cells = SIZES.agent.hidden, []
    model = SequenceModelConfig(model_configs=[linear, recurrent], intermediate_sizes=[SIZES.agent.hidden])
    task = Foraging(TASK, {"max_cycles": LIMIT})
    return Experiment(task, ALGORITHMS[method].get_from_yaml(), model, seed=1, config=config, callbacks=callbacks)


def tensordict(file: Path) -> TensorDict:
    """Arrange the stored batch as the experiment's replay does."""
    stored = {name: torch.from_numpy(field) for name, field in np.load(file).items()}
    episodes, slots, n_agents = stored["obs"].shape[:3]
    size = (episodes, slots - 1)

    def seen(slots: slice) -> TensorDict:
        observation = TensorDict({"observation": stored["obs"][:, slots]}, (*size, n_agents))
        parts = {"observation": observation, "action_mask": stored["avail"][:, slots]}
        return TensorDict(parts, (*size, n_agents))

    first = torch.zeros(*size, 1, dtype=torch.bool)
    first[:, 0] = True
    over = stored["terminated"].bool().unsqueeze(-1)
    then = {GROUP: seen(slice(1, None)), "reward": stored["reward"].unsqueeze(-1), "done": over, "terminated": over}
    batch = {GROUP: seen(slice(-1)), "is_init": first, "next": then | {"is_init": torch.zeros_like(first)}}
    whole = TensorDict(batch, size)
    whole[GROUP, "action"] = stored["actions"][:, :-1]
    return whole.contiguous()


def update(turns: Turns, method: str, folder: str, file: Path, repeats: int = 3) -> None:
    """Take updates with the stored batch as the experiment would, with its loss, optimiser, clipping and targets."""
    made, batch = experiment(method, folder, []), tensordict(file)
    loss, optimiser, targets = made.losses[GROUP], made.optimizers[GROUP]["loss"], made.target_updaters[GROUP]

    def once() -> None:
        value = loss(batch)["loss"]
        value.backward()
        nn.utils.clip_grad_norm_(loss.parameters(), made.config.clip_grad_val)
        optimiser.step()
        optimiser.zero_grad()
        targets.step()

    while True:
        turns.wait()
        turns.measure("update", once, repeats)
        turns.tell()


def main(measure: str, *of: str) -> None:
    """Do what `benchmarks/peers.py` asks for."""
    torch.set_num_threads(1)
    turns = Turns()
    if measure == "facts":
        turns.tell(facts("benchmarl", "torch", LACKS))
        return
    with tempfile.TemporaryDirectory() as folder:
        if measure == "update":
            update(turns, of[0], folder, Path(of[2]))
        else:
            experiment(of[0], folder, [EachIteration(turns, 4)]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
