"""From a written batch to Affinity's answer: delivered, asked, transferred, as far as it gets."""

from dataclasses import replace
from datetime import UTC, datetime

from flows.audit import batch_subject, on_record
from flows.exclusive import alone_with
from flows.operators import acting
from flows.parquet import said_last
from flows.profile import LoadedProfile, Role
from flows.ways import delivery_terms, open_delivery
from flows.wiring import publishing, retry_terms, tenant_today
from schemas.errors import DeliveryIncomplete, IllegalTransition, R2BError, UsageError
from schemas.receipts import DeliveryReceipt
from schemas.vocabulary import Act, BatchState, RetryState
from tasks.affinity.port import Delivery
from tasks.affinity.task import collect_answers, decide_doubt, deliver_batch
from tasks.runs.task import publish_marts
from tasks.transfer.task import Evidence, recover_transfers, transfer_batch
from warehouse.lookups import BatchUnderWay, batches_under_way

_ARRIVED = (BatchState.DELIVERED, BatchState.CONFIRMED)
_NEEDS_A_PERSON = (RetryState.PARKED, RetryState.DEAD)


def carry(profile: LoadedProfile, seq: int) -> DeliveryReceipt | None:
    """Bring batch `seq` to Affinity and its answer back, as far as they get; None by hand.

    What is in the way is in the receipt, and in the queue.
    """
    delivery = open_delivery(profile)
    if delivery is None:
        return None
    earlier = _before(profile, seq)
    if earlier is not None:
        words = f"batch {earlier} before it has not arrived"
        return _stuck(seq, BatchState.WRITTEN, words)
    return _carry(profile, delivery, seq)


def carry_open(profile: LoadedProfile, *, only_due: bool = False) -> list[DeliveryReceipt]:
    """Go on with every batch under way, oldest first; none overtakes one that has not arrived.

    A batch that a person has to decide about is left alone; `only_due` leaves those whose next try
    is still to come.
    """
    delivery = open_delivery(profile)
    receipts: list[DeliveryReceipt] = []
    now = datetime.now(UTC).replace(tzinfo=None)
    for batch in batches_under_way(profile.warehouse):
        if delivery is None:
            # the profile has a person carry the files now
            if batch.has_left:
                words = "it was left half way when delivery.mode became manual"
                receipts.append(_stuck(batch.seq, batch.state, words))
            continue
        if batch.state is BatchState.WRITTEN and not _may_try(batch, now, only_due=only_due):
            if not only_due:
                receipts.append(_stuck(batch.seq, batch.state, batch.words))
            break
        receipts.append(_carry(profile, delivery, batch.seq))
        if receipts[-1].state not in _ARRIVED:
            break
    return receipts


def _may_try(batch: BatchUnderWay, now: datetime, *, only_due: bool) -> bool:
    if batch.queue_state in _NEEDS_A_PERSON:
        return False
    is_to_come = batch.next_at is not None and batch.next_at > now
    return not (only_due and batch.queue_state is RetryState.WAITING and is_to_come)


def deliver(
    profile: LoadedProfile, seq: int, *, actor: str, arrived: bool | None = None
) -> DeliveryReceipt:
    """Go on with one batch because a person says so; with `arrived`, settle a doubt first.

    Raises:
        IllegalTransition: the batch is not one to be delivered, an earlier one has not arrived, or
            nothing of it is in doubt.
        NotAllowed: operators are declared and this one does not hold the role.
    """
    act = Act.DELIVER if arrived is None else Act.ARRIVED if arrived else Act.ABSENT
    role: Role = "bill_export" if arrived is None else "approve"
    intent = acting(profile, actor, role, act, f"batch {seq}")
    delivery = open_delivery(profile)
    if delivery is None:
        raise UsageError(
            f"Delivering batch {seq}: the profile's delivery.mode is manual.",
            hint="Upload its files by hand, then `r2b transfer`; or set delivery.mode.",
        )
    with said_last() as say_last, alone_with(profile):
        recover_transfers(profile.warehouse, retry_terms(profile), tenant_today(profile))
        try:
            with on_record(profile, intent, batch_subject(profile, seq, act)):
                _check_turn(profile, seq)
                if arrived is not None:
                    decide_doubt(
                        profile.warehouse,
                        seq,
                        arrived=arrived,
                        actor=intent.who,
                        terms=delivery_terms(profile),
                    )
                receipt = _carry(profile, delivery, seq)
        finally:
            publish_marts(profile.warehouse, publishing(profile))
    if not receipt.failed:  # which the caller says, and counts more
        say_last()
    return receipt


def first_failure(receipts: list[DeliveryReceipt]) -> DeliveryIncomplete | None:
    """What is to be said of the first delivery that failed; None when none did."""
    for each in receipts:
        if each.failed:
            return DeliveryIncomplete(
                f"Delivering batch {each.seq}: {each.trouble}.", hint=_next(each)
            )
    return None


def check_arrived(receipts: list[DeliveryReceipt]) -> None:
    """Stop with the first delivery that failed.

    Raises:
        DeliveryIncomplete: one did.
    """
    failure = first_failure(receipts)
    if failure is not None:
        raise failure


def _next(receipt: DeliveryReceipt) -> str:
    match receipt.state:
        case BatchState.IN_DOUBT:
            return (
                f"Find out whether Affinity has it, then `r2b deliver {receipt.seq} --arrived` or "
                "`--absent`, --by NAME."
            )
        case BatchState.WRITTEN:
            return f"`r2b queue list` says when it is tried again; `r2b deliver {receipt.seq}` now."
        case _:
            return f"It is delivered; transfer it with `r2b transfer {receipt.seq} --results FILE`."


def _before(profile: LoadedProfile, seq: int) -> int | None:
    """The first batch before `seq` that has not arrived."""
    under_way = batches_under_way(profile.warehouse)
    return next((b.seq for b in under_way if b.seq < seq and b.state not in _ARRIVED), None)


def _check_turn(profile: LoadedProfile, seq: int) -> None:
    earlier = _before(profile, seq)
    if earlier is not None:
        raise IllegalTransition(
            f"Delivering batch {seq}: batch {earlier} before it has not arrived.",
            hint=f"Settle batch {earlier} first.",
        )


def _stuck(seq: int, state: BatchState, words: str) -> DeliveryReceipt:
    return DeliveryReceipt(seq, state.value, "", {}, trouble=words or "it waits", failed=True)


def _carry(profile: LoadedProfile, delivery: Delivery, seq: int) -> DeliveryReceipt:
    try:
        receipt = deliver_batch(profile.warehouse, seq, delivery, delivery_terms(profile))
        if receipt.state not in _ARRIVED:
            return receipt
    except DeliveryIncomplete as error:
        return _stuck(seq, BatchState.WRITTEN, error.message)
    return _answered(profile, delivery, receipt)


def _answered(
    profile: LoadedProfile, delivery: Delivery, receipt: DeliveryReceipt
) -> DeliveryReceipt:
    """The batch transferred on what Affinity answered, if it has."""
    try:
        answer = collect_answers(profile.warehouse, receipt.seq, delivery, delivery_terms(profile))
        if answer is None:
            return receipt
        rows, content = answer
        moved = transfer_batch(
            profile.warehouse,
            receipt.seq,
            Evidence(actor=f"Affinity by {delivery.mode}", rows=rows, content=content),
            retry_terms(profile),
            tenant_today(profile),
        )
    except R2BError as error:
        return replace(receipt, trouble=error.message.removesuffix("."), failed=True)
    return replace(receipt, state=moved.state, transfer=moved)
