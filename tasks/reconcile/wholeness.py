"""Whether the two sides are known well enough to say anything. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.receipts import FeedOfRun
from schemas.vocabulary import Why


@dataclass(frozen=True)
class Wholeness:
    """When a side is taken for partial: a snapshot older than that, a feed shorter by that much.

    Deltas say nothing by their length. `waits_at_most`: how many days a charge may wait.
    """

    max_age_days: int = 7
    max_shrink: Decimal = Decimal("0.20")
    is_delta: bool = False
    waits_at_most: int = 30


def why_unsayable(
    snapshots: Sequence[FeedOfRun], as_of: date, wholeness: Wholeness, *, is_empty: bool
) -> Why | None:
    """Why Affinity's side cannot be judged, or not whole; null: its snapshot is as it should be.

    `snapshots`: what each run read of Affinity's site products, newest first; `is_empty`: nothing
    is known of any. A snapshot from after the as-of day is not old: it knows what ended before.
    """
    delivered = [each for each in snapshots if each.accepted is not None]
    if not delivered or is_empty:
        return Why.NO_SNAPSHOT
    if (as_of - delivered[0].as_of).days > wholeness.max_age_days:
        return Why.SNAPSHOT_IS_OLD
    if delivered[0].rejected or has_shrunk(snapshots, wholeness):
        return Why.SNAPSHOT_IS_PARTIAL
    return None


def has_shrunk(runs: Sequence[FeedOfRun], wholeness: Wholeness) -> bool:
    """Whether a feed is empty, or much shorter than the time before: then it may not be whole."""
    counts = [each.accepted for each in runs if each.accepted is not None]
    if wholeness.is_delta or not counts:
        return False
    now, *before = counts
    return now == 0 or (bool(before) and now < before[0] * (1 - wholeness.max_shrink))
