"""Let networks that others trained in StarCraft II play on the embedded engine.

    git clone https://github.com/starry-sky6688/MARL-Algorithms
    python benchmarks/game_networks.py MARL-Algorithms/model --out data/battle_agreement.csv

The folder holds `<method>/<map>/rnn_net_params.pkl`. A network that plays the engine as well as it played the game
says that the two agree in what it relies on; one that does not says nothing of the cause. Facts about networks are
those of `data/known_of_the_game.csv` whose player is "network <method>".
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from na2q.config import BattleOptions
from na2q.envs.battle import BattleEnv
from na2q.envs.battle.known import Measured, facts, interval, write
from na2q.paths import repo_root


class Network(nn.Module):
    """Linear, GRU cell, linear: the input is an observation, the last action and the agent's number."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        hidden, inputs = weights["fc1.weight"].shape
        self.fc1, self.rnn = nn.Linear(inputs, hidden), nn.GRUCell(hidden, hidden)
        self.fc2 = nn.Linear(hidden, len(weights["fc2.bias"]))
        self.load_state_dict(weights)

    def forward(self, inputs: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return values of all actions and the new memory."""
        hidden = self.rnn(torch.relu(self.fc1(inputs)), hidden)
        return self.fc2(hidden), hidden


@torch.inference_mode()
def play(file: Path, name: str, battles: int) -> ndarray:
    """Play greedily with seeds 0, 1, ...; return whether each battle was won."""
    network = Network(torch.load(file, map_location="cpu", weights_only=True))
    env = BattleEnv(name, n_envs=battles)
    n, actions = env.spec.n_agents, env.spec.n_actions
    observation = env.reset(range(battles))
    hidden = torch.zeros(battles * n, network.rnn.hidden_size)
    last = np.zeros((battles, n, actions), np.float32)
    number = np.broadcast_to(np.eye(n, dtype=np.float32), (battles, n, n))
    over = np.zeros(battles, np.bool_)
    while not over.all():
        inputs = np.concatenate([observation.obs, last, number], -1).reshape(battles * n, -1)
        values, hidden = network(torch.from_numpy(inputs), hidden)
        chosen = np.where(observation.avail, values.numpy().reshape(battles, n, actions), -np.inf).argmax(-1)
        observation, _, over, _, _ = env.step(chosen)
        last = np.eye(actions, dtype=np.float32)[chosen]
    return env.battles["won"].astype(float)


def main() -> None:
    """Measure all facts about networks whose weights are in the folder."""
    parser = argparse.ArgumentParser(description="Networks trained in StarCraft II on the embedded engine.")
    parser.add_argument("models", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="table that gets the rows")
    parser.add_argument("--battles", type=int, default=400)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    engine, rows = BattleOptions().engine, []
    for fact in facts(repo_root() / "data" / "known_of_the_game.csv"):
        file = arguments.models / fact.player.removeprefix("network ") / fact.map / "rnn_net_params.pkl"
        if fact.player.startswith("network ") and file.exists():
            won = interval(play(file, fact.map, arguments.battles))
            rows.append(Measured(fact.id, engine, arguments.battles, *(round(number, 3) for number in won)))
            print(rows[-1], flush=True)
    write(rows, arguments.out)


if __name__ == "__main__":
    main()
