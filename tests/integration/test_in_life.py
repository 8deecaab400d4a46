"""What is told of billed charges that change, end, stop or go on: one small customer, many days.

A story makes a run a day and checks many things on its way, as every run takes its time.
"""

import csv
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.queue_desk import release
from flows.verify import verify
from tests.integration.office import Office, Row
from tests.running import AS_OF

UPDATES, CEASES, CLIS = "08_products.csv", "07_ceases.csv", "06_clis.csv"

ANEW = '[changes]\nstyle = "cease_and_add"\n'


def row_key(*parts: object) -> str:
    """The key of a row, as the contract makes it."""
    text = "|".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Days:
    """An office, day by day: batch numbers and days are counted along."""

    def __init__(self, office: Office) -> None:
        """The office as it opens on AS_OF."""
        self.office = office
        self.today = AS_OF
        self.seq = 0
        self.taken: list[str] = []

    def run(self, *, days: int = 1) -> "Days":
        """The next run; it must write a batch."""
        assert "batch_written" == self._run(days), "nothing is told"
        self.seq += 1
        return self

    def is_quiet(self, *, days: int = 1) -> bool:
        """Whether the next run has nothing to tell."""
        return self._run(days) == "nothing_ready"

    def _run(self, days: int) -> str:
        self.today += timedelta(days=days)
        return self.office.run(self.today).status

    def rows(self, file: str) -> list[Row]:
        """The rows of a file of the newest batch."""
        there = (self.office.batch(self.seq) / file).exists()
        return self.office.written(self.seq, file) if there else []

    def told(self, file: str, *columns: str) -> list[tuple[str, ...]]:
        """Some columns of a file of the newest batch."""
        return [tuple(row[column] for column in columns) for row in self.rows(file)]

    def row_keys(self) -> list[str]:
        """Every row key of the newest batch."""
        return [
            row["Row Key"]
            for path in sorted(self.office.batch(self.seq).glob("0*.csv"))
            for row in self.rows(path.name)
        ]

    def taken_all(self) -> None:
        """Affinity has the newest batch."""
        self.taken += self.row_keys()
        self.office.uploaded(self.seq)

    def answered(self, refused: Mapping[str, str], *, unanswered: tuple[str, ...] = ()) -> None:
        """Affinity takes the newest batch but for some keys: key -> code."""
        rows = []
        for key in self.row_keys():
            if key in unanswered:
                continue
            if key in refused:
                rows.append([key, "rejected", refused[key], "Affinity's words"])
            else:
                self.taken.append(key)
                rows.append([key, "accepted"])
        self.office.transfer(self.seq, results=self.office.results(*rows))

    def only_key(self, file: str) -> str:
        """The key of the one row of a file."""
        (row,) = self.rows(file)
        return row["Row Key"]

    def holds(self) -> set[tuple[str, str, str]]:
        """Why changes of charges must wait."""
        found = self.office.query(
            "SELECT layer_id, charge_type, reason FROM out.change_hold WHERE subject = 'charge'"
        )
        return {(line, kind, reason) for line, kind, reason in found}

    def release_all(self) -> None:
        """A person lets everything that was refused be tried again."""
        for (item,) in self.office.query("SELECT id FROM ops.retry_item WHERE state = 'parked'"):
            release(self.office.profile, item, actor="Ann")


@pytest.fixture(scope="session")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Office]:
    """Make an office of eight lines, all of them In Billing since AS_OF, in a folder."""
    office = Office(tmp_path_factory.mktemp("billed") / "office", lines=8)
    office.run()
    office.uploaded()
    return lambda folder: office.copied(folder / "office")


@pytest.fixture
def days(tmp_path: Path, billed: Callable[[Path], Office]) -> Days:
    """The day after eight lines went In Billing."""
    return opened(billed(tmp_path))


@pytest.fixture
def anew(days: Days) -> Days:
    """The same, where a change is a cease and an addition."""
    (days.office.folder / "r2b.toml").write_text(ANEW, encoding="utf-8")
    return days


def opened(office: Office) -> Days:
    """An office whose first batch was taken whole."""
    days = Days(office)
    days.seq = 1
    days.taken = days.row_keys()
    return days


def asset(days: Days, number: int) -> Row:
    """Asset A<number>."""
    return next(r for r in days.office.feeds["assets"] if r["asset_id"] == f"A{number}")


def line(days: Days, number: int) -> Row:
    """Order line L<number>."""
    return days.office.line(number)


def add_asset(days: Days, number: int, like: int, **changes: str) -> Row:
    """Asset A<number>, like another but for `changes`."""
    row = {**asset(days, like), "asset_id": f"A{number}", **changes}
    days.office.feeds["assets"].append(row)
    return row


def add_site(days: Days) -> None:
    """Site S2 of the first customer, linked as AS-2."""
    site = {"site_id": "S2", "customer_id": "C1", "name": "Shop", "integration_id": "AS-2"}
    days.office.feeds["sites"].append(site)


def add_product(days: Days, product_id: str, **changes: str) -> None:
    """A product like P1 but for `changes`."""
    first = days.office.record("products")
    days.office.feeds["products"].append({**first, "product_id": product_id, **changes})


def add_platform(days: Days) -> None:
    """Another platform, Gamma."""
    days.office.feeds["billing_platforms"] = [{"name": "Gamma"}]


def replace_line(days: Days, number: int, target: int, **of_asset: str) -> None:
    """Line and asset <number> replace asset <target> by a New & Cease on the same CLI."""
    days.office.add_line(number)
    line(days, number).update(action="New & Cease", target_asset_id=f"A{target}")
    asset(days, number).update(cli=asset(days, target)["cli"], **of_asset)


def test_what_changes_is_told_once_whole_and_under_a_key_of_its_own(days: Days):
    assert days.is_quiet()
    asset(days, 1)["recurring_price"] = "7.25"
    line(days, 2)["recurring_price"] = "6"
    asset(days, 3)["quantity"] = "5"
    line(days, 4)["quantity"] = "3"
    line(days, 5)["billing_frequency"] = "Annual"
    line(days, 6)["bill_start_override"] = "2026-03-15"
    days.run()

    assert [
        ("L1", "RECURRING", "UPDATE", "2", "7.2500", "MONTHLY", "01/03/2026"),
        ("L2", "RECURRING", "UPDATE", "2", "6.0000", "MONTHLY", "01/03/2026"),
        ("L3", "RECURRING", "UPDATE", "5", "5.5000", "MONTHLY", "01/03/2026"),
        ("L4", "RECURRING", "UPDATE", "3", "5.5000", "MONTHLY", "01/03/2026"),
        ("L4", "UPFRONT", "UPDATE", "3", "10.0000", "ONE_OFF", "01/03/2026"),
        ("L5", "RECURRING", "UPDATE", "2", "5.5000", "ANNUAL", "01/03/2026"),
        ("L6", "RECURRING", "UPDATE", "2", "5.5000", "MONTHLY", "15/03/2026"),
        ("L6", "UPFRONT", "UPDATE", "2", "10.0000", "ONE_OFF", "15/03/2026"),
    ] == sorted(
        days.told(
            UPDATES,
            *("Layer Line ID", "Charge Type", "Action", "Quantity", "Unit Price", "Frequency"),
            "Bill Start Date",
        )
    )
    assert [] == days.rows(CEASES) + days.rows(CLIS)
    assert row_key("default", "product", "L1", "recurring", "update", 1) in days.row_keys()
    days.taken_all()
    assert days.is_quiet()

    # the price book: lines and assets with a price of their own do not care
    days.office.record("products").update(recurring_price="5", external_sku_recurring="SKU-9")
    days.run()
    prices = dict(days.told(UPDATES, "Layer Line ID", "Unit Price"))
    assert {"SKU-9"} == {row["Product Code"] for row in days.rows(UPDATES)}
    assert ("7.2500", "6.0000", "5.0000") == (prices["L1"], prices["L2"], prices["L8"])
    assert row_key("default", "product", "L1", "recurring", "update", 2) in days.row_keys()
    days.taken_all()
    assert days.is_quiet()
    assert len(days.taken) == len(set(days.taken))


def test_an_asset_that_becomes_another_product_moves_or_loses_what_it_had(days: Days):
    add_product(days, "P2", name="Broadband", external_sku="SKU-2", recurring_price="9")
    asset(days, 1)["product_id"] = "P2"
    add_site(days)
    asset(days, 2)["site_id"] = "S2"
    asset(days, 3)["cli"] = "01204600099"
    asset(days, 4)["cli"] = ""
    days.office.record("products")["needs_cli"] = "false"
    days.run()

    assert [
        ("L1", "RECURRING", "SKU-2", "9.0000", "AS-1", "01204600001"),
        ("L1", "UPFRONT", "SKU-2", "10.0000", "AS-1", "01204600001"),
        ("L2", "RECURRING", "SKU-1", "5.5000", "AS-2", "01204600002"),
        ("L3", "RECURRING", "SKU-1", "5.5000", "AS-1", "01204600099"),
        ("L4", "RECURRING", "SKU-1", "5.5000", "AS-1", ""),
    ] == sorted(
        days.told(
            UPDATES,
            *("Layer Line ID", "Charge Type", "Product Code", "Unit Price", "Site Ref", "CLI"),
        )
    )
    assert [
        ("AS-1", "01204600004", "CEASE", ""),
        ("AS-1", "01204600099", "UPDATE", "01204600003"),
        ("AS-2", "01204600002", "UPDATE", ""),
    ] == sorted(days.told(CLIS, "Site Ref", "CLI", "Action", "Previous CLI"))
    days.taken_all()
    assert days.is_quiet()

    asset(days, 4)["cli"] = "01204600004"
    line(days, 6)["recurring_price"] = "0"
    asset(days, 1)["product_id"] = "P1"
    days.run()
    assert [("L1", "SKU-1"), ("L4", "SKU-1"), ("L6", "SKU-1")] == sorted(
        set(days.told(UPDATES, "Layer Line ID", "Product Code"))
    )
    days.taken_all()


def test_ends_today_before_and_after_and_what_becomes_of_them(days: Days):
    asset(days, 1)["cease_on"] = AS_OF.isoformat()
    asset(days, 2).update(cease_on="2026-03-10", cease_reason="Moved away")
    asset(days, 3)["cease_on"] = "2026-09-30"
    asset(days, 4)["cease_on"] = "2026-02-01"
    asset(days, 5)["is_live"] = "false"
    days.run()
    assert [
        ("01204600001", "RECURRING", "31/03/2026", "Ceased", "A1"),
        ("01204600002", "RECURRING", "10/03/2026", "Moved away", "A2"),
        ("01204600003", "RECURRING", "30/09/2026", "Ceased", "A3"),
        ("01204600004", "RECURRING", "01/02/2026", "Ceased", "A4"),
    ] == days.told(CEASES, "CLI", "Charge Type", "Cease Date", "Cease Reason", "Layer Asset ID")
    assert [] == days.rows(UPDATES)
    assert {("L5", "recurring", "cease_date_missing")} == days.holds()
    assert row_key("default", "cease", "A1", "recurring", "2026-03-31") in days.row_keys()
    days.taken_all()
    assert days.is_quiet()
    assert {("L5", "recurring", "cease_date_missing")} == days.holds()

    # of what is over, only the end is looked at
    line(days, 2)["recurring_price"] = "99"
    asset(days, 3)["cease_on"] = "2026-08-31"
    asset(days, 1)["cease_on"] = ""
    days.run()
    assert [("A3", "31/08/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    assert [("L1", "")] == days.told(UPDATES, "Layer Line ID", "Bill End Date")
    days.taken_all()

    # the same day told again has a number in its key; a dead asset is not billed on
    asset(days, 1)["cease_on"] = AS_OF.isoformat()
    asset(days, 3).update(cease_on="", is_live="false")
    days.run()
    assert row_key("default", "cease", "A1", "recurring", "2026-03-31", 2) == days.only_key(CEASES)
    assert [] == days.rows(UPDATES)
    assert ("L3", "recurring", "cease_date_missing") in days.holds()
    days.taken_all()
    assert len(days.taken) == len(set(days.taken))


def test_an_asset_that_dies_and_is_otherwise_as_told_is_asked_when(days: Days):
    assert days.is_quiet()  # what was told has been compared once
    asset(days, 3)["is_live"] = "false"

    assert days.is_quiet()
    assert {("L3", "recurring", "cease_date_missing")} == days.holds()


def test_cease_requests_of_affinity_end_what_the_layer_does_not(days: Days):
    asset(days, 1)["object_uid"] = "U-1"
    asset(days, 3).update(object_uid="U-3", cease_on="2026-06-30")
    days.office.feeds["affinity_site_products"] = [
        {
            "object_uid": f"U-{name}",
            "site_ref": "AS-1",
            "product_code": "SKU-1",
            "row_key": days.office.key(of_line, charge_type),
        }
        for name, of_line, charge_type in [("2", "L2", "recurring"), ("4", "L4", "upfront")]
    ]
    days.office.feeds["affinity_cease_requests"] = [
        {"OBJECTUID": f"U-{n}", "Completed On": f"2026-05-0{n}"} for n in (1, 2, 3, 4)
    ]
    days.run()

    assert [
        ("A1", "01/05/2026", "Cease request", "U-1"),
        ("A2", "02/05/2026", "Cease request", "U-2"),
        ("A3", "30/06/2026", "Ceased", "U-3"),
    ] == days.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason", "Object UID")
    days.taken_all()
    assert days.is_quiet()

    # what Affinity lists no more has ended all the same, also where only its lists knew the asset
    requests = days.office.feeds["affinity_cease_requests"]
    listed, requests[:] = list(requests), requests[3:]
    del days.office.feeds["affinity_site_products"][0]
    assert days.is_quiet()

    # a request without a day is taken back
    requests.append({**listed[0], "Completed On": ""})
    days.run()
    assert [("L1", "")] == days.told(UPDATES, "Layer Line ID", "Bill End Date")
    assert [
        ("U-1", "open", True),
        ("U-2", "told", False),
        ("U-3", "other_day", False),
        ("U-4", "unmatched", True),
    ] == days.office.query("SELECT object_uid, state, is_listed FROM mart.cease_request ORDER BY 1")


def sell_again(days: Days, number: int, start: str) -> None:
    """A further line on the CLI of line 1."""
    days.office.add_line(number)
    line(days, number).update(bill_start_override=start, upfront_price="0")
    asset(days, number).update(cli=asset(days, 1)["cli"], parent_asset_id="A1")


def test_a_second_sale_is_one_of_what_a_charge_is_by_now(days: Days):
    line(days, 1)["bill_start_override"] = "2026-03-15"
    days.run().taken_all()
    sell_again(days, 11, "2026-03-01")
    sell_again(days, 12, "2026-03-15")
    days.run()

    assert [("L11", "ADD")] == days.told(UPDATES, "Layer Line ID", "Action")
    assert [("L12", "recurring", "suspected_duplicate")] == days.office.holds()


def test_what_goes_on_after_a_stop_was_sold_before(days: Days):
    line(days, 1)["recurring_do_not_bill"] = "true"
    days.run().taken_all()
    line(days, 1)["recurring_do_not_bill"] = ""
    days.run()
    assert [("L1", "02/04/2026")] == days.told(UPDATES, "Layer Line ID", "Bill Start Date")
    days.taken_all()
    sell_again(days, 11, "2026-04-02")
    sell_again(days, 12, "2026-03-01")
    days.run()

    assert [("L11", "ADD")] == days.told(UPDATES, "Layer Line ID", "Action")
    assert [("L12", "recurring", "suspected_duplicate")] == days.office.holds()


def test_a_new_and_cease_goes_as_a_pair(days: Days):
    replace_line(days, 11, 1, connection_on="2026-04-01")
    line(days, 11)["connected_on"] = "2026-04-01"
    replace_line(days, 12, 2, connection_on="2026-04-01")
    line(days, 12).update(connected_on="2026-04-01", bill_start_override="1999-01-01")
    replace_line(days, 13, 3, connection_on="2026-04-01")
    line(days, 13).update(connected_on="2026-04-01", recurring_billing_route="The Layer")
    days.run()

    ((key, _),) = [
        (row["Row Key"], row)
        for row in days.rows(UPDATES)
        if (row["Layer Line ID"], row["Charge Type"]) == ("L11", "RECURRING")
    ]
    assert [("A1", "31/03/2026", "Replaced", key), ("A3", "31/03/2026", "Replaced", "")] == (
        days.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason", "Replaced By Row Key")
    )
    assert [("01204600003", "CEASE")] == days.told(CLIS, "CLI", "Action")
    assert {("L2", "recurring", "pair_waiting")} == days.holds()
    days.taken_all()
    assert days.is_quiet()

    line(days, 12)["bill_start_override"] = ""
    asset(days, 4)["quantity"] = "9"
    days.run()
    pair = days.office.key("L12", seq=days.seq)
    assert [("A2", pair)] == days.told(CEASES, "Layer Asset ID", "Replaced By Row Key")
    # A4 is told, and not answered yet: its successor must wait
    update = next(r["Row Key"] for r in days.rows(UPDATES) if r["Layer Line ID"] == "L4")
    days.answered({}, unanswered=(update,))
    replace_line(days, 14, 4, connection_on="2026-04-02")
    line(days, 14)["connected_on"] = "2026-04-02"
    days.run()
    assert [("L14", "UPFRONT")] == days.told(UPDATES, "Layer Line ID", "Charge Type")
    assert "ready" == days.office.dispositions()["L14"]
    days.taken_all()
    days.office.abandon(days.seq - 1)
    days.run()
    pair = days.office.key("L14", seq=days.seq)
    assert [("A4", pair)] == days.told(CEASES, "Layer Asset ID", "Replaced By Row Key")
    days.taken_all()
    assert days.is_quiet()


def test_a_renewal_is_told_as_another_asset_and_ends_nothing(days: Days):
    asset(days, 1).update(cease_on="2026-04-30", is_live="false")
    add_asset(
        days,
        21,
        1,
        line_id="",
        connection_on="2026-05-01",
        is_auto_renew="true",
        cease_on="",
        is_live="true",
    )
    line(days, 2)["asset_id"] = ""
    asset(days, 2).update(cease_on="2026-04-30")
    add_asset(
        days, 22, 2, connection_on="2026-05-01", is_auto_renew="true", cease_on="", is_live="true"
    )
    assert days.is_quiet()
    days.run(days=30)
    assert [("L1", "A21", "01/03/2026", ""), ("L2", "A22", "01/03/2026", "")] == days.told(
        UPDATES, "Layer Line ID", "Layer Asset ID", "Bill Start Date", "Bill End Date"
    )
    assert [] == days.rows(CEASES) + days.rows(CLIS)
    days.taken_all()
    assert days.is_quiet()

    # that a renewal is gone does not bring the old end back
    gone = asset(days, 22)
    days.office.feeds["assets"].remove(gone)
    assert days.is_quiet()
    assert ("L2", "recurring", "source_gone") in days.office.holds()
    days.office.feeds["assets"].append(gone)

    for number in (21, 22):
        asset(days, number).update(cease_on="2026-07-31")
    days.run()
    assert [("A21", "31/07/2026"), ("A22", "31/07/2026")] == days.told(
        CEASES, "Layer Asset ID", "Cease Date"
    )
    days.taken_all()
    assert days.is_quiet()


def renew(days: Days, number: int, *, on: date, **changes: str) -> Row:
    """Let asset A<20 + number> renew A<number> from a day on."""
    asset(days, number).update(cease_on=str(on - timedelta(days=1)), is_live="false")
    fresh = {"connection_on": str(on), "is_auto_renew": "true", "cease_on": "", "is_live": "true"}
    add_asset(days, 20 + number, number, **({"line_id": ""} | fresh | changes))
    return asset(days, 20 + number)


def test_a_cease_that_was_put_off_before_its_answer_is_not_written_back(days: Days):
    asset(days, 1)["cease_on"] = "2026-04-30"
    replace_line(days, 12, 2, connection_on="2026-04-02")
    line(days, 12)["connected_on"] = "2026-04-01"
    days.run()
    asset(days, 1)["cease_on"] = ""
    days.taken_all()

    # the one that The Layer does not know of is
    written = days.office.batch(days.seq) / "layer_import" / "assets.csv"
    assert ["A2"] == [row["Asset Id"] for row in rows_of(written)]


def test_what_a_later_batch_made_of_a_charge_is_that_batchs_to_tell(days: Days):
    days.office.add_line(9)
    days.office.add_line(10)
    days.run()
    late = [row["Row Key"] for row in days.rows(UPDATES) if row["Layer Line ID"] == "L10"]
    first = days.seq
    days.answered({}, unanswered=tuple(late))
    line(days, 9)["recurring_do_not_bill"] = "true"
    days.run().taken_all()
    days.office.transfer(first, results=days.office.results(*([key, "accepted"] for key in late)))

    told = rows_of(days.office.batch(first) / "layer_updates.csv")
    assert [("L10", "recurring"), ("L10", "upfront"), ("L9", "upfront")] == sorted(
        (row["line_id"], row["charge_type"]) for row in told
    )


def rows_of(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_who_bills_what_was_stopped_is_said_with_the_answer(days: Days):
    line(days, 1)["recurring_do_not_bill"] = "true"
    line(days, 2)["recurring_billing_route"] = "The Layer"
    days.run().taken_all()
    asked = (
        "SELECT line_id, class, reason FROM mart.layer_invoiceable "
        "WHERE charge_type = 'recurring' AND line_id IN ('L1', 'L2') ORDER BY line_id"
    )
    said = days.office.query(asked)
    assert [("L1", "do_not_bill", None), ("L2", "neither", "recurring")] == said
    assert days.is_quiet()
    assert said == days.office.query(asked)


def test_what_differs_is_shown_as_it_stands_after_every_step(days: Days):
    def shown() -> dict[str, str]:
        rows = days.office.query("SELECT line_id, state FROM mart.change")
        return dict(rows)

    asset(days, 1)["quantity"] = "3"
    asset(days, 2)["cease_on"] = "2026-04-30"
    line(days, 3)["recurring_do_not_bill"] = "true"
    asset(days, 4)["quantity"] = "3"
    days.run()
    assert dict.fromkeys(("L1", "L2", "L3", "L4"), "in_flight") == shown()
    (refused,) = (row["Row Key"] for row in days.rows(UPDATES) if row["Layer Line ID"] == "L4")
    days.answered({refused: "E1"})
    assert {"L4": "held"} == shown()


def test_a_renewal_counts_from_the_day_it_begins(days: Days):
    day = date(2026, 5, 1)
    renew(days, 1, on=day, recurring_price="9")
    marks = {"do_not_bill": "true", "upfront_billing_route": "The Layer"}
    renew(days, 2, on=day, **marks)
    renew(days, 3, on=day, cease_on="2026-09-30")
    renew(days, 4, on=day, cease_on="2026-06-30", is_live="false")
    renew(days, 24, on=date(2026, 7, 1), quantity="8")
    days.run()
    # an end beyond it is known already; one that goes on in the next renewal is none
    assert [("A3", "30/09/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    assert [] == days.rows(UPDATES)
    days.taken_all()
    assert days.is_quiet(days=29)
    assert day - timedelta(days=1) == days.today

    days.run()
    assert [("L1", "A21", "9.0000"), ("L3", "A23", "5.5000"), ("L4", "A24", "5.5000")] == days.told(
        UPDATES, "Layer Line ID", "Layer Asset ID", "Unit Price"
    )
    # the one-off was sold with the first asset
    assert [("A2", "RECURRING", "01/05/2026")] == days.told(
        CEASES, "Layer Asset ID", "Charge Type", "Cease Date"
    )
    days.taken_all()
    assert days.is_quiet(days=60)
    days.run()
    assert [("L4", "A44", "8")] == days.told(UPDATES, "Layer Line ID", "Layer Asset ID", "Quantity")


def test_a_renewal_that_is_taken_back_before_its_day_renews_nothing(days: Days):
    fresh = renew(days, 1, on=date(2026, 5, 1))
    assert days.is_quiet()
    assert [] == days.office.query("FROM ops.renewal")
    assert [] == days.office.query("FROM ops.layer_fact WHERE layer_key LIKE '%A21%'")

    days.office.feeds["assets"].remove(fresh)
    days.run()
    assert [("A1", "30/04/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")


def test_a_number_that_another_asset_lives_on_is_not_taken(days: Days):
    taken = asset(days, 2)["cli"]
    asset(days, 1)["cli"] = taken
    asset(days, 3)["cli"], asset(days, 4)["cli"] = asset(days, 4)["cli"], asset(days, 3)["cli"]
    days.run()
    # two that change places on one day are in nobody's way
    assert {"L3", "L4"} == {line for (line,) in days.told(UPDATES, "Layer Line ID")}
    assert {("L1", "recurring", "cli_conflict")} == days.holds()
    days.taken_all()

    # until the day after the other one's last
    asset(days, 2)["cease_on"] = "2026-04-03"
    days.run()
    assert [("A2", "03/04/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    days.taken_all()
    assert days.is_quiet()
    days.run()
    assert [("L1", taken)] == days.told(UPDATES, "Layer Line ID", "CLI")
    assert set() == days.holds()
    days.taken_all()
    assert days.is_quiet()


def test_a_number_changes_along_the_whole_of_a_chain_of_renewals(days: Days):
    first = renew(days, 1, on=date(2026, 5, 1), cease_on="2026-05-31", is_live="false")
    second = renew(days, 21, on=date(2026, 6, 1))
    for each in (asset(days, 1), first, second):
        each.update(cli="01204600999", is_live="true")
    days.run()
    assert [("L1", "01204600999")] == days.told(UPDATES, "Layer Line ID", "CLI")
    assert set() == days.holds()


def test_what_is_billed_by_a_line_of_its_own_or_might_renew_two_renews_nothing(days: Days):
    ended = {"cease_on": "2026-04-30", "is_live": "false"}
    fresh = {"connection_on": "2026-05-01", "is_auto_renew": "true"}
    lives = {"cease_on": "", "is_live": "true"}
    # lines 11 and 12 were sold with what is marked as a renewal; 12 is named by its asset alone
    for number, old in ((11, 1), (12, 2)):
        replace_line(days, number, old, **fresh)
        line(days, number).update(action="", connected_on="2026-05-01")
        asset(days, old).update(ended)
    line(days, 12)["asset_id"] = ""
    # 33 might renew 3 or 23; 34 might renew 4 or 24, but names the line of 4
    add_asset(days, 23, 3, line_id="", **ended)
    asset(days, 3).update(ended)
    add_asset(days, 33, 3, **(lives | fresh | {"line_id": ""}))
    add_asset(days, 24, 4, line_id="", **ended)
    asset(days, 4).update(ended)
    add_asset(days, 34, 4, **(lives | fresh))
    days.run(days=40)

    assert [("L4", "A34", "UPDATE")] == [
        told
        for told in days.told(UPDATES, "Layer Line ID", "Layer Asset ID", "Action")
        if told[2] == "UPDATE"
    ]
    assert {"A1", "A2", "A3"} == {asset_id for (asset_id,) in days.told(CEASES, "Layer Asset ID")}
    assert [("A4", "A34")] == days.office.query("FROM ops.renewal")
    days.taken_all()
    assert days.is_quiet()


@pytest.mark.parametrize("status", ["Completed", "Cancelled"])
@pytest.mark.parametrize("is_named", [True, False])
def test_on_the_day_of_a_replacement_what_replaced_is_what_renews(
    days: Days, status: str, is_named: bool
):
    order = {**days.office.record("orders"), "order_id": "O2", "status": status}
    days.office.feeds["orders"].append(order)
    replace_line(days, 15, 5, connection_on="2026-05-01")
    line(days, 15).update(order_id="O2", asset_id="A15" if is_named else "")
    for number in (5, 15):
        asset(days, number).update(cease_on="2026-04-30", is_live="false")
    add_asset(
        days,
        35,
        15,
        connection_on="2026-05-01",
        is_auto_renew="true",
        cease_on="",
        is_live="true",
        line_id="",
    )
    days.office.run(AS_OF + timedelta(days=40))

    # an order that is cancelled replaces nothing, so it is as unclear as before
    renewed = [("A15", "A35")] if status == "Completed" else []
    assert renewed == days.office.query("FROM ops.renewal")


def test_an_end_waits_while_its_reason_cannot_be_written_and_what_replaces_it_as_well(days: Days):
    (days.office.folder / "r2b.toml").write_text('affinity.layout.ceases.encoding = "ascii"\n')
    reason = {"cease_on": "2026-04-30", "is_live": "false", "cease_reason": "K\u00fcndigung"}
    asset(days, 1).update(reason)
    replace_line(days, 12, 2, connection_on="2026-05-01")
    line(days, 12)["connected_on"] = "2026-05-01"
    asset(days, 2).update(reason)
    asset(days, 3).update(reason | {"cease_reason": "Moved away"})
    days.run(days=40)

    assert [("A3",)] == days.told(CEASES, "Layer Asset ID")
    assert [("L12", "UPFRONT")] == days.told(UPDATES, "Layer Line ID", "Charge Type")
    held = {("L1", "recurring", "layout_unfit"), ("L2", "recurring", "layout_unfit")}
    assert held == days.holds()

    days.taken_all()
    for number in (1, 2):
        asset(days, number)["cease_reason"] = "Cancelled by letter"
    days.run()
    assert {"A1", "A2"} == {asset_id for (asset_id,) in days.told(CEASES, "Layer Asset ID")}
    assert [("L12", "RECURRING")] == days.told(UPDATES, "Layer Line ID", "Charge Type")


def test_the_earliest_of_stop_and_cease_counts(days: Days):
    replace_line(days, 13, 3, connection_on="2026-04-05")
    line(days, 13)["connected_on"] = "2026-04-01"
    asset(days, 1)["cease_on"] = asset(days, 2)["cease_on"] = "2026-04-02"
    asset(days, 4)["cease_on"] = "2026-12-31"
    for number in (1, 3, 4):
        line(days, number)["recurring_do_not_bill"] = "true"
    line(days, 2)["recurring_billing_route"] = "The Layer"
    days.run(days=9)

    assert [
        ("A1", "RECURRING", "02/04/2026", "Ceased"),
        ("A2", "RECURRING", "02/04/2026", "Ceased"),
        ("A3", "RECURRING", "04/04/2026", "Replaced"),
        ("A4", "RECURRING", "09/04/2026", "Do Not Bill"),
    ] == sorted(days.told(CEASES, "Layer Asset ID", "Charge Type", "Cease Date", "Cease Reason"))
    assert [("L13", "RECURRING"), ("L13", "UPFRONT")] == sorted(
        days.told(UPDATES, "Layer Line ID", "Charge Type")
    )
    days.taken_all()
    assert days.is_quiet()

    # put earlier while it must not be billed, it is told again; let go, it stays ended
    asset(days, 1)["cease_on"] = "2026-04-01"
    days.run()
    assert [("A1", "01/04/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    days.taken_all()
    line(days, 1)["recurring_do_not_bill"] = ""
    assert days.is_quiet()


def test_what_was_stopped_and_had_ceased_before_is_billed_no_longer_than_that(days: Days):
    for number in (1, 2, 3):
        line(days, number)["recurring_do_not_bill"] = "true"
    days.run(days=10).taken_all()
    asset(days, 1).update(cease_on="2026-04-02", cease_reason="Moved away")
    asset(days, 2)["cease_on"] = "2026-04-30"
    days.run()

    assert [("A1", "02/04/2026", "Moved away")] == days.told(
        CEASES, "Layer Asset ID", "Cease Date", "Cease Reason"
    )
    assert [("01204600001", "CEASE", "02/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    refused = days.only_key(CEASES)
    days.answered({refused: "E1"})

    # refused, it is billed until its stop, and so long it has its number
    days.run().taken_all()
    assert [("01204600001", "CEASE", "10/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    assert days.is_quiet()
    assert {("L1", "recurring", "affinity_rejected")} == days.holds()

    days.release_all()
    days.run()
    assert refused == days.only_key(CEASES)
    days.taken_all()
    assert days.is_quiet()
    assert set() == days.holds()
    assert {"do_not_bill"} == {days.office.dispositions()[name] for name in ("L1", "L2", "L3")}
    assert [] == [check.wrong for check in verify(days.office.profile) if check.wrong]

    # free again, it goes on after neither: it has ceased
    for number in (1, 3):
        line(days, number)["recurring_do_not_bill"] = ""
    days.run()
    assert [("L3", "ADD", days.today.strftime("%d/%m/%Y"))] == days.told(
        UPDATES, "Layer Line ID", "Action", "Bill Start Date"
    )
    assert ("L1", "recurring", "bill_start_after_cease") in days.office.holds()


def test_what_must_not_be_billed_does_not_go_on_when_its_cease_is_taken_out(days: Days):
    asset(days, 1)["cease_on"] = "2026-03-31"
    days.run().taken_all()
    line(days, 1)["recurring_do_not_bill"] = "true"
    assert days.is_quiet()
    asset(days, 1)["cease_on"] = ""
    days.run()
    assert [("A1", "31/03/2026", "Do Not Bill")] == days.told(
        CEASES, "Layer Asset ID", "Cease Date", "Cease Reason"
    )
    days.taken_all()
    assert days.is_quiet(days=20)
    assert "do_not_bill" == days.office.dispositions()["L1"]

    # what lies between is not billed
    line(days, 1)["recurring_do_not_bill"] = ""
    days.run()
    assert [("L1", "ADD", days.today.strftime("%d/%m/%Y"))] == days.told(
        UPDATES, "Layer Line ID", "Action", "Bill Start Date"
    )
    assert [("01204600001", "ADD")] == days.told(CLIS, "CLI", "Action")
    days.taken_all()
    assert days.is_quiet()


def test_a_charge_is_stopped_and_resumed_and_stopped_again(days: Days):
    add_platform(days)

    def feed_says(number: int, status: str) -> None:
        line(days, number).update(recurring_bill_status=status, upfront_bill_status=status)

    for number in (1, 2, 3, 4):
        feed_says(number, "In Billing")
    line(days, 1).update(recurring_do_not_bill="true", do_not_bill_reason="Goodwill")
    asset(days, 2)["do_not_bill"] = "true"
    line(days, 3)["recurring_billing_route"] = "The Layer"
    asset(days, 4)["recurring_billing_route"] = "Gamma"
    line(days, 5)["recurring_billing_route"] = "Nobody knows"
    line(days, 6)["upfront_do_not_bill"] = "true"
    days.run()
    assert [
        ("A1", "RECURRING", "01/04/2026", "Goodwill"),
        ("A2", "RECURRING", "01/04/2026", "Do Not Bill"),
        ("A2", "UPFRONT", "01/03/2026", "Do Not Bill"),
        ("A3", "RECURRING", "01/04/2026", "Billing route: The Layer"),
        ("A4", "RECURRING", "01/04/2026", "Billing route: Gamma"),
        ("A6", "UPFRONT", "01/03/2026", "Do Not Bill"),
    ] == sorted(days.told(CEASES, "Layer Asset ID", "Charge Type", "Cease Date", "Cease Reason"))
    assert [] == days.rows(UPDATES)
    assert {("L5", "recurring", "unknown_route")} == days.holds()
    days.taken_all()
    assert "do_not_bill" == days.office.dispositions()["L1"]
    assert {"Not Billed"} == {
        row["new_status"] for row in days.office.written(days.seq, "layer_updates.csv")
    }

    # The Layer goes on to say In Billing for a while
    assert days.is_quiet()
    found = days.office.dispositions()
    assert ["do_not_bill", "do_not_bill", "billed_in_layer", "other_platform", "in_billing"] == [
        found[f"L{n}"] for n in (1, 2, 3, 4, 5)
    ]

    for number in (1, 2, 3, 4):
        feed_says(number, "Not Billed")
    line(days, 1)["recurring_do_not_bill"] = ""
    asset(days, 1)["recurring_price"] = "8"
    asset(days, 2)["do_not_bill"] = ""
    line(days, 3)["recurring_billing_route"] = ""
    asset(days, 4)["recurring_billing_route"] = ""
    line(days, 5)["recurring_billing_route"] = ""
    line(days, 6)["upfront_do_not_bill"] = ""
    line(days, 2)["bill_start_override"] = "2026-04-20"
    days.run(days=4)
    assert [
        ("L1", "RECURRING", "ADD", "8.0000", "06/04/2026"),
        ("L2", "RECURRING", "ADD", "5.5000", "20/04/2026"),
        ("L2", "UPFRONT", "ADD", "10.0000", "20/04/2026"),
        ("L3", "RECURRING", "ADD", "5.5000", "06/04/2026"),
        ("L4", "RECURRING", "ADD", "5.5000", "06/04/2026"),
        ("L6", "UPFRONT", "ADD", "10.0000", "01/03/2026"),
    ] == sorted(
        days.told(
            UPDATES, "Layer Line ID", "Charge Type", "Action", "Unit Price", "Bill Start Date"
        )
    )
    assert row_key("default", "product", "L1", "recurring", "add", 2) in days.row_keys()
    assert set() == days.holds()
    days.taken_all()
    assert days.is_quiet()

    # in a further stretch the bill start is told no more
    line(days, 2)["bill_start_override"] = "2026-04-22"
    asset(days, 1)["recurring_price"] = "9"
    days.run()
    assert [("L1", "UPDATE", "9.0000", "06/04/2026")] == days.told(
        UPDATES, "Layer Line ID", "Action", "Unit Price", "Bill Start Date"
    )
    days.taken_all()
    line(days, 1)["recurring_do_not_bill"] = "true"
    days.run()
    days.taken_all()
    line(days, 1)["recurring_do_not_bill"] = ""
    days.run()
    assert row_key("default", "product", "L1", "recurring", "add", 3) == days.only_key(UPDATES)
    days.taken_all()
    asset(days, 1)["recurring_price"] = "10"
    days.run()
    assert row_key("default", "product", "L1", "recurring", "update", 2) == days.only_key(UPDATES)
    days.taken_all()
    assert days.is_quiet()
    assert len(days.taken) == len(set(days.taken))


def test_a_stop_that_is_taken_back_before_its_answer(days: Days):
    """It goes on from the day it was seen free, whenever the answer comes; nothing is left out."""

    def mark(*numbers: int, as_what: str) -> None:
        for number in numbers:
            line(days, number)["recurring_do_not_bill"] = as_what

    def nobody_answers() -> None:
        days.today += timedelta(days=1)
        assert "batch_open" == days.office.run(days.today).status

    mark(1, 2, 3, as_what="true")
    days.run()
    mark(1, 2, 3, as_what="")
    nobody_answers()
    seen_free = days.today
    mark(2, as_what="true")
    nobody_answers()
    mark(2, as_what="")
    nobody_answers()
    seen_free_again = days.today
    days.answered({days.rows(CEASES)[2]["Row Key"]: "E12"})

    days.run(days=10)
    assert [
        ("L1", f"{seen_free:%d/%m/%Y}"),
        ("L2", f"{seen_free_again:%d/%m/%Y}"),
    ] == days.told(UPDATES, "Layer Line ID", "Bill Start Date")
    days.taken_all()

    # the one that was never stopped has forgotten the day it might have gone on
    mark(3, as_what="true")
    days.release_all()
    days.run(days=10)
    days.taken_all()
    mark(3, as_what="")
    days.run(days=10)
    assert [("L3", f"{days.today:%d/%m/%Y}")] == days.told(
        UPDATES, "Layer Line ID", "Bill Start Date"
    )


def test_what_affinity_refused_waits_for_another_content_or_a_person(days: Days):
    asset(days, 1).update(recurring_price="7", cease_on="2026-09-30")
    asset(days, 2)["quantity"] = "4"
    line(days, 3)["recurring_do_not_bill"] = "true"
    days.run()
    days.answered(dict.fromkeys(days.row_keys(), "E12"))
    rejected = {(f"L{n}", "recurring", "affinity_rejected") for n in (1, 2, 3)}
    assert days.is_quiet()
    assert rejected == days.holds()
    assert days.is_quiet(days=3)

    asset(days, 2)["quantity"] = "5"
    days.run()
    assert [("L2", "5")] == days.told(UPDATES, "Layer Line ID", "Quantity")
    assert [] == days.rows(CEASES)
    # the key of what was never accepted is used again
    assert row_key("default", "product", "L2", "recurring", "update", 1) in days.row_keys()
    days.taken_all()

    days.release_all()
    days.run()
    assert [("L1", "UPDATE")] == days.told(UPDATES, "Layer Line ID", "Action")
    assert ["A1", "A3"] == [row["Layer Asset ID"] for row in days.rows(CEASES)]
    days.taken_all()
    assert days.is_quiet()
    assert set() == days.holds()


def test_an_abandoned_or_unanswered_row_and_a_run_done_twice(days: Days):
    asset(days, 1)["quantity"] = "4"
    asset(days, 2)["cease_on"] = "2026-09-30"
    asset(days, 3)["quantity"] = "6"
    days.run()
    before = days.row_keys()
    assert "batch_open" == days.office.run(days.today).status
    days.office.abandon(days.seq)
    days.run()
    assert before == days.row_keys()

    waits = days.row_keys()[-1]
    days.answered({}, unanswered=(waits,))
    asset(days, 3)["quantity"] = "7"
    assert days.is_quiet()
    days.office.abandon(days.seq)
    days.run()
    assert [("L3", "7")] == days.told(UPDATES, "Layer Line ID", "Quantity")
    assert waits == days.only_key(UPDATES)
    days.taken_all()
    assert days.is_quiet()
    assert len(days.taken) == len(set(days.taken))


def test_a_changed_charge_is_ceased_and_added(anew: Days):
    asset(anew, 1)["recurring_price"] = "7"
    line(anew, 2)["quantity"] = "3"
    asset(anew, 3)["cease_on"] = "2026-09-30"
    anew.office.add_line(9)
    line(anew, 9).update(bill_start_override="2026-06-01")
    anew.run()
    one, two = (row_key("default", "product", f"L{n}", "recurring", "add", 2) for n in (1, 2))
    assert [
        ("A1", "31/03/2026", "Changed: unit price", one),
        ("A2", "31/03/2026", "Changed: quantity", two),
        ("A3", "30/09/2026", "Ceased", ""),
    ] == anew.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason", "Replaced By Row Key")
    assert [
        ("L1", "RECURRING", "ADD", "01/04/2026"),
        ("L2", "RECURRING", "ADD", "01/04/2026"),
        ("L2", "UPFRONT", "UPDATE", "01/03/2026"),
        ("L9", "RECURRING", "ADD", "01/06/2026"),
        ("L9", "UPFRONT", "ADD", "01/06/2026"),
    ] == sorted(anew.told(UPDATES, "Layer Line ID", "Charge Type", "Action", "Bill Start Date"))
    # the addition of L1 is refused, the cease of L2 is
    ceases = {row["Layer Asset ID"]: row["Row Key"] for row in anew.rows(CEASES)}
    anew.answered({one: "E1", ceases["A2"]: "E2"})
    assert anew.is_quiet()
    assert {("L1", "recurring", "affinity_rejected")} == anew.holds()

    anew.release_all()
    asset(anew, 9)["quantity"] = "8"
    anew.run(days=3)
    assert [("L1", "ADD", "01/04/2026"), ("L9", "UPDATE", "01/06/2026")] == anew.told(
        UPDATES, "Layer Line ID", "Action", "Bill Start Date"
    )
    assert [("A2", "31/03/2026", two)] == anew.told(
        CEASES, "Layer Asset ID", "Cease Date", "Replaced By Row Key"
    )
    assert one in anew.row_keys()
    anew.taken_all()
    assert anew.is_quiet()

    asset(anew, 1)["recurring_price"] = "8"
    anew.run()
    assert row_key("default", "product", "L1", "recurring", "add", 3) == anew.only_key(UPDATES)
    anew.answered(dict.fromkeys(anew.row_keys(), "E3"))
    assert anew.is_quiet(days=2)
    assert {("L1", "recurring", "affinity_rejected")} == anew.holds()
    assert len(anew.taken) == len(set(anew.taken))


def test_a_refused_end_of_what_went_on_is_not_forgotten_for_another_end(anew: Days):
    """Both rows would be billed from then on."""
    asset(anew, 1)["cease_on"] = "2026-06-30"
    anew.run().taken_all()
    for number in (1, 2):
        asset(anew, number)["recurring_price"] = "7"
    anew.run()
    cuts = {row["Layer Asset ID"]: row["Row Key"] for row in anew.rows(CEASES)}
    anew.answered(dict.fromkeys(cuts.values(), "E1"))
    assert anew.is_quiet()

    # of the new row of line 2: with its end the queue has nothing left to say of the charge
    asset(anew, 2)["cease_on"] = "2026-06-30"
    anew.run().taken_all()
    assert [("A2", "30/06/2026")] == anew.told(CEASES, "Layer Asset ID", "Cease Date")
    anew.run()
    assert cuts["A2"] == anew.only_key(CEASES)
    anew.taken_all()

    # line 1 was told an end before it was cut: that is another one
    anew.release_all()
    anew.run()
    assert cuts["A1"] == anew.only_key(CEASES)
    anew.taken_all()
    assert anew.is_quiet()


def test_an_end_that_was_given_up_of_what_went_on_is_told_again(anew: Days):
    asset(anew, 1)["recurring_price"] = "7"
    anew.run()
    cut, (new,) = anew.only_key(CEASES), anew.rows(UPDATES)
    anew.answered({}, unanswered=(cut,))
    assert anew.is_quiet()  # it may be answered yet
    anew.office.abandon(anew.seq)

    anew.run()
    assert [(cut, new["Row Key"])] == anew.told(CEASES, "Row Key", "Replaced By Row Key")
    assert [] == anew.rows(UPDATES)
    anew.answered({cut: "E1"})
    assert anew.is_quiet()

    # once it has gone on twice, nothing but Affinity's own name of it says which row is meant
    asset(anew, 1)["recurring_price"] = "8"
    anew.run().taken_all()
    assert anew.is_quiet()
    assert {("L1", "recurring", "object_unknown")} == anew.holds()
    anew.office.feeds["affinity_site_products"] = [
        {
            "object_uid": "OBJ-1",
            "site_ref": "AS-1",
            "product_code": "SKU-1",
            "charge_type": "recurring",
            "row_key": row_key("default", "product", "L1", "recurring", "add"),
        }
    ]
    anew.run()
    assert [(cut, "OBJ-1", new["Row Key"])] == anew.told(
        CEASES, "Row Key", "Object UID", "Replaced By Row Key"
    )
    anew.taken_all()
    assert anew.is_quiet()


def test_a_cease_from_before_a_change_ends_what_was_cut_too(anew: Days):
    anew.office.feeds["affinity_site_products"] = [
        {
            "object_uid": f"OBJ-{number}",
            "site_ref": "AS-1",
            "product_code": "SKU-1",
            "charge_type": "recurring",
            "row_key": row_key("default", "product", f"L{number}", "recurring", "add"),
        }
        for number in (1, 2)
    ]
    columns = ("Object UID", "Cease Date", "Replaced By Row Key", "Layer Asset ID")
    for number in (1, 2, 3):  # Affinity's name of L3 is not known
        asset(anew, number)["recurring_price"] = "7"
    anew.run(days=10)
    anew.taken_all()

    for number in (1, 2, 3):
        asset(anew, number)["cease_on"] = "2026-04-05"
    anew.run(days=3)
    assert [
        ("", "05/04/2026", "", "A1"),
        ("OBJ-1", "05/04/2026", "", "A1"),
        ("", "05/04/2026", "", "A2"),
        ("OBJ-2", "05/04/2026", "", "A2"),
        ("", "05/04/2026", "", "A3"),
    ] == sorted(anew.told(CEASES, *columns), key=lambda row: (row[3], row[0]))
    plain, further = (
        row_key("default", "cease", "A1", "recurring", "2026-04-05", *n) for n in ((), (2,))
    )
    keys = {row["Object UID"]: row["Row Key"] for row in anew.rows(CEASES)}
    assert (plain, further) == tuple(
        row["Row Key"]
        for row in sorted(anew.rows(CEASES), key=lambda row: row["Object UID"])
        if row["Layer Asset ID"] == "A1"
    )
    # an end of L2 is refused, one was taken along with it: tried once more, then it is a person's
    anew.answered({keys["OBJ-2"]: "E1"})
    anew.run()
    assert [("OBJ-2", "05/04/2026", "", "A2")] == anew.told(CEASES, *columns)
    anew.answered({keys["OBJ-2"]: "E1"})
    assert anew.is_quiet()
    assert ("L2", "recurring", "affinity_rejected") in anew.holds()
    anew.release_all()
    anew.run()
    assert [("OBJ-2", "05/04/2026", "", "A2")] == anew.told(CEASES, *columns)
    anew.taken_all()
    assert anew.is_quiet()

    assert {("L3", "recurring", "object_unknown")} == anew.holds()

    # put off: until it was cut; withdrawn: the newest goes on, and what was cut ends where it was
    asset(anew, 1)["cease_on"] = "2026-04-30"
    asset(anew, 2)["cease_on"] = ""
    anew.run()
    assert [("", "30/04/2026", "", "A1"), ("OBJ-1", "09/04/2026", "", "A1")] == sorted(
        anew.told(CEASES, *columns)
    )
    assert [("L2", "UPDATE", "")] == anew.told(UPDATES, "Layer Line ID", "Action", "Bill End Date")
    anew.taken_all()
    anew.run()
    assert [("OBJ-2", "09/04/2026", "", "A2")] == anew.told(CEASES, *columns)
    anew.taken_all()
    assert anew.is_quiet()
    assert len(anew.taken) == len(set(anew.taken))


def test_what_was_cut_goes_on_while_what_takes_over_is_not_ready(anew: Days):
    asset(anew, 1)["recurring_price"] = "7"
    asset(anew, 2)["recurring_price"] = "8"
    anew.run()
    keys = [row["Row Key"] for row in anew.rows(UPDATES)]
    anew.answered(dict.fromkeys(keys, "E1"))
    anew.release_all()
    replace_line(anew, 9, 1, connection_on="2026-03-20", is_live="false")
    asset(anew, 2)["cli"] = "01204600777"
    anew.run()

    assert [("L1", "ADD", "01/04/2026", ""), ("L2", "ADD", "01/04/2026", "")] == anew.told(
        UPDATES, "Layer Line ID", "Action", "Bill Start Date", "Bill End Date"
    )
    assert [
        ("01204600002", "CEASE", "31/03/2026"),
        ("01204600777", "ADD", ""),
    ] == anew.told(CLIS, "CLI", "Action", "End Date")
    anew.taken_all()
    assert anew.is_quiet()


def test_a_number_that_lived_before_stays_while_its_charge_is_cut_and_goes_on(anew: Days):
    line(anew, 1)["recurring_do_not_bill"] = "true"
    anew.run().taken_all()
    line(anew, 1)["recurring_do_not_bill"] = ""
    anew.run().taken_all()
    assert [("01204600001", "ADD", "02/04/2026", "")] == anew.told(
        CLIS, "CLI", "Action", "Start Date", "End Date"
    )

    asset(anew, 1)["recurring_price"] = "7"
    anew.run()
    assert [] == anew.rows(CLIS)
    anew.taken_all()
    assert anew.is_quiet()


def test_the_number_of_what_was_cut_ends_once_it_does_not_go_on(anew: Days):
    """Line 1 is stopped where it was, line 2 where it should have moved to, line 3 is ceased."""
    asset(anew, 1)["recurring_price"] = "7"
    asset(anew, 2)["cli"] = "01204600777"
    asset(anew, 3)["recurring_price"] = "7"
    anew.run()
    anew.answered({row["Row Key"]: "E1" for row in anew.rows(UPDATES)})
    for number in (1, 2):
        line(anew, number)["recurring_do_not_bill"] = "true"
    asset(anew, 3)["cease_on"] = "2026-03-31"
    anew.run(days=5)
    assert [("A1", "31/03/2026", "Do Not Bill"), ("A2", "31/03/2026", "Do Not Bill")] == (
        anew.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason")
    )
    assert [
        ("01204600001", "CEASE", "31/03/2026"),
        ("01204600003", "CEASE", "31/03/2026"),
        ("01204600777", "CEASE", "05/04/2026"),
    ] == sorted(anew.told(CLIS, "CLI", "Action", "End Date"))
    assert [] == anew.rows(UPDATES)
    anew.taken_all()
    assert {("do_not_bill", "Not Billed")} == {
        (each["disposition"], each["bill_status"])
        for (name, kind), each in anew.office.charges().items()
        if name in ("L1", "L2") and kind == "recurring"
    }
    assert anew.is_quiet()

    # what is no longer stopped is billed again from then on
    for number in (1, 2):
        line(anew, number)["recurring_do_not_bill"] = ""
    anew.run(days=2)
    assert [("L1", "ADD", "09/04/2026"), ("L2", "ADD", "09/04/2026")] == anew.told(
        UPDATES, "Layer Line ID", "Action", "Bill Start Date"
    )
    assert [
        ("01204600001", "ADD", "09/04/2026"),
        ("01204600777", "ADD", "09/04/2026"),
    ] == anew.told(CLIS, "CLI", "Action", "Start Date")
    anew.taken_all()
    assert anew.is_quiet()


def test_the_cli_of_what_was_refused_ends_once_nobody_wants_it_there(days: Days):
    days.office.add_line(9)
    days.run()
    refused = [row["Row Key"] for row in days.rows(UPDATES)]
    days.answered(dict.fromkeys(refused, "E1"))
    assert days.is_quiet()

    asset(days, 9)["cli"] = "01204600777"
    days.run()
    assert [
        ("01204600009", "CEASE", "02/04/2026"),
        ("01204600777", "ADD", ""),
    ] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_follows_a_charge_that_moves_back_and_forth(days: Days):
    add_site(days)
    replace_line(days, 9, 1, connection_on="2026-04-02")
    line(days, 9)["connected_on"] = "2026-04-02"
    asset(days, 9)["site_id"] = "S2"
    days.run(days=2).taken_all()

    # back to where line 1 was: not that number again, which is over, but its own
    asset(days, 9)["site_id"] = "S1"
    days.run()
    assert [("AS-1", "01204600001", "UPDATE", "02/04/2026", "")] == days.told(
        CLIS, "Site Ref", "CLI", "Action", "Start Date", "End Date"
    )
    days.answered({days.only_key(UPDATES): "E1"})

    # Affinity has moved the number, and refused the charge: it comes back where the charge stays
    asset(days, 9)["site_id"] = "S2"
    days.run()
    assert [] == days.rows(UPDATES)
    assert [("AS-2", "01204600001", "UPDATE", "")] == days.told(
        CLIS, "Site Ref", "CLI", "Action", "End Date"
    )
    days.taken_all()
    assert days.is_quiet()


def test_a_number_begins_again_where_it_was_before(days: Days):
    """Its life elsewhere began on the day the charge did, so it cannot be moved back as a whole."""
    add_site(days)
    days.office.add_line(9)
    days.run()
    days.answered({days.office.key("L9", seq=days.seq): "E1"})
    asset(days, 9)["site_id"] = "S2"
    days.run().taken_all()
    asset(days, 9)["site_id"] = "S1"
    days.run()

    assert [
        ("AS-1", "ADD", "03/04/2026", ""),
        ("AS-2", "CEASE", "01/03/2026", "02/04/2026"),
    ] == sorted(days.told(CLIS, "Site Ref", "Action", "Start Date", "End Date"))
    days.taken_all()
    assert days.is_quiet()


def test_a_refused_change_of_a_number_waits_for_a_person(days: Days):
    asset(days, 1)["cease_on"] = "2026-03-31"
    days.run()
    refused = days.only_key(CLIS)
    days.answered({refused: "E1"})
    assert days.is_quiet()

    days.release_all()
    days.run()
    assert refused == days.only_key(CLIS)
    days.taken_all()
    assert days.is_quiet()


def test_a_refused_end_of_a_number_that_everybody_left_waits_for_a_person(days: Days):
    asset(days, 1).update(cli=asset(days, 2)["cli"], parent_asset_id="A2")
    days.run()
    (row,) = days.rows(CLIS)
    assert ("01204600001", "CEASE", "31/03/2026") == (row["CLI"], row["Action"], row["End Date"])
    days.answered({row["Row Key"]: "UNKNOWN_CLI"})
    assert days.is_quiet()
    assert days.is_quiet()

    days.release_all()
    days.run()
    assert [("01204600001", "CEASE", "03/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_what_begins_on_a_number_that_is_to_end_keeps_it(days: Days):
    asset(days, 1)["cease_on"] = "2026-06-30"
    days.run().taken_all()
    days.office.add_line(9)
    asset(days, 9).update(cli=asset(days, 1)["cli"], parent_asset_id="A1")
    line(days, 9)["bill_start_override"] = "2026-04-01"
    days.run()

    assert [("01204600001", "UPDATE", "")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    assert days.is_quiet()


def test_a_number_ends_with_what_ended_before_it_was_seen_to_move(days: Days):
    add_site(days)
    days.office.add_line(9)
    asset(days, 9).update(cli=asset(days, 1)["cli"], parent_asset_id="A1")
    line(days, 9)["bill_start_override"] = "2026-03-02"
    days.run().taken_all()
    asset(days, 9)["site_id"] = "S2"
    days.run().taken_all()
    asset(days, 9)["cease_on"] = "2026-03-20"
    days.run()

    assert [("AS-2", "CEASE", "02/04/2026", "02/04/2026")] == days.told(
        CLIS, "Site Ref", "Action", "Start Date", "End Date"
    )
    days.taken_all()
    assert days.is_quiet()


def test_what_ended_long_ago_does_not_end_the_number_of_a_new_one_off(days: Days):
    asset(days, 1)["cease_on"] = "2026-03-31"
    days.run().taken_all()
    days.office.add_line(9)
    line(days, 9).update(recurring_price="0", bill_start_override="2026-04-20")
    asset(days, 9).update(cli=asset(days, 1)["cli"], connection_on="2026-04-20")
    days.run(days=20)
    assert [("01204600001", "ADD", "20/04/2026")] == days.told(CLIS, "CLI", "Action", "Start Date")
    days.taken_all()
    assert days.is_quiet()


def test_the_cli_of_what_was_refused_is_live_again_when_it_is_wanted_again(days: Days):
    days.office.add_line(9)
    asset(days, 9)["cease_on"] = "2026-12-31"
    days.run()
    days.answered({row["Row Key"]: "E1" for row in days.rows(UPDATES)})
    line(days, 9).update(recurring_do_not_bill="true", upfront_do_not_bill="true")
    days.run()
    assert [("01204600009", "CEASE", "01/04/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    days.taken_all()
    days.release_all()
    line(days, 9).update(recurring_do_not_bill="", upfront_do_not_bill="")
    days.run(days=3)

    assert [("01204600009", "UPDATE", "31/12/2026")] == days.told(CLIS, "CLI", "Action", "End Date")
    assert {("L9", "ADD")} == set(days.told(UPDATES, "Layer Line ID", "Action"))
    days.taken_all()
    assert days.is_quiet()


def test_additional_numbers_leave_with_a_charge_that_moves_anew(anew: Days):
    anew.office.feeds["asset_numbers"] = [{"asset_id": "A1", "cli": "01204600801"}]
    anew.run()
    assert [("AS-1", "01204600801", "ADD")] == anew.told(CLIS, "Site Ref", "CLI", "Action")
    anew.taken_all()
    add_site(anew)
    asset(anew, 1)["site_id"] = "S2"
    anew.run()

    assert [
        ("AS-1", "01204600001", "CEASE"),
        ("AS-2", "01204600001", "ADD"),
        ("AS-2", "01204600801", "UPDATE"),
    ] == sorted(anew.told(CLIS, "Site Ref", "CLI", "Action"))
    anew.taken_all()
    assert anew.is_quiet()


def test_what_is_not_billed_yet_is_what_was_sold(days: Days):
    """Line 9 is renewed and line 10 becomes another product while their one-offs are refused."""
    add_product(days, "P2", name="Broadband", external_sku="SKU-2")
    days.office.add_line(9)
    days.office.add_line(10)
    days.run()
    one_offs = [r["Row Key"] for r in days.rows(UPDATES) if r["Charge Type"] == "UPFRONT"]
    days.answered(dict.fromkeys(one_offs, "E1"))
    days.release_all()
    asset(days, 9).update(cease_on="2026-04-01", is_live="false")
    add_asset(
        days,
        19,
        like=9,
        line_id="",
        connection_on="2026-04-02",
        is_auto_renew="true",
        is_live="true",
        cease_on="",
    )
    asset(days, 10)["product_id"] = "P2"
    days.run()

    assert {("L9", "upfront", "asset_not_live"), ("L10", "upfront", "asset_mismatch")} == set(
        days.office.holds()
    )
    assert [("L10", "UPDATE", "SKU-2"), ("L9", "UPDATE", "SKU-1")] == sorted(
        days.told(UPDATES, "Layer Line ID", "Action", "Product Code")
    )
    days.taken_all()
    assert days.is_quiet()


def test_a_one_off_is_changed_where_it_is_whatever_became_of_its_place(days: Days):
    line(days, 1)["quantity"] = "3"
    asset(days, 1).update(cli="", site_id="S9")
    days.office.feeds["sites"].append({"site_id": "S9", "customer_id": "C1", "name": "Barn"})
    days.run()

    assert [("UPFRONT", "UPDATE", "AS-1", "01204600001", "3")] == days.told(
        UPDATES, "Charge Type", "Action", "Site Ref", "CLI", "Quantity"
    )
    assert {("L1", "recurring", "cli_missing"), ("L1", "recurring", "site_unlinked")} == (
        days.holds()
    )


def test_a_fixed_term_is_not_begun_anew(tmp_path: Path):
    office = Office(tmp_path / "office", lines=1, profile=ANEW)
    office.record("products")["fixed_billing"] = "true"
    office.line(1)["term_months"] = "12"
    office.run()
    office.uploaded()
    days = opened(office)
    asset(days, 1)["recurring_price"] = "7"
    days.run()
    assert [("01/04/2026", "28/02/2027")] == days.told(UPDATES, "Bill Start Date", "Bill End Date")
    days.taken_all()
    assert days.is_quiet()


REPLACED = [("A1", "01/04/2026", "Replaced")]


def replaced_at_first_look(folder: Path, *, connected_on: str) -> Days:
    """L1 is In Billing by the feed, L2 takes its place from 2 April, and is not billed yet."""
    days = Days(Office(folder / "office", lines=1))
    line(days, 1).update(recurring_bill_status="In Billing", upfront_bill_status="In Billing")
    replace_line(days, 2, 1, connection_on="2026-04-02")
    line(days, 2)["connected_on"] = connected_on
    return days


def test_what_gives_way_when_we_first_look_is_ended_after_that(tmp_path: Path):
    days = replaced_at_first_look(tmp_path, connected_on="2026-04-01")
    days.run(days=3)
    assert [("L2", "RECURRING"), ("L2", "UPFRONT")] == sorted(
        days.told(UPDATES, "Layer Line ID", "Charge Type")
    )
    days.taken_all()
    days.run()

    assert REPLACED == days.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason")
    days.taken_all()
    assert days.is_quiet()


def test_what_gives_way_to_a_charge_that_is_ready_later_waits_for_it(tmp_path: Path):
    days = replaced_at_first_look(tmp_path, connected_on="2026-04-08")
    assert days.is_quiet(days=3)
    assert days.is_quiet()
    assert {("L1", "recurring", "pair_waiting")} == days.holds()
    days.run(days=5)

    assert REPLACED == days.told(CEASES, "Layer Asset ID", "Cease Date", "Cease Reason")
    assert [("L2", "RECURRING"), ("L2", "UPFRONT")] == sorted(
        days.told(UPDATES, "Layer Line ID", "Charge Type")
    )
    days.taken_all()
    assert days.is_quiet()


def test_what_the_layer_called_in_billing_is_as_it_was_first_seen(tmp_path: Path):
    office = Office(tmp_path / "office", lines=6)
    days = Days(office)
    for number in range(1, 7):
        line(days, number).update(
            recurring_bill_status="In Billing", upfront_bill_status="In Billing"
        )
    add_product(days, "P2", name="Broadband", external_sku="SKU-2", recurring_price="9")
    asset(days, 1).update(product_id="P2", object_uid="U-1")
    asset(days, 2).update(cease_on="2026-03-15", is_live="false")
    add_asset(
        days,
        22,
        2,
        line_id="",
        connection_on="2026-03-16",
        is_auto_renew="true",
        cease_on="",
        is_live="true",
    )
    asset(days, 3)["recurring_price"] = "8"
    line(days, 4)["recurring_do_not_bill"] = "true"
    line(days, 5).update(recurring_billing_route="The Layer", upfront_billing_route="The Layer")
    replace_line(days, 16, 6, connection_on="2026-03-20")
    line(days, 16).update(recurring_bill_status="In Billing", upfront_bill_status="In Billing")
    assert days.is_quiet(days=0)
    assert days.is_quiet()
    assert set() == days.holds()

    asset(days, 1)["cease_on"] = "2026-08-31"
    asset(days, 22)["quantity"] = "3"
    asset(days, 3)["recurring_price"] = "8.5"
    line(days, 4)["recurring_do_not_bill"] = ""
    line(days, 5).update(recurring_bill_status="Not Billed", upfront_bill_status="Not Billed")
    days.run()
    assert [("A1", "U-1", "SKU-2")] == days.told(
        CEASES, "Layer Asset ID", "Object UID", "Product Code"
    )
    assert [("L2", "UPDATE", "3"), ("L3", "UPDATE", "2")] == days.told(
        UPDATES, "Layer Line ID", "Action", "Quantity"
    )
    days.taken_all()
    line(days, 4)["recurring_do_not_bill"] = "true"
    # The Layer forgets that it is billed: Affinity does not
    line(days, 3).update(recurring_bill_status="", upfront_bill_status="")
    days.run()
    assert [("A4", "Do Not Bill")] == days.told(CEASES, "Layer Asset ID", "Cease Reason")
    assert [] == days.rows(UPDATES)
    days.taken_all()
    assert days.is_quiet()


def test_a_charge_on_its_way_is_told_of_changes_once_it_has_arrived(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2)
    office.run()
    days = Days(office)
    days.seq = 1
    asset(days, 1)["quantity"] = "7"
    line(days, 2)["recurring_do_not_bill"] = "true"
    assert "batch_open" == office.run(AS_OF + timedelta(days=1)).status
    days.today = AS_OF + timedelta(days=1)
    days.taken_all()
    days.run()
    assert [("L1", "7")] == days.told(UPDATES, "Layer Line ID", "Quantity")
    assert [("A2", "02/04/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    days.taken_all()
    assert days.is_quiet()


def test_holds_of_today_hold_changes_but_no_ends_and_what_is_gone_tells_nothing(days: Days):
    add_product(days, "P2", name="Odd", external_sku="", external_sku_recurring="")
    asset(days, 1).update(product_id="P2")
    asset(days, 2).update(product_id="P2", cease_on="2026-10-31")
    asset(days, 3)["cli"] = "12345"
    line(days, 4)["billing_frequency"] = "Annual"
    days.office.feeds["sites"].append({"site_id": "S9", "customer_id": "C1", "name": "Barn"})
    asset(days, 4)["site_id"] = "S9"
    days.office.feeds["assets"].remove(asset(days, 5))
    days.office.feeds["order_lines"].remove(line(days, 6))
    days.run()
    assert [("A2", "31/10/2026")] == days.told(CEASES, "Layer Asset ID", "Cease Date")
    assert [] == days.rows(UPDATES)
    assert {
        ("L1", "recurring", "sku_missing"),
        ("L1", "upfront", "sku_missing"),
        ("L2", "recurring", "sku_missing"),
        ("L2", "upfront", "sku_missing"),
        ("L3", "recurring", "cli_malformed"),
        ("L4", "recurring", "site_unlinked"),
    } == days.holds()
    days.taken_all()

    days.office.record("products")["recurring_price"] = ""
    line(days, 7)["recurring_price"] = "0"
    days.run()
    assert [("L7", "0.0000")] == days.told(UPDATES, "Layer Line ID", "Unit Price")
    assert ("L8", "recurring", "price_missing") in days.holds()
    days.taken_all()
    days.office.record("products")["recurring_price"] = "5.5"
    assert days.is_quiet()


def test_as_the_layers_own_change_queue_does_it(days: Days):
    profile = "[changes]\nlayer_compatible = true\n"
    (days.office.folder / "r2b.toml").write_text(profile, encoding="utf-8")
    days.office.record("products")["needs_cli"] = "false"
    asset(days, 1)["cli"] = ""
    asset(days, 2)["cease_on"] = "2026-10-31"
    asset(days, 3)["quantity"] = "3"
    days.run()
    assert ["L3"] == [row["Layer Line ID"] for row in days.rows(UPDATES)]
    assert ["A2"] == [row["Layer Asset ID"] for row in days.rows(CEASES)]
    days.taken_all()
    asset(days, 2)["cease_on"] = ""
    days.run()
    assert [("L2", "")] == days.told(UPDATES, "Layer Line ID", "Bill End Date")


def test_a_delta_of_assets_is_enough(tmp_path: Path):
    office = Office(tmp_path / "office", lines=2, profile='[feeds]\nmode = "delta"\n')
    office.run()
    office.uploaded()
    days = opened(office)
    office.feeds = {"assets": [{**asset(days, 1), "quantity": "6"}]}
    days.run()
    assert [("L1", "6")] == days.told(UPDATES, "Layer Line ID", "Quantity")
    days.taken_all()
    assert days.is_quiet()
