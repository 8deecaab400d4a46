"""The second gate: evidence that a batch is in Affinity moves its charges to In Billing."""

from pathlib import Path
from typing import Annotated

import polars as pl
from prefect import flow
from pydantic import Field

from flows.artifacts import ended, named, show_gate
from flows.audit import Intent, batch_subject, on_record
from flows.exclusive import alone_with
from flows.operators import acting
from flows.private import keep_private
from flows.profile import LoadedProfile, load_profile
from flows.wiring import publishing, retry_terms, tenant_today
from schemas.errors import UsageError
from schemas.receipts import TransferReceipt
from schemas.results import parse_results, read_results
from schemas.vocabulary import Act
from tasks.reports.sheets import transfer_outcome
from tasks.runs.task import publish_marts
from tasks.transfer.task import Evidence, abandon_batch, recover_transfers, transfer_batch

BatchNumber = Annotated[int, Field(ge=1)]


@flow(name="transfer-to-billing", flow_run_name="transfer-batch-{batch}", persist_result=False)
def transfer_to_billing(  # noqa: PLR0917  a form, and called by name
    batch: BatchNumber,
    operator: str = "",
    results: str = "",
    pasted_results: str = "",
    digest: str = "",
    profile_path: str | None = None,
) -> TransferReceipt:
    """Move a batch's charges to In Billing, as Affinity's result or a named operator says.

    Doing it twice changes nothing. Without a result, the operator says that all of it is loaded.

    Args:
        batch: The batch's number, as its folder and the gate's sheet say.
        operator: Your name. Without a result you say with it that every row is loaded; where the
            profile names operators, you must hold the role bill_export.
        results: Affinity's result file, as a path on the machine that runs this.
        pasted_results: Or what that file holds, pasted with its first line.
        digest: The beginning of the batch's digest, off the gate's sheet, to be sure that it is
            this batch; nothing is confirmed when it is another's.
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    intent, evidence = _evidence(profile, batch, operator, results, pasted_results)
    with alone_with(profile):
        terms, today = retry_terms(profile), tenant_today(profile)
        recover_transfers(profile.warehouse, terms, today)
        with on_record(profile, intent, batch_subject(profile, batch, intent.act)):
            receipt = transfer_batch(
                profile.warehouse, batch, evidence, terms, today, digest=digest.strip()
            )
        publish_marts(profile.warehouse, publishing(profile))
    named(profile, f"batch {batch}: {receipt.state}")
    show_gate(profile)
    return ended(receipt, transfer_outcome(receipt))


def abandon(
    profile: LoadedProfile, seq: int, *, actor: str, reason: str, not_loaded: bool = False
) -> TransferReceipt:
    """Free the charges of an unconfirmed batch; they are judged afresh by the next run.

    Of a batch whose files left by themselves it takes `not_loaded`: that Affinity holds none of it.
    """
    intent = acting(profile, actor, "bill_export", Act.ABANDON, f"batch {seq}", reason=reason)
    with alone_with(profile):
        terms, today = retry_terms(profile), tenant_today(profile)
        recover_transfers(profile.warehouse, terms, today)
        with on_record(profile, intent, batch_subject(profile, seq, intent.act)):
            receipt = abandon_batch(
                profile.warehouse,
                seq,
                actor=actor,
                reason=reason,
                not_loaded=not_loaded,
                retry=terms,
                today=today,
            )
        publish_marts(profile.warehouse, publishing(profile))
    return receipt


def _evidence(
    profile: LoadedProfile, seq: int, operator: str, results: str, pasted: str
) -> tuple[Intent, Evidence]:
    """What says so: a result speaks for itself, a person must be allowed to. Forms leave blanks."""
    actor, path, text = (each.strip() for each in (operator, results, pasted))
    if path and text:
        raise UsageError(
            "Confirming a batch: there is a result file and a pasted result.",
            hint="Give one of them.",
        )
    if not path and not text:
        said = "every row is loaded"
        about = f"batch {seq}"
        intent = acting(profile, actor, "bill_export", Act.TRANSFER, about, reason=said)
        return intent, Evidence(actor=intent.who)
    rows, content = read_results(Path(path)) if path else _read_pasted(text)
    evidence = Evidence(actor=actor or "upload result", rows=rows, content=content)
    return Intent(Act.TRANSFER, evidence.actor, "", "Affinity's result"), evidence


def _read_pasted(text: str) -> tuple[pl.DataFrame, bytes]:
    content = f"{text}\n".encode()
    return parse_results(content, "that was pasted"), content
