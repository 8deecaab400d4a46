"""Lines and assets that are in the feeds no more: reported, never ceased. Ruling 27."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.office import Office
from tests.running import AS_OF

GONE = [("L1", "recurring", "source_gone"), ("L1", "upfront", "source_gone")]


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """Two lines in batch 1."""
    return written(tmp_path, 2)


def drop(office: Office, feed: str, number: int = 1) -> None:
    """The record is in the export no more."""
    del office.feeds[feed][number - 1]


def test_an_exported_line_that_is_gone_is_reported_and_stays_exported(office: Office):
    drop(office, "order_lines")
    drop(office, "assets")
    receipt = office.run()

    assert GONE == office.holds()
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()
    assert 2 == receipt.holds["source_gone"].charges


def test_a_billed_line_that_is_gone_is_reported_and_stays_in_billing(office: Office):
    office.uploaded()
    drop(office, "order_lines")
    office.run()
    office.run()

    assert GONE == office.holds()
    assert ("in_billing", "In Billing", 1) == tuple(
        office.charges()["L1", "recurring"][name]
        for name in ("disposition", "bill_status", "batch_seq")
    )


def test_an_asset_that_is_gone_is_reported(office: Office):
    drop(office, "assets")
    office.run()

    assert GONE == office.holds()


def test_an_asset_of_what_the_layer_calls_in_billing_is_reported_when_it_is_gone(tmp_path: Path):
    office = Office(tmp_path)
    office.line(1)["recurring_bill_status"] = "In Billing"
    office.run()
    assert [] == office.holds()
    drop(office, "assets")
    office.run()

    assert GONE == office.holds()
    assert "in_billing" == office.dispositions()["L1"]


def test_what_ended_with_a_cease_may_be_gone(office: Office):
    office.uploaded()
    office.record("assets").update(cease_on="2026-03-30", is_live="false")
    office.run(AS_OF + timedelta(days=1))
    office.uploaded(2)
    assert ["2026-03-30"] == [
        str(day)
        for (day,) in office.query("SELECT bill_end_on FROM ops.billed WHERE ended_by = 'cease'")
    ]
    drop(office, "assets")
    office.run(AS_OF + timedelta(days=2))

    # the one-off of the same asset did not end with it
    assert [("L1", "upfront", "source_gone")] == office.holds()


def test_a_deleted_line_is_gone(office: Office):
    office.line(1)["is_deleted"] = "true"
    office.run()

    assert GONE == office.holds()


@pytest.mark.parametrize(
    ("feed", "cell"),
    [
        pytest.param("order_lines", {"quantity": "none"}, id="a line"),
        pytest.param("assets", {"is_live": "perhaps"}, id="an asset"),
    ],
)
def test_a_record_that_was_rejected_has_not_gone(tmp_path: Path, feed: str, cell: dict[str, str]):
    office = Office(tmp_path, profile="feeds.max_reject_rate = 0.9\n")
    office.run()
    office.record(feed).update(cell)
    office.run()

    assert [] == office.holds()
    assert {"L1": "exported", "L2": "exported"} == office.dispositions()


def test_what_comes_back_is_reported_no_more(office: Office):
    gone = office.feeds["order_lines"].pop(0)
    office.run()
    office.feeds["order_lines"].append(gone)
    office.run()

    assert [] == office.holds()


def test_a_charge_that_was_never_exported_is_simply_dropped(tmp_path: Path):
    office = Office(tmp_path)
    office.record("customers")["integration_id"] = ""
    office.run()
    drop(office, "order_lines")
    office.run()

    assert {"L2": "held"} == office.dispositions()
    assert {"customer_unlinked"} == {reason for _, _, reason in office.holds()}


def test_a_freed_charge_that_is_gone_is_dropped(office: Office):
    office.abandon()
    drop(office, "order_lines")
    office.run()

    assert {"L2": "exported"} == office.dispositions()
    assert [] == office.holds()


def test_what_is_gone_does_not_count_among_the_lines_of_the_run(office: Office):
    drop(office, "order_lines")
    receipt = office.run()

    assert 2 == receipt.dispositions["exported"].charges
