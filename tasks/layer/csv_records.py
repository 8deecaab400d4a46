"""Where the records of a CSV file begin and end, exactly, whatever is wrong with the file.

Pure numpy and polars, a chunk at a time: memory stays flat, no Python code runs per byte or row.

The grammar is RFC 4180 with every odd case decided:

- A record ends with LF or CRLF outside quotes. A CR anywhere else is text.
- A quote opens a field only as its first byte; elsewhere outside quotes it is text. Inside, two
  quotes are one. What stands between a closing quote and the next comma or record end makes the
  record ragged, as does another number of fields than the header's.
- A quote that is never closed makes all from the start of its record one ragged record.
- A line of nothing, or of nothing but CRs, is no record and takes no number.
- A BOM at the start of the file is skipped.

How it is fast: 64 bytes of text become one word with a bit for each, so that "which commas are
outside quotes" is a handful of operations on words. A byte is inside quotes when the number of
quotes up to it is odd; what a quote out of place makes wrong about that is put right afterwards.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.errors import SourceContractBroken
from tasks.layer.landing import FIRST_BEYOND_ASCII, UNDEFINED_IN_CP1252, Bytes

Positions: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bits: TypeAlias = npt.NDArray[np.uint64]
"""A flag for every byte of a chunk, 64 to a word, the lowest bit for the first byte."""

CHUNK_BYTES = 4 << 20
LONGEST_RECORD_BYTES = 16 << 20
"""A longer record is ragged: a quote opened by mistake, not a billing record. Bounds the memory."""
LONGEST_RAW_TEXT = 4096
"""How many characters of a ragged record or bad cell are kept to show what is wrong with it."""

ODD_SCHEMA = pl.Schema({"row_number": pl.Int64, "raw_text": pl.String})
"""Ragged records, one row each, by row number: the text as it stands in the file, cut."""
BAD_CELLS_SCHEMA = pl.Schema(
    {"row_number": pl.Int64, "column_index": pl.Int64, "raw_text": pl.String}
)
"""Cells that do not decode, one row each, by row number and column: the value with U+FFFD, cut."""

_COMMA, _QUOTE, _LF, _CR = b',"\n\r'
_BOM = b"\xef\xbb\xbf"
_CONTINUATION = (0x80, 0xBF)
_UTF_8 = (  # first byte, second byte, length: Unicode's table 3-7
    ((0xC2, 0xDF), _CONTINUATION, 2),
    ((0xE0, 0xE0), (0xA0, 0xBF), 3),
    ((0xE1, 0xEC), _CONTINUATION, 3),
    ((0xED, 0xED), (0x80, 0x9F), 3),
    ((0xEE, 0xEF), _CONTINUATION, 3),
    ((0xF0, 0xF0), (0x90, 0xBF), 4),
    ((0xF1, 0xF3), _CONTINUATION, 4),
    ((0xF4, 0xF4), (0x80, 0x8F), 4),
)
_HEADER_CHUNK_BYTES = 64 << 10
_WORD, _SHIFT, _LAST = 64, 6, 63  # shifts and masks, as division is several times slower
_ONE, _TOP = np.uint64(1), np.uint64(_LAST)
_NOWHERE: Positions = np.empty(0, np.int64)


@dataclass(frozen=True)
class Carved:
    """The records of one stretch of the file, the well-formed apart from the others.

    `clean` holds the well-formed ones as plain RFC 4180 in UTF-8, each with as many fields as the
    header; `row_numbers` says which record of the file each of them is. A cell that does not
    decode is empty there and listed in `bad_cells`. All in file order.
    """

    clean: bytes
    row_numbers: Positions
    odd: pl.DataFrame
    bad_cells: pl.DataFrame


def read_header(path: Path, encoding: str) -> list[str]:
    """The fields of the first record, exactly as written; empty when the file has no record.

    Args:
        path: the landed file.
        encoding: `utf-8` or `cp1252`.

    Raises:
        SourceContractBroken: the first record is malformed or does not decode. The message does
            not name the file: the caller knows what it is.
    """
    with _opened(path) as file:
        return _read_header(file, encoding).fields


def carve(path: Path, encoding: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Carved]:
    """The data records of the file (all but the header), a stretch at a time, in file order.

    Args:
        path: the landed file.
        encoding: `utf-8` or `cp1252`.
        chunk_bytes: how many bytes are looked at together, at least 2.

    Raises:
        SourceContractBroken: the header is malformed or does not decode.
    """
    with _opened(path) as file:
        header = _read_header(file, encoding)
        offset, number = header.stop, 1
        room = _Room(min(chunk_bytes, file.size))
        while offset < file.size:
            scan = file.whole_lines(offset, room)
            if scan is None:
                raw, offset = file.broken_record(offset, room)
                carved, count = _only_ragged(number, raw, encoding), 1
            else:
                carved, count = _carve(scan, encoding, len(header.fields), number)
                offset += scan.stop
            yield carved
            number += count


def parse(carved: Carved, column_count: int) -> pl.DataFrame:
    """The cells of the well-formed records as text.

    Returns:
        `row_number` Int64, then `c0`, `c1`, ... String, null for an empty cell, quoted or not; one
        row per well-formed record, in file order.
    """
    schema = dict.fromkeys((f"c{column}" for column in range(column_count)), pl.String)
    if carved.clean:
        cells = pl.read_csv(
            carved.clean, has_header=False, schema=schema, infer_schema=False, null_values=[""]
        )
    else:
        cells = pl.DataFrame(schema=schema)
    if cells.height != carved.row_numbers.size:
        # not seen so far; a record lost or made here would shift every row number after it
        raise RuntimeError(f"polars read {cells.height} of {carved.row_numbers.size} CSV records")
    return cells.insert_column(0, pl.Series("row_number", carved.row_numbers, pl.Int64))


# The file


class _Room:
    """Memory for one chunk, used again for the next: fresh memory costs more than the work."""

    def __init__(self, size: int) -> None:
        self.size = size
        # whole words, with room for an added line end and for a look at the bytes after the last
        room = ((size + 2) // _WORD + 1) * _WORD
        self.text: Bytes = np.zeros(room, np.uint8)
        self.mask: Flags = np.zeros(room, np.bool_)


class _File:
    """The bytes of a file, and the lines that start at a place in it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def start(self) -> int:
        """Where the text starts: after a BOM, if there is one."""
        return len(_BOM) if os.pread(self._descriptor, len(_BOM), 0) == _BOM else 0

    def whole_lines(self, offset: int, room: _Room) -> "_Scan | None":
        """The lines from `offset` on that are whole in `room`, or else the one that is longer.

        None when that one is longer than we take or its quote is never closed.
        """
        scan = self._scan(offset, room)
        if scan.stops.size:
            return scan
        stop = self._end_of_line(offset, room)
        if stop is None or stop - offset > LONGEST_RECORD_BYTES:
            return None
        return self._scan(offset, _Room(stop - offset))

    def broken_record(self, offset: int, room: _Room) -> tuple[bytes, int]:
        """The first bytes of what is no whole line, and where the next line starts."""
        stop = self._end_of_line(offset, room) or self.size
        size = min(stop - offset, LONGEST_RAW_TEXT * 4)  # a character is at most four bytes
        return os.pread(self._descriptor, size, offset), stop

    def _fill(self, offset: int, room: _Room) -> int:
        wanted = room.text.data[: min(room.size, self.size - offset)]
        length = 0
        while length < len(wanted):
            count = os.preadv(self._descriptor, [wanted[length:]], offset + length)
            if not count:
                raise RuntimeError("a landed file became shorter while it was read")
            length += count
        room.text[length:] = 0
        return length

    def _scan(self, offset: int, room: _Room) -> "_Scan":
        length = self._fill(offset, room)
        adds_line_end = bool(offset + length == self.size and room.text[length - 1] != _LF)
        if adds_line_end:
            room.text[length] = _LF
            length += 1
        return _Scan(room, length, adds_line_end=adds_line_end)

    def _end_of_line(self, offset: int, room: _Room) -> int | None:
        """Where the line at `offset` stops; None when a quote in it is never closed."""
        inside, before = False, _LF
        while offset < self.size:
            length = self._fill(offset, room)
            if offset + length < self.size:
                # quotes in a row are judged together: those at the end wait for the next look
                others = np.flatnonzero(room.text[:length] != _QUOTE)
                if not others.size:
                    offset += length & ~1  # pairs of them turn nothing
                    continue
                length = int(others[-1]) + 1
                room.text[length:] = 0
            quotes, line_ends = _bits_of(room, _QUOTE), _bits_of(room, _LF)
            field_starts = _byte_before(_bits_of(room, _COMMA) | line_ends)
            _set_bit(field_starts, 0, on=before in (_COMMA, _LF))
            is_inside = _judged(quotes, field_starts, inside=inside).is_inside
            ends = _positions(line_ends & ~is_inside)
            if ends.size:
                return offset + int(ends[0]) + 1
            inside = bool(_has_bit(is_inside, np.array([length - 1]))[0])
            before = int(room.text[length - 1])
            offset += length
        return None if inside else self.size


@contextmanager
def _opened(path: Path) -> Iterator[_File]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _File(descriptor)
    finally:
        os.close(descriptor)


# The lines of a chunk


class _Cells(NamedTuple):
    """Cells in file order: text from `starts` to `ends`, quotes included."""

    starts: Positions
    ends: Positions
    lines: Positions
    columns: Positions


class _Scan:
    """The whole lines at the start of a chunk: where each is, and what is odd about it.

    A line stops after a line end outside quotes, so it may hold newlines. Its text goes from
    `starts` to `ends`; the next one starts at `stops`. `strange` are the bytes that a plain reader
    might not take as text: quotes and CRs outside quotes.
    """

    def __init__(self, room: _Room, length: int, *, adds_line_end: bool) -> None:
        self.text = room.text
        quotes = _bits_of(room, _QUOTE)
        commas = _bits_of(room, _COMMA)
        line_ends = _bits_of(room, _LF)
        crs = _bits_of(room, _CR)
        crlfs = crs & _next_byte(line_ends)
        if adds_line_end:
            _set_bit(crlfs, length - 2, on=False)  # a CR that ends the file is text
        breaks = literals = _NOWHERE
        if quotes.any():
            field_starts = _byte_before(commas | line_ends)
            _set_bit(field_starts, 0, on=True)
            judged = _judged(quotes, field_starts, inside=False)
            may_follow = commas | line_ends | crlfs
            breaks = _positions(judged.closes & ~_next_byte(may_follow))
            literals = judged.literals
            commas &= ~judged.is_inside
            line_ends &= ~judged.is_inside
            crs &= ~judged.is_inside
        self._commas = commas
        self._line_ends = line_ends
        self.stops = _positions(line_ends) + 1
        self.starts: Positions = np.append(0, self.stops)[:-1]
        self.ends: Positions = self.stops - 1 - _has_bit(crlfs, np.maximum(self.stops - 2, 0))
        self.field_counts = np.diff(_count_before(commas, self.stops), prepend=0) + 1
        cr_counts = _count_before(crs, self.ends) - _count_before(crs, self.starts)
        self.is_empty: Flags = cr_counts == self.ends - self.starts
        breaks_so_far = np.searchsorted(breaks, self.stops)
        self.is_broken: Flags = np.diff(breaks_so_far, prepend=0) > 0
        self.strange: Positions = np.append(literals, _positions(crs & ~crlfs))

    @property
    def stop(self) -> int:
        """Where the last line stops."""
        return int(self.stops[-1])

    def in_lines(self, positions: Positions, wanted: Flags) -> Positions:
        """Those of the positions that are in one of the lines wanted."""
        lines = np.searchsorted(self.stops, positions, side="right")
        is_wanted: Flags = np.append(wanted, np.False_)[lines]
        return positions[is_wanted]

    def cells_at(self, positions: Positions) -> _Cells:
        """The cells that hold the positions, each once."""
        if not positions.size:
            return _Cells(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE)
        separators = self._commas | self._line_ends
        starts, first = np.unique(_last_before(separators, positions) + 1, return_index=True)
        lines = np.searchsorted(self.stops, starts, side="right")
        ends = np.minimum(_first_from(separators, positions[first]), self.ends[lines])
        columns = _count_before(self._commas, starts)
        columns -= _count_before(self._commas, self.starts[lines])
        return _Cells(starts, ends, lines, columns)

    def fields_of(self, line: int) -> list[bytes]:
        """The values of one line's fields, quotes taken off."""
        start, end = int(self.starts[line]), int(self.ends[line])
        commas = _positions(self._commas)
        commas = commas[(commas >= start) & (commas < end)]
        raw = self.text[start:end].tobytes()
        return [
            _value(raw[before + 1 : after])
            for before, after in pairwise([-1, *(commas - start).tolist(), end - start])
        ]


def _value(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


class _Header(NamedTuple):
    fields: list[str]
    stop: int


def _read_header(file: _File, encoding: str) -> _Header:
    offset, room = file.start(), _Room(min(_HEADER_CHUNK_BYTES, file.size))
    while offset < file.size:
        scan = file.whole_lines(offset, room)
        if scan is None:
            raise _header_broken("has a quote that is never closed")
        records = np.flatnonzero(~scan.is_empty)
        if not records.size:
            offset += scan.stop
            continue
        first = int(records[0])
        if scan.is_broken[first]:
            raise _header_broken("has text after a closing quote")
        try:
            fields = [field.decode(encoding) for field in scan.fields_of(first)]
        except UnicodeDecodeError as error:
            raise _header_broken(f"does not decode as {encoding}") from error
        return _Header(fields, offset + int(scan.stops[first]))
    return _Header([], file.size)


def _header_broken(how: str) -> SourceContractBroken:
    return SourceContractBroken(
        f"the header row {how}.", hint="Export the feed again, or declare its encoding."
    )


# Carving


class _Edit(NamedTuple):
    """Text to put in the place of each stretch; a stretch may be of no bytes."""

    starts: Positions
    stops: Positions
    text: bytes


def _carve(scan: _Scan, encoding: str, column_count: int, first_number: int) -> tuple[Carved, int]:
    """The records of the lines, the first of them numbered `first_number`; and how many."""
    text = scan.text[: scan.stop].tobytes()
    is_record = ~scan.is_empty
    is_ragged = is_record & (scan.is_broken | (scan.field_counts != column_count))
    is_whole = is_record & ~is_ragged
    numbers = np.cumsum(is_record) + (first_number - 1)

    beyond_ascii = bool(scan.text[: scan.stop].max() >= FIRST_BEYOND_ASCII)
    undecodable = _undecodable(scan.text, text, encoding) if beyond_ascii else _NOWHERE
    bad = scan.cells_at(scan.in_lines(undecodable, is_whole))
    strange = scan.in_lines(scan.strange, is_whole)
    if is_whole.any() and text.startswith(_BOM, first := int(scan.starts[is_whole][0])):
        # at the start of what it is given, polars takes it for a BOM
        strange = np.append(strange, first)
    strange = strange[~_are_in(bad, strange)]
    requoted = scan.cells_at(strange)
    literal_quotes = strange[scan.text[strange] == _QUOTE]
    clean = _edited(
        text,
        _Edit(scan.starts[~is_whole], scan.stops[~is_whole], b""),
        # quotes, so that no reader takes a line without another cell for an empty line
        _Edit(bad.starts, bad.ends, b'""'),
        _Edit(requoted.starts, requoted.starts, b'"'),
        _Edit(literal_quotes, literal_quotes, b'"'),
        _Edit(requoted.ends, requoted.ends, b'"'),
    )
    if beyond_ascii and encoding == "cp1252":
        clean = clean.decode(encoding).encode()

    starts, ends = scan.starts[is_ragged].tolist(), scan.ends[is_ragged].tolist()
    ragged = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    cells = zip(bad.starts.tolist(), bad.ends.tolist(), strict=True)
    bad_cells = pl.DataFrame(
        {
            "row_number": numbers[bad.lines],
            "column_index": bad.columns,
            "raw_text": [_shown(_value(text[start:end]), encoding) for start, end in cells],
        },
        schema=BAD_CELLS_SCHEMA,
    )
    odd = _odd(numbers[is_ragged], ragged, encoding)
    carved = Carved(clean, numbers[is_whole], odd, bad_cells)
    return carved, int(np.count_nonzero(is_record))


def _only_ragged(number: int, raw: bytes, encoding: str) -> Carved:
    odd = _odd(np.array([number]), [raw], encoding)
    return Carved(b"", _NOWHERE, odd, pl.DataFrame(schema=BAD_CELLS_SCHEMA))


def _odd(numbers: Positions, ragged: list[bytes], encoding: str) -> pl.DataFrame:
    shown = [_shown(raw, encoding) for raw in ragged]
    return pl.DataFrame({"row_number": numbers, "raw_text": shown}, schema=ODD_SCHEMA)


def _shown(raw: bytes, encoding: str) -> str:
    # four bytes for each character are always enough
    return raw[: LONGEST_RAW_TEXT * 4].decode(encoding, "replace")[:LONGEST_RAW_TEXT]


def _are_in(cells: _Cells, positions: Positions) -> Flags:
    last_ends = np.append(cells.ends, 0)  # none starts before the first: -1 finds the 0
    return positions < last_ends[np.searchsorted(cells.starts, positions, side="right") - 1]


def _edited(text: bytes, *edits: _Edit) -> bytes:
    starts = np.concatenate([edit.starts for edit in edits])
    if not starts.size:
        return text
    stops = np.concatenate([edit.stops for edit in edits])
    texts = np.repeat(np.arange(len(edits)), [edit.starts.size for edit in edits])
    order = np.argsort(starts, kind="stable")
    view = memoryview(text)
    kept = [
        view[start:stop]
        for start, stop in zip(
            [0, *stops[order].tolist()], [*starts[order].tolist(), len(text)], strict=True
        )
    ]
    new = [*(edits[which].text for which in texts[order].tolist()), b""]
    return b"".join(chain.from_iterable(zip(kept, new, strict=True)))


def _undecodable(text: Bytes, as_bytes: bytes, encoding: str) -> Positions:
    """The bytes that are no part of a character."""
    beyond_ascii = np.flatnonzero(text[: len(as_bytes)] >= FIRST_BEYOND_ASCII)
    if encoding == "cp1252":
        return beyond_ascii[np.isin(text[beyond_ascii], UNDEFINED_IN_CP1252)]
    try:
        as_bytes.decode(encoding)
    except UnicodeDecodeError:
        return _not_utf_8(text, beyond_ascii)
    return _NOWHERE


def _not_utf_8(text: Bytes, beyond_ascii: Positions) -> Positions:
    """Those of all bytes beyond ASCII that belong to no character."""
    fits = np.zeros(text.size, np.bool_)
    for lead, second, length in _UTF_8:
        starts = beyond_ascii[_is_within(text[beyond_ascii], lead)]
        starts = starts[_is_within(text[starts + 1], second)]
        for step in range(2, length):
            starts = starts[_is_within(text[starts + step], _CONTINUATION)]
        for step in range(length):
            fits[starts + step] = True
    return beyond_ascii[~fits[beyond_ascii]]


def _is_within(found: Bytes, span: tuple[int, int]) -> Flags:
    return (span[0] <= found) & (found <= span[1])


# Quotes


class _Judged(NamedTuple):
    """What the quotes of a chunk mean.

    `is_inside` is right for every byte that is no quote, and for the last of quotes in a row: what
    follows them. `closes` are the closing quotes, `literals` those that are text outside quotes;
    both suppose that the chunk starts outside.
    """

    is_inside: Bits
    closes: Bits
    literals: Positions


def _judged(quotes: Bits, field_starts: Bits, *, inside: bool) -> _Judged:
    """Judge every quote, however they stand.

    Quotes in a row mean something together. An even number of them turns nothing. An odd number
    closes where text is inside quotes; where it is outside it opens, but only at the start of a
    field. So at the start of a field an odd number turns inside to outside and back, as counting
    assumes, while elsewhere ("leaves") it leaves text outside whatever was before: from there on
    counting is right if it was even there, and else the reverse of right until the next such place.

    Args:
        quotes: where the quotes are; none before the chunk belongs to the first.
        field_starts: the bytes after a comma or line end, inside quotes or not.
        inside: whether the first byte is inside quotes.
    """
    firsts = quotes & ~_byte_before(quotes)
    lasts = quotes & ~_next_byte(quotes)
    elsewhere = firsts & ~field_starts
    row_firsts = _positions(elsewhere & ~lasts)
    row_lasts = _first_from(lasts, row_firsts)
    is_odd = (row_lasts - row_firsts) % 2 == 0
    leaves = elsewhere & lasts | _bits_at(row_lasts[is_odd], quotes.size)
    is_inside = _odd_so_far(quotes, inside=inside)
    if (leaves & is_inside).any():
        places = _positions(leaves)
        is_wrong = _has_bit(is_inside, places)
        changes = places[np.diff(is_wrong, prepend=np.False_)]
        is_inside ^= _odd_so_far(_bits_at(changes, quotes.size), inside=False)

    text = elsewhere & ~_byte_before(is_inside)
    is_text_row = _has_bit(text, row_firsts)
    text_lasts = text & lasts | _bits_at(row_lasts[is_text_row], quotes.size)
    return _Judged(
        is_inside,
        closes=lasts & ~is_inside & ~text_lasts,
        literals=np.append(
            _positions(text & lasts), _each(row_firsts[is_text_row], row_lasts[is_text_row])
        ),
    )


def _each(firsts: Positions, lasts: Positions) -> Positions:
    """Every position of the stretches from a first to a last."""
    counts = lasts - firsts + 1
    skipped = np.repeat(firsts - np.cumsum(counts) + counts, counts)
    return skipped + np.arange(skipped.size)


# Bits


def _bits_of(room: _Room, byte: int) -> Bits:
    """Where the byte stands in the text."""
    np.equal(room.text, byte, out=room.mask)
    return _packed(room.mask)


def _packed(mask: Flags) -> Bits:
    return np.packbits(mask, bitorder="little").view("<u8")


def _bits_at(positions: Positions, words: int) -> Bits:
    bits = np.zeros(words, np.uint64)
    np.bitwise_or.at(bits, positions >> _SHIFT, _ONE << (positions & _LAST).astype(np.uint64))
    return bits


def _positions(bits: Bits) -> Positions:
    words = np.flatnonzero(bits)
    if words.size > bits.size // 2:
        return np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little").view(np.bool_))
    flags = np.unpackbits(bits[words].view(np.uint8), bitorder="little")
    at = np.flatnonzero(flags.view(np.bool_))
    positions: Positions = (words[at >> _SHIFT] << _SHIFT) + (at & _LAST)
    return positions


def _has_bit(bits: Bits, positions: Positions) -> Flags:
    in_word = (positions & _LAST).astype(np.uint64)
    flags: Flags = (bits[positions >> _SHIFT] >> in_word & _ONE).astype(np.bool_)
    return flags


def _set_bit(bits: Bits, position: int, *, on: bool) -> None:
    bit = _ONE << np.uint64(position & _LAST)
    if on:
        bits[position >> _SHIFT] |= bit
    else:
        bits[position >> _SHIFT] &= ~bit


def _count_before(bits: Bits, positions: Positions) -> Positions:
    """How many bits are set before each position."""
    counts: Positions = np.append(0, np.cumsum(np.bitwise_count(bits), dtype=np.int64))
    words, in_word = positions >> _SHIFT, (positions & _LAST).astype(np.uint64)
    before: Positions = counts[words]
    before += np.bitwise_count(bits[words] & ((_ONE << in_word) - _ONE))
    return before


def _first_from(bits: Bits, positions: Positions) -> Positions:
    """The first bit set at or after each position; there must be one."""
    words = positions >> _SHIFT
    in_word = (positions & _LAST).astype(np.uint64)
    found = bits[words] >> in_word << in_word
    filled = np.flatnonzero(bits)
    is_later = found == 0
    words[is_later] = filled[np.searchsorted(filled, words[is_later], side="right")]
    found[is_later] = bits[words[is_later]]
    bits_below: Positions = np.bitwise_count(~found & (found - _ONE))
    return (words << _SHIFT) + bits_below


def _last_before(bits: Bits, positions: Positions) -> Positions:
    """The last bit set before each position; -1 where there is none."""
    words = positions >> _SHIFT
    in_word = (positions & _LAST).astype(np.uint64)
    found = bits[words] & ((_ONE << in_word) - _ONE)
    filled = np.append(np.flatnonzero(bits), -1)  # none before the first: finds the -1
    is_earlier = found == 0
    words[is_earlier] = filled[np.searchsorted(filled[:-1], words[is_earlier]) - 1]
    found[is_earlier] = bits[words[is_earlier]]
    up_to_highest = found
    for step in (1, 2, 4, 8, 16, 32):
        up_to_highest |= up_to_highest >> np.uint64(step)
    bits_up_to: Positions = np.bitwise_count(up_to_highest)
    return np.where(words < 0, -1, (words << _SHIFT) + bits_up_to - 1)


def _next_byte(bits: Bits) -> Bits:
    """For each byte, the flag of the byte after it."""
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _TOP
    return moved


def _byte_before(bits: Bits) -> Bits:
    """For each byte, the flag of the byte before it."""
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _TOP
    return moved


def _odd_so_far(bits: Bits, *, inside: bool) -> Bits:
    """Where the number of bits set up to and with each byte is odd; `inside` counts as one more."""
    odd = bits.copy()
    for step in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(step)
    words_before = np.append(np.uint64(0), np.bitwise_xor.accumulate(odd >> _TOP)[:-1])
    return odd ^ (np.uint64(0) - (words_before ^ np.uint64(inside)))
