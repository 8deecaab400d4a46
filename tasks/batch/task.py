"""Claim what is ready, then publish it: two steps, so that a crash between them loses nothing."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from schemas.affinity import CEASES, CLIS, LOAD_ORDER, PRODUCTS, OutFile
from schemas.audit import AuditHead
from schemas.errors import DeliveryIncomplete, IllegalTransition, StaleStatus
from schemas.receipts import (
    BatchFile,
    BatchReceipt,
    JudgementReceipt,
    Money,
    RunRef,
    SealedBatch,
    UndoReceipt,
)
from schemas.vocabulary import (
    BatchState,
    BillStatus,
    CliProfile,
    Disposition,
    RetryState,
)
from tasks.batch.canary import goes_first
from tasks.batch.clis import (
    CliRows,
    cli_rows,
    clis_live_elsewhere,
    moved_here,
    opened_again,
)
from tasks.batch.manifest import manifest, totals_of
from tasks.batch.rendering import WrittenLayout
from tasks.batch.undo import cease_rows, cli_cease_rows, sharing_a_key, unfit
from tasks.batch.writer import parts_of, write_file
from tasks.outbox.durable import (
    MANIFEST,
    as_json,
    aside_folder,
    moment_text,
    publish_folder,
    write_durably,
)
from tasks.step import step
from warehouse.batches import Batch, BatchStore, SitePart, Tail
from warehouse.charges import ChargeStore
from warehouse.connection import Connection, file_sha256, open_warehouse, transaction
from warehouse.ledger import Ledger
from warehouse.retry_queue import RetryQueue, cease_subject
from warehouse.runs import note_warnings
from warehouse.undos import Changed, UndoStore

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
    expands_ranges: bool = False
    max_open: int = 1
    delivery_mode: str | None = None
    """How the batch is to leave; None: a person carries it."""
    canary_rows: int = 0
    audit_head: AuditHead | None = None
    """The last entry of the audit trail, for the manifest to name."""
    enter: Callable[[SealedBatch], None] = lambda _batch: None
    """Enters a batch in the register that all copies of the tenant share, where there is one."""


@dataclass(frozen=True)
class ClaimReceipt:
    """What claiming came to: the new batch, or why there is none."""

    seq: int | None
    open_batches: tuple[int, ...] = ()
    is_canary: bool = False


@step("claim batch")
def claim_batch(run: RunRef, terms: BatchTerms, judgement: JudgementReceipt) -> ClaimReceipt:
    """Freeze every ready charge, or the first as a canary, as the next batch, in one transaction.

    No batch when nothing is ready, or when as many as the profile allows are still open.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        with transaction(connection):
            claim = _set_aside(store, terms)
            if claim.seq is not None:
                _freeze(connection, run, terms, judgement, claim.seq, is_canary=claim.is_canary)
            store.bring_back()
    return claim


def _freeze(
    connection: Connection,
    run: RunRef,
    terms: BatchTerms,
    judgement: JudgementReceipt,
    seq: int,
    *,
    is_canary: bool,
) -> None:
    """Freeze what is ready and due as batch `seq`, and enter it in ledger and queue."""
    store, moment = BatchStore(connection), _now()
    last = store.last()
    rows, met = _cli_rows(store, terms, is_canary=is_canary)
    elsewhere = clis_live_elsewhere(rows, store.all_affinity_clis())
    store.freeze(
        seq=seq,
        tenant=run.tenant,
        run_id=run.run_id,
        as_of=run.as_of,
        path=terms.outbox / f"{seq:06d}",
        created_at=moment,
        previous_manifest_sha256=last.manifest_sha256 if last else None,
        cli_rows=rows,
        totals=totals_of(judgement, terms.audit_head),
        delivery_mode=terms.delivery_mode,
        is_canary=is_canary,
    )
    store.meet_clis(met, seq=seq)
    ledger = Ledger(connection)
    ledger.take(seq)
    ledger.record_claim(seq, actor=run.run_id, moment=moment)
    queue = RetryQueue(connection)
    queue.move(
        queue.taken(seq),
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


@step("preview batch")
def preview_batch(run: RunRef, terms: BatchTerms) -> tuple[ClaimReceipt, BatchReceipt | None]:
    """What `claim_batch` would freeze, without freezing it.

    On a copy of the warehouse that nobody reads afterwards: what it sets aside stays there.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        with transaction(connection):
            claim = _set_aside(store, terms)
            clis = (
                0
                if claim.seq is None
                else _cli_rows(store, terms, is_canary=claim.is_canary).added.height
            )
            due = store.due_counts(is_canary=claim.is_canary)
            ready, value = store.ready_rows(), store.ready_value()
        if claim.seq is None:
            return claim, None
        sizes = {file: due.get(file.name, 0) for file in LOAD_ORDER}
        sizes[CLIS] = clis
        sizes[PRODUCTS] += ready
        return claim, BatchReceipt(
            seq=claim.seq,
            path=terms.outbox / f"{claim.seq:06d}",
            files=_parts(sizes, terms),
            value=value,
            is_canary=claim.is_canary,
        )


def _parts(sizes: Mapping[OutFile, int], terms: BatchTerms) -> dict[str, int]:
    return {
        name: count
        for file, total in sizes.items()
        for name, count in parts_of(file, total, _layout(file, terms).max_rows).items()
    }


def _layout(file: OutFile, terms: BatchTerms) -> WrittenLayout:
    return terms.layouts.get(file.name, WrittenLayout())


def _set_aside(store: BatchStore, terms: BatchTerms) -> ClaimReceipt:
    """The number the next batch has; none when nothing is due or too many are open.

    What is ready but must not go with it is set aside until the caller brings it back.
    """
    still_open = store.in_state(*OPEN_STATES)
    open_batches = tuple(batch.seq for batch in still_open)
    store.set_pairs_aside()
    ready, due = store.ready_count(), sum(store.due_counts(is_canary=False).values())
    # nothing follows a canary before its answer is there
    full = len(open_batches) >= terms.max_open or any(batch.is_canary for batch in still_open)
    if not (ready or due) or full:
        return ClaimReceipt(None, open_batches)
    is_canary = goes_first(
        canary_rows=terms.canary_rows,
        ready=store.ready_rows(),
        after_a_clean_canary=_is_clean_canary(store.tail()),
    )
    if is_canary:
        store.set_aside(terms.canary_rows)
    return ClaimReceipt(_next_number(store), open_batches, is_canary)


@step("look at the canary")
def canary_is_clean(run: RunRef) -> bool:
    """Whether the last batch is a canary of which every row was accepted, its CLIs included."""
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        return _is_clean_canary(BatchStore(connection).tail())


def _next_number(store: BatchStore) -> int:
    last = store.last()
    return last.seq + 1 if last else 1


def _is_clean_canary(tail: Tail | None) -> bool:
    return (
        tail is not None
        and tail.is_canary
        and tail.state is BatchState.CONFIRMED
        and not tail.rows_not_accepted
    )


def _cli_rows(store: BatchStore, terms: BatchTerms, *, is_canary: bool) -> CliRows:
    """The CLIs to add for what the batch bills, and those that changed; a canary only adds."""
    changed = store.due_clis().clear() if is_canary else store.due_clis()
    numbers = store.numbers()
    found = [
        _cli_rows_at(at, store, terms, numbers, changed, is_canary=is_canary)
        for at in store.site_parts()
    ]
    is_new = pl.col("action") == "ADD"
    if not (new := changed.filter(is_new)).is_empty():
        ended = pl.concat(store.ended_clis(at) for at in store.site_parts())
        moved = _moved(opened_again(new, ended), store)
        changed = pl.concat([changed.filter(~is_new), moved], how="diagonal")
    return CliRows(
        added=pl.concat([*(each.added for each in found), changed], how="diagonal"),
        met=pl.concat(each.met for each in found),
    )


def _moved(added: pl.DataFrame, store: BatchStore) -> pl.DataFrame:
    """Rows to add, but what Affinity has at another site of the customer is moved."""
    return moved_here(added, store.movable_clis(added["customer_ref"].unique()))


def _cli_rows_at(
    at: SitePart,
    store: BatchStore,
    terms: BatchTerms,
    numbers: pl.DataFrame,
    changed: pl.DataFrame,
    *,
    is_canary: bool,
) -> CliRows:
    """The CLIs to add at a part of the sites; `numbers` and `changed` are those of all."""
    needed = [store.ready_for_clis(at)]
    if not is_canary:
        needed.append(store.due_cli_places(at))
    ready = pl.concat(needed)
    found = cli_rows(
        ready,
        numbers,
        store.affinity_clis(ready["site_ref"].unique()),
        pl.concat([store.ledger_clis(at), changed.select("site_ref", "cli", lives_until="end_on")]),
        terms.cli_profiles,
        ended=store.ended_clis(at),
        expands_ranges=terms.expands_ranges,
    )
    return found._replace(added=_moved(found.added, store))


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
    files, sealed = _write(store, batch, tenant, terms, aside)
    store.sealed(batch.seq, manifest_sha256=sealed)
    terms.enter(batch.as_sealed(sealed))  # else it must not leave, by any hand
    publish_folder(aside, final)
    _note_written(store, batch, sealed, terms)
    return BatchReceipt(
        seq=batch.seq,
        path=final,
        files={each.name: each.rows for each in files},
        value=batch.value,
        is_canary=batch.is_canary,
    )


def _note_written(store: BatchStore, batch: Batch, sealed: str, terms: BatchTerms) -> None:
    terms.enter(batch.as_sealed(sealed, is_published=True))
    store.move(batch.seq, BatchState.WRITTEN, moment=_now())


def _write(
    store: BatchStore, batch: Batch, tenant: str, terms: BatchTerms, aside: Path
) -> tuple[list[BatchFile], str]:
    """Write the frozen rows and the manifest into `aside`: the files, and the manifest's digest."""
    files: list[BatchFile] = []
    for file in LOAD_ORDER:
        files += write_file(store.rows(file, batch.seq), file, _layout(file, terms), aside)
    content = as_json(
        manifest(
            tenant=tenant,
            seq=batch.seq,
            previous_sha256=batch.previous_manifest_sha256,
            as_of=batch.as_of.isoformat(),
            created_at=moment_text(batch.created_at),
            profile_sha256=terms.profile_sha256,
            files=files,
            totals=batch.totals,
            is_canary=batch.is_canary,
            undoes=batch.undoes,
        )
    )
    write_durably(aside / MANIFEST, content)
    return files, hashlib.sha256(content).hexdigest()


@step("claim undo")
def claim_undo(run: RunRef, terms: BatchTerms, seq: int, *, actor: str, reason: str) -> UndoReceipt:
    """Freeze the inverse of batch `seq` as the next batch, in one transaction.

    Its charges stay In Billing until its own result is in. The receipt says what would be written
    as well where `run` works on a scratch copy.

    Raises:
        IllegalTransition: there is nothing to undo, it cannot be said in Affinity's files, or as
            many batches as the profile allows are open; nothing is changed.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store, undos = BatchStore(connection), UndoStore(connection)
        _check_undo(connection, terms, seq)
        standing, last = undos.standing(seq), store.last()
        changed = undos.changed(seq)
        if standing.is_empty():
            raise _nothing_stands(seq, changed)
        shared = sharing_a_key(standing)
        if shared:
            raise IllegalTransition(
                f"Undoing batch {seq}: {shared} charge(s) cannot be told apart by asset, charge "
                "type and bill start, or were ceased so before.",
                hint="Cease them in Affinity by hand. Nothing was changed.",
            )
        ceases = cease_rows(standing, seq)
        clis = cli_cease_rows(undos.added_clis(seq), undos.users(), standing)
        _check_fit(seq, {CLIS: clis, CEASES: ceases}, terms)
        moment, number, value = _now(), _next_number(store), -Decimal(standing["value"].sum())
        path = terms.outbox / f"{number:06d}"
        with transaction(connection):
            store.freeze_clis(clis, seq=number, tenant=run.tenant)
            undos.freeze(ceases, seq=number, tenant=run.tenant)
            back = undos.taken_back(number)
            store.enter(
                seq=number,
                as_of=run.as_of,
                path=path,
                created_at=moment,
                previous_manifest_sha256=last.manifest_sha256 if last else None,
                value=value,
                totals=totals_of(_as_it_stands(connection), terms.audit_head),
                delivery_mode=terms.delivery_mode,
                undoes=seq,
                actor=actor,
                reason=reason,
            )
            Ledger(connection).record(
                back.select(
                    "line_id",
                    "charge_type",
                    pl.lit(BillStatus.IN_BILLING.value).alias("from_status"),
                    pl.lit(BillStatus.IN_BILLING.value).alias("to_status"),
                    pl.lit(number, pl.Int64).alias("batch_seq"),
                    pl.lit(f"undo of batch {seq} exported: {reason}").alias("reason"),
                ),
                what="claim",
                seq=number,
                actor=actor,
                moment=moment,
            )
            RetryQueue(connection).move(
                standing.select(cease_subject()).to_series(),
                RetryState.IN_FLIGHT,
                now=moment,
                outcome=None,
            )
        return UndoReceipt(
            seq=number,
            undoes=seq,
            path=path,
            files=_parts({CLIS: clis.height, CEASES: ceases.height}, terms),
            value=value,
            charges=back.height,
            changed_since=changed.since,
        )


def _nothing_stands(seq: int, changed: Changed) -> IllegalTransition:
    if changed.since:
        return IllegalTransition(
            f"Undoing batch {seq}: {changed.since} charge(s) of it were changed since, and are "
            "billed by later batches.",
            hint="Set Do Not Bill on them in The Layer: the next batch ends them.",
        )
    if changed.only:
        return IllegalTransition(
            f"Undoing batch {seq}: it put no charge In Billing, it changed {changed.only}.",
            hint="Correct them in The Layer: the next batch changes them again.",
        )
    return IllegalTransition(
        f"Undoing batch {seq}: nothing of it is In Billing.", hint="There is nothing to take back."
    )


def _check_undo(connection: Connection, terms: BatchTerms, seq: int) -> None:
    """Refuse to undo what was never confirmed, is itself an undo, or is being undone."""
    store = BatchStore(connection)
    batch = store.get(seq)
    if batch is None:
        raise IllegalTransition(
            f"Undoing batch {seq}: there is no such batch.", hint="mart.batch lists all there are."
        )
    if batch.undoes is not None:
        raise IllegalTransition(
            f"Undoing batch {seq}: it is itself the undo of batch {batch.undoes}.",
            hint="What was taken back is sold on a new order line to be billed again.",
        )
    # of an abandoned one rows may have been found in Affinity after all
    if batch.state not in {BatchState.CONFIRMED, BatchState.ABANDONED}:
        raise IllegalTransition(
            f"Undoing batch {seq}: it is {batch.state.value}, not confirmed.",
            hint="A batch without a result is given up with `r2b abandon`.",
        )
    joined = UndoStore(connection).joined(seq)
    if joined:
        raise IllegalTransition(
            f"Undoing batch {seq}: {joined} charge(s) of it joined groups that were there before.",
            hint="Set Do Not Bill on them: the next batch takes them out. Nothing was changed.",
        )
    pending = UndoStore(connection).unanswered(seq)
    if pending is not None:
        raise IllegalTransition(
            f"Undoing batch {seq}: batch {pending} undoes it already and has rows without an "
            "answer.",
            hint=f"Confirm batch {pending} with `r2b transfer`, or give it up with `r2b abandon`.",
        )
    open_batches = [each.seq for each in store.in_state(*OPEN_STATES)]
    if len(open_batches) >= terms.max_open:
        raise IllegalTransition(
            f"Undoing batch {seq}: batch {', '.join(map(str, open_batches))} is open.",
            hint="Confirm it with `r2b transfer`, or give it up with `r2b abandon`, then undo.",
        )


def _check_fit(seq: int, rows: Mapping[OutFile, pl.DataFrame], terms: BatchTerms) -> None:
    for file, each in rows.items():
        count = unfit(each, file, _layout(file, terms))
        if count:
            raise IllegalTransition(
                f"Undoing batch {seq}: {count} row(s) do not fit the layout of {file.stem}.csv.",
                hint="Change its layout in the profile. Nothing was changed.",
            )


@step("count what is left")
def count_anew(run: RunRef) -> JudgementReceipt:
    """Dispositions and holds as they have become since the judgement."""
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        return _as_it_stands(connection)


def _as_it_stands(connection: Connection) -> JudgementReceipt:
    """Dispositions and holds of the latest judgement, as they have become since."""
    store = ChargeStore(connection)
    dispositions = {name.value: Money() for name in Disposition}
    return JudgementReceipt(
        dispositions={**dispositions, **_money(store.dispositions())},
        holds=_money(store.holds()),
    )


def _money(sums: Mapping[str, tuple[int, str]]) -> dict[str, Money]:
    return {name: Money(charges, Decimal(value)) for name, (charges, value) in sums.items()}


@step("finish what was left open")
def recover_batches(run: RunRef, terms: BatchTerms) -> list[int]:
    """Finish what was claimed before anything new begins; returns the batches that were mended.

    A claimed batch without a folder is written now; one with its folder is noted as written.

    Raises:
        DeliveryIncomplete: a folder is not the one that was claimed.
    """
    mended = []
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = BatchStore(connection)
        for batch in store.in_state(BatchState.CLAIMED):
            folder = terms.outbox / f"{batch.seq:06d}"
            if not folder.exists():
                _publish(store, batch, run.tenant, terms)
            else:
                sealed = file_sha256(folder / MANIFEST) if (folder / MANIFEST).is_file() else ""
                if sealed != (batch.manifest_sha256 or _resealed(store, batch, run.tenant, terms)):
                    raise DeliveryIncomplete(
                        f"Recovering batch {batch.seq}: its folder is not the one that was "
                        "claimed.",
                        hint="Find out who wrote into the outbox, or which backup of the warehouse "
                        "this is; restore the two from the same day.",
                    )
                store.sealed(batch.seq, manifest_sha256=sealed)
                _note_written(store, batch, sealed, terms)
            mended.append(batch.seq)
    return mended


def _resealed(store: BatchStore, batch: Batch, tenant: str, terms: BatchTerms) -> str:
    """The digest of the manifest the frozen rows come to, written and thrown away.

    A warehouse restored from between claim and publication does not know it yet.
    """
    aside = aside_folder(terms.outbox / f"{batch.seq:06d}")
    try:
        return _write(store, batch, tenant, terms, aside)[1]
    finally:
        shutil.rmtree(aside)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
