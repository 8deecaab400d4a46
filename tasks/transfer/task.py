"""Transfer to Billing, abandon, and the queue's own moves: journal first, then one transaction."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars as pl

from schemas.affinity import LAYER_UPDATES
from schemas.errors import DeliveryIncomplete, IllegalTransition
from schemas.json_text import read_json
from schemas.layer_imports import FOLDER
from schemas.receipts import RunRef, TransferReceipt
from schemas.results import parse_results
from schemas.vocabulary import (
    BatchState,
    BillStatus,
    CeaseKind,
    FailureScope,
    LedgerStatus,
    RetryState,
    RowOutcome,
)
from tasks.outbox.delivery_journal import read_delivery
from tasks.outbox.durable import MANIFEST, moment_of, verify_files, write_durably
from tasks.outbox.removal import were_removed
from tasks.outbox.transfer_journal import add_decision, evidence_of, read_journal
from tasks.retry.failures import FAILURE, failure, note_failure, words_of
from tasks.retry.policy import RetryTerms
from tasks.step import step
from tasks.transfer.bystanders import with_parts
from tasks.transfer.moves import (
    OVERRULED,
    Settlement,
    all_rows,
    check_move,
    settle,
    settle_found,
)
from tasks.transfer.proof import found_file, proven_clis
from tasks.transfer.refusals import refused_rows, with_patience
from warehouse.batches import Batch, BatchStore
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.deliveries import DeliveryStore
from warehouse.ledger import Ledger
from warehouse.queries import first_row
from warehouse.read_back import SnapshotStore
from warehouse.retry_queue import (
    RetryQueue,
    cease_subject,
    delivery_subject,
)
from warehouse.runs import note_warnings
from warehouse.snapshots import CLIS, READ_BACK, SITE_PRODUCTS, UnseenSnapshots
from warehouse.undos import UndoStore

LAYER_UPDATES_FILE = "layer_updates.csv"

SHORT_DIGEST = 8
"""Fewer characters of a digest than this say too little of which batch is meant."""


@dataclass(frozen=True)
class Evidence:
    """What says that a batch's rows are in Affinity: a result, or a person's word.

    `rows` (row_key, outcome, code, message) and `content` are those of a result file.
    """

    actor: str
    rows: pl.DataFrame | None = None
    content: bytes | None = None


class Decision(NamedTuple):
    """What was decided of a batch: `transfer` or `abandon`, by whom, when and why."""

    what: str
    actor: str
    moment: datetime
    reason: str | None = None


@step("transfer to billing")
def transfer_batch(
    warehouse: Path,
    seq: int,
    evidence: Evidence,
    retry: RetryTerms,
    today: date,
    *,
    digest: str = "",
) -> TransferReceipt:
    """Move the charges of batch `seq` as the evidence says; twice is once.

    Raises:
        IllegalTransition: no such batch, not in a state to be confirmed, evidence that does not fit
            it, another's `digest` (the first characters of it), or a person's word that every row
            is loaded while some of its files have not left; nothing is changed.
        DeliveryIncomplete: the batch's files are not those of its manifest.
    """
    moment = _now()
    with open_warehouse(warehouse) as connection:
        batch = _batch(connection, seq)
        _check_digest(batch, digest)
        check_move(seq, batch.state, BatchState.CONFIRMED)
        verify_files(batch.path, batch.manifest_sha256)
        if evidence.rows is None:
            _refuse_word_against_journal(batch)
        rows = _rows(connection, batch, retry)
        said = all_rows(rows, RowOutcome.ACCEPTED) if evidence.rows is None else evidence.rows
        settlement = settle(seq, rows, said, retry)
        if settlement.outcomes.is_empty() and batch.state is BatchState.CONFIRMED:
            return replace(_receipt(connection, batch, BatchState.CONFIRMED), changed=False)
        state = _once_told(connection, batch, rows, settlement)
        add_decision(
            batch.path,
            kind="uploaded" if evidence.rows is None else "results",
            actor=evidence.actor,
            moment=moment,
            manifest_sha256=batch.manifest_sha256,
            results=evidence.content,
            failure_scope=None if evidence.rows is None else retry.failure_scope.value,
        )
        _apply(
            connection,
            batch,
            rows,
            settlement,
            Decision("transfer", evidence.actor, moment),
            state=state,
            retry=retry,
            today=today,
        )
        return _receipt(connection, batch, state or batch.state)


def _refuse_word_against_journal(batch: Batch) -> None:
    """Refuse to believe that all is loaded of what left by itself, but for a file or two."""
    journal = read_delivery(batch.path)
    if journal is None or not journal.has_begun:
        return
    here = [each.name for each in journal.files if not each.has_left]
    if here:
        raise IllegalTransition(
            f"Confirming batch {batch.seq}: {', '.join(here)} of it has not left, or was refused.",
            hint=f"`r2b deliver {batch.seq}` goes on with it; or give Affinity's answer with "
            "--results. Nothing was changed.",
        )


def _check_digest(batch: Batch, digest: str) -> None:
    """Refuse to confirm a batch that is not the one whose digest was read."""
    whole = batch.manifest_sha256 or ""
    if digest and not (len(digest) >= SHORT_DIGEST and whole.startswith(digest.lower())):
        raise IllegalTransition(
            f"Confirming batch {batch.seq}: its digest is another one.",
            hint=f"Read the number and at least {SHORT_DIGEST} characters of the digest off the "
            "batch's sheet. Nothing was changed.",
        )


@step("abandon batch")
def abandon_batch(
    warehouse: Path,
    seq: int,
    *,
    actor: str,
    reason: str,
    not_loaded: bool,
    retry: RetryTerms,
    today: date,
) -> TransferReceipt:
    """Free every charge of batch `seq` that has no outcome yet; its number is not used again.

    Twice is once.

    Raises:
        IllegalTransition: no such batch, every row of it has an outcome already, or files of it
            left and nobody says that Affinity holds none of them.
    """
    moment = _now()
    with open_warehouse(warehouse) as connection:
        batch = _batch(connection, seq)
        if batch.state is BatchState.ABANDONED:
            return replace(_receipt(connection, batch, BatchState.ABANDONED), changed=False)
        check_move(seq, batch.state, BatchState.ABANDONED)
        rows = Ledger(connection).outcomes(seq)
        pending = all_rows(rows, RowOutcome.ABANDONED, reason)
        if pending.is_empty():
            raise IllegalTransition(
                f"Abandoning batch {seq}: every row of it already has an outcome.",
                hint="What is In Billing is taken back by `r2b undo`, not by abandoning its batch.",
            )
        if _has_left(connection, batch) and not not_loaded:
            raise IllegalTransition(
                f"Abandoning batch {seq}: files of it may be in Affinity.",
                hint="Its charges would be sent again. Make sure that Affinity holds nothing of "
                "it, then say so with --not-loaded.",
            )
        settlement = settle(seq, rows, pending)
        if batch.path.is_dir():
            add_decision(
                batch.path,
                kind="abandoned",
                actor=actor,
                moment=moment,
                manifest_sha256=batch.manifest_sha256,
                reason=reason,
            )
        state = _once_abandoned(batch)
        decision = Decision("abandon", actor, moment, reason)
        _apply(connection, batch, rows, settlement, decision, state=state, retry=retry, today=today)
        return _receipt(connection, batch, state)


def _has_left(connection: Connection, batch: Batch) -> bool:
    """Whether files of a batch may be in Affinity, also where its folder is gone by now."""
    delivery = read_delivery(batch.path)
    if delivery is not None:
        return delivery.has_begun
    return bool(DeliveryStore(connection).left(batch.seq))


@step("finish transfers that were cut off")
def recover_transfers(
    warehouse: Path, retry: RetryTerms, today: date, *, writes_back: bool = True
) -> list[int]:
    """Bring the warehouse up to every decision the outbox records; returns what was mended.

    The journal is written first, so a decision without its commit is one that was cut off. A
    write-back that is owed is written too, unless somebody else sees to it when it is due.
    """
    mended = []
    with open_warehouse(warehouse) as connection:
        store = BatchStore(connection)
        items = {item.subject: item.state for item in RetryQueue(connection).items()}
        committed = Ledger(connection).decisions()
        for batch in store.in_state(
            BatchState.WRITTEN,
            BatchState.IN_DOUBT,
            BatchState.DELIVERED,
            BatchState.CONFIRMED,
            BatchState.ABANDONED,
        ):
            for decision in read_journal(batch.path)[committed.get(batch.seq, 0) :]:
                _finish(connection, batch, decision, retry, today)
                mended.append(batch.seq)
            if writes_back and _owes_write_back(connection, batch, items):
                _write_back(connection, batch, retry)
    return mended


@step("write back")
def write_back(warehouse: Path, seq: int, retry: RetryTerms) -> Path:
    """Tell The Layer of batch `seq`: write its update files anew, close its queue item.

    Raises:
        OSError: it cannot be written.
    """
    with open_warehouse(warehouse) as connection:
        batch = _batch(connection, seq)
        _write_updates(connection, batch, retry)
        return batch.path / LAYER_UPDATES_FILE


@step("read back")
def read_back(
    run: RunRef, retry: RetryTerms, today: date, *, alarm_after_days: int, is_plan: bool = False
) -> int:
    """Take Affinity's snapshots, if any came since the last look, as proof of what is there.

    A row that is there counts as accepted, whatever we thought of it; absence proves nothing. What
    has had no answer for too long becomes a warning of the run. A plan writes no journal.

    Returns:
        How many rows were proven.
    """
    proven = 0
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        snapshots, unseen = SnapshotStore(connection), UnseenSnapshots(connection)
        found = _found(snapshots, unseen)
        overruled = lost = 0
        for seq in sorted(found["seq"].unique()):
            batch = _batch(connection, seq)
            if not batch.path.is_dir():
                # what cannot be journalled is not decided
                lost += 1
                continue
            keys = found.filter(pl.col("seq") == seq)["row_key"]
            rows = Ledger(connection).outcomes(seq)
            settlement = settle_found(batch.seq, rows, keys)
            moment, actor = _now(), f"read-back of run {run.run_id}"
            if not is_plan:
                add_decision(
                    batch.path,
                    kind="read_back",
                    actor=actor,
                    moment=moment,
                    manifest_sha256=batch.manifest_sha256,
                    results=found_file(settlement.outcomes["row_key"]),
                )
            _apply(
                connection,
                batch,
                rows,
                settlement,
                Decision("transfer", actor, moment),
                state=_once_read_back(connection, batch, rows, settlement),
                retry=retry,
                today=today,
                tells_layer=not is_plan,
            )
            proven += settlement.outcomes.height
            overruled += _overruled(rows, settlement)
        with transaction(connection):
            if not lost:  # a delta does not show them again, and the folder may come back
                unseen.note_seen(READ_BACK)
            note_warnings(
                connection,
                run.run_id,
                {
                    (SITE_PRODUCTS, "billed there, but we had it as not accepted"): overruled,
                    ("batches", "rows found in Affinity, but the batch's folder is gone"): lost,
                    (
                        "batches",
                        f"rows exported more than {alarm_after_days} days ago have no answer",
                    ): snapshots.unanswered_for(alarm_after_days, as_of=run.as_of),
                },
            )
    return proven


def _found(snapshots: SnapshotStore, unseen: UnseenSnapshots) -> pl.DataFrame:
    """`seq` and `row_key` of our rows that the snapshots show which nobody has looked at."""
    found = [pl.DataFrame(schema={"seq": pl.Int64, "row_key": pl.String})]
    if unseen.has(READ_BACK, CLIS):
        found.append(proven_clis(snapshots.unanswered_clis(), snapshots.live_clis()))
    if unseen.has(READ_BACK, SITE_PRODUCTS):
        found.append(snapshots.products())
    return pl.concat(found)


def _once_read_back(
    connection: Connection, batch: Batch, rows: pl.DataFrame, settlement: Settlement
) -> BatchState | None:
    """One proven product confirms a batch that waits for its answer; its CLIs alone do not."""
    answered = settlement.moves.height - _overruled(rows, settlement)
    if batch.state is BatchState.ABANDONED or not answered:
        return None
    check_move(batch.seq, batch.state, BatchState.CONFIRMED)
    return _once_told(connection, batch, rows, settlement)


def _overruled(rows: pl.DataFrame, settlement: Settlement) -> int:
    """How many product rows are there although we had their charge as something else."""
    had = rows.filter(pl.col("standing").is_in(list(OVERRULED)))
    return (
        settlement.outcomes.filter(pl.col("stands_as") == LedgerStatus.IN_BILLING)
        .join(had, on="row_key", how="semi")
        .height
    )


def _rows(connection: Connection, batch: Batch, retry: RetryTerms) -> pl.DataFrame:
    """ROW of a batch; which part each row is in is looked up only where it matters."""
    rows = Ledger(connection).outcomes(batch.seq)
    if retry.failure_scope is FailureScope.ROW:
        # a batch of millions: what a bad row would take along is told by these
        return rows.drop("customer_ref", "site_ref", "cli", "asset_id")
    return _with_parts(connection, batch, rows)


def _with_parts(connection: Connection, batch: Batch, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the written file that each is in."""
    places = Ledger(connection).places(batch.seq)
    return with_parts(rows.join(places, on="row_key"), _written(batch))


def _written(batch: Batch) -> Mapping[str, int]:
    """Rows by written file, in order."""
    path = batch.path / MANIFEST
    try:
        files = read_json(path.read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeliveryIncomplete(
            f"Reading the manifest of batch {batch.seq}: it is missing or altered.",
            hint="Restore the folder as it was written; do not edit files in the outbox.",
        ) from error
    return {each["name"]: each["rows"] for each in files}


def _finish(
    connection: Connection,
    batch: Batch,
    decision: dict[str, str],
    retry: RetryTerms,
    today: date,
) -> None:
    if decision.get("manifest_sha256") != batch.manifest_sha256:
        raise DeliveryIncomplete(
            f"Finishing a transfer of batch {batch.seq}: its journal is about other files.",
            hint="Restore the batch's folder as it was; nothing is decided about it until then.",
        )
    # read as it was read when it was decided, whatever the profile says by now
    scope = FailureScope(decision.get("failure_scope") or FailureScope.ROW)
    retry = replace(retry, failure_scope=scope)
    rows = _rows(connection, batch, retry)
    said = _recorded(decision, batch.path, rows)
    kind = decision["kind"]
    state: BatchState | None
    if kind == "read_back":
        settlement = settle_found(batch.seq, rows, said["row_key"])
        state = _once_read_back(connection, batch, rows, settlement)
    else:
        settlement = settle(batch.seq, rows, said, retry)
        state = (
            _once_abandoned(batch)
            if kind == "abandoned"
            else _once_told(connection, batch, rows, settlement)
        )
    taken = Decision(
        "abandon" if kind == "abandoned" else "transfer",
        decision["actor"],
        moment_of(decision["at"]),
        decision.get("reason"),
    )
    _apply(connection, batch, rows, settlement, taken, state=state, retry=retry, today=today)


def _once_told(
    connection: Connection, batch: Batch, rows: pl.DataFrame, settlement: Settlement
) -> BatchState | None:
    """Confirmed; but what is still leaving, and is told of files that left, goes on leaving.

    Where rows of a file that has not left are there, somebody else brought them: it must not leave.
    """
    delivery = read_delivery(batch.path)
    is_leaving = (
        batch.state in {BatchState.WRITTEN, BatchState.IN_DOUBT}
        and delivery is not None
        and delivery.has_begun
        and not delivery.is_whole
    )
    pending = rows.filter(pl.col("outcome").is_null()).join(
        settlement.outcomes, on="row_key", how="anti"
    )
    if delivery is None or not is_leaving or pending.is_empty():
        return BatchState.CONFIRMED
    stay = [each.name for each in delivery.files if not each.has_left]
    told = _with_parts(connection, batch, rows).join(
        settlement.outcomes.filter(pl.col("outcome") == RowOutcome.ACCEPTED),
        on="row_key",
        how="semi",
    )
    return BatchState.CONFIRMED if told["part"].is_in(stay).any() else None


def _once_abandoned(batch: Batch) -> BatchState:
    """A batch with a result stays confirmed: only what the result did not mention is freed."""
    return BatchState.CONFIRMED if batch.state is BatchState.CONFIRMED else BatchState.ABANDONED


def _apply(
    connection: Connection,
    batch: Batch,
    rows: pl.DataFrame,
    settlement: Settlement,
    decision: Decision,
    *,
    state: BatchState | None,
    retry: RetryTerms,
    today: date,
    tells_layer: bool = True,
) -> None:
    """Bring the warehouse up to a decision in one transaction, then tell The Layer.

    `rows` is ROW of the batch, as it was when the evidence was settled. Without a `state` the batch
    stays in the one it is in.
    """
    with transaction(connection):
        _commit(connection, batch, rows, settlement, decision, retry=retry, today=today)
        if state is not None:
            BatchStore(connection).move(
                batch.seq,
                state,
                moment=decision.moment,
                actor=decision.actor,
                reason=decision.reason,
            )
            RetryQueue(connection).move(
                pl.Series([delivery_subject(batch.seq)]),
                RetryState.DONE,
                now=decision.moment,
                outcome=f"{decision.what} of batch {batch.seq}",
                actor=decision.actor,
            )
    is_news = state is BatchState.CONFIRMED or settlement.moves.height > 0
    if tells_layer and is_news and decision.what == "transfer":
        _write_back(connection, batch, retry)


def _recorded(decision: dict[str, str], folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """The evidence a decision in the journal stands on."""
    if decision["kind"] == "abandoned":
        return all_rows(rows, RowOutcome.ABANDONED, decision.get("reason"))
    if decision["kind"] == "uploaded":
        return all_rows(rows, RowOutcome.ACCEPTED)
    return parse_results(evidence_of(folder, decision), decision["results"])


def _commit(
    connection: Connection,
    batch: Batch,
    rows: pl.DataFrame,
    settlement: Settlement,
    decision: Decision,
    *,
    retry: RetryTerms,
    today: date,
) -> None:
    outcomes, moves = settlement
    seq, actor, moment = batch.seq, decision.actor, decision.moment
    ledger, queue = Ledger(connection), RetryQueue(connection)
    ledger.record(
        moves.with_columns(pl.lit(seq, pl.Int64).alias("batch_seq")),
        what=decision.what,
        seq=seq,
        actor=actor,
        moment=moment,
    )
    refused = _refused(connection, seq, outcomes, rows)
    is_billed = pl.col("stands_as").is_in(
        [LedgerStatus.IN_BILLING.value, LedgerStatus.CHANGED.value]
    )
    ledger.settle(
        seq,
        outcomes.join(
            refused.select("row_key", "refused_content"), on="row_key", how="left"
        ).with_columns(
            pl.when(is_billed).then(pl.lit(seq, pl.Int64)).alias("batch_seq"),
            pl.when(is_billed).then(pl.lit(today, pl.Date)).alias("in_billing_on"),
        ),
        today=today,
    )
    if refused.height:
        refused = with_patience(refused, ledger.outcomes(seq), retry)
        queue.fail(_failures(queue, refused, seq, moment, retry), now=moment, actor=actor)

    of_queue = rows.select("row_key", "file", "kind", "subject")
    settled = of_queue.join(outcomes.select("row_key", "stands_as"), on="row_key")
    _move_items(queue, batch, settled, decision)
    undos = rows.filter(pl.col("kind") == CeaseKind.UNDO).select("line_id", "charge_type")
    _settle_undo(queue, moves.join(undos, on=["line_id", "charge_type"], how="semi"), seq, decision)


def _refused(
    connection: Connection, seq: int, outcomes: pl.DataFrame, rows: pl.DataFrame
) -> pl.DataFrame:
    """What the queue is told; only what was refused is looked up, which is little of a batch."""
    keys = outcomes.filter(pl.col("stands_as") == LedgerStatus.REJECTED)["row_key"]
    return refused_rows(
        outcomes,
        rows,
        BatchStore(connection).products(seq, keys),
        UndoStore(connection).ceases(seq),
    )


def _move_items(queue: RetryQueue, batch: Batch, rows: pl.DataFrame, decision: Decision) -> None:
    """What was accepted is done; what goes out again by itself needs nobody's care."""
    moment, actor = decision.moment, decision.actor
    for stand, state, outcome in (
        (_TAKEN, RetryState.DONE, "accepted in batch"),
        ((LedgerStatus.ABANDONED, LedgerStatus.RETURNED), RetryState.RELEASED, None),
    ):
        these = rows.filter(
            pl.col("stands_as").is_in(list(stand)) & (pl.col("kind") != CeaseKind.UNDO)
        )
        clis = queue.clis_of(batch.seq, these.filter(pl.col("file") == "clis")["row_key"])
        queue.move(
            pl.concat([these.filter(pl.col("file") != "clis")["subject"], clis]),
            state,
            now=moment,
            outcome=None if outcome is None else f"{outcome} {batch.seq}",
            actor=actor,
        )
    # a CLI that was to be added from another day has an item of its own: the newest goes on
    refused = rows.filter(
        (pl.col("stands_as") == LedgerStatus.REJECTED) & (pl.col("file") == "clis")
    )
    same = queue.clis_of(batch.seq, refused["row_key"])
    queue.move(
        same.filter(~same.is_in(refused["subject"].implode())),
        RetryState.DONE,
        now=moment,
        outcome=f"refused anew in batch {batch.seq}",
        actor=actor,
    )
    given_back = rows.filter(
        (pl.col("stands_as") == LedgerStatus.RETURNED) & (pl.col("kind") == CeaseKind.UNDO)
    )
    queue.move(given_back["subject"], RetryState.PARKED, now=moment, outcome=None, actor=actor)


_TAKEN = (
    LedgerStatus.IN_BILLING,
    LedgerStatus.LIVE,
    LedgerStatus.CHANGED,
    LedgerStatus.CEASED,
    LedgerStatus.STOPPED,
)


def _settle_undo(queue: RetryQueue, back: pl.DataFrame, seq: int, decision: Decision) -> None:
    """Items of charges taken back are done; those of an undo given up wait for the next undo."""
    undone = back.filter(pl.col("to_status") == BillStatus.NOT_BILLED)
    queue.move(
        undone.select(cease_subject()).to_series(),
        RetryState.DONE,
        now=decision.moment,
        outcome=f"undone by batch {seq}",
        actor=decision.actor,
    )
    if decision.what == "abandon":
        queue.move(
            back.select(cease_subject()).to_series(),
            RetryState.PARKED,
            now=decision.moment,
            outcome=None,
            actor=decision.actor,
        )


def _failures(
    queue: RetryQueue, refused: pl.DataFrame, seq: int, now: datetime, retry: RetryTerms
) -> pl.DataFrame:
    before = queue.attempts(refused["subject"].to_list())
    rows = [
        failure(
            subject=row["subject"],
            reason=row["code"] or "rejected",
            message=row["message"],
            transient=row["is_transient"],
            attempts=before.get(row["subject"], 0) + 1,
            terms=retry,
            now=now,
            dice=random.random(),  # noqa: S311  a wait, not a secret
            value=row["value"],
            batch_seq=seq,
        )
        for row in refused.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=FAILURE)


def _write_back_subject(seq: int) -> str:
    return f"write_back:{seq}"


def _owes_write_back(connection: Connection, batch: Batch, items: Mapping[str, RetryState]) -> bool:
    """Whether The Layer has not been told all of a batch, and it is to be tried now."""
    # a folder that was archived needs no file, nor does one whose files were kept long enough
    if not batch.path.is_dir() or were_removed(batch.path):
        return False
    item = items.get(_write_back_subject(batch.seq))
    if item is not None:
        return item in {RetryState.WAITING, RetryState.RELEASED}
    if (batch.path / LAYER_UPDATES_FILE).is_file():
        return False
    return batch.state is BatchState.CONFIRMED or (
        batch.state is BatchState.ABANDONED
        and not Ledger(connection).layer_updates(batch.seq).is_empty()
    )


def _write_back(connection: Connection, batch: Batch, retry: RetryTerms) -> None:
    """Tell The Layer; if that cannot be written now, the queue sees to it. The transfer stands."""
    try:
        _write_updates(connection, batch, retry)
    except OSError as error:
        reason, message, transient = words_of(error)
        with transaction(connection):
            note_failure(
                RetryQueue(connection),
                subject=_write_back_subject(batch.seq),
                reason=reason,
                message=f"Writing {LAYER_UPDATES_FILE} of batch {batch.seq}: {message}.",
                transient=transient,
                terms=retry,
                now=_now(),
                dice=random.random(),  # noqa: S311  a wait, not a secret
                batch_seq=batch.seq,
            )


def _write_updates(connection: Connection, batch: Batch, retry: RetryTerms) -> None:
    ledger = Ledger(connection)
    imports = ledger.layer_imports(batch.seq, application=retry.application)
    for name, rows in imports.items():
        if rows.height:
            (batch.path / FOLDER).mkdir(mode=0o700, exist_ok=True)
            write_durably(batch.path / FOLDER / f"{name}.csv", _as_csv(rows))
    # last, for it says that all of them are there
    updates = ledger.layer_updates(batch.seq).select(list(LAYER_UPDATES))
    write_durably(batch.path / LAYER_UPDATES_FILE, _as_csv(updates))
    with transaction(connection):
        RetryQueue(connection).move(
            pl.Series([_write_back_subject(batch.seq)]),
            RetryState.DONE,
            now=_now(),
            outcome=f"written: {LAYER_UPDATES_FILE}",
        )


def _as_csv(rows: pl.DataFrame) -> bytes:
    return rows.write_csv(line_terminator="\r\n").encode()


def _batch(connection: Connection, seq: int) -> Batch:
    return BatchStore(connection).known(seq)


def _receipt(connection: Connection, batch: Batch, state: BatchState) -> TransferReceipt:
    by_outcome = Ledger(connection).counts(batch.seq)
    accepted_value = first_row(
        connection,
        "SELECT coalesce(sum(product.quantity::DECIMAL(38, 0) * product.unit_price), 0) "
        "FROM out.batch_charge AS product INNER JOIN out.batch_outcome AS outcome "
        "ON product.seq = outcome.seq AND product.row_key = outcome.row_key "
        "WHERE product.seq = $seq AND product.kind = 'charge' AND outcome.outcome = 'accepted'",
        {"seq": batch.seq},
    )
    updates = batch.path / LAYER_UPDATES_FILE
    return TransferReceipt(
        seq=batch.seq,
        state=state.value,
        accepted=by_outcome.get((RowOutcome.ACCEPTED.value, True), 0),
        changed_there=by_outcome.get((RowOutcome.ACCEPTED.value, False), 0),
        rejected=sum(
            by_outcome.get((RowOutcome.REJECTED.value, moves), 0) for moves in (True, False)
        ),
        pending=sum(by_outcome.get((None, moves), 0) for moves in (True, False)),
        accepted_value=(accepted_value[0] if accepted_value else Decimal(0))
        - UndoStore(connection).accepted_value(batch.seq),
        layer_updates=updates if updates.is_file() else None,
        undoes=batch.undoes,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
