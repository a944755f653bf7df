"""The picture of the findings page shows what its sentences say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from synthetic_runs import runs

from na2q.book import answers, findings

HIGH, LOW = [0.90, 0.91, 0.92], [0.20, 0.21, 0.22]


def stored(sweep: str, **curves: list[float]) -> pd.DataFrame:
    tables = {name: {seed: [0.0, x / 2, x] for seed, x in enumerate(each, 1)} for name, each in curves.items()}
    return runs(tables, "lbf-4p-2f", sweep)


def test_rows_hold_the_numbers_of_the_sentences() -> None:
    long = stored("figure3", na2q=HIGH, vdn=LOW).assign(point=lambda table: 10 * table["point"])
    both = pd.concat([long, stored("pilot", na2q=LOW, vdn=HIGH, qmix=HIGH)])
    table = findings.gaps(both, "na2q", ["vdn", "qmix", "qplex"])
    assert list(table["curve"].unique()) == ["vdn", "qmix"], "what has no runs has no row"
    ends = table[table["score"] == "final return"].set_index("curve")
    told = answers.compare(both, "na2q", ["vdn", "qmix"])
    for name in ends.index:
        assert f"{ends.at[name, 'difference']:.2f} [{ends.at[name, 'low']:.2f}, {ends.at[name, 'high']:.2f}]" in told
        assert f"after {ends.at[name, 'steps']:,} steps (n = {ends.at[name, 'n']})" in told


def test_picture_has_a_row_for_each_rival_and_bars_where_there_are_intervals() -> None:
    both = stored("figure3", na2q=HIGH, vdn=LOW, qmix=LOW[:1])
    table = findings.gaps(both, "na2q", ["vdn", "qmix"])
    assert np.isnan(table[table["curve"] == "qmix"]["low"]).all()
    figure = findings.draw_gaps(table, "na2q")
    ends, _ = figure.axes
    assert [label.get_text().partition("\n")[0] for label in ends.get_yticklabels()] == ["QMIX", "VDN"]
    dots = [line for line in ends.lines if line.get_marker() == "o"]
    assert sorted(float(line.get_xdata()[0]) for line in dots) == sorted(table["difference"][::2])
    assert "no runs yet" in str(
        [text.get_text() for text in findings.draw_gaps(table.iloc[:0], "na2q").findobj(plt.Text)]
    )
    plt.close("all")
