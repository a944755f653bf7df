"""Figures of explanations show the recorded numbers, where they belong."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from untrained import save_untrained

from na2q.config import configure
from na2q.explain import pictures, scene, shapes
from na2q.explain.recording import record
from na2q.explain.scene import Moment


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, xr.Dataset]:
    """Recordings of untrained networks that explore."""
    found = {}
    for method, env in (
        ("na2q", "lbf-4p-2f"),
        ("na2q", "battle-3m"),
        ("qmix", "battle-3m"),
        ("vdn", "battle-3m"),
        ("iql", "battle-3m"),
    ):
        folder: Path = tmp_path_factory.mktemp(method)
        save_untrained(configure(method, env), folder)
        found[f"{method} {env}"] = record(folder, episodes=2, epsilon=0.5)
    return found


@pytest.fixture
def board(runs: dict[str, xr.Dataset]) -> xr.Dataset:
    return runs["na2q lbf-4p-2f"]


@pytest.fixture
def battle(runs: dict[str, xr.Dataset]) -> xr.Dataset:
    return runs["na2q battle-3m"]


@pytest.fixture(autouse=True)
def closed_figures() -> object:
    yield
    plt.close("all")


def bars(axes: Axes) -> list[float]:
    return [bar.get_height() for bar in axes.containers[0]]  # type: ignore[attr-defined]  # bars


def test_masks_lie_where_the_board_has_the_thing_seen(board: xr.Dataset) -> None:
    """Every coloured cell holds a player or food, and its colour is the mask of that slot's level."""
    for step in (0, 3):
        moment = board.isel(episode=0, step=step)
        figure = pictures.foraging_masks(board, 0, [step])
        fields = [axes for axes in figure.axes if axes.images and axes.get_title().startswith("agent")]
        assert len(fields) == 4
        there = {tuple(p) for p in moment["player_position"].values.tolist()}
        food = moment["food_position"].values[moment["food_present"].values]
        there |= {tuple(p) for p in food.tolist()}
        for agent, axes in enumerate(fields):
            shown = np.ma.filled(axes.images[0].get_array(), np.nan)
            left, _, _, top = axes.images[0].get_extent()
            cells = {(int(top + 0.5) + r, int(left + 0.5) + c) for r, c in np.argwhere(np.isfinite(shown))}
            assert cells <= there
            assert tuple(moment["player_position"].values[agent]) in cells
            levels = moment.sel(agent=agent, obs_feature=[n for n in moment["obs_feature"].values if "level" in n])
            seen = levels["obs"].values > 0
            np.testing.assert_allclose(
                sorted(shown[np.isfinite(shown)]), sorted(levels["mask"].values[seen]), rtol=1e-6
            )
            row, column = moment["obs"].sel(agent=agent, obs_feature=["self y", "self x"]).values.astype(int)
            own = moment["mask"].sel(agent=agent, obs_feature="self level")
            assert shown[row, column] == pytest.approx(float(own))


def test_masks_of_several_steps_share_one_scale_and_name_contributions_and_credits(board: xr.Dataset) -> None:
    figure = pictures.foraging_masks(board, 1, [0, 2, 5], feature="mean")
    fields = [axes for axes in figure.axes if axes.images]
    assert len(fields) >= 3 * 4
    scales = {axes.images[0].get_clim() for axes in fields}
    assert len(scales) == 1
    moment = board.isel(episode=1, step=2)
    titles = [strip.get_suptitle() for strip in figure.subfigs]
    for k, name in enumerate(board["coalition"].values):
        text = f"{float(moment['contribution'][k]):z.2f}\xa0({float(moment['credit'][k]):.2f})"
        if "," in name:
            assert f"{scene.shown_as(name)}:\xa0{text}" in titles[1].replace("\n", "   ")
    second = [axes.get_title() for axes in figure.subfigs[1].axes if axes.get_title().startswith("agent 4")]
    assert f"{float(moment['contribution'][3]):z.2f} ({float(moment['credit'][3]):.2f})" in second[0]


def test_keyframes_give_contributions_or_gradients_by_what_the_method_has(runs: dict[str, xr.Dataset]) -> None:
    names = ["vdn", "qmix", "na2q"]
    moments = [Moment(runs[f"{name} battle-3m"], 1, 4) for name in names]
    figure = pictures.battle_keyframes({"a row": moments})
    below = [axes for axes in figure.axes if axes.containers]
    assert len(below) == 3
    for name, axes, (recording, episode, step) in zip(names, below, moments, strict=True):
        moment = recording.isel(episode=episode, step=step)
        q = moment["q_taken"].values
        slopes = name == "qmix"
        shares = moment["gradient"].values * q if slopes else moment["contribution"].values
        np.testing.assert_allclose(bars(axes), [*q, *shares], rtol=1e-5)
        said = " ".join(text.get_text() for text in axes.texts)
        assert (r"\partial" in said) == slopes


def test_arrows_of_keyframes_lead_to_targets_and_along_moves(battle: xr.Dataset) -> None:
    played = scene.one_episode(battle, 0)
    names = played["action"].values
    for t in range(played.sizes["step"]):
        moment = played.isel(step=t)
        for agent in range(3):
            action = int(moment["action_taken"][agent])
            end = scene.aim(moment, agent, action)
            here = moment["unit_position"].values
            if names[action] in ("no-op", "stop"):
                assert end is None
            elif names[action] == "north":
                np.testing.assert_allclose(end, here[agent] + [0, scene.STRIDE])
            elif names[action].startswith("target"):
                np.testing.assert_allclose(end, here[3 + action - 6])


def test_only_differing_greedy_actions_are_drawn_beside_executed_ones(battle: xr.Dataset) -> None:
    shown = scene.regretted(battle)
    figure = pictures.battle_keyframes({"": [shown]})
    moment = battle.isel(episode=shown.episode, step=shown.step)
    arrows = [patch for patch in figure.axes[0].patches if type(patch).__name__ == "FancyArrowPatch"]
    expected = 0
    for agent in np.flatnonzero(moment["unit_alive"].values[:3]):
        actions = {int(moment[name][agent]) for name in ("action_taken", "greedy_action")}
        expected += sum(scene.aim(moment, int(agent), action) is not None for action in actions)
    assert len(arrows) == expected


def test_health_and_its_mask_are_those_of_the_unit_in_whose_colour_they_are(battle: xr.Dataset) -> None:
    figure = pictures.health_and_masks(battle, 0)
    upper, lower = np.array(figure.axes).reshape(2, 3)
    played = scene.one_episode(battle, 0)
    for agent in range(3):
        for axes, name in ((upper[agent], "obs"), (lower[agent], "mask")):
            values = played[name].sel(agent=agent)
            others = [i for i in range(3) if i != agent]
            features = {agent: "own health", others[0]: "ally 0 health", others[1]: "ally 1 health"}
            lines = {line.get_label(): line for line in axes.lines}
            for unit, feature in features.items():
                line = lines[f"of agent {unit + 1}"]
                np.testing.assert_array_equal(line.get_ydata(), values.sel(obs_feature=feature).values)
    own = upper[1].lines[-1] if upper[1].lines[-1].get_label() == "of agent 2" else upper[1].lines[0]
    alive = played["unit_alive"].values[:, 1]
    np.testing.assert_allclose(np.asarray(own.get_ydata())[alive], played["unit_health"].values[alive, 1], atol=1e-6)


def test_contribution_map_has_the_first_step_below_and_marks_dead_coalitions(battle: xr.Dataset) -> None:
    battle = battle.copy(deep=True)
    battle["unit_alive"][0, 2:, [0, 1]] = False  # agents 0 and 1 die after two steps
    battle["unit_alive"][0, :, 2] = True
    image = (axes := pictures.contribution_map(battle, 0).axes[0]).images[0]
    length = int(battle["length"][0])
    assert image.origin == "lower"
    np.testing.assert_array_equal(image.get_array(), battle["contribution"].values[0, :length])
    low, high = image.get_clim()
    assert low == -high
    hatched = {(patch.get_x(), patch.get_y(), patch.get_y() + patch.get_height()) for patch in axes.patches}
    dead = [k for k, name in enumerate(battle["coalition"].values) if name in ("0", "1", "0,1")]
    assert hatched == {(k - 0.5, 1.5, length - 0.5) for k in dead}, "one piece from the step at which the last has died"


def test_shape_functions_show_each_model_their_mean_and_spread() -> None:
    """Two models of two agents over two bins; the second model never visits agent 1's second bin."""
    curve = np.array([[[1.0, 2.0], [0.0, 4.0]], [[3.0, 2.0], [2.0, np.nan]]])
    density = np.array([[[0.5, 0.5], [0.5, 0.5]], [[0.75, 0.25], [1.0, 0.0]]])
    found = xr.Dataset(
        {
            "contribution": (("model", "agent", "bin"), curve),
            "shape": (("model", "agent", "bin"), 2 * curve),
            "density": (("model", "agent", "bin"), density),
            "edges": (("agent", "edge"), np.array([[0.0, 1.0, 2.0]] * 2)),
            "q": (("agent", "bin"), np.array([[0.5, 1.5]] * 2)),
            "q_mean": (("model", "agent"), np.ones((2, 2))),
            "q_std": (("model", "agent"), np.ones((2, 2))),
        }
    )
    figure = pictures.shape_functions(found)
    first, second = figure.axes
    assert [list(np.asarray(line.get_ydata())) for line in first.lines] == [[1, 2], [3, 2], [2, 2]]
    np.testing.assert_array_equal(second.lines[-1].get_ydata(), [1, np.nan])  # one of two is no mean
    np.testing.assert_allclose(first.collections[0].get_array().ravel(), [0.625, 0.375])
    band = first.collections[1].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1, 3)
    number = shapes.stability(found)
    assert f"{number.weighted:.3f} weighted" in figure.get_suptitle()
    apart = found.assign(contribution=found["contribution"].where([[[True, False]], [[False, True]]]))
    assert "no two models" in pictures.shape_functions(apart).get_suptitle()
    pure = pictures.shape_functions(found, "shape")
    np.testing.assert_array_equal(pure.axes[0].lines[-1].get_ydata(), [4, 4])
    assert not pure.get_suptitle(), "the stability number is one of contributions"


def test_steps_worth_showing_are_found(battle: xr.Dataset) -> None:
    battle = battle.copy(deep=True)
    length = int(battle["length"][0])
    battle["reward"][0, :length] = 0.0
    battle["reward"][0, [2, 3, length - 1]] = [5.0, 7.0, 100.0]
    assert scene.eventful_step(battle, 0) == 3, "not the last step, whose reward is the bonus"
    battle["greedy_action"][0] = battle["action_taken"][0]
    battle["greedy_action"][1] = battle["action_taken"][1]
    with pytest.raises(ValueError, match="all recorded actions are greedy"):
        scene.regretted(battle)
    other = (int(battle["action_taken"][0, 3, 1]) + 1) % battle.sizes["action"]
    battle["greedy_action"][0, 3, 1] = other
    battle["q"][0, 3, 1, other] = battle["q_taken"][0, 3, 1] + 1
    assert scene.regretted(battle)[1:] == (0, 3)
    assert scene.eventful_step(battle, 0, greedy=True) == 2
    battle["return"][:] = [1.0, 2.0]
    assert scene.best_episode(battle) == 1


def test_what_a_recording_does_not_hold_is_said(runs: dict[str, xr.Dataset]) -> None:
    board, battle, vdn = (runs[x] for x in ("na2q lbf-4p-2f", "na2q battle-3m", "vdn battle-3m"))
    with pytest.raises(ValueError, match="na2q on battle-3m holds no player_position"):
        pictures.foraging_masks(battle)
    with pytest.raises(ValueError, match="feature is 'colour', must be one of y, x, level, mean"):
        pictures.foraging_masks(board, feature="colour")
    with pytest.raises(ValueError, match="step is 99, but episode 0 has steps 0 to"):
        pictures.foraging_masks(board, 0, [99])
    with pytest.raises(ValueError, match="episode is 2, but the recording has episodes 0 to 1"):
        pictures.contribution_map(board, 2)
    with pytest.raises(ValueError, match="vdn on battle-3m holds no mask"):
        pictures.health_and_masks(vdn)
    with pytest.raises(ValueError, match="qmix has no contributions by coalitions"):
        pictures.contribution_map(runs["qmix battle-3m"])
    with pytest.raises(ValueError, match="iql on battle-3m holds no gradient"):
        pictures.battle_keyframes({"": [Moment(runs["iql battle-3m"], 0, 0)]})


def test_agents_count_from_one_where_they_are_shown() -> None:
    assert [scene.shown_as(label) for label in ("0", "0,1", "1,2,9", "unit 0")] == ["1", "1,2", "2,3,10", "unit 0"]
    said = [scene.in_words(label) for label in ("0", "0,1", "1,2,9")]
    assert said == ["agent 1", "the pair 1,2", "agents 2,3,10"]


def test_targets_count_from_one_on_pages_as_units_do() -> None:
    assert scene.shown_action("target 0") == "target 1"
    assert scene.shown_action("north") == "north"
    assert scene.shown_action("target") == "target"
