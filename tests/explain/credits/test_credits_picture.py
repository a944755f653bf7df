"""The picture of the benchmark shows each kind of model once, on every task that it was measured on."""

import matplotlib.pyplot as plt
import pandas as pd

from na2q.explain.pictures.credits import agreement, by_method, whole_kinds
from na2q.methods import METHODS


def rows(env: str, kind: str, model: str, **more: float) -> dict:
    about = {"env": env, "kind": kind, "model": model, "answer": "q", "target": "shapley", "score": "rank"}
    return about | {"value": 0.5, "low": 0.4, "high": 0.6, "ceiling": 0.9} | more


TABLE = pd.DataFrame(
    [
        *(rows("lbf-3p-3f", "na2q_released", model) for model in ("seed-1", "seed-2", "2 models")),
        rows("lbf-3p-3f", "vdn_released", "seed-1"),
        rows("battle-3m", "vdn_released", "seed-1", value=0.2, low=0.1, high=0.3),
    ]
)


def test_models_of_a_kind_count_together_where_there_are_several() -> None:
    kept = whole_kinds(TABLE)
    assert kept["model"].tolist() == ["2 models", "seed-1", "seed-1"]


def test_each_task_has_a_panel_with_the_kinds_measured_there() -> None:
    figure = agreement(TABLE)
    assert [axes.get_title() for axes in figure.axes] == ["battle-3m", "lbf-3p-3f"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["NA²Q (released)", "VDN (released)"]
    plt.close(figure)


def test_methods_beyond_three_are_one_grey_entry_and_all_are_in_the_table() -> None:
    others = [rows("lbf-3p-3f", f"{name}_released", "seed-1", value=0.55) for name in METHODS if name != "na2q"]
    table = pd.DataFrame([*others, *TABLE.to_dict("records")]).drop_duplicates(["env", "kind", "model"])
    figure = agreement(table)
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named.count("every other method") == 1
    assert set(named) == {"NA²Q (released)", "VDN (released)", "QMIX (released)", "every other method"}
    plt.close(figure)
    listed = by_method(table, "lbf-3p-3f")
    assert len(listed) == len(METHODS)
    assert listed.index[-1] == "NA²Q (released)"  # whose utilities agree least here
    assert listed.loc["NA²Q (released)", "q"] == "0.50 [0.40, 0.60]"
