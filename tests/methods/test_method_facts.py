"""What the book's pages state by themselves: facts of each method."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from na2q.book.frames import as_html
from na2q.book.tables import method_facts, overview, settings_table, stored_games
from na2q.config import METHOD_OPTIONS, QTRANOptions
from na2q.envs.matrix import GAMES
from na2q.evaluation.figures import joint_action_values
from na2q.evaluation.games import ALL_GAMES, outcome_table
from na2q.methods import METHODS

# --- facts of a method --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_parameters_by_part_and_by_optimiser_add_up(method: str) -> None:
    facts = method_facts(method)
    parts = facts.parameters["parameters"].str.replace(",", "").astype(int)
    assert parts.drop("all").sum() == parts["all"]
    assert facts.optimisers["parameters"].str.replace(",", "").astype(int).sum() == parts["all"]


@pytest.mark.parametrize("method", METHODS)
def test_facts_show_every_table_of_a_method(method: str) -> None:
    shown = method_facts(method)._repr_html_()
    assert shown.count("<strong>") == len(method_facts(method)._fields)
    assert shown.count("<table") + shown.count("<p>None.</p>") == shown.count("<strong>")
    for name in settings_table(METHOD_OPTIONS[method]).index:
        assert f"<th>{name}</th>" in shown


def test_facts_of_na2q_are_those_of_its_configuration() -> None:
    facts = method_facts("na2q")
    assert facts.decomposition.loc["terms", "value"] == "10"
    assert facts.decomposition.loc["sum of the credits", "value"] == "1"
    assert facts.inputs["episodes before first update"].to_dict() == {
        "released": 100, "paper": 32, "exact": 100, "fair": 32,
    }  # fmt: skip
    assert facts.settings.loc["relu_on", "elsewhere"] == "paper: state"
    assert facts.settings.loc["orders", "elsewhere"] == ""


def test_second_values_of_methods_are_measured_too() -> None:
    assert list(method_facts("wqmix").igm.index) == ["Q_tot", "Q*"]
    assert method_facts("qtran").igm.loc["Q_jt", "never falls in a utility"] == "reads none"


def test_unknown_method_is_an_error() -> None:
    with pytest.raises(ValueError, match="chess"):
        method_facts("chess")


@pytest.mark.slow
def test_overview_has_a_line_for_each_method() -> None:
    assert list(overview().index) == list(METHODS)


def test_whole_settings_stay_whole() -> None:
    assert settings_table(QTRANOptions()).loc["embed", "default"] == "64"


def test_code_in_texts_is_drawn_as_code_and_nothing_else_passes() -> None:
    drawn = as_html(pd.DataFrame({"text": ["`a_b` < c"]}))
    assert "<code>a_b</code> &lt; c" in drawn


# --- stored games -------------------------------------------------------------------------------------------


def test_stored_games_are_complete() -> None:
    runs = stored_games()
    for _, part in runs.groupby("updates"):
        expected = {(m, g, s) for m in METHODS for g in ALL_GAMES for s in (1, 2, 3)}
        assert set(part[["method", "game", "seed"]].itertuples(index=False, name=None)) == expected
        assert len(part) == len(expected)
    optima = {f"matrix-{name}": game.optimum for name, game in GAMES.items()}
    assert (runs["optimum"] == runs["game"].map(optima)).all()
    assert (runs["payoff"] <= runs["optimum"]).all()


def test_outcomes_count_the_seeds_that_found_the_optimum() -> None:
    runs = pd.DataFrame({"method": "vdn", "game": ["a", "a", "b"], "seed": [2, 1, 1]})
    table = outcome_table(runs.assign(payoff=[8.0, 0.0, 7.0], optimum=8.0))
    assert table.loc["vdn"].to_dict() == {"a": "1 of 2 (0, 8)", "b": "0 of 1 (7)"}


def test_heat_maps_frame_the_largest_entries() -> None:
    table = np.array([[8.0, -12.0], [-12.0, 8.0]])
    figure = joint_action_values({"payoff": table, "sum": np.array([[0.0, 1.0], [2.0, 3.0]])})
    assert [axes.get_title() for axes in figure.axes] == ["payoff", "sum"]
    assert [len(axes.patches) for axes in figure.axes] == [2, 1]
    assert [text.get_text() for text in figure.axes[0].texts] == ["8", "\N{MINUS SIGN}12", "\N{MINUS SIGN}12", "8"]


def test_numbers_of_a_table_stand_out_from_their_cells() -> None:
    def luminance(color: tuple[float, ...]) -> float:
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in color[:3]]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    table = np.linspace(-12.0, 12.0, 49).reshape(7, 7)
    axes = joint_action_values({"payoff": table}).axes[0]
    for text, value in zip(axes.texts, table.flat, strict=True):
        ground, ink = luminance(axes.images[0].to_rgba(value)), luminance(to_rgb(text.get_color()))
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) > 4.5
