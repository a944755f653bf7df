"""The scoreboard's table says each claim's verdict in words and leads to what shows it."""

import re

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Rectangle

from na2q.book import concordance, scoreboard
from na2q.evaluation import claims as evaluation
from na2q.evaluation.claims import Claim, Verdict, claims
from na2q.paths import repo_root
from na2q.style import LOOKS, look

SURE = Claim("X", "", "", "", "level-based-foraging", "greedy", "", "", "", 0.5, "weights are never negative")


def test_what_holds_by_construction_says_so_where_it_is_reproduced() -> None:
    board = [Verdict(SURE._replace(id=kind), "", kind, "") for kind in ("reproduced", "not reproduced")]
    told = scoreboard.table(board)["verdict"]
    assert told["reproduced"] == "reproduced (it holds by construction: weights are never negative)"
    assert told["not reproduced"] == "not reproduced"


def test_verdicts_are_counted_in_a_sentence_and_in_bars() -> None:
    board = [Verdict(SURE._replace(id=f"{kind}1"), "", verdict, "") for kind, verdict in (("L", "open"), ("T", "open"))]
    board.append(Verdict(SURE._replace(id="T2"), "", "reproduced", ""))
    assert scoreboard.told(board) == "Of 3 claims, 1 is reproduced and 2 are open."
    figure = scoreboard.bars(board)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["theory", "foraging"]
    assert sum(bar.get_width() for bar in figure.axes[0].patches if isinstance(bar, Rectangle)) == len(board)
    plt.close(figure)


def test_other_tasks_stand_beside_the_papers() -> None:
    beside = Verdict(SURE, "P(1, 2) = 0.7", "holds so far", "3 seeds of 5")
    claim = SURE._replace(beside="figure3", margin=0.1)
    (shown,) = scoreboard.table([Verdict(claim, "", "open", "figure4: no run yet", beside)]).to_dict("records")
    tasks = "lbf-4p-2f and lbf-3p-3f"
    assert shown["verdict"] == f"open (figure4: no run yet); on {tasks}: holds so far (3 seeds of 5)"
    assert shown["measured"] == f"nothing yet; on {tasks}: P(1, 2) = 0.7"
    assert shown["settled by"].endswith("Margin 0.1.")


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.id)
def test_links_lead_to_the_chapters_that_have_the_labels(claim: Claim) -> None:
    pages = concordance.labels()
    for label, link in zip(claim.shown.split(), scoreboard.links(claim).split(", "), strict=True):
        number = concordance.chapter_number(pages[label])
        assert link == f"[chapter {number}]({pages[label].removeprefix('notebooks/')}.html#{label})"


def test_unknown_label_is_refused() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        scoreboard.links(SURE._replace(shown="nowhere"))


def test_cells_call_methods_as_figures_do() -> None:
    """No "na2q_released" beside figures that say "NA²Q (released)"; commands stand elsewhere."""
    raw = re.compile(rf"(?<![\w`./-])({'|'.join(LOOKS)})(?![\w`/-])")
    board = evaluation.scoreboard(repo_root() / "data" / "runs")
    told = [found.measured for one in board for found in (one, one.beside) if found is not None]
    assert any(look("na2q").label in text for text in told)
    assert not [text for text in told if raw.search(re.sub(r"_\w+", "", text))]
