"""The comparison of runs: known curves give known means, intervals, profiles, thresholds and decisions."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from rliable import metrics as rliable_metrics
from synthetic_runs import runs

from na2q.book import chapters
from na2q.config import DEFAULT_PRESET
from na2q.evaluation import preset_choice, protocol
from na2q.evaluation.comparison import intervals, profile_lines
from na2q.evaluation.figures import QUIET, learning_curves


def final(values: Mapping[str, list[float]], env: str = "lbf-4p-2f") -> pd.DataFrame:
    """Scores of seeds 1, 2, ... by curve."""
    rows = [
        {"sweep": "pilot", "env": env, "curve": curve, "seed": seed, "score": score, "source": "last"}
        for curve, scores in values.items()
        for seed, score in enumerate(scores, 1)
    ]
    return pd.DataFrame(rows)


def test_interquartile_mean_drops_a_quarter_at_either_end() -> None:
    both = np.array([[[0.0], [1.0], [3.0], [100.0]], [[100.0], [5.0], [1.0], [0.0]]])
    assert protocol.iqm(both)[:, 0].tolist() == [2.0, 3.0]
    assert protocol.iqm(np.array([[[0.0], [1.0], [5.0]]])) == 2.0, "of fewer than four it is the mean"
    points = np.arange(8.0).reshape(4, 1, 2)
    assert protocol.iqm_of_points(points[None]).tolist() == [[3.0, 4.0]]


def test_score_is_the_absolute_metric_where_every_run_has_it() -> None:
    table = runs({"vdn": {1: [0.0, 0.2, 0.4], 2: [0.0, 0.4, 0.8]}})
    whole = table.assign(absolute_test_return_mean=table["seed"] / 10)
    assert protocol.scores(whole)["score"].tolist() == [0.1, 0.2]
    assert "fresh episodes" in protocol.sources(protocol.scores(whole))
    partly = whole.assign(absolute_test_return_mean=whole["absolute_test_return_mean"].where(whole["seed"] == 1))
    assert protocol.scores(partly)["score"].tolist() == pytest.approx([0.2, 0.4])
    assert protocol.sources(protocol.scores(partly)) == "score: mean of the last 10 tests"


def test_scores_of_two_sweeps_say_what_each_is() -> None:
    new = runs({"vdn": {1: [0.0, 0.0, 1.0]}}, absolute_test_return_mean=0.7)
    old = runs({"vdn": {1: [0.0, 0.3, 0.6]}}, sweep="first")
    table = protocol.scores(pd.concat([new, old]))
    assert table["score"].tolist() == pytest.approx([0.7, 0.3])
    assert protocol.sources(table) == (
        "score: best weights on fresh episodes (pilot), mean of the last 10 tests (first)"
    )


def test_summary_and_aggregate() -> None:
    table = pd.concat([final({"vdn": [0.0, 1.0, 3.0, 100.0]}), final({"vdn": [2.0] * 4}, "lbf-3p-3f")])
    by_task = protocol.summary(table).set_index("env")
    assert by_task.loc["lbf-4p-2f", ["n", "mean", "iqm"]].tolist() == [4, 26, 2]
    assert by_task.loc["lbf-3p-3f", ["iqm", "low", "high", "std"]].tolist() == [2, 2, 2, 0]
    assert protocol.aggregate(table)[["n", "tasks", "iqm"]].to_numpy().tolist() == [[4, 2, 2.0]]


def test_curve_that_lacks_a_task_is_left_out_of_aggregates_and_families_never_mix() -> None:
    table = pd.concat([final({"vdn": [0.1], "qmix": [0.2]}), final({"vdn": [0.3]}, "lbf-3p-3f")])
    assert protocol.aggregate(table)["curve"].tolist() == ["vdn"]
    with pytest.raises(ValueError, match="qmix has no seed that ran on all of lbf-3p-3f, lbf-4p-2f"):
        protocol.matrix(table, "qmix", ["lbf-3p-3f", "lbf-4p-2f"])
    with pytest.raises(ValueError, match="scores on battle and smac have no common scale"):
        protocol.aggregate(pd.concat([final({"vdn": [0.1]}, "battle-8m"), final({"vdn": [0.1]}, "smac-8m")]))


def test_probability_of_improvement_counts_pairs_and_halves_ties() -> None:
    found = protocol.improvements(final({"na2q": [1.0, 3.0], "vdn": [1.0, 2.0], "qmix": [0.0, 0.0]}))
    assert found.set_index("curve")["probability"].to_dict() == {"vdn": 0.625, "qmix": 1.0}
    assert found.set_index("curve").loc["qmix", ["low", "high"]].tolist() == [1, 1]


def test_probability_of_improvement_is_that_of_rliable() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (5, 3)).astype(float), rng.integers(0, 4, (4, 3)).astype(float)
    assert protocol.improvement(a[None], b[None]).item() == pytest.approx(
        rliable_metrics.probability_of_improvement(a, b)
    )


def test_profile_is_the_share_of_runs_above_each_threshold() -> None:
    table = final({"vdn": [0.1, 0.3, 0.5, 0.7]})
    found = protocol.profiles(table, np.array([0.0, 0.4, 0.5, 0.9]))
    assert found["share"].tolist() == [1.0, 0.5, 0.25, 0.0]
    assert found.loc[0, ["low", "high"]].tolist() == [1, 1]
    assert ((found["low"] <= found["share"]) & (found["share"] <= found["high"])).all()


def test_steps_to_a_threshold_are_infinite_where_it_is_never_reached() -> None:
    table = runs({"vdn": {1: [0.0, 0.5, 0.4], 2: [0.0, 0.1, 0.5]}, "qmix": {1: [0.0, 0.0, 0.0]}})
    reached = protocol.steps_to(table, 0.5)
    assert reached.set_index(["curve", "seed"])["score"].to_dict() == {
        ("vdn", 1): -10_000,
        ("vdn", 2): -20_000,
        ("qmix", 1): -np.inf,
    }
    found = protocol.efficiency(reached).set_index("curve")
    assert found.loc["vdn", ["n", "reached", "median"]].tolist() == [2, 1, 15_000]
    assert found.loc["qmix", ["reached", "median"]].tolist() == [0, np.inf]
    assert protocol.steps_to(table, {"lbf-4p-2f": 0.05})["score"].max() == -10_000
    assert protocol.improvements(reached.assign(source=""), of="vdn")["probability"].tolist() == [1.0]


def test_good_return_is_a_share_of_the_best_curves() -> None:
    assert protocol.good_return(final({"vdn": [0.4, 0.6], "qmix": [0.1]})) == {"lbf-4p-2f": pytest.approx(0.45)}


def test_area_counts_tests_up_to_a_step() -> None:
    table = runs({"vdn": {1: [0.0, 0.4, 9.0]}})
    assert protocol.areas(table, 10_000)["score"].tolist() == pytest.approx([0.2])


def test_points_of_curves_need_every_seed() -> None:
    table = runs({"vdn": {1: [0.0, 0.4, 1.0], 2: [0.2, 0.8, 1.0]}})
    late = table[(table["seed"] == 1) | (table["point"] < 20_000)]
    found = protocol.curves(late)
    assert found["point"].tolist() == [0, 10_000]
    assert found[["mean", "iqm"]].to_numpy() == pytest.approx(np.array([[0.1, 0.1], [0.6, 0.6]]))
    assert found["std"].tolist() == pytest.approx([0.1, 0.2])
    assert found[["low", "high"]].to_numpy() == pytest.approx(np.array([[0.0, 0.2], [0.4, 0.8]]))


PRESETS = {"released": "na2q", "paper": "na2q preset paper"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("released", "paper", "winner", "reason"),
    [
        ([0.8, 0.9, 0.85], [0.1, 0.2, 0.15], "released", "released is higher (released minus paper: 0.70 ["),
        ([0.1, 0.2, 0.15], [0.8, 0.9, 0.85], "paper", "paper is higher (released minus paper: -0.70 ["),
        ([0.1, 0.9, 0.5], [0.2, 0.8, 0.45], "paper", "equal (released minus paper: 0.02 ["),
    ],
)
def test_higher_preset_wins_and_equal_within_noise_means_paper(
    released: list[float], paper: list[float], winner: str, reason: str
) -> None:
    tables = [
        runs({PRESETS[name]: {seed: [x, x, x] for seed, x in enumerate(values, 1)}}, env, preset=name)
        for env in ("lbf-4p-2f", "lbf-3p-3f")
        for name, values in (("released", released), ("paper", paper))
    ]
    decision = preset_choice.choose_preset(pd.concat(tables))
    assert decision.winner == winner
    assert decision.reason.startswith(reason)
    assert decision.reason.endswith("3 and 3 seeds on 2 tasks)")
    assert len(decision.by_task) == 4


@pytest.mark.slow
def test_the_package_starts_from_the_preset_that_the_pilot_chose() -> None:
    assert preset_choice.choose_preset(chapters.shown(["pilot"], method=["na2q"]).runs).winner == DEFAULT_PRESET


def test_presets_are_compared_within_one_sweep() -> None:
    two = [runs({"na2q": {1: [0.0, 0.0, 0.0]}}, sweep=sweep) for sweep in ("pilot", "figure3")]
    with pytest.raises(ValueError, match="runs of 'pilot' and 'figure3': compare presets within one sweep"):
        preset_choice.choose_preset(pd.concat(two))


@pytest.mark.slow
def test_figures_draw_a_panel_for_each_sweep_and_task_and_name_curves_at_their_ends() -> None:
    table = pd.concat(
        [
            runs({"na2q": {1: [0.0, 0.1, 0.2], 2: [0.0, 0.3, 0.4]}, "vdn": {1: [0.0, 0.1, 0.1], 2: [0.0, 0.0, 0.1]}}),
            runs({"na2q": {1: [0.0, 0.9, 0.9]}}, sweep="figure3"),
        ]
    )
    figure = learning_curves(table, band="interval")
    assert [axes.get_title() for axes in figure.axes[:2]] == ["lbf-4p-2f, sweep figure3", "lbf-4p-2f, sweep pilot"]
    assert [text.get_text() for text in figure.axes[1].texts] == ["VDN", "NA²Q"]  # from below
    scores = protocol.scores(table)
    (rows,) = intervals(protocol.summary(scores), "iqm", "score").axes  # a single run has no interval to draw
    assert [label.get_text() for label in rows.get_yticklabels()] == ["VDN", "NA²Q"]
    chances = intervals(protocol.improvements(scores), "probability", "P", 0.5, bounds=(0, 1)).axes[0]
    assert chances.get_xlim() == (-0.03, 1.03)
    lines = profile_lines(protocol.profiles(scores, np.array([0.0, 0.5])), "score").axes[0].lines
    assert len(lines) == 1
    single = protocol.summary(scores[scores["sweep"] == "figure3"])
    assert intervals(single, "iqm", "score").axes[0].texts[0].get_text() == "single runs have no intervals"


def test_among_many_curves_the_main_ones_keep_their_colour_and_the_others_are_named_in_grey() -> None:
    names = ["na2q", "vdn", "qmix", "qtran", "qatten", "qplex", "cds"]
    table = runs({name: {1: [0.0, 0.1, place / 10], 2: [0.0, 0.1, place / 10]} for place, name in enumerate(names)})
    figure = learning_curves(table)
    (axes,) = figure.axes
    colours = {line.get_label(): line.get_color() for line in axes.lines}
    assert {name for name, colour in colours.items() if colour != QUIET} == {"NA²Q", "VDN", "QMIX"}
    assert [text.get_text() for text in axes.texts] == ["NA²Q", "VDN", "QMIX"]  # from below
    places = np.array([text.get_position() for text in axes.texts])
    assert np.ptp(places[:, 0]) == 0  # names begin below each other
    assert min(np.diff(places[:, 1])) >= 0.08 * np.ptp(axes.get_ylim())  # and do not lie on each other
    assert figure.get_supxlabel() == "grey: QTRAN, Qatten, QPLEX, CDS"
    chosen = learning_curves(table, main=("cds",)).axes[0]
    assert [text.get_text() for text in chosen.texts] == ["CDS"]
    quiet = learning_curves(table[table["curve"].isin(names[:3])], unnamed=["vdn", "qmix"]).axes[0]
    assert [text.get_text() for text in quiet.texts] == ["NA²Q"]
    few = learning_curves(table[table["curve"].isin(names[:4])]).axes[0]
    assert QUIET not in [line.get_color() for line in few.lines]


def test_win_rates_have_one_axis_from_0_to_1() -> None:
    table = runs({"na2q": {1: [0.0, 0.01, 0.02]}}).rename(columns={"test_return_mean": "test_won_mean"})
    assert learning_curves(table, "test_won_mean", "test win rate").axes[0].get_ylim() == (-0.03, 1.03)


def test_presets_are_not_compared_over_fewer_seeds_or_tasks_than_the_rule_asks_for() -> None:
    tables = [
        runs({name: {seed: [0.1] * 3 for seed in range(1, seeds + 1)}}, env)
        for env in ("lbf-4p-2f", "lbf-3p-3f")
        for name, seeds in (("na2q", 2), ("na2q preset paper", 3))
    ]
    with pytest.raises(ValueError, match="2 and 3 seeds on all tasks, 3 are needed of each preset"):
        preset_choice.choose_preset(pd.concat(tables))
    with pytest.raises(ValueError, match="na2q has no seed that ran on all of lbf-4p-2f, lbf-3p-3f"):
        preset_choice.choose_preset(pd.concat(tables[:2]))


def test_an_expected_order_is_tested_pair_by_pair() -> None:
    table = protocol.scores(runs({"na2q": {1: [0.9] * 3, 2: [0.8] * 3}, "vdn": {1: [0.1] * 3, 2: [0.2] * 3}}))
    found = protocol.ordering(table, [("na2q", "vdn"), ("vdn", "na2q")])
    assert found["probability"].tolist() == [1.0, 0.0]
    assert found["first"].tolist() == ["na2q", "vdn"]


def test_curves_are_held_against_the_best_of_their_own_sweep() -> None:
    table = runs({"na2q": {1: [0.0, 0.5, 1.0]}, "vdn": {1: [0.0, 0.0, 0.1]}})
    found = protocol.steps_to_good(table, protocol.scores(table), window=1).set_index("curve")
    assert found["reached"].to_dict() == {"na2q": 1.0, "vdn": 0.0}
    assert found["threshold"].nunique() == 1


def test_names_of_curves_stay_below_the_title_of_their_panel() -> None:
    levels = {name: {1: [0.0, 0.5, 1.0], 2: [0.0, 0.5, 1.0]} for name in ("na2q", "vdn", "qmix")}
    figure = learning_curves(runs(levels, "lbf-4p-2f"))
    figure.canvas.draw()
    (axes,) = figure.axes
    title = axes.title.get_window_extent().y0
    assert len(axes.texts) == 3
    assert all(text.get_window_extent().y1 <= title for text in axes.texts)
    plt.close(figure)
