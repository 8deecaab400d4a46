"""A batch of raw text becomes typed records; what does not fit becomes rejects with reasons.

Pure polars. Most cells pass a cheap first look; only rows with others are looked at closely.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from schemas.feeds import Column, Feed, Kind
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


PADDED_SCHEMA = pl.Schema(
    {"row_number": pl.Int64, "column_name": pl.String, "raw_value": pl.String}
)


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

    `padded` (`row_number`, `column_name`, `raw_value`) are keys, references and numbers with white
    space around them: a reject found later shows a cell as it was written.

    A record with rejects keeps its row, with nulls where a cell did not fit, so that its key still
    counts for duplicates; the warehouse removes it once all its reasons are known.
    """

    records: pl.DataFrame
    rejects: pl.DataFrame
    padded: pl.DataFrame
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
    cells = batch.select("row_number", *_raw_columns(reading))
    looked = _first_look(cells, reading)
    signs = [pl.col(_sign(column)) for column in _present(reading)]
    if not bad_cells.is_empty():
        signs.append(pl.col("row_number").is_in(bad_cells["row_number"].implode()))
    is_unusual = looked.select(pl.any_horizontal(*signs)).to_series()
    records = looked.select(
        "row_number",
        *(
            pl.col(column.name)
            if column.name in reading.columns
            else values.no_value(column).alias(column.name)
            for column in reading.feed.columns
        ),
    )
    padded = _padded(looked, reading)
    if not is_unusual.any():
        return Parsed(records, pl.DataFrame(schema=REJECT_SCHEMA), padded, ())
    close_records, rejects, other_style = _close_look(cells.filter(is_unusual), reading, bad_cells)
    records = pl.concat([records.filter(~is_unusual), close_records])
    return Parsed(records, rejects, padded, other_style)


def _padded(looked: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    is_padded = {}
    for column in _present(reading):
        if column.kind is Kind.TEXT and _is_looked_at_again(column, reading.feed):
            trimmed = pl.col(column.name).str.len_bytes()
            is_padded[column] = (trimmed > 0) & (pl.col(_raw(column)).str.len_bytes() != trimmed)
    found = [pl.DataFrame(schema=PADDED_SCHEMA)]
    any_is = looked.select(sign.any().alias(column.name) for column, sign in is_padded.items())
    for column, sign in is_padded.items():
        if any_is[column.name].item():
            found.append(
                looked.filter(sign).select(
                    "row_number",
                    pl.lit(column.name).alias("column_name"),
                    pl.col(_raw(column)).alias("raw_value"),
                )
            )
    return pl.concat(found)


def _is_looked_at_again(column: Column, feed: Feed) -> bool:
    """Whether a record may be rejected for what the column has beside other records."""
    return bool(
        column.key or column.references or column.name in _JUDGED_TOGETHER.get(feed.name, ())
    )


_JUDGED_TOGETHER = {"asset_numbers": ("cli", "range_end")}

_TIMES_EACH = 4
"""Looking up is cheaper than looking where each text comes so often, on average."""

_FEW_CELLS = 4_000
"""Of fewer, finding out how often each comes costs more than it saves."""


def _raw(column: Column) -> str:
    return f"_raw_{column.name}"


def _present(reading: Reading) -> list[Column]:
    return [column for column in reading.feed.columns if column.name in reading.columns]


def _raw_columns(reading: Reading) -> list[pl.Expr]:
    return [pl.col(reading.columns[c.name]).alias(_raw(c)) for c in _present(reading)]


def _sign(column: Column) -> str:
    return f"_is_unusual_{column.name}"


def _first_look(cells: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Beside the cells: each one's value where it is written the usual way, and whether it is not.

    Days, prices, numbers and choices come again and again: each distinct text is looked at once.
    """
    at_once: list[pl.Expr] = []
    looked_up: list[pl.DataFrame] = []
    for column in _present(reading):
        look = _value_and_sign(column, reading)
        texts = cells.select(_raw(column))
        distinct = None
        if column.kind is not Kind.TEXT and cells.height >= _FEW_CELLS:
            distinct = texts.unique()
        if distinct is None or distinct.height * _TIMES_EACH > cells.height:
            at_once += look
            continue
        found = texts.join(
            distinct.with_columns(*look),
            on=_raw(column),
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        looked_up.append(found.drop(_raw(column)))
    return pl.concat([cells.with_columns(*at_once), *looked_up], how="horizontal")


def _value_and_sign(column: Column, reading: Reading) -> tuple[pl.Expr, pl.Expr]:
    raw = pl.col(_raw(column))
    if column.name in reading.inexact and column.kind is not Kind.TEXT:
        value = values.no_value(column)
    elif column.kind is Kind.TEXT:
        value = raw.str.strip_chars()
    else:
        value = values.usual_value(values.trimmed(raw), column, reading.style)
    signs = [value.is_null()]
    if not column.must_have_value:
        signs = [value.is_null() & (raw.str.len_bytes() > 0)]
    if column.kind is Kind.TEXT:
        signs.append(value.str.len_bytes() == 0)  # a blank of white space is no value
    if reading.may_hold_controls:
        signs.append(raw.str.contains(values.CONTROL_CHARACTERS))
    unusual = pl.any_horizontal(*(sign.fill_null(value=False) for sign in signs))
    return value.alias(column.name), unusual.alias(_sign(column))


def _close_look(
    odd: pl.DataFrame, reading: Reading, bad_cells: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
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
    return records, pl.concat(found), tuple(other_style)


def _closely(column: Column, reading: Reading) -> pl.Expr:
    if column.name in reading.inexact and column.kind is not Kind.TEXT:
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
        reason = pl.when(unfit).then(pl.lit(str(values.BAD_TYPE[column.kind]))).otherwise(reason)
    if column.must_have_value:
        reason = pl.when(text.is_null()).then(pl.lit(RejectReason.MISSING_VALUE)).otherwise(reason)
    if reading.may_hold_controls:
        bad_text = raw.str.contains(values.CONTROL_CHARACTERS)
        reason = pl.when(bad_text).then(pl.lit(RejectReason.BAD_TEXT)).otherwise(reason)
    return reason
