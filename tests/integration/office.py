"""A small customer whose lines are all ready, kept as rows that a test may change between runs."""

import csv
import hashlib
import io
import shutil
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.profile import LoadedProfile, load_profile
from flows.transfer import abandon, transfer_to_billing
from flows.undo import undo
from schemas.feeds import FEEDS
from schemas.receipts import RunReceipt, TransferReceipt, UndoReceipt
from tests.running import AS_OF, Job, mart, run_job

Row = dict[str, str]


class Office:
    """One customer, one site, one product, and per line an asset and a number of its own."""

    def __init__(self, folder: Path, *, lines: int = 2, profile: str = "") -> None:
        """Lines L1, L2, ... each with an upfront charge of 20 and a recurring one of 11."""
        self.folder = folder
        self.feeds: dict[str, list[Row]] = {
            "customers": [
                {"customer_id": "C1", "name": "Bakers", "status": "Live", "integration_id": "AC-1"}
            ],
            "sites": [
                {"site_id": "S1", "customer_id": "C1", "name": "HQ", "integration_id": "AS-1"}
            ],
            "products": [
                {
                    "product_id": "P1",
                    "name": "Line Rental",
                    "base_category": "Voice",
                    "item_type": "Service",
                    "external_sku": "SKU-1",
                    "upfront_billing_route": "Affinity",
                    "recurring_billing_route": "Affinity",
                    "upfront_price": "10",
                    "recurring_price": "5.5",
                    "billing_frequency": "Monthly",
                    "needs_cli": "true",
                }
            ],
            "orders": [
                {
                    "order_id": "O1",
                    "order_ref": "SO-1",
                    "customer_id": "C1",
                    "site_id": "S1",
                    "status": "Completed",
                }
            ],
            "order_lines": [],
            "assets": [],
        }
        (folder / "feeds").mkdir(parents=True)
        (folder / "r2b.toml").write_text(profile, encoding="utf-8")
        for number in range(1, lines + 1):
            self.add_line(number)

    def copied(self, folder: Path) -> "Office":
        """The same office, as if all of it had happened in `folder`."""
        shutil.copytree(self.folder, folder)
        office = Office.__new__(Office)
        office.folder, office.feeds = folder, deepcopy(self.feeds)
        here, there = str(self.folder), str(folder)
        office.change(f"UPDATE out.batch SET path = replace(path, '{here}', '{there}')")
        return office

    def add_line(self, number: int) -> None:
        """A further ready line with its asset."""
        self.feeds["order_lines"].append(
            {
                "line_id": f"L{number}",
                "order_id": "O1",
                "product_id": "P1",
                "asset_id": f"A{number}",
                "quantity": "2",
                "connected_on": "2026-03-01",
            }
        )
        self.feeds["assets"].append(
            {
                "asset_id": f"A{number}",
                "line_id": f"L{number}",
                "customer_id": "C1",
                "product_id": "P1",
                "cli": f"01204{600_000 + number}",
                "is_live": "true",
                "connection_on": "2026-03-01",
            }
        )

    def record(self, feed: str, number: int = 1) -> Row:
        """The n-th record of a feed, to be changed."""
        return self.feeds[feed][number - 1]

    def line(self, number: int) -> Row:
        """Order line L<number>."""
        return next(row for row in self.feeds["order_lines"] if row["line_id"] == f"L{number}")

    def save(self) -> None:
        """Write the feeds as they are now."""
        for old in (self.folder / "feeds").glob("*.csv"):
            old.unlink()
        for name, rows in self.feeds.items():
            header = list(dict.fromkeys(column for row in rows for column in row))
            header = header or [column.name for column in FEEDS[name].columns]
            text = io.StringIO()
            writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            (self.folder / "feeds" / f"{name}.csv").write_bytes(text.getvalue().encode())

    def job(self, as_of: date = AS_OF) -> Job:
        """Run, however it ends."""
        self.save()
        return run_job(self.folder, as_of)

    def run(self, as_of: date = AS_OF) -> RunReceipt:
        """Run, and it must end well."""
        job = self.job(as_of)
        assert (0, None) == (job.exit_code, job.error)
        assert job.receipt is not None
        return job.receipt

    @property
    def profile(self) -> LoadedProfile:
        """The profile, loaded afresh."""
        return load_profile(self.folder / "r2b.toml")

    def batch(self, seq: int = 1) -> Path:
        """The folder of a batch."""
        return self.profile.outbox / f"{seq:06d}"

    def written(self, seq: int = 1, file: str = "08_products.csv") -> list[Row]:
        """The rows of a file of a batch."""
        text = (self.batch(seq) / file).read_bytes().decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def lines_written(self, seq: int = 1) -> list[tuple[str, str]]:
        """Which charges a batch holds."""
        rows = self.written(seq)
        return [(row["Layer Line ID"], row["Charge Type"].lower()) for row in rows]

    def lines_added(self, seq: int = 1) -> list[tuple[str, str]]:
        """Which charges a batch puts In Billing; what it changes of others is left out."""
        rows = [row for row in self.written(seq) if row["Action"] == "ADD"]
        return [(row["Layer Line ID"], row["Charge Type"].lower()) for row in rows]

    def key(self, line: str, charge_type: str = "recurring", seq: int = 1) -> str:
        """The row key of a charge in a batch."""
        return next(
            row["Row Key"]
            for row in self.written(seq)
            if (row["Layer Line ID"], row["Charge Type"].lower()) == (line, charge_type)
        )

    def results(self, *rows: Sequence[str], name: str = "results.csv") -> Path:
        """A result file: (row key, outcome[, code, message]) per row."""
        path = self.folder / name
        lines = [",".join([*row, "", ""][:4]) for row in rows]
        path.write_text("\n".join(["row_key,outcome,code,message", *lines]), encoding="utf-8")
        return path

    def answers(self, outcomes: Mapping[tuple[str, str], str], seq: int = 1) -> list[list[str]]:
        """Result rows: every CLI accepted, products as `outcomes` says, the others unmentioned."""
        rows = [[row["Row Key"], "accepted"] for row in self._clis(seq)]
        for row in self.written(seq):
            said = outcomes.get((row["Layer Line ID"], row["Charge Type"].lower()))
            if said is not None:
                outcome, _, code = said.partition(":")
                rows.append([row["Row Key"], outcome, code, "Affinity's words" if code else ""])
        return rows

    def _clis(self, seq: int) -> list[Row]:
        there = (self.batch(seq) / "06_clis.csv").exists()
        return self.written(seq, "06_clis.csv") if there else []

    def transfer(self, seq: int = 1, *, results: Path) -> TransferReceipt:
        """Transfer with a result file."""
        return transfer_to_billing.fn(seq, results=str(results), profile_path=self._profile_path)

    def answer(self, outcomes: Mapping[tuple[str, str], str], seq: int = 1) -> TransferReceipt:
        """Transfer with a result made of `outcomes`: accepted, or rejected:CODE."""
        return self.transfer(seq, results=self.results(*self.answers(outcomes, seq)))

    def uploaded(self, seq: int = 1, by: str = "Ann") -> TransferReceipt:
        """Transfer because a person says that the upload is complete."""
        return transfer_to_billing.fn(seq, by, profile_path=self._profile_path)

    def abandon(self, seq: int = 1, reason: str = "lost") -> TransferReceipt:
        """Abandon a batch."""
        return abandon(self.profile, seq, actor="Ann", reason=reason)

    def undo(self, seq: int = 1, by: str = "Ann", reason: str = "wrong price book") -> UndoReceipt:
        """Write the inverse of a batch."""
        return undo(self.profile, seq, actor=by, reason=reason)

    @property
    def _profile_path(self) -> str:
        return str(self.folder / "r2b.toml")

    def charges(self) -> dict[tuple[str, str], dict[str, Any]]:
        """`mart.charge` by charge."""
        rows = mart(self.folder, "charge").to_dicts()
        return {(row["line_id"], row["charge_type"]): row for row in rows}

    def dispositions(self) -> dict[str, str]:
        """Disposition of each line's recurring charge."""
        return {
            line: row["disposition"]
            for (line, charge_type), row in sorted(self.charges().items())
            if charge_type == "recurring"
        }

    def holds(self) -> list[tuple[str, str, str]]:
        """`mart.hold`."""
        rows = mart(self.folder, "hold").select("line_id", "charge_type", "reason")
        return sorted(rows.iter_rows())

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the live warehouse."""
        with duckdb.connect(str(self.profile.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        """Change the live warehouse behind the product's back."""
        with duckdb.connect(str(self.profile.warehouse)) as connection:
            connection.execute(sql)

    def books(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything the ledger, the batches and the queue hold."""
        tables = (
            *("ops.ledger", "ops.ledger_commit", "ops.charge_state", "ops.cli_state"),
            *("ops.retry_item", "out.batch", "out.batch_cli", "out.batch_product"),
            *("out.batch_cease", "out.batch_outcome"),
        )
        return {table: self.query(f"FROM {table} ORDER BY ALL") for table in tables}


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its bytes, every folder with nothing."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        )
        for path in sorted(folder.rglob("*"))
    }
