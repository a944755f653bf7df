"""Drawings show what the definitions say."""

import matplotlib.pyplot as plt

from na2q.book.drawings import GRAPHS, MINUS, draw_causal_graphs, draw_mixed_difference, draw_update_times


def test_graphs_draw_every_node_and_every_arrow() -> None:
    figure = draw_causal_graphs()
    assert len(figure.axes) == len(GRAPHS) == 3
    for axes, (places, arrows, hidden) in zip(figure.axes, GRAPHS.values(), strict=True):
        assert len(axes.texts) == len(places)
        assert len(axes.patches) == len(places) + len(arrows)
        assert {node for arrow in arrows for node in arrow} == set(places)
        assert not hidden or hidden in places
    plt.close(figure)


def test_signs_of_a_mixed_difference_tell_complements_from_substitutes() -> None:
    figure = draw_mixed_difference()
    titles = [axes.get_title().splitlines()[1] for axes in figure.axes]
    assert titles == ["mixed difference +1", f"mixed difference {MINUS}1"]
    assert all(len(axes.texts) == 4 for axes in figure.axes)
    plt.close(figure)


def test_an_episode_of_four_transitions_has_five_observations_and_four_rows_of_each_kind() -> None:
    figure = draw_update_times(4)
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert sum(text.startswith("$o^") for text in shown) == 5
    assert sum(text.startswith("$u^") for text in shown) == 4
    assert sum("tau" in text for text in shown) == 8
    plt.close(figure)
