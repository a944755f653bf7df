"""Every method equals the authors' released code over one whole update (preset `exact`).

Files come from NA2Q_REFERENCE_DIR where set, so that other sizes can be checked by the same code.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reference_case import ReferenceCase, find

from na2q.methods.na2q import Noise
from na2q.nets.slots import plan_slots

FOLDER = Path(os.environ.get("NA2Q_REFERENCE_DIR", Path(__file__).parent / "reference"))
FILES = sorted(FOLDER.glob("*.npz"))


def error(found: Any, expected: np.ndarray, scale: float | np.ndarray | None = None) -> float:
    """Largest absolute difference over `scale`, by default the largest entry expected (at least 0.01)."""
    found = np.asarray(found.detach() if isinstance(found, torch.Tensor) else found, np.float64)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    if scale is None:
        scale = max(0.01, np.abs(expected).max())
    return float((np.abs(found - expected) / scale).max())


class Update:
    """One update of the package on the inputs of a file, with everything that the file holds."""

    def __init__(self, case: ReferenceCase) -> None:
        self.case, self.learner = case, case.learner()
        self.symbols = [s["name"] for s in case.meta["symbols"]]
        self.shape = (case.meta["dims"]["B"], case.meta["dims"]["T"])
        self.batch = case.batch()
        self.init = {copy: self.weights(net) for copy, net in self.nets.items()}
        slots = plan_slots(self.batch, skip_padding=False)
        self.step = self.learner.step(self.batch, noise=self.noise(), slots=slots)
        self.outputs = self.forward()
        self.losses = self.learner.losses(self.step)
        self.logged = self.learner.backward(self.losses)
        self.own_losses = self.backward_own()
        self.grads = [self.grad(name) for name in self.symbols]
        self.logged |= self.learner.clip()
        self.learner.advance()
        self.after = self.weights(self.learner.online)
        self.logged |= self.learner.after_step(self.step)
        self.projected = self.weights(self.learner.online)
        for i, name in enumerate(self.symbols):  # what the method steps itself has moved only now
            if name.startswith(tuple(self.own_losses)):
                self.after[i] = self.projected[i]
        self.group_norms = [float(self.logged[f"grad_norm_{group.name}"]) for group in self.learner.groups]

    @property
    def nets(self) -> dict[str, Any]:
        return {"online": self.learner.online, "target": self.learner.target}

    def weights(self, net: Any) -> list[np.ndarray]:
        return [find(net, name).detach().clone().numpy() for name in self.symbols]

    def grad(self, name: str) -> np.ndarray:
        with_grad = find(_Gradients(self.learner.online), name)
        return with_grad.numpy()

    def noise(self) -> Any:
        if self.case.method == "na2q":
            return Noise(*(self.case.rows(f"in/noise_{name}") for name in ("vae", "z_online", "z_target")))
        return self.case.rows("in/perm_pos").long() if self.case.method == "shaq" else None

    def backward_own(self) -> dict[str, torch.Tensor]:
        """Losses of the groups that the method steps itself (CDS's predictors), with their gradients."""
        online, losses = self.learner.online, {}
        own = [group for group in self.learner.groups if group.stepped_by_method]
        for group, predictor in zip(own, getattr(online, "predictors", []), strict=True):
            rows, agents = self.step.extra.chosen(self.step.noise), self.step.noise % online.spec.n_agents
            losses[group.name] = online.predictor_loss(predictor, rows, agents)
            losses[group.name].backward()
        return losses

    def slots(self, x: torch.Tensor) -> torch.Tensor:
        """Bring an array over computed slots back to (B, T + 1, ...)."""
        out = torch.empty_like(x)
        out[self.step.slots.index] = x
        return out.unflatten(0, (self.shape[0], self.shape[1] + 1))

    def forward(self) -> dict[str, torch.Tensor]:
        """What a file may hold under out/, by name; over (B, T, ...) or (B, T + 1, ...)."""
        step, online, target = self.step, self.learner.online, self.learner.target
        live = online.mix(step.q_taken, step.live)
        rows: dict[str, Any] = {
            "q_taken": step.q_taken,
            "q_next": step.q_next,
            "q_tot": live.q_tot,
            "q_tot_target": online.bootstrap(step, target),
            "y": online.td_target(step, target),
        }
        if live.credits is not None:
            rows |= {
                "credit_alpha": live.credits,
                "credit_q_hat": live.contributions,
                "credit_contribution": live.credits * live.contributions,
                "credit_f0": live.bias,
            }
        rows |= getattr(self, f"_{self.case.method}", dict)()
        out = {name: x.unflatten(0, self.shape) for name, x in rows.items()}
        out |= {"agent_q_online": self.slots(step.online.q), "agent_q_target": self.slots(step.target.q)}
        if self.case.method == "wqmix":
            out |= {
                "central_q_online": self.slots(step.extra.online.q),
                "central_q_target": self.slots(step.extra.target.q),
            }
        out["greedy_action"] = self.slots(step.greedy.masked_fill(~step.avail.any(-1).all(-1, keepdim=True), -1))
        out["valid"] = self.batch.valid
        return out

    def _na2q(self) -> dict[str, torch.Tensor]:
        step, online = self.step, self.learner.online

        def dot(name: str, x: torch.Tensor) -> torch.Tensor:
            return x @ torch.from_numpy(self.case.check_vector(name, [x.shape[-1]]))

        return {
            "vae_mask": online.vae.mask(step.extra.sample(step.noise.vae)),
            "vae_mean_dot": dot("vae_mean", step.extra.mean),
            "vae_std_dot": dot("vae_std", step.extra.std),
            "z_online_dot": dot("z_online", step.live.semantics),
            "z_target_dot": dot("z_target", step.ahead.semantics),
        }

    def _qtran(self) -> dict[str, torch.Tensor]:
        step, online = self.step, self.learner.online
        return {
            "q_tot": online.joint_value(step.live, step.taken),
            "q_joint_greedy": online.joint_value(step.live, step.at_now(step.greedy)),
            "q_sum_plus_v": online.mix(step.q_taken, step.live).q_tot,
        }

    def _qplex(self) -> dict[str, torch.Tensor]:
        live = self.step.live
        return {"lambda": self.learner.online.mixer.importance(live.state, live.actions)}

    def _cds(self) -> dict[str, torch.Tensor]:
        return self._qplex() | {"r_int": self.learner.online.intrinsic_reward(self.step, self.learner.target)}

    def _wqmix(self) -> dict[str, torch.Tensor]:
        step, online = self.step, self.learner.online
        error = online.mix(step.q_taken, step.live).q_tot - online.td_target(step, self.learner.target)
        return {"central_q_tot": online.central_value(step), "td_weight": online.td_weight(error)}

    def _shaq(self) -> dict[str, torch.Tensor]:
        step = self.step
        return {"alpha_all": self.learner.online.mixer(step.q_taken, step.live.state, step.noise)}

    def loss(self, name: str) -> torch.Tensor:
        terms = {key: loss.value for key, loss in self.losses.items()} | self.own_losses
        names = {"rec": "reconstruction", "l1": "mask_l1"}
        if name == "total":
            return self.logged["loss"]
        if name == "vae":
            return sum(terms[key] for key in ("reconstruction", "kl", "mask_l1"))  # type: ignore[return-value]  # not 0
        return terms[names.get(name, name)]


class _Gradients:
    """A view of a module in which every parameter is its gradient."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        return self._wrap(getattr(self.module, name))

    def __getitem__(self, index: Any) -> Any:
        return self._wrap(self.module[index])

    def __iter__(self) -> Any:
        return (self._wrap(x) for x in self.module)

    @staticmethod
    def _wrap(x: Any) -> Any:
        if isinstance(x, torch.nn.Parameter):
            return torch.zeros_like(x) if x.grad is None else x.grad.clone()
        return _Gradients(x) if isinstance(x, torch.nn.Module) else x


def worst_errors(path: Path) -> dict[str, tuple[float, float]]:
    """Error and tolerance of every number in a file, by key (README of the files, section 6)."""
    case = ReferenceCase.open(path)
    z, update, result = case.arrays, Update(case), {}
    norms = [np.linalg.norm(x.astype(np.float64)) for x in update.init["online"]]
    checks = [case.check_vector(s["name"], s["shape"]).astype(np.float64) for s in case.meta["symbols"]]

    def compare(prefix: str, tensors: list[np.ndarray], scale: Any, tolerance: float, suffix: str = "") -> None:
        found_l2 = np.array([np.linalg.norm(x.astype(np.float64)) for x in tensors])
        found_dot = np.array([np.sum(x * check) for x, check in zip(tensors, checks, strict=True)])
        for name, found in (("l2", found_l2), ("dot", found_dot)):
            key = f"{prefix}{name}{suffix}"
            result[key] = (error(found, z[key], scale), tolerance)

    compare("init/online_", update.init["online"], np.array(norms), 1e-6)
    has_target = np.array([s["target"] for s in case.meta["symbols"]], float)
    compare(
        "init/target_", [x * t for x, t in zip(update.init["target"], has_target, strict=True)], np.array(norms), 1e-6
    )

    valid = z["out/valid"].astype(bool)
    for key in (k for k in z.files if k.startswith("out/")):
        name = key[4:]
        found, expected = update.outputs[name].detach(), z[key]
        if np.issubdtype(expected.dtype, np.integer):
            result[key] = (float((found.long().numpy() != expected).any()), 0.0)
            continue
        if not name.startswith(("vae_", "z_", "agent_q", "central_q_online", "central_q_target")):
            found = found * torch.from_numpy(valid).reshape(*valid.shape, *[1] * (found.dim() - 2))
        result[key] = (error(found, expected), 1e-5)
    for key in (k for k in z.files if k.startswith("loss/")):
        result[key] = (error(update.loss(key[5:]), z[key]), 1e-5)

    group_norms = z["grad/group_norm"]
    result["grad/group_norm"] = (error(np.array(update.group_norms), group_norms), 5e-5)
    group_of = [_group(case, name) for name in update.symbols]
    grad_scale = np.maximum(z["grad/l2"], 1e-3 * group_norms[group_of])
    compare("grad/", update.grads, grad_scale, 5e-5)
    compare("after/", update.after, z["after/l2"], 1e-5)
    compare("after/", update.projected, z["after/l2"], 1e-5, "_projected")
    moved = [a.astype(np.float64) - b for a, b in zip(update.after, update.init["online"], strict=True)]
    full_step = [
        (1 if case.meta["groups"][g]["optimiser"] == "Adam" else 10) * case.meta["groups"][g]["lr"] * x.size**0.5
        for g, x in zip(group_of, moved, strict=True)
    ]
    compare("step/", moved, np.array(full_step), 5e-4)
    return result


def _group(case: ReferenceCase, symbol: str) -> int:
    return next(i for i, g in enumerate(case.meta["groups"]) if symbol.startswith(tuple(g["prefixes"])))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_update_equals_the_released_code(path: Path) -> None:
    wrong = {key: pair for key, pair in worst_errors(path).items() if not pair[0] <= pair[1]}
    assert not wrong


def test_there_are_reference_files() -> None:
    assert FILES, f"no reference files in {FOLDER}"
