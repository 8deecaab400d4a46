"""The second gate: evidence that a batch is in Affinity moves its charges to In Billing."""

from pathlib import Path

from prefect import flow

from flows.artifacts import ended
from flows.exclusive import alone_with
from flows.operators import acting
from flows.profile import LoadedProfile, load_profile
from flows.wiring import retry_terms, tenant_today
from schemas.receipts import TransferReceipt
from schemas.results import read_results
from tasks.reports.sheets import transfer_outcome
from tasks.runs.task import publish_marts
from tasks.transfer.task import Evidence, abandon_batch, recover_transfers, transfer_batch


@flow(name="transfer-to-billing", flow_run_name="transfer-batch-{seq}", persist_result=False)
def transfer_to_billing(
    seq: int,
    profile_path: str | None = None,
    results: str | None = None,
    uploaded_by: str | None = None,
) -> TransferReceipt:
    """Move the charges of batch `seq` as an upload result, or a named operator, says.

    Doing it twice changes nothing. Give `results` (Affinity's answer) or `uploaded_by` (who says
    that the upload is complete).
    """
    profile = load_profile(Path(profile_path) if profile_path else None)
    evidence = _evidence(profile, results, uploaded_by)
    with alone_with(profile):
        terms, today = retry_terms(profile), tenant_today(profile)
        recover_transfers(profile.warehouse, terms, today)
        receipt = transfer_batch(profile.warehouse, seq, evidence, terms, today)
        publish_marts(profile.warehouse, profile.published)
    return ended(receipt, transfer_outcome(receipt))


def abandon(
    profile: LoadedProfile, seq: int, *, actor: str, reason: str, not_loaded: bool = False
) -> TransferReceipt:
    """Free the charges of an unconfirmed batch; they are judged afresh by the next run.

    Of a batch whose files left by themselves it takes `not_loaded`: that Affinity holds none of it.
    """
    acting(profile, actor, "bill_export")
    with alone_with(profile):
        terms, today = retry_terms(profile), tenant_today(profile)
        recover_transfers(profile.warehouse, terms, today)
        receipt = abandon_batch(
            profile.warehouse,
            seq,
            actor=actor,
            reason=reason,
            not_loaded=not_loaded,
            retry=terms,
            today=today,
        )
        publish_marts(profile.warehouse, profile.published)
    return receipt


def _evidence(profile: LoadedProfile, results: str | None, uploaded_by: str | None) -> Evidence:
    if results is not None:
        rows, content = read_results(Path(results))
        return Evidence(actor=uploaded_by or "upload result", rows=rows, content=content)
    return Evidence(actor=acting(profile, uploaded_by or "", "bill_export"))
