"""What an export says: feeds read from CSV files, cut into pages, written as JSON.

Numbers and booleans go out as JSON's own, digit for digit as the CSV has them, blanks as null.
"""

import base64
import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeAlias

Record: TypeAlias = dict[str, Any]

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


class Literal(str):
    """Text that stands in the JSON as it is, without quotes."""

    __slots__ = ()


class Shape(Enum):
    """How pages look: as documented, or as another product might write the same."""

    FLAT = "flat"
    NESTED = "nested"


@dataclass
class Page:
    """One page before it is written: what a behaviour may still change."""

    items: list[Any]
    total: Any
    version: str | None
    next: str | None
    number: int
    as_of: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def read_feeds(folder: Path) -> dict[str, list[Record]]:
    """The feeds of a folder: one list of records per CSV file."""
    return {path.stem: read_feed(path) for path in sorted(folder.glob("*.csv"))}


def read_feed(path: Path) -> list[Record]:
    """The records of one CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        return [
            {name: _value(cell or "") for name, cell in row.items() if name is not None}
            for row in csv.DictReader(source)
        ]


def _value(cell: str) -> str | bool | None:
    if not cell:
        return None
    if cell in {"true", "false"}:
        return cell == "true"
    return Literal(cell) if _NUMBER.fullmatch(cell) else cell


def changed_since(records: Sequence[Record], moment: str) -> list[Record]:
    """Records changed at or after a moment, by `modified_at`; those that do not say are given."""
    return [
        record
        for record in records
        if not moment or str(record.get("modified_at") or "~") >= moment
    ]


def page_of(
    records: Sequence[Record], *, number: int, size: int, version: str | None, as_of: str | None
) -> Page:
    """Page `number`, from 1; empty past the end."""
    start = (number - 1) * size
    stop = start + size
    return Page(
        items=[dict(record) for record in records[start:stop]],
        total=len(records),
        version=version,
        next=cursor_of(number + 1) if stop < len(records) else None,
        number=number,
        as_of=as_of,
    )


def cursor_of(number: int) -> str:
    """An opaque name of a page."""
    return base64.urlsafe_b64encode(f"page:{number}".encode()).decode()


def page_number(cursor: str) -> int:
    """Which page a cursor names; no cursor = the first, one that is none = 0."""
    if not cursor:
        return 1
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        return int(number) if word == "page" else 0
    except ValueError:
        return 0


def written(page: Page, shape: Shape) -> bytes:
    """A page as JSON."""
    if shape is Shape.FLAT:
        content: dict[str, Any] = {"total": page.total, "items": page.items, "next": page.next}
        content |= {"version": page.version, "as_of": page.as_of}
    else:
        count = {"count": page.total, "revision": page.version, "taken": page.as_of}
        content = {
            "meta": {"totals": [count], "links": {"next": page.next}},
            "data": {"records": [_nested(item) for item in page.items]},
        }
    return as_json(content | page.extra).encode()


def _nested(item: Any) -> Any:
    """A record with its references apart from its facts."""
    if not isinstance(item, Mapping):
        return item
    links = {name: value for name, value in item.items() if name.endswith("_id")}
    facts = {name: value for name, value in item.items() if name not in links}
    return {"links": links, "facts": [facts]}


def nested_path(column: str) -> str:
    """Where a nested record has what a flat one has under `column`, as a JSONPath."""
    holder = "links" if column.endswith("_id") else "facts[0]"
    return f"$.{holder}[{json.dumps(column)}]"


def as_json(value: Any) -> str:
    """JSON, with literals as they are; `Pairs` may name a key twice."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{as_json(each)}" for key, each in value) + "}"
    if isinstance(value, Mapping):
        return as_json(Pairs(value.items()))
    if isinstance(value, list):
        return "[" + ",".join(map(as_json, value)) + "]"
    return json.dumps(value)


class Pairs(list[tuple[str, Any]]):
    """An object written pair by pair."""
