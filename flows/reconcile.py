"""Both sides compared: what is to be billed, and what Affinity bills."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, runtime

from flows.artifacts import ended, show_reconciliation
from flows.days import reckonable
from flows.exclusive import alone_with
from flows.parquet import said_last
from flows.private import keep_private
from flows.profile import load_profile
from flows.progress import RECONCILE, showing_progress
from flows.wiring import issuer, publishing, reports, wholeness
from schemas.errors import UsageError
from schemas.json_text import read_json
from schemas.receipts import ReconcileReceipt
from tasks.outbox.durable import as_json
from tasks.reconcile.certificate import Comparison, compare, is_genuine
from tasks.reconcile.task import reconcile_sides
from tasks.reports.sheets import reconcile_outcome
from tasks.reports.task import write_pages
from tasks.runs.task import publish_marts


def read_certificate(path: Path) -> dict[str, Any]:
    """A coverage certificate as it was sealed.

    Raises:
        UsageError: it cannot be read, is none, or was changed after it was sealed.
    """
    try:
        text = path.read_bytes()
        content = read_json(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"Reading the certificate {path.name}: it cannot be read as JSON.",
            hint="Name a file of var/certificates/.",
        ) from error
    # byte by byte: JSON may say a thing twice, and of that only the last is read
    if not is_genuine(content) or as_json(content) != text:
        raise UsageError(
            f"Reading the certificate {path.name}: it is none, or was changed since it was sealed.",
            hint="Take it from where it was kept, or reconcile that day again.",
        )
    return dict(content)


def compared_with(before: dict[str, Any], receipt: ReconcileReceipt) -> Comparison:
    """What is open by a reconciliation and was not by an earlier certificate, and the reverse.

    Raises:
        UsageError: the earlier one is another tenant's.
    """
    since = read_certificate(receipt.certificate)
    if before["tenant"] != since["tenant"]:
        raise UsageError(
            "Comparing with an earlier certificate: it is another tenant's.",
            hint="Take one from this tenant's var/certificates/.",
        )
    return compare(before, since)


def _run_name() -> str:
    """Named by the day it compares; without one, by the last run's."""
    return f"reconcile-{runtime.flow_run.parameters.get('as_of') or 'last-day'}"


@flow(name="reconcile", flow_run_name=_run_name, persist_result=False)
def reconcile(
    profile_path: str | None = None,
    as_of: date | None = None,
    known_at: date | None = None,
    with_report: bool = True,  # noqa: FBT001, FBT002  a switch of the form in the UI
) -> ReconcileReceipt:
    """Compare The Layer and our ledger with Affinity's snapshot, and publish what was found.

    Changes no charge: what it finds is for people.

    Args:
        profile_path: The tenant's profile; `r2b.toml` when left out.
        as_of: The day both sides are compared for; the last run's when left out.
        known_at: Only what runs until that day knew counts; all that is known when left out.
        with_report: Write the page for people as well.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    as_of, known_at = reckonable(as_of), reckonable(known_at)
    with showing_progress(profile, RECONCILE), said_last() as say_last, alone_with(profile):
        receipt = reconcile_sides(
            profile.warehouse, as_of, known_at, wholeness(profile), issuer(profile)
        )
        publish_marts(profile.warehouse, publishing(profile))
        if with_report:
            pages = write_pages(profile.published, receipt, reports(profile))
            receipt = replace(receipt, report=pages.report)
    show_reconciliation(receipt, profile)
    say_last()
    return ended(receipt, reconcile_outcome(receipt))
