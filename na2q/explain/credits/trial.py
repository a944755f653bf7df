"""What a change of a method does to its credits: models with it against models without, by the benchmark's table."""

from typing import NamedTuple

import pandas as pd

from na2q.explain.pictures.credits import whole_kinds
from na2q.stats import Estimate

RANK = "target == 'shapley' and score == 'rank'"


class Side(NamedTuple):
    """What the benchmark says of the models on one side of a trial."""

    agreement: dict[str, Estimate]
    """Rank correlation with true Shapley values of all models together, by answer."""
    contributions: list[float]
    """That of the contributions, model by model."""
    returns: list[float]
    """Mean return of each model over the benchmark's episodes."""
    steps: int


def side_of(table: pd.DataFrame) -> Side:
    """Sum up the rows of one kind of models, in a table as `na2q.explain.credits.benchmark.table_of` makes it."""
    scored = whole_kinds(table).query(RANK).set_index("answer")
    single = table[~table["model"].str.endswith(" models")]
    return Side(
        {str(answer): Estimate(*row) for answer, row in scored[["value", "low", "high"]].iterrows()},
        single.query(f"{RANK} and answer == 'contribution'")["value"].tolist(),
        single.groupby("model")["return"].first().tolist(),
        int(table["steps"].max()),
    )


def change(new: Estimate, old: Estimate) -> str:
    """Say by their intervals which of two agreements with the truth is higher."""
    if new.low > old.high:
        return "better"
    return "worse" if new.high < old.low else "neither better nor worse than intervals can tell"
