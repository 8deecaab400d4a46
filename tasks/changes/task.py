"""Find what has changed since Affinity was last told, and what of it the next batch takes."""

from dataclasses import replace

import polars as pl

from schemas.affinity import CLIS
from schemas.charge import CHARGE_KEY
from schemas.cli_text import already_there, clean_numbers, lives_in_affinity
from schemas.layout import texts_unfit
from schemas.receipts import ChangeReceipt, RunRef
from schemas.vocabulary import CeaseKind, HoldReason
from tasks.changes.charges import ChargeChanges, charge_changes
from tasks.changes.clis import LIFE, cli_changes
from tasks.changes.earlier import earlier_ends
from tasks.changes.entities import SUBJECTS, Records, entity_changes, oddities
from tasks.changes.groups import CANDIDATE, fold
from tasks.changes.numbers import (
    hanging_numbers,
    numbers_added,
    ranges_changed,
    said_of_numbers,
)
from tasks.changes.terms import ChangeTerms
from tasks.step import step
from warehouse.batches import BatchStore
from warehouse.changes import ChangeStore
from warehouse.connection import open_warehouse, transaction
from warehouse.entities import EntityStore
from warehouse.runs import note_warnings

_PLACE = ["site_ref", "cli"]


@step("find changes")
def find_changes(run: RunRef, terms: ChangeTerms) -> ChangeReceipt:
    """Compare what The Layer says today with what Affinity was told; replaces the last answer."""
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store, entities = ChangeStore(connection), EntityStore(connection, run.run_id)
        with transaction(connection):
            entities.prepare()
        with transaction(connection):
            store.start_over()
            store.remember_resumed(run.as_of)
            _charges(store, terms)
            _clis(store, BatchStore(connection), terms)
            store.take_baseline(_cleaned(store.baseline_numbers(), terms))
            names = entities.names()
            _entities(store, entities, Records(names, **entities.records()), terms)
            note_warnings(connection, run.run_id, {**store.tell_people(), **oddities(names)})
        for part in store.to_settle():
            with transaction(connection):
                store.settle(part)
        return ChangeReceipt(counts=store.counts())


def _charges(store: ChangeStore, terms: ChangeTerms) -> None:
    members, groups = store.members(), store.groups()
    ready = store.candidates() if terms.group_keys else pl.DataFrame(schema=CANDIDATE)
    # of a group there is one row, so all of it is looked at together
    has_groups = any(frame.height for frame in (members, groups, ready))
    for now, told in store.differing(whole=has_groups):
        found = charge_changes(now.join(members, on=CHARGE_KEY, how="anti"), told, terms)
        if has_groups:
            # and it is changed whatever the style
            standing = members.filter(pl.col("ended_by").ne_missing(CeaseKind.STOP))
            in_groups = now.join(standing, on=CHARGE_KEY, how="semi")
            of_members = charge_changes(in_groups, told, replace(terms, replaces=False))
            folded = fold(_together(found, of_members), members, groups, ready, terms)
            store.settle_members(folded.settled)
            store.add_due("member", folded.members)
            found = folded.changes
        store.keep_settled(found.settled)
        store.add_due("product", found.products)
        store.add_due("cease", found.ceases)
        store.add_waits(found.waits)
        store.show("charge", found.changes, found.holds)
    # each as far as what is due by then leaves it open
    for read_ends in (store.cut_short, store.outlasting):
        ends = earlier_ends(read_ends())
        store.add_due("cease", ends.ceases)
        store.show("charge", ends.changes, ends.holds)


def _together(*found: ChargeChanges) -> ChargeChanges:
    return ChargeChanges(*(pl.concat(frames) for frames in zip(*found, strict=True)))


def _clis(store: ChangeStore, batches: BatchStore, terms: ChangeTerms) -> None:
    def in_affinity(clis: pl.DataFrame) -> pl.DataFrame:
        return already_there(clis, lives_in_affinity(batches.affinity_clis(clis["site_ref"])))

    store.take_seen(in_affinity(store.without()))
    numbers = _cleaned(store.numbers(), terms)
    standing = store.standing(terms.as_of, listed=numbers.select("asset_id", "cli").unique())
    sites = pl.concat([standing["site_ref"], standing["told_site_ref"]]).unique()
    lives = store.lives(sites)
    hanging = hanging_numbers(standing.drop("is_touched"), numbers, lives)
    # a number may be somebody's own CLI as well
    beside = store.standing_at(hanging.select("site_ref", "cli").drop_nulls().unique())
    charges = pl.concat([standing.filter("is_touched").drop("is_touched"), beside]).unique()
    found = cli_changes(pl.concat([charges, hanging]), lives, terms.as_of)
    said = said_of_numbers(hanging, numbers, terms.as_of)
    of_charges = found.needed.join(charges, on=_PLACE, how="semi")
    added = numbers_added(
        found.needed.join(of_charges, on=_PLACE, how="anti"),
        said,
        lives,
        store.clis_given_up(sites),
        terms.as_of,
    )
    there = in_affinity(added)
    store.take_seen(there.select(list(LIFE)))
    added = added.join(there, on=_PLACE, how="anti")
    ranged = ranges_changed(said, lives).join(found.due, on=_PLACE, how="anti")
    due = pl.concat([found.due, added, ranged])
    is_unfit = texts_unfit(CLIS.texts, terms.layout_of(CLIS.name))
    unfit = hanging.join(due.filter(is_unfit), on=_PLACE, how="semi")
    if not unfit.is_empty():
        store.hold_numbers(unfit["line_id"].unique(), HoldReason.LAYOUT_UNFIT)
    store.add_due("cli", due.filter(~is_unfit))
    store.drop_refused_clis(terms.as_of)
    store.add_due("cli_place", of_charges)


def _cleaned(numbers: pl.DataFrame, terms: ChangeTerms) -> pl.DataFrame:
    return clean_numbers(numbers, terms.cli_profiles, expands=terms.expands_ranges)


def _entities(
    store: ChangeStore, entities: EntityStore, records: Records, terms: ChangeTerms
) -> None:
    entities.start_baseline()
    for file, found in entity_changes(records, terms, is_first=entities.is_first()):
        store.add_due("entity", found.due.with_columns(pl.lit(file).alias("file")))
        store.show(SUBJECTS[file], found.changes, found.holds)
        entities.add_baseline(file, found.baseline)
    entities.take_baseline()
    entities.remember()
