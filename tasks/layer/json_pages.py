"""One page of a JSON export: read exactly, or refused in words that quote nothing of it. Pure.

Numbers keep their literal text, so a price is what the source wrote, digit by digit.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeAlias

import jsonpath_rfc9535
from jsonpath_rfc9535.selectors import IndexSelector, NameSelector

from schemas.feeds import Feed, label_key
from schemas.json_text import is_deep

Steps: TypeAlias = tuple[str | int, ...]
"""Where a value is in a JSON document: keys and places, from the outside in."""
Record: TypeAlias = dict[str, Any]

ABSENT: Final = object()
"""What `walk` finds where there is nothing; JSON's null is a value."""

MOST_LABELS = 1000
"""Records of more different keys have ids for keys, or something else that is no column."""

_BOM = "\ufeff"
_MOST_DIGITS = 18
_UTF_8 = frozenset({None, "utf-8", "utf8", "us-ascii"})


class PageRefused(Exception):
    """The page is not as agreed; the words say how."""


class PageTorn(PageRefused):
    """The page is cut off, or damaged on its way: another try may bring it whole."""


@dataclass(frozen=True)
class PageShape:
    """Where in a page its records and its facts are; no steps to a fact = the source has none."""

    items: Steps = ("items",)
    total: Steps = ("total",)
    next: Steps | None = ("next",)
    version: Steps | None = None
    as_of: Steps | None = None


@dataclass(frozen=True)
class Page:
    """One page. `total` counts the records of all pages; `next` is None on the last."""

    items: list[Record]
    total: int
    next: str | None
    version: str | None
    as_of: str | None


def compile_path(path: str) -> Steps:
    """The steps of a JSONPath that leads to at most one value.

    Raises:
        ValueError: it is no JSONPath (RFC 9535), or may lead to several values or to everything.
    """
    try:
        query = jsonpath_rfc9535.compile(path)
    except jsonpath_rfc9535.JSONPathError as error:
        raise ValueError(f"{path!r} is not a JSONPath such as $.site.id") from error
    if query.empty() or not query.singular_query():
        raise ValueError(f"{path!r} does not lead to one value, as $.site.id does")
    steps: list[str | int] = []
    for segment in query.segments:
        selector = segment.selectors[0]
        if isinstance(selector, NameSelector):
            steps.append(selector.name)
        elif isinstance(selector, IndexSelector):
            steps.append(selector.index)
    return tuple(steps)


def walk(value: Any, steps: Steps) -> Any:
    """What is there, or ABSENT."""
    for step in steps:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return ABSENT
        elif not isinstance(value, list) or not -len(value) <= step < len(value):
            return ABSENT
        value = value[step]
    return value


def read_page(body: bytes, *, content_type: str, charset: str | None, shape: PageShape) -> Page:
    """Read the body of an answer.

    Raises:
        PageTorn: it is cut off or damaged.
        PageRefused: it is something else than a page of JSON records in UTF-8.
    """
    content = _content(_decoded(body, content_type, charset))
    items = walk(content, shape.items)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PageRefused("holds no list of records where feeds.http.items says")
    return Page(
        items=items,
        total=_total(walk(content, shape.total)),
        next=_fact(content, shape.next) or None,
        version=_must_say(content, shape.version, "version"),
        as_of=_must_say(content, shape.as_of, "as_of"),
    )


def _decoded(body: bytes, content_type: str, charset: str | None) -> str:
    if charset not in _UTF_8:
        raise PageRefused("is said to be in another encoding than UTF-8")
    if content_type.endswith("html") or body.lstrip()[:1] == b"<":
        raise PageRefused("is a web page, not JSON")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise PageTorn("is cut off") from None
        raise PageRefused("is not in UTF-8") from None
    if "\0" in text:  # a NUL inside a JSON text is written as an escape
        raise PageRefused("is not in UTF-8")
    return text.removeprefix(_BOM)


def _content(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=str,
            parse_int=str,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError:
        raise PageTorn("is cut off, or not JSON") from None
    except RecursionError:
        raise PageRefused("is nested too deeply") from None


def _no_number(_: str) -> NoReturn:
    raise PageRefused("holds NaN or Infinity, which are no numbers")


def _object(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PageRefused("names a key of one record twice")
    return found


def _total(value: Any) -> int:
    text = value if isinstance(value, str) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise PageRefused("does not say how many records there are where feeds.http.total says")
    return int(text)


def _fact(content: Any, steps: Steps | None) -> str:
    value = ABSENT if steps is None else walk(content, steps)
    if value is ABSENT or value is None:
        return ""
    if not isinstance(value, str):
        raise PageRefused("holds something else than a text or number where one is expected")
    return value


def _must_say(content: Any, steps: Steps | None, key: str) -> str | None:
    if steps is None:
        return None
    text = _fact(content, steps)
    if not text:
        raise PageRefused(f"says nothing where feeds.http.{key} says")
    return text


@dataclass
class Columns:
    """The columns of one feed as its records spell them, learnt record by record.

    Columns that the profile maps come first, under the feed's own names; then every other key of a
    record, as it is spelled. A key that means a mapped column is left out: the mapping has won.
    """

    feed: Feed
    paths: Mapping[str, Steps]
    meanings: Mapping[str, str]
    _mapped: dict[str, None] = field(default_factory=dict)
    _labels: dict[str, str | None] = field(default_factory=dict)
    _left_out: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Keys that are mapped whole are no columns of their own."""
        self._left_out = {
            steps[0]
            for steps in self.paths.values()
            if len(steps) == 1 and isinstance(steps[0], str)
        }

    def see(self, record: Record) -> tuple[str, ...] | None:
        """Learn a record's columns; returns its key, None when the feed or the record has none.

        Raises:
            PageRefused: a feed's column holds a list or an object.
        """
        values: dict[str, Any] = {}
        for column, steps in self.paths.items():
            value = walk(record, steps)
            if value is not ABSENT:
                self._mapped[column] = None
                values[column] = value
        for label, value in record.items():
            if isinstance(value, (dict, list)) and is_deep(value):
                raise PageRefused("is nested too deeply")
            if label not in self._labels:
                self._learn(label)
            meaning = self._labels[label]
            if meaning is not None:
                values.setdefault(meaning, value)
        for column, value in values.items():
            if isinstance(value, (dict, list)):
                raise PageRefused(f"holds a list or an object as {column}, not one value")
        key = tuple(cell_text(values.get(column)) for column in self.feed.keys)
        return key if key and all(key) else None

    def _learn(self, label: str) -> None:
        meaning = self.meanings.get(label_key(label))
        if meaning in self.paths:
            self._left_out.add(label)
            meaning = None
        if label in self._left_out:
            meaning = None
        self._labels[label] = meaning
        if len(self._labels) > MOST_LABELS:
            raise PageRefused(f"has records of more than {MOST_LABELS} different keys")

    def header(self) -> list[str]:
        """The names of the columns seen so far; those of the feed's contract before any record."""
        if not self._mapped and not self._labels:
            return [column.name for column in self.feed.columns]
        return [*self._ordered(), *self._others()]

    def rows(self, records: Iterable[Record]) -> Iterator[list[str]]:
        """The cells of records, as `header` has them; blank where a record has no such key."""
        paths = [self.paths[column] for column in self._ordered()]
        others = self._others()
        for record in records:
            row = [cell_text(walk(record, steps)) for steps in paths]
            row += [cell_text(record.get(label)) for label in others]
            yield row

    def _ordered(self) -> list[str]:
        return [column.name for column in self.feed.columns if column.name in self._mapped]

    def _others(self) -> list[str]:
        return [label for label in self._labels if label not in self._left_out]


def cell_text(value: Any) -> str:
    """A JSON value as the cell of a CSV; a list or an object, kept for looking only, as JSON."""
    if isinstance(value, str):
        return value
    if value is None or value is ABSENT:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)
