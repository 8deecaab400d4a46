"""The grammar of CSV records, one odd case at a time. The laws are in tests/property."""

import csv
import io
from pathlib import Path

import pytest

from schemas.errors import SourceContractBroken
from tasks.layer import csv_records
from tasks.layer.csv_records import LONGEST_RAW_TEXT, carve, parse, read_header


@pytest.fixture
def feed(tmp_path):
    """Writes bytes as a feed file."""

    def write(data: bytes) -> Path:
        path = tmp_path / "feed.csv"
        path.write_bytes(data)
        return path

    return write


def read(path, encoding="utf-8", **how):
    """Rows, ragged records and bad cells of a whole file."""
    column_count = len(read_header(path, encoding))
    stretches = list(carve(path, encoding, **how))
    return (
        [row for carved in stretches for row in parse(carved, column_count).rows()],
        [row for carved in stretches for row in carved.odd.rows()],
        [row for carved in stretches for row in carved.bad_cells.rows()],
    )


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        pytest.param(b"a,b\n1,2\n3,4\n", [(1, "1", "2"), (2, "3", "4")], id="plain"),
        pytest.param(b"a,b\r\n1,2\r\n3,4\r\n", [(1, "1", "2"), (2, "3", "4")], id="CRLF"),
        pytest.param(b"a,b\r\n1,2\n3,4\r\n", [(1, "1", "2"), (2, "3", "4")], id="mixed line ends"),
        pytest.param(b"a,b\n1,2", [(1, "1", "2")], id="no line end at the end"),
        pytest.param(b"a,b\n", [], id="header only"),
        pytest.param(b"a,b", [], id="header only, no line end"),
        pytest.param(b"\xef\xbb\xbfa,b\n1,2\n", [(1, "1", "2")], id="BOM"),
        pytest.param(
            "a,b\n\ufeff1,2\n".encode(), [(1, "\ufeff1", "2")], id="a BOM elsewhere is text"
        ),
        pytest.param(
            b"\n\r\na,b\n\n1,2\n\r\n\r\r\n3,4\n\n",
            [(1, "1", "2"), (2, "3", "4")],
            id="empty lines take no number",
        ),
        pytest.param(b"a\n1\n\n2\n", [(1, "1"), (2, "2")], id="empty lines of a single column"),
        pytest.param(b'a\n1\n""\n2\n', [(1, "1"), (2, None), (3, "2")], id="quoted nothing counts"),
        pytest.param(b"a\n  \n", [(1, "  ")], id="a line of spaces is a record"),
        pytest.param(b'a,b\n,""\n', [(1, None, None)], id="empty is null, quoted or not"),
        pytest.param(b'a,b\n"x,y","p ""q"""\n', [(1, "x,y", 'p "q"')], id="quoted"),
        pytest.param(
            b'a,b\n"x\r\ny\n",2\n3,4\n',
            [(1, "x\r\ny\n", "2"), (2, "3", "4")],
            id="newlines in quotes add no record",
        ),
        pytest.param(b'a,b\n"x\ry","\r"\n', [(1, "x\ry", "\r")], id="a CR in quotes"),
        pytest.param(b'a,b\n5" pipe,x"y"\n', [(1, '5" pipe', 'x"y"')], id="quote inside a field"),
        pytest.param(b'a,b\n "x","y"\n', [(1, ' "x"', "y")], id="quote after a space is text"),
        pytest.param(
            b'a,b\nx"",""""\n', [(1, 'x""', '"')], id="rows of quotes inside and at the start"
        ),
        pytest.param(
            b'a,b\nx,5"\ny",z\n3,4\n',
            [(1, "x", '5"'), (2, 'y"', "z"), (3, "3", "4")],
            id="quotes inside fields do not pair over lines",
        ),
        pytest.param(b"a,b\n1\rx,2\r\r\n", [(1, "1\rx", "2\r")], id="a CR elsewhere is text"),
        pytest.param(b"a,b\n1,2\r", [(1, "1", "2\r")], id="a CR that ends the file is text"),
        pytest.param(b"a,b\n\x00,\x1a\n", [(1, "\x00", "\x1a")], id="control characters are kept"),
        pytest.param(b"a,b\n#1, 2 \n", [(1, "#1", " 2 ")], id="nothing is trimmed or a comment"),
    ],
)
def test_well_formed_records(feed, data, rows):
    assert (rows, [], []) == read(feed(data))


@pytest.mark.parametrize(
    ("data", "rows", "odd"),
    [
        pytest.param(
            b"a,b\n1\n2,3\n", [(2, "2", "3")], [(1, "1")], id="a field short, and numbered"
        ),
        pytest.param(b"a,b\n1,2,\n3,4\n", [(2, "3", "4")], [(1, "1,2,")], id="a field too many"),
        pytest.param(b"a,b\n1,2,", [], [(1, "1,2,")], id="a field too many at the very end"),
        pytest.param(b"a,b\n  \n", [], [(1, "  ")], id="a line of spaces"),
        pytest.param(
            b'a,b\n"x"y,2\n3,4\n', [(2, "3", "4")], [(1, '"x"y,2')], id="text after a closing quote"
        ),
        pytest.param(
            b'a,b\n"x""y" ,2\r\n3,4\n',
            [(2, "3", "4")],
            [(1, '"x""y" ,2')],
            id="a space after a closing quote",
        ),
        pytest.param(b'a,b\n1,"2"\r', [], [(1, '1,"2"\r')], id="a lone CR after a closing quote"),
        pytest.param(
            b'a,b\n"x"y"z\nu,"v"w"\n3,4\n',
            [(3, "3", "4")],
            [(1, '"x"y"z'), (2, 'u,"v"w"')],
            id="quotes after a closing quote are text",
        ),
        pytest.param(
            b'a,b\n1,2\n3,"4\n5,6\n',
            [(1, "1", "2")],
            [(2, '3,"4\n5,6\n')],
            id="a quote never closed takes the rest",
        ),
        pytest.param(b'a,b\n"', [], [(1, '"')], id="nothing but a quote"),
        pytest.param(
            b"a,b\n1,2\n\xa3,4,5\n", [(1, "1", "2")], [(2, "\ufffd,4,5")], id="undecodable, too"
        ),
    ],
)
def test_ragged_records(feed, data, rows, odd):
    assert (rows, odd, []) == read(feed(data))


@pytest.mark.parametrize(
    ("encoding", "data", "rows", "bad_cells"),
    [
        pytest.param(
            "utf-8",
            b'a,b\n\xa312,"x ""\xe9"""\nok,2\n',
            [(1, None, None), (2, "ok", "2")],
            [(1, 0, "\ufffd12"), (1, 1, 'x "\ufffd"')],
            id="only the cell is lost, not the record",
        ),
        pytest.param(
            "utf-8", b"a\n\xff\n1\n", [(1, None), (2, "1")], [(1, 0, "\ufffd")], id="the only cell"
        ),
        pytest.param(
            "utf-8",
            b'a,b\n5" \xff\r,5" x\n',
            [(1, None, '5" x')],
            [(1, 0, '5" \ufffd\r')],
            id="a cell that is odd otherwise, too",
        ),
        pytest.param(
            "utf-8",
            "a,b\n\u00e9,\U0001f4de\n".encode() + b"\xed\xa0\x80,\xf4\x90\x80\x80\n",
            [(1, "\u00e9", "\U0001f4de"), (2, None, None)],
            [(2, 0, "\ufffd" * 3), (2, 1, "\ufffd" * 4)],
            id="a surrogate and a code above the last",
        ),
        pytest.param(
            "cp1252", b"a,b\n\xa312,\x80\n", [(1, "\u00a312", "\u20ac")], [], id="cp1252 decodes"
        ),
        pytest.param(
            "cp1252",
            b"a,b\n\x81x,2\n",
            [(1, None, "2")],
            [(1, 0, "\ufffdx")],
            id="undefined in cp1252",
        ),
    ],
)
def test_cells_that_do_not_decode(feed, encoding, data, rows, bad_cells):
    assert (rows, [], bad_cells) == read(feed(data), encoding)


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        pytest.param(b"", [], id="no bytes"),
        pytest.param(b"\xef\xbb\xbf\r\n\n", [], id="no record"),
        pytest.param(
            b'"Site ID","Name, ""old""\n2"\n1,2\n', ["Site ID", 'Name, "old"\n2'], id="quoted"
        ),
        pytest.param(b"\xef\xbb\xbf a ,b\r\r\n", [" a ", "b\r"], id="exactly as written"),
    ],
)
def test_header(feed, data, fields):
    assert fields == read_header(feed(data), "utf-8")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(b'a,"b\n1,2\n', "never closed", id="quote never closed"),
        pytest.param(b'a,"b"c\n1,2\n', "after a closing quote", id="text after a closing quote"),
        pytest.param(b"\xff\xfea\x00,\x00b\x00\n\x00", "does not decode", id="UTF-16"),
    ],
)
def test_malformed_header(feed, data, what):
    path = feed(data)

    with pytest.raises(SourceContractBroken, match=what):
        read_header(path, "utf-8")
    with pytest.raises(SourceContractBroken, match=what):
        next(carve(path, "utf-8"))


def test_what_is_well_formed_is_handed_on_byte_for_byte(feed):
    records = b'1,"x\ry"\n"p ""q""","\r"\r\n"","""\n"""\n\xc3\xa9,\n'

    (carved,) = carve(feed(b"a,b\n" + records), "utf-8")

    assert records == carved.clean
    assert [1, 2, 3, 4] == carved.row_numbers.tolist()


def test_raw_text_is_cut(feed):
    path = feed(b"a,b\n" + "\u20ac".encode() * 5000 + b"\n" + b"\xff" * 5000 + b",2\n")

    _, odd, bad_cells = read(path)

    assert [(1, "\u20ac" * LONGEST_RAW_TEXT)] == odd
    assert [(2, 0, "\ufffd" * LONGEST_RAW_TEXT)] == bad_cells


@pytest.mark.parametrize("chunk_bytes", [2, 3, 64, 1000])
def test_records_longer_than_a_chunk(feed, chunk_bytes):
    quotes = b'"' * 500
    data = b'a,b\n1,"' + b"x\n" * 300 + b'"\n2,' + b'"' + quotes + b'"\n3,4\n'

    rows, odd, _ = read(feed(data), chunk_bytes=chunk_bytes)

    assert [(1, "1", "x\n" * 300), (2, "2", '"' * 250), (3, "3", "4")] == rows
    assert [] == odd


def test_a_record_too_long_is_ragged(feed, monkeypatch):
    monkeypatch.setattr(csv_records, "LONGEST_RECORD_BYTES", 100)
    path = feed(b'a,b\n1,"' + b"x\n" * 50 + b'"\n3,4\n')

    rows, odd, _ = read(path, chunk_bytes=50)

    assert [(2, "3", "4")] == rows
    assert [(1, '1,"' + "x\n" * 50 + '"\n')] == odd


def test_a_long_file_reads_like_the_standard_library(feed):
    """Many chunks, with everything polars has to be shielded from in some of them."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    kinds = ["plain", 'say "x"', "two\nlines", "a,b", "\u00e9\u20ac", "", 'end"', "x\ry", '"']
    expected = [(n, str(n), kinds[n % len(kinds)] or None) for n in range(1, 40_001)]
    writer.writerows([("a", "b"), *((a, b) for _, a, b in expected)])

    rows, odd, _ = read(feed(written.getvalue().encode()), chunk_bytes=50_000)

    assert expected == rows
    assert [] == odd
