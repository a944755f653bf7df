"""Recordings hold what was seen, chosen and computed, for every method and environment."""

import resource
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import xarray as xr
from random_task import VARIANTS, Variant
from untrained import SHORT, save_untrained

import na2q
from na2q.cli import main
from na2q.config import LBFOptions, configure
from na2q.envs import make
from na2q.envs.battle.maps import MAPS
from na2q.explain.recording import AXES, RecordingError, load_recording, record, save, validate
from na2q.files import WriteError
from na2q.training.policy import evaluate, make_env
from na2q.types import MixContext

NO_JOINT_VALUE = "iql"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("na2q")
    save_untrained(configure("na2q", **SHORT), folder)
    return folder


@pytest.fixture(scope="module")
def recording(folder: Path) -> xr.Dataset:
    return record(folder, episodes=5, epsilon=0.3, seed=2, samples=64)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_terms_add_up_to_the_joint_value_at_every_step(variant: Variant, tmp_path: Path) -> None:
    config = configure(variant.method, preset=variant.preset, **SHORT, **variant.settings)
    method = save_untrained(config, tmp_path)
    found = record(tmp_path, episodes=3, epsilon=0.5)
    filled = found["filled"].values
    assert filled.sum() == found["length"].sum()
    assert len(found["coalition"]) == len(method.coalitions)
    if variant.method == NO_JOINT_VALUE:
        assert not {"q_tot", "gradient", "credit", "bias"} & set(found)
        return
    total = found["contribution"].sum("coalition") + found["bias"]
    np.testing.assert_allclose(total.values[filled], found["q_tot"].values[filled], atol=1e-5)
    product = found["credit"] * found["shape"]
    np.testing.assert_allclose(product.values[filled], found["contribution"].values[filled], atol=1e-5)
    for name in set(found) & set(AXES):
        x = found[name].values
        assert (np.isnan(x[~filled]) if x.dtype.kind == "f" else x[~filled] == (x.dtype.kind == "i") * -1).all(), name
        assert np.isfinite(x[filled].astype(float)).all(), name


def autograd_slopes(method: Any, found: xr.Dataset) -> torch.Tensor:
    """Slopes by autograd at the recorded steps; for methods that mix with the state alone."""
    filled = found["filled"].values
    q = torch.tensor(found["q_taken"].values[filled], requires_grad=True)
    method.mix(q, MixContext(state=torch.tensor(found["state"].values[filled]))).q_tot.sum().backward()
    assert q.grad is not None
    return q.grad


@pytest.mark.parametrize("name", ["vdn", "qmix", "qatten", "qtran", "wqmix"])
def test_slopes_are_those_of_autograd(name: str, tmp_path: Path) -> None:
    method = save_untrained(configure(name, **SHORT), tmp_path)
    found = record(tmp_path, episodes=2, epsilon=1.0)
    slopes = found["gradient"].values[found["filled"].values]
    np.testing.assert_allclose(slopes, autograd_slopes(method, found).numpy(), atol=1e-5)


def test_slopes_of_qplex_are_its_importance_although_it_cuts_their_gradient(tmp_path: Path) -> None:
    method = save_untrained(configure("qplex", **SHORT), tmp_path)
    found = record(tmp_path, episodes=2, epsilon=1.0)
    filled = found["filled"].values
    state = torch.tensor(found["state"].values[filled])
    with torch.no_grad():
        importance = method.mixer.importance(state, torch.tensor(found["action_taken"].values[filled]).long())
        expected = importance * (method.mixer.w(state).abs() + 1e-10)
    np.testing.assert_allclose(found["gradient"].values[filled], expected.numpy(), atol=1e-5)


def test_slopes_of_na2q_are_differences_of_its_joint_value(folder: Path, recording: xr.Dataset) -> None:
    """Chain rule by hand: slope of the shape functions by differences, times the recorded credits."""
    method, _ = na2q.training.policy.load_method(folder)
    filled = recording["filled"].values
    q, width = torch.tensor(recording["q_taken"].values[filled]).double(), 1e-4
    shapes = method.mixer.double().shapes  # type: ignore[union-attr]  # NA2Q's
    credit = recording["credit"].values[filled]
    with torch.no_grad():
        for i in range(4):
            ends = [torch.cat([f(q + side * width * torch.eye(4)[i]) for f in shapes], -1) for side in (1, -1)]
            slope = (credit * ((ends[0] - ends[1]) / (2 * width)).numpy()).sum(-1)
            np.testing.assert_allclose(recording["gradient"].values[filled][:, i], slope, atol=1e-4)
    assert (recording["gradient"].values[filled] >= 0).all()


def test_recorded_utilities_are_those_the_policy_acts_on(folder: Path, recording: xr.Dataset) -> None:
    policy = na2q.load(folder)
    policy.reset(5)
    for t in range(recording.sizes["step"]):
        step = recording.isel(step=t)
        here = step["filled"].values
        obs = np.nan_to_num(step["obs"].values)
        q = policy.q_values(obs)
        np.testing.assert_allclose(step["q"].values[here], q[here], atol=1e-6)
        masked = np.where(step["avail"].values, q, -np.inf)
        np.testing.assert_array_equal(step["greedy_action"].values[here], masked.argmax(-1)[here])
        policy.act(obs, np.ones_like(step["avail"].values))
        policy.last = step["action_taken"].values.astype(np.int64)  # what was executed, at random at times


def test_executed_actions_are_available_and_their_utility_is_kept(recording: xr.Dataset) -> None:
    filled = recording["filled"].values
    taken = recording["action_taken"].values[filled][..., None].astype(int)
    assert np.take_along_axis(recording["avail"].values[filled], taken, -1).all()
    q = np.take_along_axis(recording["q"].values[filled], taken, -1)
    np.testing.assert_array_equal(q[..., 0], recording["q_taken"].values[filled])
    departs = recording["action_taken"].values[filled] != recording["greedy_action"].values[filled]
    assert 0.05 < departs.mean() < 0.3


def test_masks_lie_between_zero_and_one_with_and_without_noise(recording: xr.Dataset) -> None:
    filled = recording["filled"].values
    for name in ("mask", "mask_sampled"):
        mask = recording[name].values[filled]
        assert ((mask > 0) & (mask < 1)).all()
    assert (recording["z_std"].values[filled] > 0).all()
    gap = np.abs(recording["mask"].values - recording["mask_sampled"].values)[filled]
    assert 0 < gap.max() < 0.1  # an untrained posterior has width 1, an untrained decoder hardly reacts to it


def test_greedy_recording_plays_the_episodes_of_evaluate(folder: Path) -> None:
    found, table = record(folder, episodes=4, seed=7), evaluate(folder, episodes=4, seed=7)
    for name in ("return", "length", "cleared"):
        np.testing.assert_allclose(found[name].values, table[name], rtol=1e-6)
    np.testing.assert_array_equal(found["episode_seed"].values, table["seed"])
    np.testing.assert_allclose(found["reward"].fillna(0).sum("step").values, table["return"], rtol=1e-5)


def test_file_gives_back_what_was_recorded(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "episodes.nc"
    main(["record", str(folder), "--episodes", "3", "--epsilon", "0.2", "--seed", "5", "--out", str(out)])
    again = load_recording(out)
    xr.testing.assert_identical(again.drop_attrs(), record(folder, 3, 0.2, 5).drop_attrs())
    assert again.attrs["method"] == "na2q"
    assert again.attrs["epsilon"] == 0.2
    assert list(again["coalition"].values[:5]) == ["0", "1", "2", "3", "0,1"]
    assert again["member"].sel(coalition="1,3").values.tolist() == [False, True, False, True]


def test_lbf_frames_are_what_agents_observe(recording: xr.Dataset) -> None:
    """Own cell and level, and every food in sight, agree between frame and observation."""
    sight, steps = int(recording["sight"]), recording["filled"].values
    for e, t in np.argwhere(steps):
        step = recording.isel(episode=int(e), step=int(t))
        for i in range(4):
            y, x = step["player_position"].values[i]
            own = step["obs"].sel(agent=i, obs_feature=["self y", "self x", "self level"]).values
            assert own.tolist() == [min(y, sight), min(x, sight), step["player_level"].values[i]]
            near = (np.abs(step["food_position"].values - [y, x]) <= sight).all(-1) & step["food_present"].values
            seen = step["obs"].sel(agent=i, obs_feature=["food 0 level", "food 1 level"]).values
            assert sorted(seen[seen > 0]) == sorted(step["food_level"].values[near])


def test_lbf_food_goes_when_it_is_loaded_also_in_the_last_step(tmp_path: Path) -> None:
    save_untrained(configure("vdn", "lbf-4p-2f", **{"env_options.max_player_level": 1}), tmp_path)
    found = record(tmp_path, episodes=20, epsilon=1.0)
    eaten = found["food_present"] & ~found["food_left"]
    assert eaten.values.sum(1).max() == 1
    assert eaten.values.any()
    np.testing.assert_array_equal(eaten.any("food").values, found["loaded"].any("agent").values)
    paid = found["player_reward"].values.sum(-1)[filled := found["filled"].values]
    np.testing.assert_allclose(paid - 0.002, found["reward"].values[filled], atol=1e-6)
    np.testing.assert_array_equal(found["player_reward"].values[filled] > 0, found["loaded"].values[filled])
    np.testing.assert_array_equal(eaten.any("step").all("food").values, found["cleared"].values)
    np.testing.assert_allclose(
        (found["reward"] > 0).values, eaten.any("food").values
    )  # a meal is worth more than the step costs


@pytest.mark.parametrize("name", ["matrix-two_step", "battle-3m", "lbf-3p-3f"])
@pytest.mark.parametrize("method", ["na2q", "vdn"])
def test_every_environment_can_be_recorded(method: str, name: str, tmp_path: Path) -> None:
    save_untrained(configure(method, name), tmp_path)
    found = record(tmp_path, episodes=2)
    save(found, tmp_path / "r.nc")
    assert found.attrs["env"] == name
    for axis in ("obs_feature", "state_feature", "action"):
        labels = found[axis].values.tolist()
        assert len(set(labels)) == len(labels) == found.sizes[axis]


def test_battle_frames_agree_with_the_state(tmp_path: Path) -> None:
    save_untrained(configure("vdn", "battle-3s5z"), tmp_path)
    found = record(tmp_path, episodes=2, epsilon=1.0)
    filled, state = found["filled"].values, found["state"]
    for i in range(8):
        for what in ("health", "shield"):
            shown = found[f"unit_{what}"].values[filled][:, i] * found["unit_alive"].values[filled][:, i]
            named = state.sel(state_feature=f"agent {i} {what}").values[filled]
            np.testing.assert_allclose(named, shown, atol=1e-6)
    enemy = state.sel(state_feature="enemy 3 shield").values[filled]
    alive = found["unit_alive"].values[filled][:, 11]
    np.testing.assert_allclose(enemy, found["unit_shield"].values[filled][:, 11] * alive, atol=1e-6)
    own = found["obs"].sel(agent=4, obs_feature=["own health", "own shield", "own is zealot"]).values[filled]
    unit = found["unit_health"].values[filled][:, 4]
    np.testing.assert_allclose(own[:, 0], unit * found["unit_alive"].values[filled][:, 4], atol=1e-6)
    assert (own[:, 2] == found["unit_alive"].values[filled][:, 4]).all()
    assert found["unit_type"].values.tolist() == list(MAPS["3s5z"].allies + MAPS["3s5z"].enemies)
    assert found["unit_enemy"].values.tolist() == [False] * 8 + [True] * 8


@pytest.mark.parametrize("name", MAPS)
def test_names_of_smac_features_are_as_many_as_the_features(name: str) -> None:
    for shields in ("race", "always"):
        env = make(
            f"battle-{name}", configure("vdn", f"battle-{name}", **{"env_options.shield_bits": shields}).env_options
        )
        labels: Any = env.labels()  # type: ignore[attr-defined]
        sizes = (env.spec.obs_dim, env.spec.state_dim, env.spec.n_actions)
        assert tuple(map(len, labels.values())) == sizes
        assert all(len(set(names)) == len(names) for names in labels.values())


def test_lbf_names_follow_the_kind_of_state() -> None:
    whole = make("lbf-4p-2f", LBFOptions(state="full"))
    assert len(whole.labels()["state_feature"]) == whole.spec.state_dim == 18  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"episodes": 0}, "episodes is 0"),
        ({"epsilon": 1.5}, "epsilon is 1.5"),
        ({"samples": -1}, "samples is -1"),
        ({"env": "lbf-3p-3f"}, "lbf-3p-3f has n_agents 3"),
    ],
)
def test_numbers_out_of_range_are_named(settings: dict[str, Any], message: str, folder: Path) -> None:
    with pytest.raises(ValueError, match=message):
        record(folder, **{"episodes": 2} | settings)


def test_what_is_no_recording_is_refused(recording: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist"):
        load_recording(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("no netCDF")
    with pytest.raises(RecordingError, match=r"text\.nc cannot be read"):
        load_recording(tmp_path / "text.nc")
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(RecordingError, match=r"other\.nc: not a recording"):
        load_recording(tmp_path / "other.nc")
    with pytest.raises(RecordingError, match="array 'q' is missing"):
        validate(recording.drop_vars("q"))
    with pytest.raises(RecordingError, match="array 'bias' is missing"):
        validate(recording.drop_vars("bias"))
    with pytest.raises(RecordingError, match="q_tot has axes"):
        validate(recording.assign(q_tot=recording["reward"].isel(step=0)))
    with pytest.raises(RecordingError, match="schema is 0"):
        validate(recording.assign_attrs(schema=0))
    with pytest.raises(RecordingError, match=r"schema is \[1, 2\]"):
        validate(recording.assign_attrs(schema=[1, 2]))


def test_environment_without_names_gets_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        def __init__(self, env: Any) -> None:
            self.spec, self.n_envs, self.inner = env.spec, env.n_envs, env

        def reset(self, seeds: Any) -> Any:
            return self.inner.reset(seeds)

        def step(self, actions: Any) -> Any:
            return self.inner.step(actions)

        def draw(self, axes: Any, copy: int = 0) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr("na2q.explain.recording.make_env", lambda *given: Plain(make_env(*given)))
    found = record(folder, episodes=2)
    assert found["obs_feature"].values[0] == "obs_feature 0"
    assert "player_position" not in found


@pytest.mark.slow
def test_whatever_is_changed_in_a_file_is_found(tmp_path: Path, recording: xr.Dataset) -> None:
    save(recording, tmp_path / "whole.nc")
    whole, path, rng = (tmp_path / "whole.nc").read_bytes(), tmp_path / "flipped.nc", np.random.default_rng(0)
    original, refused = load_recording(tmp_path / "whole.nc"), []
    for place in rng.integers(len(whole), size=60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            assert load_recording(path).identical(original), "a bit that no value depends on"
        except RecordingError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert all(str(path) in message for message in refused)


@pytest.mark.parametrize("change", ["value", "attribute", "checksum"])
def test_a_file_that_was_edited_is_refused(change: str, tmp_path: Path, recording: xr.Dataset) -> None:
    save(recording, tmp_path / "edited.nc")
    with h5py.File(tmp_path / "edited.nc", "r+") as file:
        if change == "value":
            file["reward"][0, 0] += 1
        elif change == "attribute":
            file.attrs["epsilon"] = 0.5
        else:
            del file.attrs["checksum"]
    with pytest.raises(RecordingError, match=r"edited\.nc: its contents do not fit its checksum"):
        load_recording(tmp_path / "edited.nc")


def test_a_full_disk_ends_with_an_error_and_leaves_the_older_file(tmp_path: Path, recording: xr.Dataset) -> None:
    out = tmp_path / "episodes.nc"
    out.write_text("older")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.raises(WriteError, match=r"cannot write .*episodes\.nc: File too large; what was there before"):
            save(recording, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert out.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
