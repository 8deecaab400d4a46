"""Numbers that Affinity has without an answer of ours, and charges whose number was given up."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.office import Office, Row
from tests.integration.test_in_life import CEASES, CLIS, UPDATES, Days, asset, line

FIRST, SECOND, OTHER = "01204600001", "01204600002", "01204600777"


@pytest.fixture
def new(tmp_path: Path) -> Callable[..., Days]:
    """An office of two lines, where nothing is billed yet, and what Affinity has at its site."""

    def made(*there: str) -> Days:
        office = Office(tmp_path / "office", lines=2)
        office.feeds["affinity_clis"] = [_at_the_site(cli) for cli in there]
        return Days(office)

    return made


def _at_the_site(cli: str) -> Row:
    return {"site_ref": "AS-1", "cli": cli, "start_on": "", "end_on": ""}


@pytest.fixture
def days(new: Callable[..., Days]) -> Days:
    """The same, a day after both lines and their numbers went In Billing."""
    opened = new()
    opened.run().taken_all()
    return opened


def silent_about(days: Days, *clis: str) -> tuple[str, ...]:
    """Affinity takes the newest batch, and says nothing of the rows of some numbers: their keys."""
    keys = tuple(row["Row Key"] for row in days.rows(CLIS) if row["CLI"] in clis)
    days.answered({}, unanswered=keys)
    return keys


def test_what_affinity_had_before_ends_and_changes_with_what_is_billed_on_it(
    new: Callable[..., Days],
):
    days = new(FIRST, SECOND)
    days.run()
    assert [] == days.rows(CLIS)
    days.taken_all()
    assert days.is_quiet()

    asset(days, 1)["cease_on"] = "2026-04-30"
    asset(days, 2)["cli"] = OTHER
    days.run()
    assert [
        (FIRST, "CEASE", "30/04/2026", ""),
        (OTHER, "UPDATE", "", SECOND),
    ] == days.told(CLIS, "CLI", "Action", "End Date", "Previous CLI")
    days.taken_all()
    assert days.is_quiet()


def test_additional_numbers_that_affinity_had_before_end_with_their_asset(
    new: Callable[..., Days],
):
    days = new("01204700000")
    days.office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": "01204700000", "range_end": "01204700009"}
    ]
    days.run().taken_all()
    assert days.is_quiet()

    # another one, that somebody entered there by hand before it came with the feed
    days.office.feeds["asset_numbers"].append({"asset_id": "A1", "cli": "01204800000"})
    days.office.feeds["affinity_clis"].append(_at_the_site("01204800000"))
    assert days.is_quiet()

    asset(days, 1)["cease_on"] = "2026-04-30"
    days.run()
    assert [
        (FIRST, "CEASE"),
        ("01204700000", "CEASE"),
        ("01204800000", "CEASE"),
    ] == days.told(CLIS, "CLI", "Action")


def test_what_affinity_had_is_not_ours_while_nothing_is_billed_on_it(new: Callable[..., Days]):
    days = new(FIRST)
    days.run()
    days.answered({row["Row Key"]: "E1" for row in days.rows(UPDATES) if row["CLI"] == FIRST})
    asset(days, 1)["cli"] = OTHER
    days.run()

    assert [(OTHER, "ADD")] == days.told(CLIS, "CLI", "Action")
    days.taken_all()
    assert days.is_quiet()


def test_a_batch_that_was_given_up_leaves_no_number_behind(new: Callable[..., Days]):
    days = new(FIRST)
    days.run()
    days.office.abandon(days.seq)
    days.run().taken_all()
    asset(days, 1)["cease_on"] = "2026-04-30"
    days.run()

    assert [(FIRST, "CEASE", "30/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")


def test_a_number_that_was_given_up_while_its_charge_was_taken_goes_again(
    new: Callable[..., Days],
):
    days = new()
    days.run()
    (given_up,) = silent_about(days, FIRST)
    assert days.is_quiet()  # it may be answered yet
    days.office.abandon(days.seq)
    days.run()

    assert [(FIRST, "ADD", "01/03/2026", given_up)] == days.told(
        CLIS, "CLI", "Action", "Start Date", "Row Key"
    )
    days.taken_all()
    assert days.is_quiet()

    asset(days, 1)["cease_on"] = "2026-04-30"
    days.run()
    assert [(FIRST, "CEASE")] == days.told(CLIS, "CLI", "Action")


def test_a_number_that_was_given_up_and_is_there_is_not_added(new: Callable[..., Days]):
    days = new()
    days.run()
    silent_about(days, FIRST, SECOND)
    days.office.abandon(days.seq)
    days.office.feeds["affinity_clis"] = [_at_the_site(FIRST), _at_the_site(SECOND)]
    assert days.is_quiet()

    asset(days, 1)["cli"] = OTHER
    days.run()
    assert [(OTHER, "UPDATE", FIRST)] == days.told(CLIS, "CLI", "Action", "Previous CLI")


def test_a_change_of_a_number_that_was_given_up_goes_again(days: Days):
    asset(days, 1)["cli"] = OTHER
    days.run()
    (given_up,) = silent_about(days, OTHER)
    assert days.is_quiet()
    days.office.abandon(days.seq)
    days.run()

    assert [(OTHER, "UPDATE", FIRST, given_up)] == days.told(
        CLIS, "CLI", "Action", "Previous CLI", "Row Key"
    )
    assert [] == days.rows(UPDATES)
    days.taken_all()
    assert days.is_quiet()


def test_an_end_of_a_number_that_was_given_up_goes_again(days: Days):
    asset(days, 1).update(cli=SECOND, parent_asset_id="A2")
    days.run()
    assert [(FIRST, "CEASE", "01/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    silent_about(days, FIRST)
    assert days.is_quiet()
    days.office.abandon(days.seq)
    days.run()

    assert [(FIRST, "CEASE", "03/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_is_answered_after_its_charge_has_left_it_ends(new: Callable[..., Days]):
    days = new()
    days.run()
    (late,) = silent_about(days, FIRST)
    asset(days, 1)["cli"] = OTHER
    days.run().taken_all()
    assert [(OTHER, "ADD")] == days.told(CLIS, "CLI", "Action")
    assert days.is_quiet()

    days.office.transfer(1, results=days.office.results([late, "accepted"]))
    days.run()
    assert [(FIRST, "CEASE", "03/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_goes_on_when_the_end_of_its_charge_was_refused_and_is_taken_out(days: Days):
    asset(days, 1)["cease_on"] = "2026-05-31"
    days.run()
    assert [(FIRST, "CEASE", "31/05/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.answered({days.only_key(CEASES): "E1"})
    assert days.is_quiet()

    asset(days, 1)["cease_on"] = ""
    days.run()
    assert [(FIRST, "UPDATE", "")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_a_charge_that_is_given_a_number_later_brings_it_along(new: Callable[..., Days]):
    days = new()
    days.office.record("products")["needs_cli"] = "false"
    asset(days, 1)["cli"] = line(days, 1)["cli"] = ""
    days.run().taken_all()
    asset(days, 1)["cli"] = FIRST
    days.run()

    assert [(FIRST, "ADD", "02/04/2026")] == days.told(CLIS, "CLI", "Action", "Start Date")
    assert [("L1", "UPDATE", FIRST)] == days.told(UPDATES, "Layer Line ID", "Action", "CLI")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_that_is_listed_besides_stays_where_its_asset_gets_another(
    tmp_path: Path,
):
    days = Days(Office(tmp_path / "office", lines=1))
    days.office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": FIRST, "range_end": "01204600009", "start_on": "", "end_on": ""}
    ]
    days.run().taken_all()
    asset(days, 1)["cli"] = OTHER
    days.run()
    told = days.told(CLIS, "CLI", "Action", "Range End", "Previous CLI")
    days.taken_all()
    assert days.is_quiet()
    asset(days, 1)["cease_on"] = "2026-04-30"
    days.run()

    assert [(OTHER, "ADD", "", "")] == told
    assert [(FIRST, "CEASE", "30/04/2026"), (OTHER, "CEASE", "30/04/2026")] == days.told(
        CLIS, "CLI", "Action", "End Date"
    )


def test_numbers_of_an_asset_that_was_renewed_end_with_the_one_that_renewed_it(tmp_path: Path):
    days = Days(Office(tmp_path / "office", lines=1))
    days.office.feeds["asset_numbers"] = [
        {"asset_id": "A1", "cli": OTHER, "range_end": "", "start_on": "", "end_on": ""}
    ]
    days.run().taken_all()
    first = asset(days, 1)
    days.office.feeds["assets"].append(
        first
        | {"asset_id": "A9", "line_id": "", "connection_on": "2026-04-02", "is_auto_renew": "true"}
    )
    first["cease_on"] = "2026-04-01"
    days.run().taken_all()
    assert days.is_quiet()
    days.office.record("assets", 2)["cease_on"] = "2026-05-31"
    days.run()

    assert [(FIRST, "CEASE", "31/05/2026"), (OTHER, "CEASE", "31/05/2026")] == days.told(
        CLIS, "CLI", "Action", "End Date"
    )
