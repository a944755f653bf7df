"""The scoreboard: rules find what curves show, verdicts wait for all runs, and a new run changes the page."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from synthetic_runs import runs
from test_results import store

from na2q.campaign import sweeps
from na2q.config import configure
from na2q.evaluation import claims, results
from na2q.evaluation.claims import Case, Claim, judge, on_credits, on_explanations, scoreboard
from na2q.evaluation.claims import claims as board_of
from na2q.evaluation.figures import learning_curves


def claim(rule: str, compares: str, margin: float = 0.5, names: str = "figure3", beside: str = "") -> Claim:
    return Claim(
        *("X", "", "", "", "level-based-foraging", rule, names, beside, compares, margin), level_on="battle-corridor"
    )


def case(rule: str, compares: str, margin: float, scores: Mapping[str, Mapping[str, list[float]]]) -> Case:
    """Five or so seeds of each curve on each task, at the same score from the first test to the last."""
    tables = [
        runs({curve: {seed: [x] * 3 for seed, x in enumerate(values, 1)} for curve, values in curves.items()}, task)
        for task, curves in scores.items()
    ]
    return Case(claim(rule, compares, margin), results.headline(pd.concat(tables, ignore_index=True)))


HIGH, LOW, WIDE = [0.80, 0.82, 0.81, 0.79, 0.80], [0.10, 0.12, 0.11, 0.09, 0.10], [0.0, 0.9, 0.1, 0.8, 0.5]
LBF = "lbf-4p-2f"
EASY, HARD, FEW = "battle-8m", "battle-6h_vs_8z", "battle-2c_vs_64zg"


@pytest.mark.parametrize(
    ("rule", "compares", "margin", "scores", "holds"),
    [
        ("improves", "na2q > vdn", 0.5, {LBF: {"na2q": HIGH, "vdn": LOW}}, True),
        ("improves", "na2q > vdn", 0.5, {LBF: {"na2q": LOW, "vdn": HIGH}}, False),
        ("improves", "na2q > vdn", 0.5, {LBF: {"na2q": WIDE, "vdn": WIDE}}, None),
        ("improves", "na2q > *", 0.5, {LBF: {"na2q": HIGH, "vdn": LOW, "qmix": WIDE}}, None),
        ("improves", "na2q > vdn", 0.5, {LBF: {"na2q": [0.9], "vdn": [0.1]}}, None),
        ("improves_on_super_hard", "na2q > vdn", 0.5, {EASY: {"na2q": HIGH, "vdn": LOW}}, None),
        ("improves_on_super_hard", "na2q > vdn", 0.5, {HARD: {"na2q": HIGH, "vdn": LOW}}, True),
        ("competitive", "na2q > *", 0, {LBF: {"na2q": WIDE, "vdn": WIDE, "qmix": LOW}}, True),
        ("competitive", "na2q > *", 0, {LBF: {"na2q": LOW, "vdn": HIGH}}, False),
        ("set_apart", "* > cds", 0, {LBF: {"na2q": HIGH, "vdn": HIGH, "cds": LOW}}, True),
        ("set_apart", "* > cds", 0, {LBF: {"na2q": HIGH, "vdn": LOW, "cds": LOW}}, False),
        ("ahead_early", "na2q > qplex", 0.5, {LBF: {"na2q": HIGH, "qplex": LOW}}, True),
        ("sooner", "na2q > qmix", 0.5, {LBF: {"na2q": HIGH, "qmix": LOW}}, True),
        ("sooner", "na2q > qmix", 0.5, {LBF: {"na2q": HIGH, "qmix": HIGH}}, None),
        ("slightly_above", "na2q > qatten", 0.1, {LBF: {"na2q": [0.85] * 5, "qatten": HIGH}}, True),
        ("slightly_above", "na2q > qatten", 0.1, {LBF: {"na2q": HIGH, "qatten": LOW}}, False),
        ("slightly_above", "na2q > qatten", 0.1, {LBF: {"na2q": WIDE, "qatten": WIDE}}, None),
        ("enough", "na2q order 3 > na2q", 0.05, {LBF: {"na2q order 3": HIGH, "na2q": HIGH}}, True),
        ("enough", "na2q order 3 > na2q", 0.05, {LBF: {"na2q order 3": HIGH, "na2q": LOW}}, False),
        ("level_and_steadier", "na2q > shaq", 0.2, {LBF: {"na2q": [0.8] * 5, "shaq": HIGH}}, True),
        ("level_and_steadier", "na2q > shaq", 0.2, {LBF: {"na2q": HIGH, "shaq": [0.8] * 5}}, False),
        ("near_best", "na2q > *", 0.05, {EASY: {"na2q": HIGH, "vdn": HIGH}, HARD: {"na2q": HIGH, "vdn": LOW}}, True),
        ("near_best", "na2q > *", 0.05, {EASY: {"na2q": LOW, "vdn": HIGH}, HARD: {"na2q": HIGH, "vdn": LOW}}, False),
        (
            *("by_level", "na2q > qtran; na2q > vdn", 0.5),
            {EASY: {"na2q": HIGH, "qtran": LOW, "vdn": HIGH}, HARD: {"na2q": HIGH, "qtran": LOW, "vdn": LOW}},
            True,
        ),
        ("by_level", "na2q > qtran; na2q > vdn", 0.5, {EASY: {"na2q": HIGH, "qtran": LOW, "vdn": HIGH}}, None),
        ("unsteady", "* > cds", 0, {EASY: {"vdn": HIGH, "cds": HIGH}, FEW: {"vdn": HIGH, "cds": WIDE}}, True),
        ("unsteady", "* > cds", 0, {EASY: {"vdn": HIGH, "cds": WIDE}, FEW: {"vdn": HIGH, "cds": HIGH}}, False),
        (
            *("keeps_up_only", "na2q > shaq", 0.5),
            {"battle-corridor": {"na2q": HIGH, "shaq": HIGH}, EASY: {"na2q": HIGH, "shaq": LOW}},
            True,
        ),
        ("keeps_up_only", "na2q > dvd", 0.5, {EASY: {"na2q": HIGH, "dvd": HIGH}}, False),
        ("alone", "na2q > *", 0.1, {HARD: {"na2q": HIGH, "vdn": [0.0] * 5, "qmix": LOW}}, True),
        ("alone", "na2q > *", 0.05, {HARD: {"na2q": HIGH, "vdn": LOW, "qmix": LOW}}, False),
        ("alone", "na2q > *", 0.1, {EASY: {"na2q": HIGH, "vdn": LOW}}, None),
    ],
)
def test_rule_on_known_scores(rule: str, compares: str, margin: float, scores: dict, holds: bool | None) -> None:
    found = claims.ON_RUNS[rule](case(rule, compares, margin, scores))
    assert found.holds is holds, found
    assert found.measured


def test_every_rule_on_runs_is_tested_above_and_used() -> None:
    tested = {parameters[0] for parameters in test_rule_on_known_scores.pytestmark[0].args[1]}
    assert tested == set(claims.ON_RUNS)
    assert {claim.rule for claim in board_of()} == set(claims.RULES)


def test_file_lists_the_papers_claims_with_places_rules_and_chapters() -> None:
    board = board_of()
    assert len({claim.id for claim in board}) == len(board) == 40
    for found in board:
        assert all([found.place, found.claim, found.settles, found.shown])
        assert (found.rule in claims.ON_RUNS) == bool(found.sweeps)
        named = {*claims.ON_RUNS, *on_credits.RULES, "explains_better"}
        assert (found.rule in named) == bool(found.compares)
        assert len(found.level_on.split("; ")) == len(found.compares.split("; ")) or not found.level_on
        for name in found.sweeps.split():
            assert name in sweeps.SWEEPS
        for first, second in claims.pairs(found, sweeps.PAPER) if found.sweeps else ():
            curves = set(results.missing("pilot", "nowhere")["curve"])
            assert {first, second} <= curves, found


def test_unknown_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(claims.RULES, "improves")
    with pytest.raises(ValueError, match="no rule named improves"):
        board_of()


def few(methods: tuple[str, ...], task: str) -> list:
    return sweeps.grid(methods, (task,), range(1, 6), total_steps=20_000)


def fill(root: Path, sweep: str, scores: Mapping[str, list[float]]) -> None:
    for folder, config in sweeps.runs_of(sweep):
        if len(scores[config.method]) >= config.seed:
            x = scores[config.method][config.seed - 1]
            store(root / folder, config, [x, x, x], absolute={"test_return_mean": x, "test_won_mean": x})


def verdict_of(root: Path, asked: Claim) -> claims.Verdict:
    return judge(asked, results.headline(results.name_curves(results.load_runs(root))), root)


@pytest.mark.parametrize(
    ("dvd", "verdict", "reason"),
    [
        (HIGH, "reproduced", ""),
        ([0.0] * 5, "not reproduced", ""),
        (LOW, "open", "the interval holds the margin"),
        (HIGH[:4], "holds so far", "4 seeds of 5"),
        ([0.0] * 3, "fails so far", "3 seeds of 5"),
        (WIDE[:3], "undecided so far", "3 seeds of 5"),
        (HIGH[:2], "open", "figure3: 3 runs missing"),
    ],
)
def test_verdict_is_provisional_from_three_seeds_on_and_final_with_all_five(
    dvd: list[float], verdict: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: few(("dvd", "qmix"), LBF))
    fill(tmp_path, "figure3", {"dvd": dvd, "qmix": LOW})
    found = verdict_of(tmp_path, claim("improves", "dvd > qmix"))
    assert (found.verdict, found.reason) == (verdict, reason)
    assert "figure3: lbf-4p-2f" in found.measured


def test_sweep_of_three_seeds_gives_a_provisional_verdict_however_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = sweeps.grid(("dvd", "qmix"), (LBF,), range(1, 4), total_steps=20_000)
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: three)
    fill(tmp_path, "figure3", {"dvd": HIGH, "qmix": LOW})
    assert verdict_of(tmp_path, claim("improves", "dvd > qmix"))[2:4] == ("holds so far", "3 seeds of 5")


def test_one_curve_with_few_seeds_keeps_the_claim_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: few(("dvd", "qmix", "vdn"), LBF))
    fill(tmp_path, "figure3", {"dvd": HIGH, "qmix": LOW[:2], "vdn": []})
    assert verdict_of(tmp_path, claim("improves", "dvd > qmix")).reason == "figure3: 3 runs missing"


def test_other_tasks_get_a_verdict_of_their_own_beside_the_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "figure4", lambda: few(("dvd", "qmix"), HARD))
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: few(("dvd", "qmix"), LBF))
    fill(tmp_path, "figure3", {"dvd": HIGH[:3], "qmix": LOW[:3]})
    found = verdict_of(tmp_path, claim("improves", "dvd > qmix", names="figure4", beside="figure3"))
    assert (found.verdict, found.measured, found.reason) == ("open", "", "figure4: no run yet")
    assert found.beside is not None
    assert found.beside.verdict == "holds so far"
    assert (found.beside.reason, found.beside.measured[:2]) == ("3 seeds of 5", "P(")


def test_pilot_is_measured_and_settles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "pilot", lambda: few(("dvd", "qmix"), LBF))
    fill(tmp_path, "pilot", {"dvd": HIGH, "qmix": LOW})
    found = verdict_of(tmp_path, claim("improves", "dvd > qmix"))
    assert found.verdict == "open"
    assert "1.00" in found.measured
    assert "pilot" in found.measured


def test_runs_shorter_than_the_sweeps_settle_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: few(("dvd", "qmix"), LBF))
    fill(tmp_path, "figure3", {"dvd": HIGH, "qmix": LOW})
    full = sweeps.grid(("dvd", "qmix"), (LBF,), range(1, 6))
    monkeypatch.setitem(sweeps.SWEEPS, "figure3", lambda: full)
    assert verdict_of(tmp_path, claim("improves", "dvd > qmix")).reason == "figure3: 10 runs missing"


def test_maps_are_settled_for_the_engine_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sweeps.SWEEPS, "figure4", lambda: few(("na2q", "vdn"), HARD))
    fill(tmp_path, "figure4", {"na2q": HIGH, "vdn": LOW})
    found = verdict_of(tmp_path, claim("near_best", "na2q > vdn", 0.05, "figure4"))
    assert (found.verdict, found.reason) == ("engine only", "holds on the embedded engine")


def models(test: str, env: str, steps: int, *intervals: tuple[float, float, float], kind: str = "na2q") -> pd.DataFrame:
    """What was found in some models, as `na2q.explain.findings` writes it."""
    rows = pd.DataFrame(intervals, columns=["value", "low", "high"])
    seeds = [f"seed-{i + 1}" for i in range(len(rows))]
    return rows.assign(test=test, env=env, kind=f"{kind}_released", model=seeds, steps=steps)


GOOD, BAD, UNSURE = (0.5, 0.4, 0.6), (-0.5, -0.6, -0.4), (0.1, -0.1, 0.3)


@pytest.mark.parametrize(
    ("asked", "found", "verdict", "reason"),
    [
        ("I3", models("contribution and loss", LBF, 1_050_000, GOOD, GOOD, GOOD), "reproduced", ""),
        ("I3", models("contribution and loss", LBF, 1_050_000, GOOD, GOOD, UNSURE), "not reproduced", ""),
        ("I3", models("contribution and loss", LBF, 1_050_000, GOOD, GOOD), "open", on_explanations.SHORT_MODELS),
        (
            "I3",
            pd.concat(
                [
                    models("contribution and loss", LBF, 1_050_000, GOOD, GOOD, GOOD),
                    models("contribution and loss", LBF, 100_000, BAD, UNSURE, kind="na2q_paper"),
                    models("contribution and loss", "lbf-3p-3f", 1_050_000, GOOD),
                ]
            ),
            "reproduced",
            "",
        ),
        ("I3", models("contribution and loss", LBF, 100_000, GOOD), "open", on_explanations.SHORT_MODELS),
        ("I6", models("lowest slope", LBF, 100_000, GOOD), "reproduced", ""),
        (
            "I8",
            models("mask when hit", "battle-8m", 2_000_000, BAD, BAD, BAD),
            "engine only",
            "fails on the embedded engine",
        ),
        ("I9", models("pair alive", "battle-3m", 200_000, GOOD), "open", on_explanations.SHORT_MODELS),
    ],
)
def test_claims_on_explanations_hold_where_they_do_in_every_model_of_full_length(
    asked: str, found: pd.DataFrame, verdict: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        on_explanations, "stored_findings", lambda family="": found[found["env"].str.startswith(family)]
    )
    judged = judge(next(each for each in board_of() if each.id == asked), pd.DataFrame(), Path())
    assert (judged.verdict, judged.reason) == (verdict, reason)


@pytest.mark.parametrize(("rival", "holds"), [(BAD, True), (GOOD, False)])
def test_explaining_better_means_intervals_apart(
    rival: tuple[float, float, float], holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = {"na2q": ("contribution and loss", GOOD), "vdn": ("q and loss", rival), "qmix": ("slope x q and loss", BAD)}
    rows = [models(test, LBF, 1_050_000, *3 * [found], kind=kind) for kind, (test, found) in tests.items()]
    monkeypatch.setattr(on_explanations, "stored_findings", lambda family="": pd.concat(rows))
    assert on_explanations.explains_better(next(each for each in board_of() if each.id == "I5")).holds == holds


def test_explaining_better_needs_three_seeds_of_the_first_and_one_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = next(each for each in board_of() if each.id == "I5")
    others = [
        models("q and loss", LBF, 1_050_000, BAD, kind="vdn"),
        models("slope x q and loss", LBF, 1_050_000, BAD, kind="qmix"),
    ]
    for found, held in ((2, None), (3, True)):
        rows = [models("contribution and loss", LBF, 1_050_000, *found * [GOOD]), *others]
        monkeypatch.setattr(on_explanations, "stored_findings", lambda family="", rows=rows: pd.concat(rows))
        assert on_explanations.explains_better(asked).holds is held


def test_scoreboard_without_runs_settles_theory_and_explanations_and_leaves_the_rest_open(tmp_path: Path) -> None:
    board = scoreboard(tmp_path)
    settled = {found.claim.id: found.verdict for found in board if found.verdict != "open"}
    assert set(settled) == {"I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "T1", "T2", "T3", "T4", "T5", "E1"}
    assert settled["T3"] == "reproduced"
    assert settled["T2"] == "not reproduced"
    assert len(board) == 40


@pytest.mark.slow
def test_new_run_changes_figure_caption_and_scoreboard(tmp_path: Path) -> None:
    def seen() -> tuple[int, str, str]:
        table = results.name_curves(results.load_sweeps(tmp_path, ["figure3", "pilot"]))
        figure = learning_curves(table)
        lines = sum(len(axes.lines) for axes in figure.axes)
        found = next(found for found in scoreboard(tmp_path) if found.claim.id == "L6")
        return lines, results.describe(table), found.measured

    for seed in (1, 2):
        for method, x in (("dvd", 0.5), ("qmix", 0.1)):
            config = configure(method, LBF, seed=seed, total_steps=20_000)
            store(tmp_path / "pilot" / sweeps.folder_of(config), config, [x] * 3)
    before = seen()
    config = configure("dvd", LBF, seed=3, total_steps=20_000)
    store(tmp_path / "pilot" / sweeps.folder_of(config), config, [0.0] * 3)
    after = seen()
    assert before[0] + 1 == after[0]
    assert before[1].startswith("n = 2 seeds")
    assert after[1].startswith("n = 2 to 3 seeds")
    assert "1.00" in before[2]
    assert "0.67" in after[2]
    full = configure("dvd", LBF, seed=1)
    store(tmp_path / "figure3" / sweeps.folder_of(full), full, [0.9] * 3)
    assert "sweep figure3 with n = 1 seed for each curve" in seen()[1]
