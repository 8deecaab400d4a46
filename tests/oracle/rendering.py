"""A world's rows spoiled here and there and written as bytes in every legal and illegal manner.

Source: contract section 2 (CSV, Values), rulings 1 to 7.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.contracts import (
    ALIASES,
    BOOLEAN,
    CHOICE,
    DATE,
    FEEDS,
    INTEGER,
    IS_DELETED,
    MONEY,
    QUANTITY,
    Column,
)
from tests.oracle.inventing import Cell, Row

RAGGED = "\0ragged"
"""A cell name no feed has: its value says how the record is broken."""

_SHARE_OF_BADNESS = {
    "customers": 0.12,
    "sites": 0.12,
    "products": 0.2,
    "orders": 0.12,
    "order_lines": 1.0,
    "assets": 0.6,
}
"""How much of the badness each feed gets; parents little, or all would cascade."""

_BAD_DATES = {
    "iso": ("31/03/2026", "2026-02-30", "2026-3-1", "20260301", "1 March", "2026-03-01T25:00"),
    "uk": ("31/04/2026", "1/3/2026", "01/03/26", "01/03/2026 10:00", "2026-13-01", "00/00/2026"),
    "us": ("04/31/2026", "3/1/2026", "03/01/26", "03/01/2026 10:00", "2026-00-10", "99/99/2026"),
}
_BAD_NUMBERS = ("1.23456", "1e3", "(5.00)", "+5", ".5", "5.", "12,34", "£", "n/a", "9" * 15)
_BAD_WHOLE = ("1.0", "+1", "1e3", "one", "9" * 19)
_BAD_QUANTITIES = ("0", "-1", "1.5", "1,000", "many", "9" * 19, "٣")
_PADS = (" ", "\u00a0", "\t", "  ", "\u2003")


@dataclass(frozen=True)
class Manner:
    """How the files of a world are written."""

    seed: int
    zone: ZoneInfo
    encoding: str
    date_styles: dict[str, str]
    labels: dict[str, dict[str, str]]
    badness: float


def write_world(
    folder: Path,
    feeds: dict[str, list[Row]],
    manner: Manner,
) -> None:
    """Every feed as `<feed>.csv`, and in one world of three a true manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, dict[str, Any]] = {}
    for name, rows in feeds.items():
        spoiled = _spoil_feed(name, rows, manner)
        data = _render(name, spoiled, manner)
        (folder / f"{name}.csv").write_bytes(data)
        if name != "contacts":
            digest = hashlib.sha256(data).hexdigest()
            manifest[name] = {"rows": len(spoiled), "sha256": digest}
    if manner.seed % 3 == 0:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _spoil_feed(name: str, rows: list[Row], manner: Manner) -> list[Row]:
    """Some records made unfit, some doubled, some deleted; what happens hangs on the key alone."""
    share = manner.badness * _SHARE_OF_BADNESS.get(name, 2.0)
    spoiled: list[Row] = []
    feed = FEEDS[name]
    for number, row in enumerate(rows):
        identity = "|".join(str(row.get(column.name)) for column in feed.keys) or str(number)
        rng = Random(f"{manner.seed}|{name}|{identity}")
        copy = dict(row)
        spoiled.append(copy)
        if rng.random() < share:
            for _ in range(rng.choice([1, 1, 1, 2])):
                _spoil(name, copy, rng, manner)
            if rng.random() < 0.15:
                spoiled.append(dict(row))
        elif rng.random() < manner.badness / 6:
            spoiled.append({**_junk(name, row, rng), IS_DELETED.name: True})
        if rng.random() < manner.badness / 12 and name not in ("customers", "products"):
            flags: list[Cell] = [True, True, False, "perhaps"]
            copy[IS_DELETED.name] = rng.choice(flags)
    if name == "contacts" and manner.seed % 2:
        spoiled.append({RAGGED: "unclosed"})
    return spoiled


def _junk(name: str, row: Row, rng: Random) -> Row:
    """A deleted record under a key of its own: only the key has to be fit."""
    junk: Row = dict(row)
    for column in FEEDS[name].columns:
        if not column.key:
            junk[column.name] = rng.choice([None, "junk"]) if column.kind != DATE else None
        elif column.kind != INTEGER:
            junk[column.name] = f"{row.get(column.name)}-gone"
    return junk


def _spoil(name: str, row: Row, rng: Random, manner: Manner) -> None:
    """One fault in one record."""
    feed = FEEDS[name]
    fault = rng.randrange(8)
    if fault == 0:
        row[RAGGED] = rng.choice(["short", "long", "after quote"])
        return
    column = rng.choice(feed.columns)
    if fault == 1:
        row[column.name] = _BAD_BYTES
    elif fault == 2:
        row[column.name] = "bad\0text" if rng.random() < 0.5 else "bell\x07\x7f"
    elif fault == 3:
        required = [column for column in feed.columns if column.required]
        row[(rng.choice(required) if required else column).name] = rng.choice([None, "  "])
    elif fault == 4:
        parents = [column for column in feed.columns if column.parent]
        if parents:
            row[rng.choice(parents).name] = rng.choice(["nowhere", "c0", "s0-0"])
    else:
        typed = [column for column in feed.columns if column.kind in _SPOILERS]
        if typed:
            column = rng.choice(typed)
            row[column.name] = _SPOILERS[column.kind](rng, manner.date_styles[name])


_BAD_BYTES = "\ufdd0"
"""Stands for bytes that the declared encoding cannot read."""

_UNREADABLE = {
    "utf-8": (b"caf\xc3", b"caf\xc3(", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f", b"\xc0\xaf", b"\xa3"),
    "cp1252": (b"caf\x81", b"\x9d", b"\x8d\x8f\x90"),
}

_SPOILERS: dict[str, Callable[[Random, str], Cell]] = {
    DATE: lambda rng, style: rng.choice(_BAD_DATES[style]),
    MONEY: lambda rng, _: rng.choice([*_BAD_NUMBERS, "-5", "£-0.01", "-£1,000"]),
    INTEGER: lambda rng, _: rng.choice(_BAD_WHOLE),
    QUANTITY: lambda rng, _: rng.choice(_BAD_QUANTITIES),
    BOOLEAN: lambda rng, _: rng.choice(["maybe", "t", "2", "on"]),
    CHOICE: lambda rng, _: rng.choice(["Gone", "New  & Cease", "Month"]),
}


def _render(name: str, rows: list[Row], manner: Manner) -> bytes:
    rng = Random(f"render-{manner.seed}-{name}")
    columns = _columns_in_file(name, rows, rng)
    header = [_label(name, column, rng, manner) for column in columns]
    extra = rng.choice([0, 1, 2])
    positions = sorted(rng.randrange(len(header) + 1) for _ in range(extra))
    for count, position in enumerate(positions):
        header.insert(position + count, f"Internal note {count}")
    style = rng.choice(["minimal", "mixed", "all"])
    end = rng.choice(["\n", "\r\n", "either"])
    spell = _Speller(rng, manner.date_styles[name], manner.zone)
    parts = [b"\xef\xbb\xbf" if manner.encoding == "utf-8" and rng.random() < 0.4 else b""]
    parts.append(_join(header, "minimal", rng, manner.encoding))
    for row in rows:
        parts.append(_line_end(end, rng))
        cells = [spell(row.get(column.name), column) for column in columns]
        for count, position in enumerate(positions):
            cells.insert(position + count, rng.choice(["", "x", "note, with\nbreak", 'say "hi"']))
        parts.append(_record(cells, row.get(RAGGED), style, rng, manner.encoding))
    if rows and rows[-1].get(RAGGED) == "unclosed":
        return b"".join(parts)
    if rng.random() < 0.6:
        parts.append(_line_end(end, rng))
    return b"".join(parts)


def _line_end(end: str, rng: Random) -> bytes:
    text = rng.choice(["\n", "\r\n"]) if end == "either" else end
    return (text * 2 if rng.random() < 0.005 else text).encode()


def _columns_in_file(name: str, rows: list[Row], rng: Random) -> list[Column]:
    """The columns that the file has, shuffled: the required ones and nearly all the others."""
    used = {cell for row in rows for cell, value in row.items() if value is not None}
    columns = [
        column
        for column in FEEDS[name].columns
        if column.required or column.name in used or rng.random() < 0.5
    ]
    if IS_DELETED.name in used or rng.random() < 0.3:
        columns.append(IS_DELETED)
    rng.shuffle(columns)
    return columns


def _label(name: str, column: Column, rng: Random, manner: Manner) -> str:
    """The field's own name in some spelling, or one of its aliases."""
    aliases = [
        label
        for labels in (ALIASES.get(name, {}), manner.labels.get(name, {}))
        for label, meant in labels.items()
        if meant == column.name
    ]
    plain = column.name
    words = plain.replace("_", " ")
    spellings = [
        plain,
        plain,
        words.title(),
        words.replace(" ", "-").upper(),
        words.replace(" ", ""),
    ]
    return rng.choice([*spellings, *aliases])


class _Speller:
    """Writes a typed cell as text in one of its many spellings."""

    def __init__(self, rng: Random, style: str, zone: ZoneInfo) -> None:
        self._rng = rng
        self._style = style
        self._zone = zone

    def __call__(self, cell: Cell, column: Column) -> str:
        rng = self._rng
        if cell is None:
            return "" if rng.random() < 0.95 else rng.choice(_PADS)
        if isinstance(cell, bool):
            text = rng.choice(
                ["true", "TRUE", "Yes", "y", "1"] if cell else ["false", "No", "N", "0"]
            )
        elif isinstance(cell, date):
            text = self._date(cell)
        elif isinstance(cell, Decimal):
            text = self._money(cell)
        else:
            text = str(cell)
            if column.kind == CHOICE and rng.random() < 0.3:
                text = rng.choice([text.lower(), text.upper()])
        if rng.random() < 0.03 and text and cell != _BAD_BYTES:
            text = rng.choice(_PADS) + text + rng.choice(_PADS)
        return text

    def _date(self, day: date) -> str:
        rng = self._rng
        kind = rng.random()
        if self._style != "iso" and kind < 0.6:
            form = "%d/%m/%Y" if self._style == "uk" else "%m/%d/%Y"
            return day.strftime(form)
        if kind < 0.85 or not 1980 < day.year < 2100:
            return day.isoformat()
        clock = rng.choice([time(0, 0), time(0, 30), time(12, 0), time(23, 30), time(23, 59, 59)])
        local = datetime.combine(day, clock)
        if kind < 0.9:
            return local.isoformat(rng.choice(["T", " "]))
        moment = local.replace(tzinfo=self._zone)
        if kind < 0.95:
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        away = timezone(timedelta(minutes=rng.choice([-300, 60, 330, 0])))
        return moment.astimezone(away).isoformat(rng.choice(["T", " "]))

    def _money(self, amount: Decimal) -> str:
        plain = format(amount, "f")
        forms = [plain, plain, f"£{amount:,.4f}", f"{amount:.4f}", f"{amount:,}"]
        return self._rng.choice(forms)


def _record(cells: list[str], ragged: Cell, style: str, rng: Random, encoding: str) -> bytes:
    if ragged == "unclosed":
        return b'K,"never closed,\nand more,\n'
    if ragged == "short":
        cells = cells[:-1] or cells
        if len(cells) == 1:
            cells = ["a", "b", "c", "d"]
    elif ragged == "long":
        cells = [*cells, "", "extra"]
    line = _join(cells, style, rng, encoding)
    if ragged == "after quote":
        return line + b',"closed"open' if b"," in line else b'"closed"open'
    return line


def _join(cells: Sequence[str], style: str, rng: Random, encoding: str) -> bytes:
    if len(cells) == 1 and not cells[0].strip():
        return b'""'
    return b",".join(_cell(cell, style, rng, encoding) for cell in cells)


def _cell(cell: str, style: str, rng: Random, encoding: str) -> bytes:
    if cell == _BAD_BYTES:
        return rng.choice(_UNREADABLE[encoding])
    data = cell.encode(encoding, "ignore")
    must = "," in cell or "\n" in cell or cell.startswith('"')
    may_stay = '"' in cell and not must
    quoted = must or style == "all" or (style == "mixed" and rng.random() < 0.3)
    if may_stay and not quoted:
        quoted = rng.random() < 0.5
    if not quoted and cell.endswith("\r"):
        quoted = True
    return b'"' + data.replace(b'"', b'""') + b'"' if quoted else data
