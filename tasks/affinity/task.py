"""Deliver a batch and fetch what Affinity answered: as far as it gets, from where it was."""

import contextlib
import csv
import io
import random
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import stamina

from schemas.affinity import RESULT_COLUMNS
from schemas.errors import DeliveryIncomplete, IllegalTransition
from schemas.receipts import DeliveryReceipt
from schemas.results import parse_results
from schemas.vocabulary import BatchState, FileState, RetryState
from tasks.affinity.carrying import (
    REFUSED_WHOLE,
    SHORTEST_WAIT,
    Carrying,
    CarryingTerms,
    Doubt,
    NotTakenYet,
)
from tasks.affinity.port import CannotAsk, Declined, Delivery, LinkDown, Seen
from tasks.outbox.delivery_journal import (
    DeliveryJournal,
    new_journal,
    read_delivery,
    write_delivery,
)
from tasks.outbox.durable import moment_of, moment_text, verify_files
from tasks.retry.failures import note_failure
from tasks.retry.policy import RetryTerms
from tasks.step import step
from warehouse.batches import Batch, BatchStore
from warehouse.connection import open_warehouse, transaction
from warehouse.deliveries import DELIVERY_FILE, DeliveryStore
from warehouse.retry_queue import RetryQueue, delivery_subject

_DELIVERABLE = (BatchState.WRITTEN, BatchState.DELIVERED)
_DECIDABLE = (BatchState.WRITTEN, BatchState.IN_DOUBT)


@dataclass(frozen=True)
class DeliveryTerms:
    """How batches leave: their names over there, and how patient we are."""

    tenant_folder: str
    carrying: CarryingTerms = field(default_factory=CarryingTerms)
    answer_wait: float = 60.0
    retry: RetryTerms = field(default_factory=RetryTerms)

    def remote_name(self, seq: int, name: str) -> str:
        """What a file of batch `seq` is called on the other side: a name used once, for ever."""
        return f"{self.tenant_folder}_{seq:06d}_{name}"


@step("deliver batch")
def deliver_batch(
    warehouse: Path, seq: int, delivery: Delivery, terms: DeliveryTerms
) -> DeliveryReceipt:
    """Bring every file of batch `seq` to Affinity, the CLI file and its receipt first.

    Whatever a try before this one did is asked about, never repeated on a guess. What goes wrong
    is said in the receipt and waits in the queue; a batch nobody can be sure of becomes in doubt.

    Raises:
        IllegalTransition: no such batch, or it is not one to be delivered.
        DeliveryIncomplete: our files are not those of the manifest, or the batch was begun another
            way.
    """
    batch = _batch(warehouse, seq)
    journal = read_delivery(batch.path)
    if batch.state is BatchState.CONFIRMED:
        return _receipt(batch, journal, trouble="", failed=False)
    if journal is not None and journal.doubt:
        if batch.state is BatchState.IN_DOUBT:
            return _receipt(batch, journal, trouble="", failed=True)
        # it was written down, and the process died before it was said
        return _settle(warehouse, batch, journal, Doubt(journal.doubt), terms)
    if batch.state is BatchState.IN_DOUBT:
        # decided and cut off: it goes on from the decision
        batch = batch._replace(state=BatchState.WRITTEN)
    if batch.state not in _DELIVERABLE:
        raise IllegalTransition(
            f"Delivering batch {seq}: it is {batch.state.value.replace('_', ' ')}.",
            hint="`r2b status` shows the open batches.",
        )
    verify_files(batch.path, batch.manifest_sha256)
    journal = _begun(batch, journal, delivery.mode, terms)
    carrying = Carrying(batch.path, journal, delivery, terms.carrying, _now)
    trouble: Exception | None = None
    try:
        carrying.carry()
    except (LinkDown, NotTakenYet, Declined, Doubt) as error:
        trouble = error
    finally:
        # also when our own bytes turn out to be wrong: what left has left
        settled = _settle(warehouse, batch, carrying.journal, trouble, terms)
    return settled


def _begun(
    batch: Batch, journal: DeliveryJournal | None, mode: str, terms: DeliveryTerms
) -> DeliveryJournal:
    """How far the batch has come, durable before anything leaves."""
    if journal is not None and journal.mode != mode and journal.has_begun:
        raise DeliveryIncomplete(
            f"Delivering batch {batch.seq}: it was begun by {journal.mode}, and the profile says "
            f"{mode} now.",
            hint="Set delivery.mode back until the batch is settled, or abandon it.",
        )
    if journal is None or journal.mode != mode:
        journal = new_journal(batch.path, mode, lambda name: terms.remote_name(batch.seq, name))
        write_delivery(batch.path, journal)
    return journal


def _settle(
    warehouse: Path,
    batch: Batch,
    journal: DeliveryJournal,
    trouble: Exception | None,
    terms: DeliveryTerms,
) -> DeliveryReceipt:
    """Bring warehouse and queue up to the journal."""
    moment = _now()
    words = str(trouble) if trouble is not None else ""
    with open_warehouse(warehouse) as connection, transaction(connection):
        queue = RetryQueue(connection)
        subject = delivery_subject(batch.seq)
        if trouble is None and journal.is_whole:
            queue.move(pl.Series([subject]), RetryState.DONE, now=moment, outcome="delivered")
        elif trouble is not None:
            state = note_failure(
                queue,
                subject=subject,
                reason=_REASONS.get(type(trouble), "no_answer"),
                message=words,
                transient=isinstance(trouble, (LinkDown, NotTakenYet)),
                terms=terms.retry,
                now=moment,
                dice=random.random(),  # noqa: S311  a wait, not a secret
                value=batch.value,
                batch_seq=batch.seq,
            )
            if state is RetryState.DEAD and any(
                each.state is FileState.SENDING for each in journal.files
            ):
                journal = write_delivery(
                    batch.path, replace(journal, doubt=f"nobody answers any more: {words}")
                )
        batch = _move(BatchStore(connection), batch, journal, moment)
        DeliveryStore(connection).replace(batch.seq, _projection(journal), mode=journal.mode)
    failed = trouble is not None and not isinstance(trouble, NotTakenYet)
    return _receipt(batch, journal, trouble=words, failed=failed or bool(journal.doubt))


_REASONS: dict[type[Exception], str] = {
    NotTakenYet: "not_taken",
    Declined: "refused",
    Doubt: "in_doubt",
}


def _move(store: BatchStore, batch: Batch, journal: DeliveryJournal, moment: datetime) -> Batch:
    """Put the batch where its journal says it is."""
    if journal.doubt:
        state = BatchState.IN_DOUBT
    elif journal.is_whole:
        state = BatchState.DELIVERED
    else:
        state = BatchState.WRITTEN
    if state is not batch.state:
        store.move(batch.seq, state, moment=moment, reason=journal.doubt or None)
    return batch._replace(state=state)


def _projection(journal: DeliveryJournal) -> pl.DataFrame:
    rows = [
        {
            "file": each.name,
            **{name: value for name, value in asdict(each).items() if name in DELIVERY_FILE},
            "state": each.state.value,
            "sent_at": each.sent_at and moment_of(each.sent_at),
            "receipted_at": each.receipted_at and moment_of(each.receipted_at),
        }
        for each in journal.files
    ]
    return pl.DataFrame(rows, schema=DELIVERY_FILE)


def _receipt(
    batch: Batch, journal: DeliveryJournal | None, *, trouble: str, failed: bool
) -> DeliveryReceipt:
    return DeliveryReceipt(
        seq=batch.seq,
        state=batch.state.value,
        mode=journal.mode if journal else "",
        files={each.name: each.state.value for each in journal.files} if journal else {},
        trouble=(journal.doubt if journal and journal.doubt else trouble),
        failed=failed,
    )


@step("decide about a batch in doubt")
def decide_doubt(
    warehouse: Path, seq: int, *, arrived: bool, actor: str, terms: DeliveryTerms
) -> DeliveryReceipt:
    """Take a person's word for whether the file in doubt arrived; the delivery goes on from there.

    Raises:
        IllegalTransition: no such batch, or nothing of it is in doubt.
    """
    moment = _now()
    batch = _batch(warehouse, seq)
    journal = read_delivery(batch.path)
    # one that lies there, and is yet to be taken, is in doubt only where the journal says so
    doubtful = {FileState.SENDING, *([FileState.STORED] if journal and journal.doubt else [])}
    open_files = [each for each in (journal.files if journal else ()) if each.state in doubtful]
    if journal is None or not open_files or batch.state not in _DECIDABLE:
        raise IllegalTransition(
            f"Deciding about batch {seq}: no file of it is in doubt.",
            hint="`r2b status` shows the open batches.",
        )
    file = open_files[0]
    said = {
        "file": file.name,
        "said": "arrived" if arrived else "absent",
        "actor": actor,
        "at": moment_text(moment),
        "doubt": journal.doubt,
    }
    state = FileState.RECEIPTED if arrived else FileState.PENDING
    journal = write_delivery(
        batch.path,
        replace(
            journal.changed(file.name, state=state, words=f"{said['said']}, says {actor}"),
            doubt="",
            decisions=(*journal.decisions, said),
        ),
    )
    return _settle(warehouse, batch, journal, None, terms)


@step("collect answers")
def collect_answers(
    warehouse: Path, seq: int, delivery: Delivery, terms: DeliveryTerms
) -> tuple[pl.DataFrame, bytes] | None:
    """What Affinity answered to the rows of a delivered batch; None while an answer is missing.

    Returns:
        Rows (RESULT_COLUMNS, text) of all files together, and the same as the bytes of a result
        file.

    Raises:
        SourceContractBroken: an answer is no result file.
        DeliveryIncomplete: the answers cannot be fetched now.
    """
    batch = _batch(warehouse, seq)
    journal = read_delivery(batch.path)
    if journal is None or journal.mode != delivery.mode or not journal.is_whole:
        return None
    answers: dict[str, bytes] = {}
    try:
        for attempt in stamina.retry_context(
            on=_Missing,
            attempts=None,
            timeout=max(terms.answer_wait, SHORTEST_WAIT),
            wait_initial=terms.carrying.poll,
            wait_max=terms.carrying.poll,
            wait_jitter=0,
        ):
            with attempt:
                _fetch(journal, delivery, answers)
        if _is_being_written(journal, delivery, answers, terms):
            return None
    except _Missing:
        _look_for_refusals(warehouse, batch, journal, delivery, terms)
        return None
    except (LinkDown, Declined) as error:
        raise DeliveryIncomplete(
            f"Fetching the answer to batch {seq}: {error.words}.",
            hint="The batch is delivered and stays so; the next run asks again.",
        ) from error
    rows = pl.concat([parse_results(content, name) for name, content in answers.items()])
    return rows, _as_result_file(rows)


def _look_for_refusals(
    warehouse: Path,
    batch: Batch,
    journal: DeliveryJournal,
    delivery: Delivery,
    terms: DeliveryTerms,
) -> None:
    """A file may be refused whole after its receipt: then no answer to its rows will ever come.

    Raises:
        DeliveryIncomplete: one was.
    """
    for file in journal.files:
        with contextlib.suppress(CannotAsk, LinkDown, Declined):
            sight = delivery.look(file.remote_name)
            if sight.seen is Seen.REFUSED:
                words = sight.words or "Affinity did not take the file"
                refused = journal.changed(file.name, state=FileState.REFUSED, words=words)
                trouble = Declined(REFUSED_WHOLE)
                _settle(warehouse, batch, write_delivery(batch.path, refused), trouble, terms)
                raise DeliveryIncomplete(
                    f"Fetching the answer to batch {batch.seq}: {REFUSED_WHOLE}.",
                    hint="Mend the cause, then deliver it again, or abandon it.",
                )


class _Missing(Exception):
    """Affinity has not answered to every file yet."""


def _fetch(journal: DeliveryJournal, delivery: Delivery, answers: dict[str, bytes]) -> None:
    for file in journal.files:
        if file.name not in answers:
            content = delivery.results(file.remote_name)
            if content is None:
                raise _Missing
            answers[file.name] = content


def _is_being_written(
    journal: DeliveryJournal, delivery: Delivery, answers: dict[str, bytes], terms: DeliveryTerms
) -> bool:
    """Whether the answers in a drop become longer: what a loader has not come to is not refused."""
    if delivery.mode in {"http", "s3"}:  # an answer is whole, or none
        return False
    time.sleep(terms.carrying.poll)
    again: dict[str, bytes] = {}
    _fetch(journal, delivery, again)
    return again != answers


def _as_result_file(rows: pl.DataFrame) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(RESULT_COLUMNS)
    writer.writerows(rows.select(RESULT_COLUMNS).iter_rows())
    return text.getvalue().encode()


def _batch(warehouse: Path, seq: int) -> Batch:
    with open_warehouse(warehouse) as connection:
        return BatchStore(connection).known(seq)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
