"""The oracle judged by hand: every expected value here was worked out from the contract's text."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.accepting import Accepted, Row, accept
from tests.oracle.chaos import BREAKAGES, break_world, coverage, make_world, two_days
from tests.oracle.contracts import (
    DISPOSITIONS,
    FEEDS,
    HOLDS,
    REJECT_REASONS,
    SERVICE,
    WAITING_REASONS,
)
from tests.oracle.judged import Judged
from tests.oracle.judging import Ledger, judge, life_of
from tests.oracle.known import Known, KnownCharge, Refusal, settle
from tests.oracle.outcome import Charge, Reckoning
from tests.oracle.reading import read_folder, split_records
from tests.oracle.reckon import reckon
from tests.oracle.settings import Settings, read_settings
from tests.oracle.small import LINE, small_world
from tests.oracle.values import (
    MisfitError,
    OtherDateStyleError,
    add_months,
    clean_cli,
    cli_type,
    parse_boolean,
    parse_choice,
    parse_date,
    parse_integer,
    parse_price,
    parse_quantity,
)
from tests.oracle.writing import LiveClis, cli_rows

AS_OF = date(2026, 3, 31)
LONDON = ZoneInfo("Europe/London")
PROFILE: dict[str, Any] = {"tenant": {"name": "Acme"}, "feeds": {"max_reject_rate": 1.0}}


def run(
    folder: Path, profile: Mapping[str, Any] | None = None, known: Known | None = None
) -> Reckoning:
    return reckon(folder, as_of=AS_OF, profile={**PROFILE, **(profile or {})}, known=known)


def holds_of(reckoning: Reckoning, charge_type: str = "upfront", line: str = "L1") -> set[str]:
    return {why for who, kind, why in reckoning.holds if (who, kind) == (line, charge_type)}


def charge_of(reckoning: Reckoning, charge_type: str = "upfront", line: str = "L1") -> Charge:
    (found,) = (c for c in reckoning.charges if (c.line_id, c.charge_type) == (line, charge_type))
    return found


def reasons(reckoning: Reckoning, feed: str) -> list[tuple[int, str, str]]:
    return [(r.row_number, r.column, r.reason) for r in reckoning.rejects if r.feed == feed]


# Reading: records, headers, folder


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b"a,b\nc,d\n", [[b"a", b"b"], [b"c", b"d"]]),
        (b"a,b\r\nc,d", [[b"a", b"b"], [b"c", b"d"]]),
        (b"a\n\n\r\nb\n", [[b"a"], [b"b"]]),
        (b'"x,""y""\nz",b\n', [[b'x,"y"\nz', b"b"]]),
        (b'5" pipe,b\n', [[b'5" pipe', b"b"]]),
        (b'a,"b"c,d\ne,f\n', [None, [b"e", b"f"]]),
        (b'a,b\nc,"d\ne,f\n', [[b"a", b"b"], None]),
        (b"a\rb,c\r\n", [[b"a\rb", b"c"]]),
        (b'"a"\r\n"b"\r\n', [[b"a"], [b"b"]]),
        (b'"",\n', [[b"", b""]]),
        (b'a,"b",', [[b"a", b"b", b""]]),
        (b'""\n\n', [[b""]]),
    ],
    ids=[
        "LF",
        "CRLF and no last line end",
        "empty lines are no records",
        "quoted comma, quote, newline",
        "a stray quote is text",
        "text after a closing quote breaks only its record",
        "a quote never closed takes the rest",
        "a lone CR is text",
        "closing quote before CRLF",
        "two blanks",
        "a last blank cell",
        "a quoted blank is a record",
    ],
)
def test_records_of_a_csv_text(data: bytes, records: list[list[bytes] | None]) -> None:
    assert list(split_records(data)) == records


def test_a_ragged_row_has_that_one_reason_and_counts_as_a_row(tmp_path: Path) -> None:
    text = b"address_id,customer_id,line1,postcode\n\nX,C1,1 High St\nY,C1,2 High St,BL1 1AA\n"
    found = run(small_world(tmp_path, raw={"addresses.csv": text}))

    assert found.feeds["addresses"] == (2, 1, 1)
    assert [tuple(r) for r in found.rejects] == [("addresses", 1, "", "", "ragged_row", "")]


def test_a_quoted_newline_does_not_add_a_row_number(tmp_path: Path) -> None:
    text = b'address_id,customer_id,line1,postcode\nX,C1,"1\nHigh",BL1 1AA\nY,C1,2 High,\n'
    found = run(small_world(tmp_path, raw={"addresses.csv": text}))

    assert reasons(found, "addresses") == [(2, "postcode", "missing_value")]


def test_bad_bytes_and_control_characters_come_before_every_other_reason(tmp_path: Path) -> None:
    text = (
        b"address_id,customer_id,line1,postcode\n"
        b"X,\xff,1 High,BL1\n"
        b"Y,C1,a\x00b,BL1\n"
        b"Z,C1,a\tb,BL1\n"
        b"W,C1,a\xc2\x85b,BL1\n"
    )
    found = run(small_world(tmp_path, raw={"addresses.csv": text}))

    assert reasons(found, "addresses") == [
        (1, "customer_id", "bad_encoding"),
        (2, "line1", "bad_text"),
        (4, "line1", "bad_text"),
    ]


def test_cp1252_reads_its_pound_sign_and_rejects_its_holes(tmp_path: Path) -> None:
    text = b"product_code,name,is_active,price\nSKU1,\x93Best\x94,,\xa31.50\nSKU2,\x81,,\n"
    world = small_world(tmp_path, raw={"affinity_products.csv": text})
    found = run(world, {"feeds": {"encoding": "cp1252", "max_reject_rate": 1.0}})

    assert reasons(found, "affinity_products") == [(2, "name", "bad_encoding")]
    assert holds_of(found) == set()


def test_labels_match_whatever_their_case_spaces_hyphens_and_underscores(tmp_path: Path) -> None:
    text = (
        b"\xef\xbb\xbfLINE-ID,Order Id,product_id,Asset ID,Quantity,CONNECTED DATE,ctn,Note\n"
        b"L1,O1,P1,A1,2,2026-03-01,,anything\n"
    )
    found = run(small_world(tmp_path, raw={"order_lines.csv": text}))

    assert charge_of(found).disposition == "ready"
    assert charge_of(found).bill_start_source == "connected_on"


def test_a_label_of_the_profile_names_a_field(tmp_path: Path) -> None:
    text = b"line_id,order_id,product_id,Live On,quantity,asset_id\nL1,O1,P1,2026-03-02,1,A1\n"
    world = small_world(tmp_path, raw={"order_lines.csv": text})
    labels = {"order_lines": {"live-on": "connected_on"}}
    found = run(world, {"feeds": {"labels": labels}})

    assert charge_of(found).bill_start_on == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("order_lines.csv", b"line_id,order_id,product_id\n"),
        ("order_lines.csv", b"line_id,order_id,product_id,quantity,CTN,MSISDN\n"),
        ("customers.csv", b""),
        ("customers.csv", b"\xef\xbb\xbf\n\n"),
        ("asset_numbers.csv", b"asset_id\n"),
        ("affinity_products.parquet", b"PAR1"),
        ("manifest.json", b"{"),
        ("manifest.json", b'{"contacts": {"rows": 0}}'),
        ("manifest.json", b'{"customers": {"rows": 2}}'),
        ("manifest.json", b'{"customers": {"sha256": "00"}}'),
        ("affinity_clis.csv", b"site_ref,cli,is deleted,is_deleted\n"),
    ],
    ids=[
        "a missing required column",
        "two labels of one field",
        "no header",
        "only blank lines",
        "a missing key column of an optional feed",
        "csv and parquet",
        "a broken manifest",
        "a manifest of an absent file",
        "a short file",
        "an altered file",
        "two is_deleted columns",
    ],
)
def test_a_broken_folder_stops_the_run(tmp_path: Path, name: str, data: bytes) -> None:
    more = {"affinity_products": [{"product_code": "SKU1"}]}
    found = run(small_world(tmp_path, more=more, raw={name: data}))

    assert found.stop is not None
    assert found.stop[0] == 22


def test_a_missing_required_file_stops_and_a_missing_optional_one_does_not(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    assert run(world).stop is None
    assert run(world).feeds["contacts"] == (0, 0, 0)
    assert set(run(world).feeds) == set(FEEDS)
    assert len(FEEDS) == 16

    (world / "assets.csv").unlink()
    stop = run(world).stop

    assert stop is not None
    assert stop[0] == 22


def test_a_true_manifest_is_silent(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    digest = hashlib.sha256((world / "sites.csv").read_bytes()).hexdigest()
    (world / "manifest.json").write_text(json.dumps({"sites": {"rows": 1, "sha256": digest}}))

    assert run(world).stop is None


# Values


@pytest.mark.parametrize(
    ("text", "style", "day"),
    [
        ("2026-03-31", "iso", date(2026, 3, 31)),
        ("2026-06-30T23:30Z", "iso", date(2026, 7, 1)),
        ("2026-06-30T22:59:59.999Z", "iso", date(2026, 6, 30)),
        ("2026-01-31 23:30:00+00:00", "iso", date(2026, 1, 31)),
        ("2026-07-01T00:30:00+05:30", "iso", date(2026, 6, 30)),
        ("2026-07-01T00:30-05:00", "iso", date(2026, 7, 1)),
        ("2026-03-29 01:30", "iso", date(2026, 3, 29)),
        ("2026-03-31", "uk", date(2026, 3, 31)),
        ("04/03/2026", "uk", date(2026, 3, 4)),
        ("04/03/2026", "us", date(2026, 4, 3)),
        ("29/02/2028", "uk", date(2028, 2, 29)),
    ],
)
def test_dates_that_fit(text: str, style: str, day: date) -> None:
    assert parse_date(text, style, LONDON) == day


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("2026-02-29", "iso"),
        ("2026-3-1", "iso"),
        ("26-03-01", "iso"),
        ("20260301", "iso"),
        ("2026-03-01T24:00", "iso"),
        ("2026-03-01T10", "iso"),
        ("2026-03-01Z", "iso"),
        ("2026-03-01t10:00", "iso"),
        ("٢٠٢٦-03-01", "iso"),
        ("01/03/2026", "iso"),
        ("1/3/2026", "uk"),
        ("01/03/26", "uk"),
        ("31/04/2026", "uk"),
        ("31/04/2026", "us"),
        ("01/03/2026 10:00", "uk"),
        ("00/00/2026", "us"),
    ],
)
def test_dates_that_do_not_fit(text: str, style: str) -> None:
    with pytest.raises(MisfitError, match="bad_date"):
        parse_date(text, style, LONDON)


@pytest.mark.parametrize(("text", "style"), [("03/31/2026", "uk"), ("31/03/2026", "us")])
def test_a_date_of_the_other_style_stops(text: str, style: str) -> None:
    with pytest.raises(OtherDateStyleError):
        parse_date(text, style, LONDON)


def test_an_ambiguous_date_column_stops_the_run(tmp_path: Path) -> None:
    world = small_world(tmp_path, line={"connected_on": "03/31/2026"})
    found = run(world, {"feeds": {"date_style": {"order_lines": "uk"}}})

    assert found.stop is not None
    assert found.stop[0] == 22


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.5", "12.5"),
        ("£1,234.5678", "1234.5678"),
        ("007", "7"),
        ("-0.00", "0"),
        ("-£0", "0"),
        ("12345678901234.0001", "12345678901234.0001"),
        ("12,345,678", "12345678"),
    ],
)
def test_money_that_fits(text: str, amount: str) -> None:
    assert parse_price(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.23456", "bad_number"),
        ("1.00000", "bad_number"),
        ("1e3", "bad_number"),
        ("(5.00)", "bad_number"),
        ("+5", "bad_number"),
        (".5", "bad_number"),
        ("5.", "bad_number"),
        ("12,34", "bad_number"),
        ("1234,567", "bad_number"),
        ("£ 5", "bad_number"),
        ("-£-5", "bad_number"),
        ("$5", "bad_number"),
        ("NaN", "bad_number"),
        ("123456789012345", "bad_number"),
        ("-5", "negative_price"),
        ("£-5.10", "negative_price"),
        ("-£0.0001", "negative_price"),
    ],
)
def test_money_that_does_not_fit(text: str, reason: str) -> None:
    with pytest.raises(MisfitError, match=reason):
        parse_price(text)


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.0", "+1", "1,000", "1e3", "٣", "1234567890123456789", "one"]
)
def test_quantities_that_do_not_fit(text: str) -> None:
    with pytest.raises(MisfitError, match="bad_quantity"):
        parse_quantity(text)


def test_whole_numbers_booleans_and_choices() -> None:
    assert parse_quantity("007") == 7
    assert parse_quantity("999999999999999999") == 10**18 - 1
    assert parse_integer("-12") == -12
    assert [parse_boolean(t) for t in ("TRUE", "Yes", "y", "1")] == [True] * 4
    assert [parse_boolean(t) for t in ("false", "NO", "n", "0")] == [False] * 4
    assert parse_choice("new & CEASE", ("New", "Update", "New & Cease")) == "New & Cease"
    for parse, text in ((parse_integer, "1.0"), (parse_integer, "+1"), (parse_boolean, "t")):
        with pytest.raises(MisfitError):
            parse(text)


@pytest.mark.parametrize(
    ("raw", "profile", "expected"),
    [
        ("01204 600001", "uk_number", ("01204600001", None)),
        ("+44 (0)1204-600.001", "uk_number", ("01204600001", None)),
        ("0044 1204 600001", "uk_number", ("01204600001", None)),
        ("44 1204 600001", "uk_number", ("01204600001", None)),
        ("(01204)\u00a0600001", "uk_number", ("01204600001", None)),
        ("0800 111 111", "uk_number", ("0800111111", None)),
        ("056 12345678", "uk_number", ("05612345678", None)),
        ("4.4E+11", "uk_number", (None, "cli_damaged")),
        ("4.41204600001e+11", "uk_number", (None, "cli_damaged")),
        ("1204600001", "uk_number", (None, "cli_damaged")),
        ("+440", "uk_number", (None, "cli_malformed")),
        ("0500 123456", "uk_number", (None, "cli_malformed")),
        ("04012345678", "uk_number", (None, "cli_malformed")),
        ("012046000012", "uk_number", (None, "cli_malformed")),
        ("441204600001234", "uk_number", (None, "cli_malformed")),
        ("+33 1 23 45 67 89", "uk_number", (None, "cli_malformed")),
        ("BBEU12345678", "uk_number", (None, "cli_malformed")),
        ("O1204600001", "uk_number", (None, "cli_malformed")),
        ("01204600001/2", "uk_number", (None, "cli_malformed")),
        ("٠١٢٠٤٦٠٠٠٠١", "uk_number", (None, "cli_malformed")),
        ("--", "uk_number", (None, "cli_malformed")),
        ("BBEU 12345678", "any", ("BBEU 12345678", None)),
        ("x" * 40, "any", ("x" * 40, None)),
        ("x" * 41, "any", (None, "cli_malformed")),
        ("a\u00a0b", "any", (None, "cli_malformed")),
        ("a\nb", "any", (None, "cli_malformed")),
        ("a\u200db", "any", (None, "cli_malformed")),
        ("4.4E+11", "any", ("4.4E+11", None)),
        ("01204600001", "none", (None, None)),
        (None, "uk_number", (None, None)),
    ],
)
def test_cli_text(raw: str | None, profile: str, expected: tuple[str | None, str | None]) -> None:
    assert clean_cli(raw, profile) == expected


@pytest.mark.parametrize(
    ("cli", "kind"),
    [
        ("01204600001", "geographic"),
        ("02079460000", "geographic"),
        ("03069990000", "non-geographic"),
        ("05512345678", "non-geographic"),
        ("0800111111", "non-geographic"),
        ("09098790000", "non-geographic"),
        ("07700900123", "mobile"),
        ("07012345678", "other"),
        ("07612345678", "other"),
    ],
)
def test_cli_types(cli: str, kind: str) -> None:
    assert cli_type(cli, "uk_number") == kind
    assert cli_type(cli, "any") == "other"


def test_months_are_clamped_to_the_months_end() -> None:
    assert add_months(AS_OF, -13) == date(2025, 2, 28)
    assert add_months(AS_OF, 13) == date(2027, 4, 30)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(AS_OF, 999_999) is None


# Rejects


def test_all_records_of_a_key_are_rejected_even_one_that_is_bad_otherwise(tmp_path: Path) -> None:
    rows = [
        {"contact_id": "K", "customer_id": "C1", "last_name": "Ng"},
        {"contact_id": " K\u00a0", "customer_id": "C1", "last_name": ""},
        {"contact_id": "k", "customer_id": "C1", "last_name": "Ng"},
    ]
    found = run(small_world(tmp_path, more={"contacts": rows}))

    assert reasons(found, "contacts") == [
        (1, "contact_id", "duplicate_key"),
        (2, "contact_id", "duplicate_key"),
        (2, "last_name", "missing_value"),
    ]
    assert found.feeds["contacts"] == (3, 1, 2)


def test_a_composite_key_names_its_first_column(tmp_path: Path) -> None:
    link = {"application_name": "Affinity", "entity_type": "19", "integration_id": "Z"}
    rows = [
        {**link, "entity_id": "S9"},
        {**link, "entity_id": "S9"},
        {**link, "entity_id": "S8"},
        {**link, "entity_id": "S7", "entity_type": "nineteen"},
    ]
    found = run(small_world(tmp_path, more={"application_links": rows}))

    assert [tuple(r)[1:5] for r in found.rejects] == [
        (1, "Affinity|19|S9", "application_name", "duplicate_key"),
        (2, "Affinity|19|S9", "application_name", "duplicate_key"),
        (4, "Affinity|nineteen|S7", "entity_type", "bad_number"),
    ]


def test_rejects_cascade_and_a_rejected_record_also_gets_its_broken_references(
    tmp_path: Path,
) -> None:
    found = run(small_world(tmp_path, customer={"status": "Gone"}, line={"quantity": "0"}))

    assert [tuple(r)[:1] + tuple(r)[3:5] for r in found.rejects] == [
        ("assets", "customer_id", "unknown_reference"),
        ("customers", "status", "unknown_value"),
        ("order_lines", "order_id", "unknown_reference"),
        ("order_lines", "quantity", "bad_quantity"),
        ("orders", "customer_id", "unknown_reference"),
        ("orders", "site_id", "unknown_reference"),
        ("sites", "customer_id", "unknown_reference"),
    ]
    assert found.charges == []


def test_a_cell_has_one_reason_and_the_raw_value_is_kept(tmp_path: Path) -> None:
    line = {"order_id": "  ", "connected_on": " 31/03/2026 ", "upfront_price": "1.23456"}
    found = run(small_world(tmp_path, line={**line, "upfront_do_not_bill": "maybe"}))

    assert [tuple(r)[2:] for r in found.rejects] == [
        ("L1", "connected_on", "bad_date", " 31/03/2026 "),
        ("L1", "order_id", "missing_value", "  "),
        ("L1", "upfront_do_not_bill", "bad_boolean", "maybe"),
        ("L1", "upfront_price", "bad_number", "1.23456"),
    ]


@pytest.mark.parametrize(("rate", "stops"), [(0.5, False), (0.49, True), (0.0, True)])
def test_the_reject_rate_stops_strictly_above_the_limit(
    tmp_path: Path, rate: float, stops: bool
) -> None:
    more = {"order_lines": [{**LINE, "line_id": "L2", "quantity": "0", "connected_on": "x"}]}
    found = run(small_world(tmp_path, more=more), {"feeds": {"max_reject_rate": rate}})

    assert (found.stop is not None and found.stop[0] == 30) is stops
    assert found.feeds["order_lines"] == (2, 1, 1)


def test_an_optional_feed_full_of_rejects_stops_nothing(tmp_path: Path) -> None:
    more = {"contacts": [{"contact_id": "K", "customer_id": "C1", "last_name": ""}]}

    assert reckon(small_world(tmp_path, more=more), as_of=AS_OF).stop is None


def test_a_deleted_record_counts_as_accepted_and_is_gone(tmp_path: Path) -> None:
    gone = {"site_id": "S2", "customer_id": "C9", "is_default": "maybe", "is_deleted": "Yes"}
    more = {
        "sites": [gone, {"site_id": "S3", "customer_id": "C1", "name": "x", "is_deleted": "2"}],
        "contacts": [
            {"contact_id": "K", "customer_id": "C1", "site_id": "S2", "last_name": "Ng"},
        ],
    }
    found = run(small_world(tmp_path, more=more))

    assert found.feeds["sites"] == (3, 2, 1)
    assert reasons(found, "sites") == [(3, "is_deleted", "bad_boolean")]
    assert reasons(found, "contacts") == [(1, "site_id", "unknown_reference")]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("01204600100", "01204600599")], []),
        ([("01204600100", "01204600600")], []),
        (
            [("01204600100", "01204600600"), ("01204600900", "")],
            [(1, "cli", "bad_range"), (2, "cli", "bad_range")],
        ),
        ([("01204600100", "01204600100")], [(1, "range_end", "bad_range")]),
        ([("01204600100", "01204600099")], [(1, "range_end", "bad_range")]),
        ([("01204600100", "0120460012")], [(1, "range_end", "bad_range")]),
        ([("01204600100", "EX101")], [(1, "range_end", "bad_range")]),
        ([("EX100", "")], [(1, "cli", "bad_range")]),
        ([("1204600100", "")], [(1, "cli", "bad_range")]),
        ([("+44 1204 600100", "01204 600 109")], []),
    ],
)
def test_additional_numbers(
    tmp_path: Path, cells: list[tuple[str, str]], expected: list[tuple[int, str, str]]
) -> None:
    rows = [{"asset_id": "A1", "cli": start, "range_end": end} for start, end in cells]
    found = run(small_world(tmp_path, more={"asset_numbers": rows}))

    assert reasons(found, "asset_numbers") == expected


# Dispositions


@pytest.mark.parametrize(
    ("changes", "disposition", "status", "waiting"),
    [
        ({}, "ready", "Ready to Bill", None),
        ({"line": {"upfront_bill_status": "in billing"}}, "in_billing", "In Billing", None),
        ({"line": {"upfront_bill_status": "Ready to Bill"}}, "ready", "Ready to Bill", None),
        ({"order": {"status": " CANCELLED "}}, "cancelled", "Not Billed", None),
        ({"order": {"status": "Cancelled by customer"}}, "ready", "Ready to Bill", None),
        (
            {"customer": {"status": "cancelled"}, "line": {"asset_id": "nope"}},
            "cancelled",
            "Not Billed",
            None,
        ),
        ({"customer": {"status": "Cancelled"}}, "held", "Ready to Bill", None),
        ({"line": {"action": "update"}}, "amendment", "Not Billed", None),
        ({"product": {"upfront_price": ""}}, "not_applicable", "Not Billed", None),
        ({"line": {"upfront_price": "0.00"}}, "not_applicable", "Not Billed", None),
        (
            {"line": {"upfront_billing_route": "Nowhere", "upfront_do_not_bill": "y"}},
            "held",
            "Ready to Bill",
            None,
        ),
        (
            {"line": {"upfront_billing_route": "Nowhere", "connected_on": ""}},
            "held",
            "Not Billed",
            None,
        ),
        (
            {"line": {"upfront_billing_route": " the LAYER "}},
            "billed_in_layer",
            "Not Billed",
            None,
        ),
        ({"product": {"upfront_billing_route": ""}}, "billed_in_layer", "Not Billed", None),
        ({"line": {"upfront_billing_route": "GAMMA"}}, "other_platform", "Not Billed", None),
        (
            {
                "line": {"upfront_billing_route": "Nowhere"},
                "asset": {"upfront_billing_route": "aurora affinity"},
            },
            "ready",
            "Ready to Bill",
            None,
        ),
        ({"line": {"upfront_do_not_bill": "1"}}, "do_not_bill", "Not Billed", None),
        ({"asset": {"do_not_bill": "yes"}}, "do_not_bill", "Not Billed", None),
        ({"line": {"recurring_do_not_bill": "1"}}, "ready", "Ready to Bill", None),
        ({"line": {"asset_id": "nope"}}, "waiting", "Not Billed", "asset_missing"),
        ({"line": {"asset_id": ""}}, "ready", "Ready to Bill", None),
        (
            {"line": {"asset_id": ""}, "asset": {"line_id": "L9"}},
            "waiting",
            "Not Billed",
            "not_converted",
        ),
        ({"line": {"connected_on": ""}}, "waiting", "Not Billed", "no_connected_date"),
        (
            {"line": {"connected_on": "2026-04-01"}},
            "waiting",
            "Not Billed",
            "date_not_reached",
        ),
        ({"line": {"connected_on": "2026-03-31"}}, "ready", "Ready to Bill", None),
        ({"product": {"item_type": "Product"}}, "waiting", "Not Billed", "no_issue_date"),
        (
            {"product": {"item_type": "Product"}, "line": {"issued_on": "2026-03-31"}},
            "ready",
            "Ready to Bill",
            None,
        ),
    ],
)
def test_disposition_of_the_upfront_charge(
    tmp_path: Path,
    changes: dict[str, dict[str, str]],
    disposition: str,
    status: str,
    waiting: str | None,
) -> None:
    more = {"billing_platforms": [{"name": " Gamma"}]}
    charge = charge_of(run(small_world(tmp_path, **changes, more=more)))  # type: ignore[arg-type]

    assert charge.disposition == disposition
    assert charge.bill_status == status
    assert charge.waiting_reason == waiting


def test_several_assets_of_a_line_are_ambiguous(tmp_path: Path) -> None:
    twin = {"asset_id": "A2", "line_id": "L1", "customer_id": "C1", "product_id": "P1"}
    world = small_world(
        tmp_path, line={"asset_id": ""}, more={"assets": [{**twin, "is_live": "1"}]}
    )

    assert charge_of(run(world)).waiting_reason == "asset_ambiguous"


def test_a_rejected_asset_is_no_candidate(tmp_path: Path) -> None:
    twin = {"asset_id": "A2", "line_id": "L1", "customer_id": "C1", "product_id": "P1"}
    world = small_world(tmp_path, line={"asset_id": ""}, more={"assets": [twin]})

    assert charge_of(run(world)).disposition == "ready"


def test_a_charge_of_the_ledger_is_exported_or_in_billing_whatever_else(tmp_path: Path) -> None:
    world = small_world(tmp_path, order={"status": "Cancelled"})
    known = Known(
        in_billing=(KnownCharge("L1", "upfront", 1),),
        exported=(KnownCharge("L1", "recurring", 2), KnownCharge("L7", "recurring", 2)),
        batch_open=True,
    )
    found = run(world, known=known)

    assert charge_of(found).disposition == "in_billing"
    assert charge_of(found).batch_seq == 1
    assert charge_of(found, "recurring").disposition == "exported"
    assert charge_of(found, "recurring").bill_status == "Ready to Bill"
    assert found.source_gone == {("L7", "recurring")}


def test_triggers_of_the_profile(tmp_path: Path) -> None:
    world = small_world(tmp_path, line={"connected_on": "", "converted_on": "2026-05-01"})
    fallback = {"fallback": "on_convert"}

    def upfront(service: dict[str, Any]) -> Charge:
        return charge_of(run(world, {"triggers": {"service": service}}))

    assert upfront({}).waiting_reason == "no_connected_date"
    assert upfront(fallback).waiting_reason == "date_not_reached"
    late = upfront({**fallback, "require_date_reached": False})
    assert late.disposition == "ready"
    assert (late.bill_start_on, late.bill_start_source) == (date(2026, 3, 1), "connection_on")
    assert upfront({"all_of": ["converted"]}).disposition == "ready"


def test_conversion_is_last_in_the_bill_start_list(tmp_path: Path) -> None:
    line = {"connected_on": "", "converted_on": "2026-03-09"}
    world = small_world(tmp_path, line=line, asset={"connection_on": ""})
    found = run(world, {"triggers": {"service": {"fallback": "on_convert"}}})

    assert charge_of(found).bill_start_source == "converted_on"
    assert charge_of(found).bill_start_on == date(2026, 3, 9)


def test_facts_of_a_charge(tmp_path: Path) -> None:
    world = small_world(
        tmp_path,
        asset={"connection_on": "2026-02-01", "cli": ""},
        line={"recurring_price": "£1,000.25", "quantity": "3", "cli": "+44 1204 600009"},
        product={"external_sku_recurring": "SKU-R"},
    )
    found = run(world)
    upfront, recurring = charge_of(found), charge_of(found, "recurring")

    assert (upfront.bill_start_on, upfront.bill_start_source) == (
        AS_OF.replace(day=1),
        "connected_on",
    )
    assert (recurring.bill_start_on, recurring.bill_start_source) == (
        date(2026, 2, 1),
        "connection_on",
    )
    assert (upfront.sku, recurring.sku) == ("SKU1", "SKU-R")
    assert (upfront.value, recurring.value) == (Decimal(30), Decimal("3000.75"))
    assert (upfront.frequency, recurring.frequency) == (None, "Monthly")
    assert upfront.cli == "01204600009"
    assert upfront.route == "Affinity"
    assert found.dispositions["ready"] == (2, Decimal("3030.75"))
    assert found.dispositions["held"] == (0, Decimal(0))
    assert set(found.dispositions) == set(DISPOSITIONS)


def test_value_is_exact_at_the_largest_numbers(tmp_path: Path) -> None:
    line = {"quantity": "9" * 18, "upfront_price": "9" * 14 + ".9999"}
    found = run(small_world(tmp_path, line=line, product={"recurring_price": "0"}))

    assert found.dispositions["ready"] == (1, Decimal("999999999999999998" + "0" * 14 + ".0001"))


@pytest.mark.parametrize(
    ("statuses", "changes", "light"),
    [
        (("In Billing", "In Billing"), {}, "green"),
        (("In Billing", ""), {}, "orange"),
        (("In Billing", ""), {"product": {"recurring_price": "0"}}, "green"),
        (("In Billing", ""), {"line": {"recurring_do_not_bill": "1"}}, "green"),
        (("In Billing", ""), {"line": {"recurring_billing_route": "The Layer"}}, "green"),
        (("", ""), {"line": {"recurring_billing_route": "The Layer"}}, "orange"),
        (
            ("In Billing", "In Billing"),
            {
                "line": {
                    "recurring_billing_route": "The Layer",
                    "upfront_billing_route": "The Layer",
                },
            },
            "orange",
        ),
        (("In Billing", "In Billing"), {"line": {"upfront_billing_route": "Nowhere"}}, "green"),
    ],
)
def test_line_light(
    tmp_path: Path, statuses: tuple[str, str], changes: dict[str, dict[str, str]], light: str
) -> None:
    line = {"upfront_bill_status": statuses[0], "recurring_bill_status": statuses[1]}
    merged = {**changes, "line": {**line, **changes.get("line", {})}}
    found = run(small_world(tmp_path, **merged))  # type: ignore[arg-type]

    assert found.line_lights == {"L1": light}


# Holds


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({"product": {"external_sku": ""}}, {"sku_missing"}),
        ({"product": {"external_sku": "", "is_custom": "y"}}, {"sku_pending"}),
        ({"product": {"is_custom": "y"}}, set()),
        ({"product": {"external_sku": "sku1"}}, {"sku_unknown"}),
        ({"product": {"external_sku": "OLD"}}, {"sku_inactive"}),
        ({"product": {"external_sku": "BAD"}}, {"sku_unknown"}),
        ({"customer": {"integration_id": ""}}, {"customer_unlinked"}),
        ({"customer": {"status": "Cancelled"}}, {"customer_not_live"}),
        ({"customer": {"status": "Pending"}}, set()),
        ({"order": {"site_id": ""}}, {"site_missing"}),
        ({"order": {"site_id": ""}, "line": {"site_id": "S1"}}, set()),
        ({"site": {"integration_id": ""}}, {"site_unlinked"}),
        ({"asset": {"site_id": "S2"}}, {"site_mismatch"}),
        ({"asset": {"site_id": "S3"}}, set()),
        ({"asset": {"site_id": "S4"}}, {"site_link_conflict"}),
        ({"asset": {"site_id": "S5"}}, {"site_unlinked"}),
        ({"asset": {"product_id": "P2"}}, {"asset_mismatch"}),
        ({"asset": {"customer_id": "C2"}}, {"asset_mismatch"}),
        ({"asset": {"is_live": "no"}}, {"asset_not_live"}),
        ({"line": {"action": "New & Cease"}}, {"target_asset_missing"}),
        ({"line": {"action": "New & Cease", "target_asset_id": "nope"}}, {"target_asset_missing"}),
        ({"line": {"action": "New & Cease", "target_asset_id": "A1"}}, set()),
        ({"asset": {"cli": ""}}, {"cli_missing"}),
        ({"asset": {"cli": ""}, "product": {"needs_cli": ""}}, set()),
        (
            {"asset": {"cli": "x", "cease_on": "2026-02-01"}},
            {"cli_malformed", "bill_start_after_cease"},
        ),
        ({"asset": {"cli": "1204600001"}}, {"cli_damaged"}),
        ({"asset": {"cli": "BB1"}, "product": {"needs_cli": ""}}, set()),
        ({"line": {"bill_start_override": "2025-02-28"}}, set()),
        ({"line": {"bill_start_override": "2025-02-27"}}, {"bill_start_implausible"}),
        ({"line": {"bill_start_override": "2027-04-30"}}, set()),
        ({"line": {"bill_start_override": "2027-05-01"}}, {"bill_start_implausible"}),
        ({"asset": {"cease_on": "2026-03-01"}}, set()),
        ({"asset": {"cease_on": "2026-02-28"}}, {"bill_start_after_cease"}),
    ],
)
def test_holds_of_the_upfront_charge(
    tmp_path: Path, changes: dict[str, dict[str, str]], holds: set[str]
) -> None:
    link = {"application_name": " AFFINITY ", "entity_type": "19", "integration_id": "R3"}
    more = {
        "affinity_products": [
            {"product_code": "SKU1"},
            {"product_code": "OLD", "is_active": "no"},
            {"product_code": "BAD", "price": "-1"},
        ],
        "customers": [{"customer_id": "C2", "name": "Two", "status": "Live"}],
        "sites": [
            {"site_id": "S2", "customer_id": "C2", "name": "Two", "integration_id": "R2"},
            {"site_id": "S3", "customer_id": "C1", "name": "Three"},
            {"site_id": "S4", "customer_id": "C1", "name": "Four", "integration_id": "R4"},
            {"site_id": "S5", "customer_id": "C1", "name": "Five"},
        ],
        "products": [{"product_id": "P2", "name": "Other", "item_type": "Service"}],
        "application_links": [
            {**link, "entity_id": "S3"},
            {**link, "entity_id": "S4"},
            {**link, "entity_id": "S5", "entity_type": "18"},
            {**link, "entity_id": "S5", "application_name": "Sage"},
        ],
    }
    found = run(small_world(tmp_path, **changes, more=more))  # type: ignore[arg-type]

    assert holds_of(found) == holds
    assert charge_of(found).disposition == ("held" if holds else "ready")


def test_a_recurring_charge_of_a_product_has_no_date_list(tmp_path: Path) -> None:
    changes = {
        "product": {"item_type": "Product", "billing_frequency": ""},
        "line": {"issued_on": "2026-03-02"},
    }
    found = run(small_world(tmp_path, **changes))  # type: ignore[arg-type]

    assert holds_of(found, "recurring") == {
        "recurring_on_product",
        "bill_start_missing",
        "frequency_missing",
    }
    assert holds_of(found, "upfront") == set()


def test_frequency_is_the_lines_then_the_products(tmp_path: Path) -> None:
    world = small_world(tmp_path, product={"billing_frequency": ""})
    assert holds_of(run(world), "recurring") == {"frequency_missing"}

    world = small_world(
        tmp_path, product={"billing_frequency": ""}, line={"billing_frequency": "annual"}
    )
    assert charge_of(run(world), "recurring").frequency == "Annual"


def test_profile_none_makes_a_needed_cli_missing(tmp_path: Path) -> None:
    found = run(small_world(tmp_path), {"cli": {"profiles": {"Voice": "none"}}})

    assert holds_of(found) == {"cli_missing"}
    assert charge_of(found).cli is None


@pytest.mark.parametrize(
    ("own", "other", "line", "conflict"),
    [
        ({}, {}, {}, True),
        ({}, {"cli": "+44 1204 600001"}, {}, True),
        ({}, {"is_live": "no"}, {}, False),
        ({}, {"parent_asset_id": "A9"}, {}, False),
        ({}, {"product_id": "PP"}, {}, False),
        ({}, {"cease_on": "2026-02-28"}, {}, False),
        ({}, {"cease_on": "2026-03-01"}, {}, True),
        ({}, {"connection_on": "2026-05-01", "cease_on": "2026-04-01"}, {}, False),
        ({"cease_on": "2026-03-10"}, {"connection_on": "2026-03-11"}, {}, False),
        ({"cease_on": "2026-03-10"}, {"connection_on": "2026-03-10"}, {}, True),
        ({"parent_asset_id": "A2"}, {}, {}, False),
        ({"parent_asset_id": "A9"}, {}, {}, True),
        ({}, {}, {"action": "New & Cease", "target_asset_id": "A2"}, False),
        ({}, {}, {"action": "New", "target_asset_id": "A2"}, True),
    ],
    ids=[
        "both open",
        "other spelling",
        "not live",
        "not a root",
        "a product asset",
        "ceased the day before",
        "ceased the same day",
        "an inverted life",
        "starts after the own end",
        "starts on the own end",
        "an ancestor",
        "another parent",
        "the target replaced",
        "a target of a plain New",
    ],
)
def test_cli_conflict(
    tmp_path: Path,
    own: dict[str, str],
    other: dict[str, str],
    line: dict[str, str],
    conflict: bool,
) -> None:
    rival = {
        "asset_id": "A2",
        "customer_id": "C1",
        "product_id": "P1",
        "cli": "01204600001",
        "is_live": "yes",
        **other,
    }
    more = {
        "assets": [rival],
        "products": [{"product_id": "PP", "name": "Handset", "item_type": "Product"}],
    }
    found = run(small_world(tmp_path, asset=own, line=line, more=more))

    assert ("cli_conflict" in holds_of(found)) is conflict


def test_the_exemption_of_new_and_cease_is_one_way(tmp_path: Path) -> None:
    new = {**LINE, "line_id": "L2", "asset_id": "A2", "action": "New & Cease"}
    asset = {"asset_id": "A2", "customer_id": "C1", "product_id": "P1", "cli": "01204600001"}
    more = {
        "order_lines": [{**new, "target_asset_id": "A1"}],
        "assets": [{**asset, "is_live": "1", "connection_on": "2026-03-20"}],
    }
    found = run(small_world(tmp_path, line={"site_id": "S1"}, more=more))

    assert "cli_conflict" in holds_of(found)
    assert "cli_conflict" not in holds_of(found, line="L2")


def test_grandparents_are_ancestors_and_a_cycle_ends(tmp_path: Path) -> None:
    asset = {"customer_id": "C1", "product_id": "P1", "is_live": "1"}
    more = {
        "assets": [
            {**asset, "asset_id": "A2", "parent_asset_id": "A3"},
            {**asset, "asset_id": "A3", "cli": "01204600001"},
        ]
    }
    assert holds_of(run(small_world(tmp_path, asset={"parent_asset_id": "A2"}, more=more))) == set()

    more = {"assets": [{**asset, "asset_id": "A2", "parent_asset_id": "A1"}]}
    assert holds_of(run(small_world(tmp_path, asset={"parent_asset_id": "A2"}, more=more))) == set()


def twin(**cells: str) -> dict[str, str]:
    return {**LINE, "line_id": "L2", **cells}


def test_clean_twins_are_all_suspected(tmp_path: Path) -> None:
    found = run(small_world(tmp_path, more={"order_lines": [twin()]}))

    assert found.holds_count == {"suspected_duplicate": 4}
    assert found.files == {}


def test_a_held_twin_suspects_nobody_but_is_itself_suspected(tmp_path: Path) -> None:
    held = twin(quantity="1", action="New & Cease")
    found = run(small_world(tmp_path, more={"order_lines": [held]}))

    assert holds_of(found) == set()
    assert holds_of(found, line="L2") == {"target_asset_missing", "suspected_duplicate"}


def test_another_start_or_no_cli_is_no_twin(tmp_path: Path) -> None:
    more = {"order_lines": [twin(bill_start_override="2026-03-02")]}
    assert run(small_world(tmp_path, more=more)).holds == set()

    more = {"order_lines": [twin()]}
    world = small_world(tmp_path, more=more, asset={"cli": ""}, product={"needs_cli": ""})
    assert run(world).holds == set()


def test_a_twin_in_the_ledger_holds_and_one_in_billing_by_the_feed_only_does_not(
    tmp_path: Path,
) -> None:
    world = small_world(tmp_path)
    past = KnownCharge("L0", "upfront", 1, "S1", "01204600001", "SKU1", date(2026, 3, 1))

    assert holds_of(run(world, known=Known(in_billing=(past,)))) == {"suspected_duplicate"}
    assert holds_of(run(world, known=Known(exported=(past,)))) == {"suspected_duplicate"}
    assert holds_of(run(world, known=Known(exported=(past,))), "recurring") == set()

    more = {"order_lines": [twin(upfront_bill_status="In Billing", recurring_price="0")]}
    assert run(small_world(tmp_path, more=more)).holds == set()


def test_a_refused_charge_waits_until_it_changes_or_is_released(tmp_path: Path) -> None:
    world = small_world(tmp_path)
    first = run(world)
    known = settle(
        Known(),
        first,
        seq=1,
        outcomes={("L1", "upfront"): "rejected", ("L1", "recurring"): "accepted"},
    )

    again = run(world, known=known)
    assert holds_of(again) == {"affinity_rejected"}
    assert charge_of(again, "recurring").disposition == "in_billing"

    changed = small_world(tmp_path, order={"po_ref": "PO9"})
    assert charge_of(run(changed, known=known)).disposition == "ready"

    released = {("L1", "upfront"): Refusal(first.contents["L1", "upfront"], released=True)}
    world = small_world(tmp_path)
    assert charge_of(run(world, known=Known(refused=released))).disposition == "ready"


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"field": "cli", "stage": "order", "required": True}, {"rule:r"}),
        ({"field": "cli", "stage": "asset", "required": True}, set()),
        ({"field": "cli", "stage": "asset", "pattern": "[0-9]+"}, {"rule:r"}),
        ({"field": "cli", "stage": "asset", "min_length": 13}, {"rule:r"}),
        ({"field": "cli", "stage": "asset", "max_length": 12}, set()),
        ({"field": "line_id", "stage": "order", "allowed": ["L1"]}, set()),
        ({"field": "line_id", "stage": "order", "allowed": ["l1"]}, {"rule:r"}),
        ({"field": "cli", "stage": "order", "required": True, "severity": "warn"}, set()),
        ({"field": "cli", "stage": "order", "required": True, "product": "P2"}, set()),
        (
            {"field": "cli", "stage": "order", "required": True, "base_category": "Voice"},
            {"rule:r"},
        ),
        ({"field": "cli", "stage": "order", "min_length": 3}, set()),
    ],
)
def test_rules_of_the_profile(tmp_path: Path, rule: dict[str, Any], holds: set[str]) -> None:
    found = run(small_world(tmp_path), {"validation": [{"name": "r", **rule}]})

    assert holds_of(found) == holds


# Files

CLI_HEAD = (
    "Customer Ref,Site Ref,CLI,Action,CLI Type,Range End,Start Date,End Date,Previous CLI,"
    "Layer Asset ID,Row Key\r\n"
)
PRODUCT_HEAD = (
    "Customer Ref,Site Ref,CLI,Product Code,Charge Type,Action,Description,Quantity,Unit Price,"
    "Frequency,Bill Start Date,Bill End Date,Term Months,Order Ref,PO Ref,Layer Line ID,"
    "Layer Asset ID,Row Key\r\n"
)
KEY = "9fe12cf18d0b2b9327f700382c71f3dc"


def cli_lines(reckoning: Reckoning) -> list[str]:
    text = reckoning.files.get("06_clis.csv", b"").decode()
    return text.split("\r\n")[1:-1]


def test_both_files_byte_for_byte(tmp_path: Path) -> None:
    found = run(small_world(tmp_path))

    assert found.files["06_clis.csv"].decode() == (
        CLI_HEAD + f"CR,S-REF,01204600001,ADD,geographic,,01/03/2026,,,A1,{KEY}\r\n"
    )
    assert found.files["08_products.csv"].decode() == (
        PRODUCT_HEAD
        + "CR,S-REF,01204600001,SKU1,RECURRING,ADD,Line Rental,2,5.5000,MONTHLY,01/03/2026,,,"
        "SO-1,,L1,A1,2bf14aaeaa0d628fb5b52f03aa9d74bc\r\n"
        "CR,S-REF,01204600001,SKU1,UPFRONT,ADD,Line Rental,2,10.0000,ONE_OFF,01/03/2026,,,"
        "SO-1,,L1,A1,f15c5654ee0b597f92cfcd459b5427f7\r\n"
    )


def test_quotes_only_where_needed(tmp_path: Path) -> None:
    product = {"name": 'Line, "Gold"\nRental'}
    found = run(small_world(tmp_path, product=product, order={"po_ref": "=1+1 'x'"}))
    text = found.files["08_products.csv"].decode()

    assert ',"Line, ""Gold""\nRental",2,' in text
    assert ",SO-1,=1+1 'x',L1," in text


@pytest.mark.parametrize(
    ("line", "asset", "fixed", "recurring", "upfront"),
    [
        ({}, {}, "1", ["", ""], ["", ""]),
        ({"term_months": "12"}, {}, "", ["", "12"], ["", "12"]),
        ({"term_months": "12"}, {}, "1", ["28/02/2027", "12"], ["", "12"]),
        (
            {"term_months": "12"},
            {"cease_on": "2026-12-24"},
            "1",
            ["24/12/2026", "12"],
            ["24/12/2026", "12"],
        ),
        (
            {"term_months": "1", "bill_start_override": "2026-01-31"},
            {"expiry_on": "2026-06-01"},
            "1",
            ["27/02/2026", "1"],
            ["", "1"],
        ),
        ({"term_months": "0"}, {}, "1", ["", ""], ["", ""]),
        ({"term_months": "-3"}, {}, "1", ["", ""], ["", ""]),
    ],
    ids=["no term", "not fixed", "fixed", "ceased", "clamped", "term of 0", "negative term"],
)
def test_bill_end_and_term(
    tmp_path: Path,
    line: dict[str, str],
    asset: dict[str, str],
    fixed: str,
    recurring: list[str],
    upfront: list[str],
) -> None:
    world = small_world(tmp_path, line=line, asset=asset, product={"fixed_billing": fixed})
    rows = run(world).files["08_products.csv"].decode().split("\r\n")[1:3]

    assert [row.split(",")[11:13] for row in rows] == [recurring, upfront]


@pytest.mark.parametrize(
    ("months", "asset", "holds"),
    [
        ("95685", {}, set()),
        ("95687", {}, {"layout_unfit"}),
        ("95687", {"cease_on": "2026-12-24"}, set()),
    ],
    ids=["ends in the last month", "ends after the last day", "a cease ends it before"],
)
def test_an_end_beyond_the_calendar_cannot_be_written(
    tmp_path: Path, months: str, asset: dict[str, str], holds: set[str]
) -> None:
    line = {"term_months": months}
    world = small_world(tmp_path, line=line, asset=asset, product={"fixed_billing": "1"})

    assert {reason for _, kind, reason in run(world).holds if kind == "recurring"} == holds


@pytest.mark.parametrize(
    ("layout", "holds"),
    [
        ({"max_lengths": {"PO Ref": 2}}, {"layout_unfit"}),
        ({"max_lengths": {"PO Ref": 3}}, set()),
        ({"max_lengths": {"PO Ref": 2}, "columns": ["CLI", "PO Ref"]}, {"layout_unfit"}),
        ({"max_lengths": {"PO Ref": 2}, "columns": ["CLI", "Row Key"]}, set()),
    ],
    ids=["too long", "as long as may be", "written and too long", "not written"],
)
def test_only_what_is_written_must_fit(
    tmp_path: Path, layout: dict[str, Any], holds: set[str]
) -> None:
    world = small_world(tmp_path, order={"po_ref": "PO1"})

    assert holds_of(run(world, {"affinity": {"layout": {"products": layout}}})) == holds


@pytest.mark.parametrize(
    ("clis", "ledger", "written"),
    [
        ([], set(), True),
        ([{"site_ref": "S-REF", "cli": "01204 600001"}], set(), False),
        ([{"site_ref": "S-REF", "cli": "01204600001", "end_on": "2026-03-01"}], set(), False),
        ([{"site_ref": "S-REF", "cli": "01204600001", "end_on": "2026-02-28"}], set(), True),
        ([{"site_ref": "ELSE", "cli": "01204600001"}], set(), True),
        ([{"site_ref": "S-REF", "cli": "1204600001"}], set(), True),
        ([], {("S-REF", "01204600001")}, False),
        ([], {("ELSE", "01204600001")}, True),
    ],
)
def test_a_live_cli_is_not_added_again(
    tmp_path: Path, clis: list[dict[str, str]], ledger: set[tuple[str, str]], written: bool
) -> None:
    world = small_world(tmp_path, more={"affinity_clis": clis} if clis else {})
    found = run(world, known=Known(live_clis=frozenset(ledger)))

    assert ("06_clis.csv" in found.files) is written
    assert "08_products.csv" in found.files


def test_a_cli_of_two_charges_starts_with_the_earlier(tmp_path: Path) -> None:
    asset = {"connection_on": "2026-02-14"}
    (row,) = cli_lines(run(small_world(tmp_path, asset=asset)))

    assert row.startswith("CR,S-REF,01204600001,ADD,geographic,,14/02/2026,,,A1,")


def test_additional_numbers_follow_and_are_sorted_like_all_rows(tmp_path: Path) -> None:
    numbers = [
        {
            "asset_id": "A1",
            "cli": "01204600200",
            "range_end": "01204 600209",
            "start_on": "2026-03-05",
            "end_on": "2027-01-01",
        },
        {"asset_id": "A1", "cli": "01204600100"},
        {"asset_id": "A1", "cli": "01204600300"},
        {"asset_id": "A1", "cli": "+44 1204 600001", "range_end": "01204600009"},
    ]
    live = [{"site_ref": "S-REF", "cli": "01204600300"}]
    world = small_world(tmp_path, more={"asset_numbers": numbers, "affinity_clis": live})

    assert cli_lines(run(world)) == [
        f"CR,S-REF,01204600001,ADD,geographic,01204600009,01/03/2026,,,A1,{KEY}",
        "CR,S-REF,01204600100,ADD,geographic,,01/03/2026,,,A1,dcfaeca965fbb4307639468a4ad0c075",
        (
            "CR,S-REF,01204600200,ADD,geographic,01204600209,05/03/2026,01/01/2027,,A1,"
            "5fffa1f5f638d32ca526c88e015f2d60"
        ),
    ]


def test_numbers_are_tested_on_their_own_when_the_main_cli_is_live(tmp_path: Path) -> None:
    more = {
        "asset_numbers": [{"asset_id": "A1", "cli": "01204600100"}],
        "affinity_clis": [{"site_ref": "S-REF", "cli": "01204600001"}],
    }
    (row,) = cli_lines(run(small_world(tmp_path, more=more)))

    assert row.startswith("CR,S-REF,01204600100,ADD,")


def test_an_any_cli_is_written_as_it_is_and_is_other(tmp_path: Path) -> None:
    (row,) = cli_lines(
        run(small_world(tmp_path, product={"needs_cli": ""}, asset={"cli": "BBEU, 1"}))
    )

    assert row.startswith('CR,S-REF,"BBEU, 1",ADD,other,,01/03/2026,')


def test_rows_sort_by_bytes_with_blank_first(tmp_path: Path) -> None:
    second = {"line_id": "L2", "order_id": "O1", "product_id": "P2", "quantity": "1"}
    more = {
        "products": [
            {
                "product_id": "P2",
                "name": "Care",
                "item_type": "Service",
                "external_sku": "care",
                "upfront_billing_route": "Affinity",
                "upfront_price": "1",
            },
        ],
        "order_lines": [{**second, "asset_id": "A2", "connected_on": "2026-03-01"}],
        "assets": [
            {"asset_id": "A2", "customer_id": "C1", "product_id": "P2", "is_live": "1"},
        ],
    }
    found = run(small_world(tmp_path, more=more))
    rows = found.files["08_products.csv"].decode().split("\r\n")[1:-1]

    assert [row.split(",")[2:5] for row in rows] == [
        ["", "care", "UPFRONT"],
        ["01204600001", "SKU1", "RECURRING"],
        ["01204600001", "SKU1", "UPFRONT"],
    ]


def test_no_ready_charge_or_an_open_batch_writes_nothing(tmp_path: Path) -> None:
    world = small_world(tmp_path)

    assert run(world, known=Known(batch_open=True)).files == {}
    assert charge_of(run(world, known=Known(batch_open=True))).disposition == "ready"
    assert run(small_world(tmp_path, order={"status": "cancelled"})).files == {}


# Chaos: the oracle against slower readings of the same rules, and what the worlds reach


def chaotic(folder: Path, seed: int, lines: int = 400) -> tuple[Accepted, Settings]:
    settings = read_settings(make_world(folder, lines=lines, seed=seed, as_of=AS_OF))
    return accept(read_folder(folder, settings), settings), settings


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_world(tmp_path / name, lines=60, seed=9, as_of=AS_OF)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())

    assert "order_lines.csv" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_two_days_of_three_worlds_reach_every_outcome(tmp_path: Path) -> None:
    reached: dict[str, Counter[str]] = {}
    for seed in (1, 2, 4):
        first, _, second = two_days(tmp_path / str(seed), lines=1500, seed=seed, as_of=AS_OF)
        for reckoning in (first, second):
            assert reckoning.stop is None
            for title, counts in coverage(reckoning).items():
                reached.setdefault(title, Counter()).update(counts)

    assert set(reached["dispositions"]) == set(DISPOSITIONS)
    assert set(reached["waiting"]) == set(WAITING_REASONS)
    assert set(reached["rejects"]) == set(REJECT_REASONS)
    rules = {name for name in reached["holds"] if name.startswith("rule:")}
    assert len(rules) >= 3
    # UTF-8 takes all text and nothing has a limit: only an end beyond 9999 is unfit, and rare
    assert set(reached["holds"]) - rules - {"layout_unfit"} == set(HOLDS) - {"layout_unfit"}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_world_stops_as_promised(tmp_path: Path, breakage: str) -> None:
    profile = make_world(tmp_path, lines=40, seed=2, as_of=AS_OF)
    code = break_world(tmp_path, breakage, profile)
    found = reckon(tmp_path, as_of=AS_OF, profile=profile)

    assert found.stop is not None
    assert found.stop[0] == code


@pytest.mark.parametrize("seed", range(6))
def test_conservation(tmp_path: Path, seed: int) -> None:
    profile = make_world(tmp_path, lines=200, seed=seed, as_of=AS_OF)
    found = reckon(tmp_path, as_of=AS_OF, profile=profile)

    for read, accepted, rejected in found.feeds.values():
        assert read == accepted + rejected
    for name, (_, _, rejected) in found.feeds.items():
        assert len({r.row_number for r in found.rejects if r.feed == name}) == rejected
    assert len(found.charges) == 2 * len(found.line_lights)
    assert sum(count for count, _ in found.dispositions.values()) == len(found.charges)
    held = {charge.key for charge in found.charges if charge.disposition == "held"}
    assert {key[:2] for key in found.holds} == held
    rows = found.files["08_products.csv"].decode()
    assert len(list(csv.reader(StringIO(rows, newline="")))) - 1 == found.dispositions["ready"][0]


def conflicts_slowly(ledger: Ledger, cli: str, asset: Row) -> bool:
    """`cli_conflict` pair by pair, as the contract's sentence reads."""
    first, last = life_of(asset)
    ancestors, current = set(), asset["parent_asset_id"]
    while current in ledger.assets and current not in ancestors:
        ancestors.add(current)
        current = ledger.assets[current]["parent_asset_id"]
    for other in ledger.assets.values():
        product = ledger.products[other["product_id"]]
        start, end = life_of(other)
        if (
            other["is_live"]
            and other["parent_asset_id"] is None
            and product["item_type"] == SERVICE
            and other is not asset
            and other["asset_id"] not in ancestors
            and other["asset_id"] not in ledger.targets.get(asset["asset_id"], set())
            and clean_cli(other["cli"], ledger.profile_of(product))[0] == cli
            and max(first, start) <= min(last, end)
            and start <= end
            and first <= last
        ):
            return True
    return False


@pytest.mark.parametrize("seed", [0, 3])
def test_conflicts_agree_with_a_pairwise_reading(tmp_path: Path, seed: int) -> None:
    accepted, settings = chaotic(tmp_path, seed, lines=300)
    ledger = Ledger(accepted, settings)
    verdicts = Counter[bool]()
    for asset in ledger.assets.values():
        product = ledger.products[asset["product_id"]]
        cli, _ = clean_cli(asset["cli"], ledger.profile_of(product))
        if cli is None or product["item_type"] != SERVICE:
            continue
        expected = conflicts_slowly(ledger, cli, asset)
        verdicts[expected] += 1
        assert ledger.lives.conflicts(cli, asset) is expected

    assert min(verdicts[True], verdicts[False]) > 20


@pytest.mark.parametrize("seed", [1, 4])
def test_suspected_duplicates_agree_with_a_pairwise_reading(tmp_path: Path, seed: int) -> None:
    accepted, settings = chaotic(tmp_path, seed, lines=1500)
    charges = [
        charge
        for charge in judge(accepted, settings, Known(), AS_OF)
        if charge.disposition in ("held", "ready") and "unknown_route" not in charge.holds
    ]

    def likeness(charge: Judged) -> tuple[object, ...]:
        site_id = charge.site["site_id"] if charge.site else None
        return charge.cli, site_id, charge.sku, charge.charge_type, charge.bill_start_on

    suspected = 0
    by_cli: dict[str | None, list[Judged]] = {}
    for charge in charges:
        by_cli.setdefault(charge.cli, []).append(charge)
    for charge in charges:
        expected = charge.cli is not None and any(
            likeness(charge) == likeness(other)
            and charge.line is not other.line
            and other.holds <= {"suspected_duplicate"}
            for other in by_cli[charge.cli]
        )
        suspected += expected
        assert ("suspected_duplicate" in charge.holds) is expected

    assert suspected > 10


def test_the_order_of_records_changes_nothing(tmp_path: Path) -> None:
    accepted, settings = chaotic(tmp_path, 4)

    def verdicts() -> tuple[object, object]:
        charges = judge(accepted, settings, Known(), AS_OF)
        ready = [charge for charge in charges if charge.disposition == "ready"]
        live = LiveClis.read(frozenset(), accepted.tables["affinity_clis"])
        rows = cli_rows(ready, accepted.tables["asset_numbers"], live)
        judged = {charge.key: (charge.disposition, frozenset(charge.holds)) for charge in charges}
        return judged, rows

    before = verdicts()
    for rows in accepted.tables.values():
        Random(7).shuffle(rows)

    assert verdicts() == before


def test_sound_csv_reads_as_the_standard_library_reads_it() -> None:
    rng = Random(11)
    for _ in range(300):
        rows = [
            ["".join(rng.choices('ab,"\n é', k=rng.randrange(5))) for _ in range(3)]
            for _ in range(rng.randrange(1, 6))
        ]
        buffer = StringIO()
        writer = csv.writer(
            buffer,
            lineterminator=rng.choice(["\n", "\r\n"]),
            quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        )
        writer.writerows(rows)
        read = [
            None if record is None else [cell.decode() for cell in record]
            for record in split_records(buffer.getvalue().encode())
        ]

        assert read == rows
