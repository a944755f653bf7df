"""Sentences about how NA2Q stands follow the runs and tests that are there."""

import pandas as pd
import pytest
from synthetic_runs import runs

from na2q.book import standing
from na2q.evaluation import protocol
from na2q.evaluation.claims import VERDICTS, Claim, Verdict

GOOD, BAD, WIDE = [0.90, 0.91, 0.92], [0.20, 0.21, 0.22], [0.1, 0.5, 0.9]


def stored(sweep: str = "figure3", **curves: list[float]) -> pd.DataFrame:
    tables = {name: {seed: [score] * 3 for seed, score in enumerate(each, 1)} for name, each in curves.items()}
    return runs(tables, "lbf-4p-2f", sweep)


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (GOOD, BAD, "Yes: on lbf-4p-2f after "),
        (BAD, GOOD, "No: on lbf-4p-2f after "),
        (WIDE, WIDE, "Not that these runs could tell: on lbf-4p-2f after "),
    ],
)
def test_verdict_is_chosen_by_the_interval(ours: list[float], theirs: list[float], told: str) -> None:
    verdict = standing.verdict(stored(na2q=ours, vdn=theirs), "vdn")
    assert verdict.startswith(told)
    assert " its final return minus that of VDN is " in verdict
    assert standing.verdict(stored(na2q=ours), "vdn") == "No runs compare NA²Q with VDN."


def test_answer_compares_at_full_length_first_and_then_ranks_among_all() -> None:
    pilot = stored("pilot", na2q=BAD, vdn=GOOD, qmix=WIDE)
    long = stored("figure3", na2q=GOOD, vdn=BAD).assign(point=lambda table: 10 * table["point"])
    told = standing.answer(pd.concat([pilot, long]))
    assert told.startswith("On lbf-4p-2f after ")
    assert "NA²Q is above VDN (0.70 [" in told
    assert "Among the 3 methods" in told
    assert told.endswith("NA²Q as released is third; the first is VDN.")
    assert standing.answer(stored(na2q=GOOD[:1], vdn=BAD[:1])).startswith("Among the 2 methods")


def test_rank_counts_from_the_best() -> None:
    assert "3 methods" in (told := standing.rank(stored(na2q=WIDE, vdn=GOOD, qmix=BAD)))
    assert told.endswith("NA²Q as released is second; the first is VDN.")
    assert standing.rank(stored(na2q=GOOD, vdn=BAD)).endswith("NA²Q as released is first.")
    printed = stored(**{"na2q": BAD, "vdn": WIDE, "qmix": BAD, standing.AS_PRINTED: GOOD})
    assert "3 methods" in (told := standing.rank(printed)), "a second preset is no further method"
    assert told.endswith("the first is VDN. With preset paper NA²Q would be first.")
    assert standing.rank(stored(vdn=GOOD, qmix=BAD)) == "No sweep has enough methods for a rank yet."


def test_masks_are_counted_by_family_and_rival() -> None:
    rows = [
        ("lbf-4p-2f", "chance", 0.5), ("lbf-4p-2f", "chance", 0.1), ("battle-3m", "chance", -1.0),
        ("lbf-4p-2f", "size", -0.1), ("lbf-4p-2f", "size", 0.1), ("battle-3m", "size", 1.0),
    ]  # fmt: skip
    tests = pd.DataFrame([{"env": env, "test": f"mask over {rival}", "low": low} for env, rival, low in rows])
    assert standing.masks(tests) == (
        "Deleting the feature that a mask ranks first changes more actions than deleting a feature chosen by chance in "
        "all 2 models of foraging and in 0 of 1 model of battles, and than deleting the largest feature in 1 of 2 "
        "models of foraging and in 1 of 1 model of battles."
    )


def test_claims_say_what_could_not_have_failed() -> None:
    def verdict(name: str, kind: str) -> Verdict:
        return Verdict(Claim(name, "", "", "", "", "", "", "", "", 0.0), "", kind, "")

    board = [
        verdict("I6", "reproduced"),
        verdict("T3", "reproduced"),
        verdict("L1", "open"),
        verdict("T1", "not reproduced"),
    ]
    told = "Of 4 claims of the paper 2 are reproduced{}; 1 is not; 1 is open."
    assert standing.claims(board, ["I6", "T3", "L1"]) == told.format(", which hold by construction")
    assert standing.claims(board, ["I6"]) == told.format(", 1 of which hold by construction")
    assert standing.claims(board, []) == told.format("")


def test_every_verdict_has_a_sentence() -> None:
    claim = Claim("L1", "", "", "", "", "", "", "", "", 0.0)
    for kind in VERDICTS:
        told = standing.claims([Verdict(claim, "", kind, "")], [])
        assert told.startswith("Of 1 claims of the paper 1 "), told
    two = [Verdict(claim._replace(id=name), "", "holds so far", "") for name in ("L1", "L2")]
    assert standing.claims(two, []) == "Of 2 claims of the paper 2 hold so far."


def test_leaders_are_named_with_those_whom_no_interval_sets_apart() -> None:
    def told(**curves: list[float]) -> str:
        return standing.leaders(protocol.summary(protocol.scores(stored(**curves))))

    assert told(na2q=GOOD, vdn=BAD).endswith("NA²Q ends highest, at 0.91; all other intervals lie below its own.")
    assert "no interval sets it apart from QMIX." in told(na2q=GOOD, vdn=BAD, qmix=WIDE)
    assert told(vdn=BAD) == "On lbf-4p-2f (sweep figure3) only VDN has run, and ends at 0.21."
    single = told(na2q=GOOD, vdn=BAD, qmix=BAD[:1])
    assert single.endswith("all other intervals lie below its own. QMIX has one run there, which has no interval.")
    assert "only NA²Q has several runs" in told(na2q=GOOD, vdn=BAD[:1], qmix=GOOD[:1])


def test_wins_say_when_runs_first_won_and_how_often_at_last() -> None:
    def run(curve: str, seed: int, won: list[float]) -> pd.DataFrame:
        steps = [1_000 * (i + 1) for i in range(len(won))]
        return pd.DataFrame({"env": "battle-3m", "curve": curve, "seed": seed, "step": steps, "test_won_mean": won})

    runs = pd.concat(
        [
            run("na2q", 1, [0, 0, *[0.5] * 10]),
            run("na2q", 2, [0, 0.25, 0, *[1.0] * 10]),
            run("vdn", 1, [0, 0.25]),
            run("qmix", 1, [0, 0]),
        ]
    )
    assert standing.wins(runs) == (
        "On 3m all 2 runs of NA²Q won test battles: the first after 2,000 to 3,000 steps, and 0.50 to 1.00 of all in "
        "the last ten tests. On 3m 0 of 1 run of QMIX won test battles. On 3m 1 of 1 run of VDN won test battles: the "
        "first after 2,000 steps, and 0.12 of all in the last ten tests."
    )
    assert standing.wins(runs[:0]) == ""
