"""Results of several models are counted by preset and listed in order."""

import pandas as pd

from na2q.book.counts import above, below, by_kind, by_model, introduced, length, lengths, of_kind, of_kinds, spans
from na2q.book.prose import series
from na2q.paths import repo_root
from na2q.stats import Estimate

UNSURE = Estimate(0, -1, 1)

MODELS = {("na2q_released", "seed-1"): 0.5, ("na2q_released", "seed-2"): -1.0, ("na2q_paper", "seed-1"): 2.0}


def test_models_are_counted_by_preset() -> None:
    assert by_kind({run: value > 0 for run, value in MODELS.items()}) == "1 of 2 released and 1 of 1 paper"
    assert by_kind({}) == "no model"


def test_models_of_a_single_preset_are_counted_without_its_name() -> None:
    one = of_kind("na2q_released", MODELS)
    assert by_kind({run: value > 0 for run, value in one.items()}) == "1 of 2"
    assert by_kind(dict.fromkeys(one, True)) == "all 2"
    assert by_kind(dict.fromkeys(list(one)[:1], True)) == "1 of 1"
    assert of_kinds(pd.DataFrame({"na2q_a": {"models": 3, "apart": 0.1234}}), "apart") == "0.123"


def test_values_are_listed_in_the_order_of_models() -> None:
    assert by_model(MODELS) == "0.50, -1.00 and 2.00"
    assert by_model(MODELS, str) == "0.5, -1.0 and 2.0"
    assert by_model({}) == "no model"


def test_values_of_many_models_are_told_by_where_they_reach() -> None:
    assert spans(MODELS) == "-1.00 to 0.50 (released) and 2.00 (paper)"
    assert spans(of_kind("na2q_released", MODELS), "{:.0f} %") == "-1 % to 0 %"
    assert spans({}) == "no model"


def test_intervals_are_counted_by_their_side() -> None:
    row = {("na2q_a", "1"): Estimate(1, 0.5, 2), ("na2q_a", "2"): Estimate(-1, -2, -0.5), ("na2q_b", "1"): UNSURE}
    assert above(row) == "1 of 2 a and 0 of 1 b"
    assert below(row) == "1 of 2 a and 0 of 1 b"
    assert list(of_kind("na2q_b", row)) == [("na2q_b", "1")]


def test_kinds_are_listed_by_preset_and_one_model_compares_to_nothing() -> None:
    table = pd.DataFrame({"na2q_a": {"models": 3, "apart": 0.1234}, "na2q_b": {"models": 2, "apart": 0.5}})
    assert of_kinds(table, "apart") == "0.123 (a) and 0.500 (b)"
    assert of_kinds(pd.DataFrame(), "apart").startswith("not known")


def test_lengths_tell_models_of_the_papers_length_from_short_ones() -> None:
    steps = {"lbf-3p-3f": [1_050_024, 1_050_030], "lbf-4p-2f": [100_002, 1_050_001], "battle-3m": [200_000]}
    models = pd.DataFrame([(env, n) for env, each in steps.items() for n in each], columns=["env", "steps"])
    assert lengths(models) == (
        "The models on lbf-3p-3f were trained for the paper's length: 1,050,024 to 1,050,030 steps. "
        "The models on battle-3m were trained for less: 200,000 steps. "
        "The models on lbf-4p-2f were trained for the paper's length or less: 100,002 to 1,050,001 steps."
    )


def test_the_length_of_one_model_is_told_in_parts_of_the_papers() -> None:
    assert length("lbf-4p-2f", 1_050_002) == "the paper's length"
    assert length("lbf-4p-2f", 105_000) == "10 % of the paper's length"


def test_pages_introduce_models_by_what_their_runs_say() -> None:
    root = repo_root() / "data" / "models" / "lbf-4p-2f"
    paths = sorted(root.glob("na2q_*/seed-*"))
    models = {(path.parent.name, path.name): path for path in paths}
    told = introduced(models, "lbf-4p-2f", 8)
    assert told["hold_about"].startswith(f"n = {len(models)} models of NA²Q on lbf-4p-2f, ")
    assert told["hold_about"].endswith(" environment steps, 8 greedy episodes each")
    presets = list(dict.fromkeys(kind.partition("_")[2] for kind, _ in models))
    assert f"They were trained with the presets {series(presets)}, and have" in told["hold_models"]
    one = next(kind for kind, _ in models)
    alone = introduced(of_kind(one, models), "lbf-4p-2f", 8)
    assert f"trained with the preset {one.partition('_')[2]}, and" in alone["hold_models"]
    assert alone["hold_seeds"] == f"n = {len(of_kind(one, models))}"
