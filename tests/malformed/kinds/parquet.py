"""Parquet feeds: text or typed columns, and files that are none."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa

from tests.malformed.expectation import Case, Make, accepted, rejects, stops
from tests.malformed.world import AS_OF, World

LINES = "order_lines"
DAY = dt.date.fromisoformat(AS_OF)


def _lines(records: int, **columns: pa.Array) -> Make:
    """Order lines as Parquet: the base's and more, these columns as given."""

    def make(world: World) -> None:
        for _ in range(records - 1):
            world.add(LINES)
        world.as_parquet(LINES, **columns)

    return make


def _raw(content: bytes, feed: str = "customers") -> Make:
    def make(world: World) -> None:
        world.without(feed)
        world.parquet(feed, content)

    return make


def every_feed_as_text(world: World) -> None:
    for feed in ("customers", "sites", "products", "orders", LINES, "assets"):
        world.as_parquet(feed)


def typed_columns(world: World) -> None:
    world.add(LINES)
    world.as_parquet(
        LINES,
        quantity=pa.array([2, 3], pa.int64()),
        recurring_price=pa.array([Decimal("12.5000"), Decimal("0.0001")], pa.decimal128(18, 4)),
        upfront_price=pa.array([Decimal(7), None], pa.decimal128(9, 0)),
        connected_on=pa.array([dt.date(2026, 3, 2), None], pa.date32()),
        recurring_do_not_bill=pa.array([False, None], pa.bool_()),
        term_months=pa.array([12, None], pa.int16()),
    )


def other_text_types(world: World) -> None:
    world.add("customers")
    names = ["Acme", "Caf\u00e9 Nero", "x" * 50_000]
    world.as_parquet(
        "customers",
        name=pa.array(names, pa.large_string()),
        status=pa.array(["Live", "Pending", "Live"]).dictionary_encode(),
        vat_number=pa.nulls(3),
    )


def a_missing_column(world: World) -> None:
    world.drop_column("customers", "status")
    world.as_parquet("customers")


def a_text_longer_than_any(world: World) -> None:
    for _ in range(50):
        world.add("contacts")
    text = pa.array(["x" * (17 << 20)])
    said_by_all = pa.DictionaryArray.from_arrays(pa.array([0] * 50, pa.int32()), text)
    world.as_parquet("contacts", role=said_by_all)


def one_field_twice(world: World) -> None:
    world.as_parquet(LINES, CTN=pa.array(["02079460001"]))


def other_spellings(world: World) -> None:
    table = world.feed("customers").table()
    names = [name.replace("_", " ").title() for name in table.column_names]
    world.without("customers")
    world.parquet("customers", table.rename_columns(names))


def text_that_does_not_fit(world: World) -> None:
    for _ in range(5):
        world.add(LINES)
    world.as_parquet(
        LINES,
        do_not_bill_reason=pa.array([None, "a\x00b", "a\x85b", "a\tb", None, None]),
        connected_on=pa.array(["2026-03-02", "2026-02-30", " 2026-03-02 ", "", "   ", "soon"]),
        quantity=pa.array(["2", "1", "0", " 1 ", "", "1.0"]),
    )


def unknown_columns_of_any_type(world: World) -> None:
    world.as_parquet(
        "customers",
        score=pa.array([0.5, float("nan")]),
        tags=pa.array([["a"], []]),
        origin=pa.array([{"x": 1}, None]),
        picture=pa.array([b"\xff\x00", None], pa.binary()),
    )


def five_thousand_unknown_columns(world: World) -> None:
    odd = ['a "quoted" one', "; DROP TABLE core.customers; --", "it's one", "{braces}", "$1"]
    names = [*odd, *(f"extra {number}" for number in range(5_000))]
    world.as_parquet("customers", **{name: pa.array(["x", None]) for name in names})


def no_records(world: World) -> None:
    world.feed(LINES).records.clear()
    world.as_parquet(LINES)


def timestamps(world: World) -> None:
    for _ in range(2):
        world.add(LINES)
    utc = dt.UTC
    world.as_parquet(
        LINES,
        connected_on=pa.array(
            [
                dt.datetime(2026, 3, 2, tzinfo=utc),
                dt.datetime(2026, 6, 30, 23, 30, tzinfo=utc),
                None,
            ],
            pa.timestamp("us", tz="UTC"),
        ),
        issued_on=pa.array([dt.datetime(2026, 3, 29, 1, 30), None, None], pa.timestamp("ms")),
    )


def a_key_twice(world: World) -> None:
    world.add("contacts", contact_id="7")
    world.add("contacts", contact_id="8")
    world.add("contacts", contact_id="7")
    world.as_parquet("contacts", contact_id=pa.array([7, 8, 7], pa.int64()))


CASES = [
    Case(
        "feeds may be Parquet files of text",
        every_feed_as_text,
        accepted(customers=(2, 2, 0), order_lines=(1, 1, 0), assets=(1, 1, 0)),
    ),
    Case(
        "Parquet columns may be dates, decimals, whole numbers and booleans",
        typed_columns,
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "Parquet text may be large, dictionary-encoded or all null",
        other_text_types,
        accepted(customers=(3, 3, 0)),
    ),
    Case(
        "Parquet columns may be spelled otherwise",
        other_spellings,
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "unknown Parquet columns may be of any type",
        unknown_columns_of_any_type,
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "five thousand unknown Parquet columns, of any name, are ignored",
        five_thousand_unknown_columns,
        accepted(customers=(2, 2, 0)),
    ),
    Case("a Parquet file may be without records", no_records, accepted(order_lines=(0, 0, 0))),
    Case(
        "Parquet timestamps are instants or home times and become days",
        timestamps,
        accepted(order_lines=(3, 3, 0)),
        assumes="a timestamp column is a date with a time part",
    ),
    Case(
        "a price column of floats has no exact value in any record",
        _lines(3, recurring_price=pa.array([12.5, 10.0, None], pa.float64())),
        rejects(
            (LINES, 1, "L1", "recurring_price", "bad_number"),
            (LINES, 2, "L2", "recurring_price", "bad_number"),
            order_lines=(3, 1, 2),
        ),
    ),
    Case(
        "a price column of single floats has no exact value either",
        _lines(2, upfront_price=pa.array([None, 1.0], pa.float32())),
        rejects((LINES, 2, "L2", "upfront_price", "bad_number"), order_lines=(2, 1, 1)),
    ),
    Case(
        "a float that is not a number is a value, and a wrong one",
        _lines(2, recurring_price=pa.array([float("nan"), float("inf")])),
        rejects(
            (LINES, 1, "L1", "recurring_price", "bad_number"),
            (LINES, 2, "L2", "recurring_price", "bad_number"),
        ),
    ),
    Case(
        "a term column of floats has no whole number in any record",
        _lines(3, term_months=pa.array([12.0, None, 24.0])),
        rejects(
            (LINES, 1, "L1", "term_months", "bad_number"),
            (LINES, 3, "L3", "term_months", "bad_number"),
            order_lines=(3, 1, 2),
        ),
    ),
    Case(
        "a float column of nulls only is blank",
        _lines(2, recurring_price=pa.array([None, None], pa.float64())),
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "a decimal of six places with six in use is no price",
        _lines(2, recurring_price=pa.array([None, Decimal("1.234567")], pa.decimal128(18, 6))),
        rejects((LINES, 2, "L2", "recurring_price", "bad_number")),
    ),
    Case(
        "a decimal of 15 integer digits is no price",
        _lines(2, recurring_price=pa.array([None, Decimal(10**14)], pa.decimal128(38, 4))),
        rejects((LINES, 2, "L2", "recurring_price", "bad_number")),
    ),
    Case(
        "a negative decimal is a negative price",
        _lines(2, recurring_price=pa.array([None, Decimal("-0.0100")], pa.decimal128(18, 4))),
        rejects((LINES, 2, "L2", "recurring_price", "negative_price")),
    ),
    Case(
        "whole numbers are prices too",
        _lines(2, recurring_price=pa.array([12, 0], pa.int64())),
        accepted(order_lines=(2, 2, 0)),
    ),
    Case(
        "whole numbers below 1 are no quantities",
        _lines(3, quantity=pa.array([2, 0, -1], pa.int64())),
        rejects(
            (LINES, 2, "L2", "quantity", "bad_quantity", "0"),
            (LINES, 3, "L3", "quantity", "bad_quantity", "-1"),
            order_lines=(3, 1, 2),
        ),
    ),
    Case(
        "a null quantity is missing",
        _lines(2, quantity=pa.array([2, None], pa.int64())),
        rejects((LINES, 2, "L2", "quantity", "missing_value", "")),
    ),
    Case(
        "whole numbers 1 and 0 are booleans, 2 is none",
        _lines(3, recurring_do_not_bill=pa.array([0, 1, 2], pa.int64())),
        rejects((LINES, 3, "L3", "recurring_do_not_bill", "bad_boolean", "2")),
    ),
    Case(
        "a whole number is no date",
        _lines(2, connected_on=pa.array([46083, 20260302], pa.int64())),
        rejects(
            (LINES, 1, "L1", "connected_on", "bad_date", "46083"),
            (LINES, 2, "L2", "connected_on", "bad_date", "20260302"),
        ),
    ),
    Case(
        "a boolean is no quantity",
        _lines(2, quantity=pa.array([True, True])),
        rejects(
            (LINES, 1, "L1", "quantity", "bad_quantity"),
            (LINES, 2, "L2", "quantity", "bad_quantity"),
        ),
    ),
    Case(
        "whole numbers may be keys and are compared as text",
        a_key_twice,
        rejects(
            ("contacts", 1, "7", "contact_id", "duplicate_key", "7"),
            ("contacts", 3, "7", "contact_id", "duplicate_key", "7"),
            contacts=(3, 1, 2),
        ),
        assumes="a whole number in a text column is its digits",
    ),
    Case(
        "text in Parquet is judged as text in CSV is",
        text_that_does_not_fit,
        rejects(
            (LINES, 2, "L2", "do_not_bill_reason", "bad_text", "a\x00b"),
            (LINES, 2, "L2", "connected_on", "bad_date", "2026-02-30"),
            (LINES, 3, "L3", "do_not_bill_reason", "bad_text", "a\x85b"),
            (LINES, 3, "L3", "quantity", "bad_quantity", "0"),
            (LINES, 5, "L5", "quantity", "missing_value", ""),
            (LINES, 6, "L6", "connected_on", "bad_date", "soon"),
            (LINES, 6, "L6", "quantity", "bad_quantity", "1.0"),
            order_lines=(6, 2, 4),
        ),
    ),
    Case(
        "a Parquet file without a required column stops the run",
        a_missing_column,
        stops(22, "customers", "status"),
    ),
    Case(
        "a Parquet file with one field twice stops the run",
        one_field_twice,
        stops(22, LINES, "cli"),
    ),
    *(
        Case(
            f"a Parquet file that is {what} stops the run",
            _raw(content),
            stops(22, "customers"),
        )
        for what, content in {
            "empty": b"",
            "CSV": b"customer_id,name,status\nC1,Acme,Live\n",
            "an HTML page": b"<!DOCTYPE html><html></html>\n",
            "its magic bytes only": b"PAR1PAR1",
            "zeros between its magic bytes": b"PAR1" + b"\x00" * 64 + b"PAR1",
        }.items()
    ),
    Case(
        "a Parquet file of kilobytes whose records are longer than any stops the run",
        a_text_longer_than_any,
        stops(22, "contacts", "MiB"),
        assumes="a record of more than 16 MiB is no billing record, as in CSV",
    ),
    Case(
        "an optional Parquet file that is none stops the run",
        _raw(b"PAR1", "contacts"),
        stops(22, "contacts"),
    ),
]
