"""What comes back and what never does, run after run. Contract sections 3 and 5."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from flows.queue_desk import discard, list_items, release, retry_due
from schemas.errors import IllegalTransition, NotAllowed
from schemas.vocabulary import RetryKind, RetryState
from tests.integration.office import Office
from tests.running import AS_OF

L1, UP1 = ("L1", "recurring"), ("L1", "upfront")
TOMORROW = AS_OF + timedelta(days=1)
QUICK = "retry = {first_wait_seconds = 3600, longest_wait_seconds = 7200, jitter = false, "


@pytest.fixture
def office(tmp_path: Path, written: Callable[[Path, int], Office]) -> Office:
    """One line in batch 1."""
    return written(tmp_path, 1)


def refused(office: Office, code: str = "E1", seq: int = 1) -> None:
    """Affinity takes the upfront charge and refuses the recurring one."""
    outcomes = {L1: f"rejected:{code}"}
    if UP1 in office.lines_written(seq):
        outcomes[UP1] = "accepted"
    office.answer(outcomes, seq)


def state(office: Office) -> RetryState:
    """Where the one item of the queue stands."""
    ((text,),) = office.query("SELECT state FROM ops.retry_item")
    return RetryState(text)


def test_what_was_accepted_is_never_written_again_whatever_the_feeds_say(office: Office):
    office.uploaded()
    office.line(1).update(
        recurring_bill_status="Not Billed",
        upfront_bill_status="Ready to Bill",
        quantity="9",
        recurring_price="99",
        bill_start_override="2026-03-15",
    )
    receipt = office.run(TOMORROW)

    assert "batch_written" == receipt.status
    assert {("UPDATE", "9")} == {(row["Action"], row["Quantity"]) for row in office.written(2)}
    assert {"L1": "in_billing"} == office.dispositions()
    assert TOMORROW > AS_OF
    assert all(row["in_billing_on"] for row in office.charges().values())


def test_a_cancelled_order_does_not_take_back_what_is_billed(office: Office):
    office.uploaded()
    office.record("orders")["status"] = "Cancelled"
    office.run()

    assert {"L1": "in_billing"} == office.dispositions()


def test_a_hold_that_appears_later_is_not_recalled(office: Office):
    office.record("customers")["integration_id"] = ""
    receipt = office.run()

    assert {"L1": "exported"} == office.dispositions()
    assert {} == dict(receipt.holds)


def test_what_was_rejected_stays_held_while_it_says_the_same(office: Office):
    refused(office)
    office.record("products")["modified_at"] = "yesterday"
    receipt = office.run()

    assert ("nothing_ready", None) == (receipt.status, receipt.batch)
    assert [("L1", "recurring", "affinity_rejected")] == office.holds()
    assert RetryState.PARKED is state(office)


@pytest.mark.parametrize(
    ("feed", "change"),
    [
        pytest.param("order_lines", {"quantity": "3"}, id="quantity"),
        pytest.param("order_lines", {"recurring_price": "6"}, id="price"),
        pytest.param("order_lines", {"bill_start_override": "2026-03-02"}, id="bill start"),
        pytest.param("order_lines", {"term_months": "12"}, id="term"),
        pytest.param("orders", {"po_ref": "PO-1"}, id="purchase order"),
        pytest.param("products", {"name": "Line"}, id="description"),
        pytest.param("products", {"external_sku": "SKU-2"}, id="SKU"),
        pytest.param("products", {"billing_frequency": "Annual"}, id="frequency"),
        pytest.param("customers", {"integration_id": "AC-2"}, id="customer reference"),
        pytest.param("sites", {"integration_id": "AS-2"}, id="site reference"),
        pytest.param("assets", {"cli": "01204600099"}, id="CLI"),
        pytest.param("assets", {"cease_on": "2026-12-24"}, id="bill end"),
    ],
)
def test_what_was_rejected_comes_back_when_its_content_changed(
    office: Office, feed: str, change: dict[str, str]
):
    refused(office)
    key = office.key("L1")
    office.record(feed).update(change)
    receipt = office.run()

    assert (2, [L1]) == (receipt.batch.seq, office.lines_added(2))
    assert key == office.key("L1", seq=2)
    assert RetryState.IN_FLIGHT is state(office)


def test_an_item_is_done_once_its_charge_was_accepted(office: Office):
    refused(office)
    office.line(1)["quantity"] = "3"
    office.run()
    office.uploaded(2)

    assert [("done", "accepted in batch 2", 1)] == office.query(
        "SELECT state, outcome, attempts FROM ops.retry_item"
    )
    assert [] == list_items(office.profile)


def test_a_second_rejection_is_the_same_item_with_one_more_attempt(office: Office):
    refused(office)
    office.line(1)["quantity"] = "3"
    office.run()
    refused(office, "E2", seq=2)

    assert [("E2", 2, "parked", 2)] == office.query(
        "SELECT reason, attempts, state, batch_seq FROM ops.retry_item"
    )


def test_a_person_may_release_what_was_rejected(office: Office):
    refused(office)
    key = office.key("L1")
    item = release(office.profile, 1, actor="Ann")
    receipt = office.run()

    assert (RetryKind.DATA, RetryState.RELEASED) == (item.kind, item.state)
    assert (2, [L1], key) == (receipt.batch.seq, office.lines_written(2), office.key("L1", seq=2))
    assert [("Ann", "released by Ann")] == office.query("SELECT actor, outcome FROM ops.retry_item")


def test_what_is_released_still_keeps_every_rule(office: Office):
    refused(office)
    release(office.profile, 1, actor="Ann")
    office.record("customers")["integration_id"] = ""
    office.run()

    assert [("L1", "recurring", "customer_unlinked")] == office.holds()


def test_what_is_discarded_stays_held_until_it_changes(office: Office):
    refused(office)
    discard(office.profile, 1, actor="Ann", reason="sold elsewhere")
    held = office.run()

    assert (None, [("L1", "recurring", "affinity_rejected")]) == (held.batch, office.holds())
    assert [("discarded", "discarded by Ann: sold elsewhere")] == office.query(
        "SELECT state, outcome FROM ops.retry_item"
    )
    office.line(1)["quantity"] = "3"
    assert [L1] == (office.run(), office.lines_added(2))[1]


@pytest.mark.parametrize(
    "act", [release, lambda p, i, actor: discard(p, i, actor=actor, reason="left us")]
)
def test_what_is_closed_or_in_a_batch_cannot_be_released_or_discarded(office: Office, act):
    refused(office)
    office.line(1)["quantity"] = "3"
    office.run()
    with pytest.raises(IllegalTransition, match="Item 1 is in flight"):
        act(office.profile, 1, actor="Ann")

    office.uploaded(2)
    with pytest.raises(IllegalTransition, match="Item 1 is done"):
        act(office.profile, 1, actor="Ann")
    with pytest.raises(IllegalTransition, match="There is no item 9"):
        act(office.profile, 9, actor="Ann")


def test_only_who_may_update_billing_releases(office: Office):
    refused(office)
    (office.folder / "r2b.toml").write_text('operators = {Ann = ["bill_export"]}', encoding="utf-8")

    with pytest.raises(NotAllowed, match="update_billing"):
        release(office.profile, 1, actor="Ann")
    assert RetryState.PARKED is state(office)


def test_a_passing_fault_waits_and_comes_back_by_itself(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile=QUICK + "max_attempts = 3}\n")
    office.run()
    refused(office, "busy")
    assert None is office.run().batch
    assert (RetryState.WAITING, 0) == (state(office), retry_due(office.profile))

    office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")
    receipt = office.run()

    assert (2, [L1]) == (receipt.batch.seq, office.lines_written(2))
    assert RetryState.IN_FLIGHT is state(office)


def test_what_is_due_may_be_let_in_by_hand(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile=QUICK + "max_attempts = 3}\n")
    office.run()
    refused(office, "TIMEOUT")
    office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")

    assert (1, RetryState.RELEASED) == (retry_due(office.profile), state(office))
    assert 2 == office.run().batch.seq


def test_after_its_last_attempt_an_item_is_dead_and_its_charge_held(tmp_path: Path):
    office = Office(tmp_path, lines=1, profile=QUICK + "max_attempts = 1}\n")
    office.run()
    refused(office, "BUSY")

    assert (RetryState.DEAD, None) == (state(office), office.run().batch)
    assert [("L1", "recurring", "affinity_rejected")] == office.holds()
    release(office.profile, 1, actor="Ann")
    assert 2 == office.run().batch.seq


def test_what_a_result_did_not_mention_stays_exported_though_the_next_batch_goes_out(
    office: Office,
):
    office.answer({UP1: "accepted"})
    office.add_line(2)
    receipt = office.run()

    assert {"L1": "exported", "L2": "exported"} == office.dispositions()
    assert (2, {"L2"}) == (receipt.batch.seq, {line for line, _ in office.lines_written(2)})
    assert 1 == office.answer({L1: "accepted"}).accepted - 1


def test_an_abandoned_batch_frees_its_charges_for_the_next_number_under_the_same_keys(
    office: Office,
):
    keys = [row["Row Key"] for row in office.written()]
    clis = office.written(file="06_clis.csv")
    office.abandon()
    receipt = office.run()

    assert 2 == receipt.batch.seq
    assert keys == [row["Row Key"] for row in office.written(2)]
    assert clis == office.written(2, "06_clis.csv")
    assert [("abandoned", None), ("written", None)] == office.query(
        "SELECT state, confirmed_at FROM out.batch ORDER BY seq"
    )


def test_a_cli_that_was_accepted_is_not_added_again(office: Office):
    refused(office)
    office.line(1)["quantity"] = "3"
    receipt = office.run()

    assert {"08_products.csv": 2} == receipt.batch.files


def test_a_cli_that_was_refused_is_added_again(office: Office):
    (cli,) = office.written(file="06_clis.csv")
    office.transfer(
        results=office.results(
            [cli["Row Key"], "rejected", "E_CLI"],
            [office.key("L1"), "rejected", "E_CLI"],
            [office.key(*UP1), "accepted"],
        )
    )
    office.line(1)["quantity"] = "3"
    office.run()

    assert [cli["Row Key"]] == [row["Row Key"] for row in office.written(2, "06_clis.csv")]


def test_a_charge_in_billing_by_the_feed_only_gets_no_transition(office: Office):
    office.abandon()
    office.line(1)["recurring_bill_status"] = "In Billing"
    office.run()
    charges = office.charges()

    assert ("in_billing", "exported") == tuple(charges[key]["disposition"] for key in (L1, UP1))
    assert [UP1] == office.lines_written(2)
    assert [] == office.query("FROM ops.ledger WHERE to_status = 'In Billing'")


def test_feeds_that_failed_wait_in_the_queue_until_they_are_read(office: Office):
    assets = office.feeds.pop("assets")
    assert 22 == office.job().exit_code
    assert [("feed:assets", RetryKind.DATA, RetryState.PARKED)] == [
        (item.subject, item.kind, item.state) for item in list_items(office.profile)
    ]

    office.feeds["assets"] = assets
    office.run()
    assert [] == list_items(office.profile)


def test_an_item_is_listed_by_the_money_at_stake(tmp_path: Path):
    office = Office(tmp_path, lines=1)
    office.run()
    office.answer({L1: "rejected:E1", UP1: "rejected:E2"})

    assert ["charge:L1:upfront", "charge:L1:recurring"] == [
        item.subject for item in list_items(office.profile)
    ]
