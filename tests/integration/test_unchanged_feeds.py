"""A full feed that is as it was is not read again, and the answer is as if it had been."""

from pathlib import Path

import pytest

from tests.integration.office import Office
from tests.running import mart


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office one of whose contacts does not fit; all of it was read once."""
    office = Office(tmp_path / "office", profile="[feeds]\nmax_reject_rate = 1\n")
    office.feeds["contacts"] = [
        {"contact_id": "K1", "customer_id": "C1", "last_name": "Ann"},
        {"contact_id": "K2", "customer_id": "C9", "last_name": "Bob"},
    ]
    office.run()
    return office


def _was_read(office: Office, feed: str) -> bool:
    """Whether the next run reads a feed: what it does not read stays as a hand left it."""
    office.change(f"UPDATE core.{feed} SET modified_at = '1999-01-01'")
    office.run()
    ((touched,),) = office.query(
        f"SELECT count(*) FROM core.{feed} WHERE modified_at = '1999-01-01'"
    )
    return not touched


@pytest.mark.parametrize("feed", ["customers", "orders", "order_lines", "assets", "contacts"])
def test_a_feed_that_is_as_it_was_is_not_read_again(office: Office, feed: str):
    assert not _was_read(office, feed)


@pytest.mark.parametrize(
    ("changed", "feed", "is_read"),
    [
        pytest.param("orders", "orders", True, id="itself"),
        pytest.param("customers", "orders", True, id="what it refers to"),
        pytest.param("customers", "assets", True, id="what it refers to, in an optional column"),
        pytest.param("customers", "order_lines", True, id="what that refers to"),
        pytest.param("orders", "customers", False, id="what refers to it"),
        pytest.param("contacts", "orders", False, id="another"),
    ],
)
def test_a_feed_is_read_again_where_it_or_what_it_refers_to_has_changed(
    office: Office, changed: str, feed: str, is_read: bool
):
    office.record(changed)["external_ref"] = "another"

    assert is_read == _was_read(office, feed)


def test_a_profile_that_reads_otherwise_reads_again(office: Office):
    text = '[feeds]\nmax_reject_rate = 1\nencoding = "cp1252"\n'
    (office.folder / "r2b.toml").write_text(text, encoding="utf-8")

    assert _was_read(office, "customers")


def test_a_feed_that_is_missing_once_is_read_when_it_is_back(office: Office):
    contacts = office.feeds.pop("contacts")
    gone = office.run()
    office.feeds["contacts"] = contacts
    back = office.run()

    assert [0, 2] == [each.feeds["contacts"].read for each in (gone, back)]
    assert [("K1",)] == office.query("SELECT contact_id FROM core.contacts")


def test_what_did_not_fit_is_said_again(office: Office):
    first, second = office.run(), office.run()

    rejects = [
        mart(office.folder, "reject", where=f"run_id = '{each.run_id}'").drop("run_id").to_dicts()
        for each in (first, second)
    ]
    assert [["unknown_reference"]] * 2 == [[each["reason"] for each in run] for run in rejects]
    assert rejects[0] == rejects[1]
    assert first.feeds == second.feeds
    assert (2, 1, 1) == (
        second.feeds["contacts"].read,
        second.feeds["contacts"].accepted,
        second.feeds["contacts"].rejected,
    )


def test_a_record_whose_parent_comes_is_accepted(office: Office):
    office.feeds["customers"].append({"customer_id": "C9", "name": "Brewers", "status": "Live"})

    receipt = office.run()

    assert 0 == receipt.feeds["contacts"].rejected


def test_a_manifest_that_promises_more_stops_the_run(office: Office):
    (office.folder / "feeds" / "manifest.json").write_text(
        '{"customers": {"rows": 2}}', encoding="utf-8"
    )

    job = office.job()

    assert 22 == job.exit_code
    assert "1 records, but the manifest says 2" in str(job.error)
