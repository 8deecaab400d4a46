"""What tasks hand each other: small facts, never frames. Data waits in the warehouse."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl


@dataclass(frozen=True)
class RunRef:
    """One run: whose, for which day, on which warehouse."""

    run_id: str
    tenant: str
    as_of: date
    started_at: datetime
    warehouse: Path
    memory: str = "1GiB"


class FeedTable(Protocol):
    """One feed's file, readable as raw text.

    `odd` (`row_number`, `raw_text`) are the records that are no rows of the table; `bad_cells`
    (`row_number`, `column_index`, `raw_text`) the cells that could not be decoded, blank in
    `batches`.
    """

    @property
    def header(self) -> list[str]:
        """The column names as the file spells them."""
        ...

    @property
    def odd(self) -> pl.DataFrame:
        """Ragged records; known once `batches` has been read."""
        ...

    @property
    def bad_cells(self) -> pl.DataFrame:
        """Undecodable cells; known once `batches` has been read."""
        ...

    @property
    def inexact(self) -> frozenset[str]:
        """Names of columns whose file type cannot hold an exact number."""
        ...

    @property
    def may_hold_controls(self) -> bool:
        """False only where it is certain that no cell holds a control character."""
        ...

    def batches(self, connection: Any) -> Iterator[pl.DataFrame]:
        """Frames of `row_number` and text columns `c0`, `c1`, ...; no row twice."""
        ...


class LandedFeeds(Protocol):
    """The feeds of one delivery, safe on our side and immutable."""

    @property
    def names(self) -> frozenset[str]:
        """The feeds that were delivered."""
        ...

    @property
    def rows_promised(self) -> Mapping[str, int]:
        """Records each feed should have, by the delivery's own manifest."""
        ...

    @property
    def marks(self) -> Mapping[str, str]:
        """How far each feed was read, in the source's own words: where the next delta starts."""
        ...

    def sha256(self, feed: str) -> str:
        """Digest of the landed bytes."""
        ...

    def path(self, feed: str) -> Path:
        """Where the landed bytes are."""
        ...

    def table(self, feed: str, *, encoding: str) -> FeedTable:
        """Open one feed for reading."""
        ...


@dataclass(frozen=True)
class FeedCount:
    """Conservation, feed by feed: read = accepted + rejected."""

    read: int = 0
    accepted: int = 0
    rejected: int = 0


@dataclass(frozen=True)
class Money:
    """Charges and what they are worth: sum of quantity times unit price."""

    charges: int = 0
    value: Decimal = Decimal(0)


@dataclass(frozen=True)
class JudgementReceipt:
    """What the judgement came to."""

    dispositions: Mapping[str, Money]
    holds: Mapping[str, Money]


@dataclass(frozen=True)
class ChangeReceipt:
    """What differs from what Affinity was told: (action, state) -> charges and entities."""

    counts: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class BatchFile:
    """One file of a batch, as its manifest states it."""

    name: str
    rows: int
    bytes: int
    sha256: str
    quantity: int = 0
    value: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class SealedBatch:
    """A batch as its manifest seals it, and who claimed it when.

    `value`: net, in pounds. `claimed_at`: UTC. `run_id`: None for an undo. `is_published`: its
    folder is in the outbox, or was.
    """

    seq: int
    manifest_sha256: str
    previous_manifest_sha256: str | None
    as_of: date
    row_count: int
    value: Decimal
    claimed_at: datetime
    run_id: str | None
    is_published: bool = False


@dataclass(frozen=True)
class TransferReceipt:
    """How a transfer or an abandoning ended; `changed` false: it had been done before.

    `accepted` are charges that moved, `changed_there` the other rows Affinity took: entities,
    changes, ends. Refused and pending rows are those of every file but the CLIs'.
    """

    seq: int
    state: str
    accepted: int = 0
    changed_there: int = 0
    rejected: int = 0
    pending: int = 0
    accepted_value: Decimal = Decimal(0)
    layer_updates: Path | None = None
    changed: bool = True
    undoes: int | None = None


@dataclass(frozen=True)
class DeliveryReceipt:
    """How far a batch has come on its way: file -> state.

    `trouble` says what is in the way, blank when nothing is; a wait for a receipt is no failure.
    """

    seq: int
    state: str
    mode: str
    files: Mapping[str, str]
    trouble: str = ""
    failed: bool = False
    transfer: TransferReceipt | None = None


@dataclass(frozen=True)
class BatchReceipt:
    """A batch that is on disk; `delivery` None: a person carries it."""

    seq: int
    path: Path
    files: Mapping[str, int]
    value: Decimal
    is_canary: bool = False
    delivery: DeliveryReceipt | None = None


class FeedOfRun(NamedTuple):
    """What a run read of a feed; null counts: it was not delivered."""

    run_id: str
    as_of: date
    accepted: int | None
    rejected: int | None


@dataclass(frozen=True)
class ClassTotal:
    """A class of the reconciliation: things, records and money of both sides."""

    matches: int = 0
    layer_records: int = 0
    affinity_records: int = 0
    layer_per_month: Decimal = Decimal(0)
    affinity_per_month: Decimal = Decimal(0)
    layer_once: Decimal = Decimal(0)
    affinity_once: Decimal = Decimal(0)


@dataclass(frozen=True)
class Delayed:
    """Money on the clock: records, what they are worth, and the age of the oldest."""

    records: int
    per_month: Decimal
    once: Decimal
    oldest_days: int


@dataclass(frozen=True)
class Repair:
    """What to put right at one step, and what that frees."""

    fixes: tuple[tuple[str, str], ...]
    charges: int
    per_month: Decimal
    once: Decimal


@dataclass(frozen=True)
class ReconcileReceipt:
    """What comparing both sides came to: class -> total, and (class, why) -> total.

    `known_at` null: with all that is known; `snapshot_on`: the as-of day of Affinity's snapshot;
    `restated`: records that the day shows otherwise now than by what was known then; `delays`: kind
    -> money on the clock; `repairs`: the first steps of what to put right. `certificate`: where it
    is certified; `report`: the page for people, if one was written.
    """

    as_of: date
    known_at: date | None
    snapshot_on: date | None
    verdict: str
    classes: Mapping[str, ClassTotal]
    reasons: Mapping[tuple[str, str], ClassTotal]
    total: ClassTotal
    restated: int
    delays: Mapping[str, Delayed]
    repairs: tuple[Repair, ...]
    certificate: Path
    report: Path | None = None


@dataclass(frozen=True)
class UndoReceipt:
    """A batch that takes back what `undoes` handed over; planned = it was not written.

    `changed_since`: charges of it that stay, since a later batch ceased them and added them anew.
    """

    seq: int
    undoes: int
    path: Path
    files: Mapping[str, int]
    value: Decimal
    charges: int
    changed_since: int = 0
    is_planned: bool = False
    delivery: DeliveryReceipt | None = None


@dataclass(frozen=True)
class News:
    """Whether there is anything a run has to decide anew, and what it decides by."""

    decides_by: str
    began_with: str | None = None
    """The digest of all rows before it decides; None: nobody asked, as it will end otherwise."""
    is_none: bool = False
    """All of it would come to what is there already."""


@dataclass(frozen=True)
class RunReceipt:
    """How a billing run ended: what `r2b run --json` prints."""

    run_id: str
    as_of: date
    feeds: Mapping[str, FeedCount]
    dispositions: Mapping[str, Money]
    holds: Mapping[str, Money]
    status: str
    batches: tuple[BatchReceipt, ...] = ()
    """What the run wrote: one batch, or a canary that came back clean and the rest."""
    open_batches: tuple[int, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    """What was found besides charges: kind -> records."""
    warnings: Mapping[str, int] = field(default_factory=dict)
    reject_reasons: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(feed, column, reason) -> records, most first; the column of a ragged row is blank."""
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """What differs from what Affinity was told: (action, state) -> charges and entities."""

    @property
    def batch(self) -> BatchReceipt | None:
        """The last batch the run wrote."""
        return self.batches[-1] if self.batches else None


@dataclass(frozen=True)
class DrainReceipt:
    """What draining the retry queue came to, by item: freed for a run, finished, failed again.

    `deliveries` are the batches under way that it went on with.
    """

    freed: tuple[int, ...] = ()
    finished: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    deliveries: tuple[DeliveryReceipt, ...] = ()
    needs_run: bool = False


@dataclass(frozen=True)
class RaisedAlert:
    """Something that is wrong: since when (UTC), and whether people were not told of it yet."""

    key: str
    name: str
    words: str
    remedy: str
    since: datetime
    is_news: bool


@dataclass(frozen=True)
class WaitingBatch:
    """A batch at the gate: its state and since when (UTC), what it holds, how to know it again.

    `digest` is the beginning of its manifest's.
    """

    seq: int
    as_of: date
    state: str
    since: datetime
    rows: int
    value: Decimal
    digest: str


@dataclass(frozen=True)
class SyncReceipt:
    """What the sync check found wrong, the most urgent first; `over` is what is right again."""

    checked_at: datetime
    alerts: tuple[RaisedAlert, ...] = ()
    over: tuple[str, ...] = ()
    waiting: tuple[WaitingBatch, ...] = ()


@dataclass(frozen=True)
class Removed:
    """Files that were removed, and their size."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class KeptLongEnough:
    """What of one kind went, or would go: all that is older than the day `before`; null: never."""

    before: date | None = None
    files: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class RetentionReceipt:
    """What retention came to, by kind: raw, rejects, files, personal.

    `finishes`: one that was cut off is finished by it. Sizes are the warehouse's; null in a plan.
    """

    as_of: date
    is_planned: bool
    kinds: Mapping[str, KeptLongEnough]
    finishes: bool = False
    by: str | None = None
    bytes_before: int | None = None
    bytes_after: int | None = None


@dataclass(frozen=True)
class UpkeepReceipt:
    """What upkeep came to: files removed, pages of runs closed, the warehouse's size."""

    landed: Removed
    reports: Removed
    closed_runs: int
    bytes_before: int
    bytes_after: int
