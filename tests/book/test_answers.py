"""Answers on the findings page follow the runs, whichever way these turn out."""

import numpy as np
import pandas as pd
import pytest
from synthetic_runs import runs

from na2q.book import answers

HIGH, LOW, WIDE = [0.90, 0.91, 0.92], [0.20, 0.21, 0.22], [0.1, 0.5, 0.9]


def stored(sweep: str = "figure3", env: str = "lbf-4p-2f", **curves: list[float]) -> pd.DataFrame:
    tables = {
        name.replace("__", " "): {seed: [0.0, score / 2, score] for seed, score in enumerate(each, 1)}
        for name, each in curves.items()
    }
    return runs(tables, env, sweep)


@pytest.mark.parametrize(
    ("ours", "theirs", "side"),
    [(HIGH, LOW, "is above"), (LOW, HIGH, "is below"), (WIDE, WIDE[::-1], "cannot be told apart from")],
)
@pytest.mark.parametrize("how", [answers.FINAL, answers.ON_THE_WAY])
def test_side_follows_the_interval(ours: list[float], theirs: list[float], side: str, how: tuple) -> None:
    told = answers.compare(stored(na2q=ours, vdn=theirs), "na2q", ["vdn"], how)
    assert f"NA²Q {side} VDN (" in told
    assert told.endswith(f"{how[1]}.")


def effects(*intervals: tuple[float, float, float]) -> pd.DataFrame:
    rows = [("qmix", "lbf-4p-2f", *one) for one in intervals]
    return pd.DataFrame(rows, columns=["curve", "env", "difference", "low", "high"])


def test_differences_clear_of_zero_are_counted_beside_what_chance_would_bring() -> None:
    mixed = [(-0.3, -0.4, -0.2), (0.1, 0.05, 0.2), (-0.1, -0.2, 0.1)] + [(0.0, -0.1, 0.1)] * 17
    assert answers.clear_of_zero(effects(*mixed), "VDN") == (
        "Of 20 differences between VDN and the same with other settings, 2 have an interval that leaves 0 out, where "
        "chance alone would bring about 1. In 1 of them the other settings end higher. The largest is that of QMIX on "
        "lbf-4p-2f, -0.30 [-0.40, -0.20]."
    )
    assert "none has an interval" in answers.clear_of_zero(effects((0.0, -0.1, 0.1)), "VDN")


def test_rivals_are_those_with_seeds_of_the_longest_sweep() -> None:
    short = stored("pilot", na2q=HIGH, vdn=LOW, qplex=LOW)
    long = stored("figure3", na2q=HIGH, vdn=LOW, qmix=LOW, qtran=LOW[:1]).assign(
        point=lambda table: 10 * table["point"]
    )
    assert answers.rivals(pd.concat([short, long])) == ["vdn", "qmix"]
    assert answers.rivals(short) == ["vdn", "qplex"]
    assert answers.rivals(stored(na2q=HIGH[:1])) == []


def test_of_equally_long_sweeps_that_with_more_tasks_answers() -> None:
    both = pd.concat([stored("figure3", env, na2q=HIGH, vdn=LOW) for env in ("lbf-4p-2f", "lbf-3p-3f")])
    one = stored("figure8-foraging", "lbf-3p-3f", na2q=LOW, vdn=HIGH)
    for table in (pd.concat([both, one]), pd.concat([one, both])):
        assert set(answers.longest(table, "na2q", "vdn")["sweep"]) == {"figure3"}


def test_one_seed_of_each_tells_nothing_apart() -> None:
    told = answers.compare(stored(na2q=HIGH[:1], vdn=LOW[:1]), "na2q", ["vdn"])
    assert "(n = 1), NA²Q cannot be told apart from VDN (0.35 [no interval])" in told


def test_several_rivals_are_sorted_by_side_and_absent_ones_are_named() -> None:
    table = stored(na2q=WIDE, vdn=WIDE, qmix=[-0.9, -0.8, -0.7])
    told = answers.compare(table, "na2q", ["vdn", "qmix", "qplex"])
    assert "is above QMIX" in told
    assert "cannot be told apart from VDN" in told
    assert told.endswith("No runs compare NA²Q with QPLEX.")
    assert answers.compare(table, "na2q", ["cds"]) == "No runs compare NA²Q with CDS."


def test_longest_sweep_with_both_curves_answers() -> None:
    short = stored("pilot", na2q=HIGH, vdn=LOW)
    long = stored("figure3", na2q=LOW, vdn=HIGH).assign(point=lambda table: 10 * table["point"])
    assert "is below" in answers.compare(pd.concat([short, long]), "na2q", ["vdn"])
    only_ours = long[long["curve"] == "na2q"]
    assert "is above" in answers.compare(pd.concat([short, only_ours]), "na2q", ["vdn"])


def test_seeds_that_give_an_interval_go_before_a_longer_single_run() -> None:
    short = stored("pilot", na2q=HIGH, vdn=LOW)
    long = stored("figure3", na2q=LOW[:1], vdn=HIGH[:1]).assign(point=lambda table: 10 * table["point"])
    assert "is above" in answers.compare(pd.concat([short, long]), "na2q", ["vdn"])


def test_rivals_with_other_runs_get_a_sentence_of_their_own() -> None:
    table = pd.concat([stored("pilot", na2q=HIGH, qmix=LOW), stored("controls", na2q=HIGH[:2], vdn=LOW[:2])])
    told = answers.compare(table, "na2q", ["vdn", "qmix"])
    assert "(n = 2), NA²Q is above VDN" in told
    assert "(n = 3), NA²Q is above QMIX" in told


def test_tasks_without_one_of_the_curves_do_not_count() -> None:
    table = pd.concat([stored(na2q=HIGH, vdn=LOW), stored(env="lbf-3p-3f", na2q=LOW)])
    assert "On lbf-4p-2f after" in answers.compare(table, "na2q", ["vdn"])


def test_spread_names_the_widest_and_the_narrowest() -> None:
    told = answers.spread(stored(na2q=WIDE, vdn=HIGH, qmix=[0.5] * 3))
    assert "NA²Q's is 0.20." in told
    assert "The largest is NA²Q's with 0.20" in told
    assert "the smallest QMIX's with 0.00" in told
    assert answers.spread(stored(na2q=[0.5], vdn=[0.4])) == "No method has two seeds of one length yet."


def test_more_seeds_narrow_the_interval_by_students_factor() -> None:
    table = stored(na2q=WIDE, vdn=WIDE)
    told = answers.with_more_seeds(table)
    assert "3 seeds leave" in told
    widths = [float(part.split()[0].rstrip(".,")) for part in told.split("± ")[1:]]
    assert widths[0] / widths[1] == pytest.approx(4.303 / np.sqrt(3) / (2.776 / np.sqrt(5)), rel=0.02)
    five = [0.1, 0.5, 0.9, 0.4, 0.6]
    assert answers.with_more_seeds(stored(na2q=five, vdn=five)).startswith("With 5 seeds the mean")
