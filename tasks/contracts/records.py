"""A batch of raw text becomes typed records; what does not fit becomes rejects with reasons.

Pure polars. Most rows pass the cheap look of `usual_value`; only the others are looked at closely.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from schemas.feeds import Column, Feed, Kind
from schemas.tables import polars_type
from schemas.vocabulary import RejectReason
from tasks.contracts import values
from tasks.contracts.values import Style

REJECT_SCHEMA = pl.Schema(
    {
        "row_number": pl.Int64,
        "column_name": pl.String,
        "reason": pl.String,
        "raw_value": pl.String,
    }
)
"""One row per unfit cell (or per record, for a ragged one): where, why, and the cell as read."""


@dataclass(frozen=True)
class Reading:
    """How one feed's file is read: which raw column holds which feed column, and in what style."""

    feed: Feed
    columns: Mapping[str, str]
    style: Style
    may_hold_controls: bool
    inexact: frozenset[str] = frozenset()
    """Feed columns whose file type cannot say an exact number (a Parquet float)."""


@dataclass(frozen=True)
class Parsed:
    """A batch after the contract: `records` typed, one per raw row; `rejects` as REJECT_SCHEMA.

    A record with rejects keeps its row, with nulls where a cell did not fit, so that its key still
    counts for duplicates; the warehouse removes it once all its reasons are known.
    """

    records: pl.DataFrame
    rejects: pl.DataFrame
    other_style: tuple[str, ...]
    """Date columns that hold a day written in the style the feed did not declare."""


def parse(batch: pl.DataFrame, reading: Reading, bad_cells: pl.DataFrame) -> Parsed:
    """Turn raw rows into records and rejects.

    Args:
        batch: `row_number` and raw text columns, one row per record, as read.
        reading: which raw column is which, and the feed's styles.
        bad_cells: REJECT_SCHEMA rows for cells that could not be decoded; read as blank here.

    Returns:
        Every row of `batch` exactly once in `records`, in no order. One reason per cell: the first
        of bad_encoding, bad_text, missing_value, type.
    """
    looked = batch.select("row_number", *_first_look(reading), *_raw_columns(reading))
    unusual = _is_unusual(reading)
    if not bad_cells.is_empty():
        unusual = unusual | pl.col("row_number").is_in(bad_cells["row_number"].implode())
    looked = looked.with_columns(unusual.alias("_unusual"))
    feed_columns = ["row_number", *(column.name for column in reading.feed.columns)]
    odd = looked.filter("_unusual")
    if odd.is_empty():
        return Parsed(looked.select(feed_columns), pl.DataFrame(schema=REJECT_SCHEMA), ())
    close = _close_look(odd, reading, bad_cells)
    records = pl.concat([looked.filter(~pl.col("_unusual")).select(feed_columns), close.records])
    return Parsed(records, close.rejects, close.other_style)


def _raw(column: Column) -> str:
    return f"_raw_{column.name}"


def _present(reading: Reading) -> list[Column]:
    return [column for column in reading.feed.columns if column.name in reading.columns]


def _raw_columns(reading: Reading) -> list[pl.Expr]:
    return [pl.col(reading.columns[c.name]).alias(_raw(c)) for c in _present(reading)]


def _first_look(reading: Reading) -> list[pl.Expr]:
    looks = []
    for column in reading.feed.columns:
        if column.name not in reading.columns:
            looks.append(values.no_value(column).alias(column.name))
        elif column.name in reading.inexact:
            looks.append(pl.lit(None, dtype=polars_type(column)).alias(column.name))
        else:
            text = values.trimmed(pl.col(reading.columns[column.name]))
            looks.append(values.usual_value(text, column, reading.style).alias(column.name))
    return looks


def _is_unusual(reading: Reading) -> pl.Expr:
    signs: list[pl.Expr] = []
    for column in _present(reading):
        value = pl.col(column.name)
        if column.must_have_value:
            signs.append(value.is_null())
        elif column.kind is not Kind.TEXT:
            # a blank of white space is no value: cheap to ask only where the value is null
            signs.append(value.is_null() & (pl.col(_raw(column)).str.len_bytes() > 0))
        if reading.may_hold_controls:
            signs.append(pl.col(_raw(column)).str.contains(values.CONTROL_CHARACTERS))
    return pl.any_horizontal(*(sign.fill_null(value=False) for sign in signs))


def _close_look(odd: pl.DataFrame, reading: Reading, bad_cells: pl.DataFrame) -> Parsed:
    looked = odd.select(
        "row_number",
        *(pl.col(_raw(column)) for column in _present(reading)),
        *(_closely(column, reading) for column in _present(reading)),
        *(
            values.no_value(column).alias(column.name)
            for column in reading.feed.columns
            if column.name not in reading.columns
        ),
    )
    gone = pl.col("is_deleted").fill_null(value=False)
    undecodable = {
        name: bad_cells.filter(pl.col("column_name") == name)
        for name in bad_cells["column_name"].unique()
    }
    found: list[pl.DataFrame] = []
    other_style: list[str] = []
    for column in _present(reading):
        bad_rows = undecodable.get(column.name)
        reason = _reason(column, reading)
        if bad_rows is not None:
            cell_is_bad = pl.col("row_number").is_in(bad_rows["row_number"].implode())
            reason = pl.when(cell_is_bad).then(pl.lit(RejectReason.BAD_ENCODING)).otherwise(reason)
        if not column.key and column.name != "is_deleted":
            # of a record that is gone only what says which, and that it is, matters
            reason = pl.when(~gone).then(reason)
        rejects = looked.select(
            "row_number",
            pl.lit(column.shown).alias("column_name"),
            reason.cast(pl.String).alias("reason"),
            pl.col(_raw(column)).alias("raw_value"),
        ).filter(pl.col("reason").is_not_null())
        if bad_rows is not None and not rejects.is_empty():
            rejects = rejects.join(
                bad_rows.select("row_number", shown="raw_value"), on="row_number", how="left"
            ).select(
                "row_number",
                "column_name",
                "reason",
                pl.coalesce("shown", "raw_value").alias("raw_value"),
            )
        found.append(rejects)
        if column.kind is Kind.DATE:
            text = values.trimmed(pl.col(_raw(column)))
            if looked.select((~gone & values.other_style_only(text, reading.style)).any()).item():
                other_style.append(column.name)
    records = looked.select("row_number", *(column.name for column in reading.feed.columns))
    return Parsed(records, pl.concat(found), tuple(other_style))


def _closely(column: Column, reading: Reading) -> pl.Expr:
    if column.name in reading.inexact:
        return values.no_value(column).alias(column.name)
    text = values.trimmed(pl.col(_raw(column)))
    if reading.may_hold_controls:
        text = pl.when(~pl.col(_raw(column)).str.contains(values.CONTROL_CHARACTERS)).then(text)
    return values.value(text, column, reading.style).alias(column.name)


def _reason(column: Column, reading: Reading) -> pl.Expr:
    raw = pl.col(_raw(column))
    text = values.trimmed(raw)
    reason = pl.lit(None, dtype=pl.String)
    if column.kind is Kind.MONEY:
        reason = pl.when(pl.col(column.name) < 0).then(pl.lit(RejectReason.NEGATIVE_PRICE))
    if column.kind is not Kind.TEXT:
        unfit = text.is_not_null() & pl.col(column.name).is_null()
        reason = (
            pl.when(unfit).then(pl.lit(str(values.BAD_TYPE[column.kind]))).otherwise(reason)
        )
    if column.must_have_value:
        reason = (
            pl.when(text.is_null()).then(pl.lit(RejectReason.MISSING_VALUE)).otherwise(reason)
        )
    if reading.may_hold_controls:
        bad_text = raw.str.contains(values.CONTROL_CHARACTERS)
        reason = pl.when(bad_text).then(pl.lit(RejectReason.BAD_TEXT)).otherwise(reason)
    return reason
