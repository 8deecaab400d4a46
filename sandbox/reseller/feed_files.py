"""Writes feeds as CSV, a record at a time, and keeps count and digest of what was written.

Memory stays flat: at most a few thousand records of a feed are held at once.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from sandbox.reseller import records

RECORD_OF_FEED: Final[dict[str, type]] = {
    "customers": records.Customer,
    "sites": records.Site,
    "addresses": records.Address,
    "contacts": records.Contact,
    "billing_platforms": records.BillingPlatform,
    "products": records.Product,
    "orders": records.Order,
    "order_lines": records.OrderLine,
    "assets": records.Asset,
    "asset_numbers": records.AssetNumber,
    "quotation_lines": records.QuotationLine,
    "application_links": records.ApplicationLink,
    "affinity_products": records.AffinityProduct,
    "affinity_clis": records.AffinityCli,
    "affinity_site_products": records.AffinitySiteProduct,
    "affinity_cease_requests": records.CeaseRequest,
}

HEADINGS: Final[dict[str, dict[str, str]]] = {
    # The Layer's own labels, as its export screens print them; other columns use the field's name.
    "customers": {"customer_id": "Customer ID", "name": "Name", "vat_number": "VAT Number"},
    "sites": {"site_id": "Site ID", "integration_id": "Site Integration ID"},
    "contacts": {"first_name": "First-Name", "last_name": "Last-Name"},
    "products": {"external_sku": "SKU"},
    "order_lines": {
        "connected_on": "Connected Date",
        "issued_on": "Issue Date",
        "bill_start_override": "Billing Start Date Override",
        "cli": "MSISDN",
    },
    "assets": {
        "cli": "CTN",
        "is_live": "Live",
        "connection_on": "Connection Date",
        "expiry_on": "Expiry Date",
        "cease_on": "Cease Date",
    },
    "asset_numbers": {"cli": "DDI Range Start", "range_end": "DDI Range End"},
    "quotation_lines": {"cli": "Billing ID"},
    "application_links": {
        "application_name": "Application Name",
        "entity_type": "Entity Type",
        "entity_id": "Entity Id",
        "integration_id": "Integration Id",
    },
    "affinity_cease_requests": {"object_uid": "OBJECTUID", "completed_on": "Completed On"},
}

WRONG_BYTE: Final = "\ue0e9"  # stands for the single byte 0xE9: an "é" saved as cp1252
_BOM: Final = b"\xef\xbb\xbf"
_HELD_RECORDS: Final = 4000


class FeedFile:
    """One feed being written.

    Files of the billing platform begin with a byte order mark and end lines with CR LF, as that
    system exports them; The Layer's have neither.
    """

    def __init__(self, folder: Path, feed: str) -> None:
        """Start `<feed>.csv` in `folder` with its heading."""
        record = RECORD_OF_FEED[feed]
        names = [field.name for field in fields(record)]
        exported_by_affinity = feed.startswith("affinity_")
        self._cells_of: Callable[[Any], tuple[str, ...]] = (
            attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)
        )
        self._digest = hashlib.sha256()
        self._file = (folder / f"{feed}.csv").open("wb")
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(
            self._text, lineterminator="\r\n" if exported_by_affinity else "\n"
        )
        self._held: list[Sequence[str]] = []
        self.rows = 0
        if exported_by_affinity:
            self._put(_BOM)
        headings = HEADINGS.get(feed, {})
        self._writer.writerow([headings.get(name, name) for name in names])

    def add(self, record: object) -> None:
        """Write one record as it is now."""
        self._hold(self._cells_of(record))

    def add_ragged(self, record: object, *, extra_cells: int) -> None:
        """Write a record with cells too many (positive) or too few (negative); 0 is no fault."""
        cells = self._cells_of(record)
        if extra_cells < 0:
            cells = cells[:extra_cells]
        elif extra_cells > 0:
            cells = (*cells, *["?"] * extra_cells)
        self._hold(cells)

    def close(self) -> None:
        """Write what is held and close the file; closing twice is closing once."""
        if not self._file.closed:
            self._flush()
            self._file.close()

    @property
    def sha256(self) -> str:
        """Digest of the bytes written so far, in hex."""
        return self._digest.hexdigest()

    def _hold(self, cells: Sequence[str]) -> None:
        self.rows += 1
        self._held.append(cells)
        if len(self._held) >= _HELD_RECORDS:
            self._flush()

    def _flush(self) -> None:
        self._writer.writerows(self._held)
        self._held.clear()
        written = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        self._put(written.replace(WRONG_BYTE.encode(), b"\xe9"))

    def _put(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self._file.write(chunk)


@contextmanager
def open_feeds(folder: Path) -> Iterator[dict[str, FeedFile]]:
    """All feeds of one export, open at once; `manifest.json` appears when all is written.

    A manifest left from an earlier export is taken away first, so that a half-written folder
    cannot pass for a whole one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    feeds = {feed: FeedFile(folder, feed) for feed in RECORD_OF_FEED}
    try:
        yield feeds
    finally:
        for feed in feeds.values():
            feed.close()
    described = {name: {"rows": feed.rows, "sha256": feed.sha256} for name, feed in feeds.items()}
    manifest.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
