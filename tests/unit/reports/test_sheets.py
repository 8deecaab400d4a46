"""What ops read of a run: one line, a sheet, and tables; sums and ids only."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.receipts import BatchReceipt, FeedCount, Money, RunReceipt, TransferReceipt
from schemas.vocabulary import RunStatus
from tasks.reports.sheets import (
    batch_rows,
    hold_rows,
    queue_rows,
    reject_rows,
    run_outcome,
    run_sheet,
    transfer_outcome,
)

BATCH = BatchReceipt(
    7, Path("outbox/x/000007"), {"06_clis.csv": 2, "08_products.csv": 4}, Decimal("1234.5")
)


def receipt(status: str = "batch_written", **said: Any) -> RunReceipt:
    return RunReceipt(
        **{
            "run_id": "R1",
            "as_of": date(2026, 3, 31),
            "feeds": {"orders": FeedCount(10, 9, 1)},
            "dispositions": {"ready": Money(4, Decimal(62)), "held": Money(2, Decimal(30))},
            "holds": {
                "sku_missing": Money(1, Decimal(10)),
                "cli_missing": Money(2, Decimal(30)),
            },
            "status": status,
            "batches": (BATCH,),
            "reject_reasons": {("orders", "status", "missing_value"): 1},
            **said,
        }
    )


@pytest.mark.parametrize("status", sorted(set(RunStatus) - {RunStatus.RUNNING, RunStatus.FAILED}))
def test_every_end_of_a_run_says_what_to_do_next(status: str):
    batches = (BATCH,) if status.startswith("batch_") and status != "batch_open" else ()
    words = run_outcome(receipt(status, batches=batches, open_batches=(6,)))

    assert words.endswith((".", ")."))
    assert len(words) > 40
    if batches:
        assert words.startswith("Batch 7: 6 rows, £1,234.50. ")


def test_an_open_batch_is_named():
    words = run_outcome(receipt("batch_open", batches=(), open_batches=(5, 6)))

    assert words.startswith("No new batch: Batches 5, 6 ")


def test_a_transfer_says_what_it_moved_or_that_it_did_nothing():
    moved = TransferReceipt(7, "confirmed", accepted=4, rejected=1, accepted_value=Decimal(62))

    assert "Batch 7 is confirmed: 4 charges In Billing (£62.00), 1 refused" in transfer_outcome(
        moved
    )
    assert transfer_outcome(TransferReceipt(7, "confirmed", changed=False)).startswith("Nothing")


def test_one_is_not_spoken_of_as_many():
    one = TransferReceipt(7, "confirmed", accepted=1, accepted_value=Decimal(31))
    batch = BatchReceipt(7, Path("outbox/x/000007"), {"08_products.csv": 1}, Decimal(31))

    assert "Batch 7 is confirmed: 1 charge In Billing (£31.00)" in transfer_outcome(one)
    assert run_outcome(receipt(batches=(batch,))).startswith("Batch 7: 1 row, £31.00. ")
    assert "Batch 6 waits" in run_outcome(receipt("batch_open", batches=(), open_batches=(6,)))


def test_the_sheet_has_the_path_and_every_sum():
    sheet = run_sheet(receipt(), "Northwind | Telecom")

    assert "# Northwind | Telecom, 2026-03-31: batch written" in sheet
    for words in (
        'feeds["10 records read"] --> judged["6 charges judged"]',
        'ready --> b7["batch 7: waits for its upload"]',
        "| orders | 10 | 9 | 1 |",
        "| ready | 4 | £62.00 |",
        "## Batch 7: £1,234.50",
        "| file | rows |\n| :-- | --: |\n| 06_clis.csv | 2 |\n| 08_products.csv | 4 |",
    ):
        assert words in sheet


def test_tables_are_ranked_by_money_and_say_whose_it_is():
    assert ["cli missing", "sku missing"] == [row["held because"] for row in hold_rows(receipt())]
    assert "orders.status" == reject_rows(receipt())[0]["where"]
    assert [] == hold_rows(receipt(holds={}))
    items = pl.DataFrame(
        {
            "id": [3],
            "subject": ["charge:L1:recurring"],
            "reason": ["E12"],
            "state": ["in_flight"],
            "attempts": [2],
            "next_at": [datetime(2026, 3, 31, 12, 5)],
            "value": [Decimal("11.0000")],
        }
    )
    (row,) = queue_rows(items)
    assert ("in flight", "2026-03-31 12:05 UTC", "£11.00") == (
        row["state"],
        row["next"],
        row["worth"],
    )
    batches = pl.DataFrame(
        {
            "seq": [7],
            "as_of": [date(2026, 3, 31)],
            "state": ["in_doubt"],
            "age_days": [3],
            "rows": [1200],
            "value": [None],
            "digest": ["0a1b2c3d4e5f"],
        }
    )
    assert [
        {"batch": 7, "of": "2026-03-31", "state": "in doubt", "days old": 3, "rows": "1,200"}
        | {"worth": "-", "digest": "0a1b2c3d4e5f"}
    ] == batch_rows(batches)
