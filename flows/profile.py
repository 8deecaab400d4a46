"""The profile: everything a tenant may set, typed, with defaults that make the sample data work.

One TOML file (`r2b.toml`), environment variables `R2B_<SECTION>__<KEY>` over it. Frozen, without
side effects: nothing is made or opened but the file itself, and nothing looked at but whether the
warehouse can be where it says. Contract section 1.
"""

import difflib
import hashlib
import os
import re
import tomllib
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from flows.reach import check_reach
from schemas.affinity import ENTITY_FILES, LOAD_ORDER
from schemas.errors import ProfileWrong
from schemas.feeds import FEEDS, Feed, label_key, meanings
from schemas.vocabulary import CliProfile
from tasks.changes.terms import CHARGE_FIELDS, GROUP_KEYS, GROUPED_BY
from tasks.layer.addresses import check_template, has, is_this_machine, joined, origin

DEFAULT_PROFILE = Path("r2b.toml")


def _cron(text: str) -> str:
    """Refuse what is no cron expression of five fields."""
    if text.strip():
        try:
            CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            message = f"{text!r} is no cron expression of five fields ({error})"
            raise ValueError(message) from error
    return text.strip()


Cron = Annotated[str, AfterValidator(_cron)]
FeedName = Annotated[str, Field(description="a feed of contract section 2")]
LineDate = Literal["connection_on", "connected_on", "issued_on", "converted_on"]
Trigger = Literal["converted", "connected_on", "issued_on"]


class Section(BaseModel):
    """A table of the profile: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _within_reach(cls, value: Any, info: ValidationInfo) -> Any:
        check_reach(info.field_name or "", value)
        return value


LONGEST_NAME = 200
"""Letters of a tenant's name."""


class Tenant(Section):
    """Whose billing this is."""

    name: str = Field(
        "default",
        min_length=1,
        max_length=LONGEST_NAME,
        description="Part of every row key and path.",
    )
    timezone: str = Field("Europe/London", description="Whose calendar days count.")
    currency: Literal["GBP"] = Field(
        "GBP", description="What prices are in: pounds, as every page shows them."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"{name!r} is not a time zone this machine knows"
            raise ValueError(message) from error
        return name


class Platform(Section):
    """Which names of billing routes mean what."""

    names: tuple[str, ...] = Field(
        ("Affinity", "Aurora Affinity"), description="Routes billed in Affinity."
    )
    own_names: tuple[str, ...] = Field(("The Layer",), description="Routes billed in The Layer.")


class DateStyle(StrEnum):
    """How a feed writes days."""

    ISO = "iso"
    UK = "uk"
    US = "us"


_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_SCHEMA = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
_FOLDER = re.compile(r"[!\"$->@-~]*")  # visible, without # and ?


class ObjectStore(Section):
    """A folder of a bucket in an object store (S3), and where its keys are kept."""

    url: str = Field("", description="The folder: s3://bucket/folder.")
    endpoint: str = Field(
        "", description="Of a store that is not Amazon's own; https, but on this machine."
    )
    region: str = Field("", description="The store's region; blank: what the machine itself says.")
    access_key_env: str = Field(
        "R2B_ACCESS_KEY",
        pattern=_VARIABLE,
        description="The environment variable with the access key; neither key set: the machine's "
        "own identity.",
    )
    access_key_secret: str = Field("", description="Or the Prefect Secret block with it.")
    secret_key_env: str = Field(
        "R2B_SECRET_KEY",
        pattern=_VARIABLE,
        description="The environment variable with the secret key.",
    )
    secret_key_secret: str = Field("", description="Or the Prefect Secret block with it.")
    timeout_seconds: float = Field(60, gt=0, description="Without a word from the store.")

    @field_validator("url")
    @classmethod
    def _folder_of_a_bucket(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc):
            message = "must be s3://bucket/folder, without user, password or port"
            raise ValueError(message)
        if not _FOLDER.fullmatch(url) or ".." in parts.path.split("/"):
            message = "must name a folder of the bucket: no ?, # or .. in it, no blank"
            raise ValueError(message)
        return url

    @field_validator("endpoint")
    @classmethod
    def _safe_endpoint(cls, url: str) -> str:
        if not url:
            return url
        if "{" in url or "?" in url:
            message = "the endpoint of a store has no placeholders and no ?"
            raise ValueError(message)
        check_template(url)
        return url


class HttpFeeds(Section):
    """How The Layer's export is asked for over HTTP, and what its pages look like."""

    urls: dict[FeedName, str] = Field(
        default_factory=dict, description="A feed's own URL; a relative one goes on from feeds.url."
    )
    fields: dict[FeedName, dict[str, str]] = Field(
        default_factory=dict, description="Per feed: column = JSONPath of it in a record."
    )
    paging: Literal["page", "cursor"] = Field(
        "page", description="Pages are numbered from 1, or each names the next."
    )
    page_size: int = Field(500, ge=1, description="Records asked for at once: {page_size}.")
    items: str = Field("$.items", description="JSONPath of a page's list of records.")
    total: str = Field("$.total", description="JSONPath of the number of records of all pages.")
    next: str = Field("$.next", description="JSONPath of the next page's cursor.")
    version: str = Field(
        "", description="JSONPath of what must be the same on all pages; none = not compared."
    )
    as_of: str = Field(
        "", description="JSONPath of the mark the next delta starts from; none = our own clock."
    )
    token_env: str = Field(
        "R2B_LAYER_TOKEN",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable that holds the bearer token.",
    )
    token_secret: str = Field(
        "", description="Prefect Secret block that holds the token; none = the variable."
    )
    timeout_seconds: float = Field(30, gt=0, description="Longest one answer may take, whole.")
    attempts: int = Field(5, ge=1, description="How often a page is asked for before giving up.")
    first_wait_seconds: float = Field(
        0.5, ge=0, description="Wait before the second try; each further one is twice as long."
    )
    longest_wait_seconds: float = Field(
        30, ge=0, description="No wait is longer, whatever the source asks for."
    )
    restarts: int = Field(
        3, ge=0, le=3, description="How often a feed that changed while we read is begun again."
    )
    overlap_seconds: int = Field(
        300, ge=0, description="How far before the last reading a delta starts, by our own clock."
    )
    max_page_bytes: int = Field(16 << 20, ge=1, description="A larger page is refused.")

    @field_validator("fields")
    @classmethod
    def _known_columns(cls, fields: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for feed, paths in fields.items():
            _check_feed(feed)
            columns = list(FEEDS[feed].by_name)
            for column, path in paths.items():
                if column not in columns:
                    message = f"{feed} has no field {column!r}{_nearest(column, columns)}"
                    raise ValueError(message)
                _check_path(path)
        return fields

    @field_validator("items", "total", "next", "version", "as_of")
    @classmethod
    def _one_place(cls, path: str, info: ValidationInfo) -> str:
        if path:
            _check_path(path)
        elif info.field_name in {"items", "total"}:
            message = "must be a JSONPath such as $.items"
            raise ValueError(message)
        return path

    @field_validator("urls")
    @classmethod
    def _known_urls(cls, urls: dict[str, str]) -> dict[str, str]:
        for feed in urls:
            _check_feed(feed)
        return urls


def _check_feed(feed: str) -> None:
    if feed not in FEEDS:
        message = f"no feed is called {feed!r}{_nearest(feed, list(FEEDS))}"
        raise ValueError(message)


def _check_path(path: str) -> None:
    # only a profile of an export over HTTP pays for the reader's start
    from tasks.layer.json_pages import compile_path  # noqa: PLC0415

    compile_path(path)


class Feeds(Section):
    """Where The Layer's exports are and how they are written."""

    kind: Literal["folder", "http", "s3"] = Field("folder", description="Where feeds come from.")
    path: Path = Field(Path("feeds"), description="The folder of the exports.")
    url: str = Field(
        "",
        description="Where the export is, with placeholders {feed}, {page}, {page_size}, {cursor} "
        "and {modified_since}; a parameter that stays empty is left out.",
    )
    http: HttpFeeds = HttpFeeds()
    s3: ObjectStore = Field(ObjectStore(), description="The bucket's folder of the exports.")
    mode: Literal["full", "delta"] = Field("full", description="All there is, or what changed.")
    date_style: dict[FeedName, DateStyle] = Field(
        default_factory=dict, description="iso (default), uk or us, per feed."
    )
    encoding: Literal["utf-8", "cp1252"] = Field("utf-8", description="How the CSVs are encoded.")
    labels: dict[str, Any] = Field(
        default_factory=dict, description="More column names: the file's label = the feed's column."
    )
    max_reject_rate: Decimal | dict[FeedName, Decimal] = Field(
        Decimal("0.20"), description="Share of a required feed's records that may be unfit."
    )

    @field_validator("date_style")
    @classmethod
    def _known_feeds(cls, styles: dict[str, DateStyle]) -> dict[str, DateStyle]:
        for feed in styles:
            _check_feed(feed)
        return styles

    @model_validator(mode="after")
    def _can_be_asked(self) -> "Feeds":
        urls = self.http_urls()
        if self.kind == "http" and not urls:
            message = "kind http needs a url with {feed} in it, or http.urls"
            raise ValueError(message)
        if self.kind == "s3" and not self.s3.url:
            message = "kind s3 needs feeds.s3.url"
            raise ValueError(message)
        for feed, url in urls.items():
            try:
                check_template(url)
            except ValueError as error:
                message = f"the URL of {feed}: {error}"
                raise ValueError(message) from error
        by_cursor = self.http.paging == "cursor"
        for feed, url in urls.items():
            # the first page would pass for all there is
            if has(url, "cursor") is not by_cursor:
                lacks = "no {cursor}" if by_cursor else "a {cursor}"
                message = f"http.paging is {self.http.paging!r}, and the URL of {feed} has {lacks}"
                raise ValueError(message)
        if len({origin(url) for url in urls.values()}) > 1:
            message = "all URLs must be of one host: the token is for that one only"
            raise ValueError(message)
        return self

    def http_urls(self) -> dict[str, str]:
        """Feed -> its whole URL, placeholders left; feeds that are not served are not in it."""
        found = {}
        for feed in FEEDS:
            own = self.http.urls.get(feed)
            if own is not None:
                found[feed] = joined(self.url, own) if self.url else own
            elif has(self.url, "feed"):
                found[feed] = self.url
        return found

    @field_validator("max_reject_rate")
    @classmethod
    def _share(cls, rate: Decimal | dict[str, Decimal]) -> Decimal | dict[str, Decimal]:
        for feed in rate if isinstance(rate, dict) else ():
            _check_feed(feed)
        for each in rate.values() if isinstance(rate, dict) else (rate,):
            if not 0 <= each <= 1:
                message = "must be between 0 and 1"
                raise ValueError(message)
        return rate

    @field_validator("encoding", mode="before")
    @classmethod
    def _usual_spellings(cls, name: object) -> object:
        if isinstance(name, str):
            spelling = name.strip().lower().replace("_", "-")
            return {"utf8": "utf-8", "utf-8-sig": "utf-8", "windows-1252": "cp1252"}.get(
                spelling, spelling
            )
        return name

    def reject_rate(self, feed: str) -> Decimal:
        """The highest share of unfit records `feed` may have."""
        if isinstance(self.max_reject_rate, dict):
            return self.max_reject_rate.get(feed, Decimal("0.20"))
        return self.max_reject_rate

    def labels_of(self, feed: str) -> dict[str, str]:
        """The profile's own labels for `feed`: label as the file spells it -> feed column."""
        found: dict[str, str] = {}
        for key, value in self.labels.items():
            entries = value if isinstance(value, dict) else {key: value}
            if isinstance(value, dict) and key != feed:
                continue
            for left, right in entries.items():
                found.update(_label(FEEDS[feed], left, right))
        return found

    @field_validator("labels")
    @classmethod
    def _known_labels(cls, labels: dict[str, Any]) -> dict[str, Any]:
        for key, value in labels.items():
            if isinstance(value, dict):
                _check_feed(key)
                for left, right in value.items():
                    _check_label(left, right, FEEDS[key])
            else:
                _check_label(key, value, *FEEDS.values())
        return labels


def _label(feed: Feed, left: str, right: object) -> dict[str, str]:
    """Read one label either way round: label = column, or column = label(s).

    A column may be spelled as in a file.
    """
    columns = meanings(feed, {})
    rights = [str(each) for each in (right if isinstance(right, (list, tuple)) else [right])]
    if len(rights) == 1 and label_key(rights[0]) in columns:
        return {left: columns[label_key(rights[0])]}
    if label_key(left) in columns:
        return dict.fromkeys(rights, columns[label_key(left)])
    return {}


def _check_label(left: str, right: object, *feeds: Feed) -> None:
    """Refuse a label that means no column of any of the feeds."""
    if any(_label(feed, left, right) for feed in feeds):
        return
    named = right if isinstance(right, str) else left
    none = f"{feeds[0].name} has no column" if len(feeds) == 1 else "no feed has a column"
    columns = list(dict.fromkeys(name for feed in feeds for name in feed.by_name))
    message = f"{none} {named!r}{_nearest(named, columns)}"
    raise ValueError(message)


class TriggerRule(Section):
    """When a charge of an item type is triggered."""

    all_of: tuple[Trigger, ...] = ("converted", "connected_on")
    require_date_reached: bool = Field(True, description="A date in the future does not trigger.")
    fallback: Literal["none", "on_convert"] = Field(
        "none", description="on_convert: the conversion day stands in for a missing date."
    )


class Triggers(Section):
    """The second trigger per item type; conversion to an asset is the first."""

    service: TriggerRule = TriggerRule()
    product: TriggerRule = TriggerRule(all_of=("converted", "issued_on"))

    @model_validator(mode="before")
    @classmethod
    def _product_default(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("product"), dict):
            product = {"all_of": ("converted", "issued_on"), **data["product"]}
            return {**data, "product": product}
        return data


class ServiceStart(Section):
    """Which date starts billing of a Service, first that is there."""

    recurring: tuple[LineDate, ...] = ("connection_on", "connected_on")
    upfront: tuple[LineDate, ...] = ("connected_on", "connection_on")


class ProductStart(Section):
    """Which date starts billing of a Product."""

    upfront: tuple[LineDate, ...] = ("issued_on",)


class BillStart(Section):
    """Where the bill start comes from; a person's override always wins."""

    service: ServiceStart = ServiceStart()
    product: ProductStart = ProductStart()
    max_months: int = Field(
        13, ge=0, le=1200, description="Further from the as-of day is implausible."
    )


class Cli(Section):
    """How the text in CLI slots is read."""

    profiles: dict[str, CliProfile] = Field(
        default_factory=dict, description="Base category = uk_number, any or none."
    )
    expand_ranges: bool = Field(
        False, description="Each number of a range is written as a row of its own."
    )


class Scope(Section):
    """What a rule is for."""

    product: str | tuple[str, ...] = Field((), description="The same as `validation.product`.")
    base_category: str | tuple[str, ...] = Field(
        (), description="The same as `validation.base_category`."
    )


class ValidationRule(Section):
    """A rule of the tenant's own."""

    name: str = ""
    stage: Literal["quotation", "order", "asset"] = "order"
    scope: Scope = Scope()
    product: str | tuple[str, ...] = ()
    base_category: str | tuple[str, ...] = ()
    field: str
    required: bool = False
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)
    pattern: str | None = None
    allowed: str | tuple[str, ...] = Field(
        (), description="A list: the values allowed. A text: the characters allowed."
    )
    severity: Literal["block", "warn"] = "block"
    message: str = ""

    @property
    def feed(self) -> str:
        """The feed whose field the rule looks at."""
        return {"quotation": "quotation_lines", "order": "order_lines", "asset": "assets"}[
            self.stage
        ]

    @property
    def label(self) -> str:
        """What `rule:<name>` says."""
        return self.name or f"{self.stage}_{self.field}"

    def scoped(self, key: Literal["product", "base_category"]) -> frozenset[str]:
        """The products, or base categories, the rule is for; none = all."""
        names: set[str] = set()
        for each in (getattr(self, key), getattr(self.scope, key)):
            names.update((each,) if isinstance(each, str) else each)
        return frozenset(names)

    @model_validator(mode="after")
    def _makes_sense(self) -> "ValidationRule":
        columns = FEEDS[self.feed].by_name
        if self.field not in columns:
            nearest = _nearest(self.field, list(columns))
            message = f"{self.feed} has no field {self.field!r}{nearest}"
            raise ValueError(message)
        if self.pattern is not None:
            _check_pattern(self.pattern)
        return self


def _check_pattern(pattern: str) -> None:
    """Refuse a pattern that the engine which will apply it does not know: no look-around."""
    # only a profile with patterns pays for the engine's start
    import polars as pl  # noqa: PLC0415

    try:
        pl.select(pl.lit("").str.contains(pattern, strict=True))
    except pl.exceptions.PolarsError as error:
        message = f"pattern is not a regular expression that can be used here: {pattern!r}"
        raise ValueError(message) from error


class PriceBook(Section):
    """What the price book must be like before any batch is written."""

    require_complete: bool = Field(
        False,
        description="No batch while a product routed to Affinity has no, an unknown or an inactive "
        "SKU.",
    )
    max_price_drift: Decimal | None = Field(
        None,
        ge=0,
        max_digits=18,
        decimal_places=4,
        description="No batch while a price differs from Affinity's by more, per unit; none = "
        "prices do not matter.",
    )


class FileLayout(Section):
    """How one outgoing file is written."""

    columns: tuple[str, ...] = Field((), description="Order of columns; none = the contract's.")
    headers: dict[str, str] = Field(default_factory=dict, description="Other header texts.")
    date_format: str = Field(
        "%d/%m/%Y", description="As strftime writes it; with day, month and year."
    )
    decimals: int = Field(4, ge=0, le=4, description="Of unit prices; never rounded.")
    encoding: Literal["utf-8", "utf-8-sig", "cp1252", "latin-1", "ascii"] = "utf-8"
    line_end: Literal["crlf", "lf"] = "crlf"
    quoting: Literal["minimal", "all"] = "minimal"
    header: bool = Field(True, description="Whether the first line names the columns.")
    trailer: str = Field("", description="A last line; {rows} stands for the number of rows.")
    max_rows: int | None = Field(None, ge=1, description="Rows per part; none = one file.")
    max_lengths: dict[str, int] = Field(
        default_factory=dict,
        description="Longest text a column can hold: names, refs, ids and the like. Not for "
        "numbers, days and words of a fixed form.",
    )

    @field_validator("date_format")
    @classmethod
    def _says_the_day(cls, date_format: str) -> str:
        if date_format != cls.model_fields["date_format"].default:
            _check_date_format(date_format)
        return date_format


def _check_date_format(date_format: str) -> None:
    """Refuse a format in which the engine that writes the files cannot write days, or not whole."""
    # only a profile with another format pays for the engine's start
    import polars as pl  # noqa: PLC0415

    days = pl.Series([date(2026, 2, 3), date(2031, 12, 25)])
    try:
        is_known_again = days.equals(
            days.dt.strftime(date_format).str.to_date(date_format, strict=False)
        )
    except pl.exceptions.PolarsError:
        is_known_again = False
    if not is_known_again:
        message = f"{date_format!r} does not write day, month and year; write it like '%d/%m/%Y'"
        raise ValueError(message)


class Affinity(Section):
    """What Affinity's loader expects."""

    layout: dict[str, FileLayout] = Field(
        default_factory=dict, description="Per file: customers, sites, ..., clis, products."
    )
    created_ref: str = Field(
        r"created as (\S+)",
        description="Where a result says in words what a customer or site is called there.",
    )
    application: str = Field(
        "Aurora Affinity", min_length=1, description="Its name among The Layer's applications."
    )

    @field_validator("created_ref")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        _check_pattern(pattern)
        if re.compile(pattern).groups != 1:
            message = "must be a pattern with one group"
            raise ValueError(message)
        return pattern

    @field_validator("layout", mode="before")
    @classmethod
    def _known_files(cls, layouts: Any) -> Any:
        if not isinstance(layouts, dict):
            return layouts
        known = {}
        files = [file.name for file in LOAD_ORDER]
        for name, layout in layouts.items():
            plain = re.sub(r"^[0-9]+_|\.csv$", "", name)
            if plain not in files:
                nearest = _nearest(name, files)
                message = f"no outgoing file is called {name!r}{nearest}"
                raise ValueError(message)
            known[plain] = layout
        return known

    @model_validator(mode="after")
    def _known_columns(self) -> "Affinity":
        for name, layout in self.layout.items():
            file = next(file for file in LOAD_ORDER if file.name == name)
            headers, texts = list(file.headers), [header for header, _ in file.texts]
            for key in ("columns", "headers", "max_lengths"):
                for said in getattr(layout, key):
                    if said not in headers:
                        nearest = _nearest(said, headers)
                        message = f"{name}.{key}: the file has no column {said!r}{nearest}"
                        raise ValueError(message)
            for said in layout.max_lengths:
                if said not in texts:
                    message = f"{name}.max_lengths: {said!r} is no text; {', '.join(texts)} are"
                    raise ValueError(message)
            _check_encodable(f"{name}.headers", layout.encoding, *layout.headers.values())
            _check_encodable(f"{name}.trailer", layout.encoding, layout.trailer)
            _check_encodable(f"{name}.date_format", layout.encoding, layout.date_format)
        return self


def _check_encodable(key: str, encoding: str, *texts: str) -> None:
    for text in texts:
        try:
            text.encode(encoding)
        except UnicodeEncodeError as error:
            message = f"{key}: {text!r} cannot be written in {encoding}"
            raise ValueError(message) from error


class Drop(Section):
    """The four places of a drop, in their root."""

    inbox: str = Field("inbox", min_length=1, description="Where we put files.")
    archive: str = Field(
        "archive",
        description="Where the loader keeps what it took; blank: nowhere, so it cannot be asked.",
    )
    error: str = Field("error", min_length=1, description="Where it puts what it refused.")
    results: str = Field("results", min_length=1, description="Where it leaves its answers.")


class FolderDrop(Drop):
    """A drop folder this machine can see."""

    path: Path = Field(Path("drop"), description="The root of the drop.")


class SftpDrop(Drop):
    """A drop on an SFTP server."""

    host: str = Field("", description="The server's name or address.")
    port: int = Field(22, ge=1, le=65535, description="The port it listens on.")
    username: str = Field("", description="Who we are there.")
    known_hosts: Path = Field(
        Path("known_hosts"), description="The server's key, in OpenSSH's form; never learnt."
    )
    key_file: Path | None = Field(None, description="Our private key.")
    password_env: str = Field(
        "R2B_AFFINITY_PASSWORD", description="The environment variable with the password."
    )
    password_secret: str = Field("", description="Or the Prefect Secret block with it.")
    root: str = Field("", description="The root of the drop on the server.")
    timeout_seconds: float = Field(60, gt=0, description="Of a look, or of one block of a file.")


class StoreDrop(Drop, ObjectStore):
    """A drop in a bucket; the store must refuse to overwrite where it is asked to."""


class HttpUpload(Section):
    """Affinity's upload over HTTP."""

    url: str = Field("", description="Affinity's address; https, but on this machine.")
    upload: str = Field("uploads", description="Where files are posted.")
    ask: str = Field(
        "uploads/{name}", description="Where to ask for a file; blank: it cannot be asked."
    )
    results: str = Field(
        "results/{name}", description="Where answers are; blank: they come as result files."
    )
    token_env: str = Field(
        "R2B_AFFINITY_TOKEN", description="The environment variable with the bearer token."
    )
    token_secret: str = Field("", description="Or the Prefect Secret block with it.")
    timeout_seconds: float = Field(60, gt=0, description="Of one request.")

    @field_validator("url")
    @classmethod
    def _safe_url(cls, url: str) -> str:
        if "{" in url:
            message = "Affinity's address has no placeholders"
            raise ValueError(message)
        if url:
            check_template(url)
        return url


class Delivery(Section):
    """How batches leave."""

    outbox: Path = Field(Path("outbox"), description="Where batches appear.")
    mode: Literal["manual", "folder", "sftp", "http", "s3"] = Field(
        "manual", description="Who carries the files to Affinity: a person, or this program."
    )
    folder: FolderDrop = Field(FolderDrop(), description="The drop folder.")
    sftp: SftpDrop = Field(SftpDrop(), description="The SFTP drop.")
    s3: StoreDrop = Field(StoreDrop(), description="The drop in a bucket.")
    http: HttpUpload = Field(HttpUpload(), description="The upload.")
    attempts: int = Field(4, ge=1, description="Tries in one go; then the queue waits.")
    first_wait_seconds: float = Field(1, ge=0, description="Before the second try in one go.")
    longest_wait_seconds: float = Field(30, ge=0, description="Between two tries in one go.")
    receipt_wait_seconds: float = Field(60, ge=0, description="How long one go awaits a receipt.")
    answer_wait_seconds: float = Field(60, ge=0, description="How long one go awaits the answer.")
    poll_seconds: float = Field(1, gt=0, description="Between two looks while it waits.")
    failure_scope: Literal["row", "file", "customer"] = Field(
        "row", description="What Affinity drops when one row is bad."
    )
    bystander_codes: tuple[str, ...] = Field(
        ("FILE_REFUSED", "CUSTOMER_REFUSED"),
        description="Affinity's codes for a row it dropped only because another one was bad.",
    )
    alarm_after_days: int = Field(
        3, ge=0, description="An exported row without an answer for longer is a warning."
    )
    max_open_batches: int = Field(1, ge=1, description="Batches that may await confirmation.")
    canary_rows: int = Field(
        0, ge=0, description="First charges that go alone until they were taken; 0 = none do."
    )

    @model_validator(mode="after")
    def _way_is_set(self) -> "Delivery":
        if self.mode == "http" and not self.http.url:
            message = "mode http needs delivery.http.url"
            raise ValueError(message)
        if self.mode == "sftp" and not (self.sftp.host and self.sftp.username):
            message = "mode sftp needs delivery.sftp.host and delivery.sftp.username"
            raise ValueError(message)
        if self.mode == "s3" and not self.s3.url:
            message = "mode s3 needs delivery.s3.url"
            raise ValueError(message)
        return self


class Retry(Section):
    """When to try again, when to give up."""

    first_wait_seconds: int = Field(300, ge=1)
    longest_wait_seconds: int = Field(3600, ge=1)
    max_attempts: int = Field(5, ge=1)
    jitter: bool = Field(
        True, description="Wait a random share of the time, so that not all return at once."
    )
    transient_codes: tuple[str, ...] = Field(
        ("TIMEOUT", "BUSY", "LOCKED"), description="Affinity's codes that waiting cures."
    )


class Changes(Section):
    """Which in-life changes are handed over, and how."""

    tracked: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="What is told when it changes: charges, or an entity = its fields.",
    )
    style: Literal["update", "cease_and_add"] = Field(
        "update", description="How a changed charge is told: changed, or ended and added anew."
    )
    layer_compatible: bool = Field(
        False, description="As The Layer's change queue: Services, no blanks, but for ends."
    )

    @field_validator("tracked")
    @classmethod
    def _known_fields(cls, tracked: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for kind, fields in tracked.items():
            known = trackable(kind)
            if not known:
                message = f"nothing is tracked of {kind!r}{_nearest(kind, list(TRACKABLE))}"
                raise ValueError(message)
            for name in fields:
                if name not in known:
                    message = f"{kind} has no field {name!r}{_nearest(name, list(known))}"
                    raise ValueError(message)
        return tracked


TRACKABLE = ("charges", "customers", "sites", "addresses", "contacts")


def trackable(kind: str) -> tuple[str, ...]:
    """What of a charge or an entity can be told when it changes."""
    if kind == "charges":
        return CHARGE_FIELDS
    unsaid = ("customer_ref", "site_ref", "action", "row_key")
    return next(
        (
            tuple(column.source for column in file.columns if column.source not in unsaid)
            for file in ENTITY_FILES
            if file.name == kind and kind in TRACKABLE
        ),
        (),
    )


class Grouping(Section):
    """Grouping of assets without references, such as licences."""

    enabled: bool = Field(
        False, description="Ready licences that are alike go as one row with their quantity."
    )
    keys: tuple[str, ...] = Field(
        GROUPED_BY, description="What they must have in common; more makes smaller groups."
    )

    @field_validator("keys")
    @classmethod
    def _known_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if key not in GROUP_KEYS:
                message = f"nothing is grouped by {key!r}{_nearest(key, list(GROUP_KEYS))}"
                raise ValueError(message)
        missing = [key for key in GROUPED_BY if key not in keys]
        if missing:
            message = f"one row has one {missing[0]}: {', '.join(missing)} cannot be left out"
            raise ValueError(message)
        return keys


Role = Literal["bill_export", "update_billing", "approve"]


class Reconcile(Section):
    """When a side of the reconciliation is taken for partial, so that nothing is called clean."""

    max_snapshot_age_days: int = Field(
        7, ge=0, description="An older snapshot of Affinity says nothing of the day."
    )
    max_shrink: Decimal = Field(
        Decimal("0.20"),
        ge=0,
        le=1,
        max_digits=5,
        decimal_places=4,
        description="A full feed that is shorter than the last one by more than this part may not "
        "be whole.",
    )
    max_wait_days: int = Field(
        30, ge=0, description="A charge that waits for longer is on the money clock."
    )


class Schedule(Section):
    """When deployments run by themselves, in the tenant's time zone; blank = only when asked."""

    billing_run: Cron = Field("30 2 * * 1-5", description="The billing run.")
    retry_queue: Cron = Field("*/15 * * * *", description="What is due in the retry queue.")
    reconcile: Cron = Field("30 5 * * 1-5", description="Both sides compared, and the report.")
    sync_check: Cron = Field("5,35 * * * *", description="Whether all is in step and on time.")
    upkeep: Cron = Field("0 4 * * 0", description="Old files, checkpoint, the published copy.")
    patience_minutes: int = Field(
        30, ge=0, description="How long a deployed run waits for another one to finish."
    )


class Watch(Section):
    """What the sync check takes for wrong; each is an alert."""

    run_by: time | None = Field(
        time(9, 0), description="By when a scheduled day's run must have succeeded; none = never."
    )
    max_open_hours: int = Field(
        24, ge=0, description="A batch that waits for longer is waiting too long."
    )
    max_held: Decimal | None = Field(
        None,
        ge=0,
        max_digits=18,
        decimal_places=2,
        description="Held charges worth more than this in all; none = not watched.",
    )
    max_queued_hours: int = Field(
        48, ge=1, description="An item of the retry queue that waits for people for longer."
    )

    @field_validator("run_by", mode="before")
    @classmethod
    def _none_is_blank(cls, said: object) -> object:
        return None if said == "" else said


class Alerts(Section):
    """Whom alerts tell; nobody by default: they are seen in the UI."""

    webhook_env: str = Field(
        "R2B_ALERT_WEBHOOK", description="The environment variable with a webhook's URL."
    )
    block: str = Field(
        "",
        description="Or a notification block of Prefect's, as type/name: sendgrid-email/billing.",
    )

    @field_validator("block")
    @classmethod
    def _type_and_name(cls, block: str) -> str:
        if block and not all(block.partition("/")):
            message = "must be type/name, as `prefect block ls` shows it"
            raise ValueError(message)
        return block


class Judging(Section):
    """Where lines are judged; what comes of it is the same everywhere."""

    on: Literal["here", "dask"] = Field(
        "here", description="In the run's own process, or on a Dask cluster through Prefect."
    )
    scheduler: str = Field(
        "", description="The cluster's scheduler: tcp://host:port, or tls://host:port."
    )
    buckets_at_once: int = Field(
        4,
        ge=1,
        le=256,
        description="Buckets on the cluster at a time, of 60,000 lines at most each; one more "
        "than it has workers keeps them busy.",
    )
    patience_seconds: float = Field(
        30, gt=0, le=3600, description="How long a scheduler, or a first worker, is waited for."
    )

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Judging":
        if self.scheduler and not _SCHEDULER.fullmatch(self.scheduler):
            message = "scheduler must be tcp://host:port or tls://host:port, and nothing else"
            raise ValueError(message)
        if self.on == "dask" and not self.scheduler:
            message = "on dask needs judging.scheduler"
            raise ValueError(message)
        return self


_SCHEDULER = re.compile(r"(tcp|tls)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
"""Neither a name nor a password has a place in it: it is shown in messages."""


class Serve(Section):
    """How `r2b serve` runs Prefect's server."""

    protected: bool = Field(
        False,
        description="It asks for the password in PREFECT_API_AUTH_STRING, and for a token against "
        "forged requests (CSRF).",
    )


class Keep(Section):
    """How long upkeep leaves what nobody needs any more, in days."""

    landed_days: int = Field(
        400, ge=1, description="Landed feed files that no run's records come from any more."
    )
    report_days: int = Field(400, ge=1, description="Reports; certificates are never removed.")


class Retention(Section):
    """How long `r2b retention` leaves what names people, in days; 0 = for ever."""

    raw_days: int = Field(
        30, ge=0, description="Landed feed files, after the last run that read them."
    )
    reject_days: int = Field(
        90,
        ge=0,
        description="The values that rejects show, after the run; of a record that is still "
        "broken, after it is mended.",
    )
    file_days: int = Field(
        0, ge=0, description="The CSV files of settled batches; manifests and journals stay."
    )
    personal_days: int = Field(
        2557,
        ge=0,
        description="CLIs, names, addresses, contacts and Affinity's words, after what they are "
        "about has ended.",
    )


class Approvals(Section):
    """When one person's word is not enough: another one, with the role approve, approves it."""

    above: Decimal | None = Field(
        None,
        ge=0,
        max_digits=18,
        decimal_places=2,
        description="What is worth more takes another person's approval; none = nothing does.",
    )
    hours: int = Field(24, ge=1, le=168, description="How long an approval may be used.")

    @field_validator("above", mode="before")
    @classmethod
    def _none_is_blank(cls, said: object) -> object:
        return None if said == "" else said


class Audit(Section):
    """The trail of what people did, beside the outbox: `<tenant>.audit.jsonl`."""

    key_env: str = Field(
        "R2B_AUDIT_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable that holds the key its entries are sealed with, and in "
        "lines below it those they were sealed with before; not set = sealed without one.",
    )
    key_secret: str = Field(
        "", description="Prefect Secret block that holds the key; none = the variable."
    )


class WarehouseSection(Section):
    """Where it is kept."""

    path: Path = Path("var/warehouse.duckdb")
    publish: Path = Path("var/published")
    readers: Literal["owner", "group"] = Field(
        "owner", description="Who may read the published copy: we alone, or our group as well."
    )
    publish_personal: bool = Field(
        True,
        description="The published copy has customers' names, CLIs and what was typed of them.",
    )
    memory: str = Field("1GiB", pattern=r"^[0-9]+(\.[0-9]+)?\s*[KMGT]i?B$")


class Parquet(Section):
    """The published copy once more as Parquet, for tools that do not open it."""

    to: Literal["nowhere", "folder", "s3"] = Field(
        "nowhere", description="Where every view goes as a Parquet file, if anywhere."
    )
    path: Path = Field(Path("var/parquet"), description="The folder of the files.")
    s3: ObjectStore = Field(ObjectStore(), description="Their place in an object store.")
    attempts: int = Field(3, ge=1, description="How often the store is asked a thing in one go.")
    first_wait_seconds: float = Field(1, ge=0, description="Before it is asked a second time.")
    longest_wait_seconds: float = Field(30, ge=0, description="Between two tries.")

    @model_validator(mode="after")
    def _place_is_set(self) -> "Parquet":
        if self.to == "s3" and not self.s3.url:
            message = "to s3 needs parquet.s3.url"
            raise ValueError(message)
        return self


class PostgresRegister(Section):
    """A PostgreSQL database that keeps the register."""

    host: str = Field("", description="The server's name or address.")
    port: int = Field(5432, ge=1, le=65535, description="The port it listens on.")
    database: str = Field("r2b", min_length=1, description="The database.")
    username: str = Field("r2b", min_length=1, description="Who we are there.")
    schema_name: str = Field(
        "r2b", pattern=_SCHEMA, description="The schema of its table; made if it may be."
    )
    password_env: str = Field(
        "R2B_REGISTER_PASSWORD",
        pattern=_VARIABLE,
        description="The environment variable with the password.",
    )
    password_secret: str = Field("", description="Or the Prefect Secret block with it.")
    encrypted: bool = Field(
        True, description="TLS, the server known by its certificate; false: on this machine only."
    )
    certificates: Path | None = Field(
        None, description="Those that vouch for the server, as PEM; none: the system's."
    )
    timeout_seconds: float = Field(10, gt=0, description="Of one question.")

    @field_validator("host")
    @classmethod
    def _one_host(cls, host: str) -> str:
        if host and not _HOST.fullmatch(host):
            message = "must be the name or address of one host"
            raise ValueError(message)
        return host

    @model_validator(mode="after")
    def _plain_stays_here(self) -> "PostgresRegister":
        if not self.encrypted and not is_this_machine(self.host):
            message = "encrypted = false is for a database on this machine only"
            raise ValueError(message)
        return self


class BatchRegister(Section):
    """Which batch follows which, for all copies of a tenant: no number is given out twice."""

    kept: Literal["nowhere", "postgresql"] = Field(
        "nowhere", description="What keeps it, if anything does."
    )
    postgresql: PostgresRegister = Field(PostgresRegister(), description="The database.")
    attempts: int = Field(4, ge=1, description="How often it is asked a thing in one go.")
    first_wait_seconds: float = Field(1, ge=0, description="Before it is asked a second time.")
    longest_wait_seconds: float = Field(30, ge=0, description="Between two tries.")

    @model_validator(mode="after")
    def _place_is_set(self) -> "BatchRegister":
        if self.kept == "postgresql" and not self.postgresql.host:
            message = "kept in postgresql needs batch_register.postgresql.host"
            raise ValueError(message)
        return self


class Profile(BaseSettings):
    """One tenant's settings, whole."""

    model_config = SettingsConfigDict(
        env_prefix="R2B_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    tenant: Tenant = Tenant()
    platform: Platform = Platform()
    feeds: Feeds = Feeds()
    triggers: Triggers = Triggers()
    bill_start: BillStart = BillStart()
    cli: Cli = Cli()
    validation: tuple[ValidationRule, ...] = ()
    price_book: PriceBook = PriceBook()
    affinity: Affinity = Affinity()
    delivery: Delivery = Delivery()
    retry: Retry = Retry()
    changes: Changes = Changes()
    grouping: Grouping = Grouping()
    reconcile: Reconcile = Reconcile()
    operators: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    warehouse: WarehouseSection = WarehouseSection()
    parquet: Parquet = Parquet()
    batch_register: BatchRegister = BatchRegister()
    judging: Judging = Judging()
    schedule: Schedule = Schedule()
    watch: Watch = Watch()
    alerts: Alerts = Alerts()
    keep: Keep = Keep()
    serve: Serve = Serve()
    retention: Retention = Retention()
    approvals: Approvals = Approvals()
    audit: Audit = Audit()

    @field_validator("validation", mode="before")
    @classmethod
    def _a_table_each(cls, rules: Any) -> Any:
        if isinstance(rules, dict):
            message = "each rule is a table of its own: write [[validation]] above it"
            raise ValueError(message)  # noqa: TRY004  pydantic tells people of no other
        return rules

    @field_validator("operators")
    @classmethod
    def _a_name_each(cls, operators: dict[str, tuple[Role, ...]]) -> dict[str, tuple[Role, ...]]:
        spelt: dict[str, str] = {}
        for name in operators:
            other = spelt.setdefault(name.casefold(), name)
            if other != name:
                message = (
                    f"{other} and {name} are one name; a variable of the environment is about the "
                    "operator whose name the profile has in lower case"
                )
                raise ValueError(message)
        return operators

    @model_validator(mode="after")
    def _somebody_approves(self) -> "Profile":
        if self.approvals.above is not None and not any(
            "approve" in roles for roles in self.operators.values()
        ):
            message = "approvals.above needs [operators], one of them with the role approve"
            raise ValueError(message)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic calls by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, and nothing else is read."""
        return env_settings, init_settings


_NOT_OF_BILLING = {
    *("judging", "schedule", "watch", "alerts", "keep", "serve"),
    *("retention", "approvals", "audit", "parquet", "batch_register"),
}


class LoadedProfile:
    """A profile, where it came from, and its digest; paths are absolute from here on."""

    def __init__(self, profile: Profile, path: Path) -> None:
        """`path` is the TOML file; relative paths are relative to its folder."""
        self.settings = profile
        self.path = path
        self.folder = path.resolve().parent
        # what is billed is the same wherever and whenever it runs and whoever is told
        text = profile.model_dump_json(exclude=_NOT_OF_BILLING)
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()

    def within(self, path: Path) -> Path:
        """`path`, relative to the profile's folder unless absolute."""
        return path if path.is_absolute() else self.folder / path

    @property
    def warehouse(self) -> Path:
        """The live warehouse file."""
        return self.within(self.settings.warehouse.path)

    @property
    def published(self) -> Path:
        """The copy analysts open."""
        return self.within(self.settings.warehouse.publish) / "r2b.duckdb"

    @property
    def parquet(self) -> Path:
        """The folder of the Parquet files, where they go into one."""
        return self.within(self.settings.parquet.path)

    @property
    def outbox(self) -> Path:
        """The folder that holds this tenant's batches."""
        return self.within(self.settings.delivery.outbox) / tenant_folder(self.settings.tenant.name)

    @property
    def audit_trail(self) -> Path:
        """What people did: beside the folder of the batches, which holds nothing but those."""
        return self.outbox.with_name(f"{self.outbox.name}.audit.jsonl")

    @property
    def feeds(self) -> Path:
        """The folder of The Layer's exports."""
        return self.within(self.settings.feeds.path)


def tenant_folder(name: str) -> str:
    """The tenant's name as a folder: letters, digits, `-`, `_`, `.`; all else becomes `-`.

    Source: ruling 21. A name of dots only would walk the tree, so its dots become `-` too.
    """
    safe = re.sub(r"[^A-Za-z0-9\-_.]", "-", name)
    return safe if safe.strip(".") else safe.replace(".", "-")


def load_profile(path: Path | None = None) -> LoadedProfile:
    """Read the profile at `path`, or `r2b.toml` here, or the defaults when there is neither.

    Raises:
        ProfileWrong: it cannot be read, or says something that makes no sense.
    """
    chosen = path or DEFAULT_PROFILE
    if not chosen.is_file():
        if path is not None:
            what = "it is a folder" if chosen.is_dir() else "there is no such file"
            raise ProfileWrong(
                f"Reading the profile {chosen}: {what}.",
                hint="Make one with `r2b init`, or give another with --profile.",
            )
        return _with_places(LoadedProfile(_build({}, chosen), chosen))
    try:
        data = tomllib.loads(chosen.read_text(encoding="utf-8-sig"))
    except RecursionError:
        raise ProfileWrong(
            f"Reading the profile {chosen.name}: a value of it is nested too deeply.",
            hint="Mend that line; `r2b init` writes an example.",
        ) from None
    except ValueError as error:  # not TOML, not UTF-8, or a number of thousands of digits
        raise ProfileWrong(
            f"Reading the profile {chosen.name}: it is not valid TOML ({error}).",
            hint="Mend that line; `r2b init` writes an example.",
        ) from error
    except OSError as error:
        raise ProfileWrong(
            f"Reading the profile {chosen.name}: {error.strerror or 'it failed'}.",
            hint="Mend who may read it: it must be the user that runs r2b.",
        ) from error
    return _with_places(LoadedProfile(_build(data, chosen), chosen))


def _with_places(profile: LoadedProfile) -> LoadedProfile:
    """The profile, if its warehouse can be where it says."""
    where = profile.warehouse
    if where.is_dir():
        raise ProfileWrong(
            f"Reading the profile {profile.path.name}: warehouse.path is a folder.",
            hint="It is a file: name one in that folder, such as warehouse.duckdb.",
        )
    if where.resolve() == profile.published.resolve():
        raise ProfileWrong(
            f"Reading the profile {profile.path.name}: the warehouse and its published copy would "
            f"be one file, {where.name}.",
            hint="The copy takes the place of what is there: give warehouse.path another name, or "
            "warehouse.publish another folder.",
        )
    return profile


def _build(data: dict[str, Any], path: Path) -> Profile:
    _check_variables()
    try:
        return Profile(**data)
    except SettingsError as error:
        variable = _shown(_unreadable_variable(error))
        raise ProfileWrong(
            f"Reading the environment: the value of {variable} cannot be read.",
            hint='In the environment a list or a table is written as JSON: ["one", "two"].',
        ) from error
    except ValidationError as error:
        # a key with a slip in it is also one that is missing: the slip is what helps
        found = error.errors()
        first = next((each for each in found if each["type"] == "extra_forbidden"), found[0])
        where = ".".join(str(part) for part in first["loc"]) or "profile"
        reading = _source(first["loc"], path)
        if first["type"] == "extra_forbidden":
            known = _known_keys(first["loc"])
            raise ProfileWrong(
                f"Reading {reading}: unknown key {_shown(where)}"
                f"{_nearest(str(first['loc'][-1]), known)}.",
                hint="Correct or remove it; docs/reference/profile.md lists every key.",
            ) from error
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ProfileWrong(
            f"Reading {reading}: {_shown(where)}: {_shown(message)}.",
            hint="docs/reference/profile.md lists every key and what it may be.",
        ) from error


def _source(loc: Sequence[int | str], path: Path) -> str:
    """What said the value at `loc`: a variable of the environment goes before the profile."""
    there = {name.upper(): name for name in os.environ}
    for end in range(len(loc), 1, -1):
        name = "R2B_" + "__".join(str(part) for part in loc[:end]).upper()
        if name in there:
            return f"the variable {there[name]}"
    return f"the profile {path.name}"


def _check_variables() -> None:
    """Refuse a variable of the environment that is of no section: it would be overlooked."""
    for variable in os.environ:
        prefix, _, rest = variable.upper().partition("_")
        section, between, _ = rest.partition("__")
        if prefix == "R2B" and between and section.lower() not in Profile.model_fields:
            nearest = _nearest(section.lower(), list(Profile.model_fields))
            raise ProfileWrong(
                f"Reading the environment: {variable} is of no section of the profile{nearest}.",
                hint="Correct or remove it; docs/reference/profile.md lists every section.",
            )


def _unreadable_variable(error: SettingsError) -> str:
    """The variables of the section whose value is no JSON, as the environment has them."""
    named = re.search(r'field "(\w+)"', str(error))
    start = f"R2B_{named.group(1) if named else ''}".upper()
    found = sorted(name for name in os.environ if name.upper().startswith(start))
    return " or ".join(found) or start


def _shown(text: str) -> str:
    """One line of it, and not more than anybody would read."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."


_MOST_SHOWN = 300


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where the unknown one stands."""
    model: Any = Profile
    for part in location[:-1]:
        fields = getattr(model, "model_fields", {})
        if isinstance(part, int) or part not in fields:
            if model is Affinity.model_fields["layout"].annotation or isinstance(part, str):
                model = {"layout": FileLayout}.get(str(location[1]), model)
            continue
        annotation = fields[part].annotation
        model = {"validation": ValidationRule}.get(str(part), annotation)
    return list(getattr(model, "model_fields", {}))


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    return f"; the nearest known is {close[0]}" if close else ""
