"""What the chapter on battles says of the engine beside the game holds for the stored measurements."""

from na2q.book import agreement
from na2q.paths import repo_root

STORED = agreement.read(repo_root() / "data")


def test_groups_are_counted_within_the_whole() -> None:
    counts = agreement.counts(STORED)
    assert counts["measured"] <= counts["facts"]
    for name in ("kept", "alike", "networks"):
        assert counts[f"{name}_agreeing"] <= counts[name] <= counts["measured"]
    assert counts["alike"] < counts["networks"]


def test_no_agreement_of_the_first_engine_was_lost() -> None:
    earlier = {name for name, row in STORED.first.items() if STORED.agrees(row)}
    assert earlier <= {row.id for row in STORED.now if STORED.agrees(row)}


def test_random_players_earn_what_they_earn_in_the_game() -> None:
    ours = next(row.ours for row in STORED.now if row.id == "random-8m")
    assert abs(float(STORED.facts["random-8m"].value) - ours) < 0.1


def test_most_networks_agree_on_maps_with_one_type_of_unit_and_none_elsewhere() -> None:
    alike = [STORED.agrees(row) for row in STORED.networks(alike=True)]
    assert 2 * sum(alike) > len(alike)
    assert not any(STORED.agrees(row) for row in STORED.networks(alike=False))


def test_the_table_has_a_row_for_each_measurement() -> None:
    table = agreement.table(STORED)
    assert len(table) == len(STORED.now)
    assert (table["agrees"] == "yes").sum() == agreement.counts(STORED)["agreeing"]


def test_mechanisms_are_numbered_in_their_order_and_every_number_has_its_column() -> None:
    found = agreement.mechanisms(repo_root() / "data")
    assert list(found.numbered.columns)[2:] == [str(number) for number in found.adopted.index]
    assert list(found.tried.columns)[2:] == list(found.adopted["mechanism"])
    assert (found.numbered.to_numpy() == found.tried.to_numpy()).sum() == found.tried.notna().to_numpy().sum()
