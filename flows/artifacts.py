"""What ops see in the Prefect UI without reading a log: state messages, names, artifacts.

Prefect shows, it holds no truth: what cannot be shown is logged, and the run ends all the same.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar, cast

import httpx
from prefect import runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_UI_URL
from prefect.states import Completed

from flows.naming import deployment_name, slug
from flows.profile import LoadedProfile
from schemas.receipts import (
    BatchReceipt,
    ReconcileReceipt,
    RunReceipt,
    SyncReceipt,
    WaitingBatch,
)
from tasks.reports.sheets import (
    alert_rows,
    batch_rows,
    gate_outcome,
    gate_sheet,
    hold_rows,
    plan_outcome,
    plan_sheet,
    queue_rows,
    reconcile_outcome,
    reconcile_sheet,
    reject_rows,
    run_outcome,
    run_sheet,
    sync_outcome,
)
from warehouse.connection import open_published
from warehouse.report import ReportStore, at_the_gate

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
    with shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        with open_published(profile.published) as connection:
            store = ReportStore(connection)
            queue, open_batches = store.queue(), store.open_batches()
        about = f"{tenant}, {receipt.as_of}"
        _sheet(
            tenant, "billing-run", f"{about}: {run_outcome(receipt)}", run_sheet(receipt, tenant)
        )
        for name, rows, words in (
            ("holds", hold_rows(receipt), "why charges are held"),
            ("rejects", reject_rows(receipt), "why records were rejected"),
            ("retry-queue", queue_rows(queue), "what failed, and whose it is"),
            ("open-batches", batch_rows(open_batches), "batches that wait"),
        ):
            create_table_artifact(
                key=_key(tenant, name),
                description=f"{about}: {words} ({len(rows):,})",
                table=rows,
            )
        _gate(tenant, at_the_gate(open_batches))
        _rename(f"{tenant} {receipt.as_of}: {receipt.status.replace('_', ' ')}")


def show_reconciliation(receipt: ReconcileReceipt, profile: LoadedProfile) -> None:
    """Show a reconciliation: verdict, classes, and where report and certificate are."""
    with shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        words = f"{tenant}, {receipt.as_of}: {reconcile_outcome(receipt)}"
        _sheet(tenant, "reconciliation", words, reconcile_sheet(receipt, tenant))
        _rename(f"{tenant} {receipt.as_of}: {receipt.verdict}")


def show_plan(receipt: RunReceipt, batch: BatchReceipt | None, profile: LoadedProfile) -> None:
    """Show what a run would do: its sheet, with the batch that nobody wrote."""
    with shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        words = f"{tenant}, {receipt.as_of}: {plan_outcome(batch)}"
        _sheet(tenant, "dry-run", words, plan_sheet(receipt, batch, tenant))
        _rename(f"{tenant} {receipt.as_of}: dry run")


def show_sync(receipt: SyncReceipt, profile: LoadedProfile) -> None:
    """Show what is wrong, and the batches that wait, with the way to confirm each."""
    with shown() as is_shown:
        if not is_shown:
            return
        tenant = profile.settings.tenant.name
        rows = alert_rows(receipt)
        create_table_artifact(
            key=_key(tenant, "alerts"),
            description=f"{tenant}: {sync_outcome(receipt)}",
            table=rows,
        )
        _gate(tenant, receipt.waiting)
        _rename(f"{tenant} {receipt.checked_at:%Y-%m-%d %H:%M}: {_count(len(rows), 'alert')}")


def show_gate(profile: LoadedProfile) -> None:
    """Show the batches that wait to be confirmed, each with the way to the form that does it."""
    with shown() as is_shown:
        if is_shown:
            with open_published(profile.published) as connection:
                waiting = at_the_gate(ReportStore(connection).open_batches())
            _gate(profile.settings.tenant.name, waiting)


def _gate(tenant: str, waiting: Sequence[WaitingBatch]) -> None:
    form = _form_of_transfer(tenant)
    now = datetime.now(UTC).replace(tzinfo=None)
    words = f"{tenant}: {gate_outcome(waiting, now)}"
    _sheet(tenant, "gate", words, gate_sheet(waiting, tenant, now, form))


def _form_of_transfer(tenant: str) -> str | None:
    """The address of the form that confirms a batch; none where it is not deployed."""
    name = deployment_name("transfer-to-billing", tenant)
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"transfer-to-billing/{name}")
        except ObjectNotFound:
            return None
    ui = (PREFECT_UI_URL.value() or "").rstrip("/")
    return f"{ui}/deployments/deployment/{deployment.id}/run"


def tell(receipt: SyncReceipt, profile: LoadedProfile) -> None:
    """Raise an event for each alert that is news, and one for each that is over.

    Automations listen for them (`flows/serving/automations.py`); without a server nobody does.
    """
    if runtime.flow_run.id is None:
        return
    tenant = profile.settings.tenant.name
    for alert in receipt.alerts:
        if alert.is_news:
            _emit(tenant, "r2b.alert.raised", alert.key, words=alert.words, remedy=alert.remedy)
    for key in receipt.over:
        _emit(tenant, "r2b.alert.over", key, words="It is right again.", remedy="")


def _emit(tenant: str, event: str, key: str, *, words: str, remedy: str) -> None:
    emit_event(
        event=event,
        resource={
            "prefect.resource.id": f"r2b.alert.{slug(tenant)}.{key}",
            "prefect.resource.name": f"{tenant}: {key.replace('_', ' ')}",
        },
        payload={"tenant": tenant, "alert": key, "words": words, "remedy": remedy},
    )


def named(profile: LoadedProfile, words: str) -> None:
    """Name the flow run by its tenant and what became of it."""
    with shown() as is_shown:
        if is_shown:
            _rename(f"{profile.settings.tenant.name} {words}")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _sheet(tenant: str, what: str, words: str, markdown: str) -> None:
    create_markdown_artifact(key=_key(tenant, what), description=words, markdown=markdown)


@contextmanager
def shown() -> Iterator[bool]:
    """Whether there is a flow run to show it in; a server that fails is no failure of the run."""
    try:
        yield runtime.flow_run.id is not None
    except (httpx.HTTPError, PrefectException) as error:
        _log.warning("Prefect could not be shown what the run did: %s.", type(error).__name__)


def _rename(name: str) -> None:
    with get_client(sync_client=True) as client:
        client.update_flow_run(runtime.flow_run.id, name=name)


def _key(tenant: str, what: str) -> str:
    """An artifact's key."""
    return f"{slug(tenant)}-{what}"
