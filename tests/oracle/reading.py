"""From a folder of bytes to records: CSV grammar, headers, manifest. Nothing is typed here.

Source: contract section 2, rulings 1, 7.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.contracts import ALIASES, FEEDS, IS_DELETED
from tests.oracle.settings import Settings
from tests.oracle.values import WHITE_SPACE

FEED_BROKEN = 22
TOO_MANY_REJECTS = 30

_BOM = b"\xef\xbb\xbf"
_QUOTE = 0x22
_DROPPED_FROM_LABELS = dict.fromkeys(map(ord, WHITE_SPACE + "-_"))


class StopError(Exception):
    """The run stops before anything is computed: exit code and the reason in words."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(slots=True)
class RawRecord:
    """One record of a file; `cells` by field name, null for a ragged record."""

    number: int
    cells: dict[str, bytes] | None


@dataclass
class RawFeed:
    """One feed as read; `given` tells an empty file from no file."""

    name: str
    given: bool = False
    records: list[RawRecord] = field(default_factory=list)


def split_records(data: bytes) -> Iterator[list[bytes] | None]:
    """Each record of a CSV text as its cells; null for one whose quoting is broken.

    RFC 4180 with LF or CRLF. A quote inside an unquoted field is literal, text after a closing
    quote breaks the record, a quote never closed makes the rest one broken record, a lone CR is
    text, a line of nothing, or of nothing but CRs, is no record. Source: ruling 1.
    """
    start, end = 0, len(data)
    while start < end:
        line_end = data.find(b"\n", start)
        stop = end if line_end < 0 else line_end
        line = data[start:stop]
        if _QUOTE not in line:
            start = stop + 1
            if line_end >= 0 and line.endswith(b"\r"):
                line = line[:-1]
            if line.strip(b"\r"):
                yield line.split(b",")
            continue
        cells, start = _quoted_record(data, start)
        yield cells


def _quoted_record(data: bytes, start: int) -> tuple[list[bytes] | None, int]:
    """The cells of the record at `start` and where the next one begins, field by field."""
    cells: list[bytes] = []
    sound = True
    position = start
    while True:
        if data[position : position + 1] == b'"':
            cell, position = _quoted_cell(data, position + 1)
            if cell is None:
                return None, len(data)
            cells.append(cell)
            stray, position, more = _plain_cell(data, position)
            sound = sound and not stray
        else:
            cell, position, more = _plain_cell(data, position)
            cells.append(cell)
        if not more:
            return (cells if sound else None), position


def _quoted_cell(data: bytes, position: int) -> tuple[bytes | None, int]:
    """The text up to the closing quote, and the position after it; null when never closed."""
    parts = []
    while True:
        quote = data.find(b'"', position)
        if quote < 0:
            return None, len(data)
        if data[quote + 1 : quote + 2] == b'"':
            parts.append(data[position : quote + 1])
            position = quote + 2
            continue
        parts.append(data[position:quote])
        return b"".join(parts), quote + 1


def _plain_cell(data: bytes, position: int) -> tuple[bytes, int, bool]:
    """Text up to a comma or record end, the position after that, and whether a cell follows."""
    line_end = data.find(b"\n", position)
    comma = data.find(b",", position, line_end if line_end >= 0 else len(data))
    if comma >= 0:
        return data[position:comma], comma + 1, True
    if line_end < 0:
        return data[position:], len(data), False
    stop = line_end - 1 if data[line_end - 1 : line_end] == b"\r" else line_end
    return data[position : max(stop, position)], line_end + 1, False


def normalise_label(label: str) -> str:
    """A column label for comparison: case, spaces, hyphens and underscores do not count."""
    return label.lower().translate(_DROPPED_FROM_LABELS)


def read_folder(folder: Path, settings: Settings) -> dict[str, RawFeed]:
    """Every feed of the folder, absent optional ones empty.

    Raises:
        StopError: 22, for a missing or doubled file, a manifest mismatch, a broken header.
    """
    raw: dict[str, RawFeed] = {}
    contents: dict[str, bytes] = {}
    for name, feed in FEEDS.items():
        as_csv, as_parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
        if as_csv.exists() and as_parquet.exists():
            raise StopError(FEED_BROKEN, f"{name}: both csv and parquet")
        if as_parquet.exists():
            raise ValueError("the oracle reads csv only")
        if as_csv.exists():
            contents[name] = as_csv.read_bytes()
        elif feed.required:
            raise StopError(FEED_BROKEN, f"{name}: required feed is missing")
        else:
            raw[name] = RawFeed(name)
    manifest = _read_manifest(folder)
    for name in manifest:
        if name not in contents:
            raise StopError(FEED_BROKEN, f"manifest.json names {name}, which is absent")
    for name, data in contents.items():
        raw[name] = _read_feed(name, data, settings)
        _check_manifest(raw[name], data, manifest.get(name, {}))
    return {name: raw[name] for name in FEEDS}


def _read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError:
        raise StopError(FEED_BROKEN, "manifest.json is not JSON") from None
    if not isinstance(manifest, dict) or not all(isinstance(v, dict) for v in manifest.values()):
        raise StopError(FEED_BROKEN, "manifest.json is not an object of objects")
    return manifest


def _check_manifest(feed: RawFeed, data: bytes, promised: dict[str, Any]) -> None:
    if "rows" in promised and promised["rows"] != len(feed.records):
        raise StopError(FEED_BROKEN, f"{feed.name}: rows differ from the manifest")
    digest = promised.get("sha256")
    if digest is not None and str(digest).lower() != hashlib.sha256(data).hexdigest():
        raise StopError(FEED_BROKEN, f"{feed.name}: sha256 differs from the manifest")


def _read_feed(name: str, data: bytes, settings: Settings) -> RawFeed:
    encoding = settings.encodings[name]
    if encoding == "utf-8":
        data = data.removeprefix(_BOM)
    records = split_records(data)
    header = next(records, None)
    if header is None:
        raise StopError(FEED_BROKEN, f"{name}: no header, or one with broken quoting")
    fields = _fields_of(name, [cell.decode(encoding, "replace") for cell in header], settings)
    feed = RawFeed(name, given=True)
    wanted = [(index, column) for index, column in enumerate(fields) if column is not None]
    width = len(fields)
    for number, cells in enumerate(records, start=1):
        if cells is None or len(cells) != width:
            feed.records.append(RawRecord(number, None))
        else:
            feed.records.append(
                RawRecord(number, {column: cells[index] for index, column in wanted}),
            )
    return feed


def _fields_of(name: str, header: list[str], settings: Settings) -> list[str | None]:
    """The field that each header cell means, null for an unknown column."""
    meanings = {normalise_label(column.name): column.name for column in FEEDS[name].columns}
    meanings[normalise_label(IS_DELETED.name)] = IS_DELETED.name
    for labels in (ALIASES.get(name, {}), settings.labels.get(name, {})):
        for label, meant in labels.items():
            meanings[normalise_label(label)] = meant
    fields = [meanings.get(normalise_label(label)) for label in header]
    for column in FEEDS[name].columns:
        times = fields.count(column.name)
        if column.required and not times:
            raise StopError(FEED_BROKEN, f"{name}: required column {column.name} is missing")
        if times > 1:
            raise StopError(FEED_BROKEN, f"{name}: {times} columns mean {column.name}")
    if not set(fields) & {column.name for column in FEEDS[name].columns}:
        raise StopError(FEED_BROKEN, f"{name}: none of its columns is there")
    if fields.count(IS_DELETED.name) > 1:
        raise StopError(FEED_BROKEN, f"{name}: two columns mean {IS_DELETED.name}")
    return fields
