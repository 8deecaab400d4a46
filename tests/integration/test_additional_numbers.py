"""Additional numbers of billed assets, beside the numbers that charges stand on themselves."""

from pathlib import Path

import pytest

from tests.integration.office import Office, Row
from tests.integration.test_in_life import CLIS, Days, asset, line, replace_line

NUMBER = "01204600050"


@pytest.fixture
def days(tmp_path: Path) -> Days:
    """Two lines at AS-1 and, from the second run on, a site AS-2 beside it."""
    office = Office(tmp_path / "office", lines=2)
    site = office.record("sites") | {"site_id": "S2", "name": "Barn", "integration_id": "AS-2"}
    office.feeds["sites"].append(site)
    return Days(office)


def listed(days: Days, asset_id: str, cli: str = NUMBER, **more: str) -> Row:
    """Let an asset have an additional number."""
    row = {"range_end": "", "start_on": "", "end_on": ""} | {"asset_id": asset_id, "cli": cli}
    days.office.feeds.setdefault("asset_numbers", []).append(row | more)
    return days.office.feeds["asset_numbers"][-1]


def told(days: Days) -> list[tuple[str, ...]]:
    """What the newest batch says of CLIs."""
    return days.told(CLIS, "Site Ref", "CLI", "Action", "Start Date", "End Date")


def test_a_number_that_is_somebody_elses_own_stays_while_either_is_open(days: Days):
    second = asset(days, 2)["cli"]
    listed(days, "A1", second)
    days.run(days=0).taken_all()
    asset(days, 1)["cease_on"] = "2026-04-02"
    days.run()
    assert [(asset(days, 1)["cli"], "CEASE")] == days.told(CLIS, "CLI", "Action")
    days.taken_all()
    assert days.is_quiet(days=4)
    assert days.is_quiet()


def test_a_number_that_is_listed_still_outlives_the_charge_it_was_the_own_one_of(days: Days):
    listed(days, "A1", asset(days, 2)["cli"])
    days.run(days=0).taken_all()
    asset(days, 2)["cease_on"] = "2026-04-02"
    days.run()
    assert [] == told(days)
    days.taken_all()
    assert days.is_quiet(days=4)


def test_a_number_at_two_sites_is_told_as_each_asset_has_it(days: Days):
    asset(days, 2)["site_id"] = "S2"
    first = listed(days, "A1", range_end="01204600059", start_on="2026-01-01")
    days.run(days=0).taken_all()
    first["end_on"] = "2026-04-05"
    listed(days, "A2", range_end="01204600054", start_on="2026-04-06")
    days.run()
    assert [
        ("AS-1", "CEASE", "01204600059", "01/01/2026", "05/04/2026"),
        ("AS-2", "ADD", "01204600054", "06/04/2026", ""),
    ] == days.told(CLIS, "Site Ref", "Action", "Range End", "Start Date", "End Date")
    days.taken_all()
    assert days.is_quiet()
    assert days.is_quiet(days=9)


def test_a_number_goes_through_a_replacement_by_an_asset_that_lists_it(days: Days):
    listed(days, "A1")
    days.run(days=0).taken_all()
    replace_line(days, 4, 1, connection_on="2026-04-02")
    line(days, 4)["connected_on"] = "2026-04-01"
    listed(days, "A4")
    days.run()
    assert [] == told(days)
    days.taken_all()
    assert days.is_quiet()


def test_a_number_begins_anew_with_the_charge_it_hangs_on(days: Days):
    listed(days, "A1")
    days.run(days=0).taken_all()
    asset(days, 1)["do_not_bill"] = "true"
    days.run().taken_all()
    asset(days, 1)["do_not_bill"] = ""
    days.run(days=3)
    own = asset(days, 1)["cli"]
    assert [
        ("AS-1", own, "ADD", "04/04/2026", ""),
        ("AS-1", NUMBER, "ADD", "04/04/2026", ""),
    ] == sorted(told(days))
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_comes_back_later_begins_on_its_day(days: Days):
    row = listed(days, "A1", end_on="2026-04-02")
    days.run(days=0).taken_all()
    assert days.is_quiet(days=4)
    row.update(start_on="2026-04-10", end_on="")
    days.run()
    assert [("AS-1", NUMBER, "ADD", "10/04/2026", "")] == told(days)
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_had_ended_before_its_charge_began_is_told_once(days: Days):
    listed(days, "A1", end_on="2025-12-31")
    days.run(days=0).taken_all()
    assert days.is_quiet()


def test_a_number_that_is_refused_waits_and_goes_again_as_it_was(days: Days):
    listed(days, "A1")
    days.run(days=0)
    key = next(row["Row Key"] for row in days.rows(CLIS) if row["CLI"] == NUMBER)
    days.answered({key: "BAD_NUMBER"})
    assert days.is_quiet()
    assert days.is_quiet()
    days.release_all()
    days.run()
    assert [("AS-1", NUMBER, "ADD", "01/03/2026", "")] == told(days)
    assert key == days.only_key(CLIS)


def test_a_number_that_is_listed_no_more_ends_with_the_last_charge_of_its_asset(days: Days):
    listed(days, "A1")
    days.run(days=0).taken_all()
    days.office.feeds["asset_numbers"] = []
    assert days.is_quiet()
    asset(days, 1)["cease_on"] = "2026-04-02"
    days.run().taken_all()
    days.run()
    assert [("AS-1", NUMBER, "CEASE", "01/03/2026", "02/04/2026")] == told(days)
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_cannot_be_written_is_held_and_stops_nothing_else(days: Days):
    (days.office.folder / "r2b.toml").write_text(
        'affinity.layout.clis.encoding = "cp1252"\ncli.profiles = { Voice = "any" }\n'
    )
    days.run(days=0).taken_all()
    row = listed(days, "A1", "\u0141\u00f3d\u017a-1")
    asset(days, 2)["quantity"] = "9"
    days.run()
    assert {("L1", "recurring", "layout_unfit")} == days.holds()
    assert [] == told(days)
    days.taken_all()
    row["cli"] = "Lodz-1"
    days.run()
    assert [("Lodz-1", "ADD")] == days.told(CLIS, "CLI", "Action")
    assert set() == days.holds()


@pytest.mark.parametrize("hangs", [False, True])
def test_affinitys_number_is_not_moved_from_under_another_charge(days: Days, hangs: bool):
    """Both lines come to one number, at two sites; Affinity has it at the second one."""
    asset(days, 2).update(site_id="S2", parent_asset_id="A1")
    number = asset(days, 1)["cli"]
    days.office.feeds["affinity_clis"] = [
        {"site_ref": "AS-2", "cli": number, "start_on": "", "end_on": ""}
    ]
    if hangs:
        listed(days, "A2", number)
        line(days, 1)["connected_on"] = ""
        days.run(days=0).taken_all()
        line(days, 1)["connected_on"] = "2026-03-01"
    else:
        asset(days, 2)["cli"] = number
    days.run()
    assert ("AS-1", number, "ADD") in days.told(CLIS, "Site Ref", "CLI", "Action")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_affinity_has_at_another_site_is_moved_to_a_billed_asset(days: Days):
    days.office.feeds["affinity_clis"] = [
        {"site_ref": "AS-2", "cli": NUMBER, "start_on": "", "end_on": ""}
    ]
    days.run(days=0).taken_all()
    listed(days, "A1")
    days.run()
    assert [("AS-1", NUMBER, "UPDATE")] == days.told(CLIS, "Site Ref", "CLI", "Action")
