"""Remember what both sides say, and compare them as of a day."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from schemas.errors import UsageError
from schemas.receipts import ReconcileReceipt, RunRef
from tasks.outbox.durable import as_json, write_durably
from tasks.reconcile.certificate import certificate, file_name
from tasks.reconcile.classes import ReconcileTerms, Reconciliation, reconcile
from tasks.reconcile.clock import money_clock
from tasks.reconcile.repairs import repairs
from tasks.reconcile.totals import receipt_of, restated
from tasks.reconcile.wholeness import Wholeness, has_shrunk, seen_on, why_unsayable
from tasks.step import step
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.judged import JudgedStore
from warehouse.retention import RetentionStore
from warehouse.sides import SideStore
from warehouse.snapshots import SIDES, SITE_PRODUCTS, UnseenSnapshots


@dataclass(frozen=True)
class Routes:
    """How routes are called that bill in Affinity, and in The Layer."""

    platform_names: tuple[str, ...] = ("Affinity", "Aurora Affinity")
    own_names: tuple[str, ...] = ("The Layer",)


@dataclass(frozen=True)
class Issuer:
    """Whose certificates they are, and the folder that keeps them."""

    tenant: str
    folder: Path


@step("remember both sides")
def remember_sides(run: RunRef, routes: Routes) -> None:
    """Keep what The Layer, our ledger and Affinity's snapshot said in this run, where it is new.

    The last step but one: charges are where the run has left them. A snapshot that was not
    delivered says nothing, so what was known of Affinity stays.
    """
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store, judged = SideStore(connection), JudgedStore(connection)
        unseen = UnseenSnapshots(connection)
        with transaction(connection):
            listed_only = judged.list_judged_since("remember both sides")
        with transaction(connection):
            store.remember_layer(
                run.run_id,
                run.as_of,
                platform_names=routes.platform_names,
                own_names=routes.own_names,
                listed_only=listed_only,
            )
            judged.note_done("remember both sides")
            if unseen.has(SIDES, SITE_PRODUCTS):
                store.remember_affinity(run.run_id, run.as_of)
                unseen.count_for(run.run_id, SITE_PRODUCTS)
            unseen.note_seen(SIDES)


@step("reconcile")
def reconcile_sides(
    warehouse: Path,
    as_of: date | None,
    known_at: date | None,
    wholeness: Wholeness,
    issuer: Issuer,
) -> ReconcileReceipt:
    """Compare both sides as of a day, as known on a day; replaces the last reconciliation.

    A past day is compared twice: by what was known then, and by what is known now. What was found
    is certified in a file named by both days and its digest: the same again gives the same file,
    and nothing else ever takes its place.

    Args:
        warehouse: a warehouse that is ready.
        as_of: the day both sides are compared for; null: the last run's.
        known_at: only what runs until this as-of day knew counts; null: all that is known.
        wholeness: when a side is taken for partial.
        issuer: whose certificate it is, and where it is kept.

    Raises:
        UsageError: nothing has run until that day, or retention has taken what it was about.
    """
    with open_warehouse(warehouse) as connection:
        store = SideStore(connection)
        snapshots = store.feed_of_runs(SITE_PRODUCTS, known_at)
        if not snapshots:
            raise UsageError(
                "Reconciling: no run has read any feeds"
                + (f" as of {known_at} or before." if known_at else " yet."),
                hint="Run `r2b run` first" + (", or name a later day." if known_at else "."),
            )
        day = as_of or snapshots[0].as_of
        _refuse_forgotten(connection, min(day, known_at or day))
        found = _compared(store, day, known_at, wholeness)
        then, now = found, found
        if known_at is not None:
            now = _compared(store, day, None, wholeness)
        elif day < snapshots[0].as_of and store.feed_of_runs(SITE_PRODUCTS, day):
            then = _compared(store, day, day, wholeness)
        differences = restated(then, now)
        clock = money_clock(
            found,
            day,
            seen_on=seen_on(snapshots, day, wholeness, is_empty=found.affinity.is_empty()),
            waits_at_most=wholeness.waits_at_most,
        )
        first = repairs(found.layer, store.own_routes(found.layer))
        with transaction(connection):
            store.store(
                found.matches,
                found.layer,
                found.affinity,
                restated=differences,
                money_clock=clock,
                repair=first,
            )
    newest = snapshots[0]
    receipt = receipt_of(
        found.matches,
        as_of=day,
        known_at=known_at,
        snapshots=snapshots,
        restated=differences,
        clock=clock,
        repair=first,
        # its name is known once it is sealed
        certificate=issuer.folder,
        is_partial=found.terms.feeds_are_partial,
    )
    content = certificate(
        found, receipt, tenant=issuer.tenant, run_id=newest.run_id, known_on=newest.as_of
    )
    receipt = replace(receipt, certificate=issuer.folder / file_name(content))
    issuer.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(receipt.certificate, as_json(content))
    return receipt


def _refuse_forgotten(connection: Connection, day: date) -> None:
    """Refuse a day of which some records have lost their CLIs: they would look different."""
    kept_from = RetentionStore(connection).personal_before()
    if kept_from is not None and day < kept_from:
        raise UsageError(
            f"Reconciling: the CLIs of what had ended before {kept_from} were removed by "
            f"retention, so {day} cannot be compared any more.",
            hint="Name a later day. The certificates of earlier days are in var/certificates/.",
        )


def _compared(
    store: SideStore, as_of: date, known_at: date | None, wholeness: Wholeness
) -> Reconciliation:
    layer, affinity = store.layer(as_of, known_at), store.affinity(as_of, known_at)
    snapshots = store.feed_of_runs(SITE_PRODUCTS, known_at)
    terms = ReconcileTerms(
        as_of=as_of,
        snapshot=why_unsayable(snapshots, as_of, wholeness, is_empty=affinity.is_empty()),
        feeds_are_partial=any(
            has_shrunk(store.feed_of_runs(feed, known_at), wholeness)
            for feed in ("assets", "order_lines")
        ),
        has_strangers=store.has_strangers(snapshots[0].run_id),
        waits_at_most=wholeness.waits_at_most,
    )
    edges, rejected = store.edges(layer, affinity), store.rejected(affinity, snapshots[0].run_id)
    return reconcile(layer, affinity, edges, rejected, terms)
