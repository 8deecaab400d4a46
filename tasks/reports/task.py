"""Write the pages that people read."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from schemas.json_text import read_json
from schemas.receipts import ReconcileReceipt
from tasks.outbox.durable import written_aside
from tasks.reports.certificate import certificate_page
from tasks.reports.page import MOST_RECORDS, Head
from tasks.reports.report import MOST_BATCHES, Figures, report_page
from tasks.step import step
from warehouse.connection import open_published
from warehouse.report import ReportStore


@dataclass(frozen=True)
class Pages:
    """Where the report is, and the certificate as a page."""

    report: Path
    certificate: Path


@step("write report")
def write_pages(published: Path, receipt: ReconcileReceipt, folder: Path) -> Pages:
    """Write the report of a reconciliation that was published, and its certificate as a page.

    Args:
        published: the copy that analysts open: the report shows what is in there.
        receipt: the reconciliation.
        folder: where reports are kept; the certificate's page lies beside the certificate.

    Returns:
        The two files; what was there under these names is replaced.
    """
    content = read_json(receipt.certificate.read_bytes())
    head = Head(
        tenant=content["tenant"],
        as_of=receipt.as_of,
        known_on=date.fromisoformat(content["known_on"]),
        snapshot_on=receipt.snapshot_on,
        verdict=receipt.verdict,
        run_id=content["run_id"],
        certificate=receipt.certificate.name,
        sha256=content["sha256"],
    )
    with open_published(published) as connection:
        store = ReportStore(connection)
        figures = Figures(
            classes=store.classes(),
            open_records=store.open_records(MOST_RECORDS),
            clock=store.clock(),
            repairs=store.repairs(),
            restated=store.restated(),
            dispositions=store.dispositions(),
            holds=store.holds(),
            batches=store.batches(MOST_BATCHES),
        )
    return Pages(
        report=_written(folder / f"{receipt.certificate.stem}.html", report_page(head, figures)),
        certificate=_written(receipt.certificate.with_suffix(".html"), certificate_page(content)),
    )


def _written(path: Path, page: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(out: IO[bytes]) -> int:
        return out.write(page)

    written_aside(path, write)
    return path
