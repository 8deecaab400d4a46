"""What is done to a file: one alteration of its bytes, drawn from a seed.

Pure. What is `mild` leaves a file that can be read, and spoils records of it; what is `rough` may
leave anything.
"""

import csv
import gzip
import io
import json
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

Alter: TypeAlias = Callable[[bytes, Random], bytes]

HUGE = 200_000
BOMB_BYTES = 64 << 20
"""What a bomb unpacks to: four times what a page may have."""

NUMBERS = (
    *("1e3", "1E-2", "1,000", "1,00,0", "1 000", "12,50", ".5", "5.", "+5", "-5", "--5", "0x10"),
    *("NaN", "inf", "-0", "0", "00012", "1.23456", "9" * 30, "-" + "9" * 30, "1/2", "12.5.0"),
    *(
        "\u0661\u0662",
        "\uff11\uff12",
        "\u00b2",
        "1\u00a0000",
        "\u2212 5",
        "\u00a312.50",
        "12.50 GBP",
    ),
)
DATES = (
    *("2026-02-30", "2026-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01"),
    *("31/12/2026", "12/31/2026", "1/2/26", "2026/03/01", "20260301", "46082", "March 2026"),
    *("2026-03-01T25:00:00Z", "2026-03-29T01:30:00+01:00", "2026-03-01 23:59:60", "today"),
    *("2026-3-1", " 2026-03-01 ", "2026-03-01Z", "2026-W10-7", "\u0662\u0660\u0662\u0666-03-01"),
)
TEXTS = (
    *("", " ", "\u00a0", "NULL", "N/A", "true", "no", "2", "=1+1", "@SUM(A1)", "\u202eevil"),
    *("\u200b", "\ufeff", "\ud7ff", "\U0010ffff", "e\u0301", "I\u0307", "\u0130", "\u00df"),
    *("a\tb", "a\x0bb", "a\x85b", "a\u2028b", "<b>", "'; DROP TABLE", "../../etc", "%s%n", "\\"),
    *("C1", "S1", "P1", "O1", "L1", "A1", "Affinity", "The Layer", "New & Cease", "Cancelled"),
)
BYTES = (b"\x00", b"\xff", b"\x80", b"\x1a", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r")


# Any bytes


def _at(content: bytes, dice: Random) -> int:
    return dice.randrange(len(content) + 1)


def flipped(content: bytes, dice: Random) -> bytes:
    """One to eight bits are the other way."""
    damaged = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        if damaged:
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def cut(content: bytes, dice: Random) -> bytes:
    """It ends too early."""
    return content[: _at(content, dice)]


def beheaded(content: bytes, dice: Random) -> bytes:
    """Its beginning is missing."""
    return content[_at(content, dice) :]


def holed(content: bytes, dice: Random) -> bytes:
    """A stretch is missing."""
    start = _at(content, dice)
    return content[:start] + content[start + dice.randint(1, 60) :]


def stuttered(content: bytes, dice: Random) -> bytes:
    """A stretch is there twice."""
    start, stop = sorted((_at(content, dice), _at(content, dice)))
    return content[:stop] + content[start:stop] + content[stop:]


def zeroed(content: bytes, dice: Random) -> bytes:
    """A stretch is zeros, as after a crash of a disk."""
    start = _at(content, dice)
    stop = min(len(content), start + dice.randint(1, 500))
    return content[:start] + bytes(stop - start) + content[stop:]


def peppered(content: bytes, dice: Random) -> bytes:
    """Bytes that are no text stand here and there."""
    for _ in range(dice.randint(1, 4)):
        place = _at(content, dice)
        content = content[:place] + dice.choice(BYTES) + content[place:]
    return content


def emptied(content: bytes, dice: Random) -> bytes:
    """Nothing is left, or only what is no record."""
    return dice.choice((b"", b"\n", b"\xef\xbb\xbf", b"\r\n\r\n", b" ", b"\x00"))


def noise(content: bytes, dice: Random) -> bytes:
    """Anything but what it was."""
    return dice.randbytes(dice.randint(1, 3000))


ANY: Mapping[str, Alter] = {
    "bits flipped": flipped,
    "cut short": cut,
    "beginning lost": beheaded,
    "stretch lost": holed,
    "stretch doubled": stuttered,
    "stretch zeroed": zeroed,
    "bytes put in": peppered,
    "emptied": emptied,
    "noise": noise,
}


# Text


def recoded(content: bytes, dice: Random) -> bytes:
    """The same in another encoding."""
    encoding = dice.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "cp500", "utf-7"))
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def marked(content: bytes, dice: Random) -> bytes:
    """A byte order mark in front, twice, or further on."""
    place = dice.choice((0, 0, _at(content, dice)))
    return content[:place] + b"\xef\xbb\xbf" * dice.randint(1, 2) + content[place:]


def line_ends_mixed(content: bytes, dice: Random) -> bytes:
    """Every line ends in a way of its own."""
    lines = content.split(b"\n")
    return b"".join(line + dice.choice((b"\n", b"\r\n", b"\r\r\n", b"\n\n")) for line in lines)


def line_ends_of_a_mac(content: bytes, dice: Random) -> bytes:
    """Lines end with CR alone."""
    return content.replace(b"\n", b"\r")


def quotes_strewn(content: bytes, dice: Random) -> bytes:
    """Quotes that open and never close, or close what was not open."""
    for _ in range(dice.randint(1, 3)):
        place = _at(content, dice)
        content = (
            content[:place] + dice.choice((b'"', b'""', b'"x"', b"'", b'",')) + content[place:]
        )
    return content


def swollen(content: bytes, dice: Random) -> bytes:
    """Somewhere stands a text of hundreds of thousands of characters."""
    place = _at(content, dice)
    return content[:place] + dice.choice((b"x", b"9", b" ", b"\xc3\xa9")) * HUGE + content[place:]


def lines_moved(content: bytes, dice: Random) -> bytes:
    """A line is lost, doubled, or somewhere else."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    line = lines.pop(dice.randrange(len(lines)))
    for _ in range(dice.randint(0, 2)):
        lines.insert(dice.randint(0, len(lines)), line)
    return b"".join(lines)


TEXT: Mapping[str, Alter] = {
    "other encoding": recoded,
    "byte order mark": marked,
    "line ends mixed": line_ends_mixed,
    "line ends of a Mac": line_ends_of_a_mac,
    "quotes strewn": quotes_strewn,
    "swollen": swollen,
    "lines moved": lines_moved,
}


# Tables


def _of_records(alter: Alter) -> Alter:
    """The same, but the header stays as it is."""

    def altered(content: bytes, dice: Random) -> bytes:
        header, end, records = content.partition(b"\n")
        return header + end + alter(records, dice)

    return altered


Rows: TypeAlias = list[list[str]]


def _of_cells(alter: Callable[[Rows, Random], None]) -> Alter:
    """The table read, altered and written again; rows[0] is the header."""

    def altered(content: bytes, dice: Random) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))
        if len(rows) < 2:
            return content
        alter(rows, dice)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return out.getvalue().encode("utf-8", "replace")

    return altered


def _some_cell(rows: Rows, dice: Random) -> tuple[list[str], int]:
    row = dice.choice(rows[1:])
    return row, dice.randrange(len(row)) if row else 0


def _written(values: tuple[str, ...]) -> Callable[[Rows, Random], None]:
    def put(rows: Rows, dice: Random) -> None:
        for _ in range(dice.randint(1, 3)):
            row, place = _some_cell(rows, dice)
            if row:
                row[place] = dice.choice(values)

    return put


def _values_swapped(rows: Rows, dice: Random) -> None:
    row, place = _some_cell(rows, dice)
    other, there = _some_cell(rows, dice)
    if row and other:
        row[place], other[there] = other[there], row[place]


def _cell_moved(rows: Rows, dice: Random) -> None:
    row, place = _some_cell(rows, dice)
    if row and dice.random() < 0.5:
        row.pop(place)
    else:
        row.insert(place, dice.choice(TEXTS))


def _row_doubled(rows: Rows, dice: Random) -> None:
    rows.insert(dice.randint(1, len(rows)), list(dice.choice(rows[1:])))


def _rows_lost(rows: Rows, dice: Random) -> None:
    for _ in range(dice.randint(1, 3)):
        if len(rows) > 1:
            rows.pop(dice.randrange(1, len(rows)))


def _spaces(rows: Rows, dice: Random) -> None:
    for row in rows[1:]:
        row[:] = [f"{dice.choice(('', ' ', chr(0xA0), chr(9)))}{cell or ''} " for cell in row]


def _cell_huge(rows: Rows, dice: Random) -> None:
    row, place = _some_cell(rows, dice)
    if row:
        row[place] = dice.choice(("x", "9", "\u00e9,", '"\n')) * dice.choice((5_000, HUGE))


def _header_renamed(rows: Rows, dice: Random) -> None:
    place = dice.randrange(len(rows[0]))
    rows[0][place] = dice.choice((*TEXTS, rows[0][place].upper(), rows[0][place] + "_2", "cli"))


def _header_doubled(rows: Rows, dice: Random) -> None:
    place = dice.randrange(len(rows[0]))
    for row in rows:
        row.append(row[place] if place < len(row) else "")


def _column_lost(rows: Rows, dice: Random) -> None:
    place = dice.randrange(len(rows[0]))
    for row in rows:
        if place < len(row):
            row.pop(place)


def _columns_shuffled(rows: Rows, dice: Random) -> None:
    order = list(range(len(rows[0])))
    dice.shuffle(order)
    rows[:] = [[row[n] if n < len(row) else "" for n in order] for row in rows]


def _header_shuffled(rows: Rows, dice: Random) -> None:
    """The names change places, what is below them does not."""
    first, second = (dice.randrange(len(rows[0])) for _ in range(2))
    rows[0][first], rows[0][second] = rows[0][second], rows[0][first]


def _header_lost(rows: Rows, dice: Random) -> None:
    rows.pop(0)


def _columns_by_the_thousand(rows: Rows, dice: Random) -> None:
    number = dice.choice((50, 50, 50, 300, 3_000))
    rows[0].extend(f"extra_{n}" for n in range(number))
    for row in rows[1:]:
        row.extend([""] * number)


def separated_otherwise(content: bytes, dice: Random) -> bytes:
    """Something else than commas between the fields."""
    return content.replace(b",", dice.choice((b";", b"\t", b"|", b", ", b",,")))


CELLS: Mapping[str, Callable[[Rows, Random], None]] = {
    "numbers": _written(NUMBERS),
    "dates": _written(DATES),
    "texts": _written(TEXTS),
    "values swapped": _values_swapped,
    "cell moved": _cell_moved,
    "record doubled": _row_doubled,
    "records lost": _rows_lost,
    "white space": _spaces,
    "huge cell": _cell_huge,
    "columns shuffled": _columns_shuffled,
    "thousands of columns": _columns_by_the_thousand,
}
MILD_TABLE: Mapping[str, Alter] = {
    **{name: _of_cells(alter) for name, alter in CELLS.items()},
    **{
        f"{name} in records": _of_records(alter)
        for name, alter in {**ANY, **TEXT}.items()
        if alter not in (emptied, noise, beheaded)
    },
}
ROUGH_TABLE: Mapping[str, Alter] = {
    **ANY,
    **TEXT,
    "header renamed": _of_cells(_header_renamed),
    "header doubled": _of_cells(_header_doubled),
    "header shuffled": _of_cells(_header_shuffled),
    "header lost": _of_cells(_header_lost),
    "column lost": _of_cells(_column_lost),
    "other separator": separated_otherwise,
}


# JSON


def deep(content: bytes, dice: Random) -> bytes:
    """A value nested deeper than anybody can follow, alone or where some value stood."""
    depth = dice.choice((900, 5_000, 200_000))
    opened, closed = dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
    well = opened * depth + b"1" + closed * depth
    in_place = content.replace(b'": ', b'": ' + well + b', "x": ', 1)
    return dice.choice((well, opened * depth, in_place))


ODD_JSON: tuple[Any, ...] = (
    *(None, True, -1, 0, 2.5, 10**400, "", "x", [], {}, [[]], ["x"], {"a": None}, "\ud800"),
    *("2026-99-99", "../../x", "\x00", "9" * 5000, 2**63, -(2**70), [None], "8" * HUGE),
)


def _nodes(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], (dict, list)):
            _nodes(value[key], found)
    return found


def value_replaced(content: bytes, dice: Random) -> bytes:
    """Some value is another, of another kind or gone."""
    try:
        said = json.loads(content)
    except ValueError:
        return content
    nodes = _nodes(said, []) if isinstance(said, (dict, list)) else []
    if not nodes or dice.random() < 0.05:
        return json.dumps(dice.choice(ODD_JSON)).encode()
    for _ in range(dice.randint(1, 2)):
        holder, key = dice.choice(nodes)
        if isinstance(holder, dict) and dice.random() < 0.3:
            holder.pop(key, None)
        elif isinstance(holder, dict) or key < len(holder):
            holder[key] = dice.choice(ODD_JSON)
    return json.dumps(said).encode("utf-8", "replace")


def key_doubled(content: bytes, dice: Random) -> bytes:
    """A key is there twice."""
    start = content.find(b"{")
    return content[: start + 1] + b'"rows": 1, "rows": 1, ' + content[start + 1 :]


def no_number(content: bytes, dice: Random) -> bytes:
    """What JSON has no numbers for."""
    return content.replace(
        dice.choice((b"1", b"2", b"null")), dice.choice((b"NaN", b"Infinity")), 1
    )


MILD_JSON: Mapping[str, Alter] = {"value replaced": value_replaced, "key doubled": key_doubled}


@cache
def _bomb(*, is_page: bool) -> bytes:
    text = b" " * BOMB_BYTES
    return gzip.compress(b'{"items": [' + text if is_page else text, 9, mtime=0)


def bomb(content: bytes, dice: Random) -> bytes:
    """A few thousand bytes that unpack to millions."""
    return _bomb(is_page=dice.random() < 0.5)


def packed(content: bytes, dice: Random) -> bytes:
    """Compressed, wholly or in part."""
    squeezed = gzip.compress(content, mtime=0)
    return dice.choice((squeezed, squeezed + squeezed, squeezed[: len(squeezed) // 2]))


JSON: Mapping[str, Alter] = {
    **ANY,
    **TEXT,
    **MILD_JSON,
    "nested deeply": deep,
    "no number": no_number,
    "packed": packed,
    "bomb": bomb,
}


# Parquet


def footer_flipped(content: bytes, dice: Random) -> bytes:
    """A bit of what says where everything is."""
    if len(content) < 12:
        return content
    size = struct.unpack("<I", content[-8:-4])[0]
    start = max(4, len(content) - 8 - size)
    return content[:start] + flipped(content[start:-8], dice) + content[-8:]


def pages_flipped(content: bytes, dice: Random) -> bytes:
    """A bit of what holds the values."""
    size = struct.unpack("<I", content[-8:-4])[0] if len(content) >= 12 else 0
    stop = max(4, len(content) - 8 - size)
    return content[:4] + flipped(content[4:stop], dice) + content[stop:]


def footer_length_changed(content: bytes, dice: Random) -> bytes:
    """The footer is said to be longer or shorter than it is."""
    length = dice.choice((0, 1, 2**31 - 1, 2**32 - 1, dice.randrange(5_000)))
    return content[:-8] + struct.pack("<I", length) + content[-4:]


def _of_columns(alter: Callable[[Rows, Random], None]) -> Alter:
    """Cells of the table are altered, and the file is whole."""

    def altered(content: bytes, dice: Random) -> bytes:
        table = pq.read_table(io.BytesIO(content))
        rows = [table.column_names, *(list(row.values()) for row in table.to_pylist())]
        alter(rows, dice)
        columns = [
            pa.array([row[n] if n < len(row) else None for row in rows[1:]], pa.string())
            for n in range(len(rows[0]))
        ]
        return _parquet(pa.table(columns, names=rows[0]))

    return altered


def retyped(content: bytes, dice: Random) -> bytes:
    """A column has another type, and values of it."""
    table = pq.read_table(io.BytesIO(content))
    place = dice.randrange(table.num_columns)
    values, kind = dice.choice(_TYPED)
    column = pa.array([dice.choice(values) for _ in range(table.num_rows)], kind)
    return _parquet(table.set_column(place, table.column_names[place], column))


_TYPED: tuple[tuple[tuple[Any, ...], pa.DataType], ...] = (
    ((1.5, float("nan"), None, float("inf")), pa.float64()),
    ((1, -1, 2**62, None), pa.int64()),
    ((True, False, None), pa.bool_()),
    ((0, 2**62, -(2**62), None), pa.timestamp("us")),
    ((0, 2**40, -(2**40)), pa.timestamp("ms", tz="America/New_York")),
    ((0, 2**31 - 1, -(2**31)), pa.date32()),
    (([1], [], None), pa.list_(pa.int32())),
    (({"a": 1}, None), pa.struct([("a", pa.int32())])),
    ((b"C1", b"\xff\x00", None), pa.binary()),
    ((Decimal("1.50"), Decimal("-9999999999.99"), None), pa.decimal128(30, 4)),
)


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


MILD_PARQUET: Mapping[str, Alter] = {
    **{name: _of_columns(alter) for name, alter in CELLS.items()},
    "column of another type": retyped,
}
PARQUET: Mapping[str, Alter] = {
    **ANY,
    **MILD_PARQUET,
    "pages flipped": pages_flipped,
    "footer flipped": footer_flipped,
    "footer length": footer_length_changed,
}


# TOML


def value_of_a_key(content: bytes, dice: Random) -> bytes:
    """A key has a value of another kind."""
    lines = content.split(b"\n")
    keys = [n for n, line in enumerate(lines) if b"=" in line]
    if not keys:
        return content
    place = dice.choice(keys)
    value = dice.choice(
        (
            *(b"1", b"-1", b"1e400", b"nan", b"true", b'""', b'"\\u0000"', b"[]", b"{}", b"[[1]]"),
            *(b"2026-01-01", b"9" * 400, b"9" * 5000, b"0x1F", b"'''x", b'"\\ud800"', b"[" * 3000),
            *(b"{a.b.c = 1}", b'"' + b"x" * HUGE + b'"', b"inf", b"1979-05-27T07:32:00Z"),
        )
    )
    lines[place] = lines[place].split(b"=")[0] + b"= " + value
    return b"\n".join(lines)


def key_unknown(content: bytes, dice: Random) -> bytes:
    """A key or section that there is not, or that is there twice."""
    more = dice.choice(
        (
            *(b"[feeds.feeds]\n", b'[operators]\n"" = []\n', b"[[validation]]\n", b"a = 1\n"),
            *(
                b"[a" + b".a" * 3000 + b"]\n",
                b"[feeds]\n",
                b'"\\u0000" = 1\n',
                b"[affinity.layout]\n",
            ),
            b'[cli]\nprofiles = { Voice = "any", voice = "none" }\n',
        )
    )
    return content + b"\n" + more


TOML: Mapping[str, Alter] = {
    **ANY,
    **TEXT,
    "value of a key": value_of_a_key,
    "unknown key": key_unknown,
}


ROUGH: Mapping[str, Mapping[str, Alter]] = {
    "csv": {**MILD_TABLE, **ROUGH_TABLE},
    "json": JSON,
    "parquet": PARQUET,
    "toml": TOML,
    "jsonl": JSON,
}
"""By a file's last suffix."""
MILD: Mapping[str, Mapping[str, Alter]] = {
    "csv": MILD_TABLE,
    "json": MILD_JSON,
    "parquet": MILD_PARQUET,
    "toml": TOML,
    "jsonl": JSON,
}


def damaged(content: bytes, suffix: str, kind: str, seed: int) -> bytes:
    """The content of a file of that suffix after a damage of that kind."""
    return ROUGH[suffix][kind](content, Random(seed))
