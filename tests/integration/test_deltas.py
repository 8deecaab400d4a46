"""Delta feeds: what changed merges into what is known, and the answer is that of a full feed."""

import random
from copy import deepcopy
from pathlib import Path

import pytest

from flows.reconcile import reconcile
from flows.retention import apply_retention
from tests.integration.office import Office, Row
from tests.running import AS_OF

DELTA = '[feeds]\nmode = "delta"\nmax_reject_rate = 1\n'
FULL = "[feeds]\nmax_reject_rate = 1\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office", lines=3, profile=DELTA)


def test_feeds_that_are_not_delivered_keep_what_is_known(office: Office):
    office.run()
    office.feeds = {}

    receipt = office.run()

    assert ["exported"] * 3 == list(office.dispositions().values())
    assert (0, 0) == (receipt.feeds["customers"].read, receipt.feeds["order_lines"].read)


def test_a_changed_record_replaces_what_was_known_of_it(office: Office):
    office.line(1)["connected_on"] = ""
    office.run()
    changed = office.line(1) | {"connected_on": "2026-03-05"}
    office.abandon()
    office.feeds = {"order_lines": [changed]}

    receipt = office.run()

    assert 1 == receipt.feeds["order_lines"].read
    assert {"L1", "L2", "L3"} == {line for line, _ in office.lines_written(2)}


def test_a_deleted_record_is_gone(office: Office):
    office.line(1)["connected_on"] = ""
    office.run()
    office.feeds = {"order_lines": [{"line_id": "L1", "is_deleted": "true"} | _blank(office, 1)]}

    office.run()

    assert {"L2", "L3"} == set(office.dispositions())


def test_an_unfit_version_of_a_record_leaves_nothing_to_bill(office: Office):
    office.line(1)["connected_on"] = ""
    office.run()
    office.feeds = {"order_lines": [office.line(1) | {"quantity": "none"}]}

    receipt = office.run()

    assert 1 == receipt.feeds["order_lines"].rejected
    assert {"L2", "L3"} == set(office.dispositions())


def test_a_record_comes_back_with_its_parent(office: Office):
    office.run()
    office.abandon()
    whole = deepcopy(office.feeds)
    office.feeds = {"orders": [whole["orders"][0] | {"is_deleted": "true"}]}
    without = office.run()
    office.feeds = {"orders": whole["orders"]}

    back = office.run()

    assert 0 == without.dispositions["ready"].charges
    assert 6 == back.dispositions["ready"].charges


def _blank(office: Office, number: int) -> Row:
    return {name: "" for name in office.line(number) if name != "line_id"}


@pytest.mark.parametrize("seed", range(2))
def test_any_history_of_deltas_ends_where_the_full_feed_does(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    by_delta = Office(tmp_path / "delta", lines=6, profile=DELTA)
    in_full = Office(tmp_path / "full", lines=6, profile=FULL)
    world = deepcopy(in_full.feeds)
    by_delta.run()
    in_full.run()

    for _ in range(4):
        by_delta.feeds = {}
        for feed in world:
            changed = [row for row in world[feed] if chance.random() < 0.3]
            for row in changed:
                _edit(row, feed, chance)
            by_delta.feeds[feed] = changed
            in_full.feeds[feed] = deepcopy(world[feed])
        by_delta.feeds = {name: rows for name, rows in by_delta.feeds.items() if rows}
        delta, full = by_delta.job(), in_full.job()

        assert (0, 0) == (delta.exit_code, full.exit_code)
        assert delta.receipt is not None
        assert full.receipt is not None
        assert full.receipt.dispositions == delta.receipt.dispositions
        assert in_full.charges() == by_delta.charges()


def _edit(row: Row, feed: str, chance: random.Random) -> None:
    row["is_deleted"] = "true" if chance.random() < 0.15 else "false"
    if feed == "order_lines":
        row["connected_on"] = chance.choice(["", "2026-03-01", "2026-03-09", "2027-01-01"])
    if feed == "assets":
        row["cli"] = chance.choice(["01204600001", "01204600002", "01204600077", ""])
    if feed == "customers":
        row["integration_id"] = chance.choice(["AC-1", ""])


@pytest.mark.parametrize(
    ("feed", "cell"),
    [
        pytest.param("order_lines", {"quantity": "none"}, id="a line"),
        pytest.param("assets", {"is_live": "perhaps"}, id="an asset"),
        pytest.param("customers", {"name": ""}, id="the customer of all lines"),
        pytest.param(
            "orders", {"customer_id": "C9"}, id="the order of all lines: unknown customer"
        ),
    ],
)
@pytest.mark.parametrize("leaves_alone", [True, False], ids=["left alone", "looked at"])
def test_a_record_that_a_delta_broke_has_not_gone_until_it_comes_again(
    office: Office, feed: str, cell: dict[str, str], leaves_alone: bool
):
    office.run()
    fit = deepcopy(office.record(feed))
    office.feeds = {feed: [fit | cell]}
    office.run()
    broken = _broken(office)
    office.feeds = {}

    for _ in range(3):
        if not leaves_alone:
            office.change("DROP TABLE work.left_out")
        office.run()
        assert [] == office.holds(), "the days after it is as broken as it was"
        assert broken == _broken(office)

    office.feeds = {feed: [fit | {"is_deleted": "true"}]}
    office.run()
    gone = {line for line, _, reason in office.holds() if reason == "source_gone"}
    assert gone == ({"L1", "L2", "L3"} if feed in {"customers", "orders"} else {"L1"})


def _broken(office: Office) -> list[tuple[str, str]]:
    return office.query(
        "SELECT feed, record_key FROM ops.broken WHERE until_run IS NULL ORDER BY ALL"
    )


@pytest.mark.parametrize(("is_stopped", "is_tidied"), [(False, False), (True, False), (True, True)])
def test_a_snapshot_is_evidence_whatever_became_of_its_run(
    tmp_path: Path, is_stopped: bool, is_tidied: bool
):
    """A delta does not come again: what it brought of Affinity is looked at by the next run."""
    office = Office(tmp_path / "office", lines=1, profile='[feeds]\nmode = "delta"\n')
    office.run()
    shown = {
        "object_uid": "U1",
        "site_ref": "AS-1",
        "cli": "01204600001",
        "product_code": "SKU-1",
        "charge_type": "recurring",
        "quantity": "2",
        "unit_price": "5.5",
        "start_on": "2026-03-01",
        "row_key": office.key("L1"),
    }
    there = {"site_ref": "AS-1", "cli": "01204600001", "start_on": "2026-03-01"}
    unfit = [office.line(1) | {"line_id": "L9", "quantity": "x"}] if is_stopped else []
    office.feeds = {
        "affinity_site_products": [shown],
        "affinity_clis": [there],
        "order_lines": unfit,
    }
    exit_code = office.job().exit_code
    office.feeds = {}
    if is_tidied:
        apply_retention(office.profile, actor="Ann", today=AS_OF)
    receipt = office.run()
    facts = office.query("SELECT object_uid FROM ops.affinity_fact")

    assert (30 if is_stopped else 0) == exit_code
    assert {"L1": "in_billing"} == office.dispositions()
    assert [("U1",)] == facts
    assert [] == office.query("FROM work.unseen_snapshot")
    assert AS_OF == reconcile.fn(str(office.folder / "r2b.toml"), with_report=False).snapshot_on
    assert "live" == office.query("SELECT status FROM ops.cli_state")[0][0]
    assert 0 == receipt.feeds["affinity_site_products"].read


def test_a_cease_request_of_a_delta_that_was_stopped_is_not_lost(tmp_path: Path):
    """The list has no keys, so the next delivery takes its place: here an empty one."""
    office = Office(tmp_path / "office", lines=1, profile='[feeds]\nmode = "delta"\n')
    office.record("assets")["object_uid"] = "U1"
    office.run()
    office.uploaded()
    unfit = office.line(1) | {"line_id": "L9", "quantity": "x"}
    office.feeds = {
        "affinity_cease_requests": [{"OBJECTUID": "U1", "Completed On": "2026-04-30"}],
        "order_lines": [unfit],
    }
    stopped = office.job().exit_code
    office.feeds = {"affinity_cease_requests": []}
    office.run()

    assert 30 == stopped
    assert ["2026-04-30"] == [
        str(day) for (day,) in office.query("SELECT cease_on FROM out.batch_cease")
    ]


def test_what_a_full_feed_pointed_in_vain_is_known_when_deltas_follow(tmp_path: Path):
    """The order of L2 comes only with the first delta; a number of an asset likewise."""
    office = Office(tmp_path / "office", lines=2, profile=FULL)
    office.line(2)["order_id"] = "O2"
    office.feeds["asset_numbers"] = [{"asset_id": "A9", "cli": "01204700000"}]
    office.run()
    first = set(office.dispositions())
    office.uploaded()
    order = office.record("orders") | {"order_id": "O2"}
    late = office.record("assets") | {"asset_id": "A9", "line_id": ""}
    (office.folder / "r2b.toml").write_text(DELTA, encoding="utf-8")
    office.feeds = {"orders": [order], "assets": [late]}
    office.run()

    assert {"L1"} == first
    assert {"L1": "in_billing", "L2": "exported"} == office.dispositions()
    assert [("01204700000",)] == office.query("SELECT cli FROM core.asset_numbers")
    assert [] == office.query("FROM ops.broken WHERE until_run IS NULL")


def test_what_a_full_feed_that_was_stopped_pointed_in_vain_is_not_known(tmp_path: Path):
    office = Office(tmp_path / "office", lines=3)
    office.run()
    office.uploaded()
    for number in (2, 3):
        office.line(number)["order_id"] = "O2"
    assert 30 == office.job().exit_code
    order = office.record("orders") | {"order_id": "O2"}
    (office.folder / "r2b.toml").write_text(DELTA, encoding="utf-8")
    office.feeds = {"orders": [order]}
    office.run()

    assert {"O1"} == {order for (order,) in office.query("SELECT order_id FROM core.order_lines")}
