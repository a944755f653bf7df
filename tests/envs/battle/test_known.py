"""What is known of the game beside what the engine does. `pytest -s` shows the table."""

from pathlib import Path

import numpy as np
import pytest

from na2q.config import BattleOptions
from na2q.envs.battle import combat, known, records
from na2q.envs.battle.maps import MAPS
from na2q.envs.battle.units import unit_type

DATA = Path(__file__).parents[3] / "data"
FACTS = {fact.id: fact for fact in known.facts(DATA / "known_of_the_game.csv")}
ENGINE = BattleOptions().engine
OURS = {(row.id, row.engine): row for row in known.measured(DATA / "battle_agreement.csv")}
MEASURED = sorted(id for id, engine in OURS if engine == ENGINE)


def test_every_fact_is_complete_and_some_are_kept_to_test_with() -> None:
    assert len(FACTS) >= 50
    for fact in FACTS.values():
        assert all((fact.source, fact.version, fact.what, fact.value)), fact.id
        assert not fact.map or fact.map in MAPS, fact.id
    roles = [fact.role for fact in FACTS.values()]
    assert roles.count("tests") > roles.count("chooses") > 5


def test_every_fact_that_can_be_measured_was_measured_on_this_engine() -> None:
    wanted = {fact.id for fact in FACTS.values() if fact.measurable or fact.player.startswith("network ")}
    assert wanted == set(MEASURED)


def test_the_engine_beside_the_game() -> None:
    """Shows every fact; the first engine may not have agreed with what this one has lost."""
    lost = []
    for id in MEASURED:
        fact, ours, before = FACTS[id], OURS[id, ENGINE], OURS.get((id, 1))
        agrees = known.agrees(fact, ours)
        was = f"{before.ours:6.2f}" if before else "     -"
        print(
            f"{fact.map:13} {fact.player:19} {fact.quantity:23} game {float(fact.value):6.2f}  engine {ours.ours:6.2f} "
            f"[{ours.low:6.2f}, {ours.high:6.2f}]  engine 1 {was}  {'agrees' if agrees else 'DIFFERS'}  {fact.role}"
        )
        if before and known.agrees(fact, before) and not agrees:
            lost.append(id)
    assert lost == []


def test_random_play_on_8m_is_within_a_tenth_of_the_game() -> None:
    fact = FACTS["random-8m"]
    ours = known.measure(fact, ENGINE, 200)
    assert abs(ours.ours - float(fact.value)) < 0.1
    assert ours.ours == pytest.approx(OURS["random-8m", ENGINE].ours, abs=0.1)


@pytest.mark.parametrize(
    ("id", "shooter", "target"),
    [
        ("hit-shield", "stalker", "zealot"),
        ("hit-crawler", "stalker", "spine_crawler"),
        ("hit-marine", "marine", "marine"),
    ],
)
def test_hits_are_those_that_logs_of_the_game_show(id: str, shooter: str, target: str) -> None:
    units = np.concatenate([records.new_units(MAPS[name], 1)[0] for name in ("3s_vs_5z", "2s_vs_1sc", "3m")])
    kinds = {unit_type(name).name: units[index] for name, index in (("stalker", 0), ("zealot", 3), ("marine", 11))}
    kinds["spine_crawler"] = units[10]
    pair = np.stack([kinds[shooter], kinds[target]])
    combat.hit(pair, 0, pair[1])
    lost = pair["hp_max"][1] + pair["shield_max"][1] - pair["hp"][1] - pair["shield"][1]
    assert lost == float(FACTS[id].value)


def test_the_colossus_shoots_as_often_as_smacs_normaliser_says() -> None:
    weapon = unit_type("colossus").weapon
    assert weapon is not None
    assert 16 * weapon.period == float(FACTS["colossus-period"].value)


def test_intervals_of_shares_stay_between_0_and_1_and_hold_the_mean() -> None:
    for wins in (0, 1, 50, 100):
        values = np.zeros(100)
        values[:wins] = 1
        mean, low, high = known.interval(values)
        assert 0 <= low <= mean == wins / 100 <= high <= 1
    assert known.interval(np.zeros(400))[2] < 0.01


def test_rows_of_other_facts_and_other_engines_stay(tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    first = [known.Measured("a", 1, 10, 0.5, 0.4, 0.6), known.Measured("b", 2, 10, 0.5, 0.4, 0.6)]
    known.write(first, out)
    known.write([known.Measured("b", 2, 20, 0.7, 0.6, 0.8)], out)
    assert known.measured(out) == [first[0], known.Measured("b", 2, 20, 0.7, 0.6, 0.8)]


def test_bad_facts_are_refused(tmp_path: Path) -> None:
    text = (DATA / "known_of_the_game.csv").read_text()
    for word, complaint in (("logged,chooses", "heard"), ("logged,chooses", "logged,decides")):
        bad = tmp_path / "facts.csv"
        bad.write_text(text.replace(word, complaint if "," in complaint else f"{complaint},chooses"))
        with pytest.raises(ValueError, match="must be"):
            known.facts(bad)
    with pytest.raises(ValueError, match="no script can measure"):
        known.measure(FACTS["qmix-corridor"], ENGINE, 50)


def test_runs_of_another_version_are_not_continued_or_mixed_but_their_models_play() -> None:
    """A file that names no version of the engine means the first."""
    from na2q.config import as_dict, configure, meant_by
    from na2q.envs.battle import make

    config = configure("qmix", "battle-3m")
    stored = as_dict(config)
    del stored["env_options"]["engine"]
    assert meant_by({"config": stored, "version": 1}) == {"env_options.engine": 1}
    assert meant_by({"config": as_dict(config), "version": 2}) == {}
    old = BattleOptions(engine=1)
    with pytest.raises(ValueError, match="engine is 1, but this package plays engine 2 only"):
        make("3m", old)
    assert make("3m", old.playable()).options.engine == ENGINE
