"""Claim what is ready, then publish it: two steps, so that a crash between them loses nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from schemas.affinity import CLIS, LOAD_ORDER, PRODUCTS
from schemas.errors import DeliveryIncomplete, StaleStatus
from schemas.receipts import BatchReceipt, JudgementReceipt, RunRef
from schemas.vocabulary import BatchState, BillStatus, CliProfile, RetryState
from tasks.batch.clis import cli_rows, clis_live_elsewhere
from tasks.batch.manifest import manifest, totals_of
from tasks.batch.rendering import WrittenLayout
from tasks.batch.writer import parts_of, write_file
from tasks.outbox.durable import (
    MANIFEST,
    as_json,
    aside_folder,
    file_sha256,
    publish_folder,
    write_durably,
)
from tasks.step import step
from warehouse.batches import Batch, BatchStore
from warehouse.connection import open_warehouse, transaction
from warehouse.ledger import Ledger
from warehouse.retry_queue import RetryQueue, charge_subject
from warehouse.runs import note_warnings

OPEN_STATES = (
    BatchState.CLAIMED,
    BatchState.WRITTEN,
    BatchState.IN_DOUBT,
    BatchState.DELIVERED,
)
"""A batch in one of these counts against the number that may be open."""


@dataclass(frozen=True)
class BatchTerms:
    """Where batches go, how their files are written, how many may be open."""

    outbox: Path
    profile_sha256: str = ""
    layouts: Mapping[str, WrittenLayout] = field(default_factory=dict)
    cli_profiles: Mapping[str, CliProfile] = field(default_factory=dict)
    max_open: int = 1
    delivery_mode: str | None = None
    """How the batch is to leave; None: a person carries it."""


@dataclass(frozen=True)
class ClaimReceipt:
    """What claiming came to: the new batch, or why there is none."""

    seq: int | None
    open_batches: tuple[int, ...] = ()


@step("claim batch")
def claim_batch(run: RunRef, terms: BatchTerms, judgement: JudgementReceipt) -> ClaimReceipt:
    """Freeze every ready charge as the next batch, in one transaction.

    No batch when nothing is ready, or when as many as the profile allows are still open.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        claim = _next(store, terms)
        if claim.seq is None:
            return claim
        seq, last, moment = claim.seq, store.last(), _now()
        rows = _cli_rows(store, terms)
        elsewhere = clis_live_elsewhere(rows, store.affinity_clis())
        with transaction(connection):
            store.freeze(
                seq=seq,
                tenant=run.tenant,
                run_id=run.run_id,
                as_of=run.as_of,
                path=terms.outbox / f"{seq:06d}",
                created_at=moment,
                previous_manifest_sha256=last.manifest_sha256 if last else None,
                cli_rows=rows,
                totals=totals_of(judgement),
                delivery_mode=terms.delivery_mode,
            )
            ledger = Ledger(connection)
            ledger.take(seq)
            claimed = store.claimed_charges(seq)
            ledger.record(
                claimed.with_columns(
                    pl.lit(BillStatus.READY_TO_BILL.value).alias("from_status"),
                    pl.lit(BillStatus.READY_TO_BILL.value).alias("to_status"),
                    pl.lit(seq, pl.Int64).alias("batch_seq"),
                    pl.lit("exported").alias("reason"),
                ),
                what="claim",
                seq=seq,
                actor=run.run_id,
                moment=moment,
            )
            queue = RetryQueue(connection)
            queue.move(
                pl.concat(
                    [
                        claimed.select(charge_subject()).to_series(),
                        queue.clis_of(seq, store.cli_row_keys(seq)),
                    ]
                ),
                RetryState.IN_FLIGHT,
                now=moment,
                outcome=None,
                actor=run.run_id,
                detail=f"in batch {seq}",
            )
            note_warnings(
                connection,
                run.run_id,
                {("clis", "CLI is live in Affinity at another site"): elsewhere},
            )
    return claim


@step("preview batch")
def preview_batch(run: RunRef, terms: BatchTerms) -> tuple[ClaimReceipt, BatchReceipt | None]:
    """What `claim_batch` would freeze, without freezing it."""
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        claim = _next(store, terms)
        if claim.seq is None:
            return claim, None
        sizes = {CLIS: _cli_rows(store, terms).height, PRODUCTS: store.ready_count()}
        return claim, BatchReceipt(
            seq=claim.seq,
            path=terms.outbox / f"{claim.seq:06d}",
            files={
                name: count
                for file, total in sizes.items()
                for name, count in parts_of(
                    file, total, terms.layouts.get(file.name, WrittenLayout()).max_rows
                ).items()
            },
            value=store.ready_value(),
        )


def _next(store: BatchStore, terms: BatchTerms) -> ClaimReceipt:
    """The number the next batch would have; none when nothing is ready or too many are open."""
    open_batches = tuple(batch.seq for batch in store.in_state(*OPEN_STATES))
    if not store.ready_count() or len(open_batches) >= terms.max_open:
        return ClaimReceipt(None, open_batches)
    last = store.last()
    return ClaimReceipt(last.seq + 1 if last else 1, open_batches)


def _cli_rows(store: BatchStore, terms: BatchTerms) -> pl.DataFrame:
    return cli_rows(
        store.ready_for_clis(),
        store.numbers(),
        store.affinity_clis(),
        store.ledger_clis(),
        terms.cli_profiles,
    )


@step("publish batch")
def publish_batch(run: RunRef, terms: BatchTerms, seq: int) -> BatchReceipt:
    """Write the frozen rows of a claimed batch and rename its folder into place.

    The same frozen rows give the same bytes, so doing it again after a crash is harmless.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        batch = store.get(seq)
        if batch is None:
            raise StaleStatus(f"Publishing batch {seq}: the warehouse does not know it.")
        return _publish(store, batch, run.tenant, terms)


def _publish(store: BatchStore, batch: Batch, tenant: str, terms: BatchTerms) -> BatchReceipt:
    final = terms.outbox / f"{batch.seq:06d}"
    aside = aside_folder(final)
    files = []
    for file in LOAD_ORDER:
        layout = terms.layouts.get(file.name, WrittenLayout())
        files += write_file(store.rows(file, batch.seq), file, layout, aside)
    content = as_json(
        manifest(
            tenant=tenant,
            seq=batch.seq,
            previous_sha256=batch.previous_manifest_sha256,
            as_of=batch.as_of.isoformat(),
            created_at=batch.created_at.isoformat(timespec="seconds") + "Z",
            profile_sha256=terms.profile_sha256,
            files=files,
            totals=batch.totals,
        )
    )
    write_durably(aside / MANIFEST, content)
    store.sealed(batch.seq, manifest_sha256=hashlib.sha256(content).hexdigest())
    publish_folder(aside, final)
    store.move(batch.seq, BatchState.WRITTEN, moment=_now())
    return BatchReceipt(
        seq=batch.seq,
        path=final,
        files={each.name: each.rows for each in files},
        value=batch.value,
    )


@step("finish what was left open")
def recover_batches(run: RunRef, terms: BatchTerms) -> list[int]:
    """Bring outbox and warehouse into step before anything new begins; returns what was mended.

    A claimed batch without a folder is written now; one with its folder is noted as written.

    Raises:
        StaleStatus: the outbox holds a batch this warehouse does not know.
        DeliveryIncomplete: a folder is not the one that was claimed.
    """
    mended = []
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        last = store.last()
        newest = max(_published_numbers(terms.outbox), default=0)
        if newest > (last.seq if last else 0):
            raise StaleStatus(
                f"Starting a run: the outbox holds batch {newest}, but the warehouse knows "
                f"{last.seq if last else 'none'}.",
                hint="The warehouse is older than the outbox: restore its newest backup. Nothing "
                "is written until they agree.",
            )
        for batch in store.in_state(BatchState.CLAIMED):
            folder = terms.outbox / f"{batch.seq:06d}"
            if not folder.exists():
                _publish(store, batch, run.tenant, terms)
            elif (sealed := folder / MANIFEST).is_file() and (
                file_sha256(sealed) == batch.manifest_sha256
            ):
                store.move(batch.seq, BatchState.WRITTEN, moment=_now())
            else:
                raise DeliveryIncomplete(
                    f"Recovering batch {batch.seq}: its folder is not the one that was claimed.",
                    hint="Find out who wrote into the outbox; move the folder away and run again.",
                )
            mended.append(batch.seq)
    return mended


_SEQ_DIGITS = 6


def _published_numbers(outbox: Path) -> list[int]:
    if not outbox.is_dir():
        return []
    return [
        int(entry.name)
        for entry in outbox.iterdir()
        if entry.is_dir() and entry.name.isdigit() and len(entry.name) == _SEQ_DIGITS
    ]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
