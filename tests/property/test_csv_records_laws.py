"""For any bytes at all, what is carved equals what a plain reading of the grammar says."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import SourceContractBroken
from tasks.layer.csv_records import carve, parse, read_header


@dataclass
class Line:
    """One line of the file by the grammar: its text, its fields, whether it is malformed."""

    text: bytes
    fields: list[bytes] = field(default_factory=list)
    is_broken: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.text.strip(b"\r")


def lines_of(data: bytes) -> list[Line]:
    """The reference: one byte after the other, as the grammar is written down."""
    at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    lines = []
    while at < len(data):
        line, at = line_at(data, at)
        lines.append(line)
    return lines


def line_at(data: bytes, start: int) -> tuple[Line, int]:
    """The line at `start`, and where the next one starts."""
    line = Line(b"")
    at = start
    while True:
        value = b""
        if data[at : at + 1] == b'"':
            at += 1
            while data[at : at + 1] != b'"' or data[at : at + 2] == b'""':
                if at >= len(data):
                    return Line(data[start:], is_broken=True), len(data)
                value += data[at : at + 1]
                at += 2 if data[at : at + 1] == b'"' else 1
            at += 1
            line.is_broken |= not ends_field(data, at)
        while not ends_field(data, at):
            value += data[at : at + 1]
            at += 1
        line.fields.append(value)
        if data[at : at + 1] != b",":
            line.text = data[start:at]
            return line, at + (2 if data[at : at + 1] == b"\r" else 1)
        at += 1


def ends_field(data: bytes, at: int) -> bool:
    return at >= len(data) or data[at : at + 1] in (b",", b"\n") or data[at : at + 2] == b"\r\n"


def expected_of(data: bytes, encoding: str) -> tuple[list, list, list]:
    """Rows, ragged records and bad cells, as `carve` and `parse` are to give them."""
    header, *records = [line for line in lines_of(data) if not line.is_empty]
    rows, odd, bad_cells = [], [], []
    for number, record in enumerate(records, start=1):
        if record.is_broken or len(record.fields) != len(header.fields):
            odd.append((number, record.text.decode(encoding, "replace")))
            continue
        row: list[object] = [number]
        for column, cell in enumerate(record.fields):
            try:
                row.append(cell.decode(encoding) or None)
            except UnicodeDecodeError:
                row.append(None)
                bad_cells.append((number, column, cell.decode(encoding, "replace")))
        rows.append(tuple(row))
    return rows, odd, bad_cells


def carved_of(path: Path, encoding: str, chunk_bytes: int) -> tuple[list, list, list]:
    column_count = len(read_header(path, encoding))
    rows, odd, bad_cells = [], [], []
    for carved in carve(path, encoding, chunk_bytes=chunk_bytes):
        rows += parse(carved, column_count).rows()
        odd += carved.odd.rows()
        bad_cells += carved.bad_cells.rows()
    return rows, odd, bad_cells


SEPARATORS = [b",", b",,", b"\n", b"\r\n", b"\r"]
QUOTES = [b'"', b'""', b'","', b'"\n"', b'"\r"', b'"x,\ny"', b'5" pipe']
RECORDS = [b"a,b\n", b'a,"b"\n', b'"a","b"\r\n']
CHARACTERS = [b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x93\x9e", b"\xef\xbb\xbf"]
BROKEN_CHARACTERS = [b"\xa3", b"\x81", b"\xc3", b"\xed\xa0\x80"]
TEXT = [b"a", b"b7", b" ", b"\x00", b"\x1a", b"#", b"\\"]
PIECES = [*SEPARATORS, *QUOTES, *RECORDS, *CHARACTERS, *BROKEN_CHARACTERS, *TEXT]
NASTY = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feeds") / "feed.csv"


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    header=st.sampled_from([b"a\n", b"a,b\n", b'"a","b"\r\n', b"\xef\xbb\xbfa,b,c\n", b""]),
    body=NASTY,
    chunk_bytes=st.integers(2, 80),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
)
def test_carving_follows_the_grammar(feed, header, body, chunk_bytes, encoding):
    data = header + body
    feed.write_bytes(data)
    records = [line for line in lines_of(data) if not line.is_empty]
    try:
        fields = [cell.decode(encoding) for cell in records[0].fields] if records else []
        is_refused = bool(records) and records[0].is_broken
    except UnicodeDecodeError:
        is_refused = True

    if is_refused:
        with pytest.raises(SourceContractBroken):
            read_header(feed, encoding)
        with pytest.raises(SourceContractBroken):
            list(carve(feed, encoding, chunk_bytes=chunk_bytes))
        return
    assert fields == read_header(feed, encoding)
    if records:
        assert expected_of(data, encoding) == carved_of(feed, encoding, chunk_bytes)
