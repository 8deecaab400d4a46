"""Which records fit their contract, and why the others do not.

Grain: one `Record` per record read. Source: contract section 2 (Types, Rejects),
rulings 1 to 8, 20.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.contracts import (
    BOOLEAN,
    CHOICE,
    DATE,
    FEEDS,
    INTEGER,
    IS_DELETED,
    MONEY,
    QUANTITY,
    Column,
)
from tests.oracle.reading import (
    FEED_BROKEN,
    TOO_MANY_REJECTS,
    RawFeed,
    RawRecord,
    StopError,
)
from tests.oracle.settings import Settings
from tests.oracle.values import (
    NONE,
    MisfitError,
    OtherDateStyleError,
    clean_cli,
    cli_profile,
    has_control,
    parse_boolean,
    parse_choice,
    parse_date,
    parse_integer,
    parse_price,
    parse_quantity,
    trim,
)

MAX_NUMBERS_PER_ASSET = 501

Row = dict[str, Any]


class Reject(NamedTuple):
    """One reason of one record; blank column for a ragged row."""

    feed: str
    row_number: int
    record_key: str
    column: str
    reason: str
    raw_value: str


@dataclass(slots=True)
class Record:
    """One record: its typed values as far as they fit, its key when readable, its faults."""

    number: int
    raw: dict[str, str] = field(default_factory=dict)
    values: Row = field(default_factory=dict)
    key: tuple[str, ...] | None = None
    key_text: str = ""
    deleted: bool = False
    faults: list[tuple[str, str, str]] = field(default_factory=list)

    def blame(self, column: str, reason: str) -> None:
        """Add one reason on one column."""
        self.faults.append((column, reason, self.raw.get(column, "")))

    def blamed(self, column: str) -> bool:
        """True when a cell already has its one reason; `duplicate_key` is the record's."""
        return any(
            column == named and reason != "duplicate_key" for named, reason, _ in self.faults
        )


@dataclass
class Accepted:
    """What the run may use, and what it may not.

    `tables`: rows by feed, in file order, deleted ones left out; `counts`: read, accepted,
    rejected by feed.
    """

    tables: dict[str, list[Row]]
    counts: dict[str, tuple[int, int, int]]
    rejects: list[Reject]
    given: frozenset[str]


def accept(raw: Mapping[str, RawFeed], settings: Settings) -> Accepted:
    """Judge every record of every feed.

    Raises:
        StopError: 22 when a slash date fits only the other style.
    """
    feeds: dict[str, list[Record]] = {}
    for name, feed in raw.items():
        feeds[name] = [_type_record(name, record, settings) for record in feed.records]
        _blame_duplicates(name, feeds[name])
    keys: dict[str, frozenset[str]] = {}
    for name, records in feeds.items():
        _blame_references(name, records, keys)
        if len(FEEDS[name].keys) == 1:
            keys[name] = frozenset(
                record.key[0]
                for record in records
                if record.key is not None and not record.faults and not record.deleted
            )
    _read_numbers(feeds, settings)
    return Accepted(
        tables={
            name: [r.values for r in records if not r.faults and not r.deleted]
            for name, records in feeds.items()
        },
        counts={name: _count(records) for name, records in feeds.items()},
        rejects=sorted(_rejects(feeds)),
        given=frozenset(name for name, feed in raw.items() if feed.given),
    )


def check_reject_rates(accepted: Accepted, settings: Settings) -> None:
    """Stop when a required feed has more rejected records than its limit (ruling 3)."""
    for name, (read, _, rejected) in accepted.counts.items():
        limit = settings.max_reject_rates[name] * read
        if FEEDS[name].required and rejected > limit:
            raise StopError(TOO_MANY_REJECTS, f"{name}: {rejected} of {read} records rejected")


def _count(records: list[Record]) -> tuple[int, int, int]:
    rejected = sum(1 for record in records if record.faults)
    return len(records), len(records) - rejected, rejected


def _rejects(feeds: Mapping[str, list[Record]]) -> Iterable[Reject]:
    for name, records in feeds.items():
        for record in records:
            for column, reason, raw in record.faults:
                yield Reject(name, record.number, record.key_text, column, reason, raw)


def _type_record(name: str, raw: RawRecord, settings: Settings) -> Record:
    """One record, typed cell by cell; the first reason of a cell is its only one (ruling 1)."""
    record = Record(raw.number)
    if raw.cells is None:
        record.faults.append(("", "ragged_row", ""))
        return record
    feed = FEEDS[name]
    if IS_DELETED.name in raw.cells:
        _type_cell(name, record, IS_DELETED, raw.cells, settings)
        record.deleted = record.values[IS_DELETED.name] is True
    for column in feed.keys if record.deleted else feed.columns:
        _type_cell(name, record, column, raw.cells, settings)
    if feed.keys:
        _read_key(name, record)
    return record


def _type_cell(
    name: str,
    record: Record,
    column: Column,
    cells: dict[str, bytes],
    settings: Settings,
) -> None:
    encoding = settings.encodings[name]
    record.values[column.name] = None
    cell = cells.get(column.name, b"")
    try:
        raw = cell.decode(encoding)
    except UnicodeDecodeError:
        record.raw[column.name] = cell.decode(encoding, "replace")
        record.blame(column.name, "bad_encoding")
        return
    record.raw[column.name] = raw
    if has_control(raw):
        record.blame(column.name, "bad_text")
        return
    text = trim(raw)
    if not text:
        if column.required:
            record.blame(column.name, "missing_value")
        return
    try:
        record.values[column.name] = _typed(text, column, settings.date_styles[name], settings)
    except MisfitError as misfit:
        record.blame(column.name, misfit.reason)
    except OtherDateStyleError:
        style = settings.date_styles[name]
        why = f"{name}.{column.name}: a date that no {style} date can be"
        raise StopError(FEED_BROKEN, why) from None


_PARSERS: dict[str, Callable[[str], Any]] = {
    MONEY: parse_price,
    INTEGER: parse_integer,
    QUANTITY: parse_quantity,
    BOOLEAN: parse_boolean,
}


def _typed(text: str, column: Column, style: str, settings: Settings) -> Any:
    if column.kind == DATE:
        return parse_date(text, style, settings.zone)
    if column.kind == CHOICE:
        return parse_choice(text, column.choices)
    parser = _PARSERS.get(column.kind)
    return text if parser is None else parser(text)


def _read_key(name: str, record: Record) -> None:
    """The record's key: trimmed text, case kept; null when a part cannot be read (ruling 2)."""
    unreadable = ("bad_encoding", "bad_text", "missing_value")
    parts = []
    sound = True
    for column in FEEDS[name].keys:
        bad = any(named == column.name and why in unreadable for named, why, _ in record.faults)
        sound = sound and not bad
        parts.append("" if bad else trim(record.raw[column.name]))
    record.key_text = "|".join(parts)
    record.key = tuple(parts) if sound else None


def _blame_duplicates(name: str, records: list[Record]) -> None:
    """All records of a key that occurs twice, rejected otherwise or not (ruling 2)."""
    if not FEEDS[name].keys:
        return
    times: dict[tuple[str, ...], int] = defaultdict(int)
    for record in records:
        if record.key is not None:
            times[record.key] += 1
    for record in records:
        if record.key is not None and times[record.key] > 1:
            record.blame(FEEDS[name].keys[0].name, "duplicate_key")


def _blame_references(
    name: str,
    records: list[Record],
    keys: Mapping[str, frozenset[str]],
) -> None:
    """One reason per reference that names no accepted record (section 2, ruling 3)."""
    for column in FEEDS[name].columns:
        if column.parent is None:
            continue
        known = keys[column.parent]
        for record in records:
            if record.deleted or not record.values:
                continue
            meant = record.values[column.name]
            if meant is not None and meant not in known and not record.blamed(column.name):
                record.blame(column.name, "unknown_reference")


def _read_numbers(feeds: Mapping[str, list[Record]], settings: Settings) -> None:
    """Clean the additional numbers in place and blame the bad ones (ruling 20).

    Grain: one record of `asset_numbers`. Numbers of an asset that is not accepted, or whose
    product has no CLIs (`none`), are not judged.
    """
    products = {
        r.values["product_id"]: r.values
        for r in feeds["products"]
        if not r.faults and not r.deleted
    }
    assets = {
        r.values["asset_id"]: r.values for r in feeds["assets"] if not r.faults and not r.deleted
    }
    sums: dict[str, int] = defaultdict(int)
    measured: dict[str, list[Record]] = defaultdict(list)
    for record in feeds["asset_numbers"]:
        asset = assets.get(record.values.get("asset_id"))
        if asset is None or record.deleted:
            continue
        product = products[asset["product_id"]]
        profile = cli_profile(
            product["base_category"],
            needs_cli=bool(product["needs_cli"]),
            profiles=settings.cli_profiles,
        )
        if profile == NONE:
            record.values["profile"] = NONE
            continue
        size = _measure(record, profile)
        if size is not None and not record.faults:
            sums[asset["asset_id"]] += size
            measured[asset["asset_id"]].append(record)
    for asset_id, size in sums.items():
        if size > MAX_NUMBERS_PER_ASSET:
            for record in measured[asset_id]:
                record.blame("cli", "bad_range")


def _measure(record: Record, profile: str) -> int | None:
    """How many numbers the record stands for; null, with the reason blamed, when it is wrong."""
    start, _ = clean_cli(record.values["cli"], profile)
    if start is None:
        if not record.blamed("cli"):
            record.blame("cli", "bad_range")
        return None
    record.values["profile"] = profile
    record.values["clean_cli"] = start
    record.values["clean_end"] = None
    if record.blamed("range_end"):
        return None
    if record.values["range_end"] is None:
        return 1
    end, _ = clean_cli(record.values["range_end"], profile)
    if (
        end is None
        or len(end) != len(start)
        or not (_digits(start) and _digits(end))
        or int(end) <= int(start)
    ):
        record.blame("range_end", "bad_range")
        return None
    record.values["clean_end"] = end
    return int(end) - int(start) + 1


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
