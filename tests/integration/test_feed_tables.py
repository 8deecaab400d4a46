"""Feed files on disk, landed and read as text: CSV at full length, Parquet with its types."""

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from schemas.errors import SourceContractBroken, SourceRefused, SourceUnavailable
from tasks.layer import landing
from tasks.layer.feed_table import open_feed_table
from tasks.layer.landing import land


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def table_of(tmp_path):
    """Lands a feed file and opens it."""

    def open_table(content, encoding="utf-8"):
        suffix = ".parquet" if isinstance(content, pa.Table) else ".csv"
        source = tmp_path / f"sites{suffix}"
        if isinstance(content, pa.Table):
            pq.write_table(content, source, row_group_size=5_000)
        else:
            source.write_bytes(content)
        return open_feed_table(land(source, tmp_path / "landed"), feed="sites", encoding=encoding)

    return open_table


def rows_of(table, connection):
    return [row for batch in table.batches(connection) for row in batch.rows()]


# CSV


def test_a_long_csv_comes_in_batches(table_of, connection):
    count = 250_000
    lines = [f'{n},"name {n}",' for n in range(1, count + 1)]
    table = table_of("\n".join(["Site ID,Name,Ref", *lines]).encode())

    batches = list(table.batches(connection))

    assert ["Site ID", "Name", "Ref"] == table.header
    assert all(100_000 <= batch.height <= 250_000 for batch in batches[:-1])
    expected = pl.DataFrame({"row_number": pl.int_range(1, count + 1, eager=True)}).with_columns(
        pl.col("row_number").cast(pl.String).alias("c0"),
        pl.format("name {}", "row_number").alias("c1"),
        pl.lit(None, dtype=pl.String).alias("c2"),
    )
    assert_frame_equal(expected, pl.concat(batches))
    assert table.odd.is_empty()
    assert table.bad_cells.is_empty()


def test_odd_records_leave_gaps_and_are_known_at_the_end(table_of, connection):
    lines = [b"x,1" if n % 100 else b"x,1,2" for n in range(1, 200_001)]
    table = table_of(b"\n".join([b"a,b", *lines]))

    numbers = []
    for batch in table.batches(connection):
        with pytest.raises(RuntimeError):
            _ = table.odd
        numbers += batch["row_number"].to_list()

    assert [n for n in range(1, 200_001) if n % 100] == numbers
    assert list(range(100, 200_001, 100)) == table.odd["row_number"].to_list()
    assert {"x,1,2"} == set(table.odd["raw_text"])


def test_bad_cells_are_known_before_the_batches(table_of, connection):
    table = table_of(b"a,b\n1,2\n\xe9t\xe9,2\n")

    assert [(2, 0, "\ufffdt\ufffd")] == table.bad_cells.rows()
    assert [(1, "1", "2"), (2, None, "2")] == rows_of(table, connection)


def test_cp1252(table_of, connection):
    table = table_of("a,b\ncafé,£1 – €2\n".encode("cp1252"), encoding="cp1252")

    assert [(1, "café", "£1 – €2")] == rows_of(table, connection)
    assert table.bad_cells.is_empty()


def test_a_field_of_megabytes(table_of, connection):
    table = table_of(b'a,b\n1,"' + b'x""\n' * 1_500_000 + b'"\n2,3\n')

    assert [(1, "1", 'x"\n' * 1_500_000), (2, "2", "3")] == rows_of(table, connection)


def test_a_csv_can_be_read_twice(table_of, connection):
    table = table_of(b"a,b\n1,2\n3\n")

    assert rows_of(table, connection) == rows_of(table, connection)
    assert [(2, "3")] == table.odd.rows()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="no bytes"),
        pytest.param(b"\n\n", id="no record"),
        pytest.param(b'"a,b\n1,2\n', id="malformed"),
    ],
)
def test_a_csv_without_a_header_breaks_the_contract(table_of, data):
    with pytest.raises(SourceContractBroken, match="sites"):
        table_of(data)


def test_a_header_only_has_no_batches(table_of, connection):
    table = table_of(b"a,b\n")

    assert [] == rows_of(table, connection)
    assert table.odd.is_empty()


# Parquet


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        pytest.param([1, -2, None], pa.int64(), ["1", "-2", None], id="integer"),
        pytest.param([2**64 - 1], pa.uint64(), ["18446744073709551615"], id="unsigned"),
        pytest.param([True, False, None], pa.bool_(), ["true", "false", None], id="boolean"),
        pytest.param(
            [Decimal("12.5000"), Decimal("-0.0001"), Decimal("100.0000"), Decimal(0)],
            pa.decimal128(18, 4),
            ["12.5", "-0.0001", "100", "0"],
            id="decimal",
        ),
        pytest.param([Decimal(100)], pa.decimal128(18, 0), ["100"], id="decimal without scale"),
        pytest.param(
            [Decimal("99999999999999.999999")],
            pa.decimal128(38, 6),
            ["99999999999999.999999"],
            id="decimal of many digits",
        ),
        pytest.param([dt.date(2026, 1, 31)], pa.date32(), ["2026-01-31"], id="date"),
        pytest.param(
            [dt.datetime(2026, 1, 31, 23, 30, 0, 5000)],  # a local time it is
            pa.timestamp("us"),
            ["2026-01-31 23:30:00.005"],
            id="local time",
        ),
        pytest.param(
            [dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC), None],
            pa.timestamp("us", tz="Europe/London"),
            ["2026-06-30 23:30:00Z", None],
            id="instant",
        ),
        pytest.param(["é", " x ", "", None], pa.string(), ["é", " x ", None, None], id="text"),
        pytest.param(["é".encode(), b"\xff"], pa.binary(), ["é", "\\xFF"], id="bytes"),
        pytest.param([None, None], pa.null(), [None, None], id="nothing"),
    ],
)
def test_parquet_cells_as_text(table_of, connection, values, kind, texts):
    connection.execute("SET TimeZone = 'America/New_York'")
    table = table_of(pa.table({"a": pa.array(values, kind)}))

    assert texts == [row[1] for row in rows_of(table, connection)]
    assert frozenset() == table.inexact
    assert table.may_hold_controls


def test_parquet_columns_that_are_no_exact_numbers(table_of, connection):
    table = table_of(
        pa.table(
            {"Price": [1.5], "Small": pa.array([2], pa.float32()), "L": [[1]], "S": [{"x": 1}]}
        )
    )

    assert frozenset({"Price", "Small", "L", "S"}) == table.inexact
    assert [(1, "1.5", "2.0", "[1]", "{'x': 1}")] == rows_of(table, connection)


def test_parquet_names_are_those_of_the_file(table_of, connection):
    table = table_of(
        pa.table([pa.array(["x"]), pa.array([{"Name": 1}]), pa.array(["y"])], ["Name", "o", "name"])
    )

    assert ["Name", "o", "name"] == table.header
    assert [(1, "x", "{'Name': 1}", "y")] == rows_of(table, connection)


def test_parquet_rows_are_numbered_in_file_order_while_the_warehouse_writes(table_of, connection):
    table = table_of(pa.table({"n": list(range(1, 300_001))}))

    connection.begin()
    connection.execute("CREATE TABLE kept (row_number BIGINT, c0 VARCHAR)")
    for batch in table.batches(connection):
        connection.register("batch", batch)
        connection.execute("INSERT INTO kept SELECT * FROM batch")
    connection.commit()

    counts = connection.sql("SELECT count(*), count(*) FILTER (row_number = c0::BIGINT) FROM kept")
    assert [(300_000, 300_000)] == counts.fetchall()
    assert table.odd.is_empty()


def test_parquet_without_rows(table_of, connection):
    table = table_of(pa.table({"a": pa.array([], pa.int64())}))

    assert ["a"] == table.header
    assert [] == rows_of(table, connection)


@pytest.mark.parametrize("damage", ["text", "cut", "nothing"])
def test_a_broken_parquet_file_breaks_the_contract(tmp_path, damage):
    source = tmp_path / "sites.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), source)
    whole = source.read_bytes()
    source.write_bytes(
        {"text": b"a,b\n1,2\n", "cut": whole[: len(whole) // 2], "nothing": b""}[damage]
    )

    with pytest.raises(SourceContractBroken, match="sites"):
        open_feed_table(land(source, tmp_path / "landed"), feed="sites", encoding="utf-8")


def test_damage_inside_a_parquet_file_breaks_the_contract(tmp_path, connection):
    source = tmp_path / "sites.parquet"
    pq.write_table(pa.table({"a": [str(n) for n in range(100_000)]}), source)
    whole = source.read_bytes()
    source.write_bytes(whole[:5000] + b"\xff" * 5000 + whole[10_000:])
    table = open_feed_table(land(source, tmp_path / "landed"), feed="sites", encoding="utf-8")

    with pytest.raises(SourceContractBroken, match="sites"):
        list(table.batches(connection))


def test_a_folder_name_is_no_pattern(tmp_path, connection):
    source = tmp_path / "sites.parquet"
    pq.write_table(pa.table({"a": [1]}), source)
    landed = land(source, tmp_path / "landed [new]*?")

    table = open_feed_table(landed, feed="sites", encoding="utf-8")

    assert [(1, "1")] == rows_of(table, connection)


# Landing


def test_landing_keeps_a_copy_under_its_digest(tmp_path):
    source = tmp_path / "sites.csv"
    source.write_bytes(b"a,b\n1,2\n" * 300_000)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()

    landed = land(source, tmp_path / "landed")

    assert (f"{digest}.csv", digest, 2_400_000) == (landed.path.name, landed.sha256, landed.bytes)
    assert source.read_bytes() == landed.path.read_bytes()
    assert 0o600 == landed.path.stat().st_mode & 0o777


def test_landing_the_same_content_again_changes_nothing(tmp_path):
    source = tmp_path / "sites.csv"
    source.write_bytes(b"a,b\n1,2\n")
    first = land(source, tmp_path / "landed")
    before = first.path.stat()

    assert first == land(source, tmp_path / "landed")
    assert [first.path] == list((tmp_path / "landed").iterdir())
    assert before.st_ino == first.path.stat().st_ino


def test_landing_mends_a_copy_that_was_cut_short(tmp_path):
    source = tmp_path / "sites.csv"
    source.write_bytes(b"a,b\n1,2\n")
    landed = land(source, tmp_path / "landed")
    landed.path.write_bytes(b"a,b\n")

    land(source, tmp_path / "landed")

    assert b"a,b\n1,2\n" == landed.path.read_bytes()


@pytest.mark.parametrize(
    ("data", "may_hold_controls", "decodes_as"),
    [
        pytest.param(b"a,b\r\n1,\t\n", False, {"utf-8", "cp1252"}, id="plain"),
        pytest.param(b"", False, {"utf-8", "cp1252"}, id="nothing"),
        pytest.param(b"a\x00", True, {"utf-8", "cp1252"}, id="NUL"),
        pytest.param(b"a\x7f", True, {"utf-8", "cp1252"}, id="DEL"),
        pytest.param("£".encode(), False, {"utf-8", "cp1252"}, id="beyond ASCII"),
        pytest.param("\u0085".encode(), True, {"utf-8", "cp1252"}, id="C1 control"),
        pytest.param(b"\xa3", False, {"cp1252"}, id="not UTF-8"),
        pytest.param("ÁA".encode(), False, {"utf-8"}, id="not cp1252"),
        pytest.param(b"\x81", False, set(), id="neither"),
        pytest.param(b"a\xe2\x82", False, {"cp1252"}, id="cut inside a character"),
        pytest.param(b"\xe2a", False, {"cp1252"}, id="broken inside a character"),
    ],
)
@pytest.mark.parametrize("before", [0, 1 << 18, (1 << 18) - 1], ids="at {}".format)
def test_traits(tmp_path, data, may_hold_controls, decodes_as, before):
    source = tmp_path / "sites.csv"
    source.write_bytes(b"x" * before + data)

    for traits in (land(source, tmp_path / "landed").traits for _ in ("new", "landed before")):
        assert may_hold_controls == traits.may_hold_controls
        assert decodes_as == traits.decodes_as


def test_landing_a_file_that_is_gone(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"sites\.csv"):
        land(tmp_path / "sites.csv", tmp_path / "landed")


def test_landing_a_file_we_may_not_read(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(SourceRefused, match=r"sites\.csv"):
        land(tmp_path / "sites.csv", tmp_path / "landed")


def test_landing_a_file_that_grows_meanwhile(tmp_path, monkeypatch):
    source = tmp_path / "sites.csv"
    source.write_bytes(b"a,b\n1,2\n")
    look = landing._ByteLook.at

    def look_and_let_grow(self, block):
        look(self, block)
        if source.stat().st_size < 100:
            with source.open("ab") as export:
                export.write(b"3,4\n" * 100)

    monkeypatch.setattr(landing._ByteLook, "at", look_and_let_grow)

    with pytest.raises(SourceUnavailable, match="changed"):
        land(source, tmp_path / "landed")
    assert [] == list((tmp_path / "landed").iterdir())


def test_few_bytes_that_say_a_long_text_in_every_row_come_in_small_batches(table_of, connection):
    text = pa.array(["x" * (1 << 20)])
    said_by_all = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), text)
    table = table_of(pa.table({"Site ID": [str(n) for n in range(300)], "Name": said_by_all}))

    sizes = [
        (batch.height, batch["c1"].str.len_bytes().sum()) for batch in table.batches(connection)
    ]

    assert 300 == sum(height for height, _ in sizes)
    assert all(size <= 64 << 20 for _, size in sizes)
