"""One bad row never blocks the others, whatever Affinity drops along with it. Section 5."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.queue_desk import list_items, release
from tests.integration.office import Office, Row
from tests.integration.test_recovery import decide

Written = Callable[[Path, int], Office]
Charge = tuple[str, str]

BAD: Charge = ("L1", "recurring")


def scoped(office: Office, scope: str) -> Office:
    """The office, once its profile says what one bad row takes along."""
    (office.folder / "r2b.toml").write_text(f'delivery.failure_scope = "{scope}"', encoding="utf-8")
    return office


def states(office: Office) -> dict[Charge, str]:
    """Where each charge stands by the ledger."""
    rows = office.query("SELECT line_id, charge_type, status FROM ops.charge_state")
    return {(line, charge_type): status for line, charge_type, status in rows}


def billed(office: Office) -> dict[Charge, int]:
    """How often each charge went to In Billing."""
    rows = office.query(
        "SELECT line_id, charge_type, count(*) FROM ops.ledger "
        "WHERE to_status = 'In Billing' GROUP BY ALL"
    )
    return {(line, charge_type): times for line, charge_type, times in rows}


def refused(office: Office, code: str, *, mentioned: bool) -> None:
    """L1's recurring charge is bad; the rest of the file is refused with it, in words or not."""
    outcomes = {charge: f"rejected:{code}" for charge in office.lines_written() if mentioned}
    office.answer({**outcomes, BAD: "rejected:E_SKU"})


@pytest.mark.parametrize("mentioned", [True, False], ids=["told row by row", "told of one row"])
def test_the_next_batch_goes_without_the_guilty_row(
    tmp_path: Path, written: Written, mentioned: bool
):
    office = scoped(written(tmp_path, 2), "file")
    refused(office, "file_refused", mentioned=mentioned)

    assert {"rejected": 1, "returned": 3} == counted(states(office).values())
    assert ["charge:L1:recurring"] == [item.subject for item in list_items(office.profile)]
    assert [("L1", "recurring", "affinity_rejected")] == office.holds()

    second = office.run()
    everyone = set(states(office))
    assert everyone - {BAD} == set(office.lines_written(2))
    assert {"08_products.csv": 3} == second.batch.files

    office.uploaded(2)
    release(office.profile, 1, actor="Ann")
    office.run()
    office.uploaded(3)
    assert dict.fromkeys(everyone, 1) == billed(office)
    assert [] == list_items(office.profile)


def counted(values) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))


def test_a_bystander_is_refused_in_the_batch_and_returned_in_the_ledger(
    tmp_path: Path, written: Written
):
    office = scoped(written(tmp_path, 1), "file")
    refused(office, "-", mentioned=False)

    assert [("L1", "FILE_REFUSED")] == office.query(
        "SELECT product.line_id, outcome.code FROM out.batch_outcome AS outcome "
        "JOIN out.batch_product AS product USING (seq, row_key) "
        "WHERE outcome.outcome = 'rejected' AND product.charge_type = 'upfront'"
    )
    assert [("returned: FILE_REFUSED",)] == office.query(
        "SELECT reason FROM ops.ledger WHERE reason LIKE 'ret%'"
    )
    assert "ready" == office.charges()["L1", "upfront"]["disposition"]


def test_in_customer_scope_only_the_customers_own_rows_come_along(tmp_path: Path):
    office = Office(tmp_path, profile='delivery.failure_scope = "customer"\n')
    office.feeds["customers"].append(
        {"customer_id": "C2", "name": "Cafe", "status": "Live", "integration_id": "AC-2"}
    )
    site: Row = {"site_id": "S2", "customer_id": "C2", "name": "HQ", "integration_id": "AS-2"}
    office.feeds["sites"].append(site)
    office.feeds["orders"].append(
        {**office.record("orders"), "order_id": "O2", "customer_id": "C2", "site_id": "S2"}
    )
    office.line(2)["order_id"] = "O2"
    office.record("assets", 2)["customer_id"] = "C2"
    office.run()
    office.answer({BAD: "rejected:E_SKU"})

    assert {
        ("L1", "recurring"): "rejected",
        ("L1", "upfront"): "returned",
        ("L2", "recurring"): "exported",
        ("L2", "upfront"): "exported",
    } == states(office)
    assert [("L1", "upfront")] == (office.run(), office.lines_written(2))[1]


def test_a_part_of_a_file_is_a_file(tmp_path: Path):
    profile = 'delivery.failure_scope = "file"\naffinity.layout.products.max_rows = 2\n'
    office = Office(tmp_path, profile=profile)
    office.run()
    office.answer({BAD: "rejected:E_SKU"})

    assert {
        ("L1", "recurring"): "rejected",
        ("L1", "upfront"): "returned",
        ("L2", "recurring"): "exported",
        ("L2", "upfront"): "exported",
    } == states(office)


def test_in_row_scope_everything_is_taken_at_its_word(tmp_path: Path, written: Written):
    office = written(tmp_path, 2)
    office.answer({BAD: "rejected:E_SKU", ("L2", "upfront"): "rejected:FILE_REFUSED"})

    assert {"exported": 2, "rejected": 2} == counted(states(office).values())
    assert 2 == len(list_items(office.profile))


def test_a_bad_number_stays_at_home_with_its_products(tmp_path: Path, written: Written):
    office = scoped(written(tmp_path, 2), "file")
    bad, good = (row["Row Key"] for row in office.written(file="06_clis.csv"))
    office.transfer(
        results=office.results(
            (bad, "rejected", "BAD_CLI"),
            (good, "rejected", "FILE_REFUSED"),
            *((row["Row Key"], "rejected", "UNKNOWN_CLI") for row in office.written()),
        )
    )
    second = office.run()

    assert {"06_clis.csv": 1, "08_products.csv": 2} == second.batch.files
    assert [good] == [row["Row Key"] for row in office.written(2, "06_clis.csv")]
    assert {"L2"} == {line for line, _ in office.lines_written(2)}
    assert {f"cli:{bad}", "charge:L1:recurring", "charge:L1:upfront"} == {
        item.subject for item in list_items(office.profile)
    }


def test_an_item_of_a_bystander_is_released(tmp_path: Path, written: Written):
    office = scoped(written(tmp_path, 1), "file")
    office.answer({BAD: "rejected:E1", ("L1", "upfront"): "rejected:E2"})
    for item in (1, 2):
        release(office.profile, item, actor="Ann")
    office.run()
    office.answer({BAD: "rejected:E1"}, 2)

    assert [("charge:L1:recurring", "parked"), ("charge:L1:upfront", "released")] == office.query(
        "SELECT subject, state FROM ops.retry_item ORDER BY subject"
    )
    assert [("L1", "upfront")] == (office.run(), office.lines_written(3))[1]


def test_a_decision_is_finished_in_the_scope_it_was_taken_in(tmp_path: Path, written: Written):
    office = scoped(written(tmp_path, 2), "row")
    decide(office, "results", results=office.results(*office.answers({BAD: "rejected:E1"})))
    scoped(office, "file")
    office.run()

    assert {"exported": 3, "rejected": 1} == counted(states(office).values())


def test_the_same_result_twice_changes_nothing(tmp_path: Path, written: Written):
    office = scoped(written(tmp_path, 2), "file")
    refused(office, "-", mentioned=False)
    books = office.books()
    refused(office, "-", mentioned=False)

    assert books == office.books()


def test_nothing_is_both_returned_and_in_billing(tmp_path: Path, written: Written):
    office = scoped(written(tmp_path, 2), "file")
    office.answer({BAD: "rejected:E1", ("L2", "upfront"): "accepted"})
    office.answer({("L1", "upfront"): "rejected:E2"})

    assert {"exported": 1, "in_billing": 1, "rejected": 2} == counted(states(office).values())
    assert [] == office.query(
        "SELECT line_id FROM ops.ledger WHERE reason LIKE 'returned%' "
        "INTERSECT ALL SELECT line_id FROM ops.ledger WHERE to_status = 'In Billing'"
    )


# CLI rows


def test_an_accepted_cli_closes_its_item(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    (cli,) = office.written(file="06_clis.csv")
    products = [(row["Row Key"], "rejected", "UNKNOWN_CLI") for row in office.written()]
    office.transfer(results=office.results((cli["Row Key"], "rejected", "BAD_CLI"), *products))
    number = {item.subject: item.id for item in list_items(office.profile)}[f"cli:{cli['Row Key']}"]
    release(office.profile, number, actor="Ann")

    assert {("released",)} == set(office.query("SELECT state FROM ops.retry_item"))
    office.run()
    assert {("in_flight",)} == set(office.query("SELECT state FROM ops.retry_item"))
    office.uploaded(2)
    assert {("done", "accepted in batch 2")} == set(
        office.query("SELECT state, outcome FROM ops.retry_item")
    )


def test_a_product_waits_with_its_cli(tmp_path: Path, written: Written):
    office = written(tmp_path, 1)
    (cli,) = office.written(file="06_clis.csv")
    products = [(row["Row Key"], "rejected", "UNKNOWN_CLI") for row in office.written()]
    office.transfer(results=office.results((cli["Row Key"], "rejected", "busy"), *products))

    assert {("transient", "waiting")} == set(office.query("SELECT kind, state FROM ops.retry_item"))
    office.change("UPDATE ops.retry_item SET next_at = TIMESTAMP '2020-01-01'")
    assert {"06_clis.csv": 1, "08_products.csv": 2} == office.run().batch.files
