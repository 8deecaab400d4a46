"""Both sides compared through the real thing: runs, snapshots, two clocks, what the flow says."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.reconcile import compared_with, read_certificate, reconcile
from schemas.errors import UsageError
from schemas.receipts import ReconcileReceipt
from tests.integration.office import Office, Row
from tests.running import AS_OF, mart

SITE_PRODUCTS = "affinity_site_products"
LATER = AS_OF + timedelta(days=31)


def snapshot(office: Office, seq: int = 1) -> list[Row]:
    """Affinity's site products after it took all rows of a batch."""
    return [
        {
            "object_uid": f"SN-{number}",
            "site_ref": row["Site Ref"],
            "cli": row["CLI"],
            "product_code": row["Product Code"],
            "charge_type": row["Charge Type"].lower(),
            "quantity": row["Quantity"],
            "unit_price": row["Unit Price"],
            "start_on": "-".join(reversed(row["Bill Start Date"].split("/"))),
            "end_on": "",
            "row_key": row["Row Key"],
        }
        for number, row in enumerate(office.written(seq), start=1)
    ]


def compared(office: Office, **asked: Any) -> ReconcileReceipt:
    """The office's sides, reconciled as the flow does it."""
    return reconcile.fn(str(office.folder / "r2b.toml"), with_report=False, **asked)


def classes(receipt: ReconcileReceipt) -> dict[str, int]:
    """Things in each class that has any."""
    return {kind: total.matches for kind, total in receipt.classes.items() if total.matches}


def found(office: Office) -> list[tuple[Any, ...]]:
    """(line, charge type, class, why, fields, remedy) of what is not matched."""
    rows = mart(office.folder, "reconciliation", where="class <> 'matched'")
    told = rows.select("line_id", "charge_type", "class", "why", "fields", "remedy").rows()
    return sorted(told, key=str)


@pytest.fixture
def billed(tmp_path: Path) -> Office:
    """Two lines In Billing, and the snapshot that shows them."""
    office = Office(tmp_path / "office")
    office.run()
    office.uploaded()
    office.feeds[SITE_PRODUCTS] = snapshot(office)
    return office


def test_what_was_handed_over_and_is_there_is_clean(billed: Office):
    billed.run(AS_OF + timedelta(days=1))

    receipt = compared(billed)

    assert ("clean", AS_OF + timedelta(days=1)) == (receipt.verdict, receipt.snapshot_on)
    assert {"matched": 4} == classes(receipt)
    assert (Decimal(22), Decimal(22)) == (
        receipt.total.layer_per_month,
        receipt.total.affinity_per_month,
    )
    assert (Decimal(40), Decimal(40)) == (receipt.total.layer_once, receipt.total.affinity_once)
    assert 8 == mart(billed.folder, "reconciled_record").height


def test_each_side_of_a_difference_is_told(billed: Office):
    there = billed.feeds[SITE_PRODUCTS]
    recurring = [row for row in there if row["charge_type"] == "recurring"]
    recurring[0]["unit_price"] = "6"
    there.remove(recurring[1])
    there.append(recurring[0] | {"object_uid": "SN-9", "cli": "07700900123", "row_key": ""})
    billed.run(AS_OF + timedelta(days=1))

    receipt = compared(billed)

    assert "differences" == receipt.verdict
    assert [
        ("L1", "recurring", "differs", None, "unit_price", "credit"),
        ("L2", "recurring", "differs", None, "unit_price,cli", "credit"),
    ] == found(billed)


def test_what_the_next_batch_tells_is_explained_and_a_rejected_line_says_nothing_of_its_asset(
    billed: Office,
):
    billed.line(1)["quantity"] = "3"
    billed.record("assets")["quantity"] = "3"
    billed.add_line(3)
    billed.line(3)["quantity"] = "none"
    billed.record("assets", 3)["recurring_billing_route"] = "Affinity"
    profile = billed.folder / "r2b.toml"
    profile.write_text("[feeds.max_reject_rate]\norder_lines = 1\n", encoding="utf-8")
    billed.run(AS_OF + timedelta(days=1))

    compared(billed)

    in_flight = ("explained", "in_flight", "quantity", "wait")
    assert [
        ("L1", "recurring", *in_flight),
        ("L1", "upfront", *in_flight),
        ("L3", "recurring", "unreconciled", "record_is_rejected", None, "fetch"),
    ] == found(billed)


def test_what_is_free_or_cannot_be_read_is_not_clean_where_affinity_bills_it(billed: Office):
    billed.add_line(3)
    billed.line(3).update(recurring_price="0", upfront_price="0")
    billed.add_line(4)
    billed.line(4).update(recurring_do_not_bill="true", quantity="none")
    profile = billed.folder / "r2b.toml"
    profile.write_text("[feeds.max_reject_rate]\norder_lines = 1\n", encoding="utf-8")
    at = {"site_ref": "AS-1", "product_code": "SKU-1", "charge_type": "recurring"}
    billed.feeds[SITE_PRODUCTS] += [
        at
        | {"object_uid": f"SN-9{number}", "cli": f"0120460000{number}"}
        | {"quantity": "1", "unit_price": "5.5", "start_on": "2026-03-01"}
        for number in (3, 4)
    ]
    billed.run(AS_OF + timedelta(days=1))

    assert "unreconciled" == compared(billed).verdict
    assert [
        ("L3", "recurring", "ceased_but_billing", None, "status", "cease"),
        ("L4", "recurring", "unreconciled", "record_is_rejected", None, "fetch"),
    ] == found(billed)


def test_what_is_free_is_nothing_to_bill(billed: Office):
    billed.add_line(3)
    billed.line(3).update(recurring_price="0", upfront_price="0")
    billed.run(AS_OF + timedelta(days=1))

    assert "clean" == compared(billed).verdict


@pytest.mark.parametrize("is_delivered", [False, True])
def test_without_a_snapshot_or_with_an_empty_one_nothing_is_clean(
    tmp_path: Path, is_delivered: bool
):
    office = Office(tmp_path / "office")
    if is_delivered:
        gone = {"object_uid": "SN-1", "site_ref": "AS-1", "product_code": "SKU-1"}
        office.feeds[SITE_PRODUCTS] = [gone | {"is_deleted": "true"}]
    office.run()

    receipt = compared(office)

    assert "unreconciled" == receipt.verdict
    assert {("unreconciled", "no_snapshot")} == set(receipt.reasons)


def test_an_old_or_a_shrunken_snapshot_is_not_taken_for_the_whole(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    whole = billed.feeds.pop(SITE_PRODUCTS)
    billed.run(AS_OF + timedelta(days=8))
    assert "clean" == compared(billed).verdict
    billed.run(AS_OF + timedelta(days=9))
    old = compared(billed)

    assert ("unreconciled", AS_OF + timedelta(days=1)) == (old.verdict, old.snapshot_on)
    assert {("unreconciled", "snapshot_is_old")} == set(old.reasons)

    billed.feeds[SITE_PRODUCTS] = whole[:2]
    billed.run(AS_OF + timedelta(days=10))
    short = compared(billed)

    assert "unreconciled" == short.verdict
    assert {"matched": 2, "unreconciled": 2} == classes(short)
    assert {("unreconciled", "snapshot_is_partial")} == set(short.reasons)


def test_a_past_day_is_not_compared_with_today(billed: Office):
    """A past month compared with today's subscriptions finds differences that there never were."""
    billed.run(AS_OF + timedelta(days=1))
    compared(billed)
    for row in billed.feeds[SITE_PRODUCTS]:
        row["quantity"] = "5"
    for number in (1, 2):
        billed.line(number)["quantity"] = "5"
        billed.record("assets", number)["quantity"] = "5"
    billed.run(LATER)
    billed.uploaded(2)
    billed.run(LATER)

    today, then = compared(billed), compared(billed, as_of=AS_OF + timedelta(days=2))

    assert ("clean", Decimal(55)) == (today.verdict, today.total.layer_per_month)
    assert ("clean", Decimal(22)) == (then.verdict, then.total.layer_per_month)
    assert 0 == then.restated


def test_what_came_to_be_known_later_is_told_apart(billed: Office):
    """A cease from before, told afterwards: then it was fine, now the day looks otherwise."""
    day = AS_OF + timedelta(days=2)
    billed.run(AS_OF + timedelta(days=1))
    billed.record("assets")["cease_on"] = f"{AS_OF}"
    billed.run(LATER)

    known_then = compared(billed, as_of=day, known_at=day)
    assert ("clean", 2) == (known_then.verdict, known_then.restated)
    known_now = compared(billed, as_of=day)

    assert {"matched": 3, "explained": 1} == classes(known_now)
    assert (Decimal(22), Decimal(11)) == (
        known_then.total.layer_per_month,
        known_now.total.layer_per_month,
    )
    told = mart(billed.folder, "restated").select("side", "record_key", "class_then", "class_now")
    assert [
        ("affinity", "SN-1", "matched", "explained"),
        ("layer", "line:L1:recurring", "matched", "explained"),
    ] == told.rows()


def test_facts_are_kept_and_only_closed(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    before = billed.query("FROM ops.layer_fact ORDER BY ALL")
    billed.run(AS_OF + timedelta(days=2))
    assert before == billed.query("FROM ops.layer_fact ORDER BY ALL")

    billed.record("sites")["integration_id"] = "AS-2"
    billed.run(AS_OF + timedelta(days=3))

    columns = "COLUMNS(* EXCLUDE known_to)"
    kept = billed.query(f"SELECT {columns} FROM ops.layer_fact WHERE known_to IS NOT NULL")
    assert {row[:-1] for row in before} >= {row[:-1] for row in kept if row[:-1] in before}
    assert len(before) < len(billed.query("FROM ops.layer_fact"))
    keys = "SELECT layer_key, count(*) FROM ops.layer_fact WHERE known_to IS NULL GROUP BY ALL"
    assert {1} == {count for _, count in billed.query(keys)}


def test_what_was_found_is_certified_and_compared_with_earlier(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    first = compared(billed)
    before = read_certificate(first.certificate)
    assert first.certificate.read_bytes() == compared(billed).certificate.read_bytes()
    billed.feeds[SITE_PRODUCTS][0]["unit_price"] = "6"
    billed.run(AS_OF + timedelta(days=2))
    second = compared(billed)

    since = compared_with(before, second)

    assert 2 == len(since.opened)
    assert {"differs"} == {each["class"] for each in since.opened}
    assert [] == since.closed
    assert 0o600 == second.certificate.stat().st_mode & 0o777
    text = second.certificate.read_text(encoding="utf-8")
    second.certificate.write_text(text.replace("credit", "bill"), encoding="utf-8")
    with pytest.raises(UsageError, match="was changed since it was sealed"):
        compared_with(before, second)


def test_another_run_of_a_day_leaves_the_certificate_of_the_first(billed: Office):
    day = AS_OF + timedelta(days=1)
    billed.run(day)
    first = compared(billed).certificate
    kept = first.read_bytes()
    billed.feeds[SITE_PRODUCTS][0]["unit_price"] = "9"
    billed.run(day)

    second = compared(billed).certificate

    assert kept == first.read_bytes()
    assert first != second
    assert compared_with(read_certificate(first), compared(billed)).opened


def test_a_certificate_that_says_a_thing_twice_is_not_taken(billed: Office):
    """Of a key that is doubled only the last is read, so that a reader sees another verdict."""
    billed.run(AS_OF + timedelta(days=1))
    path = compared(billed).certificate
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{", '{"verdict": "differences",', 1), encoding="utf-8")

    with pytest.raises(UsageError, match="was changed since it was sealed"):
        read_certificate(path)


def test_before_any_run_there_is_nothing_to_compare(tmp_path: Path):
    office = Office(tmp_path / "office")
    with pytest.raises(UsageError, match="no run has read any feeds"):
        compared(office)
    office.run()
    with pytest.raises(UsageError, match="as of 2020-01-01 or before"):
        compared(office, known_at=date(2020, 1, 1))


# Past days that are not what today is


def test_a_past_day_is_billed_by_the_stretch_that_covered_it(billed: Office):
    """A price that was told as an end and an addition, and a charge that was stopped since."""
    (billed.folder / "r2b.toml").write_text('[changes]\nstyle = "cease_and_add"\n', "utf-8")
    day = AS_OF + timedelta(days=1)
    billed.run(day)
    billed.record("assets")["recurring_price"] = "8"
    billed.line(2)["recurring_do_not_bill"] = "true"
    cut_on = AS_OF + timedelta(days=20)
    billed.run(cut_on)
    billed.uploaded(2)
    first, *_ = (row for row in billed.feeds[SITE_PRODUCTS] if row["charge_type"] == "recurring")
    for row in billed.feeds[SITE_PRODUCTS]:
        if row["charge_type"] == "recurring":
            is_first = row["cli"] == first["cli"]
            row["end_on"] = f"{cut_on - timedelta(days=1) if is_first else cut_on}"
    added = snapshot(billed, 2)
    billed.feeds[SITE_PRODUCTS] += [row | {"object_uid": "SN-77"} for row in added]
    billed.run(cut_on + timedelta(days=1))

    for asked in ({}, {"as_of": day}, {"as_of": day, "known_at": day}):
        assert "clean" == compared(billed, **asked).verdict, asked
    past = compared(billed, as_of=day)
    assert (Decimal(22), 0) == (past.total.layer_per_month, past.restated)
    assert Decimal(16) == compared(billed).total.layer_per_month


def test_what_a_later_snapshot_leaves_out_was_there_on_the_day(billed: Office):
    day = AS_OF + timedelta(days=1)
    for number in range(3, 9):
        billed.add_line(number)
    billed.run(day)
    billed.uploaded(2)
    billed.feeds[SITE_PRODUCTS] += [
        row | {"object_uid": f"SN-2{number}"} for number, row in enumerate(snapshot(billed, 2))
    ]
    billed.record("assets")["cease_on"] = f"{AS_OF + timedelta(days=10)}"
    billed.run(AS_OF + timedelta(days=3))
    billed.uploaded(3)
    gone = next(row for row in billed.feeds[SITE_PRODUCTS] if row["charge_type"] == "recurring")
    billed.feeds[SITE_PRODUCTS].remove(gone)
    billed.run(AS_OF + timedelta(days=25))

    assert "clean" == compared(billed, as_of=AS_OF + timedelta(days=3)).verdict
    assert "clean" == compared(billed).verdict


def test_a_day_long_before_the_first_snapshot_is_not_judged_by_it(billed: Office):
    shown = billed.feeds.pop(SITE_PRODUCTS)
    billed.run(AS_OF + timedelta(days=1))
    billed.feeds[SITE_PRODUCTS] = [row | {"quantity": "5"} for row in shown]
    billed.run(AS_OF + timedelta(days=90))

    past = compared(billed, as_of=AS_OF + timedelta(days=2))

    assert ("unreconciled", {("unreconciled", "no_snapshot")}) == (past.verdict, set(past.reasons))
    assert "unreconciled" == compared(billed, as_of=date(2000, 1, 1)).verdict


def test_a_run_that_failed_is_no_snapshot(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    for row in billed.feeds[SITE_PRODUCTS]:
        row["quantity"] = "9"
    billed.feeds["orders"][0]["status"] = ""
    failed = billed.job(AS_OF + timedelta(days=12))

    assert 30 == failed.exit_code
    assert AS_OF + timedelta(days=1) == compared(billed).snapshot_on


def test_a_cease_that_affinity_refused_is_on_the_clock(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    billed.record("assets")["cease_on"] = f"{AS_OF + timedelta(days=2)}"
    billed.run(AS_OF + timedelta(days=2))
    (row,) = billed.written(2, "07_ceases.csv")
    billed.transfer(2, results=billed.results([row["Row Key"], "rejected", "E12", "words"]))
    billed.run(AS_OF + timedelta(days=60))

    receipt = compared(billed)

    assert {"ceased_but_billing": 1, "matched": 3} == classes(receipt)
    late = receipt.delays["ceased_but_billing"]
    assert (1, Decimal(11), 57) == (late.records, late.per_month, late.oldest_days)


def test_a_batch_that_nobody_answers_is_not_clean_for_ever(tmp_path: Path):
    office = Office(tmp_path / "office")
    office.run()
    office.feeds[SITE_PRODUCTS] = [
        row | {"row_key": "", "object_uid": "SN-9", "cli": "01204600999"}
        for row in snapshot(office)[:1]
    ]
    office.run(AS_OF + timedelta(days=5))
    soon = compared(office)
    office.run(AS_OF + timedelta(days=60))
    late = compared(office)

    assert {"explained": 4, "only_in_affinity": 1} == classes(soon)
    assert {"unreconciled": 4, "only_in_affinity": 1} == classes(late)
    never = late.delays["never_seen"]
    assert (4, Decimal(22), Decimal(40), 60) == (
        never.records,
        never.per_month,
        never.once,
        never.oldest_days,
    )


@pytest.mark.parametrize("is_delivered", [False, True])
def test_before_affinity_was_looked_at_nothing_was_never_seen(tmp_path: Path, is_delivered: bool):
    office = Office(tmp_path / "office")
    other = [{"object_uid": "SN-9", "site_ref": "AS-9", "product_code": "SKU-1"}]
    if is_delivered:  # with the run that hands over, so from before it
        office.feeds[SITE_PRODUCTS] = other
    office.run()
    office.feeds.pop(SITE_PRODUCTS, None)
    office.run(AS_OF + timedelta(days=1))

    assert "never_seen" not in compared(office).delays

    office.feeds[SITE_PRODUCTS] = other
    office.run(AS_OF + timedelta(days=2))
    assert 4 == compared(office).delays["never_seen"].records
    # by then nobody knows whether it came
    del office.feeds[SITE_PRODUCTS]
    office.run(AS_OF + timedelta(days=20))
    assert "never_seen" not in compared(office).delays


def test_what_holds_many_charges_is_put_right_once_where_it_is_said(tmp_path: Path):
    rule = """[[validation]]
name = "no fibre, please"
stage = "asset"
field = "cli"
required = true
severity = "block"
message = "A number is needed."
"""
    office = Office(tmp_path / "office", lines=4, profile=rule)
    office.record("products").update(recurring_billing_route="Afinity", needs_cli="false")
    office.record("assets", 3)["recurring_billing_route"] = "Afinity"
    office.record("assets", 4)["cli"] = ""
    office.run()

    compared(office)

    fixes = mart(office.folder, "repair").select("reason", "subject", "charges").rows()
    assert ("unknown_route", "product:P1", 3) == fixes[0]
    assert ("unknown_route", "asset:A3", 1) in fixes
    assert {("rule:no fibre, please", "line:L4")} == {
        (reason, subject) for reason, subject, _ in fixes if reason.startswith("rule:")
    }
    shown = mart(office.folder, "money_clock", where="line_id = 'L4'")["reasons"].to_list()
    assert any("rule:no fibre, please" in reasons for reasons in shown)


def test_a_short_snapshot_stays_short_when_it_comes_again(billed: Office):
    billed.run(AS_OF + timedelta(days=1))
    del billed.feeds[SITE_PRODUCTS][2:]
    for days in (2, 3):
        billed.run(AS_OF + timedelta(days=days))
        assert "unreconciled" == compared(billed).verdict, days


def test_the_asset_of_a_broken_record_is_not_taken_for_none(billed: Office):
    billed.add_line(3)
    billed.line(3)["quantity"] = "none"
    billed.record("assets", 3)["quantity"] = "none"
    recurring = next(r for r in billed.feeds[SITE_PRODUCTS] if r["charge_type"] == "recurring")
    billed.feeds[SITE_PRODUCTS].append(
        recurring | {"object_uid": "SN-33", "row_key": "", "cli": "01204600003"}
    )
    profile = billed.folder / "r2b.toml"
    profile.write_text("[feeds.max_reject_rate]\norder_lines = 1\nassets = 1\n", encoding="utf-8")
    billed.run(AS_OF + timedelta(days=1))

    compared(billed)

    assert [(None, "recurring", "only_in_affinity", "feeds_are_partial", None, "fetch")] == found(
        billed
    )


def test_no_live_asset_is_left_out(billed: Office):
    """Named only by a line that bills nothing: cancelled, or without a price."""
    billed.add_line(3)
    billed.feeds["orders"].append(
        billed.feeds["orders"][0] | {"order_id": "O2", "order_ref": "SO-2"}
    )
    billed.feeds["orders"][1]["status"] = "Cancelled"
    billed.line(3)["order_id"] = "O2"
    asset = next(row for row in billed.feeds["assets"] if row["asset_id"] == "A3")
    asset["object_uid"] = "SN-33"
    recurring = next(
        row for row in billed.feeds[SITE_PRODUCTS] if row["charge_type"] == "recurring"
    )
    billed.feeds[SITE_PRODUCTS].append(
        recurring | {"object_uid": "SN-33", "row_key": "", "cli": asset["cli"]}
    )
    billed.run(AS_OF + timedelta(days=1))

    receipt = compared(billed)

    assert {"matched": 4, "ceased_but_billing": 1} == classes(receipt)


# Changes that nobody told of a day, and sources that are gone


def twenty_lines(office: Office) -> None:
    """Eighteen lines more, In Billing, and the snapshot that shows them all."""
    for number in range(3, 21):
        office.add_line(number)
    office.run(AS_OF + timedelta(days=1))
    office.uploaded(2)
    office.feeds[SITE_PRODUCTS] += [
        row | {"object_uid": f"SN-2{number}"} for number, row in enumerate(snapshot(office, 2))
    ]
    office.run(AS_OF + timedelta(days=2))


def sell_without_a_line(office: Office, **said: str) -> Row:
    """A further asset that no line was sold with, and Affinity's row of it; the asset."""
    asset = office.record("assets") | {
        "asset_id": "A9",
        "line_id": "",
        "site_id": "S1",
        "cli": "01204600009",
        "quantity": "2",
        "recurring_price": "5.5",
        "recurring_billing_route": "Affinity",
        "object_uid": "SN-9",
        **said,
    }
    office.feeds["assets"].append(asset)
    recurring = next(
        row for row in office.feeds[SITE_PRODUCTS] if row["charge_type"] == "recurring"
    )
    office.feeds[SITE_PRODUCTS].append(
        recurring | {"object_uid": "SN-9", "row_key": "", "cli": asset["cli"]}
    )
    return asset


@pytest.fixture
def grouped(tmp_path: Path) -> Office:
    """Three licences that Affinity bills as one row of six."""
    office = Office(tmp_path / "office", lines=3, profile="[grouping]\nenabled = true\n")
    office.record("products").update(needs_cli="false", upfront_price="0")
    for asset in office.feeds["assets"]:
        asset["cli"] = ""
    office.run()
    office.uploaded()
    office.feeds[SITE_PRODUCTS] = snapshot(office)
    office.run(AS_OF + timedelta(days=1))
    return office


@pytest.mark.parametrize(
    ("feed", "said", "charge_type", "fields", "oldest_days"),
    [
        ("order_lines", "recurring_do_not_bill", "recurring", "bill_end", 54),
        ("order_lines", "upfront_do_not_bill", "upfront", "status", 55),
        ("assets", "recurring_billing_route", "recurring", "bill_end", 54),
    ],
)
def test_a_stop_is_explained_until_affinity_refuses_it(
    billed: Office, feed: str, said: str, charge_type: str, fields: str, oldest_days: int
):
    billed.run(AS_OF + timedelta(days=1))
    billed.record(feed)[said] = "The Layer" if said.endswith("route") else "true"
    billed.run(AS_OF + timedelta(days=5))

    compared(billed)
    assert [("L1", charge_type, "explained", "in_flight", fields, "wait")] == found(billed)

    (row,) = billed.written(2, "07_ceases.csv")
    billed.transfer(2, results=billed.results([row["Row Key"], "rejected", "E12", "words"]))
    for days in (40, 60):
        billed.run(AS_OF + timedelta(days=days))
    receipt = compared(billed)

    assert [("L1", charge_type, "ceased_but_billing", None, "status", "cease")] == found(billed)
    late = receipt.delays["ceased_but_billing"]
    assert (1, oldest_days) == (late.records, late.oldest_days)
    assert "clean" == compared(billed, as_of=AS_OF + timedelta(days=1)).verdict


def test_what_is_live_no_more_and_has_no_date_is_billed_too_long(billed: Office):
    asset = sell_without_a_line(billed)
    billed.run(AS_OF + timedelta(days=1))
    assert "clean" == compared(billed).verdict
    billed.record("assets")["is_live"] = asset["is_live"] = "false"
    for days in (2, 10):
        billed.run(AS_OF + timedelta(days=days))

    receipt = compared(billed)

    too_long = ("recurring", "ceased_but_billing", None, "status", "cease")
    assert [("L1", *too_long), (None, *too_long)] == found(billed)
    late = receipt.delays["ceased_but_billing"]
    assert (2, Decimal(22), 8) == (late.records, late.per_month, late.oldest_days)
    assert "clean" == compared(billed, as_of=AS_OF + timedelta(days=1)).verdict

    for row in billed.feeds[SITE_PRODUCTS]:
        if row["charge_type"] == "recurring" and row["cli"] != "01204600002":
            row["end_on"] = f"{AS_OF + timedelta(days=5)}"
    billed.run(AS_OF + timedelta(days=11))
    assert "clean" == compared(billed).verdict


def test_what_partial_feeds_do_not_show_is_never_clean(billed: Office):
    twenty_lines(billed)
    for feed in ("order_lines", "assets"):
        del billed.feeds[feed][1:]
    billed.run(AS_OF + timedelta(days=3))

    receipt = compared(billed)

    assert "unreconciled" == receipt.verdict
    assert {("unreconciled", "feeds_are_partial"): 38} == {
        reason: total.matches for reason, total in receipt.reasons.items()
    }
    assert {"matched": 2, "unreconciled": 38} == classes(receipt)


@pytest.mark.parametrize("feeds", [("order_lines", "assets"), ("assets",)])
def test_what_is_billed_of_a_source_that_is_gone_is_not_clean(
    billed: Office, feeds: tuple[str, ...]
):
    twenty_lines(billed)
    for feed in feeds:
        del billed.feeds[feed][0]
    for days in (3, 9):
        billed.run(AS_OF + timedelta(days=days))

    receipt = compared(billed)

    assert "differences" == receipt.verdict
    assert [("L1", "recurring", "only_in_affinity", "source_is_gone", None, "cease")] == found(
        billed
    )
    ages = mart(billed.folder, "reconciliation", where="class = 'only_in_affinity'")["age_days"]
    assert [6] == ages.to_list()
    assert (Decimal(209), Decimal(220)) == (
        receipt.total.layer_per_month,
        receipt.total.affinity_per_month,
    )
    assert "clean" == compared(billed, as_of=AS_OF + timedelta(days=2)).verdict


def test_a_group_that_is_about_to_be_told_is_explained(grouped: Office):
    grouped.line(1)["quantity"] = grouped.record("assets")["quantity"] = "5"
    grouped.run(AS_OF + timedelta(days=2))

    compared(grouped)

    assert [("UPDATE", "9")] == [(row["Action"], row["Quantity"]) for row in grouped.written(2)]
    assert [("L1", "recurring", "explained", "in_flight", "quantity", "wait")] == found(grouped)


def test_a_member_that_has_left_its_group_is_explained_until_affinity_refuses_it(grouped: Office):
    grouped.record("assets", 2)["cease_on"] = f"{AS_OF + timedelta(days=1)}"
    grouped.run(AS_OF + timedelta(days=2))
    compared(grouped)
    assert [("L1", "recurring", "explained", "in_flight", "quantity", "wait")] == found(grouped)

    (row,) = grouped.written(2)
    grouped.transfer(2, results=grouped.results([row["Row Key"], "rejected", "E12", "words"]))
    grouped.run(AS_OF + timedelta(days=3))
    compared(grouped)
    assert [("L1", "recurring", "differs", None, "quantity", "credit")] == found(grouped)


def test_a_member_that_will_leave_its_group_is_no_difference_before(grouped: Office):
    grouped.record("assets", 2)["cease_on"] = f"{AS_OF + timedelta(days=70)}"
    for days in (2, 40):
        grouped.run(AS_OF + timedelta(days=days))

        assert "clean" == compared(grouped).verdict, days
        assert [("L1", "recurring", "explained", "grouped", None, "none")] == found(grouped)


def test_a_start_that_is_about_to_be_told_explains_no_other_start(billed: Office):
    for row in billed.feeds[SITE_PRODUCTS]:
        if row["charge_type"] == "recurring":
            row["start_on"] = "2024-01-01"
    billed.run(AS_OF + timedelta(days=1))
    billed.line(1)["connected_on"] = billed.record("assets")["connection_on"] = "2026-03-05"
    billed.run(AS_OF + timedelta(days=2))

    compared(billed)

    early = ("recurring", "billing_before_start", None, "bill_start", "credit")
    assert [
        ("L1", *early),
        ("L1", "upfront", "explained", "in_flight", "bill_start", "wait"),
        ("L2", *early),
    ] == found(billed)


def test_a_past_day_of_an_asset_without_a_line_is_billed_as_it_was_then(billed: Office):
    asset = sell_without_a_line(billed)
    billed.run(AS_OF + timedelta(days=1))
    asset["do_not_bill"] = "true"
    billed.feeds[SITE_PRODUCTS][-1]["end_on"] = f"{AS_OF + timedelta(days=30)}"
    billed.run(AS_OF + timedelta(days=41))
    assert "clean" == compared(billed).verdict

    past = compared(billed, as_of=AS_OF + timedelta(days=1))

    assert ("clean", 0, Decimal(33)) == (past.verdict, past.restated, past.total.layer_per_month)


def test_a_difference_grows_older_whatever_else_changes(billed: Office):
    recurring = next(r for r in billed.feeds[SITE_PRODUCTS] if r["charge_type"] == "recurring")
    recurring["unit_price"] = "6"
    billed.run(AS_OF + timedelta(days=1))
    billed.feeds["products"].append(
        billed.record("products") | {"product_id": "P2", "billing_frequency": "Annual"}
    )
    billed.record("assets")["object_uid"] = recurring["object_uid"]
    billed.run(AS_OF + timedelta(days=10))
    billed.feeds[SITE_PRODUCTS].remove(recurring)
    billed.run(AS_OF + timedelta(days=15))
    billed.feeds[SITE_PRODUCTS].append(recurring)
    billed.run(AS_OF + timedelta(days=20))

    compared(billed)

    told = mart(billed.folder, "reconciliation", where="class = 'differs'")
    assert [19] == told["age_days"].to_list()


def test_what_a_delta_broke_is_not_clean_until_it_comes_again(tmp_path: Path):
    profile = '[feeds]\nmode = "delta"\nmax_reject_rate = 1\n'
    office = Office(tmp_path / "office", profile=profile)
    office.run()
    office.uploaded()
    (fit, *others) = snapshot(office)
    verdicts = []
    for days, came in enumerate(([fit, *others], [fit | {"quantity": "some"}], [], [fit]), start=1):
        office.feeds = {SITE_PRODUCTS: came} if came else {}
        office.run(AS_OF + timedelta(days=days))
        verdicts.append(compared(office).verdict)

    assert ["clean", "unreconciled", "unreconciled", "clean"] == verdicts
    known_then = compared(office, known_at=AS_OF + timedelta(days=3))
    assert "unreconciled" == known_then.verdict, "as it was known then"


def test_a_one_off_that_was_taken_back_and_billed_anew_with_an_end_is_clean(billed: Office):
    """Both rows have a last day in Affinity: the ledger knows which of them was taken back."""
    rows = {row["row_key"]: row for row in billed.feeds[SITE_PRODUCTS]}
    first = rows[billed.key("L1", "upfront")]
    billed.line(1)["upfront_do_not_bill"] = "true"
    billed.run(AS_OF + timedelta(days=1))
    billed.uploaded(2)
    first["end_on"] = first["start_on"]
    billed.line(1)["upfront_do_not_bill"] = ""
    billed.record("assets")["cease_on"] = (AS_OF + timedelta(days=1)).isoformat()
    billed.run(AS_OF + timedelta(days=2))
    billed.uploaded(3)
    (anew,) = snapshot(billed, 3)
    last_day = (AS_OF + timedelta(days=1)).isoformat()
    billed.feeds[SITE_PRODUCTS].append(anew | {"object_uid": "SN-anew", "end_on": last_day})
    rows[billed.key("L1")]["end_on"] = last_day
    billed.run(AS_OF + timedelta(days=3))

    receipt = compared(billed)

    assert [] == found(billed)
    assert "clean" == receipt.verdict
