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
from flows.parquet import said_last
from flows.private import keep_private
from flows.profile import LoadedProfile, load_profile
from flows.wiring import publishing, retry_terms, tenant_today
from schemas.errors import UsageError
from schemas.receipts import TransferReceipt
from schemas.results import parse_results, read_results
from schemas.storable import LARGEST_NUMBER, is_storable
from schemas.vocabulary import Act
from tasks.reports.sheets import transfer_outcome
from tasks.runs.task import publish_marts
from tasks.transfer.task import Evidence, abandon_batch, recover_transfers, transfer_batch

BatchNumber = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]


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
    said = _said_by_form(profile, batch, operator, results, pasted_results)
    return _transfer(profile, batch, said, digest=digest.strip())


@flow(name="transfer-to-billing", flow_run_name="transfer-batch-{batch}", persist_result=False)
def transfer_by_command(
    batch: int,
    *,
    uploaded: bool,
    operator: str = "",
    results: str | None = None,
    profile_path: str | None = None,
) -> TransferReceipt:
    """Move a batch's charges to In Billing, as the command says: nothing is read into a blank.

    Args:
        batch: The batch's number.
        uploaded: The operator says that every row is loaded; then there is no result file.
        operator: Who says so, or brings the result file.
        results: Affinity's result file.
        profile_path: The tenant's profile; `r2b.toml` when left out.
    """
    keep_private()
    profile = load_profile(Path(profile_path) if profile_path else None)
    if uploaded == (results is not None) or (results is not None and not results.strip()):
        raise UsageError(
            f"Confirming batch {batch}: it takes either a result file or a person's word.",
            hint="Give --results FILE, or --uploaded --by NAME.",
        )
    said = (
        _by_word(profile, batch, operator)
        if results is None
        else _by_result(operator, *read_results(Path(results)))
    )
    return _transfer(profile, batch, said)


def _transfer(
    profile: LoadedProfile, batch: int, said: tuple[Intent, Evidence], *, digest: str = ""
) -> TransferReceipt:
    intent, evidence = said
    with said_last() as say_last, alone_with(profile):
        terms, today = retry_terms(profile), tenant_today(profile)
        recover_transfers(profile.warehouse, terms, today)
        with on_record(profile, intent, batch_subject(profile, batch, intent.act)):
            receipt = transfer_batch(
                profile.warehouse, batch, evidence, terms, today, digest=digest
            )
        publish_marts(profile.warehouse, publishing(profile))
    named(profile, f"batch {batch}: {receipt.state}")
    show_gate(profile)
    say_last()
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
                actor=intent.who,
                reason=reason,
                not_loaded=not_loaded,
                retry=terms,
                today=today,
            )
        publish_marts(profile.warehouse, publishing(profile))
    return receipt


def _said_by_form(
    profile: LoadedProfile, seq: int, operator: str, results: str, pasted: str
) -> tuple[Intent, Evidence]:
    """What a form says: forms leave blanks, and without a result it is the operator's word."""
    path, text = results.strip(), pasted.strip()
    if not is_storable(f"{path}{text}"):
        raise UsageError(
            "Confirming a batch: the result holds what is no character.",
            hint="Give it as a file.",
        )
    if path and text:
        raise UsageError(
            "Confirming a batch: there is a result file and a pasted result.",
            hint="Give one of them.",
        )
    if path:
        return _by_result(operator, *read_results(Path(path)))
    if text:
        return _by_result(operator, *_read_pasted(text))
    return _by_word(profile, seq, operator)


def _by_word(profile: LoadedProfile, seq: int, operator: str) -> tuple[Intent, Evidence]:
    """A person says that every row is loaded, who must be allowed to."""
    said = "every row is loaded"
    intent = acting(profile, operator, "bill_export", Act.TRANSFER, f"batch {seq}", reason=said)
    return intent, Evidence(actor=intent.who)


def _by_result(operator: str, rows: pl.DataFrame, content: bytes) -> tuple[Intent, Evidence]:
    """A result speaks for itself, whoever brings it."""
    evidence = Evidence(actor=operator.strip() or "upload result", rows=rows, content=content)
    return Intent(Act.TRANSFER, evidence.actor, "", "Affinity's result"), evidence


def _read_pasted(text: str) -> tuple[pl.DataFrame, bytes]:
    content = f"{text}\n".encode()
    return parse_results(content, "that was pasted"), content
