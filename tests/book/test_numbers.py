"""Numbers in the text of a page come from its cells; the few that are typed are known, each with its reason.

Code, formulas, roles, links and references such as "Figure 3" do not count, nor do whole numbers up to twelve, unless
they count something that runs or models decide.
"""

import re
from pathlib import Path

import pytest
from test_quotations import PAGES, prose

SMALL = 12
NUMBER = re.compile(r"(?<![\w.\-])[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w\d]|\.\d)")
NAMED = re.compile(
    r"(?:Figures?|Figs?\.|Tables?|[Cc]hapters?|Eqs?\.|[Ss]ections?|Appendix|App\.|Algorithm|Theorem|Lemma|[Rr]ows?|agents?|"
    r"[Aa]ction|[Ss]tep|[Oo]rders?|[Ee]ngine|version|Python|Listing|Player)\s(?:[\dA-Z][\dA-Z.]*[a-d]?(?:,\s|\sand\s|\sto\s|\sor\s|-))*$"
)
COUNTED = re.compile(r"^\s*(?:of\s(?:the\s)?\d+|(?:models?|runs?|seeds|claims?|maps?|games?|per\scent|%)\b|\s?%)")

PASSED_OVER = (  # formulas, targets of links, names of roles, addresses, labels, and what a sign compares
    r"(?s)\$[^$]+\$", r"\]\([^)]*\)", r"\{[\w:]+\}", r"https?://\S+", r"(?m)^\([\w-]+\)=$", r"[≤≥<>=]\s*\d+",
)  # fmt: skip

EVERYWHERE = {"95": "the level of every interval", "32": "episodes of a test and of a batch, Table 1"}
PAPER, TASK, DONE, GAME, SUM = (
    "the paper's own number",
    "a setting or a rule of the task",
    "what an experiment was set up with, or a bar that was set before it",
    "a fact of StarCraft II, or another's report of it",
    "arithmetic that the text does, or a size that follows from the method",
)
KNOWN = {
    "README": {DONE: "3.11 3.12 3.13 200,000 1.5"},
    "intro": {DONE: "3.11 3.12 3.13", TASK: "-12"},
    "glossary": {PAPER: "200"},
    "methods/index": {DONE: "20 64", TASK: "18 72"},
    "methods/na2q": {SUM: "0.1"},
    "00_quickstart": {TASK: "-0.1 0.002"},
    "01_credit_assignment": {SUM: "15", DONE: "30"},
    "02_taylor_to_gam": {SUM: "25", DONE: "24", PAPER: "0.02 0.03 0.10"},
    "03_regret_bound": {PAPER: "13", DONE: "40 50"},
    "04_monotone_shapes": {DONE: "0.1 0.01 0.001", PAPER: "0.10"},
    "05_identity_semantics": {TASK: "64"},
    "06_learning_algorithm": {PAPER: "2.1 2.2 2.3 2.4 2.5", DONE: "20 30"},
    "data": {TASK: "320"},
    "does_it_match": {PAPER: "2,050,000 41", DONE: "81 100"},
    "07_level_based_foraging": {TASK: "0.002 320", SUM: "0.976"},
    "13_foraging_explained": {PAPER: "0.10 0.02 0.03"},
    "08_starcraft_challenge": {DONE: "0.15 0.1 0.8 0.6 200,000", GAME: "13 16 0.82 0.90 20"},
    "14_battle_explained": {PAPER: "0.124"},
    "15_do_the_masks_hold": {DONE: "80 50"},
    "16_do_the_contributions_hold": {PAPER: "0.124"},
    "18_speed": {PAPER: "3080"},
    "11_matrix_games": {TASK: "30", SUM: "6.5 36 320 288 256", DONE: "0.001 200 0.1"},
}
"""Typed numbers that stay, by page and reason."""


def typed(text: str) -> list[tuple[str, str]]:
    """Numbers of a text that somebody typed and that are no name, each with the words around it."""
    text = text.replace("\N{MINUS SIGN}", "-")
    for pattern in PASSED_OVER:
        text = re.sub(pattern, " ", text)
    found = []
    for match in NUMBER.finditer(text):
        before, after = text[: match.start()][-60:], text[match.end() :][:40]
        year = re.fullmatch(r"(19|20)\d\d", match[0])
        value = float(match[0].replace(",", ""))
        small = value == int(value) and abs(value) <= SMALL and not COUNTED.match(after)
        if not small and not year and not NAMED.search(before):
            found.append((match[0], f"{before[-40:]}{match[0]}{after}".replace("\n", " ")))
    return found


def name(path: Path) -> str:
    return f"methods/{path.stem}" if path.parent.name == "methods" else path.stem


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_numbers_in_the_text_come_from_cells_or_are_known(path: Path) -> None:
    known = set(EVERYWHERE) | set(" ".join(KNOWN.get(name(path), {}).values()).split())
    unknown = [where for number, where in typed(prose(path)) if number not in known]
    assert not unknown, f"glue these numbers, or add them to KNOWN with the reason why they may be typed: {unknown}"


def test_names_and_small_numbers_may_be_typed_and_counts_and_results_may_not() -> None:
    named = ("Figure 14 and Tables 13 and 14 show agent 2.", "Eqs. 13 to 15; rows B21 and B22")
    for text in (*named, "It pays 8, not 12.", "In 2023, $x = 99$, see [it](99.md)."):
        assert not typed(text), text
    for text, numbers in {
        "It returns 0.49 on average.": ["0.49"],
        "It holds in 3 of 7 models.": ["3", "7"],
        "It wins 4 % of its battles.": ["4"],
        "VDN made 1,421 steps, QMIX 325.": ["1,421", "325"],
        "They move by \N{MINUS SIGN}0.33 at most.": ["-0.33"],
        "All 7 models agree.": ["7"],
    }.items():
        assert [number for number, _ in typed(text)] == numbers, text
