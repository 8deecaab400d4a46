"""Landed files as text, exactly: what a cell says, not what a type makes of it.

Knows nothing of feeds.
"""

import codecs
import glob
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from duckdb.sqltypes import DuckDBPyType

from schemas.errors import SourceContractBroken
from warehouse.connection import Connection
from warehouse.queries import first_row

BATCH_ROWS = 122_880
BATCH_BYTES = 64 << 20
"""A batch has so many rows at most, and its text so many bytes: a file of kilobytes may say one
long text in every row."""
LONGEST_RECORD_BYTES = 16 << 20
"""A file with a longer record is no feed."""

_SHORT = frozenset(
    {
        *("boolean", "date", "decimal", "null", "time", "uuid", "float", "double", "interval"),
        *("tinyint", "smallint", "integer", "bigint", "hugeint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
        *("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
        *("timestamp with time zone", "timestamptz_ns"),
    }
)
"""Types whose values are a few characters."""
_SHORT_BYTES = 50
_EXACT = frozenset(
    {
        *("blob", "boolean", "date", "decimal", "enum", "null", "time", "uuid", "varchar"),
        *("tinyint", "smallint", "integer", "bigint", "hugeint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
        *("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"),
        *("timestamp with time zone", "timestamptz_ns"),
    }
)


@dataclass(frozen=True)
class ParquetText:
    """A Parquet file as a table of text.

    `header` are the names as the file spells them. `inexact` are those of columns whose type cannot
    say an exact number or one value: floats, lists, structs.
    """

    path: Path
    header: list[str]
    inexact: frozenset[str]

    def batches(self, connection: Connection) -> Iterator[pl.DataFrame]:
        """The rows in file order, BATCH_ROWS at most at a time: `c0`, ... String, null for empty.

        Whole numbers and decimals are plain digits without trailing zeros, booleans `true` or
        `false`, days and times ISO, an instant in UTC with a `Z`. The rows are read beside what the
        connection does, which may be in a transaction.

        Raises:
            SourceContractBroken: the file is damaged, or a record may be longer than
                LONGEST_RECORD_BYTES.
        """
        with _parquet_errors(), connection.cursor() as cursor:
            relation = _relation(cursor, self.path)
            names = [f"c{column}" for column in range(len(relation.columns))]
            rows = _rows_at_once(cursor, relation, self.path)
            cells = _all_text(relation, self.path, names)
            for batch in cursor.sql(cells).to_arrow_reader(rows):
                # not by the query: it would be planned for minutes where a file has thousands of
                # columns
                yield pl.DataFrame(pl.from_arrow(batch)).with_columns(
                    pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep()
                )


def read_parquet_text(path: Path) -> ParquetText:
    """Open a Parquet file for reading as text.

    Raises:
        SourceContractBroken: it is no Parquet file, or damaged.
    """
    with _parquet_errors(), duckdb.connect() as connection:
        kinds = _relation(connection, path).types
        header = _names(connection, path)
    inexact = (name for name, kind in zip(header, kinds, strict=True) if kind.id not in _EXACT)
    return ParquetText(path, header, frozenset(inexact))


def parquet_text_sql(connection: Connection, path: Path) -> str:
    """A query of a Parquet file's rows, every cell as text, as `ParquetText` reads them."""
    relation = _relation(connection, path)
    names = [_identifier(name) for name in relation.columns]
    shown = ", ".join(f"nullif({name}, '') AS {name}" for name in names)
    return f"SELECT {shown} FROM ({_all_text(relation, path, relation.columns)})"


def _all_text(relation: duckdb.DuckDBPyRelation, path: Path, names: Sequence[str]) -> str:
    # written by hand: an expression of a relation is compared with the name of every column, which
    # takes minutes where a file has thousands
    cells = zip(relation.columns, relation.types, names, strict=True)
    said = ", ".join(
        f"{_as_text(_identifier(old), kind)} AS {_identifier(new)}" for old, kind, new in cells
    )
    return f"SELECT {said} FROM {_read(path)}"


def _read(path: Path) -> str:
    return f"read_parquet({quoted(glob.escape(str(path)))})"


def quoted(text: str) -> str:
    """A text as SQL says it."""
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_NOT_IN_LATIN_1 = re.compile(rb"[\x80-\x9f]")
_CHUNK_BYTES = 1 << 20


def latin_1_or_utf_8(path: Path) -> tuple[Path, str]:
    """A landed cp1252 file as DuckDB can read it: as Latin-1, or a copy of it beside it in UTF-8.

    DuckDB knows no cp1252, and of Latin-1 no euro sign and no curly quotes: those make the copy. In
    it, what cp1252 gives no meaning is U+FFFD.
    """
    copy = path.with_suffix(f".utf-8{path.suffix}")
    if copy.exists():
        return copy, "utf-8"
    if not any(_NOT_IN_LATIN_1.search(chunk) for chunk in _chunks(path)):
        return path, "latin-1"
    descriptor, name = tempfile.mkstemp(prefix=".showing-", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            for chunk in _chunks(path):
                out.write(codecs.decode(chunk, "cp1252", "replace").encode())
            out.flush()
            os.fsync(out.fileno())
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)
    return copy, "utf-8"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_CHUNK_BYTES), b"")


def _relation(connection: Connection, path: Path) -> duckdb.DuckDBPyRelation:
    return connection.read_parquet(glob.escape(str(path)))


def _names(connection: Connection, path: Path) -> list[str]:
    """The columns' own names: DuckDB renames one that differs from another by case only."""
    elements = connection.execute(
        "SELECT name, coalesce(num_children, 0) FROM parquet_schema($path)",
        {"path": glob.escape(str(path))},
    ).fetchall()
    names, inner = [], 0
    for name, children in elements[1:]:  # depth first, after the root
        if not inner:
            names.append(name)
        inner = max(inner - 1, 0) + children
    return names


def _rows_at_once(connection: Connection, relation: duckdb.DuckDBPyRelation, path: Path) -> int:
    """How many rows make a batch: fewer where texts are long."""
    long = [
        # the bytes of a column's longest text; of a blob, of what shows its bytes
        f"max(strlen({_identifier(name)}::VARCHAR))"
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if kind.id not in _SHORT
    ]
    found = first_row(connection, f"SELECT {', '.join(long)} FROM {_read(path)}") if long else ()
    longest = sum(length or 0 for length in found or ()) + _SHORT_BYTES * len(relation.columns)
    if longest > LONGEST_RECORD_BYTES:
        raise SourceContractBroken(
            f"its records are longer than {LONGEST_RECORD_BYTES >> 20} MiB.",
            hint="No feed has such texts: export it again.",
        )
    return max(1, min(BATCH_ROWS, BATCH_BYTES // longest))


def _as_text(column: str, kind: DuckDBPyType) -> str:
    if kind.id in ("timestamp with time zone", "timestamptz_ns"):
        # not the session's time zone, which is what a plain cast writes
        return f"timezone('UTC', {column}::TIMESTAMPTZ)::VARCHAR || 'Z'"
    text = f"{column}::VARCHAR"
    if kind.id == "decimal" and dict(kind.children)["scale"]:
        # a column's scale is not the value's: 1.500000 is a price of one decimal
        return f"rtrim(rtrim({text}, '0'), '.')"
    if kind.id == "blob":
        # some writers do not say of their text that it is text; what is none shows its bytes
        return f"coalesce(try(decode({column})), {text})"
    return text


@contextmanager
def _parquet_errors() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except (duckdb.Error, ValueError, OSError) as error:
        # the engine's words are left to the cause: they may quote a cell
        raise SourceContractBroken(
            "the file is no Parquet file, or damaged.", hint="Export the feed again."
        ) from error
