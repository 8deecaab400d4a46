"""A full feed that is as it was is not read again, and the answer is as if it had been."""

from pathlib import Path

import polars as pl
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


@pytest.fixture
def of_deltas(tmp_path: Path) -> Office:
    """An office whose feeds are deltas; all of it has come once."""
    profile = '[feeds]\nmode = "delta"\nmax_reject_rate = 1\n'
    office = Office(tmp_path / "office", lines=2, profile=profile)
    office.run()
    return office


@pytest.mark.parametrize(
    ("brought", "feed", "is_read"),
    [
        pytest.param((), "order_lines", False, id="nothing"),
        pytest.param(("order_lines",), "order_lines", True, id="itself"),
        pytest.param(("orders",), "order_lines", True, id="what it refers to"),
        pytest.param(("order_lines",), "orders", False, id="what refers to it"),
        pytest.param(("contacts",), "orders", False, id="another"),
    ],
)
def test_a_delta_leaves_alone_what_it_does_not_bring(
    of_deltas: Office, brought: tuple[str, ...], feed: str, is_read: bool
):
    contact = {"contact_id": "K1", "customer_id": "C1", "last_name": "Ann"}
    rows = {**of_deltas.feeds, "contacts": [contact]}
    of_deltas.feeds = {name: rows[name][:1] for name in brought}

    assert is_read == _was_read(of_deltas, feed)


def test_of_a_known_record_that_has_lost_its_parent_it_is_said_every_day(of_deltas: Office):
    gone = of_deltas.record("orders") | {"is_deleted": "true"}
    of_deltas.feeds = {"orders": [gone]}
    first = _left_out(of_deltas)
    of_deltas.feeds = {}

    assert first == _left_out(of_deltas) == [("order_lines", 2)]


def test_what_had_no_parent_when_it_came_is_left_out_from_then_on(of_deltas: Office):
    orphan = of_deltas.record("order_lines") | {"line_id": "L9", "order_id": "O9"}
    parent = of_deltas.record("orders") | {"order_id": "O9"}
    of_deltas.feeds = {"order_lines": [orphan]}
    said = _left_out(of_deltas)
    of_deltas.feeds = {}

    assert [] == said
    assert [("order_lines", 1)] == _left_out(of_deltas) == _left_out(of_deltas)
    assert not _was_read(of_deltas, "order_lines")

    of_deltas.feeds = {"orders": [parent]}
    assert [] == _left_out(of_deltas)
    assert [("L9",)] == of_deltas.query(
        "SELECT line_id FROM core.order_lines WHERE order_id = 'O9'"
    )


def _left_out(office: Office) -> list[tuple[str, int]]:
    """What the next run says of known records that it leaves out."""
    run = office.run()
    return (
        mart(office.folder, "warning", where=f"run_id = '{run.run_id}'")
        .filter(pl.col("warning").str.contains("known record left out"))
        .select("subject", "records")
        .rows()
    )


def test_a_delta_after_full_feeds_looks_at_all_of_them_once(office: Office):
    (office.folder / "r2b.toml").write_text(
        (office.folder / "r2b.toml")
        .read_text("utf-8")
        .replace("[feeds]\n", '[feeds]\nmode = "delta"\n'),
        encoding="utf-8",
    )
    office.feeds = {}

    office.run()

    assert [(1,)] == office.query("SELECT count(*) FROM known.orders")
    assert not _was_read(office, "orders")
