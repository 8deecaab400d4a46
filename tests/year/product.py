"""The product as a year's pipeline: its own flows, in this process, on the feeds of the day."""

import time
from datetime import UTC, date, datetime
from pathlib import Path

from flows.billing_run import billing_run
from flows.profile import load_profile
from flows.queue_desk import list_items, release
from flows.reconcile import reconcile
from flows.transfer import transfer_to_billing
from schemas.receipts import ReconcileReceipt, RunReceipt
from schemas.vocabulary import RetryState
from tests.year.reference import TENANT
from tests.year.world import Row, View, read_csv, write_csv

PROFILE = """
[tenant]
name = "{tenant}"
[feeds]
path = "feeds"
mode = "{mode}"
[cli.profiles]
Licences = "none"
[changes]
style = "{style}"
[retry]
first_wait_seconds = 1
longest_wait_seconds = 1
jitter = false
"""


class Product:
    """Runs and transfers in a folder that holds `r2b.toml` and, below it, the feeds."""

    def __init__(self, folder: Path, style: str = "update", mode: str = "delta") -> None:
        """Work in `folder`."""
        self.folder = folder
        self.profile = folder / "r2b.toml"
        self.profile.write_text(
            PROFILE.format(tenant=TENANT, style=style, mode=mode), encoding="utf-8"
        )
        self.receipts: list[RunReceipt] = []
        self._batch: Path | None = None
        self._seq = 0

    def run(self, _view: View, as_of: date, _outbox: Path) -> Path | None:
        """The billing run; what waits for Affinity to be less busy has waited."""
        self._wait_until_due()
        receipt = billing_run.fn(str(self.profile), as_of)
        self.receipts.append(receipt)
        if receipt.batch is None:
            return None
        self._seq = receipt.batch.seq
        self._batch = load_profile(self.profile).outbox / f"{self._seq:06d}"
        return self._batch

    def transfer(self, results: list[Row]) -> list[tuple[str, Row]]:
        """Transfer to Billing, and what The Layer would import."""
        path = self.folder / "answer.csv"
        write_csv(path, results[0], results)
        transfer_to_billing.fn(self._seq, profile_path=str(self.profile), results=str(path))
        files = [self._batch / "layer_updates.csv", *(self._batch / "layer_import").glob("*.csv")]
        return [(file.name, row) for file in files for row in read_csv(file)]

    def release(self) -> None:
        """A person lets everything go that Affinity refused."""
        profile = load_profile(self.profile)
        for item in list_items(profile):
            release(profile, item.id, actor="Ann")

    def reconcile(self) -> ReconcileReceipt:
        """Both sides as of the last run, by the product itself."""
        return reconcile.fn(str(self.profile), with_report=False)

    def _wait_until_due(self) -> None:
        """A second at most: days pass faster here than the profile's wait."""
        items = list_items(load_profile(self.profile))
        due = [each.next_at for each in items if each.state is RetryState.WAITING and each.next_at]
        if due:
            now = datetime.now(UTC).replace(tzinfo=None)
            time.sleep(max(0.0, (max(due) - now).total_seconds()))
