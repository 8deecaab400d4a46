"""Whether the two sides are known well enough to say anything. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.receipts import FeedOfRun
from schemas.vocabulary import Why

NOTHING_KNOWN = (Why.NO_SNAPSHOT, Why.SNAPSHOT_IS_OLD)
"""Why nothing at all can be said of Affinity."""


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
    is known of any. Some snapshot has to be of about that day: one of much later does not say what
    was billed then, nor one of much earlier.
    """
    delivered = [each for each in snapshots if each.accepted is not None]
    if not delivered or is_empty:
        return Why.NO_SNAPSHOT
    if (as_of - delivered[0].as_of).days > wholeness.max_age_days:
        return Why.SNAPSHOT_IS_OLD
    if all(abs((as_of - each.as_of).days) > wholeness.max_age_days for each in delivered):
        return Why.NO_SNAPSHOT
    if delivered[0].rejected or has_shrunk(snapshots, wholeness):
        return Why.SNAPSHOT_IS_PARTIAL
    return None


def seen_on(
    snapshots: Sequence[FeedOfRun], as_of: date, wholeness: Wholeness, *, is_empty: bool
) -> date | None:
    """Until which day Affinity was looked at, as far as that says anything of the as-of day.

    Null where nothing can be said of Affinity. Arguments as of `why_unsayable`.
    """
    if why_unsayable(snapshots, as_of, wholeness, is_empty=is_empty) in NOTHING_KNOWN:
        return None
    return min(as_of, next(each.as_of for each in snapshots if each.accepted is not None))


def has_shrunk(runs: Sequence[FeedOfRun], wholeness: Wholeness) -> bool:
    """Whether a feed is empty, or much shorter than before: then it may not be whole.

    Before is the longest it was in the last `waits_at_most` days, so that a short one which comes
    twice does not count as whole; what stays short for longer than that is taken as it is.
    """
    read = [(each.as_of, each.accepted) for each in runs if each.accepted is not None]
    if wholeness.is_delta or not read:
        return False
    (day, now), *before = read
    recent = [count for of, count in before if (day - of).days <= wholeness.waits_at_most]
    return now == 0 or now < max(recent, default=0) * (1 - wholeness.max_shrink)
