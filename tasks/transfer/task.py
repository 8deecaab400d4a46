"""Transfer to Billing, abandon, and the queue's own moves: journal first, then one transaction."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars as pl

from schemas.affinity import LAYER_UPDATES
from schemas.charge import charge_content
from schemas.errors import IllegalTransition
from schemas.receipts import TransferReceipt
from schemas.results import parse_results
from schemas.tables import VALUE
from schemas.vocabulary import BatchState, BillStatus, RetryState, RowOutcome
from tasks.outbox.durable import verify_files, write_durably
from tasks.retry.policy import RetryTerms, decide
from tasks.step import step
from tasks.transfer.journal import add_decision, read_journal
from tasks.transfer.moves import Settlement, all_rows, check_move, settle
from warehouse.batches import Batch, BatchStore
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.ledger import Ledger
from warehouse.queries import first_row, scalar
from warehouse.retry_queue import RetryQueue, cease_subject, charge_subject
from warehouse.undos import UndoStore

LAYER_UPDATES_FILE = "layer_updates.csv"


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
    warehouse: Path, seq: int, evidence: Evidence, retry: RetryTerms, today: date
) -> TransferReceipt:
    """Move the charges of batch `seq` as the evidence says; twice is once.

    Raises:
        IllegalTransition: no such batch, not in a state to be confirmed, or evidence that does not
            fit it; nothing is changed.
        DeliveryIncomplete: the batch's files are not those of its manifest.
    """
    moment = _now()
    with open_warehouse(warehouse) as connection:
        batch = _batch(connection, seq)
        check_move(seq, batch.state, BatchState.CONFIRMED)
        verify_files(batch.path, batch.manifest_sha256)
        rows = Ledger(connection).outcomes(seq)
        said = all_rows(rows, RowOutcome.ACCEPTED) if evidence.rows is None else evidence.rows
        settlement = settle(seq, rows, said)
        if settlement.outcomes.is_empty() and batch.state is BatchState.CONFIRMED:
            return replace(_receipt(connection, batch, BatchState.CONFIRMED), changed=False)
        add_decision(
            batch.path,
            kind="uploaded" if evidence.rows is None else "results",
            actor=evidence.actor,
            moment=moment,
            manifest_sha256=batch.manifest_sha256,
            results=evidence.content,
        )
        _apply(
            connection,
            batch,
            settlement,
            Decision("transfer", evidence.actor, moment),
            state=BatchState.CONFIRMED,
            retry=retry,
            today=today,
        )
        return _receipt(connection, batch, BatchState.CONFIRMED)


@step("abandon batch")
def abandon_batch(
    warehouse: Path, seq: int, *, actor: str, reason: str, retry: RetryTerms, today: date
) -> TransferReceipt:
    """Free every charge of batch `seq` that has no outcome yet; its number is not used again.

    Raises:
        IllegalTransition: no such batch, or every row of it has an outcome already.
    """
    moment = _now()
    with open_warehouse(warehouse) as connection:
        batch = _batch(connection, seq)
        if batch.state is BatchState.ABANDONED:
            return _receipt(connection, batch, BatchState.ABANDONED)
        check_move(seq, batch.state, BatchState.ABANDONED)
        rows = Ledger(connection).outcomes(seq)
        pending = all_rows(rows, RowOutcome.ABANDONED, reason)
        if pending.is_empty():
            raise IllegalTransition(
                f"Abandoning batch {seq}: every row of it already has an outcome.",
                hint="What is In Billing is taken back by `r2b undo`, not by abandoning its batch.",
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
        _apply(connection, batch, settlement, decision, state=state, retry=retry, today=today)
        return _receipt(connection, batch, state)


@step("finish transfers that were cut off")
def recover_transfers(warehouse: Path, retry: RetryTerms, today: date) -> list[int]:
    """Bring the warehouse up to every decision the outbox records; returns what was mended.

    The journal is written first, so a decision without its commit is one that was cut off.
    """
    mended = []
    with open_warehouse(warehouse) as connection:
        store = BatchStore(connection)
        for batch in store.in_state(BatchState.WRITTEN, BatchState.DELIVERED, BatchState.CONFIRMED):
            decisions = read_journal(batch.path)
            done = scalar(
                connection,
                "SELECT count(*) FROM ops.ledger_commit "
                "WHERE batch_seq = $seq AND what IN ('transfer', 'abandon')",
                {"seq": batch.seq},
            )
            for decision in decisions[done:]:
                _finish(connection, batch, decision, retry, today)
                mended.append(batch.seq)
            updates = batch.path / LAYER_UPDATES_FILE
            # a folder that was archived needs no file
            if batch.state is BatchState.CONFIRMED and batch.path.is_dir() and not updates.exists():
                _write_back(connection, batch)
    return mended


def _finish(
    connection: Connection,
    batch: Batch,
    decision: dict[str, str],
    retry: RetryTerms,
    today: date,
) -> None:
    rows = Ledger(connection).outcomes(batch.seq)
    settlement = settle(batch.seq, rows, _recorded(decision, batch.path, rows))
    abandoned = decision["kind"] == "abandoned"
    taken = Decision(
        "abandon" if abandoned else "transfer",
        decision["actor"],
        datetime.fromisoformat(decision["at"]).astimezone(UTC).replace(tzinfo=None),
        decision.get("reason"),
    )
    state = _once_abandoned(batch) if abandoned else BatchState.CONFIRMED
    _apply(connection, batch, settlement, taken, state=state, retry=retry, today=today)


def _once_abandoned(batch: Batch) -> BatchState:
    """A batch with a result stays confirmed: only what the result did not mention is freed."""
    return BatchState.CONFIRMED if batch.state is BatchState.CONFIRMED else BatchState.ABANDONED


def _apply(
    connection: Connection,
    batch: Batch,
    settlement: Settlement,
    decision: Decision,
    *,
    state: BatchState,
    retry: RetryTerms,
    today: date,
) -> None:
    """Bring the warehouse up to a decision in one transaction, then tell The Layer."""
    with transaction(connection):
        _commit(connection, batch, settlement, decision, retry=retry, today=today)
        BatchStore(connection).move(
            batch.seq, state, moment=decision.moment, actor=decision.actor, reason=decision.reason
        )
    if decision.what == "transfer":
        _write_back(connection, batch)


def _recorded(decision: dict[str, str], folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """The evidence a decision in the journal stands on."""
    if decision["kind"] == "abandoned":
        return all_rows(rows, RowOutcome.ABANDONED, decision.get("reason"))
    if decision["kind"] == "uploaded":
        return all_rows(rows, RowOutcome.ACCEPTED)
    name = decision["results"]
    return parse_results((folder / name).read_bytes(), name)


def _commit(
    connection: Connection,
    batch: Batch,
    settlement: Settlement,
    decision: Decision,
    *,
    retry: RetryTerms,
    today: date,
) -> None:
    outcomes, moves = settlement
    what, actor, moment, _ = decision
    ledger = Ledger(connection)
    ledger.record(
        moves.with_columns(pl.lit(batch.seq, pl.Int64).alias("batch_seq")),
        what=what,
        seq=batch.seq,
        actor=actor,
        moment=moment,
    )
    refused = _refused(connection, batch.seq, outcomes)
    ledger.settle(
        batch.seq,
        outcomes.join(refused.select("row_key", "refused_content"), on="row_key", how="left"),
        today=today,
    )
    queue = RetryQueue(connection)
    queue.fail(_failures(queue, refused, batch.seq, moment, retry), now=moment)
    back = moves.filter(pl.col("from_status") == BillStatus.IN_BILLING)
    _settle_undo(queue, back, batch.seq, what, moment)
    moves = moves.filter(pl.col("from_status") != BillStatus.IN_BILLING)
    accepted = moves.filter(pl.col("to_status") == BillStatus.IN_BILLING)
    queue.move(
        accepted.select(charge_subject()).to_series(),
        RetryState.DONE,
        now=moment,
        outcome=f"accepted in batch {batch.seq}",
    )
    freed = moves.join(accepted, on=["line_id", "charge_type"], how="anti")
    if what == "abandon":
        queue.move(
            freed.select(charge_subject()).to_series(),
            RetryState.RELEASED,
            now=moment,
            outcome=None,
        )


def _settle_undo(
    queue: RetryQueue, back: pl.DataFrame, seq: int, what: str, moment: datetime
) -> None:
    """Items of charges taken back are done; those of an undo given up wait for the next undo."""
    undone = back.filter(pl.col("to_status") == BillStatus.NOT_BILLED)
    queue.move(
        undone.select(cease_subject()).to_series(),
        RetryState.DONE,
        now=moment,
        outcome=f"undone by batch {seq}",
    )
    if what == "abandon":
        queue.move(
            back.select(cease_subject()).to_series(), RetryState.PARKED, now=moment, outcome=None
        )


def _refused(connection: Connection, seq: int, outcomes: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows with their subject, money and, for products, the content that was refused."""
    rejected = outcomes.filter(pl.col("outcome") == RowOutcome.REJECTED)
    products = (
        BatchStore(connection)
        .products(seq)
        .select(
            "row_key",
            charge_subject().alias("charge"),
            (pl.col("quantity").cast(pl.Decimal(38, 0)) * pl.col("unit_price").cast(VALUE)).alias(
                "value"
            ),
            charge_content().alias("refused_content"),
        )
    )
    ceases = (
        UndoStore(connection)
        .ceases(seq)
        .select(
            "row_key",
            cease_subject().alias("charge"),
            pl.col("value").cast(VALUE),
            pl.lit(None, dtype=pl.String).alias("refused_content"),
        )
    )
    return rejected.join(pl.concat([products, ceases]), on="row_key", how="left").with_columns(
        pl.coalesce("charge", pl.format("cli:{}", "row_key")).alias("subject")
    )


def _failures(
    queue: RetryQueue, refused: pl.DataFrame, seq: int, now: datetime, retry: RetryTerms
) -> pl.DataFrame:
    before = queue.attempts(refused["subject"].to_list())
    rows = []
    for row in refused.iter_rows(named=True):
        attempts = before.get(row["subject"], 0) + 1
        decision = decide(
            code=row["code"],
            attempts=attempts,
            now=now,
            dice=random.random(),  # noqa: S311  a wait, not a secret
            terms=retry,
        )
        rows.append(
            {
                "subject": row["subject"],
                "kind": decision.kind.value,
                "reason": row["code"] or "rejected",
                "message": row["message"],
                "attempts": attempts,
                "max_attempts": retry.max_attempts,
                "next_at": decision.next_at,
                "state": decision.state.value,
                "value": row["value"],
                "batch_seq": seq,
            }
        )
    return pl.DataFrame(rows, schema=FAILURE)


FAILURE = pl.Schema(
    {
        "subject": pl.String(),
        "kind": pl.String(),
        "reason": pl.String(),
        "message": pl.String(),
        "attempts": pl.Int64(),
        "max_attempts": pl.Int64(),
        "next_at": pl.Datetime("us"),
        "state": pl.String(),
        "value": VALUE,
        "batch_seq": pl.Int64(),
    }
)
"""One row per failed thing, as the queue takes it."""


def _write_back(connection: Connection, batch: Batch) -> None:
    updates = Ledger(connection).layer_updates(batch.seq).select(list(LAYER_UPDATES))
    content = updates.write_csv(line_terminator="\r\n").encode()
    write_durably(batch.path / LAYER_UPDATES_FILE, content)


def _batch(connection: Connection, seq: int) -> Batch:
    batch = BatchStore(connection).get(seq)
    if batch is None:
        raise IllegalTransition(
            f"There is no batch {seq}.", hint="`r2b status` shows the open batches."
        )
    return batch


def _receipt(connection: Connection, batch: Batch, state: BatchState) -> TransferReceipt:
    counted = (
        Ledger(connection)
        .outcomes(batch.seq)
        .filter(pl.col("file") != "clis")
        .group_by("outcome")
        .len()
    )
    by_outcome = dict(counted.iter_rows())
    accepted_value = first_row(
        connection,
        "SELECT coalesce(sum(product.quantity::DECIMAL(38, 0) * product.unit_price), 0) "
        "FROM out.batch_product AS product INNER JOIN out.batch_outcome AS outcome "
        "ON product.seq = outcome.seq AND product.row_key = outcome.row_key "
        "WHERE product.seq = $seq AND outcome.outcome = 'accepted'",
        {"seq": batch.seq},
    )
    updates = batch.path / LAYER_UPDATES_FILE
    return TransferReceipt(
        seq=batch.seq,
        state=state.value,
        accepted=by_outcome.get(RowOutcome.ACCEPTED.value, 0),
        rejected=by_outcome.get(RowOutcome.REJECTED.value, 0),
        pending=by_outcome.get(None, 0),
        accepted_value=(accepted_value[0] if accepted_value else Decimal(0))
        - UndoStore(connection).accepted_value(batch.seq),
        layer_updates=updates if updates.exists() else None,
        undoes=batch.undoes,
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
