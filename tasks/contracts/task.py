"""Accept the records of all feeds, parents first; stop when too few fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

from schemas.accepted import accepted_contract
from schemas.errors import SourceContractBroken, TooManyRejects, about_feed
from schemas.feeds import FEEDS, READING_ORDER, Feed
from schemas.proof import prove
from schemas.receipts import FeedCount, FeedTable, LandedFeeds, RunRef
from schemas.vocabulary import CliProfile, RejectReason
from tasks.contracts.header import match_header
from tasks.contracts.ranges import bad_ranges
from tasks.contracts.records import REJECT_SCHEMA, Parsed, Reading, parse
from tasks.contracts.values import Style
from tasks.fingerprint import fingerprint
from tasks.listening import announce
from tasks.step import step
from warehouse.background import writing_behind
from warehouse.connection import open_warehouse, transaction
from warehouse.feeds import FeedStore
from warehouse.snapshots import UnseenSnapshots


@dataclass(frozen=True)
class ReadingTerms:
    """How this tenant's feeds are written, and how many unfit records are too many."""

    timezone: str = "Europe/London"
    encoding: str = "utf-8"
    date_styles: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cli_profiles: Mapping[str, CliProfile] = field(default_factory=dict)
    reject_rates: Mapping[str, Decimal] = field(default_factory=dict)
    is_delta: bool = False
    """Feeds hold what changed since the last run and merge into what is known by key."""


@step("accept records")
def accept_records(run: RunRef, landed: LandedFeeds, terms: ReadingTerms) -> dict[str, FeedCount]:
    """Read every feed into `core`; store what does not fit, with its reasons.

    Returns:
        For every feed of the contract: records read, accepted, rejected (0, 0, 0 when not given).

    Raises:
        SourceContractBroken: a column is missing or doubled, a date column is in another style
            than declared, or a feed is longer or shorter than its manifest says.
        TooManyRejects: a required feed has more unfit records than the profile allows. The rejects
            are stored all the same; of full feeds `core` stays as it was.
    """
    counts = {name: FeedCount() for name in FEEDS}
    with open_warehouse(run.warehouse, memory=run.memory) as connection:
        store = FeedStore(connection, run.run_id, is_delta=terms.is_delta)
        delivered = {name: landed.sha256(name) for name in landed.names}
        with transaction(connection):
            kept = store.start_over(delivered, read_by=fingerprint(terms))
        for name in READING_ORDER:
            feed = FEEDS[name]
            if name in kept:
                if name in landed.names:
                    with transaction(connection), about_feed(name):
                        counts[name] = _keep(feed, store, landed, terms)
            elif name in landed.names:
                announce(f"accept records of {name}")
                with about_feed(name):
                    counts[name] = _accept(feed, store, connection, landed, terms)
            elif terms.is_delta:
                with transaction(connection):
                    store.begin()
                    _look_beyond(feed, store, terms, delivered=False)
                    store.drop_unfit(feed)
        failure = _too_many_rejects(counts, terms)
        with transaction(connection):
            store.keep_counts()
            if failure is not None and not terms.is_delta:
                store.leave_core()
            else:  # what a delta brought does not come again
                store.replace_core()
                UnseenSnapshots(connection).note(landed.names, is_delta=terms.is_delta)
                store.remember_cease_requests()
                store.keep_marks(landed.marks)
                store.count_dangling()
    if failure is not None:
        raise failure
    return counts


def _keep(feed: Feed, store: FeedStore, landed: LandedFeeds, terms: ReadingTerms) -> FeedCount:
    """A feed that is as it was: it is neither read nor stored again."""
    path = landed.path(feed.name)
    count = store.keep(feed, path=path)
    _check_promise(feed, count.read, landed)
    header = landed.table(feed.name, encoding=terms.encoding).header
    store.show_raw(feed, path, header, encoding=terms.encoding)
    return count


def _check_promise(feed: Feed, read_count: int, landed: LandedFeeds) -> None:
    promised = landed.rows_promised.get(feed.name, read_count)
    if promised != read_count:
        raise SourceContractBroken(
            f"Reading feed {feed.name}: {read_count} records, but the manifest says {promised}.",
            hint="The export is not whole: fetch it again.",
        )


def _accept(
    feed: Feed, store: FeedStore, connection: Any, landed: LandedFeeds, terms: ReadingTerms
) -> FeedCount:
    table = landed.table(feed.name, encoding=terms.encoding)
    reading = _reading(feed, table, terms)
    read_count = 0
    undecoded = _undecodable(table, reading)
    with transaction(connection), writing_behind() as later:
        store.begin()
        for batch in table.batches(connection):
            parsed = _parse(batch, reading, undecoded)
            later(partial(_store, parsed, feed, store))
            read_count += batch.height
        ragged = _ragged(table)
        later(partial(store.reject, ragged))
        read_count += ragged.height
    _check_promise(feed, read_count, landed)
    with transaction(connection):
        _look_beyond(feed, store, terms, delivered=True)
        store.show_raw(feed, landed.path(feed.name), table.header, encoding=terms.encoding)
        return store.settle(
            feed,
            read_count=read_count,
            sha256=landed.sha256(feed.name),
            path=landed.path(feed.name),
        )


def _look_beyond(feed: Feed, store: FeedStore, terms: ReadingTerms, *, delivered: bool) -> None:
    """Reject what only shows beside other records: doubled keys, missing parents, full ranges."""
    store.find_duplicates(feed)
    if terms.is_delta:
        store.merge(feed, delivered=delivered)
    else:
        store.note_unfit()
    store.find_unknown_references(feed)
    if feed.name == "asset_numbers":
        store.reject(bad_ranges(store.additional_numbers(), terms.cli_profiles))


def _parse(batch: pl.DataFrame, reading: Reading, undecoded: pl.DataFrame) -> Parsed:
    parsed = parse(batch, reading, undecoded)
    if parsed.other_style:
        raise SourceContractBroken(
            f"Reading feed {reading.feed.name}: column {parsed.other_style[0]} holds days that are "
            f"not written the way feeds.date_style declares ({reading.style.dates}).",
            hint="Declare the style this feed is really in, or export it again.",
        )
    unfit = pl.col("row_number").is_in(parsed.rejects["row_number"].implode())
    # of a record that is gone nothing but its key has to fit
    gone = pl.col("is_deleted").fill_null(value=False)
    prove(accepted_contract(reading.feed), parsed.records.filter(~unfit & ~gone))
    return parsed


def _store(parsed: Parsed, feed: Feed, store: FeedStore) -> None:
    store.add(feed, parsed.records)
    store.reject(parsed.rejects)
    store.keep_padded(parsed.padded)


def _reading(feed: Feed, table: FeedTable, terms: ReadingTerms) -> Reading:
    columns = match_header(feed, table.header, terms.labels.get(feed.name, {}))
    labels = dict(zip((f"c{n}" for n in range(len(table.header))), table.header, strict=True))
    return Reading(
        feed=feed,
        columns=columns,
        style=Style(terms.date_styles.get(feed.name, "iso"), terms.timezone),
        may_hold_controls=table.may_hold_controls,
        inexact=frozenset(name for name, raw in columns.items() if labels[raw] in table.inexact),
    )


def _undecodable(table: FeedTable, reading: Reading) -> pl.DataFrame:
    """Cells that could not be decoded, by feed column; those of unknown columns do not matter."""
    if table.bad_cells.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    names = {int(raw[1:]): name for name, raw in reading.columns.items()}
    return (
        table.bad_cells.filter(pl.col("column_index").is_in(list(names)))
        .select(
            "row_number",
            pl.col("column_index")
            .replace_strict(names, default=None, return_dtype=pl.String)
            .alias("column_name"),
            pl.lit(RejectReason.BAD_ENCODING.value).alias("reason"),
            pl.col("raw_text").alias("raw_value"),
        )
        .cast(REJECT_SCHEMA)
    )


def _ragged(table: FeedTable) -> pl.DataFrame:
    if table.odd.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    return table.odd.select(
        "row_number",
        pl.lit(None, dtype=pl.String).alias("column_name"),
        pl.lit(RejectReason.RAGGED_ROW.value).alias("reason"),
        pl.col("raw_text").alias("raw_value"),
    ).cast(REJECT_SCHEMA)


def _too_many_rejects(
    counts: Mapping[str, FeedCount], terms: ReadingTerms
) -> TooManyRejects | None:
    for name, count in counts.items():
        if not FEEDS[name].required:
            continue
        limit = terms.reject_rates.get(name, Decimal("0.20"))
        if count.rejected > limit * count.read:
            return TooManyRejects(
                f"Accepting feed {name}: {count.rejected} of {count.read} records do not fit, "
                f"above the limit of {limit:.0%}. Nothing was delivered.",
                hint="See mart.reject for the reasons; mend the export, or raise "
                "feeds.max_reject_rate.",
                feed=name,
            )
    return None
