"""The Layer's export over HTTP: pages of JSON records, taken whole or not at all."""

import csv
import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

import httpx

from schemas.errors import SourceContractBroken, SourceRefused, SourceUnavailable, about_feed
from schemas.feeds import FEEDS, Feed, meanings
from tasks.layer.addresses import filled, has
from tasks.layer.exported_files import Landing
from tasks.layer.json_pages import Columns, Page, PageRefused, PageShape, PageTorn, Steps, read_page
from tasks.layer.landing import PARTIAL_PREFIX, LandedFile, land
from tasks.outbox.durable import write_durably
from tasks.web import MIB, Answer, Declined, NoAnswer, Patience, ask, open_client
from warehouse.connection import file_sha256

PAGES = "pages"
MOST_PAGES = 100_000
"""A feed of more pages never ends."""

_ACCEPTED = 200
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404

Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True)
class HttpTerms:
    """The profile's say on an export over HTTP.

    `urls`: feed -> its URL with placeholders; a feed without one is not served. `optional`: feeds
    that are simply not given where the source does not know their address. `fields`: feed -> column
    -> where in a record it is. `labels`: feed -> the profile's own labels.
    """

    urls: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    fields: Mapping[str, Mapping[str, Steps]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paging: Literal["page", "cursor"] = "page"
    page_size: int = 500
    shape: PageShape = field(default_factory=PageShape)
    patience: Patience = field(default_factory=Patience)
    restarts: int = 3
    overlap: timedelta = timedelta(minutes=5)
    max_page_bytes: int = 16 * MIB


class HttpSource:
    """Fetches every feed page by page, and lands it once its pages make one whole."""

    def __init__(
        self, terms: HttpTerms, *, token: str | None, marks: Mapping[str, str], clock: Clock
    ) -> None:
        """`marks`: feed -> where its delta starts; none = all there is. `clock` tells UTC."""
        self._terms = terms
        self._token = token
        self._marks = marks
        self._clock = clock

    def land(self, landed: Path, *, need_all: bool) -> Landing:
        """Fetch every feed that is served into `landed`, named by its digest.

        Every page is kept as it came, under its own digest, before it is read.

        Args:
            landed: where landed files are kept.
            need_all: whether a required feed without a URL stops the run (full mode).

        Raises:
            SourceUnavailable: no answer came, or the records kept changing while we read.
            SourceRefused: the source said no.
            SourceContractBroken: what came is not an export as agreed.
        """
        pages = landed / PAGES
        pages.mkdir(mode=0o700, parents=True, exist_ok=True)
        files: dict[str, LandedFile] = {}
        counts: dict[str, int] = {}
        marks: dict[str, str] = {}
        with open_client(token=self._token, patience=self._terms.patience) as client:
            for name in self._served(need_all=need_all):
                since = self._marks.get(name, "")
                reading = _Reading(
                    self._terms, FEEDS[name], since=since, client=client, pages=pages
                )
                with about_feed(name):
                    found = reading.whole(self._clock)
                    if found is None:
                        continue
                    files[name] = _landed(found, FEEDS[name], landed, reading)
                counts[name] = found.records
                marks[name] = found.mark
        return Landing(files=files, rows_promised=counts, marks=marks)

    def _served(self, *, need_all: bool) -> list[str]:
        for name, feed in FEEDS.items():
            if need_all and feed.required and name not in self._terms.urls:
                raise SourceContractBroken(
                    f"Fetching feeds: required feed {name} has no URL.",
                    hint="Put {feed} into feeds.url, or give it its own under feeds.http.urls.",
                    feed=name,
                )
        return list(self._terms.urls)


@dataclass(frozen=True)
class _Whole:
    """A page set that was accepted: its pages in order, what they hold, where a delta goes on."""

    pages: list[str]
    columns: Columns
    records: int
    mark: str


class _Restart(Exception):
    """The pages do not make one whole: begin again. `by_change`: because something moved."""

    def __init__(self, words: str, *, by_change: bool) -> None:
        super().__init__(words)
        self.words = words
        self.by_change = by_change


class _Torn(NoAnswer):
    """An answer came, but not all of it."""


class _Unknown(Exception):
    """The source knows no such feed."""


class _Reading:
    """The reading of one feed."""

    def __init__(
        self,
        terms: HttpTerms,
        feed: Feed,
        *,
        since: str,
        client: httpx.Client,
        pages: Path,
    ) -> None:
        self._terms = terms
        self._feed = feed
        self._template = terms.urls[feed.name]
        self._since = since
        self._client = client
        self._pages = pages

    def whole(self, clock: Clock) -> _Whole | None:
        """The page set, accepted whole; None when the feed is optional and the source lacks it."""
        trouble = _Restart("", by_change=False)
        for _ in range(self._terms.restarts + 1):
            try:
                return self._once(clock())
            except _Restart as restart:
                trouble = restart
            except _Unknown:
                if self._feed.name in self._terms.optional:
                    return None
                raise SourceRefused(
                    f"Fetching feed {self._feed.name}: the source knows no such feed (404).",
                    hint="Correct feeds.url, or give this feed its own URL under feeds.http.urls.",
                ) from None
        tries = self._terms.restarts + 1
        if trouble.by_change:
            raise SourceUnavailable(
                f"Fetching feed {self._feed.name}: {trouble.words}, {tries} times in a row.",
                hint="Run again when The Layer is quieter, or ask for larger pages.",
            )
        raise SourceContractBroken(
            f"Fetching feed {self._feed.name}: {trouble.words}, {tries} times in a row.",
            hint="Ask whoever runs the export for pages that add up to its own total.",
        )

    def _once(self, started: datetime) -> _Whole:
        terms = self._terms
        columns = self._columns()
        first, digest = self._page(1, "", is_known=False)
        digests = [digest]
        keys: set[bytes] = set()
        count = self._take(first, columns, keys)
        page, cursors = first, {""}
        while not self._is_last(page, count, first):
            if len(digests) >= MOST_PAGES:
                raise self._broken(f"still goes on after {MOST_PAGES:,} pages")
            cursor = page.next or "" if terms.paging == "cursor" else ""
            if cursor:
                if cursor in cursors:
                    raise self._broken("gives a cursor that it gave before, so it never ends")
                cursors.add(cursor)
            page, digest = self._page(len(digests) + 1, cursor)
            digests.append(digest)
            _compare(first, page)
            count += self._take(page, columns, keys)
        if count != first.total:
            raise _Restart(
                f"its pages hold {count} records, its total says {first.total}", by_change=False
            )
        if len(digests) > 1:
            again, _ = self._page(1, "")
            _compare(first, again)
            if self._identities(first) != self._identities(again):
                raise _Restart("its records moved between pages while we read", by_change=True)
        mark = first.as_of or f"{started - terms.overlap:%Y-%m-%dT%H:%M:%SZ}"
        return _Whole(digests, columns, count, mark)

    def _columns(self) -> Columns:
        name = self._feed.name
        return Columns(
            feed=self._feed,
            paths=self._terms.fields.get(name, {}),
            meanings=meanings(self._feed, self._terms.labels.get(name, {})),
        )

    def _take(self, page: Page, columns: Columns, keys: set[bytes]) -> int:
        """Note the keys and columns of a page's records; returns how many there are."""
        for record in page.items:
            try:
                key = columns.see(record)
            except PageRefused as refused:
                raise self._broken(str(refused)) from None
            if key is None:
                continue
            # a digest is smaller than most keys; lengths keep ("a", "bc") and ("ab", "c") apart
            text = "".join(f"{len(part)}:{part}" for part in key)
            digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
            if digest in keys:
                raise _Restart("the same id came twice", by_change=False)
            keys.add(digest)
        return len(page.items)

    def _is_last(self, page: Page, count: int, first: Page) -> bool:
        if count > first.total or not page.items:
            return True
        if self._terms.paging == "cursor":
            return page.next is None or not has(self._template, "cursor")
        # a full page may have another behind it, whatever the total says
        full = self._terms.page_size if page is first else len(first.items)
        is_full = len(page.items) >= min(full, self._terms.page_size)
        return not has(self._template, "page") or (count == first.total and not is_full)

    def _identities(self, page: Page) -> list[object]:
        """What tells the page's records apart: their keys, or all of them where there is none."""
        columns = self._columns()
        return [columns.see(record) or record for record in page.items]

    def _page(self, number: int, cursor: str, *, is_known: bool = True) -> tuple[Page, str]:
        """One page, kept and read, and its digest."""
        address = filled(
            self._template,
            {
                "feed": self._feed.name,
                "page": str(number),
                "page_size": str(self._terms.page_size),
                "cursor": cursor,
                "modified_since": self._since,
            },
        )
        doing = f"Fetching feed {self._feed.name}, page {number}: the source"
        try:
            return ask(
                self._client,
                address,
                self._terms.patience,
                read=self._read,
                max_bytes=self._terms.max_page_bytes,
            )
        except PageRefused as refused:
            raise self._broken(str(refused), number) from None
        except _Torn as torn:
            raise self._broken(torn.words, number) from None
        except NoAnswer as failure:
            raise SourceUnavailable(
                f"{doing} {failure.words} ({self._terms.patience.attempts} tries).",
                hint="Run again later; if it stays so, ask whoever runs the export.",
            ) from None
        except Declined as refusal:
            if refusal.status == _ACCEPTED:
                raise SourceContractBroken(
                    f"{doing} {refusal.words}.",
                    hint="Ask whoever runs the export. For what is too long, ask for smaller "
                    "pages, or raise feeds.http.max_page_bytes.",
                ) from None
            if refusal.status == _NOT_FOUND and not is_known:
                raise _Unknown from None
            raise SourceRefused(f"{doing} {refusal.words}.", hint=_advice(refusal.status)) from None

    def _read(self, answer: Answer) -> tuple[Page, str]:
        digest = hashlib.sha256(answer.body).hexdigest()
        path = self.kept(digest)
        if not path.is_file() or file_sha256(path) != digest:
            write_durably(path, answer.body)
        try:
            page = read_page(
                answer.body,
                content_type=answer.content_type,
                charset=answer.charset,
                shape=self._terms.shape,
            )
        except PageTorn as torn:
            raise _Torn(str(torn)) from None
        return page, digest

    def kept(self, digest: str) -> Path:
        """Where a page is kept."""
        return self._pages / f"{digest}.json"

    def again(self, digest: str) -> Page:
        """A page that is kept, read once more."""
        body = self.kept(digest).read_bytes()
        return read_page(body, content_type="", charset=None, shape=self._terms.shape)

    def _broken(self, words: str, page: int | None = None) -> SourceContractBroken:
        if page is None:
            message = f"Fetching feed {self._feed.name}: the export {words}."
        else:
            message = f"Fetching feed {self._feed.name}: page {page} {words}."
        return SourceContractBroken(
            message, hint="Look at the page, which a run keeps, and at feeds.http in the profile."
        )


def _compare(first: Page, page: Page) -> None:
    if page.total != first.total:
        raise _Restart("its total changed while we read", by_change=True)
    if page.version != first.version:
        raise _Restart("its version changed while we read", by_change=True)


def _advice(status: int) -> str:
    if status == _UNAUTHORISED:
        return "Give a valid token: see feeds.http.token_env and feeds.http.token_secret."
    if status == _FORBIDDEN:
        return "The token may not read this feed: ask whoever runs the export."
    return (
        "Correct the feed's URL: see feeds.url and feeds.http.urls; or ask whoever runs the export."
    )


def _landed(whole: _Whole, feed: Feed, landed: Path, reading: _Reading) -> LandedFile:
    """Write the accepted pages as one CSV file of text, every cell quoted, and land it."""
    with tempfile.TemporaryDirectory(prefix=PARTIAL_PREFIX, dir=landed) as folder:
        path = Path(folder) / f"{feed.name}.csv"
        # half a surrogate pair goes out as it came: reading rejects the cell, not the feed
        with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(whole.columns.header())
            for digest in whole.pages:
                writer.writerows(whole.columns.rows(reading.again(digest).items))
        return land(path, landed)
