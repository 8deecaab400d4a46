"""Whole files: absent, doubled, empty, of another format; and what the manifest says of them."""

import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.malformed.expectation import Case, Make, accepted, rejects, stops
from tests.malformed.world import COLUMNS, REQUIRED_FEEDS, World

HTML = b"""<!DOCTYPE html>
<html><head><title>Session expired</title></head>
<body><p>Please sign in, then try again.</p></body></html>
"""


def _recoded(encoding: str) -> Callable[[bytes], bytes]:
    return lambda content: content.decode().encode(encoding)


def _zipped(content: bytes) -> bytes:
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("customers.csv", content)
    return sink.getvalue()


def _as_json(content: bytes) -> bytes:
    return json.dumps({"rows": content.decode().splitlines()}).encode()


NOT_CSV: dict[str, Callable[[bytes], bytes]] = {
    "an HTML page": lambda _: HTML,
    "an HTML page of one line": lambda _: HTML.replace(b"\n", b""),
    "JSON": _as_json,
    "XML": lambda _: b'<?xml version="1.0"?>\n<customers/>\n',
    "separated by semicolons": lambda content: content.replace(b",", b";"),
    "separated by tabs": lambda content: content.replace(b",", b"\t"),
    "separated by bars": lambda content: content.replace(b",", b"|"),
    "UTF-16 with a byte order mark": _recoded("utf-16"),
    "UTF-16 little-endian without one": _recoded("utf-16-le"),
    "UTF-16 big-endian without one": _recoded("utf-16-be"),
    "UTF-32": _recoded("utf-32"),
    "EBCDIC": _recoded("cp500"),
    "gzip": gzip.compress,
    "a zip archive": _zipped,
    "a PDF": lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "a spreadsheet's first bytes": lambda _: b"PK\x03\x04\x14\x00\x06\x00\x08\x00",
    "a thousand NULs": lambda _: b"\x00" * 1_000,
    "an error message": lambda _: b"ERROR: export failed, see log\n",
}

NO_HEADER = {
    "of no bytes": b"",
    "of an empty line": b"\n",
    "of empty lines": b"\n\r\n\n\r\n",
    "of a byte order mark": b"\xef\xbb\xbf",
    "of a byte order mark and an empty line": b"\xef\xbb\xbf\r\n",
    "of spaces": b"   \n",
    "of commas": b",,,,\n",
}


def header_only(world: World) -> None:
    world.feed("order_lines").records.clear()


def header_only_without_line_end(world: World) -> None:
    world.feed("order_lines").records.clear()
    world.alter("order_lines", lambda content: content.rstrip(b"\n"))


def headers_only_everywhere(world: World) -> None:
    for feed in COLUMNS:
        world.feed(feed).records.clear()


def header_only_customers(world: World) -> None:
    world.feed("customers").records.clear()


def every_feed_given(world: World) -> None:
    for feed in COLUMNS:
        world.add(feed)


def only_required_feeds(world: World) -> None:
    world.without("affinity_products")


def an_empty_folder(world: World) -> None:
    for feed in (*REQUIRED_FEEDS, "affinity_products"):
        world.without(feed)


def lone_carriage_returns_for_line_ends(world: World) -> None:
    world.feed("customers").line_end = "\r"


def lone_carriage_returns_behind_a_required_column(world: World) -> None:
    world.feed("customers").columns[:] = ("customer_id", "name", "status")
    lone_carriage_returns_for_line_ends(world)


def foreign_files(world: World) -> None:
    world.file("notes.txt", b"\x00\xff")
    world.file("invoices.csv", b"\xff,\n\x00")
    world.file("customers.csv.bak", b"")
    world.file("~$customers.xlsx", b"PK")


def both_formats(world: World) -> None:
    world.parquet("customers", world.feed("customers").table())


def both_formats_of_an_optional_feed(world: World) -> None:
    world.add("contacts")
    world.parquet("contacts", world.feed("contacts").table())


def a_csv_beside_a_broken_parquet(world: World) -> None:
    world.parquet("customers", b"not parquet")


def a_broken_csv_beside_a_parquet(world: World) -> None:
    world.parquet("customers", world.feed("customers").table())
    world.replace("customers", b"\xff\xfe\x00")


def a_truthful_manifest(world: World) -> None:
    for feed in (*REQUIRED_FEEDS, "affinity_products"):
        world.vouch(feed)


def a_manifest_of_one_feed(world: World) -> None:
    world.vouch("customers")


def a_manifest_that_counts_rejects(world: World) -> None:
    world.add_line("contacts", "K1,C1")
    world.add("contacts", last_name="a\nb")
    world.add("contacts", last_name="")
    world.vouch("contacts")


def a_manifest_over_empty_lines(world: World) -> None:
    world.add("contacts")
    world.add_line("contacts", "")
    world.add("contacts")
    world.vouch("contacts", rows=2)


def a_manifest_that_counts_empty_lines(world: World) -> None:
    world.add("contacts")
    world.add_line("contacts", "")
    world.vouch("contacts", rows=2)


def a_manifest_of_an_empty_feed(world: World) -> None:
    world.feed("contacts")
    world.vouch("contacts")


def a_manifest_of_rows_only(world: World) -> None:
    world.vouch("customers", sha256=None)


def a_manifest_of_digests_only(world: World) -> None:
    world.vouch("customers", rows=None)


def an_altered_byte(world: World) -> None:
    world.vouch("customers")
    world.alter("customers", lambda content: content.replace(b"Dental", b"dental"))


def a_lost_record(world: World) -> None:
    world.add("customers")
    world.vouch("customers")
    world.feed("customers").records.pop()


def a_lost_line_end(world: World) -> None:
    world.vouch("customers")
    world.alter("customers", lambda content: content.rstrip(b"\n"))


def a_line_end_rewritten(world: World) -> None:
    world.vouch("customers")
    world.feed("customers").line_end = "\r\n"


def a_manifest_over_an_absent_feed(world: World) -> None:
    world.vouch("contacts", rows=0)


def a_manifest_over_an_absent_required_feed(world: World) -> None:
    world.vouch("assets")
    world.without("assets")


def a_manifest_over_an_unknown_feed(world: World) -> None:
    world.vouch("invoices")


def a_manifest_over_a_file_that_is_no_feed(world: World) -> None:
    world.file("invoices.csv", b"number\n1\n")
    world.vouch("invoices")
    world.vouch("customers")


def a_manifest_with_its_digest_in_capitals(world: World) -> None:
    digest = hashlib.sha256(world.feed("customers").rendered()).hexdigest()
    world.vouch("customers", sha256=digest.upper())


def a_manifest_of_a_parquet_file(world: World) -> None:
    world.as_parquet("customers")
    world.vouch("customers")


def a_wrong_manifest_of_a_parquet_file(world: World) -> None:
    world.as_parquet("customers")
    world.vouch("customers", rows=3)


NO_CUSTOMERS = rejects(
    ("sites", 1, "S1", "customer_id", "unknown_reference", "C1"),
    ("orders", 1, "O1", "customer_id", "unknown_reference", "C1"),
    ("orders", 1, "O1", "site_id", "unknown_reference", "S1"),
    ("order_lines", 1, "L1", "order_id", "unknown_reference", "O1"),
    ("order_lines", 1, "L1", "site_id", "unknown_reference", "S1"),
    ("assets", 1, "A1", "customer_id", "unknown_reference", "C1"),
    ("assets", 1, "A1", "site_id", "unknown_reference", "S1"),
    customers=(0, 0, 0),
    products=(1, 1, 0),
)


def _without(feed: str) -> Make:
    return lambda world: world.without(feed)


def _altered(feed: str, alteration: Callable[[bytes], bytes]) -> Make:
    def make(world: World) -> None:
        if feed not in REQUIRED_FEEDS:
            world.add(feed)
        world.alter(feed, alteration)

    return make


def _replaced(feed: str, content: bytes) -> Make:
    return _altered(feed, lambda _: content)


def _claims(feed: str, **claims: object) -> Make:
    return lambda world: world.vouch(feed, **claims)


def _manifest(content: bytes) -> Make:
    return lambda world: world.file("manifest.json", content)


NOT_A_MANIFEST = {
    "empty": b"",
    "cut short": b'{"customers": {"rows": 2',
    "not JSON": b"customers: 2",
    "an HTML page": HTML,
    "not UTF-8": b'{"customers": {"rows": 2, "note": "\xff"}}',
    "a list": b'["customers"]',
    "a number": b"2",
    "null": b"null",
    "a count where an object belongs": b'{"customers": 2}',
    "nested two hundred lists deep": b'{"customers": {"rows": 2, "note": %s}}'
    % (b"[" * 200 + b"]" * 200),
    "nested deeper than can be read": b"[" * 200_000,
    "of a count of five thousand digits": b'{"customers": {"rows": %s}}' % (b"9" * 5_000),
}

FALSE_CLAIMS: dict[str, dict[str, object]] = {
    "a row too many": {"rows": 3},
    "a row too few": {"rows": 1},
    "no rows where there are some": {"rows": 0},
    "another digest": {"sha256": "0" * 64},
    "an empty digest": {"sha256": ""},
    "other rows and no digest": {"rows": 3, "sha256": None},
    "another digest and no rows": {"rows": None, "sha256": "f" * 64},
}

STRANGE_CLAIMS: dict[str, dict[str, object]] = {
    "rows as text": {"rows": "two"},
    "rows as a fraction": {"rows": 2.5},
    "negative rows": {"rows": -2},
}

SHAPE = "a manifest that is not an object of objects is a mismatch"

CASES = [
    *(
        Case(
            f"a missing required feed, {feed}, stops the run",
            _without(feed),
            stops(22, feed),
        )
        for feed in REQUIRED_FEEDS
    ),
    Case("an empty folder stops the run", an_empty_folder, stops(22)),
    Case(
        "missing optional feeds are empty feeds",
        only_required_feeds,
        accepted(
            contacts=(0, 0, 0),
            addresses=(0, 0, 0),
            asset_numbers=(0, 0, 0),
            affinity_products=(0, 0, 0),
            affinity_cease_requests=(0, 0, 0),
            order_lines=(1, 1, 0),
        ),
    ),
    Case(
        "every feed may be given",
        every_feed_given,
        accepted(**{feed: (World().add(feed), World().add(feed), 0) for feed in COLUMNS}),
    ),
    Case("files of other names are not read", foreign_files, accepted(customers=(2, 2, 0))),
    *(
        Case(
            f"a required feed that is {what} stops the run",
            _altered("customers", alter),
            stops(22, "customers"),
        )
        for what, alter in NOT_CSV.items()
    ),
    Case(
        "an optional feed that is an HTML page stops the run",
        _replaced("contacts", HTML),
        stops(22, "contacts"),
    ),
    Case(
        "an optional feed in UTF-16 stops the run",
        _altered("contacts", _recoded("utf-16")),
        stops(22, "contacts"),
    ),
    *(
        Case(
            f"a required feed {what} has no header and stops the run",
            _replaced("orders", content),
            stops(22, "orders"),
        )
        for what, content in NO_HEADER.items()
    ),
    *(
        Case(
            f"an optional feed {what} has no header and stops the run",
            _replaced("contacts", content),
            stops(22, "contacts"),
        )
        for what, content in NO_HEADER.items()
        if content in (b"", b"\n", b"\xef\xbb\xbf")
    ),
    Case("a feed of a header alone is empty", header_only, accepted(order_lines=(0, 0, 0))),
    Case(
        "a feed of a header alone needs no line end",
        header_only_without_line_end,
        accepted(order_lines=(0, 0, 0)),
    ),
    Case(
        "all feeds may be empty at once",
        headers_only_everywhere,
        accepted(**dict.fromkeys(COLUMNS, (0, 0, 0))),
    ),
    Case(
        "without customers nothing that names one is left",
        header_only_customers,
        NO_CUSTOMERS,
    ),
    Case(
        "lone carriage returns for line ends run on behind the last, required, column's name",
        lone_carriage_returns_behind_a_required_column,
        stops(22, "customers", "status"),
    ),
    Case(
        "lone carriage returns for line ends make one long header and no records",
        lone_carriage_returns_for_line_ends,
        NO_CUSTOMERS,
        assumes="a lone CR is text in the header too; the orphans tell of the loss",
    ),
    Case("a feed as CSV and as Parquet stops the run", both_formats, stops(22, "customers")),
    Case(
        "an optional feed as CSV and as Parquet stops the run",
        both_formats_of_an_optional_feed,
        stops(22, "contacts"),
    ),
    Case(
        "a good CSV file beside a broken Parquet file stops the run",
        a_csv_beside_a_broken_parquet,
        stops(22, "customers"),
    ),
    Case(
        "a broken CSV file beside a good Parquet file stops the run",
        a_broken_csv_beside_a_parquet,
        stops(22, "customers"),
    ),
    Case("a truthful manifest is fine", a_truthful_manifest, accepted(customers=(2, 2, 0))),
    Case(
        "feeds that the manifest does not name are not checked",
        a_manifest_of_one_feed,
        accepted(customers=(2, 2, 0)),
    ),
    Case("an empty manifest checks nothing", _manifest(b"{}"), accepted(customers=(2, 2, 0))),
    Case(
        "the manifest's rows are records, rejected ones too",
        a_manifest_that_counts_rejects,
        rejects(
            ("contacts", 1, "", "", "ragged_row"),
            ("contacts", 3, "K3", "last_name", "missing_value"),
            contacts=(3, 1, 2),
        ),
    ),
    Case(
        "the manifest's rows do not count empty lines",
        a_manifest_over_empty_lines,
        accepted(contacts=(2, 2, 0)),
    ),
    Case(
        "a manifest that counts an empty line stops the run",
        a_manifest_that_counts_empty_lines,
        stops(22, "contacts"),
    ),
    Case(
        "a manifest may vouch for a feed without records",
        a_manifest_of_an_empty_feed,
        accepted(contacts=(0, 0, 0)),
    ),
    Case(
        "a manifest may give rows alone",
        a_manifest_of_rows_only,
        accepted(customers=(2, 2, 0)),
        assumes="each entry of the manifest is checked when it is there",
    ),
    Case(
        "a manifest may give a digest alone",
        a_manifest_of_digests_only,
        accepted(customers=(2, 2, 0)),
        assumes="each entry of the manifest is checked when it is there",
    ),
    Case(
        "a manifest of a Parquet file is checked and fine",
        a_manifest_of_a_parquet_file,
        accepted(customers=(2, 2, 0)),
    ),
    Case(
        "a manifest with other rows than a Parquet file stops the run",
        a_wrong_manifest_of_a_parquet_file,
        stops(22, "customers"),
    ),
    *(
        Case(
            f"a manifest with {what} stops the run",
            _claims("customers", **claims),
            stops(22, "customers"),
        )
        for what, claims in FALSE_CLAIMS.items()
    ),
    *(
        Case(
            f"a manifest with {what} stops the run",
            _claims("customers", **claims),
            stops(22, "customers"),
            assumes="rows are a JSON whole number and nothing that resembles one",
        )
        for what, claims in STRANGE_CLAIMS.items()
    ),
    Case(
        "a byte altered after the manifest stops the run", an_altered_byte, stops(22, "customers")
    ),
    Case("a record lost after the manifest stops the run", a_lost_record, stops(22, "customers")),
    Case("a last line end lost stops the run", a_lost_line_end, stops(22, "customers")),
    Case(
        "line ends rewritten on the way stop the run", a_line_end_rewritten, stops(22, "customers")
    ),
    Case(
        "a manifest that names an absent optional feed stops the run",
        a_manifest_over_an_absent_feed,
        stops(22, "contacts"),
    ),
    Case(
        "a manifest that names an absent required feed stops the run",
        a_manifest_over_an_absent_required_feed,
        stops(22, "assets"),
    ),
    Case(
        "a manifest that names a feed nobody knows, and no file, stops the run",
        a_manifest_over_an_unknown_feed,
        stops(22, "invoices"),
    ),
    Case(
        "a manifest may name a file of the export that is no feed",
        a_manifest_over_a_file_that_is_no_feed,
        accepted(),
    ),
    Case(
        "a manifest may have its digests in capitals",
        a_manifest_with_its_digest_in_capitals,
        accepted(),
    ),
    *(
        Case(
            f"a manifest that is {what} stops the run",
            _manifest(content),
            stops(22, "manifest"),
            assumes=SHAPE if what in ("a list", "a number", "null") else None,
        )
        for what, content in NOT_A_MANIFEST.items()
    ),
]
