"""What ops see in the Prefect UI without reading a log: state messages, names, artifacts.

Prefect shows, it holds no truth: what cannot be shown is logged, and the run ends all the same.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import httpx
from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.states import Completed

from flows.profile import LoadedProfile
from schemas.receipts import ReconcileReceipt, RunReceipt
from tasks.reports.sheets import (
    batch_rows,
    hold_rows,
    queue_rows,
    reconcile_outcome,
    reconcile_sheet,
    reject_rows,
    run_outcome,
    run_sheet,
)
from warehouse.connection import open_published
from warehouse.report import ReportStore

R = TypeVar("R")

_log = logging.getLogger("r2b.artifacts")


def ended(receipt: R, words: str) -> R:
    """End a flow run with `words` as its state message; outside a flow run, just the receipt.

    The state keeps its standard name: automations listen for that.
    """
    if runtime.flow_run.id is None:
        return receipt
    return cast("R", Completed(message=words, data=receipt))


def show_run(receipt: RunReceipt, profile: LoadedProfile) -> None:
    """Show a billing run: its sheet, and what is held, rejected, queued and open, as tables.

    Each artifact has one key per tenant, so that its history is that of the runs.
    """
    with _shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        with open_published(profile.published) as connection:
            store = ReportStore(connection)
            queue, open_batches = store.queue(), store.open_batches()
        create_markdown_artifact(
            key=_key(tenant, "billing-run"),
            description=f"{tenant}, {receipt.as_of}: {run_outcome(receipt)}",
            markdown=run_sheet(receipt, tenant),
        )
        for name, rows, words in (
            ("holds", hold_rows(receipt), "why charges are held"),
            ("rejects", reject_rows(receipt), "why records were rejected"),
            ("retry-queue", queue_rows(queue), "what failed, and whose it is"),
            ("open-batches", batch_rows(open_batches), "batches that wait"),
        ):
            create_table_artifact(
                key=_key(tenant, name),
                description=f"{tenant}, {receipt.as_of}: {words} ({len(rows):,})",
                table=rows,
            )
        _rename(f"{tenant} {receipt.as_of}: {receipt.status.replace('_', ' ')}")


def show_reconciliation(receipt: ReconcileReceipt, profile: LoadedProfile) -> None:
    """Show a reconciliation: verdict, classes, and where report and certificate are."""
    with _shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        create_markdown_artifact(
            key=_key(tenant, "reconciliation"),
            description=f"{tenant}, {receipt.as_of}: {reconcile_outcome(receipt)}",
            markdown=reconcile_sheet(receipt, tenant),
        )
        _rename(f"{tenant} {receipt.as_of}: {receipt.verdict}")


@contextmanager
def _shown() -> Iterator[bool]:
    """Whether there is a flow run to show it in; a server that fails is no failure of the run."""
    try:
        yield runtime.flow_run.id is not None
    except (httpx.HTTPError, PrefectException) as error:
        _log.warning("Prefect could not be shown what the run did: %s.", type(error).__name__)


def _rename(name: str) -> None:
    with get_client(sync_client=True) as client:
        client.update_flow_run(runtime.flow_run.id, name=name)


def _key(tenant: str, what: str) -> str:
    """An artifact's key: lower case letters, digits and dashes."""
    return f"{re.sub('[^a-z0-9]+', '-', tenant.lower()).strip('-') or 'tenant'}-{what}"
