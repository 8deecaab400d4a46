"""Taking back what a confirmed batch handed over: an inverse batch that leaves like any other."""

import tempfile
from dataclasses import replace
from pathlib import Path

from flows.audit import batch_subject, on_record
from flows.deliveries import carry
from flows.exclusive import alone_with
from flows.operators import acting
from flows.parquet import said_last
from flows.profile import LoadedProfile
from flows.wiring import batch_terms, new_run, publishing, retry_terms
from schemas.errors import IllegalTransition
from schemas.receipts import UndoReceipt
from schemas.vocabulary import Act
from tasks.batch.task import claim_undo, publish_batch, recover_batches
from tasks.runs.task import publish_marts
from tasks.transfer.task import recover_transfers
from tasks.verify.task import check_tenant
from warehouse.connection import held_open
from warehouse.scratch import copy_state


def undo(profile: LoadedProfile, seq: int, *, actor: str, reason: str) -> UndoReceipt:
    """Write the inverse of batch `seq` and deliver it, or leave it at the gate.

    Its charges stay In Billing until it is confirmed itself.

    Raises:
        IllegalTransition: there is nothing to undo, or another batch is open.
        NotAllowed: operators are declared and this one may not export.
    """
    intent = acting(profile, actor, "bill_export", Act.UNDO, f"batch {seq}", reason=reason)
    _refuse_unknown(profile, seq)
    run = new_run(profile, None)
    with said_last() as say_last, alone_with(profile):
        recover_batches(run, batch_terms(profile))
        recover_transfers(profile.warehouse, retry_terms(profile), run.as_of)
        with on_record(profile, intent, batch_subject(profile, seq, intent.act)):
            terms = batch_terms(profile)
            claimed = claim_undo(run, terms, seq, actor=intent.who, reason=reason)
            published = publish_batch(run, terms, claimed.seq)
            delivery = carry(profile, claimed.seq)
        publish_marts(profile.warehouse, publishing(profile))
    if delivery is None or not delivery.failed:  # which the caller says, and counts more
        say_last()
    return replace(claimed, files=published.files, delivery=delivery)


def plan_undo(profile: LoadedProfile, seq: int) -> UndoReceipt:
    """What `undo` would write; nothing outside a temporary folder is written, created or locked.

    Raises:
        IllegalTransition: there is nothing to undo, or another batch is open.
        ProfileWrong: the warehouse is another tenant's.
    """
    _refuse_unknown(profile, seq)
    with tempfile.TemporaryDirectory(prefix="r2b-plan-") as folder:
        run = replace(new_run(profile, None), warehouse=Path(folder) / "warehouse.duckdb")
        with held_open(run.warehouse, memory=run.memory):
            copy_state(profile.warehouse, run.warehouse, with_core=True)
            check_tenant(run.warehouse, profile.outbox)
            planned = claim_undo(run, batch_terms(profile), seq, actor="plan", reason="plan")
    return replace(planned, is_planned=True)


def _refuse_unknown(profile: LoadedProfile, seq: int) -> None:
    if not profile.warehouse.exists():
        raise IllegalTransition(
            f"Undoing batch {seq}: nothing has run here yet.", hint="Run `r2b run` first."
        )
